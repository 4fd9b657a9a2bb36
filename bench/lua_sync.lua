-- Waiting for each other in Lua: libasync beside what cqueues has of it, in this interpreter, in turn. Run it as
-- lua_tasks.lua.
local compare = require "lua_bench"
local async = require "libasync"
local await, sleep, create_task = async.await, async.sleep, async.create_task
local has_cqueues, cqueues = pcall(require, "cqueues")
local condition = has_cqueues and require "cqueues.condition"
local promise = has_cqueues and require "cqueues.promise"

local ROUNDS = 20000
local CROWD, CALLS = 100, 500
local TASKS = 10000

-- cqueues' condition has no lock, as nothing interferes between two waits; our Event is the like of it.
local function in_turn(mine, theirs)
  for _ = 1, ROUNDS do
    await(mine:wait())
    mine:clear()
    theirs:set()
  end
end

local function events_in_turn()
  async.run(function()
    local ping, pong = async.Event(), async.Event()

    ping:set()
    await(async.gather(create_task(in_turn, ping, pong), create_task(in_turn, pong, ping)))
  end)
  return 2 * ROUNDS
end

local function cqueues_in_turn()
  local queue, ping, pong = cqueues.new(), condition.new(), condition.new()

  queue:wrap(function()
    for _ = 1, ROUNDS do
      ping:signal()
      pong:wait()
    end
    ping:signal()
  end)
  queue:wrap(function()
    for _ = 1, ROUNDS do
      pong:signal()
      ping:wait()
    end
    pong:signal()
  end)
  assert(queue:loop())
  return 2 * ROUNDS
end

local function conditions_in_turn()
  local turn = 1

  local function play(shared, number)
    await(shared:acquire())
    for _ = 1, ROUNDS do
      while turn ~= number do await(shared:wait()) end
      turn = 3 - number
      shared:notify()
    end
    shared:release()
  end
  async.run(function()
    local shared = async.Condition()

    await(async.gather(create_task(play, shared, 1), create_task(play, shared, 2)))
  end)
  return 2 * ROUNDS
end

local function crowd_notified()
  async.run(function()
    local shared, left = async.Condition(), CROWD

    for _ = 1, CROWD do
      create_task(function()
        await(shared:acquire())
        for _ = 1, CALLS do await(shared:wait()) end
        left = left - 1
        shared:release()
      end)
    end
    await(sleep(0))
    while left > 0 do
      await(shared:acquire())
      shared:notify_all()
      shared:release()
      await(sleep(0))
    end
  end)
  return CROWD * CALLS
end

local function cqueues_crowd_notified()
  local queue, shared, left = cqueues.new(), condition.new(), CROWD

  for _ = 1, CROWD do
    queue:wrap(function()
      for _ = 1, CALLS do shared:wait() end
      left = left - 1
    end)
  end
  queue:wrap(function()
    while left > 0 do
      shared:signal()
      cqueues.sleep(0)
    end
  end)
  assert(queue:loop())
  return CROWD * CALLS
end

local function futures_awaited()
  async.run(function()
    local future

    create_task(function()
      for _ = 1, ROUNDS do
        future:set_result(42)
        await(sleep(0))
      end
    end)
    for _ = 1, ROUNDS do
      future = async.future()
      await(future)
    end
  end)
  return ROUNDS
end

local function cqueues_promises_awaited()
  local queue, future = cqueues.new(), nil

  queue:wrap(function()
    for _ = 1, ROUNDS do
      future = promise.new()
      future:get()
    end
  end)
  queue:wrap(function()
    for _ = 1, ROUNDS do
      while not future or future:status() ~= "pending" do cqueues.sleep(0) end
      future:set(true, 42)
    end
  end)
  assert(queue:loop())
  return ROUNDS
end

local function answer()
  return 42
end

local function burst_of_tasks()
  async.run(function()
    local tasks = {}

    for i = 1, TASKS do tasks[i] = create_task(answer) end
    await(sleep(0))
  end)
  return TASKS
end

local function cqueues_burst_of_tasks()
  local queue = cqueues.new()

  for _ = 1, TASKS do queue:wrap(answer) end
  assert(queue:loop())
  return TASKS
end

local function sleepers_woken()
  async.run(function()
    local tasks = {}

    for i = 1, TASKS do tasks[i] = create_task(function() await(sleep(0.001)) end) end
    await(async.wait(tasks))
  end)
  return TASKS
end

local function cqueues_sleepers_woken()
  local queue = cqueues.new()

  for _ = 1, TASKS do queue:wrap(function() cqueues.sleep(0.001) end) end
  assert(queue:loop())
  return TASKS
end

local function lock_free()
  async.run(function()
    local lock = async.Lock()

    for _ = 1, ROUNDS do
      await(lock:acquire())
      lock:release()
    end
  end)
  return ROUNDS
end

local function queue_handed_over()
  async.run(function()
    local queue = async.Queue(1)

    create_task(function()
      for i = 1, ROUNDS do await(queue:put(i)) end
    end)
    for _ = 1, ROUNDS do await(queue:get()) end
  end)
  return ROUNDS
end

local function with_cqueues(what, ours, theirs, target)
  compare(what, ours, { { "cqueues", has_cqueues, theirs, target or ">=3x" } })
end

local function alone(what, ours)
  compare(what, ours, { { "-", false, nil, "-" } })
end

with_cqueues("Lua: two tasks wake each other, by events", events_in_turn, cqueues_in_turn)
with_cqueues("Lua: two tasks wake each other, by a condition and its lock", conditions_in_turn, cqueues_in_turn)
with_cqueues("Lua: a hundred wait for a condition, each", crowd_notified, cqueues_crowd_notified)
with_cqueues("Lua: a future made, awaited and set", futures_awaited, cqueues_promises_awaited)
with_cqueues("Lua: a task that starts and ends, in a burst of 10,000", burst_of_tasks, cqueues_burst_of_tasks, "-")
with_cqueues("Lua: a task that sleeps for 1 ms, among 10,000", sleepers_woken, cqueues_sleepers_woken, "-")
alone("Lua: a lock taken and let go", lock_free)
alone("Lua: a value through a queue of one place", queue_handed_over)
