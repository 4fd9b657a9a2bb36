local async = require "libasync"
local core = require "libasync.core"
local support = require "support"
local await, try, create_task = async.await, async.try, async.create_task

local function number(value)
  return string.char(math.floor(value / 256), value % 256)
end

local function name(text)
  return (text:gsub("([^.]+)%.?", function(part) return string.char(#part) .. part end)) .. "\0"
end

-- What the server knows of a type of record, by its number.
local known = {
  [1] = { "\127\0\0\7" },
  [15] = { number(10) .. name "mail.example", number(20) .. name "spare.example" },
  [16] = { "\3one\3two" },
  [33] = { number(1) .. number(2) .. number(5060) .. name "phone.example" },
  [6] = { name "ns.example" .. name "root.example" .. ("\0\0\0\1"):rep(5) },
  [99] = { "raw\0bytes" },
}

-- The answer to a query about one name.
local function answer_to(query)
  local question = query:sub(13):match "^%Z+%z...."
  local records = {}

  if question:find("nobody", 1, true) then
    return query:sub(1, 2) .. "\129\131\0\1\0\0\0\0\0\0" .. question
  end
  for i, data in ipairs(known[question:byte(-3)] or {}) do
    records[i] = "\192\12" .. question:sub(-4) .. "\0\0\1\44" .. number(#data) .. data
  end
  return query:sub(1, 2) .. "\129\128\0\1" .. number(#records) .. "\0\0\0\0" .. question .. table.concat(records)
end

-- A name server of our own; it says nothing to those who ask for silence.
local function serve(descriptor)
  while true do
    local query, client = await(async.sock_recvfrom(descriptor, 512))

    if not query:find("silence", 1, true) then
      await(async.sock_sendto(descriptor, answer_to(query), client))
    end
  end
end

local function with_server(body)
  async.run(function()
    local descriptor = async.socket_open(4, "datagram")

    async.socket_bind(descriptor, async.address("127.0.0.1", 0))
    async.set_dns_servers { tostring(async.socket_address(descriptor)) }
    local server = create_task(serve, descriptor)
    body()
    server:cancel()
    try(server)
    async.socket_close(descriptor)
  end)
end

describe("dns_query", function()
  it("lists records with the fields of their type", function()
    with_server(function()
      local first, second = (unpack or table.unpack)(await(async.dns_query("a.example", "MX")))

      assert.are.same({ "a.example", "MX", 300, 10, "mail.example" },
        { first.name, first.type, first.ttl, first.priority, first.host })
      assert.are.equal(20, second.priority)
      assert.is_nil(first.weight)
      assert.is_nil(first.nonsense)
      assert.are.equal("record: a.example MX", tostring(first))
      assert.are.equal("mail.example", core.async_record_host(first))
      local service = await(async.dns_query("a.example", "SRV"))[1]
      assert.are.same({ 1, 2, 5060, "phone.example" },
        { service.priority, service.weight, service.port, service.host })
      local zone = await(async.dns_query("a.example", "SOA"))[1]
      assert.are.same({ "ns.example", "root.example", 1, 1 }, { zone.host, zone.mailbox, zone.serial, zone.minimum })
    end)
  end)

  it("takes other types by their numbers, and A for none", function()
    with_server(function()
      assert.are.equal("127.0.0.7", await(async.dns_query "a.example")[1].host)
      assert.are.equal("onetwo", table.concat(await(async.dns_query("a.example", "TXT"))[1].strings))
      local record = await(async.get_running_loop():dns_query("a.example", 99))[1]
      assert.are.same({ 99, "raw\0bytes" }, { record.type, record.data })
      assert.has_error(function() async.dns_query("a.example", "carrier pigeon") end,
        "bad argument #2 to 'dns_query' (no such type of record: 'carrier pigeon')")
    end)
  end)

  it("fails for names that are not there, and can be cancelled and limited in time", function()
    with_server(function()
      local code, err = support.code_of(await, async.dns_query("nobody.example", "MX"))
      assert.are.equal("ENONAME", code)
      assert.matches("nobody.example", err.message)
      local query = async.dns_query "silence.example"
      query:cancel()
      assert.are.equal("ECANCELED", (support.code_of(await, query)))
      code = support.code_of(await, async.wait_for(async.dns_query "silence.example", 0.01))
      assert.are.equal("ETIMEDOUT", code)
    end)
  end)

  it("ends with its loop", function()
    local query

    with_server(function() query = async.dns_query "silence.example" end)
    assert.are.equal("ECLOSED", query:exception().code)
  end)
end)

describe("name servers", function()
  it("are addresses, in a text or a list, or those of the system", function()
    async.run(function()
      async.set_dns_servers "127.0.0.1:5300, [::1]:5301"
      async.get_running_loop():set_dns_servers { "127.0.0.1", "::1" }
      async.set_dns_servers()
      assert.has_error(function() async.set_dns_servers "nobody" end,
        "bad argument #1 to 'set_dns_servers' (addresses of name servers expected)")
      assert.has_error(function() async.set_dns_servers { "127.0.0.1", {} } end,
        "bad argument #1 to 'set_dns_servers' (item 2: string expected, got table)")
    end)
  end)

  it("look addresses up for who connects", function()
    with_server(function()
      assert.are.equal("127.0.0.7", await(async.getaddrinfo("a.example", 80, { family = 4, type = "stream" }))[1].host)
    end)
  end)
end)

-- What the hosts file calls an address; the address where it says nothing.
local function known_as(address)
  local file = io.open "/etc/hosts"
  local text = "\n" .. (file and file:read "*a" or "")

  if file then
    file:close()
  end
  return text:match("\n" .. address:gsub("%.", "%%.") .. "%s+(%S+)") or address
end

describe("getnameinfo", function()
  it("gives a host and a service", function()
    async.run(function()
      local address = async.address("127.0.0.1", 80)
      local host, service = await(async.getnameinfo(address, { numeric_host = true, numeric_service = true }))

      assert.are.same({ "127.0.0.1", "80" }, { host, service })
      host, service = await(async.get_running_loop():getnameinfo(address, { numeric_service = true }))
      assert.are.same({ known_as "127.0.0.1", "80" }, { host, service })
    end)
  end)

  it("complains of what is no address, and of settings that contradict", function()
    async.run(function()
      assert.has_error(function() async.getnameinfo "127.0.0.1" end,
        "bad argument #1 to 'getnameinfo' (address expected, got string)")
      assert.are.equal("EINVAL", (support.code_of(await, async.getnameinfo(async.address_unix "/run/x"))))
      local contradiction = { numeric_host = true, name_required = true }
      assert.are.equal("EINVAL", (support.code_of(await, async.getnameinfo(async.address("::1", 80), contradiction))))
    end)
  end)
end)
