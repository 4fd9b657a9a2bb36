-- A room: the first line that a guest sends is his name, each further one goes to all the others: chat [PORT]
local async = require "libasync"

local guests = {}

local function tell_others(speaker, ...)
  for guest in pairs(guests) do
    if guest ~= speaker then
      guest:write(...)
    end
  end
end

-- The next line of a guest's without its end; nil when there is none.
local function hear(stream)
  local line = stream:readline()

  return line ~= "" and line:match "^[^\r\n]*" or nil
end

local function pass_on(stream, name)
  local line = hear(stream)

  while line do
    tell_others(stream, name, ": ", line, "\n")
    line = hear(stream)
  end
end

local function attend(stream)
  local name = hear(stream)

  if name then
    stream:write("welcome, ", name, "\n")
    tell_others(stream, "* ", name, " has come\n")
    guests[stream] = name
    async.pcall(pass_on, stream, name)
    guests[stream] = nil
    tell_others(stream, "* ", name, " has left\n")
  end
  stream:close()
end

async.run(function()
  local server = async.await(async.start_server(attend, "127.0.0.1", tonumber(arg[1]) or 8888))

  print("serving on " .. tostring(server:addresses()[1]))
  io.stdout:flush()
  server:serve_forever()
end)
