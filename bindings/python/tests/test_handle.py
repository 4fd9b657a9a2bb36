"""Futures that cross from Python to C and back by their address."""

import ctypes
import gc

import pytest

import libasync
from libasync import capi


def c_function(name, result, *arguments):
    function = getattr(ctypes.CDLL(capi._core.__file__), name)
    function.restype, function.argtypes = result, arguments
    return function


async_sleep = c_function("async_sleep", ctypes.c_void_p, ctypes.c_void_p, ctypes.c_double)
async_future_is_done = c_function("async_future_is_done", ctypes.c_bool, ctypes.c_void_p)
async_future_cancel = c_function("async_future_cancel", ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p)
async_future_resolve = c_function("async_future_resolve", ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
async_int = c_function("async_int", ctypes.c_void_p, ctypes.c_int64)
async_future_value = c_function("async_future_value", ctypes.c_void_p, ctypes.c_void_p)
async_value_text = c_function("async_value_text", ctypes.c_char_p, ctypes.c_void_p, ctypes.c_void_p)


async def test_a_c_future_is_awaited():
    future = libasync.wrap_handle(async_sleep(libasync.get_running_loop().handle, 0.001))
    assert isinstance(future, libasync.Future)
    assert await future is None


async def test_a_c_future_is_cancelled():
    future = libasync.wrap_handle(async_sleep(libasync.get_running_loop().handle, 60))
    assert future.cancel("enough")
    with pytest.raises(libasync.CancelledError) as caught:
        await future
    assert caught.value.args == ("enough",)


async def test_c_completes_a_promise_of_python():
    seen = []
    future = libasync.Future()
    future.add_done_callback(lambda done: seen.append(done.result()))
    assert async_future_resolve(libasync.handle(future), async_int(42)) == 0
    assert await future == 42
    await libasync.sleep(0)
    assert seen == [42]


async def test_c_reads_the_result_of_a_task():
    task = libasync.create_task(libasync.sleep(0, "text"))
    handle = libasync.handle(task)
    await task
    assert async_future_is_done(handle)
    assert async_value_text(async_future_value(handle), None) == b"text"


async def test_c_cancels_a_task():
    task = libasync.create_task(libasync.sleep(60))
    await libasync.sleep(0)
    assert async_future_cancel(libasync.handle(task), b"by C") == 0
    with pytest.raises(libasync.CancelledError) as caught:
        await task
    assert caught.value.args == ("by C",)


async def test_a_task_that_comes_back_is_the_same():
    task = libasync.create_task(libasync.sleep(0))
    capi_future = capi.async_current_task(libasync.get_running_loop())
    assert libasync.wrap_handle(capi_future) is libasync.current_task()
    await task


async def test_an_operation_has_its_own_outcome():
    future = libasync.wrap_handle(async_sleep(libasync.get_running_loop().handle, 0.001))
    with pytest.raises(RuntimeError):
        future.set_result(1)
    await future


def test_a_c_loop_has_one_python_object(loop):
    assert libasync.Loop.from_handle(loop.handle) is loop
    with pytest.raises(RuntimeError, match="the loop has a Python object already"):
        libasync.Loop(loop.handle)


def test_a_loop_that_c_made_runs_and_stays_open():
    made = capi.async_loop_new()
    guest = libasync.Loop.from_handle(made)
    assert libasync.Loop.from_handle(guest.handle) is guest
    assert guest.run_until_complete(libasync.sleep(0.001, 5)) == 5
    del guest
    gc.collect()
    assert not capi.async_loop_is_closed(made)
    assert capi.async_loop_close(made) == 0


def test_bad_handles(loop):
    with pytest.raises(ValueError, match="the handle is NULL"):
        libasync.wrap_handle(0, loop=loop)
    with pytest.raises(TypeError):
        libasync.wrap_handle("text", loop=loop)
    with pytest.raises(TypeError, match="a libasync future or loop was expected, got 42"):
        libasync.handle(42)
