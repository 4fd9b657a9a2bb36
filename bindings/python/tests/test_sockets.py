import gc
import io
import os
import socket
import tempfile
import weakref
from asyncio.exceptions import SendfileNotAvailableError

import pytest

import libasync
from support import started


@pytest.fixture
def pair():
    ends = socket.socketpair()
    for end in ends:
        end.setblocking(False)
    yield ends
    for end in ends:
        end.close()


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        yield listener


def the_loop():
    return libasync.get_running_loop()


def fill(sock):
    sent = 0
    try:
        while True:
            sent += sock.send(bytes(65536))
    except BlockingIOError:
        return sent


async def test_what_is_there_is_received_at_once(pair):
    one, other = pair
    other.send(b"hello")
    assert await the_loop().sock_recv(one, 3) == b"hel"
    buffer = bytearray(8)
    assert await the_loop().sock_recv_into(one, buffer) == 2
    assert buffer[:2] == b"lo"


async def test_a_receiver_waits_for_what_comes_and_for_the_end(pair):
    one, other = pair
    receiving = await started(the_loop().sock_recv(one, 100))
    other.send(b"hello")
    assert await receiving == b"hello"
    receiving = await started(the_loop().sock_recv(one, 100))
    other.close()
    assert await receiving == b""


async def test_two_may_wait_for_one_socket(pair):
    one, other = pair
    receivers = [await started(the_loop().sock_recv(one, 5)) for _ in range(2)]
    other.send(b"helloagain")
    assert sorted(await libasync.gather(*receivers)) == [b"again", b"hello"]


async def test_a_cancelled_receiver_takes_nothing(pair):
    one, other = pair
    receiving = await started(the_loop().sock_recv(one, 100))
    receiving.cancel()
    other.send(b"hello")
    assert await the_loop().sock_recv(one, 100) == b"hello"
    with pytest.raises(libasync.CancelledError):
        await receiving
    with pytest.raises(libasync.TimeoutError):
        await libasync.wait_for(the_loop().sock_recv(one, 100), 0.01)


async def test_a_socket_closed_between_two_calls_is_told(pair):
    pair[0].close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        await the_loop().sock_recv(pair[0], 1)


async def test_everything_is_sent_however_slowly_it_is_taken(pair):
    one, other = pair
    data = os.urandom(1 << 20)
    sending = await started(the_loop().sock_sendall(one, data))
    assert not sending.done()
    received = bytearray()
    while len(received) < len(data):
        received += await the_loop().sock_recv(other, 65536)
    assert received == data
    assert await sending is None
    assert await the_loop().sock_sendall(one, b"") is None
    await the_loop().sock_sendall(one, memoryview(b"wide items").cast("H"))
    assert await the_loop().sock_recv(other, 100) == b"wide items"


async def test_a_sender_is_cancelled_and_told_of_a_peer_that_is_gone(pair):
    one, other = pair
    fill(one)
    sending = await started(the_loop().sock_sendall(one, b"more"))
    sending.cancel()
    with pytest.raises(libasync.CancelledError):
        await sending
    sending = await started(the_loop().sock_sendall(one, b"more"))
    other.close()
    with pytest.raises(ConnectionError):
        await sending


async def test_connect_and_accept_meet(listener):
    accepting = await started(the_loop().sock_accept(listener))
    with socket.socket() as client:
        client.setblocking(False)
        assert await the_loop().sock_connect(client, listener.getsockname()) is None
        connection, address = await accepting
        with connection:
            assert connection.gettimeout() == 0
            assert address == client.getsockname()


async def test_a_connect_by_name_looks_it_up(listener):
    with socket.socket() as client:
        client.setblocking(False)
        await the_loop().sock_connect(client, ("localhost", listener.getsockname()[1]))
        assert client.getpeername() == listener.getsockname()


async def test_a_refused_connect_says_whom(listener):
    address = listener.getsockname()
    listener.close()
    with socket.socket() as client:
        client.setblocking(False)
        with pytest.raises(ConnectionRefusedError):
            await the_loop().sock_connect(client, address)
    with socket.socket(socket.AF_UNIX) as client:
        client.setblocking(False)
        with pytest.raises(FileNotFoundError):
            await the_loop().sock_connect(client, "/nowhere/at/all")


async def test_a_cancelled_accept_leaves_the_connection_waiting(listener):
    accepting = await started(the_loop().sock_accept(listener))
    accepting.cancel()
    await libasync.wait([accepting])
    with socket.create_connection(listener.getsockname()):
        connection, _ = await the_loop().sock_accept(listener)
        connection.close()


async def test_datagrams_carry_addresses():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        for end in (one, other):
            end.setblocking(False)
            end.bind(("127.0.0.1", 0))
        receiving = await started(the_loop().sock_recvfrom(other, 100))
        assert await the_loop().sock_sendto(one, b"hello", other.getsockname()) == 5
        assert await receiving == (b"hello", one.getsockname())
        buffer = bytearray(8)
        receiving = await started(the_loop().sock_recvfrom_into(one, buffer, 3))
        await the_loop().sock_sendto(other, b"answer", one.getsockname())
        assert await receiving == (3, other.getsockname())
        assert buffer[:3] == b"ans"


async def test_a_file_is_sent_in_part_and_whole(pair):
    one, other = pair
    with tempfile.TemporaryFile() as file:
        file.write(b"0123456789")
        file.flush()
        assert await the_loop().sock_sendfile(one, file, 2, 5) == 5
        assert await the_loop().sock_recv(other, 100) == b"23456"
        assert file.tell() == 7
        assert await the_loop().sock_sendfile(one, file) == 10
        assert await the_loop().sock_recv(other, 100) == b"0123456789"
        assert await the_loop().sock_sendfile(one, file, 10) == 0


async def test_a_file_larger_than_the_sockets_room_is_sent_as_it_is_taken(pair):
    one, other = pair
    data = os.urandom(1 << 20)
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        sending = await started(the_loop().sock_sendfile(one, file))
        received = bytearray()
        while len(received) < len(data):
            received += await the_loop().sock_recv(other, 65536)
        assert received == data
        assert await sending == len(data)


async def test_what_the_kernel_cannot_send_is_read_and_sent(pair):
    one, other = pair
    assert await the_loop().sock_sendfile(one, io.BytesIO(b"0123456789"), 3, 4) == 4
    assert await the_loop().sock_recv(other, 100) == b"3456"
    with pytest.raises(SendfileNotAvailableError):
        await the_loop().sock_sendfile(one, io.BytesIO(b"0123456789"), fallback=False)


async def test_what_cannot_be_sent_is_refused(pair):
    with tempfile.TemporaryFile("w+") as file:
        with pytest.raises(ValueError, match="binary mode"):
            await the_loop().sock_sendfile(pair[0], file)
    with tempfile.TemporaryFile() as file:
        for error, offset, count in [(TypeError, 0, 1.5), (ValueError, 0, 0), (TypeError, "0", None), (ValueError, -1, None)]:
            with pytest.raises(error):
                await the_loop().sock_sendfile(pair[0], file, offset, count)


async def test_debugging_refuses_a_socket_that_blocks(pair):
    the_loop().set_debug(True)
    pair[0].setblocking(True)
    with pytest.raises(ValueError, match="must be non-blocking"):
        await the_loop().sock_recv(pair[0], 1)


async def test_a_cancelled_call_leaves_nothing_behind(pair):
    task = await started(the_loop().sock_recv(pair[0], 1))
    task.cancel()
    await libasync.wait([task])
    gone = weakref.ref(task)
    del task
    gc.collect()
    assert gone() is None
