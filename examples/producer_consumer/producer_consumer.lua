-- One bakes and two eat, with a shelf for two loaves between them; when all is eaten, the shelf is shut down.
local async = require "libasync"

local function bake(shelf)
  for loaf = 1, 6 do
    async.await(shelf:put(loaf))
    print("loaf " .. loaf .. " is on the shelf")
  end
  async.await(shelf:join())
  print("all is eaten")
  shelf:shutdown()
end

local function eat(name, seconds, shelf)
  while true do
    local ok, loaf = async.try(shelf:get())
    if not ok and loaf == async.QueueShutDown then
      break
    end
    print(name .. " takes loaf " .. loaf)
    async.await(async.sleep(seconds))
    shelf:task_done()
  end
  print(name .. " goes home")
end

local function open_bakery()
  local shelf = async.Queue(2)
  local baking = async.create_task(bake, shelf)
  local ada, bob = async.create_task(eat, "Ada", 0.25, shelf), async.create_task(eat, "Bob", 0.4, shelf)
  async.await(async.gather(baking, ada, bob))
end

async.run(open_bakery)
