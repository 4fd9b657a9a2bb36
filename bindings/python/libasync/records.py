"""Records of the domain name system, who is asked for them, and the names of addresses."""

import types

from . import capi, names

# What the records of a type have; those of others have their `data`.
_FIELDS = {
    "A": ["host"],
    "AAAA": ["host"],
    "CAA": ["flags", "tag", "value"],
    "CNAME": ["host"],
    "MX": ["priority", "host"],
    "NS": ["host"],
    "PTR": ["host"],
    "SOA": ["host", "mailbox", "serial", "refresh", "retry", "expire", "minimum"],
    "SRV": ["priority", "weight", "port", "host"],
    "TXT": ["strings"],
}
_NUMBERS = {name: getattr(capi, f"ASYNC_RECORD_{name}") for name in _FIELDS}
_NAMES = {number: name for name, number in _NUMBERS.items()}


class Record(types.SimpleNamespace):
    """A record: its name, its type, its ttl in seconds, and what records of its type have."""


async def dns_query(loop, name, type):
    """The records of a name, of a type by its name or by its number."""
    number = type if isinstance(type, int) else _NUMBERS.get(type.upper())
    if number is None:
        raise ValueError(f"no such type of record: {type!r}")
    return [_record(each) for each in await capi.async_dns_query(loop, names.host_text(name), number)]


def _record(value):
    number = capi.async_record_type(value)
    type = _NAMES.get(number, number)
    record = Record(name=capi.async_record_name(value), type=type, ttl=capi.async_record_ttl(value))
    for field in _FIELDS.get(type, ["data"]):
        setattr(record, field, _field(value, field))
    return record


def _field(value, field):
    read = getattr(capi, f"async_record_{field}")(value)
    if field == "data":
        return capi.async_value_text(read)
    if field == "strings":
        return tuple(capi.async_value_text(capi.async_value_item(read, index))
                     for index in range(capi.async_value_count(read)))
    return read


def set_dns_servers(loop, servers):
    """Ask these name servers, addresses as text with or without a port; with None, those of resolv.conf again."""
    if servers is not None and not isinstance(servers, str):
        servers = ", ".join(servers)
    if capi.async_dns_set_servers(loop, servers) == capi.ASYNC_EINVAL:
        raise ValueError(f"no addresses of name servers: {servers!r}")
