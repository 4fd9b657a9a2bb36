import gc
import os
import socket

import pytest

import libasync


def run(main):
    return libasync.run(main())


async def both():
    """A socket that is bound, and one that is connected to it."""
    server = await libasync.bind_datagram("127.0.0.1", 0)
    return server, await libasync.connect_datagram(*server.getsockname())


def test_a_datagram_comes_with_its_sender():
    async def main():
        server, client = await both()
        async with server, client:
            client.send(b"hello")
            data, address = await server.receive()
            assert (data, address) == (b"hello", client.getsockname())
            assert client.getpeername() == server.getsockname()
            assert server.getpeername() is None
            server.send_to(bytearray(b"you too"), address)
            assert await client.receive() == (b"you too", server.getsockname())
        assert server.is_closed() and client.is_closed()
        assert server.getsockname() is None and server.fileno() == -1
    run(main)


def test_a_batch_is_a_list_and_each_can_be_answered():
    async def main():
        server, client = await both()
        async with server, client:
            for data in (b"one", b"", b"three"):
                client.send(data)
            batch = await server.receive_batch()
            assert [data for data, _ in batch] == [b"one", b"", b"three"]
            for index, (data, _) in enumerate(batch):
                server.reply(index, data.upper())
            assert [data for data, _ in await client.receive_batch(2)] == [b"ONE", b""]
            assert (await client.receive())[0] == b"THREE"
            await client.drain()
            with pytest.raises(ValueError):
                await server.receive_batch(0)
    run(main)


def test_iterating_receives_until_it_is_closed():
    async def main():
        server, client = await both()
        heard = []

        async def hear():
            async for data, _ in server:
                heard.append(data)
                if len(heard) == 2:
                    client.send(b"third")
            return "closed"

        task = libasync.create_task(hear())
        client.send(b"first")
        client.send(b"second")
        while len(heard) < 3:
            await libasync.sleep(0)
        await libasync.sleep(0)
        server.close()
        client.close()
        assert await task == "closed"
        assert heard == [b"first", b"second", b"third"]
    run(main)


def test_every_address_of_both_families_is_one_socket():
    async def main():
        async with await libasync.bind_datagram() as server:
            port = server.getsockname()[1]
            for host in ("127.0.0.1", "::1"):
                async with await libasync.connect_datagram(host, port) as client:
                    client.send(b"x")
                    _, address = await server.receive()
                    assert address[:2] == client.getsockname()[:2]
                    server.send_to(b"y", address)
                    assert (await client.receive())[0] == b"y"
    run(main)


def test_unix_sockets_have_paths_and_abstract_names(tmp_path):
    async def main():
        path = str(tmp_path / "socket")
        name = b"\0libasync-%d" % os.getpid()
        async with libasync.open_datagram(path) as server, libasync.open_datagram(name, path) as client:
            client.send(b"x")
            assert await server.receive() == (b"x", name)
            server.send_to(b"y", name)
            assert await client.receive() == (b"y", path)
            with pytest.raises(OSError, match="in use"):
                libasync.open_datagram(path)
        assert not os.path.exists(path)
    run(main)


def test_a_socket_of_the_socket_module_is_taken_over():
    async def main():
        one, other = socket.socketpair(type=socket.SOCK_DGRAM)
        with one:
            async with libasync.wrap_datagram(other) as ours:
                assert other.fileno() == -1
                one.send(b"x")
                assert await ours.receive() == (b"x", None)
        with socket.socket() as stream, pytest.raises(OSError):
            libasync.wrap_datagram(stream)
    run(main)


def test_multicast_is_heard_by_members():
    async def main():
        settings = {"family": socket.AF_INET, "reuse_address": True}
        async with await libasync.bind_datagram(None, 0, **settings) as server, \
                await libasync.bind_datagram(None, 0, **settings) as client:
            server.join("239.1.2.5", "lo")
            client.set_multicast("lo", hops=1, loopback=True)
            client.send_to(b"to all", ("239.1.2.5", server.getsockname()[1]))
            assert (await server.receive())[0] == b"to all"
            server.leave("239.1.2.5", "lo")
            with pytest.raises(ValueError):
                server.join("127.0.0.1")
    run(main)


def test_errors_are_pythons():
    async def main():
        server, client = await both()
        address = server.getsockname()
        with pytest.raises(OSError, match=f"host '127.0.0.1', port {address[1]}: the address is in use"):
            await libasync.bind_datagram(*address)
        server.close()
        client.send(b"anybody?")
        with pytest.raises(ConnectionRefusedError):
            await client.receive()
        receive = libasync.ensure_future(client.receive())
        await libasync.sleep(0)
        with pytest.raises(libasync.InvalidStateError):
            await client.receive()
        receive.cancel()
        with pytest.raises(libasync.CancelledError):
            await receive
        client.close()
        with pytest.raises(RuntimeError, match="socket is closed"):
            await client.receive()
        with pytest.raises(RuntimeError, match="socket is closed"):
            client.send(b"x")
        async with await libasync.bind_datagram("127.0.0.1", 0) as nobodys:
            where = "127.0.0.1:%d: " % nobodys.getsockname()[1]
            with pytest.raises(libasync.InvalidStateError, match=where + "it is connected to no peer"):
                nobodys.send(b"x")
            with pytest.raises(ValueError, match=where + "the last batch has no such datagram"):
                nobodys.reply(0, b"x")
            with pytest.raises(libasync.Error, match="127.0.0.1:9: a datagram of 70000 bytes"):
                nobodys.send_to(bytes(70000), ("127.0.0.1", 9))
        with pytest.raises(ValueError):
            libasync.open_datagram(("no address", 1))
        with pytest.raises(socket.gaierror):
            await libasync.connect_datagram("nowhere.invalid", 1)
        with pytest.raises(TypeError):
            await libasync.bind_datagram(no_such_setting=1)
        assert "closed" in repr(client)
    run(main)


def test_a_time_limit_is_told():
    async def main():
        async with await libasync.bind_datagram("127.0.0.1", 0, read_timeout=0.01) as server:
            with pytest.raises(libasync.TimeoutError):
                await server.receive()
    run(main)


def test_a_socket_dropped_without_a_close_is_reported():
    async def main():
        told = []
        libasync.get_running_loop().set_exception_handler(lambda loop, context: told.append(context["message"]))
        server = await libasync.bind_datagram("127.0.0.1", 0)
        del server
        gc.collect()
        await libasync.sleep(0)
        assert len(told) == 1 and "dropped without a close" in told[0]
    run(main)


def test_any_descriptor_is_awaited():
    async def main():
        reading, writing = os.pipe()
        await libasync.wait_writable(writing)
        wait = libasync.create_task(libasync.wait_readable(reading))
        await libasync.sleep(0)
        os.write(writing, b"x")
        await wait
        os.read(reading, 1)
        with open(reading, "rb", buffering=0) as file:
            wait = libasync.create_task(libasync.wait_readable(file))
            await libasync.sleep(0)
            libasync.notify_closing(file)
            with pytest.raises(RuntimeError):
                await wait
        os.close(writing)
        with pytest.raises(ValueError):
            await libasync.wait_readable(-1)
    run(main)


def test_a_port_may_be_a_text_as_in_getaddrinfo():
    async def main():
        async with await libasync.bind_datagram("127.0.0.1", "0") as server:
            async with await libasync.connect_datagram("127.0.0.1", str(server.getsockname()[1])) as client:
                assert client.getpeername() == server.getsockname()
        with pytest.raises(OverflowError, match="host '127.0.0.1', port 70000"):
            await libasync.bind_datagram("127.0.0.1", 70000)

    libasync.run(main())
