import asyncio
import contextvars
import errno
import gc
import os
import socket
import weakref

import pytest

import libasync


async def echo(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


async def wait_for_end(reader, writer):
    await reader.read()
    writer.close()


def address_of(server):
    return server.sockets[0].getsockname()[:2]


async def ask(address, question):
    reader, writer = await libasync.open_connection(*address)
    writer.write(question)
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


async def settled(condition):
    while not condition():
        await libasync.sleep(0.001)


async def test_a_server_echoes_to_many_at_once():
    async with await libasync.start_server(echo, "127.0.0.1", 0) as server:
        questions = [os.urandom(size) for size in (1, 1000, 100_000, 1_000_000)] * 5
        answers = await libasync.gather(*(ask(address_of(server), question) for question in questions))
        assert answers == questions
    assert not server.is_serving()


async def test_a_plain_function_may_take_the_connections():
    taken = []
    server = await libasync.start_server(lambda *faces: taken.append(faces), "127.0.0.1", 0)
    reader, writer = await libasync.open_connection(*address_of(server))
    await settled(lambda: taken)
    taken[0][1].write(b"welcome")
    assert await reader.read(100) == b"welcome"
    writer.close()
    taken[0][1].close()
    server.close()
    await server.wait_closed()


async def test_the_addresses_of_both_ends_agree():
    seen = []

    async def note(reader, writer):
        seen.extend([writer.get_extra_info("peername"), writer.get_extra_info("sockname")])
        writer.close()

    async with await libasync.start_server(note, "127.0.0.1", 0) as server:
        reader, writer = await libasync.open_connection(*address_of(server))
        await reader.read()
        assert seen == [writer.get_extra_info("sockname"), writer.get_extra_info("peername")]
        assert seen[1] == server.sockets[0].getsockname()
        writer.close()


async def test_a_failure_is_reported_and_closes_its_connection(reports):
    heard = reports()

    async def spill(reader, writer):
        raise ValueError("the milk is sour")

    async with await libasync.start_server(spill, "127.0.0.1", 0) as server:
        assert await ask(address_of(server), b"") == b""
        await settled(lambda: heard)
    assert repr(heard[0]["exception"]) == "ValueError('the milk is sour')"
    assert heard[0]["message"] == "Unhandled exception in client_connected_cb"


async def test_a_function_that_raises_is_reported_too(reports):
    heard = reports()

    def spill(reader, writer):
        raise ValueError("the milk is sour")

    async with await libasync.start_server(spill, "127.0.0.1", 0) as server:
        assert await ask(address_of(server), b"") == b""
    assert repr(heard[0]["exception"]) == "ValueError('the milk is sour')"


async def test_connections_have_the_context_of_who_started_the_server():
    variable = contextvars.ContextVar("variable")
    seen = []

    async def note(reader, writer):
        seen.append(variable.get())
        variable.set("of one connection")
        writer.close()

    variable.set("of the server")
    async with await libasync.start_server(note, "127.0.0.1", 0) as server:
        variable.set("of nobody")
        for _ in range(2):
            await ask(address_of(server), b"")
    assert seen == ["of the server"] * 2


async def test_a_server_that_is_closed_accepts_nobody_and_waits_for_who_is_there():
    server = await libasync.start_server(wait_for_end, "127.0.0.1", 0)
    address = address_of(server)
    reader, writer = await libasync.open_connection(*address)
    writer.write(b"x")
    await writer.drain()
    await libasync.sleep(0.01)
    server.close()
    server.close()
    assert server.sockets == ()
    with pytest.raises(ConnectionRefusedError):
        await libasync.open_connection(*address)
    waiting = libasync.create_task(server.wait_closed())
    await libasync.sleep(0.01)
    assert not waiting.done()
    writer.close()
    await waiting


async def test_a_graceful_stop_waits_and_then_cancels():
    ended = []

    async def stay(reader, writer):
        try:
            ended.append(await reader.readline())
            await reader.readline()
        except libasync.CancelledError:
            ended.append("cancelled")
            raise

    server = await libasync.start_server(stay, "127.0.0.1", 0)
    reader, writer = await libasync.open_connection(*address_of(server))
    writer.write(b"quick\n")
    await settled(lambda: ended)
    assert server.connections == 1
    assert await server.stop(0.01) == 1
    assert ended == [b"quick\n", "cancelled"]
    assert server.connections == 0
    assert await reader.read() == b""
    await server.stop()
    writer.close()


async def test_serving_for_ever_ends_with_a_cancel():
    server = await libasync.start_server(echo, "127.0.0.1", 0)
    serving = libasync.create_task(server.serve_forever())
    assert await ask(address_of(server), b"hello") == b"hello"
    with pytest.raises(RuntimeError, match="is already being awaited on serve_forever"):
        await server.serve_forever()
    serving.cancel()
    with pytest.raises(libasync.CancelledError):
        await serving
    assert not server.is_serving()
    with pytest.raises(RuntimeError, match="is closed"):
        await server.serve_forever()


async def test_a_server_may_start_later():
    server = await libasync.start_server(echo, "127.0.0.1", 0, start_serving=False)
    assert not server.is_serving()
    with pytest.raises(ConnectionRefusedError):
        await libasync.open_connection(*address_of(server))
    await server.start_serving()
    assert server.is_serving()
    assert await ask(address_of(server), b"hello") == b"hello"
    await server.start_serving()
    server.close()
    never = await libasync.start_server(echo, "127.0.0.1", 0, start_serving=False)
    never.close()
    with pytest.raises(RuntimeError, match="is closed"):
        await never.start_serving()


async def test_several_hosts_and_sockets_of_ones_own():
    listener = socket.create_server(("127.0.0.1", 0))
    address = listener.getsockname()
    async with await libasync.start_server(echo, sock=listener) as server:
        assert listener.getsockname() == server.sockets[0].getsockname() == address
        assert await ask(address, b"hello") == b"hello"
    assert listener.fileno() == -1
    async with await libasync.start_server(echo, ["127.0.0.1", "127.0.0.2"], 0) as server:
        for sock in server.sockets:
            assert await ask(sock.getsockname(), b"hello") == b"hello"
        assert [sock.getsockname()[0] for sock in server.sockets] == ["127.0.0.1", "127.0.0.2"]


async def test_streams_of_clients_are_closed_or_aborted_as_a_whole():
    for method in ("close_clients", "abort_clients"):
        ended = []

        async def note(reader, writer):
            writer.write(b"welcome")
            ended.append(await reader.read())

        server = await libasync.start_server(note, "127.0.0.1", 0)
        reader, writer = await libasync.open_connection(*address_of(server))
        assert await reader.readexactly(7) == b"welcome"
        server.close()
        getattr(server, method)()
        assert await reader.read() == b""
        await server.wait_closed()
        assert ended == [b""]
        writer.close()


async def test_unix_sockets_serve_and_connect(tmp_path):
    for path in (str(tmp_path / "socket"), tmp_path / "other", "\0libasync-test-%d" % os.getpid()):
        async with await libasync.start_unix_server(echo, path) as server:
            reader, writer = await libasync.open_unix_connection(path)
            writer.write(b"hello")
            assert await reader.read(100) == b"hello"
            expected = os.fsencode(path) if str(path).startswith("\0") else str(path)
            assert writer.get_extra_info("peername") == expected
            assert server.sockets[0].getsockname() == expected
            writer.close()
    assert list(tmp_path.iterdir()) == []


async def test_unix_servers_start_later_and_on_sockets_of_ones_own(tmp_path):
    path = str(tmp_path / "socket")
    server = await libasync.start_unix_server(echo, path, start_serving=False)
    await server.start_serving()
    reader, writer = await libasync.open_unix_connection(path)
    writer.write(b"hello")
    assert await reader.read(100) == b"hello"
    writer.close()
    server.close()
    one, other = socket.socketpair()
    reader, writer = await libasync.open_unix_connection(sock=one)
    other.send(b"hello")
    assert await reader.read(100) == b"hello"
    writer.close()
    other.close()


async def test_what_served_is_collected_once_it_has_ended():
    class Echo:
        async def serve(self, reader, writer):
            await echo(reader, writer)

    served = Echo()
    async with await libasync.start_server(served.serve, "127.0.0.1", 0) as server:
        assert await ask(address_of(server), b"hello") == b"hello"
    gone = weakref.ref(served)
    del served, server
    gc.collect()
    assert gone() is None


# Connecting

async def test_a_connection_may_be_made_by_name_and_by_socket():
    async with await libasync.start_server(echo, "127.0.0.1", 0) as server:
        host, port = address_of(server)
        assert await ask(("localhost", port), b"hello") == b"hello"
        assert await ask((b"127.0.0.1", str(port)), b"hello") == b"hello"
        sock = socket.create_connection((host, port))
        reader, writer = await libasync.open_connection(sock=sock)
        assert sock.getpeername() == (host, port)
        writer.write(b"hello")
        assert await reader.read(100) == b"hello"
        writer.close()
        assert sock.fileno() == -1
        reader, writer = await libasync.open_connection(
            host, port, family=socket.AF_INET, local_addr=("127.0.0.1", 0), happy_eyeballs_delay=0.1, interleave=1)
        writer.close()
        reader, writer = await libasync.open_connection(host, port, flags=socket.AI_NUMERICHOST)
        writer.close()


async def test_each_refusal_names_whom_it_concerns(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(ConnectionRefusedError, match=f"127.0.0.1.*{port}") as raised:
        await libasync.open_connection("127.0.0.1", port)
    assert raised.value.errno == errno.ECONNREFUSED
    with pytest.raises(libasync.ExceptionGroup):
        await libasync.open_connection("127.0.0.1", port, all_errors=True)
    with pytest.raises(OverflowError, match="port must be 0-65535"):
        await libasync.open_connection("127.0.0.1", 70000)
    with pytest.raises(socket.gaierror, match="nobody.invalid"):
        await libasync.open_connection("nobody.invalid", 80)
    with pytest.raises(socket.gaierror, match="nosuchservice"):
        await libasync.open_connection("127.0.0.1", "nosuchservice")
    with pytest.raises(FileNotFoundError, match="nowhere"):
        await libasync.open_unix_connection(tmp_path / "nowhere")
    with pytest.raises(OSError, match="path too long"):
        await libasync.open_unix_connection(tmp_path / ("x" * 108))
    async with await libasync.start_server(echo, "127.0.0.1", 0) as server:
        with pytest.raises(OSError, match="127.0.0.1") as raised:
            await libasync.start_server(echo, *address_of(server))
        assert raised.value.errno == errno.EADDRINUSE


async def test_arguments_that_do_not_go_together_are_refused(tmp_path):
    one, other = socket.socketpair()
    datagram = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with one, other, datagram:
        for call, message in [
                (libasync.open_connection(), "host and port was not specified and no sock specified"),
                (libasync.open_connection("localhost", 80, sock=one), "can not be specified at the same time"),
                (libasync.open_connection(sock=datagram), "A Stream Socket was expected"),
                (libasync.open_connection("localhost", 80, server_hostname="x"), "only meaningful with ssl"),
                (libasync.open_connection("localhost", 80, limit=0), "Limit cannot be <= 0"),
                (libasync.open_unix_connection(), "no path and sock were specified"),
                (libasync.open_unix_connection(sock=datagram), "A UNIX Domain Stream Socket was expected"),
                (libasync.open_unix_connection("path", sock=one), "can not be specified at the same time"),
                (libasync.start_server(echo), "Neither host/port nor sock were specified"),
                (libasync.start_server(echo, "localhost", 80, sock=one), "can not be specified at the same time"),
                (libasync.start_server(echo, sock=datagram), "A Stream Socket was expected"),
                (libasync.start_unix_server(echo), "path was not specified, and no sock specified"),
                (libasync.start_unix_server(echo, "path", sock=one), "can not be specified at the same time")]:
            with pytest.raises(ValueError, match=message):
                await call
        with pytest.raises(TypeError):
            await libasync.open_connection("localhost", 80, colour="red")
        with pytest.raises(NotImplementedError):
            await libasync.open_connection("localhost", 443, ssl=True)


async def test_a_connect_is_cancelled_and_leaves_no_descriptor():
    before = len(os.listdir("/proc/self/fd"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        connecting = libasync.create_task(libasync.open_connection(*listener.getsockname()))
        await libasync.sleep(0)
        connecting.cancel()
        with pytest.raises(libasync.CancelledError):
            await connecting
    await libasync.sleep(0)
    assert len(os.listdir("/proc/self/fd")) == before


async def test_asyncios_scopes_hold_streams_too():
    timeout = getattr(asyncio, "timeout", libasync.timeout)
    async with await libasync.start_server(wait_for_end, "127.0.0.1", 0) as server:
        reader, writer = await libasync.open_connection(*address_of(server))
        with pytest.raises(libasync.TimeoutError):
            async with timeout(0.01):
                await reader.read(1)
        writer.close()
