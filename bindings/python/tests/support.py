"""What the tests of streams and sockets share."""

import socket
import struct

import libasync


pair = libasync.stream_pair


def tcp_pair():
    """A stream, and the plain socket at its other end."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        peer = socket.create_connection(listener.getsockname())
        ours, _ = listener.accept()
    return libasync.wrap_stream(ours.detach()), peer


def reset(peer):
    """Close so that the other end is told of a reset."""
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.close()


async def started(call):
    """A task that has made its first try."""
    task = libasync.create_task(call)
    await libasync.sleep(0)
    return task


async def send_all(writer, data):
    for start in range(0, len(data), 50000):
        writer.write(data[start:start + 50000])
        await writer.drain()
    writer.close()
    await writer.wait_closed()


def close(*writers):
    for writer in writers:
        writer.close()
