"""The loop: the native part, and what of asyncio's interface is written in Python."""

import asyncio
import concurrent.futures
import os
import signal
import socket
import sys
import threading
import warnings
import weakref
from asyncio.log import logger

from . import _core, _helpers, capi, names, records
from .sockets import SocketCalls
from .tasks import ensure_future, gather


class Loop(_core.Loop, SocketCalls, asyncio.AbstractEventLoop):
    """An event loop of libasync, which other languages may share; see `handle` and `from_handle`."""

    def __init__(self, handle=None):
        super().__init__(handle)
        self._exception_handler = None
        self._default_executor = None
        self._executor_shutdown_called = False
        self._generators = weakref.WeakSet()
        self._generators_closed = False
        self._signals = {}
        self._wakeup = None
        self._thread = None
        self._standard = {}
        self.slow_callback_duration = 0.1
        asked = not sys.flags.ignore_environment and bool(os.environ.get("PYTHONASYNCIODEBUG"))
        self.set_debug(sys.flags.dev_mode or asked)

    @classmethod
    def from_handle(cls, handle):
        """The Python side of a loop that C or another language made, and will close: of its address, or of a proxy."""
        return _core._find_loop(handle) or cls(handle)

    def __repr__(self):
        return f"<{type(self).__name__} running={self.is_running()} closed={self.is_closed()} debug={self.get_debug()}>"

    def __del__(self, warn=warnings.warn):
        if not self.is_closed() and not self._guest:
            warn(f"unclosed event loop {self!r}", ResourceWarning, source=self)
            if not self.is_running():
                self.close()

    # Running

    def _check_closed(self):
        if self.is_closed():
            raise RuntimeError("Event loop is closed")

    def _check_running(self):
        if self.is_running():
            raise RuntimeError("This event loop is already running")
        if _core._get_running_loop() is not None:
            raise RuntimeError("Cannot run the event loop while another loop is running")

    def run_forever(self):
        self._check_closed()
        self._check_running()
        self._run_with_hooks(self._run)

    def _run_with_hooks(self, run, *args):
        hooks = sys.get_asyncgen_hooks()
        sys.set_asyncgen_hooks(firstiter=self._generator_started, finalizer=self._generator_dropped)
        self._thread = threading.get_ident()
        previous = self._hear_signals()
        try:
            run(*args)
        finally:
            self._ignore_signals(previous)
            self._thread = None
            sys.set_asyncgen_hooks(*hooks)

    def run_until_complete(self, future):
        self._check_closed()
        self._check_running()
        made = not asyncio.isfuture(future)
        future = ensure_future(future, loop=self)
        future.add_done_callback(self._stop_after)
        try:
            self.run_forever()
        except BaseException:
            # The task that raised this is the one that was waited for: it must not be reported as unread besides.
            if made and future.done() and not future.cancelled():
                future.exception()
            raise
        finally:
            future.remove_done_callback(self._stop_after)
        if not future.done():
            raise RuntimeError("Event loop stopped before Future completed.")
        return future.result()

    def _stop_after(self, future):
        if not future.cancelled() and isinstance(future.exception(), (KeyboardInterrupt, SystemExit)):
            return
        self.stop()

    def close(self):
        if self.is_running():
            raise RuntimeError("Cannot close a running event loop")
        if self.is_closed():
            return
        for number in list(self._signals):
            self.remove_signal_handler(number)
        self._close_wakeup()
        self._abandon()
        executor, self._default_executor = self._default_executor, None
        self._executor_shutdown_called = True
        if executor is not None:
            executor.shutdown(wait=False)

    # A clock for tests

    def set_clock(self, clock):
        """Go by another clock, before the first timer is set: "real", "manual" for one that stands still until it is
        moved, "jumping" for one that skips to the next timer when there is nothing else to do."""
        self._check_closed()
        if clock not in _CLOCKS:
            raise ValueError(f"Invalid clock value: {clock!r}")
        _core._check(capi.async_loop_set_clock(self, _CLOCKS[clock]))

    def advance(self, seconds):
        """Move a test clock on. A loop that stands still also runs: what is ready, then each timer that falls due."""
        self._check_closed()
        if self.is_running():
            self._advance(seconds)
        else:
            self._check_running()
            self._run_with_hooks(self._advance, seconds)

    # Signals: the interpreter's own handler wakes the poll through a socket, and those that were asked for run here.

    def _hear_signals(self):
        if threading.current_thread() is not threading.main_thread():
            return None
        if self._wakeup is None:
            self._wakeup = socket.socketpair()
            for end in self._wakeup:
                end.setblocking(False)
        self.add_reader(self._wakeup[0], self._on_wakeup)
        return signal.set_wakeup_fd(self._wakeup[1].fileno(), warn_on_full_buffer=False)

    def _ignore_signals(self, previous):
        if previous is None:
            return
        signal.set_wakeup_fd(previous)
        if self._wakeup is not None and not self.is_closed():
            self.remove_reader(self._wakeup[0])

    def _close_wakeup(self):
        ends, self._wakeup = self._wakeup, None
        for end in ends or ():
            end.close()

    def _on_wakeup(self):
        try:
            numbers = self._wakeup[0].recv(4096)
        except (BlockingIOError, InterruptedError):
            return
        for number in numbers:
            call = self._signals.get(number)
            if call is not None:
                self.call_soon(call[0], *call[1])

    def add_signal_handler(self, sig, callback, *args):
        if asyncio.iscoroutine(callback) or asyncio.iscoroutinefunction(callback):
            raise TypeError("coroutines cannot be used with add_signal_handler()")
        self._check_signal(sig)
        self._check_closed()
        if threading.current_thread() is not threading.main_thread():
            raise ValueError("signal only works in main thread of the main interpreter")
        self._signals[sig] = (callback, args)
        try:
            signal.signal(sig, lambda number, frame: None)
            signal.siginterrupt(sig, False)
        except OSError as error:
            del self._signals[sig]
            raise RuntimeError(f"sig {sig} cannot be caught") from error

    def remove_signal_handler(self, sig):
        self._check_signal(sig)
        if self._signals.pop(sig, None) is None:
            return False
        signal.signal(sig, signal.default_int_handler if sig == signal.SIGINT else signal.SIG_DFL)
        return True

    def _check_signal(self, sig):
        if not isinstance(sig, int):
            raise TypeError(f"sig must be an int, not {sig!r}")
        if sig not in signal.valid_signals():
            raise ValueError(f"invalid signal number {sig}")

    # Errors that nobody else can receive

    def get_exception_handler(self):
        return self._exception_handler

    def set_exception_handler(self, handler):
        if handler is not None and not callable(handler):
            raise TypeError(f"A callable object or None is expected, got {handler!r}")
        self._exception_handler = handler

    def default_exception_handler(self, context):
        _helpers.log_context(context)

    def call_exception_handler(self, context):
        handler = self._exception_handler
        if handler is None:
            self._handle_by_default(context)
            return
        try:
            # As the handler of what failed would have: with its context variables.
            source = context.get("task") or context.get("future") or context.get("handle")
            variables = source.get_context() if hasattr(source, "get_context") else None
            if variables is None:
                handler(self, context)
            else:
                variables.run(handler, self, context)
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:
            self._handle_by_default({
                "message": "Unhandled error in exception handler",
                "exception": error,
                "context": context,
            })

    def _handle_by_default(self, context):
        try:
            self.default_exception_handler(context)
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException:
            logger.error("Exception in default exception handler", exc_info=True)

    # Asynchronous generators

    def _generator_started(self, generator):
        if self._generators_closed:
            warnings.warn(
                f"asynchronous generator {generator!r} was scheduled after loop.shutdown_asyncgens() call",
                ResourceWarning, source=self)
        self._generators.add(generator)

    def _generator_dropped(self, generator):
        self._generators.discard(generator)
        if not self.is_closed():
            self.call_soon_threadsafe(self.create_task, generator.aclose())

    async def shutdown_asyncgens(self):
        self._generators_closed = True
        generators = list(self._generators)
        self._generators.clear()
        if not generators:
            return
        endings = await gather(*(generator.aclose() for generator in generators), return_exceptions=True)
        for generator, ending in zip(generators, endings):
            if isinstance(ending, Exception):
                self.call_exception_handler({
                    "message": f"an error occurred during closing of asynchronous generator {generator!r}",
                    "exception": ending,
                    "asyncgen": generator,
                })

    # Threads

    def set_default_executor(self, executor):
        if not isinstance(executor, concurrent.futures.ThreadPoolExecutor):
            raise TypeError("executor must be ThreadPoolExecutor instance")
        self._default_executor = executor

    def run_in_executor(self, executor, func, *args):
        self._check_closed()
        if executor is None:
            if self._executor_shutdown_called:
                raise RuntimeError("Executor shutdown has been called")
            if self._default_executor is None:
                self._default_executor = concurrent.futures.ThreadPoolExecutor(thread_name_prefix="libasync")
            executor = self._default_executor
        return asyncio.wrap_future(executor.submit(func, *args), loop=self)

    async def shutdown_default_executor(self, timeout=None):
        self._executor_shutdown_called = True
        if self._default_executor is None:
            return
        done = self.create_future()
        thread = threading.Thread(target=self._shut_down, args=(done,))
        thread.start()
        try:
            await done
        finally:
            thread.join(timeout)

    def _shut_down(self, done):
        self._default_executor.shutdown(wait=True)
        if not self.is_closed():
            self.call_soon_threadsafe(lambda: done.cancelled() or done.set_result(None))

    # Names

    async def getaddrinfo(self, host, port, *, family=0, type=0, proto=0, flags=0):
        return await names.getaddrinfo(self, host, port, family, type, proto, flags)

    async def getnameinfo(self, sockaddr, flags=0):
        return await names.getnameinfo(self, sockaddr, flags)

    async def dns_query(self, name, type="A"):
        """Ask the name servers for the records of a name, of a type by its name or its number; a list of them."""
        return await records.dns_query(self, name, type)

    def set_dns_servers(self, servers):
        """Ask these name servers, addresses as text with or without a port; with None, those of resolv.conf again."""
        records.set_dns_servers(self, servers)


_CLOCKS = {
    "real": capi.ASYNC_CLOCK_REAL,
    "manual": capi.ASYNC_CLOCK_MANUAL,
    "jumping": capi.ASYNC_CLOCK_JUMPING,
}
