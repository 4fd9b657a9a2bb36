local async = require "libasync"
local await, try, sleep, create_task = async.await, async.try, async.sleep, async.create_task
local pcall = async.pcall

-- Runs functions as tasks, one turn after the other, and lists what they say.
local function said_by(...)
  local lines, tasks = {}, {}

  for i, f in ipairs { ... } do
    tasks[i] = create_task(f, function(line) lines[#lines + 1] = line end)
  end
  await(async.wait(tasks))
  for _, task in ipairs(tasks) do
    if not task:cancelled() then task:result() end
  end
  return lines
end

describe("Event", function()
  it("lets go on whoever waits, in order", function()
    async.run(function()
      local event = async.Event()

      assert.is_false(event:is_set())
      assert.are.same({ "set", "a", "b" }, said_by(
        function(say) assert.is_true(await(event:wait())) say "a" end,
        function(say) await(event:wait()) say "b" end,
        function(say) event:set() say "set" end))
      assert.is_true(event:is_set())
      assert.is_true(await(event:wait()))
      event:clear()
      assert.is_false(event:is_set())
      assert.is_false(event:wait():done())
    end)
  end)

  it("is not lost on one that is cancelled, and outlives its loop", function()
    local event

    async.run(function()
      event = async.Event()
      local waiting = create_task(function() await(event:wait()) end)
      await(sleep(0))
      waiting:cancel()
      assert.is_false((try(waiting)))
      event:set()
      assert.is_true(await(event:wait()))
      create_task(function() event:clear() await(event:wait()) end)
      await(sleep(0))
    end)
    assert.is_false(event:is_set())
  end)
end)

describe("Lock", function()
  it("is held by one at a time, first come first", function()
    async.run(function()
      local lock = async.Lock()
      local function hold(name)
        return function(say)
          await(lock:acquire())
          say(name)
          await(sleep(0))
          say(name)
          lock:release()
        end
      end

      assert.are.same({ "a", "a", "b", "b", "c", "c" }, said_by(hold "a", hold "b", hold "c"))
      assert.is_false(lock:locked())
    end)
  end)

  it("is given by its acquire, each time", function()
    async.run(function()
      local lock = async.Lock()

      for _ = 1, 3 do
        local future = lock:acquire()
        assert.is_true(rawequal(lock, await(future)))
        assert.is_true(rawequal(lock, future:result()))
        assert.is_true(lock:locked())
        lock:release()
      end
      await(lock:acquire())
      local waiting = lock:acquire()
      assert.is_false(waiting:done())
      lock:release()
      assert.is_true(rawequal(lock, await(waiting)))
    end)
  end)

  it("is held while a function runs, however that ends", function()
    async.run(function()
      local lock = async.Lock()

      assert.are.same({ 1, nil, 2 }, { lock:with(function(a)
        assert.is_true(lock:locked())
        await(sleep(0))
        return a, nil, 2
      end, 1) })
      assert.is_false(lock:locked())
      assert.are.same({ false, "oops" }, { pcall(lock.with, lock, error, "oops", 0) })
      assert.is_false(lock:locked())
      local holder = create_task(function() lock:with(function() await(sleep(60)) end) end)
      await(sleep(0))
      holder:cancel()
      assert.is_false((try(holder)))
      assert.is_false(lock:locked())
    end)
  end)

  it("passes on when a waiter is cancelled, at the moment of waking too", function()
    async.run(function()
      local lock = async.Lock()

      await(lock:acquire())
      local first = create_task(function() await(lock:acquire()) end)
      local second = create_task(function() await(lock:acquire()) return "second" end)
      await(sleep(0))
      lock:release()
      first:cancel()
      assert.are.equal("second", await(second))
      assert.is_true(first:cancelled())
      assert.is_true(lock:locked())
    end)
  end)

  it("complains of a release too many, and of what is no lock", function()
    async.run(function()
      local lock = async.Lock()
      local ok, err = pcall(lock.release, lock)

      assert.are.same({ false, "ESTATE" }, { ok, err.code })
      assert.are.equal("Lock is not acquired", tostring(err))
      assert.matches("Lock expected, got Event", select(2, pcall(lock.release, async.Event())))
      assert.matches("Lock expected, got table", select(2, pcall(lock.acquire, {})))
    end)
    assert.has_error(function() async.Lock() end, "no running event loop")
  end)

  it("whose loop was closed can be waited for no more", function()
    local lock

    async.run(function() lock = async.Lock() end)
    async.run(function()
      local ok, err = try(lock:acquire())
      assert.is_false(ok)
      assert.are.equal("ECLOSED", err.code)
    end)
  end)
end)

describe("Condition", function()
  it("tells of a change, to one or to all", function()
    async.run(function()
      local condition, ready = async.Condition(), 0
      local function eat(name)
        return function(say)
          condition:with(function()
            while ready == 0 do await(condition:wait()) end
            ready = ready - 1
            say(name)
          end)
        end
      end

      assert.are.same({ "bake", "a", "bake", "b", "c" }, said_by(eat "a", eat "b", eat "c", function(say)
        for count = 1, 2 do
          condition:with(function()
            say "bake"
            ready = count
            if count == 1 then condition:notify() else condition:notify_all() end
          end)
          await(sleep(0.01))
        end
      end))
    end)
  end)

  it("waits for a predicate", function()
    async.run(function()
      local condition, value = async.Condition(), nil

      assert.are.same({ "go", "got 42" }, said_by(function(say)
        await(condition:acquire())
        say("got " .. condition:wait_for(function() return value end))
        condition:release()
      end, function(say)
        condition:with(function() condition:notify_all() end)
        await(sleep(0))
        condition:with(function()
          value = 42
          say "go"
          condition:notify_all()
        end)
      end))
    end)
  end)

  it("shares a lock, and gives itself when that is acquired", function()
    async.run(function()
      local lock = async.Lock()
      local condition = async.Condition(lock)

      assert.is_true(rawequal(condition, await(condition:acquire())))
      assert.is_true(lock:locked() and condition:locked())
      condition:release()
      assert.is_false(lock:locked())
    end)
  end)

  it("holds the lock again when a wait is cancelled", function()
    async.run(function()
      local condition = async.Condition()
      local held
      local task = create_task(function()
        await(condition:acquire())
        local ok, err = try(condition:wait())
        held = condition:locked() and not ok
        condition:release()
        error(err, 0)
      end)

      await(sleep(0))
      task:cancel()
      assert.is_false((try(task)))
      assert.is_true(held and task:cancelled() and not condition:locked())
    end)
  end)

  it("complains where its lock is not held", function()
    async.run(function()
      local condition = async.Condition()
      local ok, err = try(condition:wait())

      assert.are.same({ false, "ESTATE" }, { ok, err.code })
      assert.has_error(function() condition:notify() end)
      assert.has_error(function() condition:notify_all() end)
      assert.has_error(function() condition:release() end)
      assert.matches("count must not be negative", select(2, pcall(condition.notify, condition, -1)))
      assert.matches("Lock expected, got number", select(2, pcall(async.Condition, 42)))
    end)
  end)
end)

describe("Semaphore", function()
  it("lets in so many at a time", function()
    async.run(function()
      local semaphore, inside, most = async.Semaphore(2), 0, 0
      local function enter()
        semaphore:with(function()
          inside = inside + 1
          most = math.max(most, inside)
          await(sleep(0.001))
          inside = inside - 1
        end)
      end

      await(async.gather(enter, enter, enter, enter, enter))
      assert.are.equal(2, most)
      assert.is_false(semaphore:locked())
    end)
  end)

  it("can grow, unless it is bounded", function()
    async.run(function()
      local semaphore, bounded = async.Semaphore(0), async.BoundedSemaphore()

      assert.is_true(semaphore:locked())
      semaphore:release()
      assert.is_true(rawequal(semaphore, await(semaphore:acquire())))
      await(bounded:acquire())
      bounded:release()
      local ok, err = pcall(bounded.release, bounded)
      assert.are.same({ false, "BoundedSemaphore released too many times" }, { ok, tostring(err) })
      assert.matches("value must not be less than 0", select(2, pcall(async.Semaphore, -1)))
      assert.matches("number expected, got string", select(2, pcall(async.BoundedSemaphore, "many")))
    end)
  end)

  it("passes its token on when a waiter is cancelled at the moment of waking", function()
    async.run(function()
      local semaphore = async.Semaphore(0)
      local first = create_task(function() await(semaphore:acquire()) end)
      local second = create_task(function() await(semaphore:acquire()) return "second" end)

      await(sleep(0))
      semaphore:release()
      first:cancel()
      assert.are.equal("second", await(second))
    end)
  end)
end)

describe("Barrier", function()
  it("is passed by all at once, again and again", function()
    async.run(function()
      local barrier = async.Barrier(2)

      for _ = 1, 2 do
        local first = create_task(function() return await(barrier:wait()) end)
        await(sleep(0))
        assert.are.equal(1, barrier:n_waiting())
        assert.are.same({ 1, 0 }, { await(barrier:wait()), await(first) })
      end
      assert.are.equal(2, barrier:parties())
      assert.is_false(barrier:broken())
    end)
  end)

  it("breaks", function()
    async.run(function()
      local barrier = async.Barrier(2)
      local waiting = create_task(function() await(barrier:wait()) end)

      await(sleep(0))
      barrier:abort()
      local ok, err = try(waiting)
      assert.is_false(ok)
      assert.are.equal("EBROKEN", err.code)
      assert.is_true(err == async.BrokenBarrierError and barrier:broken())
      barrier:reset()
      assert.is_false(barrier:broken())
      assert.matches("parties must not be less than 1", select(2, pcall(async.Barrier, 0)))
    end)
  end)
end)

describe("CapacityLimiter", function()
  it("lets in so many at a time, a number that can be changed", function()
    async.run(function()
      local limiter = async.CapacityLimiter(1)

      assert.is_true(rawequal(limiter, await(limiter:acquire())))
      local waiting = create_task(function() await(limiter:acquire()) end)
      await(sleep(0))
      assert.are.same({ 1, 1, 0, 1 }, { limiter:total_tokens(), limiter:borrowed_tokens(), limiter:available_tokens(),
        limiter:tasks_waiting() })
      limiter:set_total_tokens(2)
      await(waiting)
      assert.are.same({ 2, 2, 0 }, { limiter:total_tokens(), limiter:borrowed_tokens(), limiter:tasks_waiting() })
      limiter:release()
      limiter:release()
      assert.has_error(function() limiter:release() end)
      assert.are.equal("inside", limiter:with(function() return "inside" end))
      assert.matches("total_tokens must not be", select(2, pcall(limiter.set_total_tokens, limiter, -1)))
      assert.matches("total_tokens must not be", select(2, pcall(async.CapacityLimiter, -1)))
    end)
  end)
end)
