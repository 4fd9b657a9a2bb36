"""Locks and their kin, for tasks of one loop: fair, first in first out, and right when a waiter is cancelled."""

import asyncio
import collections
import enum
import threading

from . import _core

_binding = threading.Lock()


class LoopBound:
    """Belongs to the loop on which it was first waited for."""

    _loop = None

    def _get_loop(self):
        loop = _core.get_running_loop()
        if self._loop is None:
            with _binding:
                if self._loop is None:
                    self._loop = loop
        if loop is not self._loop:
            raise RuntimeError(f"{self!r} is bound to a different event loop")
        return loop


class _Context:
    async def __aenter__(self):
        await self.acquire()

    async def __aexit__(self, kind, error, trace):
        self.release()


def _repr(object, state, waiters, extra=""):
    info = f"{state}{extra}, waiters:{len(waiters)}" if waiters else f"{state}{extra}"
    return f"<{super(type(object), object).__repr__()[1:-1]} [{info}]>"


class Lock(_core.Lock):
    """One task at a time."""

    __slots__ = ()


class Event(_core.Event):
    """Wakes whoever waits for it once it is set."""

    __slots__ = ()


class Semaphore(_core.Semaphore):
    """So many tasks at a time."""

    __slots__ = ()


class BoundedSemaphore(Semaphore):
    """A semaphore that is never released more often than acquired."""

    __slots__ = ()

    def __init__(self, value=1):
        super().__init__(value)
        self._bound_value = value


class Condition(_Context, LoopBound):
    """A lock to wait under until another task notifies."""

    def __init__(self, lock=None):
        self._lock = Lock() if lock is None else lock
        self.locked = self._lock.locked
        self.acquire = self._lock.acquire
        self.release = self._lock.release
        self._waiters = collections.deque()

    def __repr__(self):
        return _repr(self, "locked" if self.locked() else "unlocked", self._waiters)

    async def wait(self):
        if not self.locked():
            raise RuntimeError("cannot wait on un-acquired lock")
        waiter = self._get_loop().create_future()
        self.release()
        try:
            try:
                self._waiters.append(waiter)
                try:
                    await waiter
                    return True
                finally:
                    self._waiters.remove(waiter)
            finally:
                await self._acquire_again()
        except BaseException:
            # A notification that this task can no longer use is another's.
            self._notify(1)
            raise

    async def _acquire_again(self):
        """Take the lock whatever happens, and tell of a cancel only then."""
        cancelled = None
        while True:
            try:
                await self.acquire()
                break
            except asyncio.CancelledError as error:
                cancelled = error
        if cancelled is not None:
            try:
                raise cancelled
            finally:
                cancelled = None

    async def wait_for(self, predicate):
        result = predicate()
        while not result:
            await self.wait()
            result = predicate()
        return result

    def notify(self, n=1):
        if not self.locked():
            raise RuntimeError("cannot notify on un-acquired lock")
        self._notify(n)

    def _notify(self, n):
        for waiter in self._waiters:
            if n <= 0:
                break
            if not waiter.done():
                n -= 1
                waiter.set_result(False)

    def notify_all(self):
        self.notify(len(self._waiters))


class _Phase(enum.Enum):
    FILLING = "filling"
    DRAINING = "draining"
    RESETTING = "resetting"
    BROKEN = "broken"


class BrokenBarrierError(RuntimeError):
    """The barrier was aborted, or reset under its waiters."""


BrokenBarrierError = getattr(asyncio, "BrokenBarrierError", BrokenBarrierError)


class Barrier(LoopBound):
    """Lets tasks go on once so many have come."""

    def __init__(self, parties):
        if parties < 1:
            raise ValueError("parties must be >= 1")
        self._cond = Condition()
        self._parties = parties
        self._state = _Phase.FILLING
        self._count = 0

    def __repr__(self):
        info = f"{self._state.value}"
        if not self.broken:
            info += f", waiters:{self.n_waiting}/{self.parties}"
        return f"<{super().__repr__()[1:-1]} [{info}]>"

    async def __aenter__(self):
        return await self.wait()

    async def __aexit__(self, kind, error, trace):
        pass

    async def wait(self):
        async with self._cond:
            await self._cond.wait_for(lambda: self._state not in (_Phase.DRAINING, _Phase.RESETTING))
            self._check()
            try:
                index = self._count
                self._count += 1
                if self._count == self._parties:
                    self._state = _Phase.DRAINING
                    self._cond.notify_all()
                else:
                    await self._cond.wait_for(lambda: self._state is not _Phase.FILLING)
                    self._check()
                return index
            finally:
                self._count -= 1
                if self._state in (_Phase.RESETTING, _Phase.DRAINING) and self._count == 0:
                    self._state = _Phase.FILLING
                    self._cond.notify_all()

    def _check(self):
        if self._state in (_Phase.BROKEN, _Phase.RESETTING):
            raise BrokenBarrierError("Barrier aborted" if self._state is _Phase.BROKEN else "Barrier reset")

    async def reset(self):
        async with self._cond:
            if self._count > 0:
                self._state = _Phase.RESETTING
            else:
                self._state = _Phase.FILLING
            self._cond.notify_all()

    async def abort(self):
        async with self._cond:
            self._state = _Phase.BROKEN
            self._cond.notify_all()

    @property
    def parties(self):
        return self._parties

    @property
    def n_waiting(self):
        return self._count if self._state is _Phase.FILLING else 0

    @property
    def broken(self):
        return self._state is _Phase.BROKEN
