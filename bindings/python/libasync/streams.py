"""Connections, with asyncio's words: a reader and a writer for each."""

import contextlib
import errno
import os
import socket

from . import _core, capi, names
from ._core import get_running_loop
from .options import socket_options

LIMIT = 65536


async def open_connection(host=None, port=None, *, limit=LIMIT, **kwds):
    """Connect to a host's port; the pair (reader, writer)."""
    loop = get_running_loop()
    check_limit(limit)
    return _pair(loop, await _connect(loop, host, port, **kwds), limit, kwds.get("sock"))


async def open_unix_connection(path=None, *, limit=LIMIT, **kwds):
    """Connect to a Unix socket; the pair (reader, writer)."""
    loop = get_running_loop()
    check_limit(limit)
    return _pair(loop, await _connect_unix(loop, path, **kwds), limit, kwds.get("sock"))


def wrap_stream(stream, *, limit=LIMIT, **settings):
    """The pair (reader, writer) for a stream that C or another language opened, or for a descriptor: a connected
    socket, one end of a pipe, a terminal. A descriptor is the stream's from now on, and a socket object is detached."""
    loop = get_running_loop()
    check_limit(limit)
    given = stream
    if isinstance(given, (int, socket.socket)):
        number = given if isinstance(given, int) else given.fileno()
        stream = _adopted(loop, number, socket_options("wrap_stream", **settings))
    if isinstance(given, socket.socket):
        given.detach()
    return _pair(loop, stream, limit)


def stream_pair(*, limit=LIMIT):
    """Two streams connected to each other: the pairs (reader, writer) of both ends."""
    loop = get_running_loop()
    check_limit(limit)
    error, *ends = capi.async_stream_pair(loop)
    _core._check(error)
    return tuple(_pair(loop, end, limit) for end in ends)


def stream_pipe(*, limit=LIMIT):
    """The ends of a pipe: (reader, writer)."""
    loop = get_running_loop()
    check_limit(limit)
    error, reading, writing = capi.async_stream_pipe(loop)
    _core._check(error)
    return _core._open_stream(loop, reading, limit, "r"), _core._open_stream(loop, writing, limit, "w")


def stdin():
    """The program's standard input, a reader."""
    return _standard(0, "r")


def stdout():
    """The program's standard output, a writer. Closing it leaves the descriptor open."""
    return _standard(1, "w")


def stderr():
    """The program's standard error, a writer."""
    return _standard(2, "w")


def _standard(number, mode):
    """One stream a loop, so that nothing is lost between two who read."""
    loop = get_running_loop()
    face = loop._standard.get(number)
    if face is None:
        with _named(("standard input", "standard output", "standard error")[number]):
            stream = capi.async_stream_standard(loop, number)
        face = loop._standard[number] = _core._open_stream(loop, stream, LIMIT, mode)
    return face


def _adopted(loop, descriptor, options):
    with _named(f"descriptor {descriptor}"):
        return capi.async_stream_adopt(loop, descriptor, options)


@contextlib.contextmanager
def _named(name):
    """Where C tells an errno and no more."""
    try:
        yield
    except OSError as error:
        words = "it cannot be a stream" if error.errno == errno.EINVAL else error.strerror
        raise OSError(error.errno, f"{name}: {words}") from None


def _pair(loop, stream, limit, sock=None):
    if isinstance(stream, capi.async_value):
        stream = capi.async_value_stream(stream)
    reader, writer = _core._open_stream(loop, stream, limit, "b")
    if sock is not None:
        writer._socket = sock
    return reader, writer


# Connecting

async def _connect(loop, host, port, *, ssl=None, family=0, proto=0, flags=0, sock=None, local_addr=None,
                   server_hostname=None, ssl_handshake_timeout=None, ssl_shutdown_timeout=None,
                   happy_eyeballs_delay=None, interleave=None, all_errors=False, **settings):
    check_ssl(ssl, server_hostname=server_hostname, ssl_handshake_timeout=ssl_handshake_timeout,
              ssl_shutdown_timeout=ssl_shutdown_timeout)
    if sock is not None:
        if host is not None or port is not None:
            raise ValueError("host/port and sock can not be specified at the same time")
        return adopt(loop, "open_connection", sock, settings)
    if host is None and port is None:
        raise ValueError("host and port was not specified and no sock specified")
    local = None if local_addr is None else await _address(loop, local_addr, family)
    options = socket_options("open_connection", family, happy_eyeballs_delay=happy_eyeballs_delay, local=local,
                             **settings)
    try:
        if flags or proto:
            return await _connect_to_any(loop, await loop.getaddrinfo(
                host, port, family=family, type=socket.SOCK_STREAM, proto=proto, flags=flags), options)
        host = "localhost" if host is None else names.host_text(host)
        port = port_number(host, port)
        return await capi.async_open_connection(loop, host, port, options)
    except OSError as error:
        if not all_errors:
            raise
        from .groups import ExceptionGroup
        raise ExceptionGroup("create_connection failed", [error]) from None


async def _connect_to_any(loop, found, options):
    """The addresses of a look-up with settings of its own, one after the other."""
    for number, (_, _, _, _, address) in enumerate(found, 1):
        try:
            return await capi.async_open_connection_to(loop, capi.async_address(*address[:2]), options)
        except OSError:
            if number == len(found):
                raise


async def _address(loop, address, family):
    found = await loop.getaddrinfo(*address[:2], family=family, type=socket.SOCK_STREAM)
    return capi.async_address(*found[0][4][:2])


async def _connect_unix(loop, path, *, ssl=None, sock=None, server_hostname=None, ssl_handshake_timeout=None,
                        ssl_shutdown_timeout=None, **settings):
    check_ssl(ssl, server_hostname=server_hostname, ssl_handshake_timeout=ssl_handshake_timeout,
              ssl_shutdown_timeout=ssl_shutdown_timeout)
    if path is not None:
        if sock is not None:
            raise ValueError("path and sock can not be specified at the same time")
        options = socket_options("open_unix_connection", **settings)
        return await capi.async_open_connection_to(loop, unix_address(path), options)
    if sock is None:
        raise ValueError("no path and sock were specified")
    if sock.family != socket.AF_UNIX or sock.type != socket.SOCK_STREAM:
        raise ValueError(f"A UNIX Domain Stream Socket was expected, got {sock!r}")
    return adopt(loop, "open_unix_connection", sock, settings)


# What servers need, too

def check_ssl(ssl, **only_with_ssl):
    if ssl:
        raise NotImplementedError("TLS is not there yet")
    for name, value in only_with_ssl.items():
        if value is not None:
            raise ValueError(f"{name} is only meaningful with ssl")


def check_limit(limit):
    if limit <= 0:
        raise ValueError("Limit cannot be <= 0")


def adopt(loop, function, sock, settings):
    """A stream on a connected socket. It has a descriptor of its own, so that the caller's socket object stays good;
    the writer closes that one with itself."""
    if sock.type != socket.SOCK_STREAM:
        raise ValueError(f"A Stream Socket was expected, got {sock!r}")
    options, descriptor = socket_options(function, **settings), os.dup(sock.fileno())
    try:
        return _adopted(loop, descriptor, options)
    except OSError:
        os.close(descriptor)
        raise


def port_number(host, port, protocol="tcp"):
    """A port, which may be given as text or by a service's name."""
    if isinstance(port, bytes):
        port = port.decode("ascii")
    if isinstance(port, str) and not port.isdecimal():
        try:
            return socket.getservbyname(port, protocol)
        except OSError:
            raise socket.gaierror(socket.EAI_SERVICE, f"host {host!r}, port {port!r}: no such service") from None
    number = int(port or 0)
    if not 0 <= number <= 65535:
        raise OverflowError(f"host {host!r}, port {number}: port must be 0-65535")
    return number


def unix_path(path):
    """A path as the kernel has it, which is too long for some."""
    path = os.fsencode(path)
    if b"\0" in path and not path.startswith(b"\0"):
        raise ValueError("embedded null byte")
    if len(path) > 107 + path.startswith(b"\0"):
        raise OSError(errno.ENAMETOOLONG, "AF_UNIX path too long", os.fsdecode(path))
    return path


def unix_address(path):
    return capi.async_address_unix(unix_path(path))
