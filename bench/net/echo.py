"""Echo servers in Python: echo.py LOOP FACE, of libasync, asyncio or uvloop, and of protocol or streams."""

import asyncio
import importlib
import sys

BACKLOG = 1024
LARGEST_READ = 65536


class Echo(asyncio.Protocol):
    def connection_made(self, transport):
        self.write = transport.write

    def data_received(self, data):
        self.write(data)


async def answer(reader, writer):
    while data := await reader.read(LARGEST_READ):
        writer.write(data)
        await writer.drain()
    writer.close()


async def serve(library, face):
    if face == 'protocol':
        server = await asyncio.get_running_loop().create_server(Echo, '127.0.0.1', 0, backlog=BACKLOG)
    else:
        server = await library.start_server(answer, '127.0.0.1', 0, backlog=BACKLOG)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def main(loop, face):
    library = importlib.import_module('libasync') if loop == 'libasync' else asyncio
    if loop == 'uvloop':
        importlib.import_module('uvloop').install()
    library.run(serve(library, face))


if __name__ == '__main__':
    main(*sys.argv[1:])
