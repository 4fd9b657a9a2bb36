"""Queues between tasks of one loop."""

import types
from asyncio import QueueEmpty, QueueFull

from . import _core
from ._helpers import QueueShutDown

__all__ = ["LifoQueue", "PriorityQueue", "Queue", "QueueEmpty", "QueueFull", "QueueShutDown"]


class Queue(_core.Queue):
    """First in, first out; with a size, putting waits for room."""

    __slots__ = ()
    __class_getitem__ = classmethod(types.GenericAlias)

    def __repr__(self):
        return f"<{type(self).__name__} at {id(self):#x} {self._format()}>"

    def __str__(self):
        return f"<{type(self).__name__} {self._format()}>"

    def _format(self):
        info = [f"maxsize={self.maxsize!r}"]
        if getattr(self, "_queue", None):
            info.append(f"_queue={list(self._queue)!r}")
        if self._getters:
            info.append(f"_getters[{len(self._getters)}]")
        if self._putters:
            info.append(f"_putters[{len(self._putters)}]")
        if self._unfinished_tasks:
            info.append(f"tasks={self._unfinished_tasks}")
        if self._is_shutdown:
            info.append("shutdown")
        return " ".join(info)

    def shutdown(self, immediate=False):
        """Refuse what is put from now on; what is in may still be got, unless `immediate`."""
        self._is_shutdown = True
        if immediate:
            while not self.empty():
                self._get()
                if self._unfinished_tasks > 0:
                    self._unfinished_tasks -= 1
            if self._unfinished_tasks == 0:
                _wake(self._waiters or ())
        for waiters in (self._getters, self._putters):
            _wake(waiters)
            waiters.clear()


def _wake(waiters):
    for waiter in waiters:
        if not waiter.done():
            waiter.set_result(None)


class PriorityQueue(Queue, _core.PriorityQueue):
    """The smallest first."""

    __slots__ = ()


class LifoQueue(Queue, _core.LifoQueue):
    """Last in, first out."""

    __slots__ = ()
