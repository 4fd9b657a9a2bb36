local async = require "libasync"
local support = require "support"
local await, sleep, create_task, pcall = async.await, async.sleep, async.create_task, async.pcall
local code_of, with_pair, fill = support.code_of, support.with_pair, support.fill

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

  it("to a stream that is closed names it", function()
    with_pair(function(ann)
      local ok, err

      ann:close()
      ok, err = ann:write("x")
      assert.is_false(ok)
      assert.are.equal("ECLOSED", err.code)
      assert.are.equal("socket: the stream is closed", err.message)
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
