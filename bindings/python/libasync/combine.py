"""gather and wait over futures of any loop, for where the core's own cannot be: on a loop that is not ours."""

import asyncio
import collections

from ._core import Future


class GatheringFuture(Future):
    """Cancelling it cancels what it gathers; it ends when they have."""

    def __init__(self, children, loop):
        super().__init__(loop=loop)
        self._children = children
        self._cancel_requested = False

    def cancel(self, msg=None):
        if self.done():
            return False
        # A list, not any() over a generator: every child hears of the cancel.
        cancelled = any([child.cancel(msg=msg) for child in self._children])
        self._cancel_requested = self._cancel_requested or cancelled
        return cancelled


class _Gathering:
    """What a gather knows while its children run."""

    def __init__(self, return_exceptions):
        self.return_exceptions = return_exceptions
        self.listed = []
        self.left = 0
        self.outer = None

    def on_done(self, child):
        self.left -= 1
        outer = self.outer
        if outer is None or outer.done():
            if not child.cancelled():
                child.exception()
            return
        if not self.return_exceptions:
            error = _error_of(child)
            if error is not None:
                outer.set_exception(error)
                return
        if self.left:
            return
        if outer._cancel_requested:
            # Whatever the children made of it, the gather itself was cancelled.
            outer.set_exception(child._make_cancelled_error())
        else:
            outer.set_result([_outcome_of(child) for child in self.listed])


def _error_of(child):
    return child._make_cancelled_error() if child.cancelled() else child.exception()


def _outcome_of(child):
    if child.cancelled():
        message = child._cancel_message
        return asyncio.CancelledError() if message is None else asyncio.CancelledError(message)
    error = child.exception()
    return child.result() if error is None else error


def gather(awaitables, return_exceptions, loop, ensure_future):
    if not awaitables:
        outer = loop.create_future()
        outer.set_result([])
        return outer
    gathering, seen = _Gathering(return_exceptions), {}
    for awaitable in awaitables:
        if awaitable not in seen:
            child = seen[awaitable] = ensure_future(awaitable, loop=loop)
            if child is not awaitable and hasattr(child, "_log_destroy_pending"):
                # The gather has the last word on it; that it is pending when the gather goes is no news.
                child._log_destroy_pending = False
            gathering.left += 1
            child.add_done_callback(gathering.on_done)
        gathering.listed.append(seen[awaitable])
    gathering.outer = GatheringFuture(gathering.listed, loop)
    return gathering.outer


async def wait(futures, timeout, return_when, loop):
    """The sets (done, pending) of futures, once enough of them are done or the time is up."""
    woken = loop.create_future()
    left = len(futures)

    def wake():
        if not woken.done():
            woken.set_result(None)

    def on_done(future):
        nonlocal left
        left -= 1
        failed = not future.cancelled() and future.exception() is not None
        if left <= 0 or return_when == asyncio.FIRST_COMPLETED or (return_when == asyncio.FIRST_EXCEPTION and failed):
            wake()

    timer = None if timeout is None else loop.call_later(timeout, wake)
    for future in futures:
        future.add_done_callback(on_done)
    try:
        await woken
    finally:
        if timer is not None:
            timer.cancel()
        for future in futures:
            future.remove_done_callback(on_done)
    done = {future for future in futures if future.done()}
    return done, set(futures) - done


class Completions:
    """The futures of as_completed: `async for` gives them as they end, `for` gives coroutines of their results."""

    def __init__(self, futures, timeout, loop):
        self._loop = loop
        self._pending = set(futures)
        self._left = len(self._pending)
        self._done = collections.deque()
        self._waiters = collections.deque()
        self._timed_out = False
        self._timer = None
        for future in self._pending:
            future.add_done_callback(self._on_done)
        if self._pending and timeout is not None:
            self._timer = loop.call_later(timeout, self._on_timeout)

    def __aiter__(self):
        return self

    def __iter__(self):
        return self

    async def __anext__(self):
        if not self._left:
            raise StopAsyncIteration
        self._left -= 1
        return await self._next()

    def __next__(self):
        if not self._left:
            raise StopIteration
        self._left -= 1
        return self._result()

    async def _result(self):
        return (await self._next()).result()

    async def _next(self):
        while not self._done and not self._timed_out:
            waiter = self._loop.create_future()
            self._waiters.append(waiter)
            try:
                await waiter
            finally:
                if waiter in self._waiters:
                    self._waiters.remove(waiter)
        if not self._done:
            raise asyncio.TimeoutError
        return self._done.popleft()

    def _on_done(self, future):
        self._pending.discard(future)
        self._done.append(future)
        self._wake(1)
        if not self._pending and self._timer is not None:
            self._timer.cancel()

    def _on_timeout(self):
        self._timed_out = True
        for future in self._pending:
            future.remove_done_callback(self._on_done)
        self._pending.clear()
        self._wake(len(self._waiters))

    def _wake(self, count):
        while self._waiters and count:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
                count -= 1
