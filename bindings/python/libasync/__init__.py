"""An async runtime that every language shares, with asyncio's words: `import libasync as asyncio` and go on.

Exceptions are asyncio's own classes, and while a loop runs it is asyncio's running loop too, so that what was written
for asyncio works in these tasks. The plain C interface is there as `libasync.capi`.
"""

from asyncio import CancelledError, IncompleteReadError, InvalidStateError, LimitOverrunError, TimeoutError
from asyncio import AbstractEventLoop, AbstractEventLoopPolicy, AbstractServer, iscoroutinefunction, isfuture, to_thread

from . import capi
from ._core import Future, Handle, StreamReader, StreamWriter, Task, TimerHandle
from ._core import create_task, gather, get_running_loop, handle, sleep, wait, wait_for, wait_until, wrap_handle
from ._core import _get_running_loop
from ._helpers import Error
from .loop import Loop
from .policy import DefaultEventLoopPolicy, get_event_loop, get_event_loop_policy, new_event_loop
from .policy import set_event_loop, set_event_loop_policy
from .tasks import ALL_COMPLETED, FIRST_COMPLETED, FIRST_EXCEPTION
from .tasks import all_tasks, as_completed, create_eager_task_factory, current_task, eager_task_factory
from .tasks import ensure_future, iscoroutine, run_coroutine_threadsafe, shield, wrap_future
from .groups import BaseExceptionGroup, ExceptionGroup, TaskGroup
from .timeouts import Timeout, timeout, timeout_at
from .locks import Barrier, BoundedSemaphore, BrokenBarrierError, Condition, Event, Lock, Semaphore
from .queues import LifoQueue, PriorityQueue, Queue, QueueEmpty, QueueFull, QueueShutDown
from .limiter import CapacityLimiter
from .broadcast import Broadcast, Receiver
from .streams import open_connection, open_unix_connection, stderr, stdin, stdout
from .streams import stream_pair, stream_pipe, wrap_stream
from .server import Server, start_server, start_unix_server
from .datagrams import DatagramSocket, bind_datagram, connect_datagram, open_datagram, wrap_datagram
from .datagrams import notify_closing, wait_readable, wait_writable
from .runner import Runner, run

__version__ = capi.async_version()

__all__ = [
    "ALL_COMPLETED", "AbstractEventLoop", "AbstractEventLoopPolicy", "AbstractServer", "Barrier", "BaseExceptionGroup",
    "BoundedSemaphore", "Broadcast", "BrokenBarrierError", "CancelledError", "CapacityLimiter", "Condition",
    "DatagramSocket", "DefaultEventLoopPolicy", "Error", "Event", "ExceptionGroup", "FIRST_COMPLETED",
    "FIRST_EXCEPTION", "Future", "Handle", "IncompleteReadError", "InvalidStateError", "LifoQueue", "LimitOverrunError",
    "Lock", "Loop", "PriorityQueue", "Queue", "QueueEmpty", "QueueFull", "QueueShutDown", "Receiver", "Runner",
    "Semaphore", "Server", "StreamReader", "StreamWriter", "Task", "TaskGroup", "Timeout", "TimeoutError",
    "TimerHandle", "all_tasks", "as_completed", "bind_datagram", "capi", "connect_datagram",
    "create_eager_task_factory", "create_task", "current_task", "eager_task_factory", "ensure_future", "gather",
    "get_event_loop", "get_event_loop_policy", "get_running_loop", "handle", "iscoroutine", "iscoroutinefunction",
    "isfuture", "new_event_loop", "notify_closing", "open_connection", "open_datagram", "open_unix_connection", "run",
    "run_coroutine_threadsafe", "set_event_loop", "set_event_loop_policy", "shield", "sleep", "start_server",
    "start_unix_server", "stderr", "stdin", "stdout", "stream_pair", "stream_pipe", "timeout", "timeout_at",
    "to_thread", "wait", "wait_for", "wait_readable", "wait_until", "wait_writable", "wrap_datagram", "wrap_future",
    "wrap_handle", "wrap_stream",
]
