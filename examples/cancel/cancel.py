"""A task that would wait for an hour is cancelled: it hears of that where it waits, tidies up and passes it on."""
import libasync


async def keep_watch():
    print("the watchman keeps watch")
    try:
        await libasync.sleep(3600.0)
    except libasync.CancelledError:
        print("the watchman locks the door")
        raise
    print("the watchman has seen nothing")


async def go_home():
    watchman = libasync.create_task(keep_watch())
    await libasync.sleep(1.0)
    watchman.cancel()
    print("we are told to go home")
    try:
        await watchman
    except libasync.CancelledError:
        print("everybody has gone home")


libasync.run(go_home())
