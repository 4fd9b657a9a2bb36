"""Looks host names up, all at once, and prints a line for each, in the order given: resolve NAME... or resolve <FILE"""
import socket
import sys

import libasync


async def ask_for_all(names):
    loop = libasync.get_running_loop()

    answers = [loop.getaddrinfo(name, None, type=socket.SOCK_STREAM) for name in names]
    print_answers(names, await libasync.gather(*answers, return_exceptions=True))


def print_answers(names, answers):
    for name, answer in zip(names, answers):
        if isinstance(answer, Exception):
            print(f"{name}: {answer.args[-1]}")
        else:
            print(f"{name}:", *(address[0] for *_, address in answer))


libasync.run(ask_for_all(sys.argv[1:] or sys.stdin.read().split()))
