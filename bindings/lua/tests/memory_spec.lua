local async = require "libasync"
local await, sleep, create_task = async.await, async.sleep, async.create_task

local function is_collected(make)
  local weak = setmetatable({}, { __mode = "v" })

  weak[1] = make()
  for _ = 1, 3 do
    await(sleep(0))
    collectgarbage()
  end
  return weak[1] == nil
end

describe("memory", function()
  it("goes back when a task has ended, its arguments and results too", function()
    async.run(function()
      assert.is_true(is_collected(function() return create_task(function() end) end))
      assert.is_true(is_collected(function() local t = {} create_task(function() end, t) return t end))
      assert.is_true(is_collected(function() local t = {} create_task(function() return t end) return t end))
      assert.is_true(is_collected(function() local f = async.future() f:set_result({}) return f end))
      assert.is_true(is_collected(function() return async.gather(sleep(0)) end))
      assert.is_true(is_collected(function() return async.wait { sleep(0) } end))
    end)
  end)

  it("goes back when a task has failed and was read", function()
    async.run(function()
      assert.is_true(is_collected(function()
        local thrown = {}
        local task = create_task(function() error(thrown) end)
        async.try(task)
        return thrown
      end))
    end)
  end)

  it("keeps a task that nobody holds until it ends", function()
    async.run(function()
      local ended = false

      create_task(function() await(sleep(0.005)) ended = true end)
      collectgarbage() collectgarbage()
      await(sleep(0.03))
      assert.is_true(ended)
    end)
  end)

  it("does not grow with the number of tasks, failures and callbacks", function()
    local function round()
      async.run(function()
        local loop = async.get_running_loop()

        for _ = 1, 200 do
          local tasks = {}
          for i = 1, 20 do tasks[i] = create_task(function() await(sleep(0)) return {}, i end) end
          await(async.gather(tasks))
          async.try(create_task(function() error({}) end))
          loop:call_soon(function() end)
          local future = async.future()
          future:add_done_callback(function() end)
          future:cancel()
        end
        await(sleep(0))
      end)
      collectgarbage() collectgarbage()
      return collectgarbage "count"
    end

    for _ = 1, 8 do round() end    -- tables find their sizes
    local before = round()
    for _ = 1, 8 do round() end
    assert.is_true(round() < before + 8)
  end)

  it("holds a hundred thousand sleepers, and gives it back when they are woken or cancelled", function()
    local SLEEPERS = 100000

    local function sleep_all(wake)
      local runner, woken, tasks, before = async.Runner { clock = "manual" }, 0, {}, nil

      collectgarbage() collectgarbage()
      before = collectgarbage "count"
      runner:run(function()
        for i = 1, SLEEPERS do tasks[i] = create_task(function() await(sleep(60)) woken = woken + 1 end) end
        await(sleep(0))
        await(sleep(0))
        print(("%d sleepers, %.0f bytes of Lua's each"):format(SLEEPERS, (collectgarbage "count" - before) * 1024 / SLEEPERS))
        wake(tasks)
        await(async.wait(tasks))
      end)
      runner:close()
      return woken
    end

    assert.are.equal(SLEEPERS, sleep_all(function() async.get_running_loop():advance(60) end))
    collectgarbage() collectgarbage()
    local after = collectgarbage "count"
    assert.are.equal(0, sleep_all(function(tasks) for _, task in ipairs(tasks) do task:cancel() end end))
    collectgarbage() collectgarbage()
    assert.is_true(collectgarbage "count" < after * 1.2)
  end)
end)
