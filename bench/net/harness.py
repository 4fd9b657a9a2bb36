"""Servers and the load generator, each in a process of its own on a core of its own, and what is measured of them."""

import contextlib
import os
import resource
import signal
import subprocess
import time

ROUNDS = 15  # Many and short: what disturbs them then falls on all contenders alike.
SPAN_SECONDS = 0.05
LEAST_ECHOES = 200
TRACED_ECHOES = 4000
ENOUGH_DESCRIPTORS = 16_384


class Contender:
    """A server that can be started; one that is not installed here is not there."""

    def __init__(self, name, *command, there=True):
        self.name, self.command, self.there = name, [str(word) for word in command], there


class Child:
    """A process with a core of its own, which tells lines."""

    def __init__(self, core, command):
        def prepare():
            os.sched_setaffinity(0, {core})
            _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, ENOUGH_DESCRIPTORS), hard))

        self.process = subprocess.Popen(command, text=True, bufsize=1, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        preexec_fn=prepare)
        self.pid, self.name = self.process.pid, ' '.join(command)

    def line(self):
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f'{self.name}: ended with {self.process.wait()}')
        return line.strip()

    def ask(self, *words):
        self.process.stdin.write(' '.join(map(str, words)) + '\n')
        return self.line()

    def resident_bytes(self):
        with open(f'/proc/{self.pid}/statm') as file:
            return int(file.read().split()[1]) * resource.getpagesize()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.communicate()


class Bench:
    """Asks servers, and answers with what that cost them."""

    def __init__(self, generator):
        cores = sorted(os.sched_getaffinity(0))
        if len(cores) < 2:
            raise SystemExit('the network is measured on two cores')
        self.core, self.server_core = cores[:2]
        self.generator = Child(self.core, [str(generator)])

    @contextlib.contextmanager
    def started(self, contender):
        with Child(self.server_core, contender.command) as server:
            server.port = server.line()
            yield server

    @contextlib.contextmanager
    def loaded(self, server, kind, connections, size):
        """The number of a load, on each connection of which the server has answered."""
        load = self.generator.ask(kind, server.port, connections, size)
        yield load
        self.generator.ask('close', load)

    def _cost(self, server, load, echoes):
        return int(self.generator.ask('run', load, echoes, server.pid)) / echoes

    def _echoes(self, server, load, connections):
        """As many as take the span; finding out is the warm-up."""
        few = max(LEAST_ECHOES, 3 * connections)
        started = time.monotonic()
        self._cost(server, load, few)
        return max(few, int(few * SPAN_SECONDS / (time.monotonic() - started)))

    def costs(self, contenders, kind, connections, size):
        """The processor's nanoseconds for an echo in each round, by name; all servers are up and are asked in turn."""
        with contextlib.ExitStack() as stack:
            asked = {}
            for contender in contenders:
                server = stack.enter_context(self.started(contender))
                load = stack.enter_context(self.loaded(server, kind, connections, size))
                asked[contender.name] = server, load, self._echoes(server, load, connections)
            rounds = [[self._cost(*each) for each in asked.values()] for _ in range(ROUNDS)]
        return dict(zip(asked, zip(*rounds)))

    def calls(self, contender, connections, size):
        """System calls an echo, by name, as strace counts them: slow, but a server that is never idle is the same."""
        with self.started(contender) as server, self.loaded(server, 'tcp', connections, size) as load:
            tracer = subprocess.Popen(['strace', '-f', '-c', '-U', 'name,calls', '-p', str(server.pid)], text=True,
                                      stderr=subprocess.PIPE)
            tracer.stderr.readline()  # It tells that it is attached.
            self._cost(server, load, TRACED_ECHOES)
            tracer.send_signal(signal.SIGINT)
            lines = [line.split() for line in tracer.communicate()[1].splitlines()]
        return {line[0]: int(line[1]) / TRACED_ECHOES for line in lines if len(line) == 2 and line[1].isdigit()}

    def grown(self, contender, connections, size, read_bytes):
        """Bytes of memory a connection that has had one answer and is idle."""
        with self.started(contender) as server, self.loaded(server, 'tcp', 1, size):
            before = read_bytes(server)
            with self.loaded(server, 'tcp', connections, size):
                return (read_bytes(server) - before) / connections
