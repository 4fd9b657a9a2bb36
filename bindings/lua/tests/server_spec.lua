local async = require "libasync"
local core = require "libasync.core"
local support = require "support"
local await, try, sleep, create_task = async.await, async.try, async.sleep, async.create_task
local pcall, code_of, reports = async.pcall, support.code_of, support.reports

local function echo(stream)
  local data = stream:read(65536)

  while data ~= "" do
    stream:write(data)
    stream:drain()
    data = stream:read(65536)
  end
  stream:close()
end

-- A server on the loopback and its port, closed afterwards.
local function with_server(connected, body, options)
  async.run(function()
    local server = await(async.start_server(connected, "127.0.0.1", 0, options))

    body(server:addresses()[1].port, server)
    server:close()
    server:abort_clients()
    server:wait_closed()
  end)
end

local function connect(port, options)
  return await(async.open_connection("127.0.0.1", port, options))
end

-- A port that nobody listens on.
local function closed_port()
  local server = await(async.start_server(echo, "127.0.0.1", 0))
  local port = server:addresses()[1].port

  server:close()
  server:wait_closed()
  return port
end

describe("a server", function()
  it("runs a function as a task for everyone who connects", function()
    with_server(echo, function(port, server)
      local tasks = {}

      for i = 1, 50 do
        tasks[i] = create_task(function()
          local stream = connect(port)

          for j = 1, 10 do
            stream:write(i, " ", j, "\n")
            assert.are.equal(("%d %d\n"):format(i, j), stream:readline())
          end
          stream:close()
          stream:wait_closed()
        end)
      end
      await(async.gather(tasks))
      assert.are.equal("server: 127.0.0.1:" .. port, tostring(server))
    end)
  end)

  it("tells where it listens, and whom it serves", function()
    with_server(echo, function(port, server)
      local stream = connect(port)

      stream:write("x")
      stream:readexactly(1)
      assert.are.equal(1, server:connections())
      assert.are.equal(1, core.async_server_connections(server))
      assert.is_true(rawequal(server, await(function() return server end)))
      assert.are.equal("127.0.0.1:" .. port, tostring(stream:get_extra_info("peername")))
      assert.are.equal("127.0.0.1", stream:get_extra_info("sockname").host)
      assert.is_true(server:is_serving())
      assert.are.equal(async.get_running_loop(), server:get_loop())
      stream:close()
      server:close()
      assert.is_false(server:is_serving())
      assert.are.equal(0, #server:addresses())
      assert.matches("%(closed%)$", tostring(server))
    end)
  end)

  it("reports a task that fails, and closes its stream", function()
    with_server(function() error("there is trouble") end, function(port)
      local heard = reports()
      local stream = connect(port)

      pcall(stream.read, stream)
      assert.are.equal(1, #heard)
      assert.matches("there is trouble", heard[1])
      stream:close()
    end)
  end)

  it("reports it by the task's name, and where it failed", function()
    local function break_off() error("there is trouble") end
    local function serve() break_off() end

    with_server(serve, function(port)
      local heard, stream

      async.get_running_loop():set_exception_handler(function(_, context) heard = context end)
      stream = connect(port)
      pcall(stream.read, stream)
      assert.matches("^127.0.0.1:%d+: what served the connection was task 'Task%-%d+'.* failed: ", heard.message)
      assert.matches("there is trouble", heard.traceback)
      assert.matches("stack traceback:.*break_off", heard.traceback)
      stream:close()
    end)
  end)

  it("serves on when Lua holds it no more, until it is closed", function()
    async.run(function()
      local port = await(async.start_server(echo, "127.0.0.1", 0)):addresses()[1].port

      collectgarbage()
      collectgarbage()
      local stream = connect(port)
      stream:write("anybody?")
      assert.are.equal("anybody?", stream:readexactly(8))
      stream:close()
    end)
  end)

  it("stops gracefully, and cancels who does not come to an end", function()
    local ended = {}

    with_server(function(stream)
      local ok = pcall(stream.readline, stream)

      ended[#ended + 1] = ok and "served" or "cancelled"
      stream:close()
    end, function(port, server)
      local one, other = connect(port), connect(port)

      while server:connections() < 2 do await(sleep(0.001)) end
      create_task(function() one:write("bye\n") end)
      assert.are.equal(1, server:stop(0.05))
      assert.are.same({ "served", "cancelled" }, ended)
      assert.are.equal(0, server:connections())
      one:close()
      other:close()
    end)
  end)

  it("serves forever, until it is cancelled or closed", function()
    with_server(echo, function(_, server)
      local forever = create_task(server.serve_forever, server)

      await(sleep(0))
      forever:cancel()
      local ok, err = try(forever)
      assert.is_true(not ok and err == async.CancelledError)
      assert.is_false(server:is_serving())
    end)
    with_server(echo, function(_, server)
      local forever = create_task(server.serve_forever, server)

      await(sleep(0))
      server:close()
      assert.are.equal("ECLOSED", (code_of(await, forever)))
    end)
  end)

  it("closes its clients, or aborts them", function()
    for _, verb in ipairs { "close_clients", "abort_clients" } do
      with_server(echo, function(port, server)
        local stream = connect(port)

        stream:write("x")
        stream:readexactly(1)
        reports()
        server[verb](server)
        pcall(stream.read, stream)
        assert.is_true(stream:at_eof() or verb == "abort_clients")
        server:close()
        server:wait_closed()
        assert.are.equal(0, server:connections())
        stream:close()
      end)
    end
  end)

  it("has a limit of connections, if it is given one", function()
    with_server(echo, function(port, server)
      local first, second = connect(port), connect(port)

      first:write("one")
      second:write("two")
      assert.are.equal("one", first:readexactly(3))
      assert.are.equal(1, server:connections())
      first:close()
      assert.are.equal("two", second:readexactly(3))
      second:close()
    end, { most_connections = 1, backlog = 16, limit = 1024, nodelay = true, reuse_address = true })
  end)

  it("listens on a Unix socket", function()
    async.run(function()
      local path = os.tmpname()

      os.remove(path)
      local server = await(async.start_unix_server(echo, path))
      local stream = await(async.open_unix_connection(path))
      stream:write("here")
      assert.are.equal("here", stream:readexactly(4))
      assert.are.equal(path, stream:get_extra_info("peername").path)
      stream:close()
      local again = await(async.open_connection(async.address_unix(path)))
      again:close()
      server:close()
      server:wait_closed()
      local code, err = code_of(await, async.open_unix_connection(path))
      assert.are.equal("EOS", code)
      assert.is_truthy(err.message:find(path, 1, true))
    end)
  end)

  it("takes a socket that somebody else bound", function()
    async.run(function()
      local descriptor = async.socket_open(4, "stream")

      async.socket_bind(descriptor, async.address("127.0.0.1", 0))
      local server = async.server_adopt(echo, descriptor)
      local stream = await(async.open_connection(server:addresses()[1], { connect_timeout = 5 }))
      stream:write("mine")
      assert.are.equal("mine", stream:readexactly(4))
      stream:close()
      server:close()
      assert.are.equal(9, select(2, code_of(async.server_adopt, echo, 12345)).os)
    end)
  end)

  it("is refused where it cannot listen", function()
    with_server(echo, function(port)
      local code, err = code_of(await, async.start_server(echo, "127.0.0.1", port))

      assert.are.equal("EINUSE", code)
      assert.is_truthy(err.message:find(port, 1, true))
      assert.are.equal("EINVAL", (code_of(await, async.start_server(echo, "127.0.0.1", 70000))))
      assert.matches("function expected, got table", select(2, pcall(async.start_server, {}, "127.0.0.1", 0)))
      assert.matches("unknown option 'limt'", select(2, pcall(async.start_server, echo, nil, 0, { limt = 1 })))
    end)
  end)

  it("is closed by a variable that is to be closed", function()
    if _VERSION ~= "Lua 5.4" then return end
    async.run(assert(load [[
      local async, echo = ...
      local kept
      do
        local server <close> = async.await(async.start_server(echo, "127.0.0.1", 0))
        local stream <close> = async.await(async.open_connection(server:addresses()[1]))
        stream:write("x")
        stream:readexactly(1)
        kept = { server, stream }
      end
      assert(not kept[1]:is_serving() and kept[1]:connections() == 0 and kept[2]:is_closing())
    ]]), async, echo)
  end)
end)

describe("open_connection", function()
  it("names who refused", function()
    async.run(function()
      local port = closed_port()
      local code, err = code_of(await, async.open_connection("127.0.0.1", port))

      assert.are.equal("EREFUSED", code)
      assert.is_true(err == async.ConnectionRefusedError)
      assert.is_number(err.os)
      assert.is_truthy(err.message:find("127.0.0.1", 1, true))
      assert.is_truthy(err.message:find(tostring(port), 1, true))
    end)
  end)

  it("complains of hosts and ports that are none", function()
    async.run(function()
      assert.are.equal("EINVAL", (code_of(await, async.open_connection("127.0.0.1", 70000))))
      assert.are.equal("ENONAME", (code_of(await, async.open_connection("nobody.invalid", 80))))
      assert.matches("string expected", select(2, pcall(async.open_connection, nil, 80)))
      assert.matches("number expected", select(2, pcall(async.open_connection, "127.0.0.1")))
    end)
  end)

  it("can be cancelled, and limited in time", function()
    async.run(function()
      local opening = async.open_connection("127.0.0.1", closed_port())

      opening:cancel()
      local ok, err = try(opening)
      assert.is_true(not ok and err == async.CancelledError)
    end)
  end)

  it("takes asyncio's options and some more", function()
    with_server(echo, function(port)
      local stream = connect(port, {
        family = 4,
        local_addr = async.address("127.0.0.1", 0),
        happy_eyeballs_delay = false,
        connect_timeout = 10,
        nodelay = false,
        keepalive = 30,
        limit = 10,
        high_water = 100,
        low_water = 10,
        read_timeout = 0.02,
        write_timeout = false,
        receive_buffer = 8192,
        send_buffer = 8192,
      })

      stream:write("a line that is too long\n")
      assert.are.equal("ELIMIT", (code_of(stream.readline, stream)))
      stream:readexactly(24)
      local ok, err = pcall(stream.read, stream, 1)
      assert.is_true(not ok and err == async.TimeoutError)
      stream:set_nodelay(true)
      stream:set_keepalive(10)
      stream:close()
    end)
  end)

  it("that nobody awaited is closed by the collector", function()
    with_server(echo, function(port, server)
      local heard = reports()

      async.open_connection("127.0.0.1", port)
      while server:connections() == 0 do await(sleep(0.001)) end
      while server:connections() == 1 do
        collectgarbage()
        await(sleep(0.001))
      end
      assert.are.equal(1, #heard)
    end)
  end)
end)
