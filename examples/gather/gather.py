"""Two coroutines run at once; whoever is ready first greets first, and the answers come in the order asked."""
import libasync


async def greet(name, delay_seconds, seat):
    await libasync.sleep(delay_seconds)
    print(f"hello {name}")
    return seat


async def host():
    seats = await libasync.gather(greet("Ada", 2.0, 12), greet("Bob", 1.0, 7))
    print(f"seats {seats[0]} and {seats[1]}")


libasync.run(host())
