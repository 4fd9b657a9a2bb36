local async = require "libasync"
local core = require "libasync.core"
local support = require "support"
local await, sleep, create_task = async.await, async.sleep, async.create_task
local pcall, code_of, reports = async.pcall, support.code_of, support.reports

local yields_in_iterators = _VERSION ~= "Lua 5.1" or jit

-- Two streams that are connected to each other, closed afterwards.
local function with_pair(body)
  async.run(function()
    local ann, bob = async.stream_pair()

    body(ann, bob)
    ann:abort()
    bob:abort()
  end)
end

-- Fills the kernel's buffers and ours, until drain has to wait.
local function fill(stream)
  local piece = ("x"):rep(65536)

  for _ = 1, 100 do stream:write(piece) end
  return 100 * #piece
end

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

describe("writing", function()
  it("takes strings and numbers, one or many", function()
    with_pair(function(ann, bob)
      local many = {}

      assert.is_true(ann:write("a"))
      assert.is_true(ann:write("b", 1, "c"))
      assert.is_true(ann:writelines { "d", 2, "e" })
      assert.is_true(ann:writelines {})
      assert.are.equal("ab1cd2e", bob:readexactly(7))
      for i = 1, 1000 do many[i] = ("%04d"):format(i) end
      ann:writelines(many)
      assert.are.equal(table.concat(many), bob:readexactly(4000))
      ann:write((unpack or table.unpack)(many, 1, 200))
      assert.are.equal(table.concat(many, "", 1, 200), bob:readexactly(800))
    end)
  end)

  it("refuses what is no text", function()
    with_pair(function(ann)
      assert.matches("string expected, got nil", select(2, pcall(ann.write, ann, nil)))
      assert.matches("string expected, got table", select(2, pcall(ann.write, ann, "a", {})))
      assert.matches("item 2: string expected, got boolean", select(2, pcall(ann.writelines, ann, { "a", true })))
    end)
  end)

  it("arrives whole, however much it is", function()
    with_pair(function(ann, bob)
      local piece, sum = ("0123456789abcdef"):rep(4096), 0

      create_task(function()
        for i = 1, 50 do
          ann:write(piece, i, "\n")
          ann:drain()
        end
        ann:close()
      end)
      for i = 1, 50 do
        assert.are.equal(piece, bob:readexactly(#piece))
        assert.are.equal(i .. "\n", bob:readline())
        sum = sum + i
      end
      assert.are.equal("", bob:read(1))
      assert.are.equal(1275, sum)
    end)
  end)

  it("is drained once the peer has taken it", function()
    with_pair(function(ann, bob)
      local drained = false

      ann:drain()
      assert.are.equal(0, ann:unsent())
      local size = fill(ann)
      assert.is_true(ann:unsent() > 65536)
      local drainer = create_task(function()
        ann:drain()
        drained = true
      end)
      await(sleep(0))
      assert.is_false(drained)
      assert.are.equal(size, #bob:readexactly(size))
      await(drainer)
      assert.are.equal(0, ann:unsent())
    end)
  end)

  it("is drained as the marks say", function()
    with_pair(function(ann)
      ann:set_write_buffer_limits(2 ^ 30)
      fill(ann)
      ann:drain()
      ann:set_write_buffer_limits(16, 8)
      local ok, err = async.try(async.wait_for(function() ann:drain() end, 0.01))
      assert.is_true(not ok and err == async.TimeoutError)
    end)
  end)

  it("has a time limit for peers that take nothing", function()
    with_pair(function(ann)
      ann:set_timeouts(nil, 0.01)
      fill(ann)
      local ok, err = pcall(ann.drain, ann)
      assert.is_true(not ok and err == async.TimeoutError)
      assert.matches("took nothing", err.message)
    end)
  end)

  it("half a stream can end", function()
    with_pair(function(ann, bob)
      assert.is_true(ann:can_write_eof())
      ann:write("question")
      ann:write_eof()
      ann:write_eof()
      assert.are.equal("question", bob:read())
      bob:write("answer")
      assert.are.equal("answer", ann:read(10))
      local code, err = code_of(ann.write, ann, "more")
      assert.are.equal("ESTATE", code)
      assert.are.equal("write() after write_eof()", err.message)
    end)
  end)

  it("to who is gone is no error of its own, but drain tells", function()
    with_pair(function(ann, bob)
      bob:abort()
      await(sleep(0))
      local ok, err = ann:write("hello?")
      assert.are.same({ false, "ERESET" }, { ok, err.code })
      assert.are.equal("ERESET", (code_of(ann.drain, ann)))
    end)
  end)

  it("after the close is dropped", function()
    with_pair(function(ann)
      ann:close()
      local ok, err = ann:write("hello?")
      assert.are.same({ false, "ECLOSED" }, { ok, err.code })
      assert.is_false((ann:writelines { "a", "b" }))
    end)
  end)

  it("sends files", function()
    with_pair(function(ann, bob)
      local name = os.tmpname()
      local file = assert(io.open(name, "w+"))

      file:write(("0123456789"):rep(1000))
      file:flush()
      ann:write("before ")
      assert.are.equal(10000, ann:sendfile(file))
      assert.are.equal(3, ann:sendfile(file, 5, 3))
      assert.are.equal(0, ann:sendfile(file, 10000))
      ann:close()
      assert.are.equal("before " .. ("0123456789"):rep(1000) .. "567", bob:read())
      file:close()
      os.remove(name)
      assert.matches("file is closed", select(2, pcall(ann.sendfile, ann, file)))
      assert.matches("FILE%*", select(2, pcall(ann.sendfile, ann, {})))
    end)
  end)
end)

describe("a stream", function()
  it("closes once what was written is sent", function()
    with_pair(function(ann, bob)
      local size = fill(ann)

      ann:close()
      ann:close()
      assert.is_true(ann:is_closing())
      assert.is_false(bob:is_closing())
      local closed = create_task(ann.wait_closed, ann)
      assert.are.equal(size, #bob:read())
      assert.is_nil(await(closed))
      ann:wait_closed()
      assert.is_nil(ann:get_extra_info("socket"))
    end)
  end)

  it("can be aborted, and what is unsent is lost", function()
    with_pair(function(ann, bob)
      local size = fill(ann)

      ann:abort()
      local ok = pcall(ann.wait_closed, ann)
      assert.is_boolean(ok)
      ok, size = pcall(function() return size - #bob:read() end)
      assert.is_true(not ok or size > 0)
    end)
  end)

  it("tells who talks", function()
    with_pair(function(ann)
      assert.is_number(ann:get_extra_info("socket"))
      assert.are.equal("none", ann:get_extra_info("cipher", "none"))
      assert.is_nil(ann:get_extra_info("cipher"))
      assert.are.equal(async.get_running_loop(), ann:get_loop())
      assert.matches("^stream: ", tostring(ann))
      ann:close()
      assert.matches("%(closed%)$", tostring(ann))
    end)
  end)

  it("is the same object wherever it comes from", function()
    with_pair(function(ann, bob)
      local queue = async.Queue()

      await(queue:put(ann))
      assert.is_true(rawequal(ann, await(queue:get())))
      assert.is_true(rawequal(ann, await(function() return ann end)))
      assert.is_true(rawequal(bob, await(async.gather(function() return ann end, function() return bob end))[2]))
      core.async_stream_write(ann, "from C")
      assert.are.equal("from C", await(core.async_stream_read(bob, 100)))
      local code, one, other = core.async_stream_pair(async.get_running_loop())
      assert.are.equal(0, code)
      one:close()
      assert.are.equal("", other:read(1))
      other:close()
    end)
  end)

  it("that nobody closed is closed by the collector, and that is reported", function()
    async.run(function()
      local heard = reports()
      local ann = async.stream_pair()

      collectgarbage()
      collectgarbage()
      assert.are.equal(1, #heard)
      assert.matches("dropped without a close", heard[1])
      assert.are.equal("", ann:read(1))
      ann:close()
      ann = nil
      collectgarbage()
      collectgarbage()
      assert.are.equal(1, #heard)
    end)
  end)

  it("is not dropped while somebody reads from it", function()
    async.run(function()
      local heard = reports()
      local ann, bob = async.stream_pair()
      local reader = create_task(function(stream) return stream:read(5) end, ann)

      ann = nil
      await(sleep(0))
      collectgarbage()
      collectgarbage()
      assert.are.equal(0, #heard)
      bob:write("alive")
      assert.are.equal("alive", await(reader))
      bob:close()
      collectgarbage()
      collectgarbage()
      assert.are.equal(1, #heard)
    end)
  end)

  it("leaves nothing behind, however much goes through it", function()
    with_pair(function(ann, bob)
      local function round()
        for i = 1, 200 do
          ann:write("message ", i, "\n")
          bob:write(bob:read(100))
          ann:readline()
        end
        collectgarbage()
        collectgarbage()
        return collectgarbage("count")
      end

      round()
      local before = round()
      for _ = 1, 5 do round() end
      assert.is_true(round() < before + 16)
    end)
  end)

  it("may be one end of a pipe", function()
    async.run(function()
      local reader, writer = async.stream_pipe()

      writer:write("through ")
      writer:write("the pipe")
      assert.are.equal("through the pipe", reader:readexactly(16))
      assert.are.equal("EINVAL", (code_of(reader.write, reader, "x")))
      assert.are.equal("EINVAL", (code_of(writer.read, writer, 1)))
      assert.is_nil(reader:get_extra_info("peername"))
      writer:close()
      assert.are.equal("", reader:read())
      reader:close()
    end)
  end)

  it("may take over a descriptor", function()
    with_pair(function()
      local code, err = code_of(async.stream_adopt, 12345)

      assert.are.equal(9, err.os)
      assert.are.equal("EOS", code)
      assert.are.equal("descriptor 12345: Bad file descriptor", tostring(err))
      assert.has_error(function() async.stream_adopt(0, { limt = 8 }) end,
        "bad argument #2 to 'stream_adopt' (unknown option 'limt')")
      assert.has_error(function() async.stream_adopt(0, { limit = 0 }) end,
        "bad argument #2 to 'stream_adopt' (option 'limit' is out of range)")
      assert.has_error(function() async.stream_adopt(0, { limit = "much" }) end,
        "bad argument #2 to 'stream_adopt' (option 'limit' must be a number)")
      assert.has_error(function() async.stream_adopt(0, { nodelay = 1 }) end,
        "bad argument #2 to 'stream_adopt' (option 'nodelay' must be true or false)")
      assert.has_error(function() async.stream_adopt(0, { read_timeout = true }) end,
        "bad argument #2 to 'stream_adopt' (option 'read_timeout' must be a time in seconds, or false for none)")
      assert.has_error(function() async.stream_adopt(0, { local_addr = "here" }) end,
        "bad argument #2 to 'stream_adopt' (option 'local_addr' must be an address)")
      assert.has_error(function() async.stream_adopt(0, { high_water = 8, low_water = 16 }) end)
      assert.has_error(function() async.stream_adopt(0, { "limit" }) end,
        "bad argument #2 to 'stream_adopt' (unknown option 'number')")
    end)
  end)
end)

describe("a host's name or a path", function()
  it("does not end at a zero byte", function()
    async.run(function()
      local words = "must not contain a zero byte"

      assert.has_error(function() async.open_connection("localhost\0.example", 9) end,
        "bad argument #1 to 'open_connection' (" .. words .. ")")
      assert.has_error(function() async.start_server(print, "127.0.0.1\0", 0) end,
        "bad argument #2 to 'start_server' (" .. words .. ")")
      assert.has_error(function() async.open_unix_connection("/tmp/a\0b") end,
        "bad argument #1 to 'open_unix_connection' (" .. words .. ")")
      assert.has_error(function() async.bind_datagram("127.0.0.1\0", 0) end,
        "bad argument #1 to 'bind_datagram' (" .. words .. ")")
      assert.has_error(function() async.getaddrinfo("localhost\0") end,
        "bad argument #1 to 'getaddrinfo' (" .. words .. ")")
    end)
  end)
end)

describe("the standard streams", function()
  it("can be awaited, and stay open when they are closed", function()
    local interpreter = arg[-1]
    for i = -1, -20, -1 do
      if arg[i] then interpreter = arg[i] end
    end
    local name = os.tmpname()
    local file = assert(io.open(name, "w"))

    file:write [[
      local async = require "libasync"

      async.run(function()
        local input, output = async.stdin(), async.stdout()
        local line = input:readline()

        while line ~= "" do
          output:write("heard ", line)
          line = input:readline()
        end
        output:drain()
        input:close()
        output:close()
        output:wait_closed()
        async.stderr():close()
      end)
      print "still here"
    ]]
    file:close()
    local pipe = io.popen(("printf 'one\\ntwo\\n' | %s %s 2>&1"):format(interpreter, name))
    local printed = pipe:read("*a")
    pipe:close()
    os.remove(name)
    assert.are.equal("heard one\nheard two\nstill here\n", printed)
  end)
end)
