"""Settings of streams and servers: those that asyncio has among its keywords, and ours besides."""

import math

from . import capi, names
from ._core import _check

_SETTERS = {
    "backlog": capi.async_socket_options_set_backlog,
    "broadcast": capi.async_socket_options_set_broadcast,
    "connect_timeout": capi.async_socket_options_set_connect_timeout,
    "happy_eyeballs_delay": capi.async_socket_options_set_attempt_delay,
    "keepalive": capi.async_socket_options_set_keepalive,
    "limit": capi.async_socket_options_set_limit,
    "local": capi.async_socket_options_set_local,
    "most_connections": capi.async_socket_options_set_most_connections,
    "nodelay": capi.async_socket_options_set_nodelay,
    "reuse_address": capi.async_socket_options_set_reuse_address,
    "reuse_port": capi.async_socket_options_set_reuse_port,
}
_TIMES = "happy_eyeballs_delay", "connect_timeout"


def socket_options(function, /, family=0, *, high_water=None, low_water=None, read_timeout=None,
                   write_timeout=None, receive_buffer=None, send_buffer=None, **settings):
    """Settings for a call of C, made for a function of that name; what is None stays at its default."""
    options = capi.async_socket_options_new()
    _check(capi.async_socket_options_set_family(options, names.family_code(family)))
    for name, value in settings.items():
        if name not in _SETTERS:
            raise TypeError(f"{function}() got an unexpected keyword argument {name!r}")
        if name in _TIMES and value is not None:
            value = seconds(name, value)
        if value is not None:
            _set(name, _SETTERS[name](options, value))
    if high_water is not None or low_water is not None:
        low, high = water_marks(high_water, low_water)
        _set("high_water", capi.async_socket_options_set_water_marks(options, high, low))
    _check(capi.async_socket_options_set_timeouts(options, seconds("read_timeout", read_timeout),
                                                  seconds("write_timeout", write_timeout)))
    _set("a buffer", capi.async_socket_options_set_buffers(options, receive_buffer or 0, send_buffer or 0))
    return options


def _set(name, error):
    if error:
        raise ValueError(f"{name} is out of its range")


def seconds(name, given):
    """A time as C takes it, which has a negative number stand for no limit. Here that is None, or infinity."""
    if given is None or given == math.inf:
        return capi.ASYNC_FOREVER
    if not isinstance(given, (int, float)):
        raise TypeError(f"{name} must be a number of seconds or None, not {given!r}")
    if not given >= 0:
        raise ValueError(f"{name} must not be negative: {given!r}")
    return given


def water_marks(high, low):
    """(low, high): either mark alone moves the other one along."""
    if high is None:
        high = 64 * 1024 if low is None else 4 * low
    if low is None:
        low = high // 4
    if not high >= low >= 0:
        raise ValueError(f"high ({high!r}) must be >= low ({low!r}) must be >= 0")
    return low, high
