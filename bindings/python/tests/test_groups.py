import asyncio
import gc
import weakref

import pytest

import libasync


async def fails():
    raise ValueError("no")


async def test_a_scope_ends_when_every_task_has():
    done = []

    async def work(name):
        await libasync.sleep(0.01)
        done.append(name)

    async with libasync.TaskGroup() as group:
        for name in "abc":
            group.create_task(work(name), name=name)
    assert done == ["a", "b", "c"]


async def test_the_first_failure_cancels_the_others():
    with pytest.raises(libasync.ExceptionGroup) as raised:
        async with libasync.TaskGroup() as group:
            patient = group.create_task(libasync.sleep(60))
            group.create_task(fails())
    assert patient.cancelled()
    assert [type(error) for error in raised.value.exceptions] == [ValueError]
    assert libasync.current_task().cancelling() == 0


async def test_a_group_is_cancelled_as_a_whole():
    async with libasync.TaskGroup() as group:
        tasks = [group.create_task(libasync.sleep(60)) for _ in range(3)]
        await libasync.sleep(0)
        group.cancel()
        await libasync.sleep(60)
        pytest.fail("the scope goes on")
    assert all(task.cancelled() for task in tasks)
    assert libasync.current_task().cancelling() == 0


async def test_a_task_of_the_group_cancels_it():
    async with libasync.TaskGroup() as group:
        group.create_task(libasync.sleep(60))

        async def stop():
            group.cancel()

        group.create_task(stop())
    group.cancel()


async def test_a_group_cancelled_before_its_scope_begins():
    group = libasync.TaskGroup()
    group.cancel()
    async with group:
        await libasync.sleep(60)
        pytest.fail("the scope goes on")


async def test_a_cancel_of_the_group_hides_no_failure():
    async def stumble():
        try:
            await libasync.sleep(60)
        finally:
            raise ValueError

    with pytest.raises(libasync.ExceptionGroup):
        async with libasync.TaskGroup() as group:
            group.create_task(stumble())
            await libasync.sleep(0)
            group.cancel()


async def test_a_cancel_of_the_group_hides_no_cancel_of_its_parent():
    async def work():
        async with libasync.TaskGroup() as group:
            loop.call_soon(group.cancel)
            loop.call_soon(task.cancel)
            await libasync.sleep(60)

    loop = libasync.get_running_loop()
    task = libasync.create_task(work())
    with pytest.raises(libasync.CancelledError):
        await task


async def test_tasks_that_are_not_ours_in_a_group_of_ours():
    loop = libasync.get_running_loop()
    loop.set_task_factory(lambda loop, coro, **options: asyncio.Task(coro, loop=loop, **options))
    with pytest.raises(libasync.ExceptionGroup):
        async with libasync.TaskGroup() as group:
            patient = group.create_task(libasync.sleep(60))
            assert type(patient) is asyncio.Task
            await libasync.sleep(0)
            group.create_task(fails())
    assert patient.cancelled()
    loop.set_task_factory(None)


async def test_eager_tasks_in_a_group():
    async def value():
        return 7

    loop = libasync.get_running_loop()
    loop.set_task_factory(libasync.eager_task_factory)
    async with libasync.TaskGroup() as group:
        task = group.create_task(value())
        assert task.done() and not group._tasks
    assert task.result() == 7
    loop.set_task_factory(None)


async def test_a_group_that_is_over_is_not_kept():
    group = libasync.TaskGroup()
    async with group:
        group.create_task(libasync.sleep(0))
    gone = weakref.ref(group)
    del group
    gc.collect()
    assert gone() is None
