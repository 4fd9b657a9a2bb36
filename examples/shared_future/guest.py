"""The Python guest: a coroutine on the host's loop, which awaits the host's future."""
import libasync


async def listen(news):
    print("Python hears:", await news, flush=True)


def start(loop, news):
    loop = libasync.Loop.from_handle(loop)
    return libasync.handle(loop.create_task(listen(libasync.wrap_handle(news))))
