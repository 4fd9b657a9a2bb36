import inspect

import pytest

import libasync


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    """A test that is a coroutine function runs on a loop of its own."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    given = {name: pyfuncitem.funcargs[name] for name in inspect.signature(pyfuncitem.obj).parameters}
    libasync.run(pyfuncitem.obj(**given))
    return True


@pytest.fixture
def loop():
    loop = libasync.new_event_loop()
    yield loop
    loop.close()


@pytest.fixture
def reports():
    """Puts what the running loop's exception handler hears into a list."""
    heard = []

    def listen():
        libasync.get_running_loop().set_exception_handler(lambda loop, context: heard.append(context))
        return heard

    return listen
