-- Two coroutines run at once; whoever is ready first greets first, and the answers come in the order asked.
local async = require "libasync"

local function greet(name, delay_seconds, seat)
  async.await(async.sleep(delay_seconds))
  print("hello " .. name)
  return seat
end

local function host()
  local ada = async.create_task(greet, "Ada", 2.0, 12)
  local bob = async.create_task(greet, "Bob", 1.0, 7)
  local seats = async.await(async.gather(ada, bob))
  print("seats " .. seats[1] .. " and " .. seats[2])
end

async.run(host)
