"""Counts the lines that each client sends, and answers when it has ended its half: line_count_server [PORT]"""
import sys

import libasync


async def count(reader, writer):
    lines = size = 0
    async for line in reader:
        lines += 1
        size += len(line)
    writer.write(b"%d lines, %d bytes\n" % (lines, size))
    writer.close()


async def serve(port):
    server = await libasync.start_server(count, "127.0.0.1", port)
    print("serving on {}:{}".format(*server.sockets[0].getsockname()), flush=True)
    await server.serve_forever()


libasync.run(serve(int(sys.argv[1]) if len(sys.argv) > 1 else 8888))
