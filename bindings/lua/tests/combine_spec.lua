local async = require "libasync"
local await, sleep, create_task = async.await, async.sleep, async.create_task

local function later(seconds, ...)
  return create_task(function(...) await(sleep(seconds)) return ... end, ...)
end

describe("sleep", function()
  it("takes its time and no more", function()
    async.run(function()
      local loop = async.get_running_loop()
      local started = loop:time()

      await(async.gather(sleep(0.05), sleep(0.05)))
      local took = loop:time() - started
      assert.is_true(took >= 0.05 and took < 0.09)
    end)
  end)

  it("names what is wrong with its argument, and the loop goes on", function()
    async.run(function()
      assert.has_error(function() sleep("soon") end, "bad argument #1 to 'sleep' (number expected, got string)")
      for _, seconds in ipairs { -1, 0 / 0, 1 / 0 } do
        local ok, err = async.try(sleep(seconds))
        assert.is_false(ok)
        assert.are.equal("EINVAL", err.code)
        assert.matches("seconds", err.message)
      end
    end)
  end)
end)

describe("gather", function()
  it("lists the values in the order asked, with nil in its place", function()
    async.run(function()
      local values = await(async.gather(later(0.01, "slow"), later(0), later(0, "several", 2)))

      assert.are.same({ n = 3, "slow", nil, "several" }, values)
    end)
  end)

  it("takes a table, functions and coroutines", function()
    async.run(function()
      local values = await(async.gather { function() return 1 end, coroutine.create(function() return 2 end) })

      assert.are.same({ n = 2, 1, 2 }, values)
    end)
  end)

  it("of nothing is an empty list", function()
    async.run(function()
      assert.are.same({ n = 0 }, await(async.gather()))
      assert.are.same({ n = 0 }, await(async.gather {}))
    end)
  end)

  it("lists one that is given twice twice", function()
    async.run(function()
      local task = later(0, "x")

      assert.are.same({ n = 2, "x", "x" }, await(async.gather(task, task)))
    end)
  end)

  it("raises the first failure, and the others run on", function()
    async.run(function()
      local other = later(0.01, "whole")
      local ok, err = async.try(async.gather(other, function() error("first", 0) end))

      assert.are.same({ false, "first" }, { ok, err })
      assert.are.equal("whole", await(other))
    end)
  end)

  it("lists errors as objects when asked to", function()
    async.run(function()
      local thrown = {}
      local values = await(async.gather {
        function() error("text", 0) end, function() error(thrown) end, later(0, 3), return_exceptions = true
      })

      assert.are.equal("EHOST", values[1].code)
      assert.are.equal("text", tostring(values[1]))
      assert.are.equal("text", values[1].cause)
      assert.are.equal(thrown, values[2].cause)
      assert.are.equal(3, values[3])
      assert.matches("traceback", values[1].traceback)
    end)
  end)

  it("is cancelled with all that it waits for", function()
    async.run(function()
      local child = later(60)
      local all = async.gather(child)

      await(sleep(0))
      all:cancel()
      local ok, err = async.try(all)
      assert.is_false(ok)
      assert.is_true(async.is_cancelled(err))
      assert.is_true(child:cancelled())
    end)
  end)

  it("names the item that is no future", function()
    async.run(function()
      assert.has_error(function() async.gather(sleep(0), 42) end,
        "bad argument #1 to 'gather' (item 2: future, function or coroutine expected, got number)")
    end)
  end)

  it("refuses a future of another loop", function()
    local other = async.new_event_loop()
    local foreign = other:create_future()

    async.run(function()
      local ok, err = async.try(async.gather(foreign))
      assert.is_false(ok)
      assert.are.equal("EFOREIGN", err.code)
    end)
    other:close()
  end)
end)

describe("wait", function()
  it("tells the done from the pending", function()
    async.run(function()
      local quick, slow = later(0), later(60)
      local done, pending = await(async.wait({ slow, quick }, { return_when = async.FIRST_COMPLETED }))

      assert.are.same({ 1, 1 }, { #done, #pending })
      assert.is_true(rawequal(done[1], quick))
      assert.is_true(rawequal(pending[1], slow))
    end)
  end)

  it("waits for all, however they end", function()
    async.run(function()
      local done, pending = await(async.wait { later(0), function() error("unread, but awaited") end })

      assert.are.same({ 2, 0 }, { #done, #pending })
      assert.matches("unread", done[2]:exception())
    end)
  end)

  it("stops at its time limit, which is no error", function()
    async.run(function()
      local done, pending = await(async.wait({ later(60) }, { timeout = 0.001 }))

      assert.are.same({ 0, 1 }, { #done, #pending })
    end)
  end)

  it("complains of nothing to wait for, and of unknown options", function()
    async.run(function()
      local ok, err = async.try(async.wait {})

      assert.is_false(ok)
      assert.are.equal("EINVAL", err.code)
      assert.has_error(function() async.wait(sleep(0)) end)
      assert.has_error(function() async.wait({ sleep(0) }, { return_when = "SOMETIME" }) end)
      assert.has_error(function() async.wait({ sleep(0) }, { timeout = "long" }) end)
    end)
  end)
end)

describe("wait_for", function()
  it("gives what came in time, all of it", function()
    async.run(function()
      assert.are.same({ 1, 2 }, { await(async.wait_for(later(0, 1, 2), 60)) })
      assert.are.equal(3, await(async.wait_for(function() return 3 end, 60)))
    end)
  end)

  it("cancels what did not", function()
    async.run(function()
      local slow = later(60)
      local ok, err = async.try(async.wait_for(slow, 0.001))

      assert.is_false(ok)
      assert.are.equal("ETIMEDOUT", err.code)
      assert.is_true(slow:cancelled())
      assert.has_error(function() async.wait_for(slow) end)
      assert.has_error(function() async.wait_for(42, 1) end)
    end)
  end)
end)

describe("wait_until", function()
  it("has a deadline, which several may share", function()
    async.Runner { clock = "jumping" }:run(function()
      local deadline = async.get_running_loop():time() + 3

      assert.are.equal("in time", await(async.wait_until(later(1, "in time"), deadline)))
      await(async.wait_until(sleep(1), deadline))
      assert.is_false((async.try(async.wait_until(sleep(60), deadline))))
      assert.are.equal(3, async.get_running_loop():time())
      assert.has_error(function() async.wait_until(sleep(1)) end)
    end)
  end)
end)

describe("shield", function()
  it("keeps a cancel from what it shields", function()
    async.run(function()
      local inner = later(0.005, "whole")
      local outer = async.shield(inner)

      await(sleep(0))
      outer:cancel()
      assert.is_false((async.try(outer)))
      assert.are.equal("whole", await(inner))
    end)
  end)
end)

describe("as_completed", function()
  it("gives each as it ends, however it does", function()
    async.run(function()
      local slow, quick, wrong = later(0.02, "slow"), later(0, "quick"), create_task(error, "oops", 0)
      local ended = {}

      for task in async.as_completed { slow, quick, wrong } do
        local ok, value = async.try(task)
        ended[#ended + 1] = tostring(ok) .. " " .. value
      end
      assert.are.same({ "false oops", "true quick", "true slow" }, ended)
      for _ in async.as_completed {} do error("there is none") end
    end)
  end)

  if _VERSION ~= "Lua 5.1" or jit then
    it("gives the very tasks, from functions too", function()
      async.run(function()
        local slow, quick = later(0.01), later(0)
        local next_ended = async.as_completed { slow, quick }

        assert.is_true(rawequal(quick, next_ended()))
        assert.is_true(rawequal(slow, next_ended()))
        assert.is_nil(next_ended())
        for task in async.as_completed { function() return 42 end } do assert.are.equal(42, task:result()) end
      end)
    end)

    it("has a time limit", function()
      async.run(function()
        local slow = later(60)
        local ok, err = async.try(function()
          for _ in async.as_completed({ slow }, { timeout = 0.001 }) do error("too early") end
        end)

        assert.is_false(ok)
        assert.are.equal("ETIMEDOUT", err.code)
        assert.is_false(slow:done())
      end)
    end)
  end

  it("names what is wrong", function()
    local other = async.new_event_loop()
    local foreign = other:create_future()

    async.run(function()
      local function message(...) return select(2, pcall(async.as_completed, ...)) end

      assert.matches("table expected, got nil", message(nil))
      assert.matches("item 1: future, function or coroutine expected, got number", message { 42 })
      assert.matches("item 1 belongs to another loop", message { foreign })
      assert.matches("timeout must be finite and not negative", message({}, { timeout = -2 }))
    end)
    other:close()
  end)
end)

describe("getaddrinfo", function()
  it("reads addresses in text form", function()
    async.run(function()
      local addresses = await(async.getaddrinfo("127.0.0.1", "80", { type = "stream" }))

      assert.are.equal("127.0.0.1:80", tostring(addresses[1]))
      assert.are.equal("stream", addresses[1].type)
      assert.are.equal(1, #addresses)
      addresses = await(async.get_running_loop():getaddrinfo("::1", nil, { family = 6, numeric_host = true }))
      assert.are.equal("::1", addresses[1].host)
    end)
  end)

  it("names the host that it cannot find", function()
    async.run(function()
      local ok, err = async.try(async.getaddrinfo("no such host", nil, { numeric_host = true }))

      assert.is_false(ok)
      assert.are.equal("ENONAME", err.code)
      assert.matches("no such host", err.message)
    end)
  end)

  it("complains of settings it does not know", function()
    async.run(function()
      local ok, err = async.try(async.getaddrinfo("127.0.0.1", nil, { family = 5 }))

      assert.is_false(ok)
      assert.are.equal("EINVAL", err.code)
      assert.is_false((async.try(async.getaddrinfo("127.0.0.1", nil, { type = "carrier pigeon" }))))
      assert.has_error(function() async.getaddrinfo({}) end)
    end)
  end)
end)
