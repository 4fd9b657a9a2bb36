/* await and try: the other end of the step's crossing. They note a future and yield, and ask the step what became of
 * it. */
#include "bindings/lua/internal.h"

/* Lua 5.1 cannot yield across pcall. There the package runs what it must protect in a thread of its own and passes its
 * yields on; a table tells the task's thread of each such thread. */
#if HAVE_CONTINUATIONS
static bool is_nested(lua_State *L, struct host *host)
{
    return false;
}
#else
static bool is_nested(lua_State *L, struct host *host)
{
    bool nested;

    keep_push(L, host, KEPT_NESTED);
    lua_pushthread(L);
    lua_rawget(L, -2);
    nested = lua_tothread(L, -1) == host->current->thread;
    lua_pop(L, 2);
    return nested;
}

/* Argument: a thread, which is to await as the one that calls this may. */
static int nest(lua_State *L)
{
    struct host *host = host_upvalue(L);

    luaL_checktype(L, 1, LUA_TTHREAD);
    if (!host->current || (host->current->thread != L && !is_nested(L, host)))
        return 0;
    keep_push(L, host, KEPT_NESTED);
    lua_pushvalue(L, 1);
    lua_pushthread(host->current->thread);
    lua_xmove(host->current->thread, L, L == host->current->thread ? 0 : 1);
    lua_rawset(L, -3);
    return 0;
}
#endif

/* The first half of an await: the argument becomes a handle at index 1. True when the coroutine is to yield. What has
 * ended needs no crossing, where it is known to be no sleep(0): that is done and gives up the turn all the same. */
static bool enter(lua_State *L, struct host *host)
{
    struct handle *handle;

    if (!host->current)
        luaL_error(L, "await outside of a task: use async.run(function)");
    if (host->current->thread != L && !is_nested(L, host))
        luaL_error(L, "await in a coroutine of your own: only the task itself can await");
    handle = handle_ensure(L, host, 1);
    if (lua_gettop(L) > 1)
        lua_settop(L, 1);
    if (handle->settles && async_future_is_done(handle->future))
        return false;
    if (!lua_isyieldable(L))
        luaL_error(L, "await inside a call from C, which cannot yield");
    /* The handle on this stack keeps it until the step has its own reference. */
    host->awaiting = handle->future;
    if (HAVE_MARK)
        lua_pushlightuserdata(L, host);
    return true;
}

/* What the step was told. Whoever resumes a task's thread behind the loop's back has no outcome for it. */
static async_value *awaited(lua_State *L, struct host *host)
{
    if (!host->current || (host->current->thread != L && !is_nested(L, host)))
        luaL_error(L, "a task that waits was resumed by something other than its loop");
    return async_awaited(host->task);
}

/* The second half, in the step that follows. */
static int leave(lua_State *L, struct host *host)
{
    async_value *value = awaited(L, host);

    /* What most awaits give, at once. */
    if (value == host->none) {
        lua_pushnil(L);
        return 1;
    }
    if (!value)
        return error_raise(L, host, async_task_failure(host->task));
    return future_push_value(L, host, 1, value);
}

/* As leave, but a failure is returned, like pcall's. */
static int leave_try(lua_State *L, struct host *host)
{
    async_value *value = awaited(L, host);

    lua_pushboolean(L, value != NULL);
    if (value)
        return 1 + future_push_value(L, host, 1, value);
    error_push(L, host, async_task_failure(host->task));
    return 2;
}

/* The outcome of what was done before it was awaited: such an await does not give up its turn, as asyncio's. */
static int try_done(lua_State *L)
{
    struct host *host = host_upvalue(L);
    async_future *future = handle_at(L, 1)->future;
    async_value *failure = async_future_failure(future);

    lua_pushboolean(L, !failure);
    if (!failure)
        return 1 + future_push_value(L, host, 1, async_future_value(future));
    error_push(L, host, failure);
    return 2;
}

#if HAVE_CONTINUATIONS
#if LUA_VERSION_NUM == 502
static int leave_continued(lua_State *L)
{
    return leave(L, host_upvalue(L));
}

static int leave_try_continued(lua_State *L)
{
    return leave_try(L, host_upvalue(L));
}

#define CONTEXT(host) 0
#else
static int leave_continued(lua_State *L, int status, lua_KContext host)
{
    return leave(L, (struct host *)host);
}

static int leave_try_continued(lua_State *L, int status, lua_KContext host)
{
    return leave_try(L, (struct host *)host);
}

#define CONTEXT(host) (lua_KContext)(host)
#endif

static int await(lua_State *L)
{
    struct host *host = host_upvalue(L);

    if (!enter(L, host))
        return future_push_outcome(L, host, 1);
    return lua_yieldk(L, HAVE_MARK, CONTEXT(host), leave_continued);
}

static int try(lua_State *L)
{
    struct host *host = host_upvalue(L);

    if (!enter(L, host))
        return try_done(L);
    return lua_yieldk(L, HAVE_MARK, CONTEXT(host), leave_try_continued);
}

static const luaL_Reg functions[] = {{"await", await}, {"try", try}, {NULL, NULL}};
#else
/* Here a C function cannot go on after a yield, so the package strings the halves together in Lua. It is given the
 * handle, and the mark if that is to be yielded. */
static int enter_await(lua_State *L)
{
    return enter(L, host_upvalue(L)) ? 2 : 1;
}

static int leave_await(lua_State *L)
{
    return leave(L, host_upvalue(L));
}

static int leave_tried(lua_State *L)
{
    return leave_try(L, host_upvalue(L));
}

static int await_done(lua_State *L)
{
    return future_push_outcome(L, host_upvalue(L), 1);
}

static const luaL_Reg functions[] = {{"enter", enter_await},
                                     {"leave", leave_await},
                                     {"leave_try", leave_tried},
                                     {"await_done", await_done},
                                     {"try_done", try_done},
                                     {"nest", nest},
                                     {NULL, NULL}};
#endif

void await_register(lua_State *L, struct host *host)
{
#if HAVE_CONTINUATIONS
    register_functions(L, host, functions);
#else
    register_inner(L, host, functions);
    keep_weak_table(L, host, KEPT_NESTED, "k");
#endif
}
