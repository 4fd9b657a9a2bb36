"""Two tasks sleep at the same time, so that both together take no longer than the longer one."""
import libasync


async def say_after(delay_seconds, what):
    await libasync.sleep(delay_seconds)
    print(what)


async def say_both():
    loop = libasync.get_running_loop()

    started = loop.time()
    hello = libasync.create_task(say_after(1.0, "hello"))
    world = libasync.create_task(say_after(2.0, "world"))
    await hello
    await world
    print(f"took {loop.time() - started:.0f} seconds")


libasync.run(say_both())
