"""Tasks in Python: libasync beside asyncio and uvloop, in this interpreter, in turn, with gc as it is set.

Prints rows as README.md has them. Run it with PYTHONPATH on a build's bindings/python.
"""

import asyncio
import gc
import os
import resource
import statistics
import subprocess
import sys
import time

import libasync

try:
    import uvloop
except ImportError:
    uvloop = None

ROUNDS = 5


async def nothing():
    pass


async def one_at_a_time(lib, count=20_000):
    create_task = lib.create_task
    for _ in range(count):
        await create_task(nothing())
    return count


async def burst(lib, count=10_000):
    create_task = lib.create_task
    tasks = [create_task(nothing()) for _ in range(count)]
    for task in tasks:
        await task
    return count


async def turns(lib, turns):
    sleep = lib.sleep
    for _ in range(turns):
        await sleep(0)


async def yields(lib, count=100, each=200):
    tasks = [lib.create_task(turns(lib, each)) for _ in range(count)]
    for task in tasks:
        await task
    return count * each


async def gathered(lib, count=10_000):
    await lib.gather(*[nothing() for _ in range(count)])
    return count


async def future_completed(lib, count=20_000):
    loop = lib.get_running_loop()
    for _ in range(count):
        future = loop.create_future()
        loop.call_soon(future.set_result, None)
        await future
    return count


async def calls_in_turn(lib, count=50_000):
    loop = lib.get_running_loop()
    done = loop.create_future()
    left = count

    def call():
        nonlocal left
        left -= 1
        if left:
            loop.call_soon(call)
        else:
            done.set_result(None)

    loop.call_soon(call)
    await done
    return count


async def calls_in_a_burst(lib, count=100_000):
    loop = lib.get_running_loop()
    done = loop.create_future()
    for _ in range(count):
        loop.call_soon(int)
    loop.call_soon(done.set_result, None)
    await done
    return count


async def waited_for(lib, count=5_000):
    wait_for = lib.wait_for
    for _ in range(count):
        await wait_for(nothing(), 10)
    return count


async def handed_over(lib, count=20_000):
    queue = lib.Queue(1)

    async def put():
        for number in range(count):
            await queue.put(number)

    putting = lib.create_task(put())
    for _ in range(count):
        await queue.get()
    await putting
    return count


async def locked(lib, count=20_000):
    lock = lib.Lock()
    for _ in range(count):
        async with lock:
            pass
    return count


async def lock_contended(lib, count=50, each=100):
    lock = lib.Lock()

    async def use():
        for _ in range(each):
            async with lock:
                await lib.sleep(0)

    await lib.gather(*[use() for _ in range(count)])
    return count * each


async def grouped(lib, count=10_000):
    async with lib.TaskGroup() as group:
        for _ in range(count):
            group.create_task(nothing())
    return count


async def cancelled(lib, count=100_000):
    tasks = [lib.create_task(lib.sleep(3600)) for _ in range(count)]
    await lib.sleep(0)
    start = time.perf_counter()
    for task in tasks:
        task.cancel()
    await lib.wait(tasks)
    return count, time.perf_counter() - start


async def timed(program, lib):
    start = time.perf_counter()
    count = await program(lib)
    # A program may time a part of itself.
    count, seconds = count if isinstance(count, tuple) else (count, time.perf_counter() - start)
    return seconds / count * 1e9


def run(lib, program):
    if lib is libasync:
        return libasync.run(timed(program, libasync))
    if lib is asyncio:
        return asyncio.run(timed(program, asyncio))
    loop = uvloop.new_event_loop()
    try:
        return loop.run_until_complete(timed(program, asyncio))
    finally:
        loop.close()


def print_row(what, ours, unit, peer, theirs, target):
    print(what, f"{ours:.1f}", unit, peer, f"{theirs:.1f}" if theirs else "-", target, sep="\t", flush=True)


def compare(what, program, targets):
    """A round to warm up, then the median of five; the loops take turns in each."""
    libs = [lib for lib in (libasync, asyncio, uvloop) if lib]
    times = {lib: [] for lib in libs}
    for _ in range(1 + ROUNDS):
        for lib in libs:
            gc.collect()
            times[lib].append(run(lib, program))
    medians = {lib: statistics.median(times[lib][1:]) for lib in libs}
    for name, lib, target in zip(("asyncio", "uvloop"), (asyncio, uvloop), targets):
        print_row(what, medians[libasync], "ns", name, medians.get(lib), f">={target}x" if target else "-")


async def sleepers(lib, count):
    tasks = [lib.create_task(lib.sleep(3600)) for _ in range(count // 2)]
    tasks += [lib.create_task(sleeper(lib)) for _ in range(count // 2)]
    await lib.sleep(0)
    await lib.sleep(0)
    os.write(1, f"{resident()}\n".encode())
    os._exit(0)


async def sleeper(lib):
    await lib.sleep(3600)


def resident():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize()


def measure_sleepers(name, count):
    command = [sys.executable, __file__, "--sleepers", name]
    before = subprocess.check_output([*command, "0"])
    after = subprocess.check_output([*command, str(count)])
    return (int(after) - int(before)) / count


def main():
    if sys.argv[1:2] == ["--sleepers"]:
        lib = {"libasync": libasync, "asyncio": asyncio}[sys.argv[2]]
        lib.run(sleepers(lib, int(sys.argv[3])))
    compare("create_task and await, one at a time", one_at_a_time, (10, 5))
    compare("10,000 tasks, then awaited", burst, (5, None))
    compare("sleep(0) among 100 tasks", yields, (6, 4))
    compare("gather of 10,000 coroutines", gathered, (8, None))
    compare("a future completed and awaited", future_completed, (8, 4))
    compare("call_soon, one after the other", calls_in_turn, (8, 4))
    compare("call_soon, a burst of 100,000", calls_in_a_burst, (2, None))
    compare("wait_for of a ready coroutine", waited_for, (5, None))
    compare("Queue between two tasks", handed_over, (5, None))
    compare("a Lock nobody else wants", locked, (4, None))
    compare("a Lock that 50 tasks want", lock_contended, (4, None))
    if hasattr(asyncio, "TaskGroup"):
        compare("TaskGroup of 10,000", grouped, (6, None))
    compare("100,000 sleepers cancelled", cancelled, (4, None))
    ours, theirs = (measure_sleepers(name, 50_000) for name in ("libasync", "asyncio"))
    print_row("a sleeping task", ours, "B", "asyncio", theirs, ">=2x")


if __name__ == "__main__":
    main()
