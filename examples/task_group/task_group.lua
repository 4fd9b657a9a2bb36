-- Three work in a group, which ends when all of them have: one breaks down, and so the others need not go on.
local async = require "libasync"

local function work(name, seconds, breaks_down)
  local ok, err = async.try(async.sleep(seconds))
  if not ok then
    print(name .. " stops")
    error(err, 0)
  end
  if breaks_down then
    error(name .. " breaks down", 0)
  end
  print(name .. " is done")
end

local function work_together()
  local ok, err = async.pcall(async.task_group, function(group)
    group:create_task(work, "Ada", 0.5, false)
    group:create_task(work, "Bob", 1.0, true)
    group:create_task(work, "Cyd", 60.0, false)
    print("all are at work")
  end)
  if not ok and err == async.ExceptionGroup then
    for _, failure in ipairs(err.errors) do
      print("failed: " .. tostring(failure))
    end
  end
end

async.run(work_together)
