import time

import pytest

import libasync


def test_run_gives_the_result():
    assert libasync.run(libasync.sleep(0, "result")) == "result"


def test_run_raises_the_failure():
    async def main():
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        libasync.run(main())


def test_run_needs_a_coroutine():
    with pytest.raises(ValueError, match="a coroutine was expected, got 42"):
        libasync.run(42)


def test_run_cancels_what_is_left_and_waits_for_it():
    seen = []

    async def late():
        try:
            await libasync.sleep(60)
        finally:
            await libasync.sleep(0)
            seen.append("cleaned up")

    async def main():
        libasync.create_task(late())
        await libasync.sleep(0)

    libasync.run(main())
    assert seen == ["cleaned up"]


def test_say_after_takes_as_long_as_the_longer():
    async def say_after(delay, what, said):
        await libasync.sleep(delay)
        said.append(what)

    async def main():
        said = []
        first = libasync.create_task(say_after(0.1, "hello", said))
        second = libasync.create_task(say_after(0.2, "world", said))
        await first
        await second
        return said

    start = time.monotonic()
    assert libasync.run(main()) == ["hello", "world"]
    assert 0.19 < time.monotonic() - start < 0.25


def test_runner_runs_several_on_one_loop():
    with libasync.Runner() as runner:
        loops = [runner.run(get_loop()) for _ in range(2)]
        assert loops[0] is loops[1] is runner.get_loop()
    assert loops[0].is_closed()
    with pytest.raises(RuntimeError, match="Runner is closed"):
        runner.get_loop()


async def get_loop():
    return libasync.get_running_loop()


def test_many_short_sleeps_end_in_order():
    async def main():
        seen = []

        async def note(number):
            await libasync.sleep(number / 1000)
            seen.append(number)

        await libasync.gather(*(note(number) for number in (5, 1, 4, 2, 3)))
        return seen

    assert libasync.run(main()) == [1, 2, 3, 4, 5]
