"""Scopes with a time limit."""

import asyncio
import enum

from . import _core
from .tasks import current_task

try:
    from builtins import BaseExceptionGroup
except ImportError:
    from .groups import BaseExceptionGroup


class _State(enum.Enum):
    CREATED = "created"
    ENTERED = "active"
    EXPIRING = "expiring"
    EXPIRED = "expired"
    EXITED = "finished"


class Timeout:
    """Cancels its task when the time is up, and turns that cancel into TimeoutError where the scope ends."""

    def __init__(self, when):
        self._state = _State.CREATED
        self._when = when
        self._timer = None
        self._task = None

    def when(self):
        """The time of the limit by the loop's clock, or None."""
        return self._when

    def reschedule(self, when):
        """Move the limit."""
        if self._state is not _State.ENTERED:
            if self._state is _State.CREATED:
                raise RuntimeError("Timeout has not been entered")
            raise RuntimeError(f"Cannot change state of {self._state.value} Timeout")
        self._when = when
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if when is not None:
            loop = _core.get_running_loop()
            if when <= loop.time():
                self._timer = loop.call_soon(self._on_timeout)
            else:
                self._timer = loop.call_at(when, self._on_timeout)

    def expired(self):
        """Whether the limit was reached."""
        return self._state in (_State.EXPIRING, _State.EXPIRED)

    def __repr__(self):
        info = [self._state.value]
        if self._state is _State.ENTERED:
            info.append(f"when={self._when if self._when is None else round(self._when, 3)}")
        return f"<Timeout [{self._state.value}]{' ' + info[1] if info[1:] else ''}>"

    async def __aenter__(self):
        if self._state is not _State.CREATED:
            raise RuntimeError("Timeout has already been entered")
        task = current_task()
        if task is None:
            raise RuntimeError("Timeout should be used inside a task")
        self._state = _State.ENTERED
        self._task = task
        self._cancelling = task.cancelling()
        self.reschedule(self._when)
        return self

    async def __aexit__(self, kind, error, trace):
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._state is not _State.EXPIRING:
            self._state = _State.EXITED
            return
        self._state = _State.EXPIRED
        if self._task.uncancel() > self._cancelling or error is None:
            return
        if isinstance(error, asyncio.CancelledError):
            raise asyncio.TimeoutError from error
        note_timeout(error)

    def _on_timeout(self):
        self._task.cancel()
        self._state = _State.EXPIRING
        # The timer's handle refers to us.
        self._timer = None


def note_timeout(error):
    """The same for each failure of a group."""
    for each in (error, *error.exceptions) if isinstance(error, BaseExceptionGroup) else (error,):
        _note_timeout(each)


def _note_timeout(error):
    """Where a cancel of ours was replaced by another error, that error's context tells of the limit."""
    while error.__context__ is not None:
        if isinstance(error.__context__, asyncio.CancelledError):
            limit = asyncio.TimeoutError()
            limit.__context__ = limit.__cause__ = error.__context__
            error.__context__ = limit
            break
        error = error.__context__


def timeout(delay):
    """`async with timeout(1): …`: at most so many seconds; None for no limit yet."""
    return Timeout(None if delay is None else _core.get_running_loop().time() + delay)


def timeout_at(when):
    """`async with timeout_at(loop.time() + 1): …`: until a time of the loop's clock; None for no limit yet."""
    return Timeout(when)
