local async = require "libasync"
local core = require "libasync.core"

describe("an address", function()
  it("has fields, and a text as messages have it", function()
    local address = async.address("127.0.0.1", 80)

    assert.are.equal("127.0.0.1:80", tostring(address))
    assert.are.same({ 4, nil, "127.0.0.1", 80, 0, "" },
      { address.family, address.type, address.host, address.port, address.scope, address.path })
    assert.are.equal("[::1]:0", tostring(async.address("::1", 0)))
    assert.are.equal(7, async.address("fe80::1%7", 80).scope)
    assert.is_nil(address.street)
    assert.is_nil(address[1])
  end)

  it("may be a path", function()
    local address = async.address_unix("/run/x.socket")

    assert.are.same({ 1, "", 0, "/run/x.socket" }, { address.family, address.host, address.port, address.path })
    assert.are.equal("@name", tostring(async.address_unix("\0name")))
    assert.has_error(function() async.address_unix(("x"):rep(200)) end,
      "bad argument #1 to 'address_unix' (too long for the path of a Unix socket)")
  end)

  it("is refused where there is none", function()
    assert.has_error(function() async.address("nobody", 80) end,
      "bad argument #1 to 'address' (not the address of a host)")
    for _, port in ipairs { -1, 70000 } do
      assert.has_error(function() async.address("127.0.0.1", port) end,
        "bad argument #2 to 'address' (a port is a number from 0 to 65535)")
    end
  end)

  it("equals another one of the same place", function()
    assert.is_true(async.address("::1", 80) == async.address("0:0::1", 80))
    assert.is_false(async.address("::1", 80) == async.address("::1", 81))
    assert.is_false(async.address("::1", 80) == async.address_unix("[::1]:80"))
  end)

  it("goes through the library and back, and is the C interface's too", function()
    local address = async.address("127.0.0.1", 80)

    assert.is_true(address == async.run(function() return address end))
    assert.are.equal(core.ASYNC_IPV4, core.async_address_family(address))
    assert.are.equal("127.0.0.1:80", core.async_address_text(core.async_address("127.0.0.1", 80)))
    assert.are.equal("/run/x", core.async_address_path(core.async_address_unix("/run/x")))
  end)
end)
