-- LuaJIT loads libasync.cdef as it stands and runs a coroutine with it: cdef.lua CDEF LIBRARY
local ffi = require "ffi"

ffi.cdef(assert(io.open(arg[1])):read "*a")
local libasync = ffi.load(arg[2])

-- LuaJIT cannot be called back from a C call that it compiled itself.
jit.off()

local answer = ffi.cast("async_step *", function(task, state)
  local count = libasync.async_value_count(libasync.async_awaited(task))
  return libasync.async_return(task, libasync.async_int(40 + count))
end)

local ask = ffi.cast("async_step *", function(task, state)
  local loop = libasync.async_task_loop(task)
  local sleeps = ffi.new("async_future *[2]", libasync.async_sleep(loop, 0.001), libasync.async_sleep(loop, 0.002))
  return libasync.async_await(task, libasync.async_gather(loop, sleeps, 2, 0), answer)
end)

local done = ffi.new "async_future *[1]"
local err = libasync.async_run(ask, nil, nil, done)
assert(err == libasync.ASYNC_OK, ffi.string(libasync.async_error_name(err)))
assert(libasync.async_value_int(libasync.async_future_value(done[0])) == 42)
assert(libasync.ASYNC_EINVAL == -1 and libasync.ASYNC_FOREVER == -1)
libasync.async_future_unref(done[0])
