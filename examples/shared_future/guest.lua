-- The Lua guest: a coroutine on the host's loop, which awaits the host's future.
local async = require "libasync"
io.stdout:setvbuf "line"

local function listen(news)
  print("Lua hears: " .. async.await(news))
end

return function(loop, news)
  async.use_loop(loop)
  return async.handle(async.create_task(listen, async.wrap(news)))
end
