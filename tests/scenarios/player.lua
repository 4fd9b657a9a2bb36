--- Plays the scenarios in Lua: player.lua CASES... prints what happened, in which turn.
-- README.md tells what the cases mean.
local async = require "libasync"
local core = require "libasync.core"
local unpack = table.unpack or unpack

local LAST_SECOND = 20
local PATIENCE = 10

-- What makes locks and queues, and what is done with them or awaited of them, under names of Lua's.
local PRIMITIVES = {
  lock = "Lock", event = "Event", condition = "Condition", semaphore = "Semaphore", bounded = "BoundedSemaphore",
  barrier = "Barrier", queue = "Queue", lifo = "LifoQueue", priority = "PriorityQueue",
}
local AWAITED = { acquire = "acquire", wait_at = "wait", put = "put", get = "get", join = "join" }
local AT_ONCE = {
  release = true, set = true, clear = true, notify = true, reset = true, abort = true, put_nowait = true,
  task_done = true, shutdown = true,
}

-- Lua 5.1 cannot await within pcall, which scopes and iterators are played by.
local LACKS = {}
if _VERSION == "Lua 5.1" and not jit then
  LACKS = { completed = true, timeout = true, group = true }
end

local Play = {}
Play.__index = Play

local function split(line)
  local words = {}

  for word in line:gmatch("%S+") do words[#words + 1] = word end
  return words
end

local function words_from(words, first)
  return table.concat(words, " ", first)
end

-- Titles begin at the margin, coroutines are indented by four, what they do by more.
local function read_cases(path)
  local cases, case, bodies = {}, nil, nil

  for line in io.lines(path) do
    local words = split(line)

    if line:match("^case ") then
      case = { title = words_from(words, 2), coroutines = {}, words = {} }
      cases[#cases + 1] = case
    elseif line:match("^     ") then
      for _, word in ipairs(words) do case.words[word] = true end
      if words[1] == "end" then
        bodies[#bodies] = nil
      else
        table.insert(bodies[#bodies], words)
        if words[1] == "timeout" or words[1] == "group" then
          words.body = {}
          bodies[#bodies + 1] = words.body
        end
      end
    elseif line:match("^    ") then
      case.coroutines[words[1]] = {}
      bodies = { case.coroutines[words[1]] }
    end
  end
  return cases
end

-- Time and turns: see README.md

function Play:start_ticking()
  self.turn, self.silence = 0, 0
  if not self.ticking then
    self.ticking = true
    self.loop:call_soon(self.tick, self)
  end
end

function Play:tick()
  self.turn = self.turn + 1
  self.silence = self.silence + 1
  self.ticking = self.silence < PATIENCE
  if self.ticking then
    self.loop:call_soon(self.tick, self)
  end
end

function Play:log(who, text, ...)
  if self.quiet then
    return
  end
  assert(self.ticking, "between whole seconds, or after too long a silence")
  self.silence = 0
  print(("%g.%d %s: %s"):format(self.loop:time(), self.turn, who, text:format(...)))
end

-- What things are called

function Play:name(name, thing)
  self.names[#self.names + 1] = name
  self.named[name] = thing
end

function Play:names_of(futures)
  local found = {}

  for _, name in ipairs(self.names) do
    for _, future in ipairs(futures) do
      if rawequal(self.named[name], future) then found[#found + 1] = name end
    end
  end
  return found[1] and table.concat(found, " ") or "none"
end

local ERRORS = {
  ETIMEDOUT = "timeout", ESTATE = "state", EDEADLOCK = "runtime", EBROKEN = "broken", ESHUTDOWN = "shutdown",
  EFULL = "full", EEMPTY = "empty",
}

local function name_error(err)
  if type(err) == "string" then
    return err
  end
  if async.is_cancelled(err) then
    local message = tostring(err)
    return message == tostring(async.CancelledError) and "cancelled" or ("cancelled(%s)"):format(message)
  end
  if err.code == "EHOST" then
    return tostring(err)
  elseif err.code == "EGROUP" then
    local names = {}
    for index, inner in ipairs(err.errors) do names[index] = name_error(inner) end
    return "group(" .. table.concat(names, " ") .. ")"
  elseif err.code == "ESTATE" and tostring(err):match("lock") then
    return "runtime"
  end
  return ERRORS[err.code] or error(err)
end

local function show(value)
  if value == nil then
    return "none"
  elseif type(value) == "boolean" then
    return value and "yes" or "no"
  elseif type(value) == "number" then
    return ("%d"):format(value)
  elseif type(value) == "table" then
    local items = {}
    for index = 1, value.n or #value do items[index] = show(value[index]) end
    return "[" .. table.concat(items, " ") .. "]"
  end
  return "!" .. name_error(value)
end

local function outcome(future)
  if not future:done() then
    return "pending"
  elseif future:cancelled() then
    return "cancelled"
  end
  local failure = future:exception()
  return failure and "! " .. name_error(failure) or "= " .. show(future:result())
end

-- Coroutines

local WHEN = { all = async.ALL_COMPLETED, first = async.FIRST_COMPLETED, error = async.FIRST_EXCEPTION }

-- The futures and the time limit in `a b within 2`, from a word on
function Play:limited(words, first)
  local futures, timeout = {}, nil

  for index = first, #words do
    if words[index] == "within" then
      timeout = tonumber(words[index + 1])
      break
    end
    futures[#futures + 1] = self.named[words[index]]
  end
  return futures, timeout
end

function Play:awaitable(words)
  if words[2] == "sleep" then
    return async.sleep(tonumber(words[3]))
  elseif words[2] == "wait" then
    local futures, timeout = self:limited(words, 4)
    return async.wait(futures, { return_when = WHEN[words[3]], timeout = timeout })
  elseif words[2] == "wait_for" then
    return async.wait_for(self.named[words[3]], tonumber(words[4]))
  elseif words[3] then
    local primitive = self.named[words[3]]
    return primitive[AWAITED[words[2]]](primitive, tonumber(words[4]))
  end
  return self.named[words[2]]
end

function Play:show_awaited(words, value)
  if words[2] == "wait" then
    return self:names_of(value)
  elseif words[2] == "acquire" then
    return show(value ~= nil)    -- what to release, for a variable that is to be closed
  end
  return show(value)
end

local step = {}

function step.sleep(play, who, words)
  async.await(async.sleep(tonumber(words[2])))
end

-- as_completed awaits by itself.
local function next_of(play, name)
  return play:names_of { play.rows[name]() or error("exhausted", 0) }
end

function step.await(play, who, words)
  local shown

  if words[2] == "next" then
    shown = next_of(play, words[3])
  else
    shown = play:show_awaited(words, async.await(play:awaitable(words)))
  end
  play:log(who, "%s = %s", words_from(words, 2), shown)
end

function step.try(play, who, words)
  local ok, value, shown

  if words[2] == "next" then
    ok, value = pcall(next_of, play, words[3])
    shown = value
  else
    ok, value = async.try(play:awaitable(words))
    shown = ok and play:show_awaited(words, value)
  end
  play.caught[who] = not ok and value or nil
  play:log(who, "%s %s", words_from(words, 2), ok and "= " .. shown or "! " .. name_error(value))
end

step["raise"] = function(play, who, words)
  error(words[2], 0)
end

function step.reraise(play, who)
  local caught = play.caught[who]

  play.caught[who] = nil
  if caught then error(caught, 0) end
end

-- Scopes

local open = {}

function open.timeout(words, body)
  return async.timeout(tonumber(words[3]), body)
end

function open.group(words, body)
  return async.task_group(body)
end

-- Whether its body returned, and what
function Play:scope(who, words)
  local name = words[2]
  local ok, returned, value = pcall(open[words[1]], words, function(scope)
    self:name(name, scope)
    return self:play(who, words.body)
  end)

  if not ok then
    self:log(who, "%s ! %s", name, name_error(returned))
    error(returned, 0)
  end
  self:log(who, "%s ended", name)
  return returned, value
end

-- Whether it returned, and what
function Play:play(who, body)
  for _, words in ipairs(body) do
    if words[1] == "return" then
      return true, tonumber(words[2])
    elseif words.body then
      local returned, value = self:scope(who, words)
      if returned then
        return true, value
      end
    elseif step[words[1]] then
      step[words[1]](self, who, words)
    else
      self:act(who, words)
    end
  end
  return false
end

function Play:coroutine(who)
  local body = self.case.coroutines[who:match("^[^']+")]

  return function()
    local _, value = self:play(who, body)
    return value
  end
end

-- What is done at once, by coroutines and callbacks

local acts = {}

function Play:act(who, words)
  local verb = words[1]

  if PRIMITIVES[verb] then
    self:name(words[2], async[PRIMITIVES[verb]](tonumber(words[3])))
  elseif AT_ONCE[verb] then
    self:act_at_once(who, unpack(words))
  else
    (acts[verb] or error("no such verb: " .. verb))(self, who, unpack(words, 2))
  end
end

function Play:act_at_once(who, verb, name, argument)
  local primitive = self.named[name]
  local method = primitive[argument == "all" and "notify_all" or verb]
  local ok, err = pcall(method, primitive, argument == "now" or tonumber(argument))

  if not ok then
    local shown = name_error(err)
    self:log(who, "%s %s ! %s", verb, name, (shown == "state" or shown == "runtime") and "refused" or shown)
  end
end

function Play:later_act(...)
  local words = { ... }

  return function() self:act("loop", words) end
end

function acts.log(play, who, ...)
  play:log(who, "%s", table.concat({ ... }, " "))
end

function acts.spawn(play, who, name, how, group)
  local body, task = play:coroutine(name), nil

  if how == "eager" then
    task = async.create_task { body, name = name, eager_start = true }
  elseif how == "in" then
    task = play.named[group]:create_task(body)
  else
    task = play.loop:create_task(body)
  end
  task:set_name(name)
  play:name(name, task)
end

function acts.future(play, who, name)
  play:name(name, play.loop:create_future())
end

local function complete(play, who, words, act, ...)
  local ok, err = pcall(act, ...)

  if not ok then play:log(who, "%s ! %s", words, name_error(err)) end
end

function acts.resolve(play, who, name, value)
  local future = play.named[name]

  complete(play, who, "resolve " .. name, future.set_result, future, tonumber(value))
end

function acts.fail(play, who, name, err)
  local future = play.named[name]

  complete(play, who, "fail " .. name, future.set_exception, future, err)
end

function acts.cancel(play, who, name, message)
  play:log(who, "cancel %s: %s", name, show(play.named[name]:cancel(message)))
end

function acts.uncancel(play, who, name)
  play:log(who, "uncancel %s: %d", name, play.named[name]:uncancel())
end

function acts.cancelling(play, who, name)
  play:log(who, "cancelling %s: %d", name, play.named[name]:cancelling())
end

acts["is"] = function(play, who, name)
  play:log(who, "%s %s", name, outcome(play.named[name]))
end

function acts.done(play, who, name)
  play:log(who, "%s done: %s", name, show(play.named[name]:done()))
end

function acts.current(play, who)
  play:log(who, "current %s", async.current_task():get_name())
end

function acts.tasks(play, who)
  play:log(who, "%d tasks", #async.all_tasks())
end

function acts.on_done(play, who, name, ...)
  local call = play:later_act(...)

  play.calls[table.concat({ ... }, " ")] = call
  play.named[name]:add_done_callback(call)
end

function acts.off_done(play, who, name, ...)
  play:log(who, "off_done: %d", play.named[name]:remove_done_callback(play.calls[table.concat({ ... }, " ")]))
end

function acts.soon(play, who, ...)
  play.loop:call_soon(play:later_act(...))
end

function acts.later(play, who, seconds, ...)
  play.loop:call_later(tonumber(seconds), play:later_act(...))
end

function acts.stop(play)
  play.loop:stop()
end

function acts.gather(play, who, name, ...)
  local children = { return_exceptions = false }

  for _, word in ipairs { ... } do
    if word == "keep" then
      children.return_exceptions = true
    else
      children[#children + 1] = play.named[word]
    end
  end
  play:name(name, async.gather(children))
end

function acts.completed(play, who, name, ...)
  local futures, timeout = play:limited({ ... }, 1)

  play.rows[name] = async.as_completed(futures, { timeout = timeout })
end

function acts.reschedule(play, who, name, when)
  play.named[name]:reschedule(tonumber(when))
end

function acts.expired(play, who, name)
  play:log(who, "%s expired: %s", name, show(play.named[name]:expired()))
end

function acts.get_nowait(play, who, name)
  local queue = play.named[name]
  local ok, value = pcall(queue.get_nowait, queue)

  play:log(who, "get_nowait %s %s", name, ok and "= " .. show(value) or "! " .. name_error(value))
end

function acts.locked(play, who, name)
  play:log(who, "%s locked: %s", name, show(play.named[name]:locked()))
end

function acts.size(play, who, name)
  play:log(who, "%s has %d", name, play.named[name]:qsize())
end

function acts.waiting(play, who, name)
  play:log(who, "%s waiting: %d", name, play.named[name]:n_waiting())
end

function acts.shield(play, who, name, other)
  play:name(name, async.shield(play.named[other]))
end

-- From the beginning to the end

local function new_play(case)
  local loop = async.new_event_loop()

  assert(core.async_loop_set_clock(loop, core.ASYNC_CLOCK_JUMPING) == 0)
  return setmetatable({
    case = case, loop = loop, names = {}, named = {}, caught = {}, calls = {}, rows = {}, unread = {},
  }, Play)
end

local function is_task(thing)
  return thing.get_name ~= nil
end

function Play:hear(context)
  self.unread[#self.unread + 1] = is_task(context.future) and context.future:get_name() or "a future"
end

function Play:run_main()
  local main = self.loop:create_task(self:coroutine("main"))

  main:set_name("main")
  self:name("main", main)
  repeat
    local ok = pcall(self.loop.run_until_complete, self.loop, main)
    if not ok and not main:done() then print("stopped") end
  until main:done()
  print("main " .. outcome(main))
end

function Play:pending()
  local pending = {}

  for _, name in ipairs(self.names) do
    local thing = self.named[name]
    if thing.done and not thing:done() then pending[#pending + 1] = " " .. name end
  end
  return table.concat(pending)
end

function Play:end_tasks()
  local tasks

  self.loop:run_until_complete(self.loop:create_task(function() tasks = async.all_tasks() end))
  for _, task in ipairs(tasks) do task:cancel() end
  for _, task in ipairs(tasks) do pcall(self.loop.run_until_complete, self.loop, task) end
end

function Play:run()
  print("== " .. self.case.title)
  self.loop:set_exception_handler(function(_, context) self:hear(context) end)
  self:start_ticking()
  for second = 1, LAST_SECOND - 1 do self.loop:call_at(second, self.start_ticking, self) end
  self:run_main()
  print("pending:" .. self:pending())
  self.quiet = true
  self:end_tasks()
  self.names, self.named, self.caught, self.calls, self.rows = {}, {}, {}, {}, {}
  collectgarbage()
  collectgarbage()
  self.loop:close()
  table.sort(self.unread)
  print(table.concat({ "unread:", unpack(self.unread) }, " "))
end

local function lacking(case)
  local lacks = {}

  for word in pairs(LACKS) do
    if case.words[word] then lacks[#lacks + 1] = word end
  end
  return lacks
end

for _, path in ipairs(arg) do
  for _, case in ipairs(read_cases(path)) do
    local lacks = lacking(case)
    if lacks[1] then
      print("== " .. case.title)
      print("lacks " .. table.concat(lacks, " "))
    else
      new_play(case):run()
    end
  end
end
