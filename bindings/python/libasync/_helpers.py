"""What the native types leave to Python: texts, and the rare paths."""

import asyncio
import functools
import inspect
import reprlib
import sys
import traceback
import types
from asyncio.log import logger

from . import _core
from ._core import Task


class Error(RuntimeError):
    """A failure of libasync that no exception of Python's own stands for."""

    @property
    def code(self):
        """The number of the C interface, libasync.capi.ASYNC_E…"""
        return self.args[0]

    def __str__(self):
        return self.args[1]


if hasattr(asyncio, "QueueShutDown"):
    QueueShutDown = asyncio.QueueShutDown
else:

    class QueueShutDown(Exception):
        """The queue was shut down."""


def get_event_loop():
    from .policy import get_event_loop
    return get_event_loop()


def timeout(delay):
    from .timeouts import timeout
    return timeout(delay)


def note_timeout(error):
    from .timeouts import note_timeout
    note_timeout(error)


def wait(fs, timeout, return_when):
    from .tasks import wait
    return wait(fs, timeout, return_when)


def wait_for(awaitable, timeout):
    from .tasks import wait_for
    return wait_for(awaitable, timeout)


def iscoroutine(object):
    from .tasks import iscoroutine
    return iscoroutine(object)


def gather_child(awaitable, loop):
    from .tasks import gather_child
    return gather_child(awaitable, loop)


def gather(awaitables, return_exceptions):
    from .tasks import foreign_gather
    return foreign_gather(awaitables, bool(return_exceptions))


def task_from_factory(loop, coroutine, name, context):
    factory = loop.get_task_factory()
    task = factory(loop, coroutine) if context is None else factory(loop, coroutine, context=context)
    if name is not None and hasattr(task, "set_name"):
        task.set_name(name)
    return task


async def sleep(seconds):
    """What libasync.sleep is under a driver that is not one of our tasks."""
    loop = _core.get_running_loop()
    future = loop.create_future()
    timer = loop.call_later(seconds, lambda: future.done() or future.set_result(None))
    try:
        await future
    finally:
        timer.cancel()


def await_iterator(awaitable):
    """What `await` would iterate where there is no __await__: a generator made a coroutine by types.coroutine."""
    if isinstance(awaitable, types.GeneratorType) and awaitable.gi_code.co_flags & inspect.CO_ITERABLE_COROUTINE:
        return awaitable
    raise TypeError(f"object {type(awaitable).__name__} can't be used in 'await' expression")


def extract_stack():
    return traceback.extract_stack(sys._getframe(1), limit=10)


def unread_context(future):
    """What is told of a failure that nobody read."""
    context = {
        "message": f"{type(future).__name__} exception was never retrieved",
        "exception": future._exception,
        "future": future,
    }
    if isinstance(future, Task) and future.created_at:
        context["created_at"] = future.created_at
    if future._source_traceback:
        context["source_traceback"] = future._source_traceback
    return context


def context_of(message, subject, exception):
    """What is told of an error that the C side found nobody to receive."""
    if subject is not None and not subject.done():
        context = {"message": "Task was destroyed but it is pending!", "task": subject}
        if subject.created_at:
            context["created_at"] = subject.created_at
        return context
    if subject is not None and getattr(subject, "_serves", False):
        connection, _, _ = message.partition(": what served")
        return {
            "message": "Unhandled exception in client_connected_cb",
            "exception": exception,
            "task": subject,
            "connection": connection,
        }
    if subject is not None:
        return unread_context(subject)
    context = {"message": message}
    if exception is not None:
        context["exception"] = exception
    return context


def report_pending(task):
    """Tell of a task that its loop lost before it ended."""
    context = {"task": task, "message": "Task was destroyed but it is pending!"}
    if task._source_traceback:
        context["source_traceback"] = task._source_traceback
    task.get_loop().call_exception_handler(context)


def log_context(context):
    """Tell of an error as every loop does that was given no handler."""
    exception = context.get("exception")
    lines = [context.get("message") or "Unhandled exception in event loop"]
    for key in sorted(context):
        if key == "source_traceback":
            stack = "".join(traceback.format_list(context[key]))
            lines.append(f"Object created at (most recent call last):\n{stack.rstrip()}")
        elif key not in ("message", "exception"):
            lines.append(f"{key}: {context[key]!r}")
    trace = (type(exception), exception, exception.__traceback__) if exception is not None else False
    logger.error("\n".join(lines), exc_info=trace)


def _source(function):
    function = inspect.unwrap(function)
    if isinstance(function, functools.partial):
        function = function.func
    code = getattr(function, "__code__", None)
    return f" at {code.co_filename}:{code.co_firstlineno}" if code else ""


def format_callback(function, args=()):
    name = getattr(function, "__qualname__", None) or repr(function)
    return f"{name}({', '.join(map(reprlib.repr, args))}){_source(function)}"


def _format_callbacks(callbacks):
    shown = [format_callback(function) for function, _ in callbacks[:2]]
    if len(callbacks) > 2:
        shown = [shown[0], f"<{len(callbacks) - 2} more>", format_callback(callbacks[-1][0])]
    return f"cb=[{', '.join(shown)}]"


def _outcome(future):
    info = []
    if future._state == "FINISHED":
        if future._exception is not None:
            info.append(f"exception={future._exception!r}")
        else:
            info.append(f"result={reprlib.repr(future._result)}")
    if future._callbacks:
        info.append(_format_callbacks(future._callbacks))
    if future._source_traceback:
        frame = future._source_traceback[-1]
        info.append(f"created at {frame.filename}:{frame.lineno}")
    return info


def transport(writer):
    from .transport import StreamTransport
    return StreamTransport(writer)


def extra_info(writer, name, default):
    from .transport import extra_info
    return extra_info(writer, name, default)


def _separator(given):
    try:
        return bytes(memoryview(given))
    except TypeError:
        raise TypeError(f"a separator must be bytes, not {type(given).__name__!r}") from None


def separators(given):
    """What ends a chunk: a tuple of bytes, shortest first, for the shortest match wins."""
    given = tuple(sorted(map(_separator, given), key=len)) if isinstance(given, tuple) else (_separator(given),)
    if not given:
        raise ValueError("Separator should contain at least one element")
    if not given[0]:
        raise ValueError("Separator should be at least one-byte string")
    return given


def reader_repr(reader):
    info = [type(reader).__name__]
    if reader._buffer:
        info.append(f"{len(reader._buffer)} bytes")
    if reader._eof:
        info.append("eof")
    if reader._limit != 65536:
        info.append(f"limit={reader._limit}")
    if reader._waiter:
        info.append(f"waiter={reader._waiter!r}")
    if reader._exception:
        info.append(f"exception={reader._exception!r}")
    if reader._transport:
        info.append(f"transport={reader._transport!r}")
    if reader._paused:
        info.append("paused")
    return f"<{' '.join(info)}>"


def writer_repr(writer, peer):
    info = [type(writer).__name__, "closing" if writer.is_closing() else f"fd={writer._fileno()}"]
    if peer:
        info.append(f"peer={peer!r}")
    if writer._reader is not None:
        info.append(f"reader={writer._reader!r}")
    return f"<{' '.join(info)}>"


@reprlib.recursive_repr()
def future_repr(future):
    return f"<{' '.join([type(future).__name__, future._state.lower(), *_outcome(future)])}>"


def _format_coroutine(coroutine):
    code = getattr(coroutine, "cr_code", None) or getattr(coroutine, "gi_code", None)
    name = getattr(coroutine, "__qualname__", None) or type(coroutine).__name__
    if code is None:
        return f"{name}()"
    frame = getattr(coroutine, "cr_frame", None) or getattr(coroutine, "gi_frame", None)
    if getattr(coroutine, "cr_running", False) or getattr(coroutine, "gi_running", False):
        return f"{name}() running at {code.co_filename}:{frame.f_lineno}"
    if frame is not None:
        return f"{name}() running at {code.co_filename}:{frame.f_lineno}"
    return f"{name}() done, defined at {code.co_filename}:{code.co_firstlineno}"


@reprlib.recursive_repr()
def task_repr(task):
    if not task.done() and task.cancelling():
        state = "cancelling"
    else:
        state = task._state.lower()
    info = [type(task).__name__, state, f"name={task.get_name()!r}"]
    if task.get_coro() is not None:
        info.append(f"coro=<{_format_coroutine(task.get_coro())}>")
    if task._fut_waiter is not None:
        info.append(f"wait_for={task._fut_waiter!r}")
    return f"<{' '.join([*info, *_outcome(task)])}>"


def task_stack(task, limit):
    """The frames of a task that waits, outermost first; of one that failed, its traceback's."""
    coroutine = task.get_coro()
    frame = getattr(coroutine, "cr_frame", None) or getattr(coroutine, "gi_frame", None)
    frames = []
    if frame is not None:
        while frame is not None and (limit is None or len(frames) < limit):
            frames.append(frame)
            frame = frame.f_back
        return frames[::-1]
    entry = task._exception.__traceback__ if task._exception is not None else None
    while entry is not None and (limit is None or len(frames) < limit):
        frames.append(entry.tb_frame)
        entry = entry.tb_next
    return frames


def print_task_stack(task, limit, file):
    file = sys.stderr if file is None else file
    frames = [(frame, frame.f_lineno) for frame in task.get_stack(limit=limit)]
    exception = task._exception
    if not frames:
        print(f"No stack for {task!r}", file=file)
    elif exception is not None:
        print(f"Traceback for {task!r} (most recent call last):", file=file)
    else:
        print(f"Stack for {task!r} (most recent call last):", file=file)
    traceback.print_list(traceback.StackSummary.extract(iter(frames)), file=file)
    if exception is not None:
        for line in traceback.format_exception_only(type(exception), exception):
            print(line, file=file, end="")


_core._set_helpers(sys.modules[__name__], Error, QueueShutDown)
