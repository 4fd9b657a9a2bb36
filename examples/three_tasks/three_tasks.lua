-- Three named tasks start together, work at the same time and finish together; the program waits for all of them.
local async = require "libasync"

local function work()
  local name = async.current_task():get_name()

  print(name .. " starts")
  async.await(async.sleep(1.0))
  print(name .. " finishes")
end

local function work_together()
  local tasks = {}

  for i, name in ipairs { "one", "two", "three" } do
    tasks[i] = async.create_task(work)
    tasks[i]:set_name(name)
  end
  async.await(async.wait(tasks))
  print("all done")
end

async.run(work_together)
