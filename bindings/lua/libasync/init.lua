--- libasync for Lua: asyncio's words on plain functions and coroutines.
-- The work is done in C (libasync.core, which also holds the generic interface); here the words are gathered.
local core = require "libasync.core"
local native = core.native
local inner = native.inner

local async = {
    ALL_COMPLETED = "ALL_COMPLETED",
    FIRST_COMPLETED = "FIRST_COMPLETED",
    FIRST_EXCEPTION = "FIRST_EXCEPTION",
    _VERSION = core.async_version(),
}
for word, value in pairs(native) do
    async[word] = value
end
async.inner = nil

-- Where a C function cannot go on after a yield (Lua 5.1, LuaJIT), the two halves of an await are put together here.
if not native.await then
    local yield = coroutine.yield
    local enter, leave, leave_try = inner.enter, inner.leave, inner.leave_try
    local await_done, try_done = inner.await_done, inner.try_done

    function async.await(awaitable)
        local future, mark = enter(awaitable)
        if not mark then
            return await_done(future)
        end
        yield(mark)
        return leave(future)
    end

    function async.try(awaitable)
        local future, mark = enter(awaitable)
        if not mark then
            return try_done(future)
        end
        yield(mark)
        return leave_try(future)
    end
end

require "libasync.scopes"(async, inner)
require "libasync.streams"(async, inner)
require "libasync.datagrams"(async, inner)

return async
