"""Which loop belongs to a thread, and who makes the loops."""

import asyncio
import threading

from . import _core
from .loop import Loop

# Bound now, so that ours may stand in asyncio's place without calling themselves.
_asyncio_policy = asyncio.get_event_loop_policy


class DefaultEventLoopPolicy(asyncio.AbstractEventLoopPolicy):
    """A loop a thread, which the main thread makes when it has none."""

    def __init__(self):
        self._threads = threading.local()

    def new_event_loop(self):
        return Loop()

    def set_event_loop(self, loop):
        if loop is not None and not isinstance(loop, asyncio.AbstractEventLoop):
            raise TypeError(f"loop must be an instance of AbstractEventLoop or None, not '{type(loop).__name__}'")
        self._threads.loop = loop
        # Its own policy is what asyncio.get_event_loop goes by.
        _asyncio_policy().set_event_loop(loop)

    def get_event_loop(self):
        main = threading.current_thread() is threading.main_thread()
        if not hasattr(self._threads, "loop") and main:
            self.set_event_loop(self.new_event_loop())
        loop = getattr(self._threads, "loop", None)
        if loop is None:
            raise RuntimeError(f"There is no current event loop in thread {threading.current_thread().name!r}.")
        return loop


_policy = None


def get_event_loop_policy():
    """The policy that the functions here go by."""
    global _policy
    if _policy is None:
        _policy = DefaultEventLoopPolicy()
    return _policy


def set_event_loop_policy(policy):
    """Go by another policy; None for the default."""
    global _policy
    if policy is not None and not isinstance(policy, asyncio.AbstractEventLoopPolicy):
        raise TypeError(
            f"policy must be an instance of AbstractEventLoopPolicy or None, not '{type(policy).__name__}'")
    _policy = policy


def new_event_loop(*, clock=None):
    """A new loop, which nobody runs yet; for a test perhaps with another clock, see Loop.set_clock."""
    loop = get_event_loop_policy().new_event_loop()
    if clock is not None:
        loop.set_clock(clock)
    return loop


def set_event_loop(loop):
    """Make a loop this thread's; None for none."""
    get_event_loop_policy().set_event_loop(loop)


def get_event_loop():
    """The loop that runs in this thread; else the one that was set, which the main thread makes when it has none."""
    loop = _core._get_running_loop()
    return get_event_loop_policy().get_event_loop() if loop is None else loop
