local async = require "libasync"
local await, sleep, create_task = async.await, async.sleep, async.create_task

describe("a task", function()
  it("starts in the next turn, with its arguments", function()
    async.run(function()
      local got
      local task = create_task(function(...) got = { n = select("#", ...), ... } end, 1, nil, "x", nil)

      assert.is_nil(got)
      await(task)
      assert.are.same({ n = 4, 1, nil, "x", nil }, got)
    end)
  end)

  it("takes many arguments", function()
    async.run(function()
      local many = {}
      local function count(...) return select("#", ...) end

      for i = 1, 200 do many[i] = i end
      assert.are.equal(200, await(create_task(count, (table.unpack or unpack)(many))))
    end)
  end)

  it("goes on with a coroutine that was started before", function()
    async.run(function()
      local thread = coroutine.create(function(a) local b = coroutine.yield() await(sleep(0)) return a + b end)

      coroutine.resume(thread, 1)
      assert.are.equal(3, await(create_task(thread, 2)))
    end)
  end)

  it("is not made of what cannot be one", function()
    async.run(function()
      local ended = coroutine.create(function() end)
      local waiting = coroutine.create(function() await(sleep(60)) end)
      local task = create_task(waiting)

      coroutine.resume(ended)
      await(sleep(0))
      local function message(...) return select(2, pcall(create_task, ...)) end
      assert.has_error(function() create_task(42) end,
        "bad argument #1 to 'create_task' (function or coroutine expected, got number)")
      assert.has_error(function() create_task(task) end,
        "bad argument #1 to 'create_task' (function or coroutine expected, got task)")
      assert.matches("function or coroutine expected, got no value", message())
      assert.matches("the coroutine has ended", message(ended))
      assert.matches("the coroutine is a task already", message(waiting))
      assert.matches("the coroutine is", message(coroutine.running()))
    end)
  end)

  it("has a name, its own or Task-N", function()
    async.run(function()
      local task = create_task(function() return async.current_task():get_name() end)

      assert.matches("^Task%-%d+$", task:get_name())
      task:set_name("ada")
      assert.are.equal("ada", task:get_name())
      assert.are.equal("ada", await(task))
      assert.matches("^task: ada", tostring(task))
    end)
  end)

  it("is the same userdata wherever it turns up", function()
    async.run(function()
      local seen
      local task = create_task(function() seen = async.current_task() await(sleep(0)) end)

      await(sleep(0))
      assert.is_true(rawequal(seen, task))
      local found = false
      for _, other in ipairs(async.all_tasks()) do found = found or rawequal(other, task) end
      assert.is_true(found)
      assert.are.equal(2, #async.all_tasks())
    end)
  end)

  it("counts its cancels and takes them back", function()
    async.run(function()
      local task = create_task(function()
        local ok = async.try(sleep(60))
        local self = async.current_task()
        return ok, self:cancelling(), self:uncancel()
      end)

      await(sleep(0))
      task:cancel("enough")
      local ok, cancelling, rest = await(task)
      assert.are.same({ false, 1, 0 }, { ok, cancelling, rest })
      assert.is_false(task:cancelled())
    end)
  end)

  it("tells why it was cancelled", function()
    async.run(function()
      local task = create_task(function() await(sleep(60)) end)

      await(sleep(0))
      task:cancel("enough")
      local _, err = async.try(task)
      assert.are.equal("enough", tostring(err))
    end)
  end)

  it("never starts when it was cancelled before", function()
    async.run(function()
      local started = false
      local task = create_task(function() started = true end)

      task:cancel()
      async.try(task)
      assert.is_false(started)
      assert.is_true(task:cancelled())
    end)
  end)

  it("has no result before its end", function()
    async.run(function()
      local task = create_task(function() return 1 end)
      local ok, err = pcall(task.result, task)

      assert.is_false(ok)
      assert.are.equal("ESTATE", err.code)
      assert.matches("not ready", tostring(err))
      assert.has_error(function() task:exception() end)
      await(task)
      assert.are.equal(1, task:result())
      assert.is_nil(task:exception())
    end)
  end)

  it("cannot be given an outcome from outside", function()
    async.run(function()
      local task = create_task(function() end)
      local ok, err = pcall(task.set_result, task, 1)

      assert.is_false(ok)
      assert.are.equal("EINVAL", err.code)
    end)
  end)

  it("shows where it waits", function()
    async.run(function()
      local function wait_here() await(sleep(60)) end
      local task = create_task(function() wait_here() end)

      await(sleep(0))
      assert.matches("wait_here", task:traceback())
    end)
  end)

  it("is reported once when it failed and nobody read it, with its name and where it was created", function()
    local reports = {}

    async.run(function()
      async.get_running_loop():set_exception_handler(function(_, context) reports[#reports + 1] = context end)
      create_task(function() error("unseen") end):set_name("lost")
      local line = debug.getinfo(1, "l").currentline - 1
      await(sleep(0))
      collectgarbage() collectgarbage()
      await(sleep(0))
      assert.are.equal(1, #reports)
      assert.matches("lost", reports[1].message)
      assert.matches("task_spec.lua:" .. line, reports[1].message, 1, true)
      assert.matches("unseen", reports[1].message)
    end)
    assert.are.equal(1, #reports)
  end)

  it("is not reported when its failure was read", function()
    local reports = 0

    async.run(function()
      async.get_running_loop():set_exception_handler(function() reports = reports + 1 end)
      async.try(create_task(function() error("seen") end))
      local task = create_task(function() error("seen") end)
      await(async.wait { task })
      task:exception()
      task = nil
      collectgarbage() collectgarbage()
    end)
    assert.are.equal(0, reports)
  end)

  it("survives a failure while it is described", function()
    async.run(function()
      local thrown = setmetatable({}, { __tostring = function() error("again") end })
      local ok, err = async.try(create_task(function() error(thrown) end))

      assert.is_false(ok)
      assert.is_true(rawequal(thrown, err))
    end)
  end)

  it("fails alone when its stack overflows", function()
    async.run(function()
      local function deeper() return 1 + deeper() end
      local ok, err = async.try(create_task(deeper))

      assert.is_false(ok)
      assert.matches("stack overflow", tostring(err))
    end)
  end)

  it("tells the methods of tasks from those of futures", function()
    async.run(function()
      assert.is_nil(async.future().get_name)
      assert.has_error(function() async.current_task().get_name(async.future()) end)
      assert.has_error(function() async.current_task().done(io.stdout) end)
    end)
  end)

  it("takes its settings in a table", function()
    async.run(function()
      local function work(...)
        return async.current_task():get_name(), ...
      end
      local task = create_task { work, 1, 2, name = "ada" }

      assert.are.equal("ada", task:get_name())
      assert.are.same({ "ada", 1, 2 }, { await(task) })
      assert.are.equal("cyd", async.get_running_loop():create_task({ work, name = "cyd" }):get_name())
      assert.are.equal("x", await(create_task { coroutine.create(function(x) return x end), "x" }))
      assert.has_error(function() create_task {} end,
        "bad argument #1 to 'create_task' (item 1: function or coroutine expected, got nil)")
      assert.has_error(function() create_task { work, name = 42 } end,
        "bad argument #1 to 'create_task' (name must be a string)")
    end)
  end)

  it("starts at once when it is eager", function()
    async.run(function()
      local log, inner = {}, nil
      local main = async.current_task()
      local task = create_task { function(a)
        inner = async.current_task()
        log[1] = a
        await(sleep(0))
        log[2] = "later"
        return "done"
      end, "at once", eager_start = true }

      assert.are.same({ "at once" }, log)
      assert.is_true(rawequal(inner, task))
      assert.is_true(rawequal(main, async.current_task()))
      assert.are.equal("done", await(task))
      local whole = create_task { function() return 1, 2 end, eager_start = true }
      assert.is_true(whole:done())
      assert.are.same({ 1, 2 }, { whole:result() })
      local failed = create_task { error, "oops", 0, eager_start = true }
      assert.are.equal("oops", failed:exception())
    end)
  end)

  it("is eager in an eager one, to any depth", function()
    async.run(function()
      local function nest(depth)
        if depth > 0 then
          return 1 + await(create_task { nest, depth - 1, eager_start = true })
        end
        return 0
      end

      assert.are.equal(20, create_task({ nest, 20, eager_start = true }):result())
      assert.are.equal(1000, await(create_task { nest, 1000, eager_start = true }))
    end)
  end)

  it("shows where it stands", function()
    async.run(function()
      local function deep() await(sleep(60)) end
      local function shallow() deep() return 1 end
      local task = create_task { shallow, name = "ada" }
      local text = {}

      await(sleep(0))
      local stack = task:get_stack()
      assert.are.equal(2, #stack)
      assert.matches("task_spec.lua", stack[1].source)
      assert.is_true(stack[2].line < stack[1].line)
      assert.are.equal("deep", stack[2].name)
      assert.are.equal(1, #task:get_stack(1))
      assert.are.equal(stack[2].line, task:get_stack(1)[1].line)
      task:print_stack(nil, { write = function(_, line) text[#text + 1] = line end })
      assert.are.equal("Stack of task ada, the most recent call last:\n", text[1])
      assert.matches("task_spec.lua:%d+: in deep\n$", text[3])
      task:cancel()
      assert.is_false((async.try(task)))
    end)
  end)

  it("shows where it failed, and nothing once it has ended well", function()
    async.run(function()
      local function fail() error("oops") end
      local task = create_task { function() fail() return 1 end, name = "ada" }
      local text = {}

      async.try(task)
      task:print_stack(nil, { write = function(_, line) text[#text + 1] = line end })
      assert.are.equal("Task ada failed: ", text[1])
      assert.matches("oops\nstack traceback:.*'fail'.*\n$", text[2])
      assert.are.same({}, task:get_stack())
      local fine = create_task(function() end)
      await(fine)
      assert.are.same({}, fine:get_stack())
    end)
  end)
end)
