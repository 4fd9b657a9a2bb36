"""The bench of the network: prints rows, as ../README.md has them, of servers that echo.

    measure.py PROGRAMS c|python|lua [INTERPRETER]

PROGRAMS is the folder of the C programs; the interpreter is what ours and its peers run on.
"""

import pathlib
import shutil
import subprocess
import sys
import tempfile
from statistics import median

from harness import Bench, Child, Contender

HERE = pathlib.Path(__file__).resolve().parent
CONNECTIONS = (1, 50, 1000)
SIZES = {64: '64 B', 1024: '1 KiB', 65536: '64 KiB'}
DATAGRAMS_IN_FLIGHT = 64
IDLE_CONNECTIONS = 10_000
FLOOR = 'raw epoll'


def can(*command):
    """Whether a command is there and succeeds."""
    return shutil.which(command[0]) and subprocess.run(command, capture_output=True).returncode == 0


class Group:
    """Ours, its peers, and what is promised of ours beside a peer."""

    def __init__(self, language, contenders, target):
        self.language, self.contenders, self.target = language, contenders, target

    def there(self):
        return [contender for contender in self.contenders if contender.there]

    def print_rows(self, what, unit, figures, target):
        ours, *peers = self.contenders
        for peer in peers:
            theirs = f'{figures[peer.name]:.3f}' if peer.there else '-'
            print(f'{what}\t{figures[ours.name]:.3f}\t{unit}\t{peer.name}\t{theirs}\t{target(peer.name)}', flush=True)
            if is_below_floor(target(peer.name), figures.get(peer.name), figures.get(FLOOR)):
                print(f'# {what}: {FLOOR} itself misses {target(peer.name)} beside {peer.name}')


def is_below_floor(target, theirs, floor):
    return target.startswith('>=') and theirs and floor and theirs / float(target[2:-1]) < floor


def settle(rounds):
    """A figure each from those of all rounds, the first contender's being their median. The machine's speed drifts, but
    less within a round than between two: so the others' follow from the median of their ratios to the first."""
    first = next(iter(rounds.values()))
    return {name: median(first) * median(figure / its for figure, its in zip(figures, first))
            for name, figures in rounds.items()}


def c_group(programs):
    def target(peer, connections, size):
        if peer == FLOOR:
            return '<=1.053x' if connections > 1 or size == 65536 else '-'
        return '<=1x' if peer == 'libuv' else '-'

    return Group('C', [Contender('libasync', programs / 'async_echo'), Contender(FLOOR, programs / 'raw_echo'),
                       Contender('libuv', programs / 'uv_echo')], target)


def python_group(programs, python):
    def target(peer, connections, size):
        if peer == 'uvloop streams':
            return '>=2x'
        if peer != 'uvloop protocol' or connections == 1:
            return '-'
        return '>=2x' if size == 65536 else '>=1.3x' if connections == 1000 else '>=1x' if size == 64 else '-'

    uvloop = can(python, '-c', 'import uvloop')
    faces = [('libasync', 'streams'), ('uvloop', 'protocol'), ('uvloop', 'streams'), ('asyncio', 'protocol'),
             ('asyncio', 'streams')]
    return Group('Python', [*(Contender(f'{loop} {face}', python, HERE / 'echo.py', loop, face,
                                        there=uvloop or loop != 'uvloop') for loop, face in faces),
                            Contender(FLOOR, programs / 'raw_echo')], target)


def lua_group(programs, lua):
    return Group('Lua', [Contender('libasync', lua, HERE / 'echo.lua'),
                         Contender('luv', lua, HERE / 'luv.lua', there=can(lua, '-e', 'require "luv"')),
                         Contender(FLOOR, programs / 'raw_echo')],
                 lambda peer, connections, size: '>=1.2x' if peer == 'luv' else '-')


def udp_group(programs):
    return Group('UDP', [Contender('libasync', programs / 'async_udp'), Contender('libuv', programs / 'uv_udp'),
                         Contender('libuv, UV_UDP_RECVMMSG', programs / 'uv_udp', 'recvmmsg'),
                         Contender('raw recvmmsg', programs / 'raw_udp')],
                 lambda peer: '>=1.5x' if peer == 'libuv' else '-')


def echoes(bench, group):
    for connections in CONNECTIONS:
        for size, said in SIZES.items():
            what = f'{group.language} echo, {connections} connection{"s" * (connections > 1)}, {said}'
            group.print_rows(what, 'ns', settle(bench.costs(group.there(), 'tcp', connections, size)),
                             lambda peer: group.target(peer, connections, size))


def datagrams(bench, group):
    for size in (64, 1024):
        group.print_rows(f'UDP echo, {DATAGRAMS_IN_FLIGHT} in flight, {SIZES[size]}', 'ns',
                         settle(bench.costs(group.there(), 'udp', DATAGRAMS_IN_FLIGHT, size)), group.target)


def calls(bench, group):
    if not shutil.which('strace'):
        print('# strace is not installed: system calls are not counted')
        return
    for connections in CONNECTIONS[1:]:
        counted = {contender.name: bench.calls(contender, connections, min(SIZES)) for contender in group.there()}
        for name, target in ('total', '<=2.1'), ('epoll_ctl', '<=0.01'):
            what = f'C echo, {connections} connections, ' + ('system calls' if name == 'total' else name)
            group.print_rows(what, 'calls', {who: calls.get(name, 0) for who, calls in counted.items()},
                             lambda peer: target)


def idle(bench, group):
    group.print_rows(f'{group.language}, an idle connection, memory of the process', 'B',
                     {contender.name: bench.grown(contender, IDLE_CONNECTIONS, min(SIZES), Child.resident_bytes)
                      for contender in group.there()}, lambda peer: '-')


def idle_counted(bench, programs):
    """What the library asks its allocator for; the server keeps the sum in a file."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(bytes(8))
        file.flush()
        counting = Contender('libasync', programs / 'async_echo', file.name)
        bytes_each = bench.grown(counting, IDLE_CONNECTIONS, min(SIZES), lambda _: count_in(file.name))
    print(f'C, an idle connection, memory of the library\t{bytes_each:.1f}\tB\t-\t-\t<=400', flush=True)


def count_in(path):
    return int.from_bytes(pathlib.Path(path).read_bytes(), sys.byteorder)


def main(programs, language, interpreter=None):
    programs = pathlib.Path(programs)
    bench = Bench(programs / 'bench_load')
    group = {'c': lambda: c_group(programs), 'python': lambda: python_group(programs, interpreter),
             'lua': lambda: lua_group(programs, interpreter)}[language]()
    echoes(bench, group)
    idle(bench, group)
    if language == 'c':
        calls(bench, group)
        datagrams(bench, udp_group(programs))
        idle_counted(bench, programs)


if __name__ == '__main__':
    main(*sys.argv[1:])
