local async = require "libasync"

describe("run", function()
  it("returns what the main function returns", function()
    local a, b, c = async.run(function(x, y) return x + y, nil, "three" end, 1, 2)

    assert.are.same({ 3, nil, "three" }, { a, b, c })
  end)

  it("takes a coroutine too", function()
    assert.are.equal(7, async.run(coroutine.create(function(x) return x end), 7))
  end)

  it("raises the very object that the main function threw", function()
    local thrown = { "a table" }
    local ok, err = pcall(async.run, function() error(thrown) end)

    assert.is_false(ok)
    assert.are.equal(thrown, err)
  end)

  it("raises a text with its position, unchanged", function()
    local ok, err = pcall(async.run, function() error("boom") end)

    assert.is_false(ok)
    assert.matches("run_spec.lua:%d+: boom$", err)
  end)

  it("raises nil where nil was thrown", function()
    local ok, err = pcall(async.run, function() error(nil) end)

    assert.is_false(ok)
    assert.is_nil(err)
  end)

  it("shows with async.traceback where the coroutine failed", function()
    local function culprit() error("deep") end
    local _, text = xpcall(function() async.run(function() culprit() end) end, async.traceback)

    assert.matches("deep", text)
    assert.matches("culprit", text)
    assert.matches("run'", text)
  end)

  it("refuses to run inside a run, and the loop goes on", function()
    local message

    assert.are.equal("still here", async.run(function()
      local _, err = pcall(async.run, function() end)
      message = err
      async.await(async.sleep(0))
      return "still here"
    end))
    assert.matches("cannot be called from a running event loop", message)
  end)

  it("names the argument that is no function", function()
    assert.has_error(function() async.run(42) end,
                     "bad argument #1 to 'run' (function or coroutine expected, got number)")
  end)

  it("cancels what still runs and lets it clean up", function()
    local log = {}

    async.run(function()
      async.create_task(function()
        local ok, err = async.try(async.sleep(60))
        log[#log + 1] = ok
        log[#log + 1] = async.is_cancelled(err)
        async.await(async.sleep(0.001))
        log[#log + 1] = "cleaned"
      end)
      async.await(async.sleep(0))
    end)
    assert.are.same({ false, true, "cleaned" }, log)
  end)

  it("can run again", function()
    for i = 1, 3 do
      assert.are.equal(i, async.run(function() async.await(async.sleep(0)) return i end))
    end
  end)

  it("needs a running loop for what starts work", function()
    for _, start in ipairs { async.future, async.current_task, async.get_running_loop } do
      assert.has_error(function() start() end, "no running event loop")
    end
    assert.has_error(function() async.sleep(1) end, "no running event loop")
    assert.has_error(function() async.create_task(print) end, "no running event loop")
  end)
end)

describe("Runner", function()
  it("runs several programs on one loop, and cancels the rest when it is closed", function()
    local runner, log = async.Runner(), {}

    runner:run(function(...)
      log[1] = select("#", ...)
      async.create_task(function()
        async.try(async.sleep(60))
        log[2] = "cleaned"
      end)
      async.await(async.sleep(0))
    end, 1, nil)
    assert.is_nil(log[2])
    assert.are.same({ true, "x" }, { runner:run(function()
      return async.get_running_loop() == runner:get_loop(), "x"
    end) })
    assert.has_error(function() runner:run(error, "oops", 0) end, "oops")
    runner:close()
    assert.are.same({ 2, "cleaned" }, log)
    assert.is_true(runner:get_loop():is_closed())
    runner:close()
    assert.is_false(pcall(runner.run, runner, print))
  end)

  it("takes a loop, or a clock", function()
    local loop = async.new_event_loop()
    local runner = async.Runner { loop = loop }

    assert.is_true(rawequal(loop, runner:get_loop()))
    runner:close()
    runner = async.Runner { clock = "jumping" }
    runner:run(function()
      async.await(async.sleep(3600))
      assert.are.equal(3600, async.get_running_loop():time())
      assert.has_error(function() runner:run(print) end, "Runner:run() cannot be called from a running event loop")
      assert.has_error(function() runner:close() end, "Runner:close() cannot be called from a running event loop")
    end)
    runner:close()
  end)
end)
