import asyncio
import gc
import os
import socket
import subprocess
import sys
import weakref

import pytest

import libasync
from support import close, pair, started, tcp_pair


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


async def test_a_socket_object_becomes_a_stream_as_a_whole():
    ours, theirs = socket.socketpair()
    reader, writer = libasync.wrap_stream(ours)
    assert ours.fileno() == -1
    theirs.sendall(b"to a socket")
    assert await reader.readexactly(11) == b"to a socket"
    close(writer, theirs)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        with pytest.raises(OSError, match="it cannot be a stream"):
            libasync.wrap_stream(other)
        assert other.fileno() >= 0


async def test_what_cannot_be_a_stream_is_refused(tmp_path):
    with pytest.raises(OSError):
        libasync.wrap_stream(12345)
    with pytest.raises(TypeError):
        libasync.wrap_stream("text")
    with pytest.raises(TypeError):
        libasync.StreamWriter()


# Collecting

async def test_a_writer_that_nobody_closed_is_told_by_its_peer():
    (reader, writer), other = tcp_pair()
    with pytest.warns(ResourceWarning, match=r"unclosed <StreamWriter fd=\d+ peer=\('127.0.0.1', \d+\)"):
        del writer, reader
    close(other)


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


# Names and settings

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


async def test_an_unknown_keyword_is_refused_by_the_name_of_the_function():
    def serve(reader, writer):
        pass

    for start in (lambda: libasync.open_connection("127.0.0.1", 1, colour="red"),
                  lambda: libasync.open_unix_connection("nowhere", colour="red"),
                  lambda: libasync.start_server(serve, "127.0.0.1", 0, colour="red"),
                  lambda: libasync.start_unix_server(serve, "nowhere", colour="red"),
                  lambda: libasync.bind_datagram("127.0.0.1", colour="red"),
                  lambda: libasync.connect_datagram("127.0.0.1", 1, colour="red")):
        name = start.__code__.co_names[-1]
        with pytest.raises(TypeError, match=f"^{name}\\(\\) got an unexpected keyword argument 'colour'$"):
            await start()
    for function in (libasync.wrap_stream, libasync.wrap_datagram):
        with pytest.raises(TypeError, match=f"^{function.__name__}\\(\\) got an unexpected"):
            function(0, colour="red")
    with pytest.raises(TypeError, match="^open_datagram\\(\\) got an unexpected"):
        libasync.open_datagram(("127.0.0.1", 0), colour="red")
