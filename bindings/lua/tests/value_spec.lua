local async = require "libasync"
local core = require "libasync.core"

-- There and back through the library.
local function pass(...)
  return async.run(function(...)
    local future = async.future()

    future:set_result(...)
    return async.await(future)
  end, ...)
end

describe("a value", function()
  it("comes back as it went", function()
    for _, value in ipairs { true, false, 0, -1, 42, 1.5, 1e300, "", "text", "zero\0byte", "\255\254", {}, print } do
      assert.are.equal(value, (pass(value)))
    end
    assert.are.equal(1, select("#", pass(nil)))
    assert.are.equal(io.stdout, (pass(io.stdout)))
  end)

  it("stays an integer or a float where Lua knows the difference", function()
    if not math.type then return end
    for _, value in ipairs { 1, 1.0, math.maxinteger, math.mininteger, 2 ^ 53 } do
      assert.are.equal(math.type(value), math.type((pass(value))))
      assert.are.equal(value, (pass(value)))
    end
  end)

  it("is text when it is UTF-8, else bytes", function()
    local texts = { "", "plain", "\195\164", "\226\130\172", "\240\159\152\128", "\244\143\191\191" }
    local bytes = { "\128", "\192\175", "\237\160\128", "\244\144\128\128", "\195", "\226\130", "\240\143\191\191" }

    for _, text in ipairs(texts) do assert.are.equal(core.ASYNC_TEXT, core.async_value_kind(text)) end
    for _, text in ipairs(bytes) do assert.are.equal(core.ASYNC_BYTES, core.async_value_kind(text)) end
  end)

  it("is a list to the others when it is a sequence", function()
    assert.are.equal(core.ASYNC_LIST, core.async_value_kind({}))
    assert.are.equal(core.ASYNC_LIST, core.async_value_kind({ 1, { 2 } }))
    assert.are.equal(3, core.async_value_count({ n = 3, 1, nil, nil }))
    assert.are.equal(core.ASYNC_OBJECT, core.async_value_kind({ key = 1 }))
    assert.are.equal(core.ASYNC_OBJECT, core.async_value_kind(setmetatable({}, {})))
    assert.are.equal(core.ASYNC_OBJECT, core.async_value_kind(print))
    local cycle = {}
    cycle[1] = cycle
    assert.are.equal(1, core.async_value_count(cycle))
  end)
end)
