import pytest

import libasync
from libasync import capi


async def test_values_go_there_and_back():
    loop = libasync.get_running_loop()
    promise = capi.async_future_new(loop)
    items = [capi.async_int(3), capi.async_text_sized("grüß\0dich"), capi.async_double(1.5),
             capi.async_bytes(b"a\0b"), capi.async_bool(True), capi.async_none()]
    assert capi.async_future_resolve(promise, capi.async_list(items)) == 0
    assert await promise == [3, "grüß\0dich", 1.5, b"a\0b", True, None]
    assert capi.async_value_text(items[1]) == "grüß\0dich"
    assert capi.async_value_text(items[3]) == b"a\0b"


async def test_proxies_of_one_handle_are_equal():
    promise = capi.async_future_new(libasync.get_running_loop())
    assert capi.async_future_loop(promise) == capi.async_future_loop(promise)
    assert len({capi.async_future_loop(promise), capi.async_future_loop(promise)}) == 1


async def test_a_coroutine_in_steps():
    def first(task):
        return capi.async_await(task, capi.async_sleep(capi.async_task_loop(task), 0.001), second)

    def second(task):
        return capi.async_return(task, capi.async_text("done"))

    assert await capi.async_create_task(libasync.get_running_loop(), first) == "done"


async def test_a_step_that_returns_garbage_fails_its_task():
    with pytest.raises(ValueError):
        await capi.async_create_task(libasync.get_running_loop(), lambda task: 42)


async def test_callbacks():
    loop, seen = libasync.get_running_loop(), []
    assert capi.async_loop_call_soon(loop, lambda: seen.append("soon")) == 0
    error, timer = capi.async_loop_call_later(loop, 0.001, lambda: seen.append("later"))
    assert error == 0 and capi.async_timer_when(timer) > 0
    promise = capi.async_future_new(loop)
    capi.async_future_on_done(promise, lambda done: seen.append(done == promise))
    capi.async_future_resolve(promise, capi.async_none())
    await libasync.sleep(0.01)
    assert seen == ["soon", True, "later"]


async def test_a_server_calls_back_for_each_connection():
    loop = libasync.get_running_loop()

    def connected(stream):
        capi.async_stream_write(stream, b"hello")
        capi.async_stream_close(stream)
        return None if served else served.append(1) or capi.async_future_new(loop)

    served = []
    server = capi.async_value_server(await capi.async_start_server(loop, "127.0.0.1", 0, connected, None))
    address = capi.async_value_item(capi.async_server_addresses(server), 0)
    for _ in range(2):
        stream = capi.async_value_stream(await capi.async_open_connection_to(loop, address, None))
        assert await capi.async_stream_read_all(stream) == b"hello"
        capi.async_stream_close(stream)
    assert capi.async_server_connections(server) == 1
    assert await capi.async_server_stop(server, 0) == 1


async def test_failures_are_exceptions():
    loop = libasync.get_running_loop()
    for code, kind in ((capi.ASYNC_EINVAL, ValueError), (capi.ASYNC_ETIMEDOUT, libasync.TimeoutError),
                       (capi.ASYNC_ENOMEM, MemoryError), (capi.ASYNC_ESTATE, libasync.InvalidStateError),
                       (capi.ASYNC_ENONAME, OSError), (capi.ASYNC_EDEADLOCK, libasync.Error)):
        promise = capi.async_future_new(loop)
        capi.async_future_fail(promise, code, "why")
        with pytest.raises(kind, match="why"):
            await promise
    promise = capi.async_future_new(loop)
    capi.async_future_fail_with(promise, capi.async_error_os(2, "no file"))
    with pytest.raises(FileNotFoundError):
        await promise


async def test_a_list_of_native_futures_is_taken():
    loop = libasync.get_running_loop()
    tasks = [libasync.create_task(libasync.sleep(0, number)) for number in range(3)]
    assert await capi.async_gather(loop, tasks, 0) == [0, 1, 2]
    assert len(capi.async_all_tasks(loop)) == 1


async def test_bad_handles():
    with pytest.raises(TypeError):
        capi.async_sleep(42, 1)
    with pytest.raises(ValueError):
        await capi.async_sleep(libasync.get_running_loop(), -1)
    with pytest.raises(TypeError):
        capi.async_loop_call_soon(libasync.get_running_loop(), 42)
