"""cffi loads libasync.cdef as it stands and runs a coroutine with it: cdef.py CDEF LIBRARY"""
import sys

import cffi

ffi = cffi.FFI()
with open(sys.argv[1]) as cdef:
    ffi.cdef(cdef.read())
libasync = ffi.dlopen(sys.argv[2])


@ffi.callback("async_step")
def ask(task, state):
    loop = libasync.async_task_loop(task)
    sleeps = [libasync.async_sleep(loop, 0.001), libasync.async_sleep(loop, 0.002)]
    return libasync.async_await(task, libasync.async_gather(loop, sleeps, len(sleeps), 0), answer)


@ffi.callback("async_step")
def answer(task, state):
    count = libasync.async_value_count(libasync.async_awaited(task))
    return libasync.async_return(task, libasync.async_int(40 + count))


done = ffi.new("async_future **")
error = libasync.async_run(ask, ffi.NULL, ffi.NULL, done)
assert error == libasync.ASYNC_OK, ffi.string(libasync.async_error_name(error))
assert libasync.async_value_int(libasync.async_future_value(done[0])) == 42
assert libasync.ASYNC_EINVAL == -1 and libasync.ASYNC_FOREVER == -1.0
libasync.async_future_unref(done[0])
