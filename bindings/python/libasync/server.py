"""Servers, with asyncio's words: a task for each connection."""

import asyncio
import os
import socket

from . import _core, capi
from ._core import get_running_loop
from .names import host_text
from .options import seconds, socket_options
from .streams import LIMIT, check_limit, check_ssl, port_number, unix_path
from .transport import transport_socket


# What Linux takes for a socket that is only told to keep alive.
_KEEPALIVE_SECONDS = 7200


async def start_server(client_connected_cb, host=None, port=None, *, limit=LIMIT, **kwds):
    """Serve on a host's port: call `client_connected_cb(reader, writer)` for each connection, as a task where it is a
    coroutine function."""
    loop = get_running_loop()
    check_limit(limit)
    return await _serve(loop, (client_connected_cb, limit), host, port, **kwds)


async def start_unix_server(client_connected_cb, path=None, *, limit=LIMIT, **kwds):
    """The same on a Unix socket."""
    loop = get_running_loop()
    check_limit(limit)
    return await _serve_unix(loop, (client_connected_cb, limit), path, **kwds)


async def _serve(loop, call, host, port, *, family=socket.AF_UNSPEC, flags=socket.AI_PASSIVE, sock=None, backlog=None,
                 ssl=None, reuse_address=None, reuse_port=None, keep_alive=None, ssl_handshake_timeout=None,
                 ssl_shutdown_timeout=None, start_serving=True, **settings):
    check_ssl(ssl, ssl_handshake_timeout=ssl_handshake_timeout, ssl_shutdown_timeout=ssl_shutdown_timeout)
    if keep_alive:
        settings.setdefault("keepalive", _KEEPALIVE_SECONDS)
    options = socket_options("start_server", family, backlog=_backlog(backlog), reuse_address=reuse_address,
                             reuse_port=reuse_port, **settings)
    if sock is not None:
        if host is not None or port is not None:
            raise ValueError("host/port and sock can not be specified at the same time")
        return _on_sockets(loop, call, [_checked(sock)], options, start_serving)
    if host is None and port is None:
        raise ValueError("Neither host/port nor sock were specified")
    hosts = list(dict.fromkeys([host] if host is None or isinstance(host, (str, bytes)) else host))
    if not start_serving:
        found = [address for each in hosts for address in await loop.getaddrinfo(
            each or None, port, family=family, type=socket.SOCK_STREAM, flags=flags)]
        return _on_sockets(loop, call, _bound(dict.fromkeys(found), reuse_address, reuse_port), options, False)
    server = Server(loop, call, options)
    try:
        for each in hosts:
            await server._listen(each and host_text(each).encode(), port_number(each, port))
    except BaseException:
        server.close()
        raise
    return server


async def _serve_unix(loop, call, path, *, sock=None, backlog=None, ssl=None, ssl_handshake_timeout=None,
                      ssl_shutdown_timeout=None, start_serving=True, cleanup_socket=True, **settings):
    check_ssl(ssl, ssl_handshake_timeout=ssl_handshake_timeout, ssl_shutdown_timeout=ssl_shutdown_timeout)
    options = socket_options("start_unix_server", backlog=_backlog(backlog), **settings)
    if sock is not None:
        if path is not None:
            raise ValueError("path and sock can not be specified at the same time")
        if sock.family != socket.AF_UNIX:
            raise ValueError(f"A UNIX Domain Stream Socket was expected, got {sock!r}")
        return _on_sockets(loop, call, [_checked(sock)], options, start_serving)
    if path is None:
        raise ValueError("path was not specified, and no sock specified")
    if not start_serving:
        return _on_sockets(loop, call, [_bound_unix(unix_path(path))], options, False)
    server = Server(loop, call, options)
    await server._listen(_unix_text(unix_path(path)), -1)
    return server


def _backlog(given):
    return None if given is None else max(given, 1)


def _unix_text(path):
    """A path as C takes it, where "@" stands for an abstract name's zero byte."""
    if path.startswith(b"\0"):
        return b"@" + path[1:]
    return b"./" + path if path.startswith(b"@") else path


def _checked(sock):
    if sock.type != socket.SOCK_STREAM:
        raise ValueError(f"A Stream Socket was expected, got {sock!r}")
    return sock


def _bound(found, reuse_address, reuse_port):
    """Sockets that do not listen yet."""
    sockets = []
    try:
        for family, kind, proto, _, address in found:
            sockets.append(socket.socket(family, kind, proto))
            if reuse_address is not False:
                sockets[-1].setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, True)
            if reuse_port:
                sockets[-1].setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, True)
            if family == socket.AF_INET6:
                sockets[-1].setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, True)
            _bind(sockets[-1], address)
    except BaseException:
        for sock in sockets:
            sock.close()
        raise
    return sockets


def _bound_unix(path):
    sock = socket.socket(socket.AF_UNIX)
    try:
        _bind(sock, path)
    except BaseException:
        sock.close()
        raise
    return sock


def _bind(sock, address):
    try:
        sock.bind(address)
    except OSError as error:
        raise OSError(error.errno, f"error while attempting to bind on address {address!r}: "
                                   f"{os.strerror(error.errno).lower()}") from None


def _on_sockets(loop, call, sockets, options, start_serving):
    server = Server(loop, call, options, sockets)
    if start_serving:
        server._start()
    return server


class Server(asyncio.AbstractServer):
    """What start_server gives: it serves until it is closed, and so does leaving an `async with`."""

    def __init__(self, loop, call, options, sockets=()):
        self._loop = loop
        self._call = call
        self._options = options
        self._given = list(sockets)
        self._waiting = list(sockets)
        self._parts = []
        self._closed = False
        self._forever = None

    def __repr__(self):
        return f"<{type(self).__name__} sockets={self.sockets!r}>"

    async def __aenter__(self):
        return self

    async def __aexit__(self, *error):
        self.close()
        await self.wait_closed()

    async def _listen(self, host, port):
        part = await _core._start_server(self._loop, *self._call, self._options, host, port)
        self._parts.append(capi.async_value_server(part))

    def _start(self):
        """Serve on the sockets that were given, too. The server has a descriptor of its own for each, so that the socket
        objects stay good, and closes both."""
        waiting, self._waiting = self._waiting, []
        for sock in waiting:
            descriptor = os.dup(sock.fileno())
            try:
                part = _core._adopt_server(self._loop, *self._call, self._options, descriptor)
            except BaseException:
                os.close(descriptor)
                raise
            self._parts.append(capi.async_value_server(part))

    def get_loop(self):
        return self._loop

    def is_serving(self):
        return bool(self._parts) and not self._closed

    @property
    def sockets(self):
        """The sockets that it listens on."""
        if self._closed:
            return ()
        lent = [transport_socket(sock.fileno) for sock in self._waiting]
        for part in self._parts:
            count = capi.async_value_count(capi.async_server_addresses(part))
            lent.extend(transport_socket(lambda part=part, index=index: capi.async_server_descriptor(part, index))
                        for index in range(count))
        return tuple(lent)

    async def start_serving(self):
        self._check_open()
        self._start()
        await _core.sleep(0)

    async def serve_forever(self):
        if self._forever is not None:
            raise RuntimeError(f"server {self!r} is already being awaited on serve_forever()")
        self._check_open()
        self._start()
        self._forever = self._loop.create_future()
        try:
            await self._forever
        except asyncio.CancelledError:
            self.close()
            await self.wait_closed()
            raise
        finally:
            self._forever = None

    def _check_open(self):
        if self._closed:
            raise RuntimeError(f"server {self!r} is closed")

    def close(self):
        """Stop listening. Connections go on."""
        if self._closed:
            return
        self._closed = True
        for sock in self._given:
            sock.close()
        for part in self._parts:
            capi.async_server_close(part)
        if self._forever is not None and not self._forever.done():
            self._forever.cancel()

    async def wait_closed(self):
        """Wait until it is closed and what served its connections has ended."""
        for part in self._parts:
            await capi.async_server_wait_closed(part)

    async def stop(self, timeout=None):
        """Stop gracefully: no new connections, wait so many seconds for those that are there, or for ever, then cancel
        what is left; how many were cancelled."""
        limit = seconds("timeout", timeout)
        self.close()
        ends = [_core.wrap_handle(capi.async_server_stop(part, limit)) for part in self._parts]
        return sum(await _core.gather(*ends))

    @property
    def connections(self):
        """How many connections there are."""
        return sum(map(capi.async_server_connections, self._parts))

    def close_clients(self):
        """Close the streams of its connections."""
        for part in self._parts:
            capi.async_server_close_clients(part)

    def abort_clients(self):
        """Close them at once: what is unsent is lost."""
        for part in self._parts:
            capi.async_server_abort_clients(part)
