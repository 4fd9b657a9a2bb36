-- Looks host names up, all at once, and prints a line for each, in the order given: resolve NAME... or resolve <FILE
local async = require "libasync"

local function print_answers(names, answers)
  for i, name in ipairs(names) do
    local answer = answers[i]

    if answer.code then
      print(name .. ": " .. answer.message)
    else
      local hosts = {}

      for j, address in ipairs(answer) do
        hosts[j] = address.host
      end
      print(name .. ": " .. table.concat(hosts, " "))
    end
  end
end

local function ask_for_all(names)
  local answers = { return_exceptions = true }

  for i, name in ipairs(names) do
    answers[i] = async.getaddrinfo(name, nil, { type = "stream" })
  end
  print_answers(names, async.await(async.gather(answers)))
end

local function read_names()
  local names = {}

  for name in io.read("*a"):gmatch "%S+" do
    names[#names + 1] = name
  end
  return names
end

async.run(ask_for_all, #arg > 0 and arg or read_names())
