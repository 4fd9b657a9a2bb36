import asyncio
import time

import pytest

import libasync


async def value(result, delay=0.0):
    await libasync.sleep(delay)
    return result


async def fails(delay=0.0):
    await libasync.sleep(delay)
    raise ValueError("no")


async def test_gather_answers_in_the_order_given_after_the_longest():
    start = time.monotonic()
    assert await libasync.gather(value("slow", 0.1), value("quick", 0.05)) == ["slow", "quick"]
    assert 0.09 < time.monotonic() - start < 0.14


async def test_gather_gives_the_very_objects():
    things = [object(), [1], "text"]
    answer = await libasync.gather(*map(value, things))
    assert all(given is thing for given, thing in zip(answer, things))


async def test_gather_of_nothing():
    assert await libasync.gather() == []


async def test_gather_of_one_coroutine_twice_runs_it_once():
    coroutine = value(1)
    assert await libasync.gather(coroutine, value(2), coroutine) == [1, 2, 1]


async def test_gather_fails_at_once_and_lets_the_others_run():
    other = libasync.create_task(value(1, 0.01))
    with pytest.raises(ValueError):
        await libasync.gather(fails(), other)
    assert not other.done()
    assert await other == 1


async def test_gather_can_keep_the_errors():
    cancelled = libasync.Future()
    cancelled.cancel()
    answer = await libasync.gather(value(1), fails(), cancelled, return_exceptions=True)
    assert answer[0] == 1
    assert [type(error) for error in answer[1:]] == [ValueError, libasync.CancelledError]


async def test_cancelling_a_gather_cancels_its_children():
    children = [libasync.create_task(libasync.sleep(60)) for _ in range(2)]
    gathered = libasync.gather(*children)
    await libasync.sleep(0)
    assert gathered.cancel()
    with pytest.raises(libasync.CancelledError):
        await gathered
    assert all(child.cancelled() for child in children)


async def test_wait_for_all():
    tasks = {libasync.create_task(value(1)), libasync.create_task(fails())}
    done, pending = await libasync.wait(tasks)
    assert done == tasks and pending == set()
    assert {type(task.exception()) for task in done} == {type(None), ValueError}


async def test_wait_for_the_first():
    quick, slow = libasync.create_task(value(1)), libasync.create_task(value(2, 60))
    assert await libasync.wait([quick, slow], return_when=libasync.FIRST_COMPLETED) == ({quick}, {slow})
    slow.cancel()


async def test_wait_for_the_first_failure():
    good, bad, slow = (libasync.create_task(coroutine) for coroutine in (value(1), fails(0.01), value(2, 60)))
    done, pending = await libasync.wait([good, bad, slow], return_when=libasync.FIRST_EXCEPTION)
    assert done == {good, bad} and pending == {slow}
    assert bad.exception()
    slow.cancel()


async def test_wait_with_a_time_limit_touches_nothing():
    slow = libasync.create_task(value(2, 60))
    assert await libasync.wait([slow], timeout=0.01) == (set(), {slow})
    assert not slow.done()
    slow.cancel()


async def test_cancelling_a_wait_touches_nothing():
    slow = libasync.create_task(value(2, 60))
    waiting = libasync.create_task(libasync.wait([slow]))
    await libasync.sleep(0)
    waiting.cancel()
    with pytest.raises(libasync.CancelledError):
        await waiting
    assert not slow.done()
    slow.cancel()


async def test_ten_thousand():
    assert await libasync.gather(*map(value, range(10_000))) == list(range(10_000))


async def test_wait_for_gives_the_result_in_time():
    assert await libasync.wait_for(value(1), 60) == 1
    assert await libasync.wait_for(value(2), None) == 2
    assert await libasync.wait_for(libasync.create_task(value(3)), 60) == 3
    with pytest.raises(ValueError):
        await libasync.wait_for(fails(), 60)


async def test_wait_for_cancels_what_takes_too_long():
    slow = libasync.create_task(value(1, 60))
    with pytest.raises(libasync.TimeoutError) as raised:
        await libasync.wait_for(slow, 0.01)
    assert slow.cancelled()
    assert isinstance(raised.value.__cause__, libasync.CancelledError)
    assert libasync.current_task().cancelling() == 0


async def test_wait_for_takes_any_awaitable():
    class Awaitable:
        def __await__(self):
            return value(5, 0.01).__await__()

    assert await libasync.wait_for(Awaitable(), 60) == 5
    foreign = asyncio.Future()
    with pytest.raises(libasync.TimeoutError):
        await libasync.wait_for(foreign, 0.01)
    assert foreign.cancelled()
    with pytest.raises(TypeError):
        await libasync.wait_for(5, 60)


async def test_a_cancel_from_outside_stays_a_cancel():
    task = libasync.create_task(libasync.wait_for(libasync.sleep(60), 60))
    await libasync.sleep(0)
    task.cancel("enough")
    with pytest.raises(libasync.CancelledError, match="enough"):
        await task


async def test_several_waits_share_a_deadline():
    deadline = libasync.get_running_loop().time() + 0.02
    assert await libasync.wait_until(value(1, 0.01), deadline) == 1
    with pytest.raises(libasync.TimeoutError):
        await libasync.wait_until(value(2, 60), deadline)
    assert libasync.get_running_loop().time() < deadline + 0.05
    with pytest.raises(libasync.TimeoutError):
        await libasync.wait_until(value(3, 0.01), deadline)
    assert await libasync.wait_until(value(4), None) == 4


async def test_a_wait_that_is_dropped_ends_what_it_waited_for():
    seen = []

    async def patient():
        try:
            await libasync.sleep(60)
        finally:
            seen.append("ended")

    async def drop():
        waiting = libasync.wait_for(patient(), 60)
        waiting.send(None)

    await drop()
    assert seen == ["ended"]
