-- Two tasks sleep at the same time, so that both together take no longer than the longer one.
local async = require "libasync"

local function say_after(delay_seconds, what)
  async.await(async.sleep(delay_seconds))
  print(what)
end

local function say_both()
  local loop = async.get_running_loop()

  local started = loop:time()
  local hello = async.create_task(say_after, 1.0, "hello")
  local world = async.create_task(say_after, 2.0, "world")
  async.await(hello)
  async.await(world)
  print(string.format("took %.0f seconds", loop:time() - started))
end

async.run(say_both)
