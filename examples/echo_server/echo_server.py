"""Sends back whatever it is sent, on any number of connections at once: echo_server [PORT]"""
import sys

import libasync


async def echo(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


async def serve(port):
    server = await libasync.start_server(echo, "127.0.0.1", port)
    print("serving on {}:{}".format(*server.sockets[0].getsockname()), flush=True)
    await server.serve_forever()


libasync.run(serve(int(sys.argv[1]) if len(sys.argv) > 1 else 8888))
