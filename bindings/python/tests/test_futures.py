import pytest

import libasync


async def test_a_future_gives_its_result_to_all_who_wait():
    future = libasync.get_running_loop().create_future()
    waiters = [libasync.ensure_future(wait_for(future)) for _ in range(3)]
    await libasync.sleep(0)
    future.set_result("here")
    assert await libasync.gather(*waiters) == ["here"] * 3


async def wait_for(future):
    return await future


async def test_a_future_that_is_done_does_not_cost_a_turn():
    seen = []
    future = libasync.Future()
    future.set_result(None)
    libasync.get_running_loop().call_soon(seen.append, "turn")
    await future
    assert seen == []


async def test_a_failure_is_raised_each_time():
    future = libasync.Future()
    error = ValueError("no")
    future.set_exception(error)
    for _ in range(2):
        with pytest.raises(ValueError) as caught:
            await future
        assert caught.value is error
    assert future.exception() is error


async def test_cancel():
    future = libasync.Future()
    assert future.cancel("why")
    assert not future.cancel()
    assert future.cancelled() and future.done()
    with pytest.raises(libasync.CancelledError) as caught:
        await future
    assert caught.value.args == ("why",)


async def test_callbacks_run_in_order_and_never_inside_the_call():
    seen = []
    future = libasync.Future()
    future.add_done_callback(lambda done: seen.append((1, done is future)))
    waiter = libasync.create_task(wait_for(future))
    waiter.add_done_callback(lambda done: seen.append(3))
    await libasync.sleep(0)
    future.add_done_callback(lambda done: seen.append(2))
    future.set_result(None)
    assert seen == []
    await libasync.sleep(0)
    assert seen == [(1, True), 2]
    await libasync.sleep(0)
    assert seen == [(1, True), 2, 3]
    future.add_done_callback(lambda done: seen.append(4))
    assert 4 not in seen
    await libasync.sleep(0)
    assert 4 in seen


async def test_callbacks_can_be_taken_back():
    seen = []
    future = libasync.Future()
    for _ in range(2):
        future.add_done_callback(seen.append)
    assert future.remove_done_callback(seen.append) == 2
    assert future.remove_done_callback(seen.append) == 0
    future.set_result(None)
    await libasync.sleep(0)
    assert seen == []


async def test_a_callback_that_raises_is_reported_and_the_others_run(reports):
    heard, seen = reports(), []
    future = libasync.Future()
    future.add_done_callback(lambda done: 1 / 0)
    future.add_done_callback(seen.append)
    future.set_result(None)
    await libasync.sleep(0)
    assert seen == [future]
    assert [type(context["exception"]) for context in heard] == [ZeroDivisionError]


async def test_an_unread_failure_is_reported(reports):
    heard = reports()
    future = libasync.Future()
    future.set_exception(ValueError("unread"))
    del future
    assert [context["message"] for context in heard] == ["Future exception was never retrieved"]


async def test_an_unread_failure_that_c_waited_for_is_reported_too(reports):
    heard = reports()
    future = libasync.Future()
    waiter = libasync.create_task(libasync.wait([future]))
    await libasync.sleep(0)
    future.set_exception(ValueError("unread"))
    await waiter
    assert heard == []
    del future, waiter
    await libasync.sleep(0)
    assert [context["message"] for context in heard] == ["Future exception was never retrieved"]


async def test_a_future_is_no_coroutine_and_a_sleep_is_one():
    future = libasync.Future()
    sleep = libasync.sleep(0)
    assert libasync.isfuture(future) and not libasync.iscoroutine(future)
    assert libasync.iscoroutine(sleep) and not libasync.isfuture(sleep)
    await sleep


async def test_subclasses():
    class Counted(libasync.Future):
        cancels = 0

        def cancel(self, msg=None):
            self.cancels += 1
            return super().cancel(msg)

    future = Counted()
    task = libasync.create_task(wait_for(future))
    await libasync.sleep(0)
    assert task.cancel()
    await libasync.wait([task])
    assert future.cancels == 1 and task.cancelled() and task.cancelling() == 1
