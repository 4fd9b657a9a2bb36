"""Three named tasks start together, work at the same time and finish together; the program waits for all of them."""
import libasync


async def work():
    name = libasync.current_task().get_name()

    print(f"{name} starts")
    await libasync.sleep(1.0)
    print(f"{name} finishes")


async def work_together():
    tasks = [libasync.create_task(work(), name=name) for name in ("one", "two", "three")]
    await libasync.wait(tasks)
    print("all done")


libasync.run(work_together())
