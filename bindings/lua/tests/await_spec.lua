local async = require "libasync"
local await, sleep, create_task = async.await, async.sleep, async.create_task

describe("await", function()
  it("gives all results of a task, nils included", function()
    async.run(function()
      local task = create_task(function() return nil, 2, nil end)

      assert.are.equal(3, select("#", await(task)))
      local a, b, c = await(task)
      assert.are.same({ nil, 2, nil }, { a, b, c })
    end)
  end)

  it("gives them behind true where failures are returned too", function()
    async.run(function()
      local task = create_task(function() return 1, nil end)

      assert.are.same({ n = 3, true, 1 }, { n = select("#", async.try(task)), async.try(task) })
      assert.are.same({ true, 2, 3 }, { async.try(create_task(function() await(sleep(0)) return 2, 3 end)) })
    end)
  end)

  it("gives the same object that was returned", function()
    async.run(function()
      local result = setmetatable({}, {})
      local task = create_task(function() return result, print end)
      local first, second = await(task)

      assert.are.equal(result, first)
      assert.are.equal(print, second)
      assert.are.equal(result, (task:result()))
    end)
  end)

  it("raises the same object that was thrown, through any number of tasks", function()
    async.run(function()
      local thrown = { code = 7 }
      local inner = create_task(function() await(sleep(0)) error(thrown) end)
      local outer = create_task(function() await(inner) end)
      local ok, err = async.try(outer)

      assert.is_false(ok)
      assert.are.equal(thrown, err)
      assert.are.equal(thrown, inner:exception())
    end)
  end)

  it("keeps the traceback of where it was thrown first", function()
    async.run(function()
      local function culprit() error("deep") end
      local inner = create_task(function() await(sleep(0)) culprit() end)
      local outer = create_task(function() await(inner) end)

      async.try(outer)
      assert.matches("culprit", outer:traceback())
    end)
  end)

  it("awaits functions and coroutines as tasks", function()
    async.run(function()
      assert.are.equal(1, await(function() return 1 end))
      assert.are.equal(2, await(coroutine.create(function() return 2 end)))
    end)
  end)

  it("goes on at once when the task has ended", function()
    async.run(function()
      local task = create_task(function() return 1 end)
      local turns = 0

      await(task)
      create_task(function() turns = turns + 1 end)
      await(task)
      assert.are.equal(0, turns)
    end)
  end)

  it("lets everyone else have one turn with sleep(0)", function()
    async.run(function()
      local log = {}

      for name = 1, 3 do
        create_task(function()
          for _ = 1, 2 do
            log[#log + 1] = name
            await(sleep(0))
          end
        end)
      end
      for _ = 1, 3 do await(sleep(0)) end
      assert.are.same({ 1, 2, 3, 1, 2, 3 }, log)
    end)
  end)

  it("is an error outside of a task, and on what is no future", function()
    assert.has_error(function() await(print) end, "await outside of a task: use async.run(function)")
    async.run(function()
      local _, err = pcall(function() await(42) end)
      assert.matches("future, function or coroutine expected, got number", err)
      _, err = pcall(function() await(nil) end)
      assert.matches("future, function or coroutine expected, got nil", err)
    end)
  end)

  it("refuses the task's own future and one of another loop, and the task goes on", function()
    local other = async.new_event_loop()
    local foreign = other:create_future()

    async.run(function()
      local ok, err = async.try(async.current_task())
      assert.is_false(ok)
      assert.are.equal("EDEADLOCK", err.code)
      ok, err = async.try(foreign)
      assert.is_false(ok)
      assert.are.equal("EFOREIGN", err.code)
      await(sleep(0))
    end)
    other:close()
  end)

  it("delivers a cancel where the task waits, and pcall sees it", function()
    async.run(function()
      local seen
      local task = create_task(function()
        local ok, err = async.try(sleep(60))
        seen = { ok, async.is_cancelled(err), err == async.CancelledError, err.code, tostring(err) }
        error(err)
      end)

      await(sleep(0))
      assert.is_true(task:cancel())
      local ok, err = async.try(task)
      assert.is_false(ok)
      assert.is_true(async.is_cancelled(err))
      assert.is_true(task:cancelled())
      assert.are.same({ false, true, true, "ECANCELED", "cancelled" }, seen)
      assert.is_false(task:cancel())
    end)
  end)

  it("raises through pcall where the language allows to yield in one", function()
    if _VERSION == "Lua 5.1" and not jit then return end
    async.run(function()
      local ok, err = pcall(await, create_task(function() error("x", 0) end))
      assert.are.same({ false, "x" }, { ok, err })
      ok, err = pcall(function() return await(create_task(function() return 5 end)) end)
      assert.are.same({ true, 5 }, { ok, err })
    end)
  end)

  it("works in a coroutine that the task resumes itself, as far as its yields are its own", function()
    async.run(function()
      local numbers = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end)
      local sum = 0

      for number in numbers do
        await(sleep(0))
        sum = sum + number
      end
      assert.are.equal(6, sum)

      local inner = coroutine.create(function() await(sleep(0)) end)
      local ok, err = coroutine.resume(inner)
      assert.is_false(ok)
      assert.matches("await in a coroutine of your own", err)
    end)
  end)

  it("fails where C code stands in between, and the task goes on", function()
    async.run(function()
      local list = { 3, 1, 2 }
      local ok = pcall(table.sort, list, function(a, b) await(sleep(0)) return a < b end)

      assert.is_false(ok)
      coroutine.yield()
      assert.are.equal(1, await(function() await(sleep(0)) return 1 end))
    end)
  end)

  it("is not resumed by anything but its loop", function()
    async.run(function()
      local thread
      local task = create_task(function() thread = coroutine.running() await(sleep(60)) end)

      await(sleep(0))
      local ok, err = coroutine.resume(thread)
      assert.is_false(ok)
      assert.matches("resumed by something other than its loop", err)
      task:cancel()
      assert.is_false((async.try(task)))
    end)
  end)

  it("takes a foreign yield for one turn given up", function()
    async.run(function()
      local count = select("#", coroutine.yield("not", "ours"))
      assert.are.equal(0, count)
      local ok, err = async.try(create_task(function() coroutine.yield(sleep(0)) end))
      assert.is_false(ok)
      assert.matches("async.await", err.message)
    end)
  end)
end)
