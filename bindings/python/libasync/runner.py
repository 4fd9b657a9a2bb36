"""Running a program: a loop of its own, one task, and Ctrl-C as in asyncio of 3.11 and later."""

import contextvars
import functools
import signal
import sys
import threading

from . import _core
from asyncio import CancelledError
from .policy import new_event_loop, set_event_loop
from .tasks import all_tasks, gather, iscoroutine


class Runner:
    """Runs several coroutines one after the other on the same loop and in the same context."""

    def __init__(self, *, debug=None, loop_factory=None):
        self._debug = debug
        self._loop_factory = loop_factory
        self._loop = None
        self._closed = False
        self._context = None
        self._interrupts = 0
        self._set_loop = False

    def __enter__(self):
        self._initialize()
        return self

    def __exit__(self, kind, error, trace):
        self.close()

    def _initialize(self):
        if self._closed:
            raise RuntimeError("Runner is closed")
        if self._loop is not None:
            return
        if self._loop_factory is None:
            self._loop = new_event_loop()
            set_event_loop(self._loop)
            self._set_loop = True
        else:
            self._loop = self._loop_factory()
        if self._debug is not None:
            self._loop.set_debug(self._debug)
        self._context = contextvars.copy_context()

    def get_loop(self):
        self._initialize()
        return self._loop

    def run(self, coro, *, context=None):
        """Run a coroutine to its end."""
        if not iscoroutine(coro):
            raise ValueError(f"a coroutine was expected, got {coro!r}")
        if _core._get_running_loop() is not None:
            raise RuntimeError("Runner.run() cannot be called from a running event loop")
        self._initialize()
        task = self._create_task(coro, self._context if context is None else context)
        handler = self._take_interrupts(task)
        self._interrupts = 0
        try:
            return self._loop.run_until_complete(task)
        except CancelledError:
            if self._interrupts > 0 and hasattr(task, "uncancel") and task.uncancel() == 0:
                raise KeyboardInterrupt() from None
            raise
        finally:
            if handler is not None and signal.getsignal(signal.SIGINT) is handler:
                signal.signal(signal.SIGINT, signal.default_int_handler)

    def _create_task(self, coro, context):
        if sys.version_info < (3, 11) and not isinstance(self._loop, _core.Loop):
            # asyncio's own loops took no context then; the task has a copy of this one.
            return context.run(self._loop.create_task, coro)
        return self._loop.create_task(coro, context=context)

    def _take_interrupts(self, task):
        if threading.current_thread() is not threading.main_thread() \
                or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
            return None
        handler = functools.partial(self._on_interrupt, main_task=task)
        try:
            signal.signal(signal.SIGINT, handler)
        except ValueError:
            return None
        return handler

    def _on_interrupt(self, number, frame, main_task):
        self._interrupts += 1
        if self._interrupts == 1 and not main_task.done():
            main_task.cancel()
            # The loop may be asleep: a handler does not wake it by itself.
            self._loop.call_soon_threadsafe(lambda: None)
            return
        raise KeyboardInterrupt()

    def close(self):
        """Cancel what still runs, end generators and threads, close the loop."""
        if self._closed or self._loop is None:
            self._closed = True
            return
        loop = self._loop
        try:
            _cancel_all(loop)
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.run_until_complete(loop.shutdown_default_executor())
        finally:
            if self._set_loop:
                set_event_loop(None)
            loop.close()
            self._loop = None
            self._closed = True


def _cancel_all(loop):
    tasks = all_tasks(loop)
    if not tasks:
        return
    for task in tasks:
        task.cancel()
    loop.run_until_complete(_gathered(tasks))
    for task in tasks:
        if not task.cancelled() and task.exception() is not None:
            loop.call_exception_handler({
                "message": "unhandled exception during asyncio.run() shutdown",
                "exception": task.exception(),
                "task": task,
            })


async def _gathered(tasks):
    await gather(*tasks, return_exceptions=True)


def run(main, *, debug=None, loop_factory=None):
    """Run a coroutine on a loop of its own; what is still running when it ends is cancelled."""
    if _core._get_running_loop() is not None:
        raise RuntimeError("libasync.run() cannot be called from a running event loop")
    with Runner(debug=debug, loop_factory=loop_factory) as runner:
        return runner.run(main)
