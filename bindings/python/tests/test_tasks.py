import contextvars
import re
import traceback

import pytest

import libasync


async def value(result, delay=0):
    await libasync.sleep(delay)
    return result


async def raises(error):
    raise error


async def test_a_task_gives_its_coroutines_result_as_the_same_object():
    thing = object()
    assert await libasync.create_task(value(thing)) is thing


async def test_a_task_starts_in_the_next_turn():
    seen = []

    async def note():
        seen.append("started")

    libasync.create_task(note())
    assert seen == []
    await libasync.sleep(0)
    assert seen == ["started"]


async def test_tasks_take_turns_in_the_order_created():
    seen = []

    async def note(name):
        for turn in range(2):
            seen.append((name, turn))
            await libasync.sleep(0)

    await libasync.gather(note("a"), note("b"))
    assert seen == [("a", 0), ("b", 0), ("a", 1), ("b", 1)]


async def test_an_exception_is_the_same_object_with_its_traceback():
    error = ValueError("no")

    with pytest.raises(ValueError) as caught:
        await libasync.create_task(raises(error))
    assert caught.value is error
    assert "raises" in [frame.name for frame in traceback.extract_tb(error.__traceback__)]


async def test_an_exception_passes_through_a_c_step_as_the_same_object():
    error = ValueError("no")
    failing = libasync.create_task(raises(error))

    def only_pass_on(task):
        return libasync.capi.async_await(task, failing, never)

    def never(task):
        raise AssertionError

    with pytest.raises(ValueError) as caught:
        await libasync.capi.async_create_task(libasync.get_running_loop(), only_pass_on)
    assert caught.value is error


async def test_cancel_raises_at_the_await_with_its_message():
    async def catch():
        try:
            await libasync.sleep(60)
        except libasync.CancelledError as error:
            return error.args

    task = libasync.create_task(catch())
    await libasync.sleep(0)
    assert task.cancel("enough")
    assert task.cancelling() == 1
    assert await task == ("enough",)
    assert not task.cancelled()
    assert not task.cancel()


async def test_cancel_before_the_first_step_closes_the_coroutine_unrun():
    seen = []

    async def note():
        seen.append("ran")

    task = libasync.create_task(note())
    task.cancel()
    with pytest.raises(libasync.CancelledError):
        await task
    assert task.cancelled() and seen == []


async def test_cancel_reaches_the_innermost_await_and_any_message_survives():
    future = libasync.get_running_loop().create_future()

    async def inner():
        await future

    async def outer():
        await libasync.create_task(inner())

    task = libasync.create_task(outer())
    await libasync.sleep(0)
    await libasync.sleep(0)
    task.cancel(("any", "object"))
    with pytest.raises(libasync.CancelledError) as caught:
        await task
    assert future.cancelled()
    assert caught.value.args == (("any", "object"),)


async def test_a_task_that_cancels_itself_at_its_end_counts_as_cancelled():
    async def last_words():
        libasync.current_task().cancel()
        return 42

    task = libasync.create_task(last_words())
    await libasync.wait([task])
    assert task.cancelled()


async def test_uncancel_takes_a_cancel_back():
    async def swallow():
        try:
            await libasync.sleep(60)
        except libasync.CancelledError:
            return libasync.current_task().uncancel()

    task = libasync.create_task(swallow())
    await libasync.sleep(0)
    task.cancel()
    assert await task == 0


async def test_names():
    plain, named = libasync.create_task(value(1)), libasync.create_task(value(2), name="two")
    assert re.fullmatch(r"Task-\d+", plain.get_name())
    assert named.get_name() == "two"
    plain.set_name(3)
    assert plain.get_name() == "3"
    await libasync.gather(plain, named)


async def test_repr_shows_the_state_the_name_and_the_place():
    task = libasync.create_task(value(5, 0.001), name="five")
    await libasync.sleep(0)
    assert re.match(r"<Task pending name='five' coro=<value\(\) running at .*test_tasks.py:\d+> wait_for=<", repr(task))
    await task
    assert re.match(r"<Task finished name='five' coro=<value\(\) done, defined at .*> result=5", repr(task))


async def test_each_task_has_a_context_of_its_own():
    variable = contextvars.ContextVar("variable", default="outside")

    async def change(to):
        variable.set(to)
        await libasync.sleep(0)
        return variable.get()

    assert await libasync.gather(change("a"), change("b")) == ["a", "b"]
    assert variable.get() == "outside"
    context = contextvars.copy_context()
    await libasync.create_task(change("given"), context=context)
    assert context[variable] == "given"


async def test_current_task_and_all_tasks():
    other = libasync.create_task(libasync.sleep(60))
    assert libasync.all_tasks() == {libasync.current_task(), other}
    other.cancel()
    await libasync.wait([other])
    assert libasync.all_tasks() == {libasync.current_task()}


async def test_all_tasks_shows_those_of_c_too():
    def first(task):
        return libasync.capi.async_await(task, libasync.capi.async_sleep(loop, 60), first)

    loop = libasync.get_running_loop()
    handle = libasync.capi.async_create_task(loop, first)
    foreign = libasync.all_tasks() - {libasync.current_task()}
    assert [task.get_coro() for task in foreign] == [None]
    foreign.pop().cancel()
    with pytest.raises(libasync.CancelledError):
        await handle


async def test_a_failure_that_nobody_reads_is_reported_once_with_its_task_and_its_origin(reports):
    heard = reports()

    libasync.create_task(raises(ValueError("unread")), name="lost")
    await libasync.sleep(0)
    await libasync.sleep(0)
    assert [context["message"] for context in heard] == ["Task exception was never retrieved"]
    assert heard[0]["future"].get_name() == "lost"
    assert re.search(r"test_tasks.py:\d+$", heard[0]["created_at"])


async def test_a_failure_that_was_read_is_not_reported(reports):
    heard = reports()
    task = libasync.create_task(raises(ValueError("read")))
    await libasync.wait([task])
    assert str(task.exception()) == "read"
    del task
    assert heard == []


async def test_get_stack_shows_where_the_task_waits():
    task = libasync.create_task(value(1, 0.001))
    await libasync.sleep(0)
    assert [frame.f_code.co_name for frame in task.get_stack()] == ["value"]
    await task
