-- Tasks in Lua: libasync beside bare coroutines, luv and cqueues, in this interpreter, in turn. Prints the rows that
-- README.md describes. Run it with LUA_PATH on this folder, and LUA_PATH and LUA_CPATH on a build's bindings/lua.
local compare = require "lua_bench"
local async = require "libasync"
local await, sleep, create_task = async.await, async.sleep, async.create_task
local has_luv, luv = pcall(require, "luv")
local has_cqueues, cqueues = pcall(require, "cqueues")

local TASKS = 10000
local SLEEPERS, SLEEPS = 100, 1000

local function answer()
  return 42
end

local function burst_of_coroutines()
  for _ = 1, 10 do
    local threads = {}
    for i = 1, TASKS do threads[i] = coroutine.create(answer) end
    for i = 1, TASKS do coroutine.resume(threads[i]) end
  end
  return 10 * TASKS
end

local function burst_of_tasks()
  async.run(function()
    for _ = 1, 10 do
      local tasks = {}
      for i = 1, TASKS do tasks[i] = create_task(answer) end
      await(sleep(0))
    end
  end)
  return 10 * TASKS
end

local function coroutines_in_turn()
  for _ = 1, 10 * TASKS do coroutine.resume(coroutine.create(answer)) end
  return 10 * TASKS
end

local function tasks_in_turn()
  async.run(function()
    for _ = 1, 10 * TASKS do await(create_task(answer)) end
  end)
  return 10 * TASKS
end

local function tasks_gathered()
  async.run(function()
    for _ = 1, 10 do
      local tasks = {}
      for i = 1, TASKS do tasks[i] = create_task(answer) end
      await(async.gather(tasks))
    end
  end)
  return 10 * TASKS
end

local function sleep_often()
  for _ = 1, SLEEPS do await(sleep(0)) end
end

local function libasync_sleeps()
  async.run(function()
    local tasks = {}
    for i = 1, SLEEPERS do tasks[i] = create_task(sleep_often) end
    await(async.wait(tasks))
  end)
  return SLEEPERS * SLEEPS
end

-- luv has no sleep; this is how its users write one.
local function luv_sleep(milliseconds)
  local thread = coroutine.running()
  local timer = luv.new_timer()
  timer:start(milliseconds, 0, function()
    timer:close()
    coroutine.resume(thread)
  end)
  coroutine.yield()
end

local function luv_sleeps()
  for _ = 1, SLEEPERS do
    coroutine.wrap(function()
      for _ = 1, SLEEPS do luv_sleep(0) end
    end)()
  end
  luv.run()
  return SLEEPERS * SLEEPS
end

-- The least that luv can do: each coroutine keeps one timer and one callback for good.
local function luv_kept_timers()
  for _ = 1, SLEEPERS do
    coroutine.wrap(function()
      local thread, timer = coroutine.running(), luv.new_timer()
      local function wake() coroutine.resume(thread) end
      for _ = 1, SLEEPS do
        timer:start(0, 0, wake)
        coroutine.yield()
      end
      timer:close()
    end)()
  end
  luv.run()
  return SLEEPERS * SLEEPS
end

local function cqueues_sleeps()
  local queue = cqueues.new()
  for _ = 1, SLEEPERS do
    queue:wrap(function()
      for _ = 1, SLEEPS do cqueues.sleep(0) end
    end)
  end
  assert(queue:loop())
  return SLEEPERS * SLEEPS
end

compare("Lua: a task that starts and ends, in a burst", burst_of_tasks, {
  { "a bare coroutine", true, burst_of_coroutines, "<=2x" },
})
compare("Lua: sleep(0) among 100 tasks", libasync_sleeps, {
  { "luv", has_luv, luv_sleeps, ">=5x" },
  { "luv, timers kept", has_luv, luv_kept_timers, "-" },
  { "cqueues", has_cqueues, cqueues_sleeps, ">=1.5x" },
})
compare("Lua: a task created and gathered, in a burst", tasks_gathered, {
  { "a bare coroutine", true, burst_of_coroutines, "-" },
})
compare("Lua: a task created and awaited, one at a time", tasks_in_turn, {
  { "a bare coroutine", true, coroutines_in_turn, "-" },
})
