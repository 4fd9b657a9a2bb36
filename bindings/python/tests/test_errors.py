import math

import pytest

import libasync


async def test_a_task_needs_a_coroutine():
    for what in (42, None, lambda: None):
        with pytest.raises(TypeError) as caught:
            libasync.create_task(what)
        assert str(caught.value) == f"a coroutine was expected, got {what!r}"


def test_nothing_starts_outside_a_loop():
    coroutine = libasync.sleep(0)
    with pytest.raises(RuntimeError, match="no running event loop"):
        libasync.create_task(coroutine)
    coroutine.close()
    with pytest.raises(RuntimeError, match="no running event loop"):
        libasync.get_running_loop()


async def test_run_inside_run():
    coroutine = libasync.sleep(0)
    with pytest.raises(RuntimeError, match=r"libasync.run\(\) cannot be called from a running event loop"):
        libasync.run(coroutine)
    coroutine.close()
    loop = libasync.new_event_loop()
    with pytest.raises(RuntimeError, match="Cannot run the event loop while another loop is running"):
        loop.run_forever()
    loop.close()


async def test_a_task_cannot_await_itself():
    async def itself():
        await libasync.current_task()

    with pytest.raises(RuntimeError, match="Task cannot await on itself: <Task "):
        await libasync.create_task(itself())


async def test_a_bad_yield():
    class Odd:
        def __await__(self):
            yield 42

    async def awaits_odd():
        await Odd()

    with pytest.raises(RuntimeError, match="Task got bad yield: 42"):
        await libasync.create_task(awaits_odd())


async def test_a_future_of_another_loop(loop):
    async def waits():
        await future

    future = loop.create_future()
    with pytest.raises(RuntimeError, match="attached to a different loop"):
        await libasync.create_task(waits())
    with pytest.raises(ValueError, match="different loop"):
        libasync.gather(libasync.get_running_loop().create_future(), future)


async def test_delays():
    await libasync.sleep(-1)
    with pytest.raises(ValueError, match=r"Invalid delay: NaN \(not a number\)"):
        await libasync.sleep(math.nan)
    with pytest.raises(TypeError):
        await libasync.sleep("1")
    forever = libasync.create_task(libasync.sleep(math.inf))
    assert (await libasync.wait([forever], timeout=0.01))[1] == {forever}
    forever.cancel()


async def test_results_fetched_too_early_and_outcomes_set_twice():
    future = libasync.Future()
    with pytest.raises(libasync.InvalidStateError, match="Result is not set."):
        future.result()
    with pytest.raises(libasync.InvalidStateError, match="Exception is not set."):
        future.exception()
    future.set_result(1)
    with pytest.raises(libasync.InvalidStateError, match="invalid state"):
        future.set_result(2)
    with pytest.raises(libasync.InvalidStateError, match="invalid state"):
        future.set_exception(ValueError())
    assert future.result() == 1


async def test_bad_exceptions():
    future = libasync.Future()
    with pytest.raises(TypeError, match="invalid exception object"):
        future.set_exception("text")
    future.set_exception(StopIteration)
    with pytest.raises(RuntimeError, match="StopIteration interacts badly"):
        await future


async def test_a_tasks_outcome_is_its_own():
    task = libasync.create_task(libasync.sleep(0))
    with pytest.raises(RuntimeError, match="Task does not support set_result operation"):
        task.set_result(1)
    with pytest.raises(RuntimeError, match="Task does not support set_exception operation"):
        task.set_exception(ValueError())
    await task


async def test_wait_of_nothing_and_of_the_wrong_things():
    with pytest.raises(ValueError, match="Set of Tasks/Futures is empty."):
        await libasync.wait([])
    task = libasync.create_task(libasync.sleep(0))
    with pytest.raises(TypeError, match="expect a list of futures, not Task"):
        await libasync.wait(task)
    with pytest.raises(ValueError, match="Invalid return_when value: soon"):
        await libasync.wait([task], return_when="soon")
    coroutine = libasync.sleep(0)
    with pytest.raises(TypeError, match="Passing coroutines is forbidden, use tasks explicitly."):
        await libasync.wait([coroutine])
    coroutine.close()
    await task


async def test_a_closed_loop_refuses_work(loop):
    loop.close()
    coroutine = libasync.sleep(0)
    for refused in (lambda: loop.call_soon(print), lambda: loop.create_task(coroutine),
                    lambda: loop.call_later(1, print), loop.run_forever):
        with pytest.raises(RuntimeError, match="Event loop is closed"):
            refused()
    coroutine.close()


async def test_coroutines_are_no_callbacks():
    coroutine = libasync.sleep(0)
    with pytest.raises(TypeError):
        libasync.get_running_loop().call_soon(coroutine)
    with pytest.raises(TypeError):
        libasync.get_running_loop().call_soon(42)
    coroutine.close()


def test_a_coroutine_never_awaited_is_warned_of():
    with pytest.warns(RuntimeWarning, match="coroutine 'sleep' was never awaited"):
        libasync.sleep(0)


async def test_a_coroutine_is_awaited_once():
    coroutine = libasync.sleep(0)
    await coroutine
    with pytest.raises(RuntimeError, match="cannot reuse already awaited coroutine"):
        await coroutine


async def test_await_takes_an_awaitable():
    with pytest.raises(TypeError, match="An asyncio.Future, a coroutine or an awaitable is required"):
        libasync.gather(42)
