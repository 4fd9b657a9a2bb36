"""Which of CPython's tests are left out, and why: patterns of "Class.test" for each module, and the version from
which on they count after all (None: never)."""

import socket
import sys

_OWN = "tests asyncio's own classes, those written in Python"
_SUITE = {
    "*": [
        ("Py*", _OWN, None),
        ("*.test_exception", "before 3.13 StopIteration was refused with TypeError", (3, 13)),
    ],
    "tasks": [
        ("*.test_as_completed_invalid_args", "before 3.13 the error came with the first item", (3, 13)),
        ("*.test_as_completed_coroutine_without_loop", "before 3.13 the error came with the first item", (3, 13)),
        ("*.test_cancel_gather_1", "before 3.12 a plain generator was a coroutine", (3, 12)),
    ],
    "futures2": [
        ("*.test_recursive_repr_for_pending_tasks", "before 3.12 wait_for made a task of its own", (3, 12)),
    ],
    "waitfor": [
        ("*.test_wait_for_self_cancellation", "before 3.12 wait_for made a task of its own", (3, 12)),
    ],
    "taskgroups": [
        ("*.test_taskgroup_no_create_task_after_failure", "before 3.13 the refused coroutine was not closed", (3, 13)),
        ("*.test_taskgroup_without_parent_task", "before 3.13 the refused coroutine was not closed", (3, 13)),
        ("*.test_taskgroup_not_entered", "before 3.13 the refused coroutine was not closed", (3, 13)),
        ("*.test_taskgroup_finished", "before 3.13 the refused coroutine was not closed", (3, 13)),
    ],
    "sock_lowlevel": [
        ("*.test_create_connection_sock", "needs transports and protocols", None),
    ],
    "streams": [
        ("*.test_open_*connection_error", "reaches for the protocol behind a writer", None),
        ("*.test_open_*connection_no_loop_ssl", "needs TLS", None),
        ("*.test_start_tls", "needs TLS", None),
        ("*.test_read_all_from_pipe_reader", "needs transports and protocols", None),
    ],
}
# On a machine whose C library does not know localhost, as a root without a hosts file.
_NAMED = {
    "streams": [
        ("*.test_drain_raises", "binds to localhost by its name", None),
    ],
}


def _knows_localhost():
    try:
        socket.gethostbyname("localhost")
    except OSError:
        return False
    return True


def excluded(module):
    """The patterns that count for a module on this interpreter."""
    listed = [*_SUITE["*"], *_SUITE.get(module, []), *([] if _knows_localhost() else _NAMED.get(module, []))]
    return [pattern for pattern, reason, before in listed if before is None or sys.version_info < before]
