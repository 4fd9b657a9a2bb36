"""One bakes and two eat, with a shelf for two loaves between them; when all is eaten, the shelf is shut down."""
import libasync


async def bake(shelf):
    for loaf in range(1, 7):
        await shelf.put(loaf)
        print(f"loaf {loaf} is on the shelf")
    await shelf.join()
    print("all is eaten")
    shelf.shutdown()


async def eat(name, seconds, shelf):
    while True:
        try:
            loaf = await shelf.get()
        except libasync.QueueShutDown:
            break
        print(f"{name} takes loaf {loaf}")
        await libasync.sleep(seconds)
        shelf.task_done()
    print(f"{name} goes home")


async def open_bakery():
    shelf = libasync.Queue(2)
    await libasync.gather(bake(shelf), eat("Ada", 0.25, shelf), eat("Bob", 0.4, shelf))


libasync.run(open_bakery())
