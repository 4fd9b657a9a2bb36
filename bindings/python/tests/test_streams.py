import asyncio
import errno
import gc
import io
import os
import socket
import struct
import subprocess
import sys
import weakref
from asyncio.exceptions import SendfileNotAvailableError

import pytest

import libasync


pair = libasync.stream_pair


def tcp_pair():
    """A stream, and the plain socket at its other end."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        peer = socket.create_connection(listener.getsockname())
        ours, _ = listener.accept()
    return libasync.wrap_stream(ours.detach()), peer


def reset(peer):
    """Close so that the other end is told of a reset."""
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.close()


async def started(call):
    task = libasync.create_task(call)
    await libasync.sleep(0)
    return task


async def send_all(writer, data):
    for start in range(0, len(data), 50000):
        writer.write(data[start:start + 50000])
        await writer.drain()
    writer.close()
    await writer.wait_closed()


def close(*writers):
    for writer in writers:
        writer.close()


# Reading

async def test_a_read_gives_what_is_there_and_then_the_end():
    (reader, writer), (_, other) = pair()
    other.write(b"hello")
    assert await reader.read(3) == b"hel"
    assert not reader.at_eof()
    assert await reader.read(100) == b"lo"
    assert await reader.read(0) == b""
    waiting = await started(reader.read(100))
    other.close()
    assert await waiting == b""
    assert reader.at_eof()
    assert await reader.read(100) == b""
    close(writer)


async def test_every_size_of_read_gets_every_byte():
    data = os.urandom(3_000_000)
    for size in (-1, 1000, 8192, 65536, 1 << 20):
        (reader, writer), (_, other) = pair()
        sending = libasync.create_task(send_all(other, data))
        received = bytearray()
        while not reader.at_eof():
            received += await reader.read(size)
        await sending
        assert received == data
        close(writer)


async def test_just_so_many_bytes_are_read_however_they_come():
    data = os.urandom(1_000_000)
    (reader, writer), (_, other) = pair()
    sending = libasync.create_task(send_all(other, data))
    received = b""
    for size in (1, 7, 4096, 100_000, 65536, 300_000):
        part = await reader.readexactly(size)
        assert len(part) == size
        received += part
    with pytest.raises(libasync.IncompleteReadError) as raised:
        await reader.readexactly(len(data))
    assert raised.value.expected == len(data)
    assert received + raised.value.partial == data
    await sending
    assert await reader.readexactly(0) == b""
    with pytest.raises(ValueError, match="readexactly size can not be less than zero"):
        await reader.readexactly(-1)
    close(writer)


async def test_a_reader_is_iterated_over_for_its_lines():
    (reader, writer), (_, other) = pair()
    other.write(b"one\ntw")
    lines = []

    async def collect():
        async for line in reader:
            lines.append(line)

    collecting = await started(collect())
    other.write(b"o\n\nlast")
    other.close()
    await collecting
    assert lines == [b"one\n", b"two\n", b"\n", b"last"]
    assert await reader.readline() == b""
    close(writer)


async def test_a_line_that_is_too_long_is_lost_and_the_next_one_is_not():
    (reader, writer), (_, other) = pair(limit=10)
    other.write(b"x" * 11 + b"\nnext\n")
    with pytest.raises(ValueError, match="chunk is longer than limit"):
        await reader.readline()
    assert await reader.readline() == b"next\n"
    other.write(b"y" * 11)
    with pytest.raises(ValueError, match="chunk exceed the limit"):
        await reader.readline()
    other.write(b"0123456789\n")
    assert await reader.readline() == b"0123456789\n"
    close(writer, other)


async def test_a_separator_may_be_any_of_several():
    (reader, writer), (_, other) = pair()
    other.write(b"one;two--three")
    assert await reader.readuntil((b"--", b";")) == b"one;"
    assert await reader.readuntil((b"--", b";")) == b"two--"
    waiting = await started(reader.readuntil(b"\r\n"))
    for piece in (b"\r", b"\n", b"rest"):
        other.write(piece)
        await libasync.sleep(0.001)
    assert await waiting == b"three\r\n"
    other.close()
    with pytest.raises(libasync.IncompleteReadError) as raised:
        await reader.readuntil(b";")
    assert (raised.value.partial, raised.value.expected) == (b"rest", None)
    for separator in (b"", (), (b"",)):
        with pytest.raises(ValueError, match="Separator should"):
            await reader.readuntil(separator)
    close(writer)


async def test_an_overrun_leaves_everything_in_place():
    (reader, writer), (_, other) = pair(limit=4)
    other.write(b"0123456;")
    with pytest.raises(libasync.LimitOverrunError) as raised:
        await reader.readuntil(b";")
    assert raised.value.consumed == 7
    assert await reader.read(100) == b"0123456;"
    close(writer, other)


async def test_one_reader_at_a_time_may_wait():
    (reader, writer), (_, other) = pair()
    waiting = await started(reader.readline())
    for call, name in ((reader.read(1), "read"), (reader.readexactly(1), "readexactly"), (reader.readline(), "readuntil")):
        with pytest.raises(RuntimeError, match=rf"^{name}\(\) called while another coroutine is already waiting"):
            await call
    other.write(b"line\n")
    assert await waiting == b"line\n"
    close(writer, other)


async def test_a_cancelled_read_takes_nothing():
    (reader, writer), (_, other) = pair()
    waiting = await started(reader.readexactly(10))
    other.write(b"hello")
    await libasync.sleep(0.01)
    waiting.cancel()
    with pytest.raises(libasync.CancelledError):
        await waiting
    assert await reader.read(100) == b"hello"
    with pytest.raises(libasync.TimeoutError):
        await libasync.wait_for(reader.readline(), 0.01)
    other.write(b"in time\n")
    assert await reader.readline() == b"in time\n"
    close(writer, other)


async def test_closing_a_stream_ends_who_reads_it():
    (reader, writer), (_, other) = pair()
    waiting = await started(reader.read(100))
    close(writer, other)
    assert await waiting == b""
    assert await reader.readline() == b""
    assert reader.at_eof()


async def test_what_came_before_a_reset_is_read_before_it_is_told():
    (reader, writer), peer = tcp_pair()
    peer.sendall(b"the last\nwords")
    await libasync.sleep(0.01)
    reset(peer)
    assert await reader.readline() == b"the last\n"
    with pytest.raises(ConnectionResetError) as raised:
        await reader.readline()
    assert raised.value.errno == errno.ECONNRESET
    assert reader.exception() is raised.value
    assert await reader.read(100) == b"words"
    with pytest.raises(ConnectionResetError):
        await reader.read(100)
    with pytest.raises(ConnectionResetError):
        await writer.drain()
    close(writer)


async def test_bytes_that_a_read_found_are_read_without_a_turn():
    (reader, writer), (_, other) = pair()
    other.write(b"1\n2\n3\n")
    assert await reader.readline() == b"1\n"
    turned = []
    libasync.get_running_loop().call_soon(turned.append, True)
    assert await reader.readline() == b"2\n"
    assert await reader.read(10) == b"3\n"
    await writer.drain()
    assert not turned
    close(writer, other)


async def test_a_busy_peer_leaves_others_their_turns():
    (reader, writer), (_, other) = pair()
    turns = []

    async def count():
        while True:
            turns.append(len(turns))
            await libasync.sleep(0)

    counting = libasync.create_task(count())
    sending = libasync.create_task(send_all(other, bytes(4_000_000)))
    assert len(await reader.read()) == 4_000_000
    assert len(turns) >= 4_000_000 // (1 << 20)
    counting.cancel()
    await sending
    close(writer)


# Writing

async def test_bytes_of_every_kind_are_written_and_others_are_not():
    (reader, writer), (_, other) = pair()
    other.write(bytearray(b"one "))
    other.write(memoryview(b"two "))
    other.writelines([b"three ", bytearray(b"four "), memoryview(b"five")])
    other.write(b"")
    other.writelines([])
    other.writelines(str(number).encode() for number in range(100, 300))
    expected = b"one two three four five" + "".join(map(str, range(100, 300))).encode()
    assert await reader.readexactly(len(expected)) == expected
    for what in ("text", None, 5):
        with pytest.raises(TypeError, match="data argument must be a bytes-like object"):
            other.write(what)
    with pytest.raises(TypeError):
        other.writelines([b"good", "bad"])
    close(writer, other)


async def test_drain_waits_for_a_peer_that_is_slow():
    (reader, writer), (_, other) = pair()
    data = os.urandom(2_000_000)
    other.write(data)
    draining = await started(other.drain())
    assert not draining.done()
    assert other.transport.get_write_buffer_size() > 0
    draining.cancel()
    with pytest.raises(libasync.CancelledError):
        await draining
    draining = await started(other.drain())
    assert await reader.readexactly(len(data)) == data
    await draining
    assert other.transport.get_write_buffer_size() == 0
    close(writer, other)


async def test_limits_of_what_is_unsent_are_the_transports():
    (_, writer), (_, other) = pair()
    transport = writer.transport
    assert writer.transport is transport
    assert transport.get_write_buffer_limits() == (16384, 65536)
    transport.set_write_buffer_limits(high=100 << 20)
    assert transport.get_write_buffer_limits() == (25 << 20, 100 << 20)
    writer.write(bytes(10 << 20))
    await writer.drain()
    assert transport.get_write_buffer_size() > 0
    with pytest.raises(ValueError):
        transport.set_write_buffer_limits(high=1, low=2)
    transport.abort()
    assert writer.is_closing()
    close(other)


async def test_a_half_that_is_ended_can_still_be_answered():
    (reader, writer), (answering, other) = pair()
    assert writer.can_write_eof()
    writer.write(b"question")
    writer.write_eof()
    assert await answering.read() == b"question"
    other.write(b"answer")
    other.close()
    assert await reader.read() == b"answer"
    with pytest.raises(RuntimeError, match=r"Cannot call write\(\) after write_eof\(\)"):
        writer.write(b"more")
    close(writer)


async def test_what_was_written_is_sent_after_close():
    (reader, writer), (_, other) = pair()
    data = os.urandom(2_000_000)
    other.write(data)
    other.close()
    assert other.is_closing()
    closing = await started(other.wait_closed())
    assert not closing.done()
    assert await reader.read() == data
    assert await closing is None
    await other.wait_closed()
    close(writer)


async def test_a_closed_stream_swallows_writes_and_drain_tells():
    (_, writer), (_, other) = pair()
    writer.close()
    writer.close()
    writer.write(b"lost")
    writer.write_eof()
    with pytest.raises(ConnectionResetError, match="Connection lost"):
        await writer.drain()
    close(other)


async def test_a_peer_that_is_gone_is_told_by_drain():
    (_, writer), peer = tcp_pair()
    reset(peer)
    await libasync.sleep(0.01)
    with pytest.raises(ConnectionError) as raised:
        while True:
            writer.write(b"anybody there?")
            await writer.drain()
            await libasync.sleep(0.001)
    assert raised.value.errno in (errno.ECONNRESET, errno.EPIPE)
    close(writer)


async def test_a_drain_that_waits_is_told_of_a_reset():
    (_, writer), peer = tcp_pair()
    writer.write(bytes(20 << 20))
    draining = await started(writer.drain())
    reset(peer)
    with pytest.raises(ConnectionError):
        await draining
    close(writer)
    with pytest.raises(ConnectionError):
        await writer.wait_closed()


async def test_a_file_is_sent_behind_what_was_written(tmp_path):
    data = os.urandom(1_000_000)
    path = tmp_path / "file"
    path.write_bytes(data)
    loop = libasync.get_running_loop()
    (reader, writer), (_, other) = pair()
    with path.open("rb") as file:
        other.write(b"header")
        sending = await started(loop.sendfile(other.transport, file, 1000))
        assert await reader.readexactly(6 + len(data) - 1000) == b"header" + data[1000:]
        assert await sending == len(data) - 1000
        assert file.tell() == len(data)
        assert await loop.sendfile(other, file, 10, 5) == 5
        assert await reader.readexactly(5) == data[10:15]
        assert await loop.sendfile(other, io.BytesIO(b"0123456789"), 3, 4) == 4
        assert await reader.readexactly(4) == b"3456"
        with pytest.raises(SendfileNotAvailableError):
            await loop.sendfile(other, io.BytesIO(b"0123456789"), fallback=False)
        close(writer, other)
        with pytest.raises(RuntimeError, match="Transport is closing"):
            await loop.sendfile(other, file)


async def test_a_silence_that_lasts_too_long_ends_a_read():
    ends = socket.socketpair()
    reader, writer = libasync.wrap_stream(ends[0].detach(), read_timeout=0.01)
    with pytest.raises(libasync.TimeoutError):
        await reader.readline()
    ends[1].send(b"in time\n")
    assert await reader.readline() == b"in time\n"
    close(writer, ends[1])
    for settings in ({"read_timeout": -5}, {"high_water": 1, "low_water": 2}, {"limit": 0}):
        with pytest.raises(ValueError):
            libasync.wrap_stream(0, **settings)
    with pytest.raises(TypeError, match="colour"):
        libasync.wrap_stream(0, colour="red")


# What is known

async def test_both_addresses_are_known_also_after_the_end():
    (_, writer), peer = tcp_pair()
    assert writer.get_extra_info("peername") == peer.getsockname()
    assert writer.get_extra_info("sockname") == peer.getpeername()
    sock = writer.get_extra_info("socket")
    assert sock.getsockname() == peer.getpeername()
    assert sock.family == socket.AF_INET and sock.type == socket.SOCK_STREAM
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    assert sock.fileno() > 0
    assert writer.get_extra_info("sslcontext") is None
    assert writer.get_extra_info("nothing", "a default") == "a default"
    writer.close()
    await writer.wait_closed()
    assert writer.get_extra_info("peername") == peer.getsockname()
    assert writer.get_extra_info("sockname") == peer.getpeername()
    assert sock.fileno() == -1
    with pytest.raises(OSError):
        sock.getsockname()
    peer.close()


async def test_a_nameless_socket_has_an_empty_name_and_a_pipe_none():
    (_, writer), (_, other) = pair()
    assert writer.get_extra_info("peername") == ""
    close(writer, other)
    reader, writer = libasync.stream_pipe()
    assert writer.get_extra_info("peername", 5) == 5
    writer.write(b"through a pipe")
    writer.close()
    assert await reader.read() == b"through a pipe"
    (reader, unused), (_, writer) = map(libasync.wrap_stream, os.pipe())
    writer.write(b"through another")
    writer.close()
    assert await reader.read() == b"through another"
    close(unused)


async def test_what_cannot_be_a_stream_is_refused(tmp_path):
    with pytest.raises(OSError):
        libasync.wrap_stream(12345)
    with pytest.raises(TypeError):
        libasync.wrap_stream("text")
    with pytest.raises(TypeError):
        libasync.StreamWriter()


# Collecting

async def test_a_writer_that_nobody_closed_is_closed_with_a_warning():
    (reader, writer), (answering, other) = pair()
    gone = weakref.ref(writer)
    with pytest.warns(ResourceWarning, match="unclosed <StreamWriter fd="):
        del writer, reader
    assert gone() is None
    assert await answering.read() == b""
    close(other)


async def test_a_cycle_through_a_stream_is_collected():
    class Session:
        pass

    (reader, writer), (_, other) = pair()
    session = Session()
    session.reader, session.writer = reader, writer
    reader.session = writer.session = session
    writer.transport
    writer.close()
    gone = weakref.ref(session)
    del session, reader, writer
    gc.collect()
    assert gone() is None
    close(other)


async def test_a_task_that_waits_for_nobody_is_collected_with_its_loop():
    (reader, writer), (_, other) = pair()
    waiting = await started(reader.read(1))
    waiting.cancel()
    await libasync.wait([waiting])
    gone = weakref.ref(reader)
    close(writer, other)
    del reader, writer, waiting
    gc.collect()
    assert gone() is None


# With asyncio

async def test_asyncios_own_tasks_read_and_write_here():
    (reader, writer), (_, other) = pair()
    loop = libasync.get_running_loop()
    waiting = asyncio.Task(reader.readline(), loop=loop)
    await libasync.sleep(0)
    other.write(b"line\n")
    assert await waiting == b"line\n"
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(reader.read(1), 0.01)
    other.write(bytes(1 << 20))
    assert await asyncio.gather(asyncio.Task(other.drain(), loop=loop), reader.readexactly(1 << 20)) == [None, bytes(1 << 20)]
    writer.close()
    await asyncio.Task(writer.wait_closed(), loop=loop)
    close(other)


async def test_a_reader_can_be_fed_by_hand():
    class Shouting(libasync.StreamReader):
        async def readline(self):
            return (await super().readline()).upper()

    reader = Shouting()
    waiting = await started(reader.readline())
    reader.feed_data(b"hel")
    reader.feed_data(b"lo\nagain\n")
    assert await waiting == b"HELLO\n"
    reader.feed_eof()
    assert [line async for line in reader] == [b"AGAIN\n"]
    assert reader.at_eof()
    reader = libasync.StreamReader()
    reader.feed_data(b"never read")
    reader.set_exception(KeyError("gone"))
    with pytest.raises(KeyError):
        await reader.read(1)


async def test_a_name_does_not_end_at_a_zero_byte():
    loop = libasync.get_running_loop()
    for attempt in (libasync.open_connection("localhost\0.example", 9), libasync.start_server(print, "127.0.0.1\0", 0),
                    libasync.bind_datagram(b"127.0.0.1\0"), loop.getaddrinfo("localhost\0", 9),
                    libasync.open_unix_connection("/tmp/a\0b"), libasync.start_unix_server(print, b"/tmp/a\0b")):
        with pytest.raises(ValueError, match="embedded null"):
            await attempt


async def test_settings_that_are_none_are_refused():
    for settings in {"connect_timeout": -1}, {"read_timeout": -1.0}, {"write_timeout": float("nan")}, \
            {"happy_eyeballs_delay": -1}:
        with pytest.raises(ValueError, match=next(iter(settings))):
            await libasync.open_connection("127.0.0.1", 9, **settings)
    with pytest.raises(TypeError, match="read_timeout must be a number of seconds or None, not '5s'"):
        await libasync.open_connection("127.0.0.1", 9, read_timeout="5s")
    async with await libasync.start_server(print, "127.0.0.1", 0) as server:
        address = server.sockets[0].getsockname()
        _, writer = await libasync.open_connection(*address, connect_timeout=float("inf"),
                                                   happy_eyeballs_delay=float("inf"))
        writer.close()
        with pytest.raises(ValueError, match="timeout must not be negative: -1"):
            await server.stop(-1)
        assert server.is_serving()
    with pytest.raises(socket.gaierror, match="host '', port 9: the name is empty"):
        await libasync.open_connection("", 9)


# Standard streams

def test_the_standard_streams_are_a_reader_and_writers():
    program = """
import libasync

async def main():
    async for line in libasync.stdin():
        libasync.stdout().write(line.upper())
    await libasync.stdout().drain()
    libasync.stderr().write(b"done")
    assert libasync.stdin() is libasync.stdin()

libasync.run(main())
"""
    ran = subprocess.run([sys.executable, "-X", "dev", "-c", program], input=b"one\ntwo\n" * 10000, capture_output=True)
    assert ran.stdout == b"ONE\nTWO\n" * 10000
    assert ran.stderr == b"done"


def test_standard_streams_that_are_closed_are_named():
    program = """
import os

import libasync

async def main():
    for descriptor, stream in enumerate((libasync.stdin, libasync.stdout)):
        os.close(descriptor)
        try:
            stream()
        except OSError as error:
            libasync.stderr().write(b"%s\\n" % str(error).encode())
    await libasync.stderr().drain()

libasync.run(main())
"""
    ran = subprocess.run([sys.executable, "-X", "dev", "-c", program], stderr=subprocess.PIPE, text=True)
    assert ran.stderr.splitlines() == ["[Errno 9] standard input: Bad file descriptor",
                                       "[Errno 9] standard output: Bad file descriptor"]


def test_a_loop_that_closes_ends_its_streams(caplog):
    seen = []

    async def wait(reader):
        try:
            await reader.read(1)
        except libasync.CancelledError:
            seen.append("cancelled")
            raise

    async def main():
        (reader, writer), (_, other) = pair()
        seen.extend([writer, other, libasync.create_task(wait(reader))])
        await libasync.sleep(0)

    libasync.run(main())
    assert seen[3] == "cancelled"
    assert seen[0].is_closing() and seen[1].is_closing()
    seen[0].close()
    seen[0].write(b"late")
