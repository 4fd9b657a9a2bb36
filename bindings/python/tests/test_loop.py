import os
import socket
import threading
import time

import pytest

import libasync


def run_turns(loop, turns=1):
    for _ in range(turns):
        loop.call_soon(loop.stop)
        loop.run_forever()


def test_call_soon_in_order_with_arguments(loop):
    seen = []
    loop.call_soon(seen.append, 1)
    loop.call_soon(lambda: seen.append(2))
    run_turns(loop)
    assert seen == [1, 2]


def test_a_cancelled_call_does_not_come(loop):
    seen = []
    handle = loop.call_soon(seen.append, 1)
    timer = loop.call_later(0, seen.append, 2)
    handle.cancel()
    timer.cancel()
    assert handle.cancelled() and timer.cancelled()
    loop.call_later(0.01, loop.stop)
    loop.run_forever()
    assert seen == []


def test_timers_come_in_the_order_of_their_times(loop):
    seen = []
    loop.call_later(0.02, seen.append, "late")
    loop.call_at(loop.time() + 0.01, seen.append, "early")
    loop.call_later(-1, seen.append, "past")
    loop.call_later(float("inf"), seen.append, "never")
    loop.call_later(0.03, loop.stop)
    loop.run_forever()
    assert seen == ["past", "early", "late"]


def test_call_soon_threadsafe_wakes_the_loop(loop):
    thread = threading.Timer(0.02, lambda: loop.call_soon_threadsafe(loop.stop))
    thread.start()
    start = time.monotonic()
    loop.run_forever()
    assert time.monotonic() - start < 5
    thread.join()


def test_other_threads_run_while_the_loop_sleeps(loop):
    seen = []
    thread = threading.Thread(target=lambda: (time.sleep(0.01), seen.append("thread")))
    loop.call_soon(thread.start)
    loop.call_later(0.1, loop.stop)
    loop.run_forever()
    assert seen == ["thread"]


def test_loops_in_several_threads():
    answers = []

    async def main(number):
        answers.append(await libasync.gather(*(libasync.sleep(0.001, number) for _ in range(100))))

    threads = [threading.Thread(target=libasync.run, args=(main(number),)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [[number] * 100 for number in range(4)]


async def test_a_call_from_the_wrong_thread():
    errors = []

    def call(loop):
        try:
            loop.call_soon(print)
        except RuntimeError as error:
            errors.append(str(error))

    thread = threading.Thread(target=call, args=(libasync.get_running_loop(),))
    thread.start()
    thread.join()
    assert errors == ["Non-thread-safe operation invoked on an event loop other than the current one"]


def test_descriptors(loop):
    here, there = socket.socketpair()
    seen = []

    def on_readable():
        seen.append(here.recv(10))
        assert loop.remove_reader(here)
        loop.stop()

    loop.add_reader(here, on_readable)
    loop.add_writer(there.fileno(), lambda: (there.send(b"hello"), loop.remove_writer(there)))
    loop.run_forever()
    assert seen == [b"hello"]
    assert not loop.remove_reader(here)
    here.close()
    there.close()


def test_a_file_that_cannot_be_watched(loop, tmp_path):
    with open(tmp_path / "file", "w") as file, pytest.raises(ValueError):
        loop.add_reader(file, print)


def test_run_until_complete_stopped_too_early(loop):
    loop.call_soon(loop.stop)
    future = loop.create_future()
    with pytest.raises(RuntimeError, match="Event loop stopped before Future completed."):
        loop.run_until_complete(future)


def test_a_callbacks_error_goes_to_the_handler_and_the_loop_goes_on(loop):
    heard, seen = [], []
    loop.set_exception_handler(lambda loop, context: heard.append(context))
    loop.call_soon(lambda: 1 / 0)
    loop.call_soon(seen.append, 1)
    run_turns(loop)
    assert seen == [1] and isinstance(heard[0]["exception"], ZeroDivisionError)


def test_the_default_handler_logs(loop, caplog):
    loop.call_soon(lambda: 1 / 0)
    run_turns(loop)
    assert "Exception in callback" in caplog.text and "ZeroDivisionError" in caplog.text


def test_a_handler_that_raises_is_logged(loop, caplog):
    loop.set_exception_handler(lambda loop, context: 1 / 0)
    loop.call_soon(lambda: None.missing)
    run_turns(loop)
    assert "Unhandled error in exception handler" in caplog.text


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_what_ends_the_program_is_raised_outside(loop, kind):
    def raises():
        raise kind()

    loop.call_soon(raises)
    with pytest.raises(kind):
        loop.run_forever()
    run_turns(loop)


def test_close(loop):
    assert not loop.is_closed()
    loop.close()
    loop.close()
    assert loop.is_closed()


def test_task_factory(loop):
    made = []

    def factory(loop, coroutine, **options):
        made.append(coroutine)
        return libasync.Task(coroutine, loop=loop, **options)

    loop.set_task_factory(factory)
    coroutine = libasync.sleep(0, 1)
    assert loop.run_until_complete(coroutine) == 1
    assert made == [coroutine]
    assert loop.get_task_factory() is factory
    with pytest.raises(TypeError):
        loop.set_task_factory(42)


def test_asynchronous_generators_are_closed(loop):
    seen = []

    async def generator():
        try:
            while True:
                yield
        finally:
            await libasync.sleep(0)
            seen.append("closed")

    async def main():
        async for _ in generator():
            break

    loop.run_until_complete(main())
    loop.run_until_complete(loop.shutdown_asyncgens())
    assert seen == ["closed"]


def test_the_loop_of_a_thread():
    loop = libasync.new_event_loop()
    libasync.set_event_loop(loop)
    assert libasync.get_event_loop() is loop
    libasync.set_event_loop(None)
    with pytest.raises(RuntimeError, match="There is no current event loop in thread 'MainThread'"):
        libasync.get_event_loop()
    loop.close()


def test_an_unclosed_loop_is_warned_of():
    before = len(os.listdir("/proc/self/fd")) if os.path.exists("/proc/self/fd") else None
    with pytest.warns(ResourceWarning, match="unclosed event loop"):
        libasync.new_event_loop()
    if before is not None:
        assert len(os.listdir("/proc/self/fd")) == before


async def test_a_function_runs_in_a_thread():
    assert await libasync.to_thread(threading.get_ident) != threading.get_ident()
