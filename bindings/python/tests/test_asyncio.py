"""What was written for asyncio works in our tasks: one Python world."""

import asyncio
import sys

import pytest

import libasync


async def test_the_running_loop_is_asyncios_too():
    loop = libasync.get_running_loop()
    assert asyncio.get_running_loop() is loop
    assert isinstance(loop, asyncio.AbstractEventLoop)
    assert asyncio.current_task() is libasync.current_task()


def test_current_task_of_no_task(loop):
    seen = []
    loop.call_soon(lambda: (seen.append(asyncio.current_task()), loop.stop()))
    loop.run_forever()
    assert seen == [None]


async def test_asyncios_awaitables():
    loop = libasync.get_running_loop()
    await asyncio.sleep(0.001)
    event, future = asyncio.Event(), asyncio.Future()
    loop.call_later(0.001, event.set)
    await event.wait()
    loop.call_soon(future.set_result, 5)
    assert await future == 5
    assert await asyncio.gather(libasync.sleep(0, 1), asyncio.sleep(0, 2)) == [1, 2]
    assert await asyncio.shield(libasync.sleep(0, 1)) == 1
    assert await asyncio.wait_for(libasync.sleep(0.001, 6), 1) == 6
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(libasync.sleep(60), 0.01)


async def test_a_future_of_asyncio_wakes_its_task_in_asyncios_turn():
    seen = []
    future = asyncio.Future()

    async def wait():
        await future
        seen.append("woken")

    task = libasync.create_task(wait())
    await libasync.sleep(0)
    future.set_result(None)
    libasync.get_running_loop().call_soon(seen.append, "later")
    await task
    assert seen == ["woken", "later"]


async def test_cancelling_reaches_a_future_of_asyncio():
    future = asyncio.Future()

    async def wait():
        await future

    task = libasync.create_task(wait())
    await libasync.sleep(0)
    task.cancel("enough")
    with pytest.raises(libasync.CancelledError):
        await task
    assert future.cancelled() and task.cancelling() == 1


async def test_a_task_of_asyncio_runs_on_our_loop():
    task = asyncio.Task(libasync.sleep(0.001, 3), loop=libasync.get_running_loop())
    assert await task == 3


async def test_our_gather_takes_futures_of_asyncio():
    future = asyncio.Future()
    libasync.get_running_loop().call_soon(future.set_result, 1)
    assert await libasync.gather(future, libasync.sleep(0, 2)) == [1, 2]


@pytest.mark.skipif(sys.version_info < (3, 11), reason="asyncio has them from 3.11 on")
async def test_scopes_of_asyncio():
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await libasync.sleep(60)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(libasync.sleep(0.001, 1))
    assert task.result() == 1


async def test_threads():
    assert await libasync.get_running_loop().run_in_executor(None, lambda: 5) == 5


def test_our_tasks_run_on_asyncios_loop():
    async def inner():
        await libasync.sleep(0.001)
        await asyncio.sleep(0)
        return libasync.current_task()

    async def main():
        task = libasync.Task(inner(), name="guest")
        assert await task is task
        slow = libasync.Task(libasync.sleep(60))
        await libasync.sleep(0)
        slow.cancel("enough")
        with pytest.raises(asyncio.CancelledError):
            await slow
        future = libasync.Future()
        asyncio.get_running_loop().call_soon(future.set_result, 7)
        return await future

    assert asyncio.run(main()) == 7
