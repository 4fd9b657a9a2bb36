import pytest

import libasync


async def test_so_many_at_a_time():
    limiter, most, now = libasync.CapacityLimiter(2), 0, 0

    async def work():
        nonlocal most, now
        async with limiter:
            now += 1
            most = max(most, now)
            await libasync.sleep(0)
            now -= 1

    await libasync.gather(*(work() for _ in range(10)))
    assert most == 2
    assert (limiter.total_tokens, limiter.borrowed_tokens, limiter.available_tokens) == (2, 0, 2)


async def test_the_number_can_be_changed():
    limiter = libasync.CapacityLimiter(1)
    await limiter.acquire()
    second = libasync.create_task(limiter.acquire())
    await libasync.sleep(0)
    assert limiter.tasks_waiting == 1
    limiter.total_tokens = 2
    await second
    limiter.total_tokens = 1
    assert limiter.available_tokens == -1
    limiter.release()
    assert limiter.available_tokens == 0


async def test_who_is_cancelled_takes_no_token():
    limiter = libasync.CapacityLimiter(1)
    await limiter.acquire()
    first, second = (libasync.create_task(limiter.acquire()) for _ in range(2))
    await libasync.sleep(0)
    limiter.release()
    first.cancel()
    await libasync.wait([first, second])
    assert first.cancelled() and second.done()
    assert limiter.borrowed_tokens == 1


async def test_what_a_limiter_refuses():
    limiter = libasync.CapacityLimiter(1)
    with pytest.raises(RuntimeError, match="released too many times"):
        limiter.release()
    with pytest.raises(ValueError):
        limiter.total_tokens = -1
    with pytest.raises(TypeError):
        libasync.CapacityLimiter("many")
