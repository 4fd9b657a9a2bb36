"""An async runtime that every language shares, with asyncio's words: `import libasync as asyncio` and go on.

Exceptions are asyncio's own classes, and while a loop runs it is asyncio's running loop too, so that what was written
for asyncio works in these tasks. The plain C interface is there as `libasync.capi`.
"""

from asyncio import CancelledError, InvalidStateError, TimeoutError
from asyncio import AbstractEventLoop, iscoroutinefunction, isfuture

from . import capi
from ._core import Future, GatheringFuture, Handle, Task, TimerHandle
from ._core import create_task, get_running_loop, handle, sleep, wrap_handle
from ._core import _get_running_loop
from . import _helpers
from ._helpers import Error
from .loop import Loop, get_event_loop, new_event_loop, set_event_loop
from .tasks import ALL_COMPLETED, FIRST_COMPLETED, FIRST_EXCEPTION
from .tasks import all_tasks, current_task, ensure_future, gather, iscoroutine, wait
from .runner import Runner, run

__version__ = capi.async_version()

__all__ = [
    "ALL_COMPLETED", "AbstractEventLoop", "CancelledError", "Error", "FIRST_COMPLETED", "FIRST_EXCEPTION", "Future",
    "Handle", "InvalidStateError", "Loop", "Runner", "Task", "TimeoutError", "TimerHandle", "all_tasks", "capi",
    "create_task", "current_task", "ensure_future", "gather", "get_event_loop", "get_running_loop", "handle",
    "iscoroutine", "iscoroutinefunction", "isfuture", "new_event_loop", "run", "set_event_loop", "sleep", "wait",
    "wrap_handle",
]
