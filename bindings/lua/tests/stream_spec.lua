local async = require "libasync"
local core = require "libasync.core"
local support = require "support"
local await, sleep, create_task, pcall = async.await, async.sleep, async.create_task, async.pcall
local code_of, reports, with_pair, fill = support.code_of, support.reports, support.with_pair, support.fill

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
      assert.matches("pipe: it is open for reading only", tostring(select(2, pcall(reader.write, reader, "x"))))
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
      for _, name in ipairs { "read_timeout", "write_timeout", "connect_timeout", "keepalive" } do
        assert.has_error(function() async.stream_adopt(0, { [name] = -1 }) end,
          ("bad argument #2 to 'stream_adopt' (option '%s' must be a time in seconds, or false for none)"):format(name))
      end
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
