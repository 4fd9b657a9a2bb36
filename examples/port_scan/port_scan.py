"""Tries a range of ports of this machine, a hundred at a time, and prints those that are open: port_scan FIRST LAST"""
import sys

import libasync


async def take_ports(ports, found):
    """One port after the other; the tasks share the iterator."""
    for port in ports:
        try:
            reader, writer = await libasync.open_connection("127.0.0.1", port)
        except OSError:
            continue
        found.append(port)
        writer.close()


async def scan(first, last):
    ports, found = iter(range(first, last + 1)), []
    await libasync.gather(*(take_ports(ports, found) for _ in range(100)))
    for port in sorted(found):
        print("port", port, "is open")


libasync.run(scan(*map(int, sys.argv[1:3] or (1, 1024))))
