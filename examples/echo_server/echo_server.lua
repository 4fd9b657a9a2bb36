-- Sends back whatever it is sent, on any number of connections at once: echo_server [PORT]
local async = require "libasync"

local function echo(stream)
  while not stream:at_eof() do
    stream:write(stream:read(65536))
    stream:drain()
  end
  stream:close()
end

async.run(function()
  local server = async.await(async.start_server(echo, "127.0.0.1", tonumber(arg[1]) or 8888))

  print("serving on " .. tostring(server:addresses()[1]))
  io.stdout:flush()
  server:serve_forever()
end)
