import collections.abc
import contextlib
import gc
import weakref

import pytest

import libasync


async def waiting(coroutine):
    """A task that has gone as far as its first wait."""
    task = libasync.create_task(coroutine)
    await libasync.sleep(0)
    return task


async def test_acquire_is_a_coroutine_that_starts_when_awaited():
    lock = libasync.Lock()
    acquire = lock.acquire()
    assert isinstance(acquire, collections.abc.Coroutine) and libasync.iscoroutine(acquire)
    assert not lock.locked()
    assert await acquire is True
    assert lock.locked()
    with pytest.raises(RuntimeError, match="cannot reuse already awaited coroutine"):
        await acquire


async def test_a_coroutine_nobody_awaits_is_warned_of():
    with pytest.warns(RuntimeWarning, match="coroutine 'Lock.acquire' was never awaited"):
        libasync.Lock().acquire()


async def test_a_coroutine_that_is_closed_leaves_the_line():
    lock = libasync.Lock()
    await lock.acquire()
    acquire = lock.acquire()
    acquire.send(None)
    assert len(lock._waiters) == 1
    acquire.close()
    assert not lock._waiters


async def test_a_coroutine_that_is_dropped_leaves_the_line():
    event = libasync.Event()
    wait = event.wait()
    wait.send(None)
    del wait
    gc.collect()
    assert not event._waiters


async def test_an_exception_thrown_in_comes_out_again():
    event = libasync.Event()
    wait = event.wait()
    wait.send(None)
    with pytest.raises(KeyError):
        wait.throw(KeyError("no"))
    assert not event._waiters


async def test_a_lock_is_fair():
    lock, order = libasync.Lock(), []

    async def use(name):
        async with lock:
            order.append(name)
            await libasync.sleep(0)

    await libasync.gather(*map(use, "abc"))
    assert order == ["a", "b", "c"]


async def test_who_is_woken_and_cancelled_at_once_passes_the_lock_on():
    lock = libasync.Lock()
    await lock.acquire()
    first, second = await waiting(lock.acquire()), await waiting(lock.acquire())
    lock.release()
    first.cancel()
    with pytest.raises(libasync.CancelledError):
        await first
    assert await second and lock.locked()


async def test_a_scope_ends_also_by_an_exception():
    for place in (libasync.Lock(), libasync.Semaphore(1)):
        with pytest.raises(ValueError):
            async with place:
                assert place.locked()
                raise ValueError
        assert not place.locked()


async def test_a_scope_on_an_exit_stack():
    lock = libasync.Lock()
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(lock)
        assert lock.locked()
    assert not lock.locked()


async def test_a_class_of_ones_own_goes_by_its_own_methods():
    class Counted(libasync.Lock):
        count = 0

        async def acquire(self):
            self.count += 1
            return await super().acquire()

        def release(self):
            self.count += 10
            super().release()

    lock = Counted()
    async with lock as entered:
        assert entered is None and lock.locked()
    assert lock.count == 11 and not lock.locked()


async def test_a_bounded_semaphore_is_not_released_too_often():
    semaphore = libasync.BoundedSemaphore(2)
    async with semaphore:
        pass
    with pytest.raises(ValueError, match="BoundedSemaphore released too many times"):
        semaphore.release()


async def test_a_lock_belongs_to_the_loop_on_which_it_was_waited_for():
    lock = libasync.Lock()
    await lock.acquire()
    task = await waiting(lock.acquire())

    def other():
        with pytest.raises(RuntimeError, match="is bound to a different event loop"):
            libasync.run(lock.acquire())

    await libasync.to_thread(other)
    lock.release()
    await task


async def test_cycles_through_locks_are_collected():
    class Named(libasync.Lock):
        pass

    lock = Named()
    lock.itself = lock
    lock.enter = lock.__aenter__
    gone = weakref.ref(lock)
    del lock
    gc.collect()
    assert gone() is None
