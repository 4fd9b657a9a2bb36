"""Sends each line of its input to an echo server, and prints what comes back: echo_client [PORT]"""
import sys

import libasync


async def converse(port):
    reader, writer = await libasync.open_connection("127.0.0.1", port)
    async for line in libasync.stdin():
        writer.write(line)
        answer = await reader.readline()
        print("the server says", answer.decode(), end="")
    writer.close()


libasync.run(converse(int(sys.argv[1]) if len(sys.argv) > 1 else 8888))
