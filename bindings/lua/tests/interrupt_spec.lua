-- Ctrl-C is tried on programs of their own.
local interpreter = arg[-1]
for i = -1, -20, -1 do
  if arg[i] then interpreter = arg[i] end
end

local function run(program)
  local name = os.tmpname()
  local file = assert(io.open(name, "w"))

  file:write('local async = require "libasync"\n', program)
  file:close()
  local pipe = io.popen(("%s %s 2>&1"):format(interpreter, name))
  local printed = pipe:read("*a")
  pipe:close()
  os.remove(name)
  return printed
end

-- The program interrupts itself after a while.
-- LuaJIT's compiled code looks at no hooks, so a loop that is to be interrupted must be interpreted there.
local interrupt = "if jit then jit.off() end\n" ..
  "local pid = io.popen('echo $PPID'):read('*n')\n" ..
  "local function interrupt(after)\n" ..
  "  os.execute('(sleep ' .. after .. '; kill -INT ' .. pid .. ') >/dev/null 2>&1 &')\n" ..
  "end\n"

describe("an interrupt", function()
  it("cancels the main task, which may clean up, and is raised outside", function()
    assert.are.equal("cleaned\nfalse\tinterrupted!\n", run(interrupt .. [[
      interrupt(0.1)
      print(pcall(async.run, function()
        local ok, err = async.try(async.sleep(10))
        print("cleaned")
        error(err)
      end))
    ]]))
  end)

  it("that is swallowed lets the program end as it likes", function()
    assert.are.equal("true\tdone\n", run(interrupt .. [[
      interrupt(0.1)
      print(pcall(async.run, function() async.try(async.sleep(10)) return "done" end))
    ]]))
  end)

  it("that comes twice ends a coroutine that never waits", function()
    assert.matches("^false.*interrupted!\n$", run(interrupt .. [[
      interrupt(0.1) interrupt(0.2)
      print(pcall(async.run, function() while true do end end))
    ]]))
  end)

  it("ends a loop that runs forever", function()
    assert.are.equal("false\tinterrupted!\n", run(interrupt .. [[
      interrupt(0.1)
      local loop = async.new_event_loop()
      print(pcall(loop.run_forever, loop))
      loop:close()
    ]]))
  end)

  it("is left to Lua again afterwards", function()
    assert.matches("interrupted!", run(interrupt .. [[
      async.run(function() end)
      interrupt(0.1)
      while true do end
    ]]))
  end)
end)
