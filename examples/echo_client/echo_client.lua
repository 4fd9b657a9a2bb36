-- Sends each line of its input to an echo server, and prints what comes back: echo_client [PORT]
local async = require "libasync"

async.run(function()
  local server = async.await(async.open_connection("127.0.0.1", tonumber(arg[1]) or 8888))
  local input = async.stdin()
  local line = input:readline()

  while line ~= "" do
    server:write(line)
    io.write("the server says ", server:readline())
    line = input:readline()
  end
  input:close()
  server:close()
end)
