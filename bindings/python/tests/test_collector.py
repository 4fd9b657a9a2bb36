"""Whatever a program can tie into a cycle, the collector can take apart."""

import gc
import weakref

import libasync


class Thing:
    pass


def collected(reference):
    gc.collect()
    return reference() is None


async def test_a_task_in_its_own_result():
    async def knot():
        thing = Thing()
        thing.task, thing.itself = libasync.current_task(), thing
        return thing

    task = libasync.create_task(knot())
    thing = weakref.ref(await task)
    reference = weakref.ref(task)
    del task
    assert collected(reference) and collected(thing)


async def test_a_future_in_its_own_callback():
    future = libasync.Future()
    future.add_done_callback(lambda done, future=future: None)
    reference = weakref.ref(future)
    del future
    assert collected(reference)


async def test_a_future_in_its_own_result():
    future = libasync.Future()
    future.set_result([future])
    libasync.handle(future)
    reference = weakref.ref(future)
    del future
    assert collected(reference)


async def test_a_future_that_its_exception_holds():
    future = libasync.Future()
    error = ValueError()
    error.future = future
    future.set_exception(error)
    future.exception()
    reference = weakref.ref(future)
    del future, error
    assert collected(reference)


async def test_a_task_whose_traceback_holds_it():
    async def fails():
        me = libasync.current_task()
        raise ValueError(me)

    task = libasync.create_task(fails())
    await libasync.wait([task])
    task.exception()
    reference = weakref.ref(task)
    del task
    await libasync.sleep(0)
    assert collected(reference)


async def test_a_handle_in_its_own_callback():
    thing = Thing()
    thing.handle = libasync.get_running_loop().call_later(60, lambda thing=thing: None)
    thing.handle.cancel()
    reference = weakref.ref(thing)
    del thing
    assert collected(reference)


async def test_a_gather_of_its_own_children():
    thing = Thing()
    thing.gathered = libasync.gather(libasync.sleep(0, thing), libasync.sleep(0, thing))
    await thing.gathered
    await libasync.sleep(0)    # until its next await the C task lends what it awaited last
    reference = weakref.ref(thing)
    del thing
    assert collected(reference)


async def test_an_unfinished_task_lives_without_being_held():
    seen = []

    async def note():
        await libasync.sleep(0.01)
        seen.append("done")

    libasync.create_task(note())
    gc.collect()
    await libasync.sleep(0.03)
    assert seen == ["done"]


def test_a_loop_goes_with_what_hung_on_it():
    loop = libasync.new_event_loop()
    thing = Thing()
    loop.call_soon(lambda thing=thing: None)
    reference, loop_reference = weakref.ref(thing), weakref.ref(loop)
    loop.close()
    del thing, loop
    assert collected(reference) and collected(loop_reference)


def test_closing_reports_the_tasks_that_were_pending():
    heard = []

    async def main():
        libasync.create_task(libasync.sleep(60), name="late")

    loop = libasync.new_event_loop()
    loop.set_exception_handler(lambda loop, context: heard.append(context))
    loop.run_until_complete(main())
    loop.close()
    assert [context["message"] for context in heard] == ["Task was destroyed but it is pending!"]
    assert heard[0]["task"].get_name() == "late"
