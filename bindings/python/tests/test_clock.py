import time

import pytest

import libasync


def test_a_manual_clock_stands_still_until_it_is_moved():
    loop = libasync.new_event_loop(clock="manual")
    awake = []

    async def nap():
        for _ in range(2):
            await libasync.sleep(60)
            awake.append(loop.time())

    napping = loop.create_task(nap())
    loop.advance(59)
    assert loop.time() == 59 and awake == []
    loop.advance(2)
    assert loop.time() == 61 and awake == [60]
    loop.advance(60)
    assert napping.done() and awake == [60, 120]
    loop.close()


def test_a_jumping_clock_skips_what_nobody_would_notice():
    async def main():
        await libasync.gather(libasync.sleep(3600), libasync.sleep(60))
        return libasync.get_running_loop().time()

    start = time.monotonic()
    assert libasync.run(main(), loop_factory=lambda: libasync.new_event_loop(clock="jumping")) == 3600
    assert time.monotonic() - start < 10


def test_timeouts_go_by_the_test_clock():
    async def main():
        with pytest.raises(libasync.TimeoutError):
            await libasync.wait_for(libasync.sleep(3600), 60)
        with pytest.raises(libasync.TimeoutError):
            async with libasync.timeout(60):
                await libasync.sleep(3600)
        return libasync.get_running_loop().time()

    assert libasync.run(main(), loop_factory=lambda: libasync.new_event_loop(clock="jumping")) == 120


def test_inside_a_run_the_clock_only_moves():
    loop = libasync.new_event_loop(clock="manual")

    async def main():
        napping = libasync.create_task(libasync.sleep(60))
        await libasync.sleep(0)
        loop.advance(60)
        assert not napping.done()
        await napping
        return loop.time()

    assert loop.run_until_complete(main()) == 60
    loop.close()


def test_what_ends_the_program_is_raised_by_the_move():
    loop = libasync.new_event_loop(clock="manual")

    def leave():
        raise SystemExit(3)

    loop.call_later(1, leave)
    with pytest.raises(SystemExit):
        loop.advance(2)
    loop.close()


def test_clocks_that_cannot_be():
    loop = libasync.new_event_loop()
    with pytest.raises(ValueError, match="'cuckoo'"):
        loop.set_clock("cuckoo")
    with pytest.raises(libasync.InvalidStateError):
        loop.advance(1)
    loop.call_later(1, print)
    with pytest.raises(libasync.InvalidStateError):
        loop.set_clock("manual")
    loop.close()
    with pytest.raises(RuntimeError, match="closed"):
        loop.advance(1)
