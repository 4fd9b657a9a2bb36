"""Runs CPython's own tests of asyncio, unmodified, with libasync in asyncio's place.

    python run.py [MODULE…] [-k PATTERN] [-v]

The names that libasync has replace asyncio's before the test modules are imported, so that `asyncio.Task` is ours on
the loops of the tests and on our own. Prints for each module: passed, failed, excluded; each excluded test stands in
excluded.py with its reason.
"""

import argparse
import asyncio
import fnmatch
import importlib
import sys
import unittest
import warnings

import libasync

MODULES = ["futures", "futures2", "tasks", "locks", "queues", "taskgroups", "timeouts", "waitfor", "runners",
           "eager_task_factory", "sock_lowlevel", "streams"]
# What the tests reach through asyncio's submodules.
PLACES = ["tasks", "futures", "locks", "queues", "taskgroups", "timeouts", "runners", "events", "coroutines", "streams"]


KEPT = ["AbstractEventLoop", "DefaultEventLoopPolicy", "Handle", "TimerHandle"]


class Substitute(type):
    """Of a class that makes our loops and has asyncio's among its instances."""

    original = asyncio.SelectorEventLoop

    def __call__(cls, selector=None):
        return libasync.new_event_loop()

    def __instancecheck__(cls, loop):
        return isinstance(loop, (libasync.Loop, cls.original))


class SelectorEventLoop(metaclass=Substitute):
    """What the tests of sockets and streams make their loops of."""


def replace():
    """Put every public name of libasync in the place of asyncio's, but for what its own loops are made of."""
    places = [asyncio] + [getattr(asyncio, name) for name in PLACES if hasattr(asyncio, name)]
    for name in libasync.__all__:
        for place in places:
            if hasattr(place, name) and name not in KEPT:
                setattr(place, name, getattr(libasync, name))
    asyncio.SelectorEventLoop = SelectorEventLoop
    asyncio.futures._CFuture = libasync.Future
    asyncio.tasks._CTask = libasync.Task


class Counted(unittest.TextTestResult):
    """Counts what passed, too."""

    passed = 0

    def addSuccess(self, test):
        super().addSuccess(test)
        self.passed += 1


def tests_of(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from tests_of(item)
        else:
            yield item


def is_excluded(test, patterns):
    name = ".".join(test.id().split(".")[-2:])
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def run_module(name, patterns, wanted, verbose):
    try:
        module = importlib.import_module(f"test.test_asyncio.test_{name}")
    except ModuleNotFoundError:
        return None
    loaded = list(tests_of(unittest.defaultTestLoader.loadTestsFromModule(module)))
    if wanted:
        loaded = [test for test in loaded if fnmatch.fnmatch(test.id(), f"*{wanted}*")]
    kept = [test for test in loaded if not is_excluded(test, patterns)]
    runner = unittest.TextTestRunner(stream=sys.stderr, verbosity=2 if verbose else 0, resultclass=Counted)
    result = runner.run(unittest.TestSuite(kept))
    failed = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    print(f"{name:<20} passed {result.passed:>4}   failed {failed:>3}   excluded {len(loaded) - len(kept):>4}"
          f"   skipped {len(result.skipped)}", flush=True)
    return failed


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("modules", nargs="*", default=[])
    parser.add_argument("-k", dest="wanted")
    parser.add_argument("-v", dest="verbose", action="store_true")
    options = parser.parse_args()
    if sys.version_info < (3, 11):
        print("before 3.11 the tests ask for what asyncio has dropped since: loop= in every call")
        return 77
    from excluded import excluded
    replace()
    warnings.simplefilter("ignore", DeprecationWarning)
    failed = [run_module(name, excluded(name), options.wanted, options.verbose)
              for name in options.modules or MODULES]
    if all(count is None for count in failed):
        print("this interpreter was installed without its tests")
        return 77
    return any(failed)


if __name__ == "__main__":
    sys.exit(main())
