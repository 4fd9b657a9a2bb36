"""What programs written for asyncio reach for behind a writer: its transport, and the socket of that."""

import asyncio.trsock
import errno
import os
import socket

from .options import water_marks


class _Lent:
    """The socket of a descriptor that somebody else will close: a socket object for no longer than a call."""

    def __init__(self, fileno):
        self.fileno = fileno
        self.family, self.type, self.proto = socket.AF_UNSPEC, 0, 0
        if fileno() >= 0:
            self.family, self.type, self.proto = self._with(lambda sock: (sock.family, sock.type, sock.proto))

    def _with(self, use):
        number = self.fileno()
        if number < 0:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        sock = socket.socket(fileno=number)
        try:
            return use(sock)
        finally:
            sock.detach()

    def __getattr__(self, name):
        return lambda *args: self._with(lambda sock: getattr(sock, name)(*args))


def transport_socket(fileno):
    """asyncio's TransportSocket for a function that gives the descriptor, -1 once that is closed."""
    return asyncio.trsock.TransportSocket(_Lent(fileno))


def extra_info(writer, name, default):
    """What get_extra_info has to look up: the socket, and the addresses of sockets that have no name."""
    try:
        if name == "socket":
            return transport_socket(writer._fileno)
        if name in ("peername", "sockname"):
            sock = transport_socket(writer._fileno)
            return sock.getpeername() if name == "peername" else sock.getsockname()
    except OSError:
        pass
    return default


class StreamTransport(asyncio.Transport):
    """The transport of a writer, as far as streams have one: there is no protocol behind it."""

    def __init__(self, writer):
        super().__init__()
        self._writer = writer
        self._limits = (16 * 1024, 64 * 1024)

    def __repr__(self):
        state = "closing" if self.is_closing() else "open"
        return f"<{type(self).__name__} {state} fd={self._writer._fileno()}>"

    def get_extra_info(self, name, default=None):
        return self._writer.get_extra_info(name, default)

    def is_closing(self):
        return self._writer.is_closing()

    def close(self):
        self._writer.close()

    def abort(self):
        self._writer._abort()

    def write(self, data):
        self._writer.write(data)

    def writelines(self, list_of_data):
        self._writer.writelines(list_of_data)

    def write_eof(self):
        self._writer.write_eof()

    def can_write_eof(self):
        return self._writer.can_write_eof()

    def get_write_buffer_size(self):
        return self._writer._unsent()

    def get_write_buffer_limits(self):
        return self._limits

    def set_write_buffer_limits(self, high=None, low=None):
        low, high = water_marks(high, low)
        self._writer._set_marks(high, low)
        self._limits = (low, high)

    def is_reading(self):
        return not self.is_closing()
