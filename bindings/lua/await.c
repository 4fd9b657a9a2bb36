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

/* Why nothing can be awaited here, or NULL. */
static const char *refusal(lua_State *L, struct host *host)
{
    if (!host->current)
        return "await outside of a task: use async.run(function)";
    if (host->current->thread != L && !is_nested(L, host))
        return "await in a coroutine of your own: only the task itself can await";
    return NULL;
}

/* Lets go of what was noted, where the yield that was to follow failed. */
void await_forget(struct host *host)
{
    if (host->is_given) {
        async_future_cancel(host->awaiting, NULL);
        async_future_unref(host->awaiting);
    }
    host->awaiting = NULL;
    host->is_given = false;
}

/* A future that is given is let go at the step's end at the latest, whatever is raised until then. */
static void hold(struct host *host, async_future *future, bool is_given)
{
    await_forget(host);
    host->awaiting = future;
    host->is_given = is_given;
}

/* Notes what is awaited; the yield must follow. A future that is not given is held by a handle on this stack until the
 * step has a reference of its own. */
static void note(lua_State *L, struct host *host, async_future *future, bool is_given)
{
    hold(host, future, is_given);
    if (HAVE_MARK)
        lua_pushlightuserdata(L, host);
}

static const char no_yield[] = "await inside a call from C, which cannot yield";

/* The first half of an await: the argument becomes a handle at index 1. True when the coroutine is to yield. What has
 * ended needs no crossing, where it is known to be no sleep(0): that is done and gives up the turn all the same. */
static bool enter(lua_State *L, struct host *host)
{
    const char *why = refusal(L, host);
    struct handle *handle;

    if (why)
        luaL_error(L, "%s", why);
    handle = handle_ensure(L, host, 1);
    if (lua_gettop(L) > 1)
        lua_settop(L, 1);
    if (handle->settles && async_future_is_done(handle->future))
        return false;
    if (!lua_isyieldable(L))
        luaL_error(L, "%s", no_yield);
    note(L, host, handle->future, false);
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

/* Where a yield cannot be, nothing is left waiting. */
static void check_yieldable(lua_State *L, struct host *host, async_future *taken)
{
    const char *why = refusal(L, host);

    if (!why && !lua_isyieldable(L))
        why = no_yield;
    if (!why)
        return;
    async_future_cancel(taken, NULL);
    async_future_unref(taken);
    luaL_error(L, "%s", why);
}

/* What is there already needs no yield. A rest that awaits once more never comes back here; it must have been given
 * none, which needs no future to hold it. */
static int finish_now(lua_State *L, struct host *host, async_future *taken, await_rest *rest)
{
    async_value *value = async_future_value(taken);
    int count;

    if (value == host->none) {
        async_future_unref(taken);
        return rest(L, host, value);
    }
    hold(host, taken, true);
    if (!value)
        return error_raise(L, host, async_future_failure(taken));
    count = rest(L, host, value);
    await_forget(host);
    return count;
}

/* Where a function in C awaits and the rest of it follows: it goes on in the step that is told. */
static int finish(lua_State *L, struct host *host)
{
    async_value *value = awaited(L, host);

    return value ? host->current->rest(L, host, value) : error_raise(L, host, async_task_failure(host->task));
}

/* The rest that returns all that was awaited. */
int give_all(lua_State *L, struct host *host, async_value *value)
{
    if (value == host->none)
        return 0;
    return value_push_all(L, host, value);
}

#if HAVE_CONTINUATIONS
#if LUA_VERSION_NUM == 502
static int finish_continued(lua_State *L)
{
    return finish(L, host_upvalue(L));
}

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
static int finish_continued(lua_State *L, int status, lua_KContext host)
{
    return finish(L, (struct host *)host);
}

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

/* The last thing that a function does: its rest returns what the function returns. */
int await_then(lua_State *L, struct host *host, async_future *taken, await_rest *rest)
{
    check_yieldable(L, host, taken);
    if (async_future_is_done(taken))
        return finish_now(L, host, taken, rest);
    host->current->rest = rest;
    note(L, host, taken, true);
    return lua_yieldk(L, HAVE_MARK, CONTEXT(host), finish_continued);
}

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

/* The last thing that a function does, which the package calls. It gives nil and the mark when that is to be yielded
 * and finish to be called. */
int await_then(lua_State *L, struct host *host, async_future *taken, await_rest *rest)
{
    check_yieldable(L, host, taken);
    if (async_future_is_done(taken))
        return finish_now(L, host, taken, rest);
    host->current->rest = rest;
    lua_pushnil(L);
    note(L, host, taken, true);
    return 2;
}

static int finish_awaited(lua_State *L)
{
    return finish(L, host_upvalue(L));
}

static const luaL_Reg functions[] = {{"enter", enter_await},
                                     {"leave", leave_await},
                                     {"leave_try", leave_tried},
                                     {"await_done", await_done},
                                     {"try_done", try_done},
                                     {"finish", finish_awaited},
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
