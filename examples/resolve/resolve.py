"""Looks names up, all at once, and prints a line for each, in the order given: resolve WORD... or resolve <FILE

A word is a name, for its addresses; a type and a name, such as mx:example.org, for its records; or a name server to
ask instead of the system's, such as @127.0.0.1:53.
"""
import socket
import sys

import libasync

TYPES = {"a", "aaaa", "cname", "mx", "ns", "ptr", "srv", "txt"}


async def ask_for_all(words):
    loop = libasync.get_running_loop()
    servers = [word[1:] for word in words if word.startswith("@")]
    words = [word for word in words if not word.startswith("@")]
    if servers:
        loop.set_dns_servers(servers)
    answers = await libasync.gather(*(ask(loop, word) for word in words), return_exceptions=True)
    for word, answer in zip(words, answers):
        print(f"{word}:", *([answer.args[-1]] if isinstance(answer, Exception) else answer))


async def ask(loop, word):
    type, colon, name = word.partition(":")
    if type.lower() in TYPES and colon:
        return [words_of(record) for record in await loop.dns_query(name, type.upper())]
    return [address[0] for *_, address in await loop.getaddrinfo(word, None, type=socket.SOCK_STREAM)]


def words_of(record):
    if record.type == "TXT":
        return " ".join(f'"{string.decode()}"' for string in record.strings)
    fields = ("priority", "weight", "port", "host") if record.type == "SRV" else ("priority", "host")
    return " ".join(str(getattr(record, field)) for field in fields if hasattr(record, field))


libasync.run(ask_for_all(sys.argv[1:] or sys.stdin.read().split()))
