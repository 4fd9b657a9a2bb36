"""Task groups: tasks that end together."""

import asyncio

from . import _core
from .tasks import current_task

try:
    from builtins import BaseExceptionGroup, ExceptionGroup
except ImportError:

    class BaseExceptionGroup(BaseException):
        """Several failures as one, where Python has no such class yet: before 3.11."""

        def __new__(cls, message, exceptions):
            exceptions = tuple(exceptions)
            if cls is BaseExceptionGroup and all(isinstance(error, Exception) for error in exceptions):
                cls = ExceptionGroup
            group = super().__new__(cls, message, exceptions)
            group.message, group.exceptions = message, exceptions
            return group

        def __str__(self):
            return f"{self.message} ({len(self.exceptions)} sub-exception{'s' * (len(self.exceptions) != 1)})"

    class ExceptionGroup(BaseExceptionGroup, Exception):
        """Several failures as one, where Python has no such class yet: before 3.11."""


class TaskGroup(_core.TaskGroup):
    """The first failure cancels the other tasks, and the scope ends when every task has."""

    def __init__(self):
        self._parent = None
        self._parent_cancelled = self._cancelled = False
        self._errors = []
        self._fatal = None

    def __repr__(self):
        info = [""]
        if self._tasks:
            info.append(f"tasks={len(self._tasks)}")
        if self._errors:
            info.append(f"errors={len(self._errors)}")
        if self._aborting:
            info.append("cancelling")
        elif self._entered:
            info.append("entered")
        return f"<TaskGroup{' '.join(info)}>"

    async def __aenter__(self):
        if self._entered:
            raise RuntimeError(f"TaskGroup {self!r} has already been entered")
        self._loop = _core.get_running_loop()
        self._parent = current_task(self._loop)
        if self._parent is None:
            raise RuntimeError(f"TaskGroup {self!r} cannot determine the parent task")
        self._entered = True
        if self._cancelled:
            self._abort()
            self._cancel_parent()
        return self

    async def __aexit__(self, kind, error, trace):
        try:
            return await self._join(error)
        finally:
            # A failure's traceback holds this frame, and through it the group: neither shall hold the failures back.
            self._parent = self._fatal = None
            self._errors = []
            error = None

    async def _join(self, error):
        self._exiting = True
        if error is not None and self._is_fatal(error) and self._fatal is None:
            self._fatal = error
        cancelled = error if isinstance(error, asyncio.CancelledError) else None
        if error is not None and not self._aborting:
            self._abort()
        cancelled = await self._all_ended(cancelled)
        if self._fatal is not None:
            raise self._fatal
        if self._parent_cancelled and self._parent.uncancel() == 0:
            # The cancel was ours, and nobody else asked for one.
            cancelled = None
        if cancelled is not None and not self._errors:
            raise cancelled
        if error is not None and not isinstance(error, asyncio.CancelledError):
            self._errors.append(error)
        if not self._errors:
            # The cancel of the group as a whole ends here.
            return error is not None
        if self._parent.cancelling():
            # Somebody else's cancel must not be lost in the group of failures.
            self._parent.uncancel()
            self._parent.cancel()
        raise BaseExceptionGroup("unhandled errors in a TaskGroup", self._errors) from None

    async def _all_ended(self, cancelled):
        while self._tasks:
            self._woken = _core.Future(loop=self._loop)
            try:
                await self._woken
            except asyncio.CancelledError as error:
                if not self._aborting:
                    # A cancel of the parent from outside, while it waits here.
                    cancelled = error
                    self._abort()
            self._woken = None
        return cancelled

    def cancel(self, msg=None):
        """Cancel every task of the group and the scope itself, which then ends without an exception."""
        if self._exiting and not self._tasks:
            return
        self._cancelled = True
        if self._entered and not self._aborting:
            self._abort(msg)
            if not self._exiting:
                self._cancel_parent(msg)

    @staticmethod
    def _is_fatal(error):
        return isinstance(error, (SystemExit, KeyboardInterrupt))

    def _abort(self, msg=None):
        self._aborting = True
        for task in self._tasks:
            if not task.done():
                task.cancel(msg)

    def _cancel_parent(self, msg=None):
        self._parent_cancelled = True
        self._parent.cancel(msg)

    def _on_end(self, task):
        """A task of the group has ended, and not by simply returning."""
        error = None if task.cancelled() else task.exception()
        if error is None:
            return
        self._errors.append(error)
        if self._is_fatal(error) and self._fatal is None:
            self._fatal = error
        if self._parent.done():
            self._loop.call_exception_handler({
                "message": f"Task {task!r} has errored out but its parent task {self._parent} is already completed",
                "exception": error,
                "task": task,
            })
        elif not self._aborting and not self._parent_cancelled:
            self._abort()
            self._cancel_parent()
