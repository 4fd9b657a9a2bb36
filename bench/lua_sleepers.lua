-- What a sleeping task costs in Lua, in bytes: a hundred thousand of them, each measured in a process of its own. Prints
-- rows as README.md has them; run it as lua_tasks.lua.
local TASKS = 100000
local who = ...

-- What the process occupies, in bytes.
local function resident()
  local file = assert(io.open("/proc/self/statm"))
  local pages = file:read("*a"):match("^%d+ (%d+)")

  file:close()
  return pages * 4096
end

local function print_growth(before)
  print((resident() - before) / TASKS)
end

local contenders = {}

function contenders.libasync()
  local async = require "libasync"
  local await, sleep, create_task = async.await, async.sleep, async.create_task

  local function nap()
    await(sleep(3600))
  end

  async.run(function()
    collectgarbage()
    local before = resident()
    for _ = 1, TASKS do create_task(nap) end
    await(sleep(0))
    await(sleep(0))
    print_growth(before)
  end)
end

function contenders.cqueues()
  local cqueues = require "cqueues"
  local queue = cqueues.new()

  local function nap()
    cqueues.sleep(3600)
  end

  collectgarbage()
  local before = resident()
  for _ = 1, TASKS do queue:wrap(nap) end
  assert(queue:step(0))
  print_growth(before)
end

function contenders.coroutines()
  local threads = {}

  collectgarbage()
  local before = resident()
  for i = 1, TASKS do
    threads[i] = coroutine.create(coroutine.yield)
    coroutine.resume(threads[i])
  end
  print_growth(before)
end

if who then
  contenders[who]()
  return
end

-- This interpreter, on this file.
local function measure(name)
  local pipe = io.popen(("'%s' '%s' %s 2>/dev/null"):format(arg[-1], arg[0], name))
  local bytes = tonumber(pipe:read("*a"))

  pipe:close()
  return bytes and ("%.0f"):format(bytes) or "-"
end

local ours = measure "libasync"
print(table.concat({ "Lua: a sleeping task, of 100,000", ours, "B", "a bare coroutine", measure "coroutines", "-" }, "\t"))
print(table.concat({ "Lua: a sleeping task, of 100,000", ours, "B", "cqueues", measure "cqueues", "-" }, "\t"))
