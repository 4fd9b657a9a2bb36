local async = require "libasync"
local await, try, sleep, create_task = async.await, async.try, async.sleep, async.create_task
local pcall = async.pcall

-- A minute of sleeps takes no time.
local function run(main)
  async.Runner { clock = "jumping" }:run(main)
end

local function outcome(f, ...)
  local ok, err = try(create_task(f, ...))
  return ok, type(err) == "userdata" and err.code or err
end

describe("timeout", function()
  it("gives what its function returns in time, all of it", function()
    run(function()
      local scope

      assert.are.same({ 1, nil, 3 }, { async.timeout(60, function(limit, a)
        scope = limit
        await(sleep(59))
        return a, nil, 3
      end, 1) })
      assert.is_false(scope:expired())
      assert.are.equal(0, async.current_task():cancelling())
    end)
  end)

  it("throws TimeoutError when the time is up, and the task goes on", function()
    run(function()
      local loop = async.get_running_loop()
      local ok, err = try(function() async.timeout(1, function() await(sleep(60)) end) end)

      assert.is_false(ok)
      assert.are.equal("ETIMEDOUT", err.code)
      assert.is_true(err == async.TimeoutError)
      assert.is_false(err == async.CancelledError)
      assert.are.equal(1, loop:time())
      assert.is_false(pcall(async.timeout, 1, function() await(sleep(60)) end))
      await(sleep(1))
      assert.are.equal(3, loop:time())
      assert.are.equal(0, async.current_task():cancelling())
    end)
  end)

  it("throws what its function throws", function()
    run(function()
      local thrown = {}
      local ok, err = pcall(async.timeout, 1, function() error(thrown) end)

      assert.are.same({ false, true }, { ok, rawequal(err, thrown) })
      assert.are.same({ false, "late" }, { outcome(function()
        async.timeout(1, function()
          try(sleep(60))
          error("late", 0)
        end)
      end) })
    end)
  end)

  it("stays quiet when its cancel is swallowed", function()
    run(function()
      local scope

      assert.are.equal("anyway", async.timeout(1, function(limit)
        scope = limit
        try(sleep(60))
        return "anyway"
      end))
      assert.is_true(scope:expired())
      await(sleep(1))
    end)
  end)

  it("passes on a cancel from elsewhere", function()
    run(function()
      local task = create_task(function() async.timeout(60, function() await(sleep(60)) end) end)

      await(sleep(0))
      task:cancel("enough")
      local ok, err = try(task)
      assert.is_true(not ok and async.is_cancelled(err))
      assert.are.equal("enough", tostring(err))
    end)
  end)

  it("is the inner one's or the outer one's affair", function()
    run(function()
      local inner, outer

      assert.are.same({ false, "ETIMEDOUT" }, { outcome(function()
        async.timeout(1, function(scope)
          outer = scope
          async.timeout(2, function(limit)
            inner = limit
            await(sleep(60))
          end)
        end)
      end) })
      assert.is_true(outer:expired())
      assert.is_false(inner:expired())
      assert.are.same({ true, "outer goes on" }, { outcome(function()
        return async.timeout(2, function()
          assert.is_false(pcall(async.timeout, 1, function() await(sleep(60)) end))
          return "outer goes on"
        end)
      end) })
    end)
  end)

  it("can be moved, until it is reached or its scope has ended", function()
    run(function()
      local loop = async.get_running_loop()
      local scope

      async.timeout(1, function(limit)
        scope = limit
        assert.are.equal(1, limit:when())
        limit:reschedule(loop:time() + 10)
        await(sleep(5))
        limit:reschedule()
        assert.is_nil(limit:when())
        await(sleep(60))
      end)
      assert.is_false(scope:expired())
      assert.has_error(function() scope:reschedule(1) end, "the time limit's scope has ended")
      assert.is_false(pcall(async.timeout, nil, function(limit)
        limit:reschedule(loop:time() - 100)
        await(sleep(60))
      end))
    end)
  end)

  it("may be a moment of the loop's clock", function()
    run(function()
      local loop = async.get_running_loop()

      assert.is_false(pcall(async.timeout_at, 5, function() await(sleep(60)) end))
      assert.are.equal(5, loop:time())
      assert.is_false(pcall(async.timeout_at, -1, function() await(sleep(60)) end))
      assert.are.equal(5, loop:time())
      assert.are.equal("no limit", async.timeout_at(nil, function() await(sleep(60)) return "no limit" end))
    end)
  end)

  it("is closed by hand where there is no function", function()
    run(function()
      local scope = async.timeout(1)

      scope:close()
      scope:close()
      await(sleep(60))
      assert.is_false(scope:expired())
    end)
  end)

  it("names what is wrong", function()
    assert.has_error(function() async.timeout(1, print) end, "timeout outside of a task: use async.run(function)")
    run(function()
      for _, seconds in ipairs { -1, 0 / 0, 1 / 0 } do
        local ok, err = pcall(async.timeout, seconds, print)
        assert.is_false(ok)
        assert.matches("seconds must be finite and not negative", err)
      end
      assert.matches("seconds must be finite", select(2, pcall(async.timeout_at, 1 / 0, print)))
      assert.matches("number expected, got string", select(2, pcall(async.timeout, "soon", print)))
      async.timeout(1, function(scope)
        assert.matches("seconds must be finite", select(2, pcall(scope.reschedule, scope, 0 / 0)))
      end)
    end)
  end)

  it("ends with its loop", function()
    local runner = async.Runner()

    runner:run(function()
      create_task(function() async.timeout(60, function() await(sleep(60)) end) end)
      await(sleep(0))
    end)
    runner:close()
    runner = nil
    collectgarbage() collectgarbage()
  end)
end)
