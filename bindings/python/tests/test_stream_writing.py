import errno
import io
import os
from asyncio.exceptions import SendfileNotAvailableError

import pytest

import libasync
from support import close, pair, reset, started, tcp_pair


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


async def test_a_write_to_the_reading_end_of_a_pipe_says_what_is_wrong():
    (_, writer), (_, other) = map(libasync.wrap_stream, os.pipe())
    with pytest.raises(ValueError, match="pipe: it is open for reading only"):
        writer.write(b"x")
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
