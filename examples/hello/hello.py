"""Prints, sleeps for a second while the loop would run others, and prints again."""
import libasync


async def hello():
    print("hello")
    await libasync.sleep(1.0)
    print("world")


libasync.run(hello())
