"""Which of CPython's tests are left out, and why."""

EVERYWHERE = {
    "Py*": "tests asyncio's own classes written in Python",
}
BY_MODULE = {
}


def excluded(module):
    return [*EVERYWHERE, *BY_MODULE.get(module, {})]
