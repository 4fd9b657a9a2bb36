--- The words that run a function of yours and await on its behalf: scopes, guards and iterators. They are given the
-- module's table and what it is made of.
return function(async, inner)
    local await, try = async.await, async.try

    --- async.pcall: pcall, but Lua 5.1 cannot yield across that one. There the function runs in a thread of its own,
    -- which may await for the task, and its yields are passed on.
    local protect = pcall
    if _VERSION == "Lua 5.1" and not jit then
        local resume, status, yield = coroutine.resume, coroutine.status, coroutine.yield

        local function pass_on(thread, ...)
            if status(thread) == "suspended" then
                return pass_on(thread, resume(thread, yield(select(2, ...))))
            end
            return ...
        end

        function protect(body, ...)
            local thread = coroutine.create(function(...) return body(...) end)

            inner.nest(thread)
            return pass_on(thread, resume(thread, ...))
        end
    end

    async.pcall = protect

    -- Without a function they give the scope itself, for a variable that is to be closed.
    local function limited(open)
        return function(seconds, body, ...)
            local scope = open(seconds)

            if body == nil then
                return scope
            end
            return inner.timeout_leave(scope, protect(body, scope, ...))
        end
    end

    --- async.timeout(seconds, function(scope) … end): what takes longer is cancelled, and throws TimeoutError.
    async.timeout = limited(inner.timeout)
    --- The same with a moment of loop:time().
    async.timeout_at = limited(inner.timeout_at)

    local function leave_group(group, ...)
        if not ... then
            group:cancel()
        end
        local joined, failure = try(inner.group_join(group))
        return inner.group_leave(group, joined, failure, ...)
    end

    --- async.task_group(function(group) group:create_task(f, …) end): ends when every one of its tasks has.
    function async.task_group(body, ...)
        local group = inner.group_open()

        if body == nil then
            return group
        end
        return leave_group(group, protect(body, group, ...))
    end

    function inner.TaskGroup.__close(group, err)
        leave_group(group, err == nil, err)
    end

    local function release(guard, ok, ...)
        guard:release()
        if not ok then
            error(..., 0)
        end
        return ...
    end

    -- lock:with(function() … end): held while the function runs.
    local function with(guard, body, ...)
        await(guard:acquire())
        return release(guard, protect(body, ...))
    end

    for _, noun in ipairs { "Lock", "Condition", "Semaphore", "CapacityLimiter" } do
        inner[noun].__index.with = with
    end

    --- condition:wait_for(predicate): wait until it holds, and give what it said.
    function inner.Condition.__index.wait_for(condition, predicate)
        local said = predicate()

        while not said do
            await(condition:wait())
            said = predicate()
        end
        return said
    end

    -- for value in receiver do … end: until the channel is closed.
    function inner.Receiver.__call(receiver)
        local ok, value = try(receiver:next())

        if ok then
            return value
        elseif value.code ~= "ECLOSED" then
            error(value, 0)
        end
    end

    --- for task in async.as_completed({ a, b, … }, { timeout = seconds }) do … end: each as it ends.
    function async.as_completed(awaitables, options)
        local row, futures = inner.completions(awaitables, options)

        return function()
            if row:left() > 0 then
                return futures[await(row:next()) + 1]
            end
        end
    end

    -- Lua 5.1 cannot await in an iterator, so there it gives what is to be awaited: a task that ends as the next one.
    if protect ~= pcall then
        local function next_of(row, futures)
            return await(futures[await(row:next()) + 1])
        end

        function async.as_completed(awaitables, options)
            local row, futures = inner.completions(awaitables, options)
            local left = row:left()

            return function()
                if left > 0 then
                    left = left - 1
                    return async.create_task(next_of, row, futures)
                end
            end
        end
    end

    --- async.Runner{ loop = …, clock = … }: several runs on one loop.
    local Runner = {}
    Runner.__index = Runner

    function async.Runner(options)
        options = options or {}
        return setmetatable({ loop = options.loop or async.new_event_loop { clock = options.clock } }, Runner)
    end

    function Runner:get_loop()
        return self.loop
    end

    function Runner:run(main, ...)
        return inner.run_on(self.loop, main, ...)
    end

    function Runner:close()
        inner.run_end(self.loop)
    end

    Runner.__close = Runner.close
end
