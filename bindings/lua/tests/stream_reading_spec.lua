local async = require "libasync"
local support = require "support"
local await, sleep, create_task, pcall = async.await, async.sleep, async.create_task, async.pcall
local code_of, with_pair, fill = support.code_of, support.with_pair, support.fill

local yields_in_iterators = _VERSION ~= "Lua 5.1" or jit

describe("reading", function()
  it("gives what is there, at most as much as asked for, and at the end nothing", function()
    with_pair(function(ann, bob)
      bob:write("good ", "morning")
      assert.are.equal("good", ann:read(4))
      assert.are.equal(" morning", ann:read(100))
      assert.are.equal("", ann:read(0))
      bob:write("zero\0byte")
      assert.are.equal("zero\0byte", ann:read(2 ^ 40))
      bob:close()
      assert.is_false(ann:at_eof())
      assert.are.equal("", ann:read(100))
      assert.is_true(ann:at_eof())
      assert.are.equal("", ann:read(100))
    end)
  end)

  it("waits for the first of it, while others go on", function()
    with_pair(function(ann, bob)
      local said = {}
      local reader = create_task(function()
        local word = ann:read(10)
        said[#said + 1] = word
      end)

      await(sleep(0))
      said[#said + 1] = "waiting"
      bob:write("tea")
      await(reader)
      assert.are.same({ "waiting", "tea" }, said)
    end)
  end)

  it("without a number goes on to the end", function()
    with_pair(function(ann, bob)
      local size

      create_task(function()
        size = fill(bob)
        bob:close()
      end)
      assert.are.equal(("x"):rep(6553600), ann:read())
      assert.are.equal(6553600, size)
      assert.are.equal("", ann:read(-1))
    end)
  end)

  it("of a number of bytes gives just as many", function()
    with_pair(function(ann, bob)
      create_task(function()
        for piece in ("abcde"):gmatch "." do
          bob:write(piece)
          await(sleep(0.001))
        end
        bob:close()
      end)
      assert.are.equal("", ann:readexactly(0))
      assert.are.equal("abc", ann:readexactly(3))
      local code, err = code_of(ann.readexactly, ann, 3)
      assert.are.equal("EEND", code)
      assert.is_true(err == async.IncompleteReadError)
      assert.are.equal("de", ann:read(10))
    end)
  end)

  it("to a separator gives that too", function()
    with_pair(function(ann, bob)
      bob:write("one, two", ", ", "three\nfour")
      assert.are.equal("one, ", ann:readuntil(", "))
      assert.are.equal("two, ", ann:readuntil(", "))
      assert.are.equal("three\n", ann:readuntil())
      bob:close()
      assert.are.equal("EEND", (code_of(ann.readuntil, ann, "five")))
      assert.are.equal("four", ann:read(10))
    end)
  end)

  it("of a line gives its end too, and the last one as it is", function()
    with_pair(function(ann, bob)
      bob:write("one\n\ntwo")
      bob:close()
      assert.are.same({ "one\n", "\n", "two", "" }, { ann:readline(), ann:readline(), ann:readline(), ann:readline() })
    end)
  end)

  it("of what is too long is refused, and nothing is lost", function()
    with_pair(function(ann, bob)
      ann:set_limit(8)
      bob:write("a line that is too long\n")
      local code, err = code_of(ann.readline, ann)
      assert.are.equal("ELIMIT", code)
      assert.is_true(err == async.LimitOverrunError)
      assert.are.equal("a line that is too long\n", ann:readexactly(24))
    end)
  end)

  it("gives all lines one after the other", function()
    with_pair(function(ann, bob)
      local lines = {}

      create_task(function()
        for i = 1, 100 do
          bob:write("line ", i, "\n")
          if i % 10 == 0 then await(sleep(0)) end
        end
        bob:close()
      end)
      if yields_in_iterators then
        for line in ann:lines() do lines[#lines + 1] = line end
      else
        local line = ann:readline()
        while line ~= "" do
          lines[#lines + 1] = line
          line = ann:readline()
        end
      end
      assert.are.equal(100, #lines)
      assert.are.same({ "line 1\n", "line 100\n" }, { lines[1], lines[100] })
    end)
  end)

  it("takes no turn when the bytes are at hand", function()
    with_pair(function(ann, bob)
      local turned = false

      bob:write("one\ntwo\nthree\n")
      ann:readline()
      create_task(function() turned = true end)
      assert.are.equal("two\n", ann:readline())
      assert.are.equal("thr", ann:read(3))
      assert.are.equal("ee\n", ann:readexactly(3))
      assert.is_false(turned)
    end)
  end)

  it("is one at a time", function()
    with_pair(function(ann, bob)
      local first = create_task(ann.read, ann, 1)

      await(sleep(0))
      assert.are.equal("ESTATE", (code_of(ann.read, ann, 1)))
      assert.are.equal("ESTATE", (code_of(ann.readline, ann)))
      bob:write("x")
      assert.are.equal("x", await(first))
    end)
  end)

  it("that is cancelled has taken nothing", function()
    with_pair(function(ann, bob)
      for _, verb in ipairs { "read", "readexactly", "readuntil" } do
        local reader = create_task(ann[verb], ann, verb == "readuntil" and "\n" or 3)

        bob:write("x")
        await(sleep(0))
        if verb == "read" then assert.are.equal("x", await(reader)) end
        reader:cancel()
        async.try(reader)
        bob:write("y")
        if verb ~= "read" then assert.are.equal("x", ann:readexactly(1)) end
        assert.are.equal("y", ann:readexactly(1))
      end
    end)
  end)

  it("has a time limit, that of a scope or its own", function()
    with_pair(function(ann, bob)
      local ok, err = pcall(async.timeout, 0.01, function() ann:readline() end)

      assert.is_true(not ok and err == async.TimeoutError)
      ok, err = async.try(async.wait_for(function() return ann:read(1) end, 0.01))
      assert.is_true(not ok and err == async.TimeoutError)
      ann:set_timeouts(0.01)
      for _, verb in ipairs { "read", "readline", "readexactly" } do
        ok, err = pcall(ann[verb], ann, verb ~= "readline" and 1 or nil)
        assert.is_true(not ok and err == async.TimeoutError)
      end
      bob:write("late")
      assert.are.equal("late", ann:read(10))
    end)
  end)

  it("ends with the stream's close", function()
    with_pair(function(ann, bob)
      for _, verb in ipairs { "read", "readline" } do
        local one, other = async.stream_pair()
        local reader = create_task(one[verb], one, verb == "read" and 1 or nil)

        await(sleep(0))
        one:close()
        local ok, err = async.try(reader)
        assert.are.same({ false, "ECLOSED" }, { ok, err.code })
        assert.are.equal("ECLOSED", (code_of(one[verb], one, 1)))
        other:close()
      end
    end)
  end)

  it("is refused outside of a task, and in a coroutine of one's own", function()
    with_pair(function(ann)
      local message = "await in a coroutine of your own"
      local ok, err = coroutine.resume(coroutine.create(function() ann:read(1) end))

      assert.is_false(ok)
      assert.matches(message, err)
      async.get_running_loop():call_soon(function() ok, err = _G.pcall(ann.readline, ann) end)
      await(sleep(0))
      assert.is_false(ok)
      assert.matches("await outside of a task", err)
    end)
  end)

  it("is refused sizes that are none", function()
    with_pair(function(ann)
      assert.matches("must not be negative", select(2, pcall(ann.readexactly, ann, -1)))
      assert.matches("number expected", select(2, pcall(ann.read, ann, "much")))
      assert.matches("separator must not be empty", select(2, pcall(ann.readuntil, ann, "")))
      assert.matches("Stream expected, got n", select(2, pcall(ann.read)))
      assert.matches("Stream expected, got table", select(2, pcall(ann.write, {}, "x")))
    end)
  end)
end)
