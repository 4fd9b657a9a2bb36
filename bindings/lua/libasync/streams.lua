--- Streams and servers: what of them is written in Lua. It is given the module's table and what it is made of.
return function(async, inner)
    local Stream, Server = inner.Stream, inner.Server

    -- Where a C function cannot go on after a yield (Lua 5.1, LuaJIT), a method that waits gives nil and a mark to yield,
    -- and is finished by another call. That one is given the object too, lest it be collected meanwhile.
    if inner.finish then
        local finish, yield = inner.finish, coroutine.yield

        local function waits(start)
            return function(object, first, second, third)
                local result, mark = start(object, first, second, third)

                while mark do
                    yield(mark)
                    result, mark = finish(object)
                end
                return result
            end
        end

        for class, names in pairs {
            [Stream] = { "read", "readexactly", "readuntil", "readline", "drain", "sendfile", "wait_closed" },
            [Server] = { "stop", "wait_closed", "serve_forever" },
        } do
            for _, name in ipairs(names) do
                class.__index[name] = waits(class.__index[name])
            end
        end
    end

    local readline = Stream.__index.readline

    local function next_line(stream)
        local line = readline(stream)

        if line ~= "" then
            return line
        end
    end

    --- for line in stream:lines() do … end: each with its "\n". Lua 5.1 cannot wait in an iterator; call readline there.
    function Stream.__index.lines(stream)
        return next_line, stream
    end

    -- As `async with server` does.
    function Server.__close(server)
        server:close()
        server:wait_closed()
    end
end
