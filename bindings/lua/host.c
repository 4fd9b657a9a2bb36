/* The one step: it resumes a Lua coroutine and tries what that awaits. await and try are the other end of the same
 * crossing: they yield the mark of their host and a future, and are told by the step's outcome what became of it.
 *
 * A thread whose function returned serves the next task, since a fresh one costs more than all the rest. */
#include "bindings/lua/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A burst leaves its threads behind for the next one. What no later one needed goes again, half of it at a time. */
enum { IDLE_MOST = 16384, IDLE_WINDOW = 16384 };

/* What the task failed with goes out with the task's name and place of birth, should nobody read it. */
static async_next fail(async_task *task, struct coroutine *self)
{
    async_future *future = async_task_future(task);
    async_value *failure = error_from(self->host, self->thread, self->thread, async_task_failure(task));
    char text[sizeof self->source + 16];

    if (async_value_error(failure) != ASYNC_ECANCELED) {
        if (!*async_future_name(future)) {
            snprintf(text, sizeof text, "Task-%u", self->number);
            async_future_set_name(future, text);
        }
        if (self->line > 0) {
            snprintf(text, sizeof text, "%s:%d", self->source, self->line);
            async_future_set_origin(future, text);
        }
    }
    return async_fail_with(task, failure);
}

/* It yielded something that is not ours: it only meant to give up its turn, unless it yielded a future. */
static async_next pass(async_task *task, struct coroutine *self, int results)
{
    bool future = results && handle_at(self->thread, lua_gettop(self->thread) - results + 1);

    lua_pop(self->thread, results);
    if (future)
        return async_fail(task, ASYNC_EINVAL, "the task yielded a future: use async.await(future) instead");
    return async_try(task, async_sleep(self->loop, 0), resume_step);
}

async_next resume_step(async_task *task, void *state)
{
    struct coroutine *self = state;
    struct host *host = self->host;
    lua_State *thread = self->thread;
    int arguments = self->arguments;
    int results, status;

    if (!host->store)
        return async_fail(task, ASYNC_ECLOSED, "the Lua state was closed");
    self->arguments = 0;
    host->current = self;
    host->task = task;
    host->loop = self->loop;
    status = resume(thread, host->runner, arguments, &results);
    host->current = NULL;
    if (status == LUA_YIELD) {
        struct handle *awaited;

        if (results != 2 || lua_touserdata(thread, -2) != host)
            return pass(task, self, results);
        awaited = lua_touserdata(thread, -1);
        lua_pop(thread, 2);
        return async_try(task, async_future_ref(awaited->future), resume_step);
    }
    if (status != LUA_OK)
        return fail(task, self);
    self->returned = true;
    return async_return(task, value_from_several(thread, host, results, self->loop));
}

/* Lets go of a thread. Taking a key out allocates nothing. */
static void forget(struct host *host, lua_State *thread)
{
    lua_State *store = host->store;

    keep_push(store, host, KEPT_THREADS);
    lua_pushthread(thread);
    lua_xmove(thread, store, 1);
    lua_pushnil(store);
    lua_rawset(store, -3);
    lua_pop(store, 1);
}

/* A suspended coroutine is closed, so that its to-be-closed variables are, where Lua has them. */
static void coroutine_free(struct coroutine *self)
{
    struct host *host = self->host;

    if (host->store) {
#if LUA_VERSION_NUM >= 504
        if (lua_status(self->thread) == LUA_YIELD)
            lua_resetthread(self->thread);
#endif
        forget(host, self->thread);
        keep_drop(host, self->handle_slot);
    }
    free(self);
    host_unref(host);
}

static struct coroutine *idle_pop(struct host *host)
{
    struct coroutine *self = host->idle;

    host->idle = self->next;
    if (--host->idle_count < host->idle_least)
        host->idle_least = host->idle_count;
    return self;
}

static void idle_push(struct host *host, struct coroutine *self)
{
    self->next = host->idle;
    host->idle = self;
    host->idle_count++;
    if (++host->idle_pushes < IDLE_WINDOW)
        return;
    for (unsigned excess = host->idle_least / 2; excess; excess--)
        coroutine_free(idle_pop(host));
    host->idle_pushes = 0;
    host->idle_least = host->idle_count;
}

/* The state's end, also of one that never started. */
void coroutine_destroy(void *state)
{
    struct coroutine *self = state;
    struct host *host = self->host;

    if (!host->store || !self->ours || !self->returned || host->idle_count == IDLE_MOST) {
        coroutine_free(self);
        return;
    }
    lua_settop(self->thread, 0);
    lua_pushboolean(host->store, 0);
    lua_rawseti(host->store, 1, self->handle_slot);
    idle_push(host, self);
}

void coroutine_free_idle(struct host *host)
{
    while (host->idle)
        coroutine_free(idle_pop(host));
}

/* Pops a thread into a new coroutine. */
static struct coroutine *coroutine_new(lua_State *L, struct host *host, bool ours)
{
    lua_State *thread = lua_tothread(L, -1);
    struct coroutine *self;

    keep_push(L, host, KEPT_THREADS);
    lua_insert(L, -2);
    lua_pushboolean(L, 1);
    lua_rawset(L, -3);
    lua_pop(L, 1);
    self = calloc(1, sizeof *self);
    if (!self) {
        forget(host, thread);
        luaL_error(L, "not enough memory");
    }
    self->host = host_ref(host);
    self->thread = thread;
    self->ours = ours;
    self->handle_slot = keep_take(host);
    return self;
}

/* A coroutine to run a function in. */
struct coroutine *coroutine_take(lua_State *L, struct host *host)
{
    struct coroutine *self;

    if (!host->idle) {
        keep_reserve(L, host);
        lua_newthread(L);
        return coroutine_new(L, host, true);
    }
    self = idle_pop(host);
    self->returned = false;
    return self;
}

/* Why a coroutine of the user's own making cannot become a task; NULL when it can. */
const char *coroutine_refusal(lua_State *L, struct host *host, int index)
{
    lua_State *thread = lua_tothread(L, index);
    bool taken;
    lua_Debug frame;

    keep_push(L, host, KEPT_THREADS);
    lua_pushvalue(L, index);
    lua_rawget(L, -2);
    taken = lua_toboolean(L, -1);
    lua_pop(L, 2);
    if (taken)
        return "the coroutine is a task already";
    if (thread == L || (lua_status(thread) == LUA_OK && lua_getstack(thread, 0, &frame)))
        return "the coroutine is running";
    if (lua_status(thread) != LUA_YIELD && (lua_status(thread) != LUA_OK || lua_gettop(thread) == 0))
        return "the coroutine has ended";
    return NULL;
}

struct coroutine *coroutine_adopt(lua_State *L, struct host *host, int index)
{
    keep_reserve(L, host);
    lua_pushvalue(L, index);
    return coroutine_new(L, host, false);
}

/* The first half of an await: the argument becomes a handle at index 1. True when that is to be yielded. A task that has
 * ended needs no crossing; of other futures only the library knows, for sleep(0) is done and gives up the turn all the
 * same. */
static bool enter(lua_State *L, struct host *host)
{
    struct handle *handle;

    if (!host->current)
        luaL_error(L, "await outside of a task: use async.run(function)");
    if (host->current->thread != L)
        luaL_error(L, "await in a coroutine of your own: only the task itself can await");
    handle = handle_ensure(L, host, 1);
    lua_settop(L, 1);
    return !async_future_is_task(handle->future) || !async_future_is_done(handle->future);
}

/* The second half, in the step that follows. */
static int leave(lua_State *L)
{
    struct host *host = host_upvalue(L);
    async_value *value;

    lua_settop(L, 1);
    if (async_caught(host->task))
        return error_raise(L, host, async_task_failure(host->task));
    value = async_awaited(host->task);
    return future_push_value(L, host, 1, value);
}

/* As leave, but a failure is returned, like pcall's. */
static int leave_try(lua_State *L)
{
    struct host *host = host_upvalue(L);

    lua_settop(L, 1);
    lua_pushboolean(L, !async_caught(host->task));
    if (!async_caught(host->task))
        return 1 + future_push_value(L, host, 1, async_awaited(host->task));
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
    return leave(L);
}

static int leave_try_continued(lua_State *L)
{
    return leave_try(L);
}
#else
static int leave_continued(lua_State *L, int status, lua_KContext context)
{
    return leave(L);
}

static int leave_try_continued(lua_State *L, int status, lua_KContext context)
{
    return leave_try(L);
}
#endif

static int await(lua_State *L)
{
    struct host *host = host_upvalue(L);

    if (!enter(L, host))
        return future_push_outcome(L, host, 1);
    lua_pushlightuserdata(L, host);
    lua_pushvalue(L, 1);
    return lua_yieldk(L, 2, 0, leave_continued);
}

static int try(lua_State *L)
{
    struct host *host = host_upvalue(L);

    if (!enter(L, host))
        return try_done(L);
    lua_pushlightuserdata(L, host);
    lua_pushvalue(L, 1);
    return lua_yieldk(L, 2, 0, leave_try_continued);
}

static const luaL_Reg functions[] = { { "await", await }, { "try", try }, { NULL, NULL } };
#else
/* Here a C function cannot go on after a yield, so the package strings the halves together in Lua: it yields what
 * enter gives, if that is two values. */
static int enter_await(lua_State *L)
{
    struct host *host = host_upvalue(L);

    if (!enter(L, host))
        return 1;
    lua_pushlightuserdata(L, host);
    lua_insert(L, 1);
    return 2;
}

static int await_done(lua_State *L)
{
    return future_push_outcome(L, host_upvalue(L), 1);
}

static const luaL_Reg functions[] = {
    { "enter", enter_await }, { "leave", leave }, { "leave_try", leave_try }, { "await_done", await_done },
    { "try_done", try_done }, { NULL, NULL }
};
#endif

void await_register(lua_State *L, struct host *host)
{
    register_functions(L, host, functions);
}
