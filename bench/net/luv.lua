-- An echo server on luv, in its ordinary way: what was read is a string, and is written as it is.
local uv = require("luv")
local BACKLOG = 1024

local function on_connection(listener)
  local connection = uv.new_tcp()
  listener:accept(connection)
  connection:nodelay(true)
  connection:read_start(function(failure, bytes)
    if bytes then
      connection:write(bytes)
    else
      connection:close()
    end
  end)
end

local listener = uv.new_tcp()
listener:bind("127.0.0.1", 0)
listener:listen(BACKLOG, function(failure)
  assert(not failure, failure)
  on_connection(listener)
end)
print(listener:getsockname().port)
io.stdout:flush()
uv.run()
