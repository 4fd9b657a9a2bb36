"""The raw calls on sockets, asyncio's sock_*: each is tried at once, and again whenever the kernel has news."""

import errno
import functools
import os
import socket
import sys

from . import capi


class _NoSendfile(RuntimeError):
    """The kernel cannot send this file by itself."""


class SocketCalls:
    """The part of the loop that calls the socket's own methods."""

    async def sock_recv(self, sock, n):
        return await self._when_readable(sock, "recv", n)

    async def sock_recv_into(self, sock, buf):
        return await self._when_readable(sock, "recv_into", buf)

    async def sock_recvfrom(self, sock, bufsize):
        return await self._when_readable(sock, "recvfrom", bufsize)

    async def sock_recvfrom_into(self, sock, buf, nbytes=0):
        return await self._when_readable(sock, "recvfrom_into", buf, nbytes or len(buf))

    async def sock_sendto(self, sock, data, address):
        return await self._when_writable(sock, "sendto", data, address)

    async def sock_sendall(self, sock, data):
        with memoryview(data).cast("B") as view:
            sent = await self._when_writable(sock, "send", view)
            while sent < len(view):
                with view[sent:] as rest:
                    sent += await self._when_writable(sock, "send", rest)

    async def sock_accept(self, sock):
        connection, address = await self._when_readable(sock, "accept")
        connection.setblocking(False)
        return connection, address

    async def sock_connect(self, sock, address):
        self._check_socket(sock)
        if sock.family in (socket.AF_INET, socket.AF_INET6):
            address = await self._resolved(sock, address)
        try:
            sock.connect(address)
        except (BlockingIOError, InterruptedError):
            await capi.async_wait_writable(self, sock.fileno())
            number = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if number:
                raise OSError(number, f"Connect call failed {address}")

    async def _resolved(self, sock, address):
        host, port, *rest = address
        found = await self.getaddrinfo(host, port, family=sock.family, type=sock.type, proto=sock.proto)
        # What the look-up does not know of, flow and scope, is the caller's.
        return (*found[0][4][:2], *(rest or found[0][4][2:]))

    # Files

    async def sock_sendfile(self, sock, file, offset=0, count=None, *, fallback=True):
        self._check_socket(sock)
        _check_part(file, offset, count)
        if sock.type != socket.SOCK_STREAM:
            raise ValueError("only SOCK_STREAM type sockets are supported")
        try:
            return await self._send_by_kernel(sock, file, offset, count)
        except _NoSendfile as error:
            if not fallback:
                raise _unavailable(error) from error.__cause__
        return await self._send_by_reading(functools.partial(self.sock_sendall, sock), file, offset, count)

    async def _send_by_kernel(self, sock, file, offset, count):
        number, left = _regular(file)
        left = left if count is None else count
        start = offset
        try:
            while left:
                sent = await self._when_writable(_Sender(sock, number), "send", offset, left)
                if not sent:
                    break
                offset += sent
                left -= sent if count is not None else 0
        except OSError as error:
            if offset == start:
                raise _NoSendfile("os.sendfile call failed") from error
            if error.errno == errno.ENOTCONN and type(error) is not ConnectionError:
                raise ConnectionError("socket is not connected", errno.ENOTCONN) from error
            raise
        finally:
            if offset > start:
                os.lseek(number, offset, os.SEEK_SET)
        return offset - start

    async def sendfile(self, transport, file, offset=0, count=None, *, fallback=True):
        """Send part of a file over a stream, given by its writer or that one's transport, behind what was written."""
        writer = getattr(transport, "_writer", transport)
        if writer.is_closing():
            raise RuntimeError("Transport is closing")
        _check_part(file, offset, count)
        try:
            number, _ = _regular(file)
            sent = await writer._sendfile(number, offset, -1 if count is None else count)
        except (_NoSendfile, ValueError) as error:
            if not fallback:
                raise _unavailable(error) from error.__cause__
            return await self._send_by_reading(functools.partial(_write, writer), file, offset, count)
        os.lseek(number, offset + sent, os.SEEK_SET)
        return sent

    async def _send_by_reading(self, send, file, offset, count):
        if offset:
            file.seek(offset)
        buffer = memoryview(bytearray(min(count or _BLOCK, _BLOCK)))
        total = 0
        try:
            while count is None or total < count:
                most = len(buffer) if count is None else min(count - total, len(buffer))
                size = await self.run_in_executor(None, file.readinto, buffer[:most])
                if not size:
                    break
                await send(buffer[:size])
                total += size
            return total
        finally:
            if total and hasattr(file, "seek"):
                file.seek(offset + total)

    # Waiting

    async def _when_readable(self, sock, method, *args):
        return await self._when(sock, capi.async_wait_readable, method, args)

    async def _when_writable(self, sock, method, *args):
        return await self._when(sock, capi.async_wait_writable, method, args)

    async def _when(self, sock, wait, method, args):
        self._check_socket(sock)
        while True:
            try:
                return getattr(sock, method)(*args)
            except (BlockingIOError, InterruptedError):
                await wait(self, sock.fileno())

    def _check_socket(self, sock):
        ssl = sys.modules.get("ssl")
        if ssl is not None and isinstance(sock, ssl.SSLSocket):
            raise TypeError("Socket cannot be of type SSLSocket")
        if self.get_debug() and sock.gettimeout() != 0:
            raise ValueError("the socket must be non-blocking")


_BLOCK = 256 * 1024


async def _write(writer, data):
    writer.write(data)
    await writer.drain()


class _Sender:
    """A socket whose `send` takes from a file."""

    def __init__(self, sock, file):
        self.fileno, self.gettimeout, self._file = sock.fileno, sock.gettimeout, file

    def send(self, offset, count):
        return os.sendfile(self.fileno(), self._file, offset, min(count, sys.maxsize // 2 + 1))


def _regular(file):
    """The descriptor and the size of a file that the kernel may be able to send."""
    try:
        number = file.fileno()
        return number, os.fstat(number).st_size
    except (AttributeError, OSError) as error:
        raise _NoSendfile("not a regular file") from error


def _unavailable(error):
    from asyncio.exceptions import SendfileNotAvailableError
    return SendfileNotAvailableError(str(error))


def _check_part(file, offset, count):
    if "b" not in getattr(file, "mode", "b"):
        raise ValueError("file should be opened in binary mode")
    if count is not None and not isinstance(count, int):
        raise TypeError(f"count must be a positive integer (got {count!r})")
    if count is not None and count <= 0:
        raise ValueError(f"count must be a positive integer (got {count!r})")
    if not isinstance(offset, int):
        raise TypeError(f"offset must be a non-negative integer (got {offset!r})")
    if offset < 0:
        raise ValueError(f"offset must be a non-negative integer (got {offset!r})")
