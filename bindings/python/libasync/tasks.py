"""Functions over tasks and futures, in asyncio's words."""

import asyncio
import collections.abc
import concurrent.futures
import inspect
import math
import types

from . import _core, _helpers, capi, combine
from ._core import Future, Task, gather

ALL_COMPLETED = asyncio.ALL_COMPLETED
FIRST_COMPLETED = asyncio.FIRST_COMPLETED
FIRST_EXCEPTION = asyncio.FIRST_EXCEPTION

# Bound now, so that ours may stand in asyncio's place without calling themselves.
_asyncio_current_task = asyncio.current_task
_asyncio_all_tasks = asyncio.all_tasks
_wrap_future = asyncio.wrap_future


def iscoroutine(object):
    """Whether an object is a coroutine object, as asyncio of 3.12 and later sees it."""
    return isinstance(object, (types.CoroutineType, collections.abc.Coroutine))


def current_task(loop=None):
    """The task whose step is running, or None."""
    if loop is None:
        loop = _core.get_running_loop()
    task = loop._current_task() if isinstance(loop, _core.Loop) else None
    return _asyncio_current_task(loop) if task is None else task


def all_tasks(loop=None):
    """A set of the tasks that have not ended: those of other languages too, where they share the loop."""
    if loop is None:
        loop = _core.get_running_loop()
    if not isinstance(loop, _core.Loop):
        return _asyncio_all_tasks(loop)
    return loop._all_tasks() | _asyncio_all_tasks(loop)


def create_eager_task_factory(custom_task_constructor):
    """A task factory whose tasks take their first step inside the call that creates them."""

    def factory(loop, coro, *, name=None, context=None):
        return custom_task_constructor(coro, loop=loop, name=name, context=context, eager_start=True)

    return factory


eager_task_factory = create_eager_task_factory(Task)


async def _await(awaitable):
    return await awaitable


def ensure_future(coro_or_future, *, loop=None):
    """A future as it is; a coroutine or another awaitable as a task."""
    awaitable = coro_or_future
    if asyncio.isfuture(awaitable):
        if loop is not None and loop is not awaitable.get_loop():
            raise ValueError("The future belongs to a different loop than the one specified as the loop argument")
        return awaitable
    if isinstance(awaitable, capi.async_future):
        return _core.wrap_handle(awaitable, loop=loop)
    ours = not iscoroutine(awaitable)
    if ours:
        if not inspect.isawaitable(awaitable):
            raise TypeError("An asyncio.Future, a coroutine or an awaitable is required")
        awaitable = _await(awaitable)
    try:
        if loop is None:
            loop = _helpers.get_event_loop()
        return loop.create_task(awaitable)
    except RuntimeError:
        # A coroutine of the caller's is the caller's to close.
        if ours:
            awaitable.close()
        raise


def gather_child(awaitable, loop):
    """An awaitable that is no future of ours as one: futures of others stand behind a task that awaits them."""
    future = ensure_future(awaitable, loop=loop)
    return future if isinstance(future, Future) else Task(_await(future), loop=loop)


def foreign_gather(awaitables, return_exceptions):
    """gather where none of our loops runs: over futures of another library, or on its loop."""
    loop = next((awaitable.get_loop() for awaitable in awaitables if asyncio.isfuture(awaitable)), None)
    return combine.gather(awaitables, return_exceptions, loop or _helpers.get_event_loop(), ensure_future)


async def wait(fs, timeout, return_when):
    """What libasync.wait is for any futures on any loop."""
    if asyncio.isfuture(fs) or iscoroutine(fs):
        raise TypeError(f"expect a list of futures, not {type(fs).__name__}")
    if not fs:
        raise ValueError("Set of Tasks/Futures is empty.")
    if return_when not in (ALL_COMPLETED, FIRST_COMPLETED, FIRST_EXCEPTION):
        raise ValueError(f"Invalid return_when value: {return_when}")
    fs = set(fs)
    if any(iscoroutine(f) for f in fs):
        raise TypeError("Passing coroutines is forbidden, use tasks explicitly.")
    return await combine.wait(fs, timeout, return_when, _core.get_running_loop())


def as_completed(fs, *, timeout=None):
    """Take awaitables in the order in which they end, with `async for` or `for`."""
    if asyncio.isfuture(fs) or iscoroutine(fs):
        raise TypeError(f"expect an iterable of futures, not {type(fs).__name__}")
    loop = _helpers.get_event_loop()
    return combine.Completions({ensure_future(f, loop=loop) for f in set(fs)}, timeout, loop)


async def wait_for(fut, timeout):
    """What libasync.wait_for is for any awaitable on any loop."""
    if fut is not None and not asyncio.isfuture(fut) and not iscoroutine(fut) and not inspect.isawaitable(fut):
        raise TypeError("An asyncio.Future, a coroutine or an awaitable is required")
    if timeout > 0:
        async with _helpers.timeout(None if timeout == math.inf else timeout):
            return await fut
    fut = ensure_future(fut)
    if fut.done():
        return fut.result()
    fut.cancel()
    try:
        await _ended(fut)
        return fut.result()
    except asyncio.CancelledError as error:
        raise asyncio.TimeoutError from error


async def _ended(future):
    """Wait until a future that was cancelled has ended, however it does."""
    over = future.get_loop().create_future()

    def on_done(future):
        if not over.done():
            over.set_result(None)

    future.add_done_callback(on_done)
    try:
        await over
    finally:
        future.remove_done_callback(on_done)


def shield(arg):
    """A future that ends as the awaitable does, and whose cancel does not reach it."""
    inner = ensure_future(arg)
    if inner.done():
        return inner
    loop = inner.get_loop()
    outer = loop.create_future()

    def on_inner_done(inner):
        if outer.cancelled():
            if not inner.cancelled():
                inner.exception()
        elif inner.cancelled():
            outer.cancel()
        elif inner.exception() is not None:
            outer.set_exception(inner.exception())
        else:
            outer.set_result(inner.result())

    def on_outer_done(outer):
        if not inner.done():
            inner.remove_done_callback(on_inner_done)

    inner.add_done_callback(on_inner_done)
    outer.add_done_callback(on_outer_done)
    return outer


def wrap_future(future, *, loop=None):
    """A future of a thread pool as one of the loop."""
    if asyncio.isfuture(future):
        return future
    return _wrap_future(future, loop=_helpers.get_event_loop() if loop is None else loop)


def run_coroutine_threadsafe(coro, loop):
    """Start a coroutine on a loop of another thread; a future of concurrent.futures."""
    if not iscoroutine(coro):
        raise TypeError("A coroutine object is required")
    future = concurrent.futures.Future()

    def start():
        try:
            _chain(ensure_future(coro, loop=loop), future, loop)
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:
            if future.set_running_or_notify_cancel():
                future.set_exception(error)
            raise

    loop.call_soon_threadsafe(start)
    return future


def _chain(task, future, loop):
    """A cancel goes from the thread's future to the task, the outcome from the task to the future."""

    def on_task_done(task):
        if task.cancelled():
            future.cancel()
            future.set_running_or_notify_cancel()
        elif future.set_running_or_notify_cancel():
            error = task.exception()
            if error is None:
                future.set_result(task.result())
            else:
                future.set_exception(error)

    def on_future_done(future):
        if future.cancelled() and not loop.is_closed():
            loop.call_soon_threadsafe(task.cancel)

    task.add_done_callback(on_task_done)
    future.add_done_callback(on_future_done)
