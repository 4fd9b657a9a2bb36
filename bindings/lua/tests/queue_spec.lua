local async = require "libasync"
local await, try, sleep, create_task = async.await, async.try, async.sleep, async.create_task
local pcall = async.pcall

local function drain(queue)
  local items = {}

  while not queue:empty() do items[#items + 1] = queue:get_nowait() end
  return items
end

describe("Queue", function()
  it("hands values over, in order, any value", function()
    async.run(function()
      local queue, thing = async.Queue(), {}
      local getter = create_task(function()
        return await(queue:get()), await(queue:get()), await(queue:get()), await(queue:get())
      end)

      await(sleep(0))
      await(queue:put(thing))
      await(queue:put(nil))
      await(queue:put(print))
      await(queue:put("text"))
      local a, b, c, d = await(getter)
      assert.is_true(rawequal(a, thing))
      assert.are.same({ nil, print, "text" }, { b, c, d })
      assert.are.equal(0, queue:qsize())
    end)
  end)

  it("makes those wait that find it full or empty", function()
    async.run(function()
      local queue, said = async.Queue(1), {}
      local putter = create_task(function()
        for i = 1, 3 do
          await(queue:put(i))
          said[#said + 1] = "put " .. i
        end
      end)

      await(sleep(0))
      assert.is_true(queue:full() and not queue:empty())
      assert.are.same({ "put 1" }, said)
      for i = 1, 3 do assert.are.equal(i, await(queue:get())) end
      await(putter)
      assert.are.same({ "put 1", "put 2", "put 3" }, said)
      assert.are.same({ 1, 0 }, { queue:maxsize(), async.Queue():maxsize() })
    end)
  end)

  it("does it now or throws QueueFull or QueueEmpty", function()
    async.run(function()
      local queue = async.Queue(1)

      queue:put_nowait("a")
      local ok, err = pcall(queue.put_nowait, queue, "b")
      assert.are.same({ false, "EFULL" }, { ok, err.code })
      assert.is_true(err == async.QueueFull)
      assert.are.equal("a", queue:get_nowait())
      ok, err = pcall(queue.get_nowait, queue)
      assert.are.same({ false, "EEMPTY" }, { ok, err.code })
      assert.is_true(err == async.QueueEmpty and err ~= async.QueueFull)
    end)
  end)

  it("loses nothing when a waiter is cancelled, at the moment of waking too", function()
    async.run(function()
      local queue = async.Queue(1)
      local first = create_task(function() return await(queue:get()) end)
      local second = create_task(function() return await(queue:get()) end)

      await(sleep(0))
      queue:put_nowait("kept")
      first:cancel()
      assert.are.equal("kept", await(second))
      assert.is_true(first:cancelled())
      queue:put_nowait(1)
      local putter = create_task(function() await(queue:put(2)) end)
      await(sleep(0))
      putter:cancel()
      assert.is_false((try(putter)))
      assert.are.same({ 1 }, drain(queue))
    end)
  end)

  it("is joined when all is worked off", function()
    async.run(function()
      local queue, worked = async.Queue(), 0

      await(queue:join())
      for i = 1, 3 do queue:put_nowait(i) end
      create_task(function()
        while true do
          await(queue:get())
          await(sleep(0))
          worked = worked + 1
          queue:task_done()
        end
      end)
      await(queue:join())
      assert.are.equal(3, worked)
      local ok, err = pcall(queue.task_done, queue)
      assert.are.same({ false, "task_done() called too many times" }, { ok, tostring(err) })
    end)
  end)

  it("can be shut down", function()
    async.run(function()
      local queue = async.Queue()

      queue:put_nowait("left")
      queue:shutdown()
      local ok, err = try(queue:put("more"))
      assert.are.same({ false, "ESHUTDOWN" }, { ok, err.code })
      assert.is_true(err == async.QueueShutDown)
      assert.are.equal("left", await(queue:get()))
      ok, err = try(queue:get())
      assert.are.same({ false, "ESHUTDOWN" }, { ok, err.code })
      local other = async.Queue()
      local getter = create_task(function() await(other:get()) end)
      other:put_nowait("thrown away")
      await(sleep(0))
      other:shutdown(true)
      assert.are.equal(0, other:qsize())
      await(async.wait { getter })
    end)
  end)

  it("outlives its loop with what is in it", function()
    local queue

    async.run(function()
      queue = async.Queue()
      queue:put_nowait({ "boxed" })
    end)
    assert.are.same({ { "boxed" } }, drain(queue))
    queue = nil
    collectgarbage() collectgarbage()
    assert.has_error(function() async.Queue() end, "no running event loop")
  end)
end)

describe("LifoQueue", function()
  it("gives the last first", function()
    async.run(function()
      local queue = async.LifoQueue()

      for i = 1, 3 do queue:put_nowait(i) end
      assert.are.same({ 3, 2, 1 }, drain(queue))
    end)
  end)
end)

describe("PriorityQueue", function()
  it("gives the lowest first", function()
    async.run(function()
      local queue = async.PriorityQueue()

      for _, item in ipairs { 3, 1.5, 2 } do queue:put_nowait(item) end
      assert.are.same({ 1.5, 2, 3 }, drain(queue))
      for _, item in ipairs { { 2, "b" }, { 1, "z" }, { 2, "a" } } do queue:put_nowait(item) end
      assert.are.same({ { 1, "z" }, { 2, "a" }, { 2, "b" } }, drain(queue))
    end)
  end)

  it("refuses what cannot be compared", function()
    async.run(function()
      local queue = async.PriorityQueue()

      queue:put_nowait(1)
      assert.matches("cannot be compared", select(2, pcall(queue.put_nowait, queue, "text")))
      local ok, err = try(queue:put(print))
      assert.are.same({ false, "EINVAL" }, { ok, err.code })
      assert.are.same({ 1 }, drain(queue))
    end)
  end)
end)

describe("Broadcast", function()
  it("reaches every receiver, in order", function()
    async.run(function()
      local channel = async.Broadcast(8)
      local early = channel:subscribe()

      channel:send("one")
      local late = channel:subscribe()
      local waiting = create_task(function() return await(late:next()) end)
      await(sleep(0))
      channel:send({ 2 })
      assert.are.equal("one", await(early:next()))
      assert.are.same({ { 2 }, { 2 } }, { await(early:next()), await(waiting) })
      channel:close()
      local ok, err = try(late:next())
      assert.are.same({ false, "ECLOSED" }, { ok, err.code })
      assert.has_error(function() channel:send("more") end)
    end)
  end)

  it("tells a slow receiver what it missed", function()
    async.run(function()
      local channel = async.Broadcast(2)
      local receiver = channel:subscribe()

      for i = 1, 5 do channel:send(i) end
      local ok, err = try(receiver:next())
      assert.are.same({ false, "ELAGGED" }, { ok, err.code })
      assert.are.equal(3, receiver:missed())
      assert.are.same({ 4, 5 }, { await(receiver:next()), await(receiver:next()) })
    end)
  end)

  if _VERSION ~= "Lua 5.1" or jit then
    it("is iterated until it is closed", function()
      async.run(function()
        local channel, seen = async.Broadcast(4), {}
        local receiver = channel:subscribe()

        create_task(function()
          for i = 1, 3 do
            channel:send(i)
            await(sleep(0))
          end
          channel:close()
        end)
        for value in receiver do seen[#seen + 1] = value end
        assert.are.same({ 1, 2, 3 }, seen)
      end)
    end)
  end

  it("loses nothing when a receive is cancelled, and forgets who closes", function()
    async.run(function()
      local channel = async.Broadcast(2)
      local receiver, gone = channel:subscribe(), channel:subscribe()
      local waiting = create_task(function() await(receiver:next()) end)

      await(sleep(0))
      waiting:cancel()
      channel:send("kept")
      assert.is_false((try(waiting)))
      assert.are.equal("kept", await(receiver:next()))
      gone:close()
      gone:close()
      assert.has_error(function() gone:next() end)
      assert.matches("capacity must not be less than 1", select(2, pcall(async.Broadcast, 0)))
    end)
  end)
end)
