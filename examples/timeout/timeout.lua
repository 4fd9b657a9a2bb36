-- Each dish may take so long and no longer; one that takes too long is given up, and the cook goes on.
local async = require "libasync"

local function cook(name, seconds)
  local ok, err = async.pcall(async.timeout, 0.8, function()
    async.await(async.sleep(0.1))
    print(name .. ": in the oven")
    async.await(async.sleep(seconds))
  end)
  if ok then
    print(name .. ": ready")
  elseif err == async.TimeoutError then
    print(name .. ": takes too long")
  else
    error(err, 0)
  end
end

local function dine()
  cook("pie", 0.1)
  cook("roast", 60.0)
  print("dinner is over")
end

async.run(dine)
