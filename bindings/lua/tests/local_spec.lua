local async = require "libasync"
local await, create_task = async.await, async.create_task

describe("local", function()
  it("is each task's own, and inherited", function()
    local user = async.new_local("user", "nobody")

    async.run(function()
      assert.are.equal("nobody", user:get())
      user:set("Ada")
      local child = create_task(function()
        local inherited = user:get()
        await(async.sleep(0))
        user:set("Bob")
        return inherited, user:get(), await(function() return user:get() end)
      end)
      user:set("Cyd")
      assert.are.same({ "Ada", "Bob", "Bob" }, { await(child) })
      assert.are.equal("Cyd", user:get())
      user:set(nil)
      assert.is_nil(user:get())
    end)
    assert.are.equal("nobody", user:get())
    assert.are.equal("user", user:name())
  end)

  it("holds any value", function()
    local thing = {}
    local variable, other = async.new_local("a"), async.new_local("b", thing)

    async.run(function()
      assert.is_nil(variable:get())
      assert.is_true(rawequal(thing, other:get()))
      variable:set(thing)
      assert.is_true(rawequal(thing, variable:get()))
    end)
  end)

  it("is the eager task's too", function()
    local variable = async.new_local("a", 1)

    async.run(function()
      create_task { function() variable:set(2) end, eager_start = true }
      assert.are.equal(1, variable:get())
    end)
  end)

  it("is set in tasks only", function()
    local variable = async.new_local("a", 1)
    local loop = async.new_event_loop()
    local said

    assert.has_error(function() variable:set(2) end, "no running event loop")
    assert.matches("string expected", select(2, pcall(async.new_local)))
    loop:call_soon(function()
      said = { pcall(variable.set, variable, 2) }
      said[3] = variable:get()
      loop:stop()
    end)
    loop:run_forever()
    loop:close()
    assert.are.same({ false, "only a task has values of its own", 1 }, { said[1], tostring(said[2]), said[3] })
  end)
end)
