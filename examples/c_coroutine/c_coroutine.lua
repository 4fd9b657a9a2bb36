-- Awaits a coroutine that is written in C, and stands in a shared object of its own.
local async = require "libasync"
local library = require "greet_lua"

local function greet(loop, name)
  return async.wrap(library(async.loop_handle(loop), name))
end

local function host()
  local loop = async.get_running_loop()

  for _, greeting in ipairs(async.await(async.gather(greet(loop, "Ada"), greet(loop, "Bob")))) do
    print(greeting)
  end
end

async.run(host)
