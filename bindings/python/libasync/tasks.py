"""Functions over tasks and futures, in asyncio's words."""

import asyncio
import collections.abc
import inspect
import math
import types

from . import _core, capi
from ._core import Future, gather

ALL_COMPLETED = asyncio.ALL_COMPLETED
FIRST_COMPLETED = asyncio.FIRST_COMPLETED
FIRST_EXCEPTION = asyncio.FIRST_EXCEPTION

_WHEN = {
    ALL_COMPLETED: capi.ASYNC_ALL_COMPLETED,
    FIRST_COMPLETED: capi.ASYNC_FIRST_COMPLETED,
    FIRST_EXCEPTION: capi.ASYNC_FIRST_EXCEPTION,
}


def iscoroutine(object):
    """Whether an object is a coroutine object, as asyncio of 3.12 and later sees it."""
    return isinstance(object, (types.CoroutineType, collections.abc.Coroutine))


def current_task(loop=None):
    """The task whose step is running, or None."""
    if loop is None:
        loop = _core.get_running_loop()
    task = loop._current_task() if isinstance(loop, _core.Loop) else None
    return asyncio.current_task(loop) if task is None else task


def all_tasks(loop=None):
    """A set of the tasks that have not ended: those of other languages too, where they share the loop."""
    if loop is None:
        loop = _core.get_running_loop()
    if not isinstance(loop, _core.Loop):
        return asyncio.all_tasks(loop)
    return loop._all_tasks() | asyncio.all_tasks(loop)


async def _await(awaitable):
    return await awaitable


def ensure_future(awaitable, *, loop=None):
    """A future as it is; a coroutine or another awaitable as a task."""
    if asyncio.isfuture(awaitable):
        if loop is not None and loop is not awaitable.get_loop():
            raise ValueError("The future belongs to a different loop than the one specified as the loop argument")
        return awaitable
    if isinstance(awaitable, capi.async_future):
        return _core.wrap_handle(awaitable, loop=loop)
    if not iscoroutine(awaitable):
        if not inspect.isawaitable(awaitable):
            raise TypeError("An asyncio.Future, a coroutine or an awaitable is required")
        awaitable = _await(awaitable)
    if loop is None:
        try:
            loop = _core.get_running_loop()
        except RuntimeError:
            awaitable.close()
            raise
    return loop.create_task(awaitable)


def gather_child(awaitable, loop):
    """An awaitable that is no future of ours as one: futures of others stand behind a task that awaits them."""
    future = ensure_future(awaitable, loop=loop)
    return future if isinstance(future, Future) else loop.create_task(_await(future))


def foreign_gather(awaitables, return_exceptions):
    """gather where none of our loops runs: over futures of another library, or on its loop."""
    for awaitable in awaitables:
        if asyncio.isfuture(awaitable):
            loop = awaitable.get_loop()
            break
    else:
        loop = _core.get_running_loop()
    if isinstance(loop, _core.Loop):
        return gather(*(gather_child(awaitable, loop) for awaitable in awaitables), return_exceptions=return_exceptions)
    return asyncio.gather(*awaitables, return_exceptions=return_exceptions)


async def wait(fs, *, timeout=None, return_when=ALL_COMPLETED):
    """Wait for futures without minding how they end; the sets (done, pending)."""
    if asyncio.isfuture(fs) or iscoroutine(fs):
        raise TypeError(f"expect a list of futures, not {type(fs).__name__}")
    if not fs:
        raise ValueError("Set of Tasks/Futures is empty.")
    if return_when not in _WHEN:
        raise ValueError(f"Invalid return_when value: {return_when}")
    fs = set(fs)
    if any(iscoroutine(f) for f in fs):
        raise TypeError("Passing coroutines is forbidden, use tasks explicitly.")
    loop = _core.get_running_loop()
    native = tuple(gather_child(f, loop) for f in fs)
    limit = capi.ASYNC_FOREVER if timeout is None or timeout == math.inf else max(timeout, 0)
    await _core.wait(loop, native, _WHEN[return_when], limit)
    done = {f for f in fs if f.done()}
    return done, fs - done
