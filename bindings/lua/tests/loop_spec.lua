local async = require "libasync"

describe("a loop", function()
  local loop

  before_each(function() loop = async.new_event_loop() end)
  after_each(function() loop:close() end)

  it("runs until a future, a function or a coroutine is done", function()
    local future = loop:create_future()

    loop:call_soon(function() future:set_result(1, 2) end)
    assert.are.same({ 1, 2 }, { loop:run_until_complete(future) })
    assert.are.equal(3, loop:run_until_complete(function() return 3 end))
    assert.are.equal(4, loop:run_until_complete(loop:create_task(function(x) return x end, 4)))
  end)

  it("raises what the future failed with", function()
    local thrown = {}
    local ok, err = pcall(loop.run_until_complete, loop, function() error(thrown) end)

    assert.is_false(ok)
    assert.are.equal(thrown, err)
  end)

  it("calls soon, in order, with arguments", function()
    local log = {}

    for i = 1, 3 do
      local function count(...) log[#log + 1] = select("#", ...) end

      loop:call_soon(count, (table.unpack or unpack)({ 1, 2 }, 1, i - 1))
    end
    loop:call_soon(function() loop:stop() end)
    loop:run_forever()
    assert.are.same({ 0, 1, 2 }, log)
  end)

  it("calls later and at a time, in the order of the times", function()
    local log = {}
    local function note(what) log[#log + 1] = what end

    loop:call_later(0.02, note, "late")
    loop:call_later(0.01, note, "early")
    local handle = loop:call_at(loop:time() + 0.015, note, "between")
    assert.is_true(handle:when() > loop:time())
    loop:call_later(0.03, loop.stop, loop)
    loop:run_forever()
    assert.are.same({ "early", "between", "late" }, log)
  end)

  it("does not call what was called off", function()
    local called = 0
    local function count() called = called + 1 end
    local soon, later = loop:call_soon(count), loop:call_later(0.001, count)

    assert.is_false(soon:cancelled())
    soon:cancel()
    later:cancel()
    assert.is_true(later:cancelled())
    loop:call_later(0.01, loop.stop, loop)
    loop:run_forever()
    assert.are.equal(0, called)
  end)

  it("goes on after a callback failed, and reports it", function()
    local message

    loop:set_exception_handler(function(_, context) message = context.message end)
    loop:call_soon(function() error("oops") end)
    loop:call_soon(loop.stop, loop)
    loop:run_forever()
    assert.matches("oops", message)
  end)

  it("hears of what is reported by hand", function()
    local context

    loop:set_exception_handler(function(where, what) context = { where, what.message, what.future } end)
    local future = loop:create_future()
    loop:call_exception_handler { message = "by hand", future = future }
    assert.are.same({ loop, "by hand", future }, context)
    future:cancel()
  end)

  it("knows its state", function()
    assert.is_false(loop:is_running())
    assert.is_false(loop:is_closed())
    loop:call_soon(function()
      assert.is_true(loop:is_running())
      assert.is_true(rawequal(loop, async.get_running_loop()))
      loop:stop()
    end)
    loop:run_forever()
    assert.matches("^loop: ", tostring(loop))
  end)

  it("says when it was stopped too early", function()
    local future = loop:create_future()

    loop:call_soon(loop.stop, loop)
    local ok, err = pcall(loop.run_until_complete, loop, future)
    assert.is_false(ok)
    assert.are.equal("ESTOPPED", err.code)
    future:cancel()
  end)

  it("cannot run while one runs, or closed", function()
    local other = async.new_event_loop()
    local codes = {}

    loop:run_until_complete(function()
      for _, run in ipairs { loop.run_forever, other.run_forever } do
        local _, err = pcall(run, run == loop.run_forever and loop or other)
        codes[#codes + 1] = err.code
      end
      local _, err = pcall(loop.close, loop)
      codes[#codes + 1] = err.code
    end)
    other:close()
    local _, err = pcall(other.run_forever, other)
    codes[#codes + 1] = err.code
    assert.are.same({ "ERUNNING", "ERUNNING", "ERUNNING", "ECLOSED" }, codes)
  end)

  it("reports what was pending when it is closed, and closes to-be-closed variables", function()
    local messages, closed = {}, false

    loop:set_exception_handler(function(_, context) messages[#messages + 1] = context.message end)
    loop:run_until_complete(function()
      local source = "local await, sleep, value = ...; local guard <close> = value; await(sleep(60))"
      local body = _VERSION >= "Lua 5.4" and load(source) or function(await, sleep) await(sleep(60)) end

      async.create_task(body, async.await, async.sleep, setmetatable({}, { __close = function() closed = true end }))
      async.await(async.sleep(0))
    end)
    loop:close()
    assert.are.equal(1, #messages)
    assert.matches("pending", messages[1])
    assert.are.equal(_VERSION >= "Lua 5.4", closed)
  end)

  it("watches descriptors", function()
    local pipe = io.popen("echo hello")

    assert.has_error(function() loop:add_reader(-1, print) end)
    assert.is_false(loop:remove_reader(0))
    pipe:close()
  end)

  it("refuses delays that make no sense", function()
    for _, seconds in ipairs { -1, 0 / 0, 1 / 0 } do
      local ok, err = pcall(loop.call_later, loop, seconds, print)
      assert.is_false(ok)
      assert.are.equal("EINVAL", err.code)
    end
    assert.has_error(function() loop:call_soon("print") end)
    assert.has_error(function() loop:call_later(1) end)
  end)
end)

describe("a test clock", function()
  it("stands still until it is moved, and then runs what falls due in its order", function()
    local loop, log = async.new_event_loop { clock = "manual" }, {}
    local task = loop:create_task(function()
      for i = 1, 3 do
        async.await(async.sleep(20))
        log[i] = loop:time()
      end
      return "slept"
    end)

    assert.are.equal(0, loop:time())
    loop:advance(59)
    assert.are.same({ 20, 40 }, log)
    assert.is_false(task:done())
    loop:advance(1)
    assert.are.same({ 20, 40, 60 }, log)
    assert.are.equal("slept", task:result())
    loop:close()
  end)

  it("moves inside a run too", function()
    local loop = async.new_event_loop { clock = "manual" }

    loop:run_until_complete(function()
      local nap = async.create_task(function() async.await(async.sleep(60)) end)

      async.await(async.sleep(0))
      loop:advance(60)
      async.await(nap)
      assert.are.equal(60, loop:time())
    end)
    loop:close()
  end)

  it("jumps where there is nothing else to do", function()
    local loop = async.new_event_loop()

    loop:set_clock("jumping")
    loop:run_until_complete(function() async.await(async.sleep(3600)) end)
    assert.are.equal(3600, loop:time())
    loop:close()
  end)

  it("is refused where it makes no sense", function()
    local loop = async.new_event_loop()

    assert.has_error(function() async.new_event_loop { clock = "stopped" } end,
      "bad argument #1 to 'new_event_loop' (clock must be \"real\", \"manual\" or \"jumping\")")
    assert.matches("clock must be", select(2, pcall(loop.set_clock, loop, "stopped")))
    local ok, err = pcall(loop.advance, loop, 1)
    assert.are.same({ false, "only a test clock can be moved" }, { ok, tostring(err) })
    loop:set_clock("manual")
    assert.matches("seconds must be finite and not negative", select(2, pcall(loop.advance, loop, -1)))
    loop:call_later(1, print)
    ok, err = pcall(loop.set_clock, loop, "real")
    assert.are.same({ false, "ESTATE" }, { ok, err.code })
    loop:close()
    assert.has_error(function() loop:advance(1) end)
  end)
end)
