"""The bench of the network: prints rows, as ../README.md has them, of servers that echo.

    measure.py PROGRAMS c|python|lua [INTERPRETER]

PROGRAMS is the folder of the C programs; the interpreter is what ours and its peers run on.
"""

import pathlib
import shutil
import subprocess
import sys

from harness import Bench, Contender

HERE = pathlib.Path(__file__).resolve().parent
CONNECTIONS = (1, 50, 1000)
SIZES = {64: '64 B', 1024: '1 KiB', 65536: '64 KiB'}
DATAGRAMS_IN_FLIGHT = 64
IDLE_CONNECTIONS = 10_000
FLOOR = 'raw epoll'


def can(*command):
    """Whether a command is there and succeeds."""
    return shutil.which(command[0]) and subprocess.run(command, capture_output=True).returncode == 0


def c_contenders(programs):
    return [Contender(FLOOR, programs / 'raw_echo'), Contender('libuv', programs / 'uv_echo')]


def c_target(peer, connections, size):
    if peer == FLOOR:
        return '<=1.053x' if connections > 1 or size == 65536 else '-'
    return '<=1x'


def python_contenders(programs, python):
    uvloop = can(python, '-c', 'import uvloop')
    return [Contender(FLOOR, programs / 'raw_echo')] + [
        Contender(f'{loop} {face}', python, HERE / 'echo.py', loop, face, there=uvloop or loop == 'asyncio')
        for loop in ('uvloop', 'asyncio') for face in ('protocol', 'streams')]


def python_target(peer, connections, size):
    if peer == 'uvloop streams':
        return '>=2x'
    if peer != 'uvloop protocol' or connections == 1:
        return '-'
    return '>=2x' if size == 65536 else '>=1.3x' if connections == 1000 else '<=1x' if size == 64 else '-'


def lua_contenders(programs, lua):
    return [Contender(FLOOR, programs / 'raw_echo'),
            Contender('luv', lua, HERE / 'luv.lua', there=can(lua, '-e', 'require "luv"'))]


def lua_target(peer, connections, size):
    return '-' if peer == FLOOR else '>=1.2x'


def udp_contenders(programs):
    return [Contender('raw recvmmsg', programs / 'raw_udp'), Contender('libuv', programs / 'uv_udp'),
            Contender('libuv, UV_UDP_RECVMMSG', programs / 'uv_udp', 'recvmmsg')]


def print_rows(what, unit, contenders, figures):
    """A note, as long as there is no server of ours."""
    known = [f'{contender.name} {figures[contender.name]:,.1f}' for contender in contenders if contender.there]
    print(f'# {what}: {", ".join(known)} {unit}', flush=True)


def echoes(bench, language, contenders):
    there = [contender for contender in contenders if contender.there]
    for connections in CONNECTIONS:
        for size, said in SIZES.items():
            what = f'{language} echo, {connections} connection{"s" * (connections > 1)}, {said}'
            print_rows(what, 'ns', contenders, bench.costs(there, 'tcp', connections, size))


def idle(bench, language, contenders):
    print_rows(f'{language}, idle connection', 'B', contenders,
               {contender.name: bench.grown(contender, IDLE_CONNECTIONS, min(SIZES))
                for contender in contenders if contender.there})


def datagrams(bench, contenders):
    for size in (64, 1024):
        print_rows(f'UDP echo, {DATAGRAMS_IN_FLIGHT} in flight, {SIZES[size]}', 'ns', contenders,
                   bench.costs(contenders, 'udp', DATAGRAMS_IN_FLIGHT, size))


def calls(bench, contenders):
    if not shutil.which('strace'):
        print('# strace is not installed: system calls are not counted')
        return
    for connections in CONNECTIONS[1:]:
        counted = {contender.name: bench.calls(contender, connections, min(SIZES)) for contender in contenders}
        print_rows(f'C echo, {connections} connections, system calls', 'calls', contenders,
                   {name: calls['total'] for name, calls in counted.items()})
        print_rows(f'C echo, {connections} connections, epoll_ctl', 'calls', contenders,
                   {name: calls.get('epoll_ctl', 0) for name, calls in counted.items()})


def main(programs, language, interpreter=None):
    programs = pathlib.Path(programs)
    bench = Bench(programs / 'bench_load')
    if language == 'c':
        contenders = c_contenders(programs)
        echoes(bench, 'C', contenders)
        calls(bench, contenders)
        datagrams(bench, udp_contenders(programs))
    elif language == 'python':
        contenders = python_contenders(programs, interpreter)
        echoes(bench, 'Python', contenders)
    else:
        contenders = lua_contenders(programs, interpreter)
        echoes(bench, 'Lua', contenders)
    idle(bench, language, contenders)


if __name__ == '__main__':
    main(*sys.argv[1:])
