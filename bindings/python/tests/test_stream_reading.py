import errno
import os
import socket

import pytest

import libasync
from support import close, pair, reset, send_all, started, tcp_pair


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


async def test_a_separator_that_is_no_bytes_is_refused_by_name():
    (reader, writer), (_, other) = pair()
    for separator, kind in ("\n", "str"), (5, "int"), ((b"x", "\n"), "str"):
        with pytest.raises(TypeError, match=f"a separator must be bytes, not '{kind}'"):
            await reader.readuntil(separator)
    other.write(b"one.two;")
    assert await reader.readuntil((b";", bytearray(b"."))) == b"one."
    assert await reader.readuntil(memoryview(b";")) == b"two;"
    close(writer, other)


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
