/* The one step: it resumes a Lua coroutine and tries what that awaits; and the coroutines that it resumes.
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
    async_value *failure = error_from(self->host, self->thread, self, async_task_failure(task));
    char text[sizeof self->source + 16];

    keep_drop(self->host, self->trace_slot);
    self->trace_slot = 0;
    self->failed = false;

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

/* Here the function's own variables are still to be closed, where Lua has such. */
static async_next fail_unguarded(async_task *task, struct coroutine *self)
{
#if HAVE_CLOSING
    async_next verdict;

    lua_pushvalue(self->thread, -1);
    verdict = fail(task, self);
    lua_resetthread(self->thread);
    return verdict;
#else
    return fail(task, self);
#endif
}

/* It yielded something that is not ours: it only meant to give up its turn, unless it yielded a future. */
static async_next pass(async_task *task, struct coroutine *self, int results)
{
    bool future = results && handle_at(self->thread, lua_gettop(self->thread) - results + 1);

    lua_pop(self->thread, results);
    if (future)
        return async_fail(task, ASYNC_EINVAL, "the task yielded a future: use async.await(future) instead");
    return async_try(task, async_sleep(async_task_loop(task), 0), resume_step);
}

/* What an await of ours noted, or NULL for a yield that was none (given). A yield can fail after the note was made,
 * where C code stands in between; so a note only counts together with a mark, or where it is known beforehand that a
 * yield works. */
static async_future *take_awaiting(struct host *host, lua_State *thread, int results)
{
    bool counts = HAVE_MARK ? results == 1 && lua_touserdata(thread, -1) == host : !results;
    async_future *awaiting = counts ? host->awaiting : NULL;

    if (!awaiting) {
        await_forget(host);
        return NULL;
    }
    if (HAVE_MARK)
        lua_pop(thread, 1);
    if (!host->is_given)
        async_future_ref(awaiting);
    host->awaiting = NULL;
    host->is_given = false;
    return awaiting;
}

/* An eager task runs before the call that creates it has told the future to anybody. */
static void give_birth(async_task *task, struct coroutine *self)
{
    self->newborn->future = async_future_ref(async_task_future(task));
    self->newborn = NULL;
}

async_next resume_step(async_task *task, void *state)
{
    struct coroutine *self = state;
    struct host *host = self->host;
    lua_State *thread = self->thread;
    struct coroutine *outer = host->current; /* where an eager task was created, else none */
    async_task *outer_task = host->task;
    lua_State *runner = host->runner;
    int arguments = self->arguments;
    int results, status;

    if (!host->store)
        return async_fail(task, ASYNC_ECLOSED, "the Lua state was closed");
    if (self->newborn)
        give_birth(task, self);
    if (!host->depth++)
        host->is_receiving = false; /* it may be true since Lua ran out of memory */
    self->arguments = 0;
    host->current = self;
    host->task = task;
    host->loop = async_task_loop(task);
    host->runner = thread;
    status = resume(thread, runner, arguments, &results);
    host->runner = runner;
    host->depth--;
    host->current = outer;
    host->task = outer_task;
    if (status == LUA_YIELD) {
        async_future *awaiting = take_awaiting(host, thread, results);

        return awaiting ? async_try(task, awaiting, resume_step) : pass(task, self, results);
    }
    await_forget(host);
    if (status != LUA_OK)
        return fail_unguarded(task, self);
    self->ended = true;
    if (self->failed)
        return fail(task, self);
    /* All that is on the stack counts as results, the guard that stays there too. */
    return async_return(task, value_from_several(thread, host, results - (HAVE_CLOSING && self->ours), host->loop));
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

#if HAVE_CLOSING
/* Notes where an error was thrown, before anything is closed. Errors of the library tell for themselves. */
static int note_trace(lua_State *L)
{
    struct host *host = host_upvalue(L);
    struct coroutine *self = host->current;

    if (self && self->thread == L && !self->trace_slot && !error_value(L, 1) && keep_reserve_quietly(host)) {
        luaL_traceback(L, L, NULL, 1);
        self->trace_slot = keep_take(host);
        keep_set(L, host, self->trace_slot);
    }
    return 1;
}

/* The error is left to the step; resumed by something else, it is that one's. */
static int guard_end(lua_State *L, int status, lua_KContext host)
{
    struct coroutine *self = ((struct host *)host)->current;

    if (status == LUA_OK || status == LUA_YIELD)
        return lua_gettop(L) - 1;
    if (!self || self->thread != L)
        return lua_error(L);
    self->failed = true;
    return 1;
}

/* The function of a task is called by this, so that its variables are closed while the thread can still await. */
static int guard(lua_State *L)
{
    lua_KContext host = (lua_KContext)host_upvalue(L);

    lua_pushvalue(L, lua_upvalueindex(2));
    lua_insert(L, 1);
    return guard_end(L, lua_pcallk(L, lua_gettop(L) - 2, LUA_MULTRET, 1, host, guard_end), host);
}

void coroutine_register(lua_State *L, struct host *host)
{
    lua_pushlightuserdata(L, host);
    lua_pushlightuserdata(L, host);
    lua_pushcclosure(L, note_trace, 1);
    lua_pushcclosure(L, guard, 2);
    keep_set(L, host, KEPT_GUARD);
}

/* It stays at the bottom of each thread, to be called for every task. */
static void install_guard(struct coroutine *self)
{
    keep_push(self->thread, self->host, KEPT_GUARD);
}
#else
void coroutine_register(lua_State *L, struct host *host)
{
}

static void install_guard(struct coroutine *self)
{
}
#endif

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
        keep_drop(host, self->trace_slot);
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

    if (!host->store || !self->ours || !self->ended || host->idle_count == IDLE_MOST) {
        coroutine_free(self);
        return;
    }
    lua_settop(self->thread, HAVE_CLOSING);
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

/* A coroutine to run a function in, which is to be put on its stack with its arguments. */
struct coroutine *coroutine_take(lua_State *L, struct host *host)
{
    struct coroutine *self;

    if (host->idle) {
        self = idle_pop(host);
        self->ended = false;
    } else {
        keep_reserve(L, host);
        lua_newthread(L);
        self = coroutine_new(L, host, true);
        install_guard(self);
    }
    if (HAVE_CLOSING)
        lua_pushvalue(self->thread, 1);
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
