"""Datagram sockets, and any descriptor awaited. Addresses are as the socket module has them."""

import socket

from . import capi, names
from ._core import _check, get_running_loop
from .options import socket_options
from .streams import port_number, unix_address

MOST = 64


async def wait_readable(fd):
    """Wait until a descriptor, or an object that has one, can be read without blocking."""
    await capi.async_wait_readable(get_running_loop(), _number(fd))


async def wait_writable(fd):
    """Wait until a descriptor, or an object that has one, can be written without blocking."""
    await capi.async_wait_writable(get_running_loop(), _number(fd))


def notify_closing(fd):
    """Say that a descriptor is about to be closed: who waits for it is told."""
    _check(capi.async_notify_closing(get_running_loop(), _number(fd)))


async def bind_datagram(host=None, port=0, **settings):
    """A socket that receives at an address of this machine; without a host at all of them."""
    options = socket_options("bind_datagram", **settings)
    host, port = names.host_text(host), port_number(host, port, "udp")
    return DatagramSocket(await capi.async_bind_datagram(get_running_loop(), host, port, options))


async def connect_datagram(host, port, **settings):
    """A socket that talks to one peer."""
    options = socket_options("connect_datagram", **settings)
    host, port = names.host_text(host), port_number(host, port, "udp")
    return DatagramSocket(await capi.async_connect_datagram(get_running_loop(), host, port, options))


def open_datagram(local_addr=None, remote_addr=None, **settings):
    """A socket of given addresses, which are no names; a path or an abstract name is a Unix socket's."""
    local, remote = (None if given is None else _to_c(given) for given in (local_addr, remote_addr))
    options = socket_options("open_datagram", **settings)
    return DatagramSocket(capi.async_datagram_open(get_running_loop(), local, remote, options))


def wrap_datagram(sock, **settings):
    """For a socket that somebody else made, or its descriptor, which it takes over: a socket object is detached."""
    options = socket_options("wrap_datagram", **settings)
    datagram = capi.async_datagram_adopt(get_running_loop(), _number(sock), options)
    if isinstance(sock, socket.socket):
        sock.detach()
    return DatagramSocket(datagram)


class DatagramSocket:
    """A datagram socket of the loop that ran where it was made. `async for data, address in it` receives."""

    def __init__(self, datagram):
        if isinstance(datagram, capi.async_value):
            datagram = capi.async_value_datagram(datagram)
        self._datagram = datagram

    def __repr__(self):
        state = "closed" if self.is_closed() else f"fd={self.fileno()} {self.getsockname()}"
        return f"<{type(self).__name__} {state}>"

    async def __aenter__(self):
        return self

    async def __aexit__(self, *error):
        self.close()

    def __aiter__(self):
        return self

    async def __anext__(self):
        try:
            return await self.receive()
        except RuntimeError:
            if self.is_closed():
                raise StopAsyncIteration from None
            raise

    async def receive(self):
        """The next datagram: (data, address)."""
        data, sender = await capi.async_datagram_receive(self._datagram)
        return data, _to_python(sender)

    async def receive_batch(self, most=MOST):
        """What is there, at least one: a list of (data, address)."""
        count = await capi.async_datagram_receive_batch(self._datagram, most)
        return [(capi.async_datagram_bytes(self._datagram, index),
                 _to_python(capi.async_datagram_sender(self._datagram, index))) for index in range(count)]

    def send(self, data):
        """Send to the peer. It leaves with the others of the turn."""
        self._sent(capi.async_datagram_send(self._datagram, data))

    def send_to(self, data, address):
        """Send to an address."""
        self._sent(capi.async_datagram_send_to(self._datagram, data, _to_c(address)))

    def reply(self, index, data):
        """Answer a datagram of the last batch."""
        self._sent(capi.async_datagram_reply(self._datagram, index, data))

    async def drain(self):
        """Wait until there is room to send."""
        await capi.async_datagram_drain(self._datagram)

    def join(self, group, interface=None):
        """Receive what is sent to a multicast group, an address without a port."""
        self._check(capi.async_datagram_join(self._datagram, capi.async_address(group, 0), interface))

    def leave(self, group, interface=None):
        """No longer receive what is sent to a multicast group."""
        self._check(capi.async_datagram_leave(self._datagram, capi.async_address(group, 0), interface))

    def set_multicast(self, interface=None, *, hops=1, loopback=True):
        """How what is sent to groups travels."""
        self._check(capi.async_datagram_set_multicast(self._datagram, interface, hops, loopback))

    def _sent(self, error):
        if error:
            _check(error, capi.async_datagram_message(self._datagram))

    def _check(self, error):
        if error == capi.ASYNC_ECLOSED and self.is_closed():
            raise RuntimeError("the datagram socket is closed")
        _check(error)

    def getsockname(self):
        """Our own address; None once it is closed."""
        return _to_python(capi.async_datagram_local(self._datagram))

    def getpeername(self):
        """The peer's address; None without one."""
        return _to_python(capi.async_datagram_peer(self._datagram))

    def fileno(self):
        """The descriptor, for what has no method here; -1 once it is closed."""
        return capi.async_datagram_descriptor(self._datagram)

    def close(self):
        """Close: who receives is told, and what was sent leaves if the kernel takes it now."""
        self._check(capi.async_datagram_close(self._datagram))

    def is_closed(self):
        return capi.async_datagram_is_closed(self._datagram)


def _number(fd):
    return fd if isinstance(fd, int) else fd.fileno()


def _to_python(address):
    if address is None:
        return None
    family = capi.async_address_family(address)
    host, port = capi.async_address_host(address), capi.async_address_port(address)
    if family == capi.ASYNC_IPV4:
        return host, port
    if family == capi.ASYNC_IPV6:
        return host, port, 0, capi.async_address_scope(address)
    path = capi.async_address_path(address)
    return b"\0" + path[1:].encode() if path.startswith("@") else path


def _to_c(address):
    if not isinstance(address, tuple):
        return unix_address(address)
    host, port, *rest = address
    scope = f"%{rest[1]}" if len(rest) == 2 and rest[1] else ""
    made = capi.async_address(host + scope, port)
    if made is None:
        raise ValueError(f"{address!r} is no address")
    return made
