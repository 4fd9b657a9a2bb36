-- Counts the lines that each client sends, and answers when it has ended its half: line_count_server [PORT]
local async = require "libasync"

local function count(stream)
  local lines, bytes = 0, 0
  local line = stream:readline()

  while line ~= "" do
    lines, bytes = lines + 1, bytes + #line
    line = stream:readline()
  end
  stream:write(("%d lines, %d bytes\n"):format(lines, bytes))
  stream:close()
end

async.run(function()
  local server = async.await(async.start_server(count, "127.0.0.1", tonumber(arg[1]) or 8888))

  print("serving on " .. tostring(server:addresses()[1]))
  io.stdout:flush()
  server:serve_forever()
end)
