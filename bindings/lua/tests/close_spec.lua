local async = require "libasync"
local await, try, sleep, create_task = async.await, async.try, async.sleep, async.create_task

-- Older versions cannot read `<close>`, so what is tested is text here.
local function run(text)
  local names = "local async, log = ... local await, try, sleep = async.await, async.try, async.sleep "
  local main = assert(load(names .. text))
  local log = {}

  async.Runner { clock = "jumping" }:run(function() main(async, log) end)
  return log
end

describe("a variable that is to be closed", function()
  if _VERSION ~= "Lua 5.4" then
    return
  end

  it("lets a lock go, and the like", function()
    assert.are.same({ "LockSemaphoreConditionCapacityLimiter" }, run [[
      for _, noun in ipairs { "Lock", "Semaphore", "Condition", "CapacityLimiter" } do
        local lock = async[noun](1 and noun ~= "Condition" and 1 or nil)
        do
          local guard <close> = await(lock:acquire())
          await(sleep(0))
        end
        local ok = pcall(lock.release, lock)
        if not ok or noun == "Semaphore" then log[1] = (log[1] or "") .. noun end
      end
    ]])
  end)

  it("lets a lock go when the task is cancelled or fails", function()
    run [[
      local lock = async.Lock()
      local task = async.create_task(function()
        local guard <close> = await(lock:acquire())
        await(sleep(60))
      end)
      await(sleep(0))
      assert(lock:locked())
      task:cancel()
      try(task)
      assert(task:cancelled() and not lock:locked())
      pcall(function()
        local guard <close> = await(lock:acquire())
        error("oops")
      end)
      assert(not lock:locked())
    ]]
  end)

  it("is the end of a time limit", function()
    assert.are.same({ false, "ETIMEDOUT", 1, true, "oops" }, run [[
      local ok, err = try(function()
        local limit <close> = async.timeout(1)
        await(sleep(60))
      end)
      log[1], log[2], log[3] = ok, err.code, async.get_running_loop():time()
      log[4] = pcall(function()
        local limit <close> = async.timeout(60)
        await(sleep(1))
      end)
      ok, err = pcall(function()
        local limit <close> = async.timeout(60)
        error("oops", 0)
      end)
      log[5] = err
      await(sleep(100))
    ]])
  end)

  it("is the end of a task group", function()
    assert.are.same({ "a", "joined", "EGROUP", "oops" }, run [[
      do
        local group <close> = async.task_group()
        group:create_task(function() await(sleep(1)) log[1] = "a" end)
      end
      log[2] = "joined"
      local ok, err = pcall(function()
        local group <close> = async.task_group()
        group:create_task(function() await(sleep(60)) end)
        await(sleep(1))
        error("oops", 0)
      end)
      log[3], log[4] = err.code, err.errors[1].cause
      assert(async.get_running_loop():time() == 2)
    ]])
  end)

  it("closes a loop, a runner, a channel and a receiver", function()
    local main = assert(load [[
      local async = ...
      local kept
      do
        local loop <close> = async.new_event_loop()
        local runner <close> = async.Runner()
        kept = { loop, runner:get_loop() }
        runner:run(function()
          local channel <close> = async.Broadcast(1)
          local receiver <close> = channel:subscribe()
        end)
      end
      assert(kept[1]:is_closed() and kept[2]:is_closed())
    ]])

    main(async)
  end)

  it("is closed where its loop drops the task", function()
    local log = {}
    local loop = async.new_event_loop()
    local main = assert(load [[
      local async, log = ...
      local lock = async.Lock()
      local guard <close> = async.await(lock:acquire())
      local group <close> = async.task_group()
      group:create_task(function() async.await(async.sleep(60)) end)
      local seen <close> = setmetatable({}, { __close = function() log[1] = "closed" end })
      async.await(async.sleep(60))
    ]])

    loop:set_exception_handler(function() end)
    loop:create_task(main, async, log)
    loop:call_soon(function() loop:stop() end)
    loop:run_forever()
    loop:close()
    assert.are.same({ "closed" }, log)
  end)
end)
