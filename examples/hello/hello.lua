-- Prints, sleeps for a second while the loop would run others, and prints again.
local async = require "libasync"

local function hello()
  print("hello")
  async.await(async.sleep(1.0))
  print("world")
end

async.run(hello)
