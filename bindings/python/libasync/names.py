"""Host names: the arguments and answers of the socket module's lookups, for those that run on the loop."""

import socket

from . import capi

_FAMILIES = {
    socket.AF_UNSPEC: capi.ASYNC_ANY,
    socket.AF_INET: capi.ASYNC_IPV4,
    socket.AF_INET6: capi.ASYNC_IPV6,
}
_TYPES = {0: capi.ASYNC_ANY, socket.SOCK_STREAM: capi.ASYNC_STREAM, socket.SOCK_DGRAM: capi.ASYNC_DATAGRAM}
_PROTOCOLS = {socket.SOCK_STREAM: socket.IPPROTO_TCP, socket.SOCK_DGRAM: socket.IPPROTO_UDP}
_NAME_FLAGS = {
    socket.NI_NUMERICHOST: capi.ASYNC_DNS_NUMERIC_HOST,
    socket.NI_NUMERICSERV: capi.ASYNC_DNS_NUMERIC_SERVICE,
    socket.NI_NAMEREQD: capi.ASYNC_DNS_NAME_REQUIRED,
    socket.NI_NOFQDN: capi.ASYNC_DNS_NO_DOMAIN,
}


async def getaddrinfo(loop, host, port, family, type, proto, flags):
    """A list as socket.getaddrinfo gives it."""
    host, service = host_text(host), _service(port)
    if host is None and service is None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    if type not in _TYPES:
        raise socket.gaierror(socket.EAI_SOCKTYPE, "ai_socktype not supported")
    settings = (capi.ASYNC_DNS_NUMERIC_HOST if flags & socket.AI_NUMERICHOST else 0) \
        | (capi.ASYNC_DNS_NUMERIC_SERVICE if flags & socket.AI_NUMERICSERV else 0) \
        | (capi.ASYNC_DNS_ADDRESS_CONFIGURED if flags & socket.AI_ADDRCONFIG else 0) \
        | (capi.ASYNC_DNS_PASSIVE if flags & socket.AI_PASSIVE else 0)
    found = await capi.async_getaddrinfo(loop, host, service, family_code(family), _TYPES[_type_of(type, proto)],
                                         settings)
    return [_address(address, proto) for address in found]


async def getnameinfo(loop, sockaddr, flags):
    """The pair that socket.getnameinfo gives."""
    if not isinstance(sockaddr, tuple):
        raise TypeError("getnameinfo() argument 1 must be a tuple")
    host, port, *rest = sockaddr
    if len(rest) == 2 and rest[1]:
        host = f"{host}%{rest[1]}"
    kind = capi.ASYNC_DATAGRAM if flags & socket.NI_DGRAM else capi.ASYNC_STREAM
    found = await capi.async_getaddrinfo(loop, host, str(port), capi.ASYNC_ANY, kind,
                                         capi.ASYNC_DNS_NUMERIC_HOST | capi.ASYNC_DNS_NUMERIC_SERVICE)
    settings = sum(ours for theirs, ours in _NAME_FLAGS.items() if flags & theirs)
    host, service = await capi.async_getnameinfo(loop, found[0], settings)
    return host, service


def family_code(family):
    """What C calls a family."""
    if family not in _FAMILIES:
        raise socket.gaierror(socket.EAI_FAMILY, "ai_family not supported")
    return _FAMILIES[family]


def host_text(host):
    """A name as it is looked up. C would take it to end at a zero byte in it."""
    if isinstance(host, bytes):
        host = host.decode("ascii")
    if host is not None and not isinstance(host, str):
        raise TypeError("getaddrinfo() argument 1 must be string or None")
    if host and "\0" in host:
        raise ValueError("embedded null character")
    return host if host is None or host.isascii() else host.encode("idna").decode("ascii")


def _service(port):
    if isinstance(port, bytes):
        port = port.decode("ascii")
    if port is not None and not isinstance(port, (str, int)):
        raise OSError("Int or String expected")
    return None if port is None else str(port) or "0"


def _type_of(type, proto):
    """A protocol that goes with one type only asks for that."""
    return type or next((one for one, usual in _PROTOCOLS.items() if proto == usual), 0)


def _address(address, proto):
    host, port = capi.async_address_host(address), capi.async_address_port(address)
    kind = socket.SOCK_DGRAM if capi.async_address_type(address) == capi.ASYNC_DATAGRAM else socket.SOCK_STREAM
    proto = proto or _PROTOCOLS[kind]
    if capi.async_address_family(address) == capi.ASYNC_IPV6:
        return socket.AF_INET6, kind, proto, "", (host, port, 0, capi.async_address_scope(address))
    return socket.AF_INET, kind, proto, "", (host, port)
