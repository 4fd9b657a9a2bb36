"""A room: the first line that a guest sends is his name, each further one goes to all the others: chat [PORT]"""
import sys

import libasync

guests = set()


def tell_others(speaker, message):
    for guest in guests:
        if guest is not speaker:
            guest.write(message)


async def attend(reader, writer):
    name = (await reader.readline()).rstrip(b"\r\n")
    if name:
        writer.write(b"welcome, %b\n" % name)
        tell_others(writer, b"* %b has come\n" % name)
        guests.add(writer)
        await pass_on(name, reader, writer)
    writer.close()


async def pass_on(name, reader, writer):
    try:
        async for line in reader:
            tell_others(writer, b"%b: %b\n" % (name, line.rstrip(b"\r\n")))
    finally:
        guests.remove(writer)
        tell_others(writer, b"* %b has left\n" % name)


async def serve(port):
    server = await libasync.start_server(attend, "127.0.0.1", port)
    print("serving on {}:{}".format(*server.sockets[0].getsockname()), flush=True)
    await server.serve_forever()


libasync.run(serve(int(sys.argv[1]) if len(sys.argv) > 1 else 8888))
