-- A task that would wait for an hour is cancelled: it hears of that where it waits, tidies up and passes it on.
local async = require "libasync"

local function keep_watch()
  print("the watchman keeps watch")
  local ok, err = async.try(async.sleep(3600.0))
  if not ok then
    print("the watchman locks the door")
    error(err, 0)
  end
  print("the watchman has seen nothing")
end

local function go_home()
  local watchman = async.create_task(keep_watch)
  async.await(async.sleep(1.0))
  watchman:cancel()
  print("we are told to go home")
  local ok, err = async.try(watchman)
  if not ok and err == async.CancelledError then
    print("everybody has gone home")
  end
end

async.run(go_home)
