"""Three work in a group, which ends when all of them have: one breaks down, and so the others need not go on."""
import libasync


async def work(name, seconds, breaks_down):
    try:
        await libasync.sleep(seconds)
    except libasync.CancelledError:
        print(f"{name} stops")
        raise
    if breaks_down:
        raise ValueError(f"{name} breaks down")
    print(f"{name} is done")


async def work_together():
    try:
        async with libasync.TaskGroup() as group:
            group.create_task(work("Ada", 0.5, False))
            group.create_task(work("Bob", 1.0, True))
            group.create_task(work("Cyd", 60.0, False))
            print("all are at work")
    except libasync.ExceptionGroup as error:
        for failure in error.exceptions:
            print(f"failed: {failure}")


libasync.run(work_together())
