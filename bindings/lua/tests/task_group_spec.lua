local async = require "libasync"
local await, try, sleep, create_task = async.await, async.try, async.sleep, async.create_task
local pcall = async.pcall

local function run(main)
  async.Runner { clock = "jumping" }:run(main)
end

local function fail(seconds, err)
  await(sleep(seconds))
  error(err, 0)
end

local function failures(err)
  local list = {}

  assert.are.equal("EGROUP", err.code)
  for i, failure in ipairs(err.errors) do list[i] = failure.cause end
  return list
end

describe("task_group", function()
  it("waits for all its tasks and gives what its function returns", function()
    run(function()
      local woken = 0

      assert.are.same({ "a", nil, 3 }, { async.task_group(function(group, a)
        for seconds = 1, 3 do
          group:create_task(function(more) await(sleep(more)) woken = woken + 1 end, seconds)
        end
        assert.are.equal(3, group:count())
        return a, nil, 3
      end, "a") })
      assert.are.equal(3, woken)
      assert.are.equal(3, async.get_running_loop():time())
    end)
  end)

  it("of nothing ends at once", function()
    run(function()
      async.task_group(function() end)
      assert.are.equal(0, async.get_running_loop():time())
    end)
  end)

  it("cancels the others at the first failure, and lists the failures", function()
    run(function()
      local slow
      local ok, err = pcall(async.task_group, function(group)
        slow = group:create_task(sleep, 0)
        slow = group:create_task(function() await(sleep(60)) end)
        group:create_task(fail, 1, "first")
        group:create_task(function()
          try(sleep(60))
          error("second", 0)
        end)
      end)

      assert.is_false(ok)
      assert.are.same({ "first", "second" }, failures(err))
      assert.is_true(err == async.ExceptionGroup)
      assert.is_true(slow:cancelled())
      assert.are.equal(1, async.get_running_loop():time())
      assert.are.equal(0, async.current_task():cancelling())
    end)
  end)

  it("cancels its function too", function()
    run(function()
      local task = create_task(function()
        async.task_group(function(group)
          group:create_task(fail, 1, "oops")
          await(sleep(60))
        end)
      end)
      local ok, err = try(task)

      assert.is_false(ok)
      assert.are.same({ "oops" }, failures(err))
      assert.are.equal(1, async.get_running_loop():time())
    end)
  end)

  it("ends its tasks when its function fails", function()
    run(function()
      local thrown, child = {}, nil
      local ok, err = pcall(async.task_group, function(group)
        child = group:create_task(function() await(sleep(60)) end)
        await(sleep(0))
        error(thrown)
      end)

      assert.is_false(ok)
      assert.is_true(rawequal(thrown, err.errors[1].cause))
      assert.are.equal(1, #err.errors)
      assert.is_true(child:cancelled())
    end)
  end)

  it("lists what its function threw behind what its tasks did", function()
    run(function()
      local _, err = pcall(async.task_group, function(group)
        group:create_task(function()
          try(sleep(60))
          error("task", 0)
        end)
        await(sleep(0))
        error("body", 0)
      end)

      assert.are.same({ "task", "body" }, failures(err))
      assert.matches("1 task of the group failed, and so did its body: body", tostring(err))
    end)
  end)

  it("passes a cancel on, to its tasks and from its function", function()
    run(function()
      local child
      local task = create_task(function()
        async.task_group(function(group)
          child = group:create_task(function() await(sleep(60)) end)
          await(sleep(60))
        end)
      end)

      await(sleep(1))
      task:cancel("enough")
      local ok, err = try(task)
      assert.is_false(ok)
      assert.are.equal("enough", tostring(err))
      assert.is_true(async.is_cancelled(err) and child:cancelled() and task:cancelled())
    end)
  end)

  it("is cancelled while it is joined", function()
    run(function()
      local child
      local task = create_task(function()
        async.task_group(function(group)
          child = group:create_task(function() await(sleep(60)) end)
        end)
      end)

      await(sleep(1))
      task:cancel()
      assert.is_false((try(task)))
      assert.is_true(child:cancelled() and task:cancelled())
      assert.are.equal(1, async.get_running_loop():time())
    end)
  end)

  it("can be cancelled as a whole", function()
    run(function()
      async.task_group(function(group)
        local child = group:create_task(function() await(sleep(60)) end)

        await(sleep(0))
        group:cancel("enough")
        assert.is_false((try(child)))
        assert.is_false(pcall(group.create_task, group, print))
      end)
      assert.are.equal(0, async.get_running_loop():time())
    end)
  end)

  it("lets its tasks start others in it, with names, eagerly", function()
    run(function()
      local seen = {}

      async.task_group(function(group)
        group:create_task(function()
          await(sleep(1))
          group:create_task { function(a) seen[1] = a .. async.current_task():get_name() end, "I am ", name = "late" }
        end)
        group:create_task {
          function() seen[2] = async.current_task():get_name() end, name = "early", eager_start = true,
        }
        assert.are.equal("early", seen[2])
      end)
      assert.are.same({ "I am late", "early" }, seen)
    end)
  end)

  it("stands in another one", function()
    run(function()
      local _, err = pcall(async.task_group, function(outer)
        outer:create_task(function() await(sleep(60)) end)
        async.task_group(function(inner)
          inner:create_task(fail, 1, "deep")
        end)
      end)

      assert.are.equal("EGROUP", err.errors[1].code)
      assert.are.same({ "deep" }, failures(err.errors[1]))
      assert.are.equal(1, async.get_running_loop():time())
    end)
  end)

  it("names what is wrong", function()
    assert.has_error(function() async.task_group(print) end, "task_group outside of a task: use async.run(function)")
    run(function()
      local kept

      async.task_group(function(group)
        kept = group
        assert.matches("function or coroutine expected, got number", select(2, pcall(group.create_task, group, 42)))
        assert.matches("item 1: function or coroutine expected, got nil",
                       select(2, pcall(group.create_task, group, {})))
      end)
      local ok, err = pcall(kept.create_task, kept, print)
      assert.is_false(ok)
      assert.are.equal("ESTATE", err.code)
      assert.are.equal("the task group has ended", tostring(err))
      assert.are.equal(0, kept:count())
    end)
  end)
end)
