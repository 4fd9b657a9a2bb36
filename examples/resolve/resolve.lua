-- Looks names up, all at once, and prints a line for each, in the order given: resolve WORD... or resolve <FILE
--
-- A word is a name, for its addresses; a type and a name, such as mx:example.org, for its records; or a name server to
-- ask instead of the system's, such as @127.0.0.1:53.
local async = require "libasync"

local TYPES = { A = true, AAAA = true, CNAME = true, MX = true, NS = true, PTR = true, SRV = true, TXT = true }

local function ask(word)
  local type, name = word:match "^(%a+):(.*)$"

  if type and TYPES[type:upper()] then
    return async.dns_query(name, type:upper())
  end
  return async.getaddrinfo(word, nil, { type = "stream" })
end

-- An address, or a record in its words.
local function describe(answer)
  if answer.strings then
    return '"' .. table.concat(answer.strings, '" "') .. '"'
  elseif answer.type == "SRV" then
    return table.concat({ answer.priority, answer.weight, answer.port, answer.host }, " ")
  elseif answer.type == "MX" then
    return answer.priority .. " " .. answer.host
  end
  return answer.host
end

local function ask_for_all(words, server)
  local answers = { return_exceptions = true }

  if server then
    async.set_dns_servers(server)
  end
  for i, word in ipairs(words) do
    answers[i] = ask(word)
  end
  for i, answer in ipairs(async.await(async.gather(answers))) do
    local texts = { answer.message }

    for j, item in ipairs(answer.code and {} or answer) do
      texts[j] = describe(item)
    end
    print(words[i] .. ": " .. table.concat(texts, " "))
  end
end

local function read_words(text)
  local words, server = {}, text:match "@(%S+)"

  for word in text:gsub("@%S+", ""):gmatch "%S+" do
    words[#words + 1] = word
  end
  return words, server
end

async.run(ask_for_all, read_words(#arg > 0 and table.concat(arg, " ") or io.read "*a"))
