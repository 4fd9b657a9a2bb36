"""Each dish may take so long and no longer; one that takes too long is given up, and the cook goes on."""
import libasync


async def cook(name, seconds):
    try:
        async with libasync.timeout(0.8):
            await libasync.sleep(0.1)
            print(f"{name}: in the oven")
            await libasync.sleep(seconds)
        print(f"{name}: ready")
    except libasync.TimeoutError:
        print(f"{name}: takes too long")


async def dine():
    await cook("pie", 0.1)
    await cook("roast", 60.0)
    print("dinner is over")


libasync.run(dine())
