"""Settings of streams and servers: those that asyncio has among its keywords, and ours besides."""

from . import capi, names
from ._core import _check

_SETTERS = {
    "attempt_delay": capi.async_socket_options_set_attempt_delay,
    "backlog": capi.async_socket_options_set_backlog,
    "broadcast": capi.async_socket_options_set_broadcast,
    "connect_timeout": capi.async_socket_options_set_connect_timeout,
    "keepalive": capi.async_socket_options_set_keepalive,
    "limit": capi.async_socket_options_set_limit,
    "local": capi.async_socket_options_set_local,
    "most_connections": capi.async_socket_options_set_most_connections,
    "nodelay": capi.async_socket_options_set_nodelay,
    "reuse_address": capi.async_socket_options_set_reuse_address,
    "reuse_port": capi.async_socket_options_set_reuse_port,
}


def socket_options(family=0, *, high_water=None, low_water=None, read_timeout=None, write_timeout=None,
                   receive_buffer=None, send_buffer=None, **settings):
    """Settings for a call of C; what is None stays at its default."""
    options = capi.async_socket_options_new()
    _check(capi.async_socket_options_set_family(options, names.family_code(family)))
    for name, value in settings.items():
        if name not in _SETTERS:
            raise TypeError(f"got an unexpected keyword argument {name!r}")
        if value is not None:
            _set(name, _SETTERS[name](options, value))
    if high_water is not None or low_water is not None:
        low, high = water_marks(high_water, low_water)
        _set("high_water", capi.async_socket_options_set_water_marks(options, high, low))
    _set("a timeout", capi.async_socket_options_set_timeouts(options, _seconds(read_timeout), _seconds(write_timeout)))
    _set("a buffer", capi.async_socket_options_set_buffers(options, receive_buffer or 0, send_buffer or 0))
    return options


def _set(name, error):
    if error:
        raise ValueError(f"{name} is out of its range")


def _seconds(given):
    return capi.ASYNC_FOREVER if given is None else given


def water_marks(high, low):
    """(low, high): either mark alone moves the other one along."""
    if high is None:
        high = 64 * 1024 if low is None else 4 * low
    if low is None:
        low = high // 4
    if not high >= low >= 0:
        raise ValueError(f"high ({high!r}) must be >= low ({low!r}) must be >= 0")
    return low, high
