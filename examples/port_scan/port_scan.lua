-- Tries a range of ports of this machine, a hundred at a time, and prints those that are open: port_scan FIRST LAST
local async = require "libasync"

local AT_A_TIME = 100
local first, last = tonumber(arg[1]) or 1, tonumber(arg[2]) or 1024
local next_port, open = first, {}

-- Each of the tasks takes one port after the other.
local function take_ports()
  while next_port <= last do
    local port = next_port

    next_port = port + 1
    local ok, stream = async.try(async.open_connection("127.0.0.1", port))
    if ok then
      open[port] = true
      stream:abort()
    end
  end
end

async.run(async.task_group, function(group)
  for _ = 1, AT_A_TIME do
    group:create_task(take_ports)
  end
end)
for port = first, last do
  if open[port] then
    print(("port %d is open"):format(port))
  end
end
