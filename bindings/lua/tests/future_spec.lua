local async = require "libasync"
local await, sleep, create_task = async.await, async.sleep, async.create_task

describe("a future", function()
  it("is a promise of values", function()
    async.run(function()
      local future = async.future()

      create_task(function() future:set_result("a", nil, "c") end)
      assert.is_false(future:done())
      local a, b, c = await(future)
      assert.are.same({ "a", nil, "c" }, { a, b, c })
      assert.is_true(future:done())
      assert.is_false(future:cancelled())
    end)
  end)

  it("is a promise of an error", function()
    async.run(function()
      local future, thrown = async.future(), {}

      future:set_exception(thrown)
      assert.are.equal(thrown, future:exception())
      local ok, err = async.try(future)
      assert.is_false(ok)
      assert.are.equal(thrown, err)
    end)
  end)

  it("has C's words too", function()
    async.run(function()
      local kept, broken = async.future(), async.future()

      kept:resolve(1)
      broken:fail("no")
      assert.are.equal(1, kept:result())
      assert.are.equal("no", broken:exception())
    end)
  end)

  it("has one outcome only", function()
    async.run(function()
      local future = async.future()

      future:set_result(1)
      for _, complete in ipairs { future.set_result, future.set_exception } do
        local ok, err = pcall(complete, future, 2)
        assert.is_false(ok)
        assert.are.equal("ESTATE", err.code)
      end
      assert.are.equal(1, await(future))
    end)
  end)

  it("can be cancelled", function()
    async.run(function()
      local future = async.future()

      assert.is_true(future:cancel("why"))
      assert.is_true(future:cancelled())
      assert.has_error(function() future:result() end)
      local ok, err = pcall(future.exception, future)
      assert.is_false(ok)
      assert.is_true(async.is_cancelled(err))
    end)
  end)

  it("calls back when it is done, in the order asked for and never at once", function()
    async.run(function()
      local future, log = async.future(), {}

      for i = 1, 3 do
        future:add_done_callback(function(done)
          log[#log + 1] = i
          assert.is_true(rawequal(done, future))
        end)
      end
      future:set_result(1)
      assert.are.same({}, log)
      await(sleep(0))
      assert.are.same({ 1, 2, 3 }, log)
    end)
  end)

  it("takes callbacks back", function()
    async.run(function()
      local future, called = async.future(), 0
      local function count() called = called + 1 end

      future:add_done_callback(count)
      future:add_done_callback(count)
      future:add_done_callback(function() called = called + 10 end)
      assert.are.equal(2, future:remove_done_callback(count))
      assert.are.equal(0, future:remove_done_callback(count))
      future:set_result()
      await(sleep(0))
      assert.are.equal(10, called)
    end)
  end)

  it("keeps its callbacks though nobody else holds it", function()
    async.run(function()
      local called = false

      create_task(function() await(sleep(0.001)) end):add_done_callback(function(task) called = task:done() end)
      collectgarbage() collectgarbage()
      await(sleep(0.02))
      assert.is_true(called)
    end)
  end)

  it("reports what a callback raises, and goes on", function()
    async.run(function()
      local future, message, later = async.future(), nil, false

      async.get_running_loop():set_exception_handler(function(_, context) message = context.message end)
      future:add_done_callback(function() error("in the callback") end)
      future:add_done_callback(function() later = true end)
      future:set_result()
      await(sleep(0))
      assert.matches("in the callback", message)
      assert.matches("traceback", message)
      assert.is_true(later)
    end)
  end)

  it("knows its loop", function()
    async.run(function()
      assert.are.equal(async.get_running_loop(), async.future():get_loop())
    end)
  end)

  it("names the argument that is no future", function()
    async.run(function()
      local done = async.future().done

      assert.has_error(function() done(nil) end, "bad argument #1 to 'done' (future expected, got nil)")
      assert.has_error(function() async.future():add_done_callback(1) end)
    end)
  end)
end)
