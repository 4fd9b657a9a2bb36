-- An echo server on libasync: a coroutine a connection.
local async = require("libasync")
local BACKLOG = 1024
local LARGEST_READ = 65536

local function answer(stream)
  local bytes = stream:read(LARGEST_READ)
  while #bytes > 0 do
    stream:write(bytes)
    stream:drain()
    bytes = stream:read(LARGEST_READ)
  end
  stream:close()
end

async.run(function()
  local server = async.await(async.start_server(answer, "127.0.0.1", 0, { backlog = BACKLOG }))
  print(server:addresses()[1].port)
  io.stdout:flush()
  async.await(server:serve_forever())
end)
