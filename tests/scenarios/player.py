"""Plays the scenarios with asyncio's words: player.py asyncio|libasync CASES... prints what happened, in which turn.

README.md tells what the cases mean. The module named plays asyncio: libasync, or, as the oracle, asyncio itself.
"""

import gc
import importlib
import sys

# The words of cases that older versions of asyncio lack.
OPTIONAL = {
    "completed": lambda: sys.version_info >= (3, 13),
    "timeout": lambda: hasattr(aio, "timeout"),
    "group": lambda: hasattr(aio, "TaskGroup"),
    "barrier": lambda: hasattr(aio, "Barrier"),
    "shutdown": lambda: hasattr(aio.Queue, "shutdown"),
    "eager": lambda: sys.version_info >= (3, 12),
}

# What makes locks and the like, and what is done with them, or awaited of them, under names of Python's.
PRIMITIVES = {
    "lock": "Lock", "event": "Event", "condition": "Condition", "semaphore": "Semaphore", "bounded": "BoundedSemaphore",
    "barrier": "Barrier", "queue": "Queue", "lifo": "LifoQueue", "priority": "PriorityQueue",
}
AWAITED = {"acquire": "acquire", "wait_at": "wait", "put": "put", "get": "get", "join": "join"}
AT_ONCE = {"release", "set", "clear", "notify", "put_nowait", "task_done", "shutdown"}
LAST_SECOND = 20
PATIENCE = 10

aio = None


class Oops(Exception):
    """What the cases raise."""


class Returned:
    def __init__(self, value):
        self.value = value


class InOrder(dict):
    """A set that keeps its order. asyncio's task groups cancel their tasks in none."""

    def add(self, item):
        self[item] = True

    def discard(self, item):
        self.pop(item, None)


class Case:
    def __init__(self, title):
        self.title = title
        self.coroutines = {}
        self.words = set()


def read_cases(path):
    """Titles begin at the margin, coroutines are indented by four, what they do by more."""
    cases, bodies = [], []
    for line in open(path):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if line.startswith("case "):
            cases.append(Case(" ".join(words[1:])))
        elif line.startswith("    ") and line[4] != " ":
            bodies = [cases[-1].coroutines.setdefault(words[0], [])]
        elif line.startswith("     "):
            cases[-1].words.update(words)
            if words[0] == "end":
                bodies.pop()
                continue
            bodies[-1].append((words, []))
            if words[0] in ("timeout", "group"):
                bodies.append(bodies[-1][-1][1])
    return cases


def name_error(error):
    if isinstance(error, aio.CancelledError):
        return "cancelled(%s)" % error.args[0] if error.args and error.args[0] is not None else "cancelled"
    if isinstance(error, Oops):
        return str(error)
    if hasattr(error, "exceptions"):
        return "group(%s)" % " ".join(name_error(inner) for inner in error.exceptions)
    name = {"QueueEmpty": "empty", "QueueFull": "full", "QueueShutDown": "shutdown",
            "BrokenBarrierError": "broken"}.get(type(error).__name__)
    if name:
        return name
    for kind, name in ((aio.TimeoutError, "timeout"), (aio.InvalidStateError, "state"), (ValueError, "value"),
                       (StopAsyncIteration, "exhausted"), (RuntimeError, "runtime")):
        if isinstance(error, kind):
            return name
    raise error


def number(text):
    return float(text) if "." in text else int(text)


class Play:
    """One case on one loop."""

    def __init__(self, case, loop):
        self.case = case
        self.loop = loop
        self.named = {}
        self.caught = {}
        self.turn = self.silence = 0
        self.ticking = self.quiet = False
        self.unread = []

    # Time and turns: see README.md

    def start_ticking(self):
        self.turn = self.silence = 0
        if not self.ticking:
            self.ticking = True
            self.loop.call_soon(self.tick)

    def tick(self):
        self.turn += 1
        self.silence += 1
        self.ticking = self.silence < PATIENCE
        if self.ticking:
            self.loop.call_soon(self.tick)

    def log(self, who, text):
        if self.quiet:
            return
        if not self.ticking:
            raise SystemExit(f"{self.case.title}: {who}: {text}: between whole seconds, or after too long a silence")
        self.silence = 0
        print(f"{self.loop.time():g}.{self.turn} {who}: {text}")

    # What things are called

    def names_of(self, futures):
        return " ".join(name for name, thing in self.named.items() if thing in futures) or "none"

    def show(self, value):
        if isinstance(value, BaseException):
            return "!" + name_error(value)
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, list):
            return "[%s]" % " ".join(map(self.show, value))
        return "none" if value is None else str(value)

    def outcome(self, future):
        if not future.done():
            return "pending"
        if future.cancelled():
            return "cancelled"
        error = future.exception()
        return "! " + name_error(error) if error else "= " + self.show(future.result())

    # Coroutines

    async def start(self, who):
        returned = await self.play(who, self.case.coroutines[who.rstrip("'")])
        return returned.value if returned else None

    async def play(self, who, body):
        for words, inner in body:
            verb, rest = words[0], words[1:]
            if verb == "return":
                return Returned(number(rest[0]))
            if verb == "raise":
                raise Oops(rest[0])
            if verb == "reraise":
                if self.caught.get(who):
                    raise self.caught.pop(who)
            elif verb == "sleep":
                await aio.sleep(number(rest[0]))
            elif verb in ("reset", "abort"):
                await getattr(self.named[rest[0]], verb)()
            elif verb == "await":
                self.log(who, f"{' '.join(rest)} = {self.show(await self.awaitable(*rest))}")
            elif verb == "try":
                await self.try_(who, rest)
            elif inner:
                returned = await getattr(self, "scope_" + verb)(who, inner, *rest)
                if returned:
                    return returned
            else:
                self.act(who, words)
        return None

    async def try_(self, who, words):
        self.caught[who] = None
        try:
            outcome = f"= {self.show(await self.awaitable(*words))}"
        except (Exception, aio.CancelledError) as error:
            self.caught[who] = error
            outcome = f"! {name_error(error)}"
        self.log(who, f"{' '.join(words)} {outcome}")

    def awaitable(self, what, *rest):
        if what == "sleep":
            return aio.sleep(number(rest[0]))
        if what == "wait_for":
            return aio.wait_for(self.named[rest[0]], number(rest[1]) if len(rest) > 1 else None)
        if what == "wait":
            return self.wait(*rest)
        if what == "next":
            return self.next(*rest)
        if rest:
            return getattr(self.named[rest[0]], AWAITED[what])(*map(number, rest[1:]))
        return self.named[what]

    async def wait(self, when, *rest):
        futures, timeout = self.limited(rest)
        when = {"all": aio.ALL_COMPLETED, "first": aio.FIRST_COMPLETED, "error": aio.FIRST_EXCEPTION}[when]
        done, _ = await aio.wait(futures, return_when=when, timeout=timeout)
        return self.names_of(done)

    async def next(self, name):
        return self.names_of([await self.named[name].__anext__()])

    def limited(self, words):
        """The futures and the time limit in `a b within 2`."""
        timeout = None
        if "within" in words:
            *words, _, timeout = words
        return [self.named[name] for name in words], timeout and number(timeout)

    # Scopes

    async def scope_timeout(self, who, body, name, seconds):
        try:
            async with aio.timeout(None if seconds == "never" else number(seconds)) as self.named[name]:
                returned = await self.play(who, body)
        except (Exception, aio.CancelledError) as error:
            self.log(who, f"{name} ! {name_error(error)}")
            raise
        self.log(who, f"{name} ended")
        return returned

    async def scope_group(self, who, body, name):
        self.named[name] = aio.TaskGroup()
        if getattr(self.named[name], "_tasks", None) == set():
            self.named[name]._tasks = InOrder()
        try:
            async with self.named[name]:
                returned = await self.play(who, body)
        except (Exception, aio.CancelledError) as error:
            self.log(who, f"{name} ! {name_error(error)}")
            raise
        self.log(who, f"{name} ended")
        return returned

    # What is done at once, by coroutines and callbacks

    def act(self, who, words):
        verb, rest = words[0], words[1:]
        if verb in PRIMITIVES:
            self.named[rest[0]] = getattr(aio, PRIMITIVES[verb])(*map(number, rest[1:]))
        elif verb in AT_ONCE:
            self.act_at_once(who, verb, *rest)
        else:
            getattr(self, "do_" + verb)(who, *rest)

    def act_at_once(self, who, verb, name, *rest):
        thing = self.named[name]
        try:
            if rest == ("all",):
                thing.notify_all()
            else:
                getattr(thing, verb)(*(True if word == "now" else number(word) for word in rest))
        except (ValueError, RuntimeError):
            self.log(who, f"{verb} {name} ! refused")
        except Exception as error:
            self.log(who, f"{verb} {name} ! {name_error(error)}")

    def later_act(self, words):
        return lambda *args: self.act("loop", words)

    def do_log(self, who, *words):
        self.log(who, " ".join(words))

    def do_spawn(self, who, name, *how):
        coroutine = self.start(name)
        if "in" in how:
            self.named[name] = self.named[how[-1]].create_task(coroutine, name=name)
        elif "eager" in how:
            self.named[name] = None
            self.named[name] = aio.Task(coroutine, loop=self.loop, name=name, eager_start=True)
        else:
            self.named[name] = self.loop.create_task(coroutine, name=name)

    def do_future(self, who, name):
        self.named[name] = self.loop.create_future()

    def complete(self, who, words, act):
        try:
            act()
        except aio.InvalidStateError as error:
            self.log(who, f"{words} ! {name_error(error)}")

    def do_resolve(self, who, name, value):
        self.complete(who, f"resolve {name}", lambda: self.named[name].set_result(number(value)))

    def do_fail(self, who, name, error):
        self.complete(who, f"fail {name}", lambda: self.named[name].set_exception(Oops(error)))

    def do_cancel(self, who, name, *message):
        self.log(who, f"cancel {name}: {self.show(self.named[name].cancel(*message))}")

    def do_uncancel(self, who, name):
        self.log(who, f"uncancel {name}: {self.named[name].uncancel()}")

    def do_cancelling(self, who, name):
        self.log(who, f"cancelling {name}: {self.named[name].cancelling()}")

    def do_is(self, who, name):
        self.log(who, f"{name} {self.outcome(self.named[name])}")

    def do_done(self, who, name):
        self.log(who, f"{name} done: {self.show(self.named[name].done())}")

    def do_current(self, who):
        self.log(who, f"current {aio.current_task().get_name()}")

    def do_tasks(self, who):
        self.log(who, f"{len(aio.all_tasks())} tasks")

    def do_on_done(self, who, name, *words):
        call = self.later_act(words)
        self.named[" ".join(words)] = call
        self.named[name].add_done_callback(call)

    def do_off_done(self, who, name, *words):
        self.log(who, f"off_done: {self.named[name].remove_done_callback(self.named[' '.join(words)])}")

    def do_soon(self, who, *words):
        self.loop.call_soon(self.later_act(words))

    def do_later(self, who, seconds, *words):
        self.loop.call_later(number(seconds), self.later_act(words))

    def do_stop(self, who):
        self.loop.stop()

    def do_gather(self, who, name, *rest):
        keep = "keep" in rest
        children = [self.named[other] for other in rest if other != "keep"]
        self.named[name] = aio.gather(*children, return_exceptions=keep)

    def do_shield(self, who, name, other):
        self.named[name] = aio.shield(self.named[other])

    def do_completed(self, who, name, *rest):
        futures, timeout = self.limited(rest)
        self.named[name] = aio.as_completed(futures, timeout=timeout).__aiter__()

    def do_reschedule(self, who, name, when):
        self.named[name].reschedule(None if when == "never" else number(when))

    def do_expired(self, who, name):
        self.log(who, f"{name} expired: {self.show(self.named[name].expired())}")

    def do_get_nowait(self, who, name):
        try:
            self.log(who, f"get_nowait {name} = {self.show(self.named[name].get_nowait())}")
        except Exception as error:
            self.log(who, f"get_nowait {name} ! {name_error(error)}")

    def do_locked(self, who, name):
        self.log(who, f"{name} locked: {self.show(self.named[name].locked())}")

    def do_size(self, who, name):
        self.log(who, f"{name} has {self.named[name].qsize()}")

    def do_waiting(self, who, name):
        self.log(who, f"{name} waiting: {self.named[name].n_waiting}")

    # From the beginning to the end

    def hear(self, loop, context):
        source = context.get("task") or context.get("future")
        if isinstance(source, aio.Task):
            self.unread.append(source.get_name())
        elif source is not None:
            self.unread.append("a future")
        else:
            raise SystemExit(f"{self.case.title}: {context}")

    def run(self):
        print("==", self.case.title)
        self.loop.set_exception_handler(self.hear)
        self.start_ticking()
        for second in range(1, LAST_SECOND):
            self.loop.call_at(second, self.start_ticking)
        self.run_main()
        pending = [name for name, thing in self.named.items() if isinstance(thing, aio.Future) and not thing.done()]
        self.quiet = True
        self.end_tasks()
        self.named.clear()
        self.caught.clear()
        gc.collect()
        self.loop.close()
        print("pending:", *pending)
        print("unread:", *sorted(self.unread))

    def run_main(self):
        main = self.named["main"] = self.loop.create_task(self.start("main"), name="main")
        while not main.done():
            try:
                self.loop.run_until_complete(main)
            except (Exception, aio.CancelledError):
                if not main.done():
                    print("stopped")
        print("main", self.outcome(main))

    def end_tasks(self):
        tasks = aio.all_tasks(self.loop)
        for task in tasks:
            task.cancel()
        for task in tasks:
            try:
                self.loop.run_until_complete(task)
            except (Exception, aio.CancelledError):
                pass


def libasync_loop():
    from libasync import capi

    loop = aio.new_event_loop()
    if capi.async_loop_set_clock(loop, capi.ASYNC_CLOCK_JUMPING):
        raise SystemExit("no test clock")
    return loop


def asyncio_loop():
    """asyncio with a clock that jumps to the next timer, and timers of equal time in the order they were set."""
    import selectors

    class Selector(selectors.SelectSelector):
        def select(self, timeout=None):
            if timeout is None:
                raise SystemExit("nothing will ever happen")
            loop.now = round(loop.now + timeout, 3)
            return super().select(0)

    class Loop(aio.SelectorEventLoop):
        now = order = 0

        def time(self):
            return self.now

        def call_at(self, when, *args, **options):
            self.order += 1
            return super().call_at(when + self.order * 1e-9, *args, **options)

    loop = Loop(Selector())
    loop._clock_resolution = 1e-4
    return loop


def main(module, *paths):
    global aio
    aio = importlib.import_module(module)
    lacks = {word for word, has in OPTIONAL.items() if module == "asyncio" and not has()}
    for path in paths:
        for case in read_cases(path):
            if case.words & lacks:
                print("==", case.title)
                print("lacks", *sorted(case.words & lacks))
            else:
                Play(case, libasync_loop() if module == "libasync" else asyncio_loop()).run()


main(*sys.argv[1:])
