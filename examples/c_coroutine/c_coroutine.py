"""Awaits a coroutine that is written in C, and stands in a shared object of its own."""
import ctypes

import libasync

library = ctypes.CDLL("libgreet.so")
library.greet.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
library.greet.restype = ctypes.c_void_p


def greet(loop, name):
    return libasync.wrap_handle(library.greet(libasync.handle(loop), name.encode()))


async def host():
    loop = libasync.get_running_loop()

    for greeting in await libasync.gather(greet(loop, "Ada"), greet(loop, "Bob")):
        print(greeting)


libasync.run(host())
