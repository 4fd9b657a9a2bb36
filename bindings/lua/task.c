/* Tasks as Lua sees them: futures that also have a name and count their cancels. */
#include "bindings/lua/internal.h"

#include <stdlib.h>
#include <string.h>

/* Where the code that asked for a task stands. Costs some 25 ns; what is kept is all that a report will need. */
static void note_origin(lua_State *L, struct coroutine *coroutine)
{
    lua_Debug caller;

    coroutine->line = 0;
    if (!lua_getstack(L, 1, &caller) || !lua_getinfo(L, "Sl", &caller) || caller.currentline <= 0)
        return;
    coroutine->line = caller.currentline;
    memcpy(coroutine->source, caller.short_src, sizeof coroutine->source);
}

/* Pops the function or coroutine at an index and the arguments above it into the state of a task's step. */
struct coroutine *task_prepare(lua_State *L, struct host *host, int index)
{
    bool function = lua_type(L, index) == LUA_TFUNCTION;
    struct coroutine *coroutine;
    int count;

    coroutine = function ? coroutine_take(L, host) : coroutine_adopt(L, host, index);
    if (!function)
        lua_remove(L, index);
    count = lua_gettop(L) - index + 1;
    if (!lua_checkstack(coroutine->thread, count)) {
        coroutine_destroy(coroutine);
        luaL_error(L, "too many arguments for a task");
    }
    lua_xmove(L, coroutine->thread, count);
    note_origin(L, coroutine);
    coroutine->arguments = function ? count - 1 : count;
    coroutine->number = ++host->tasks;
    return coroutine;
}

/* Start the function or coroutine at an index with the arguments above it; the task replaces them all. */
struct handle *task_start(lua_State *L, struct host *host, async_loop *loop, int index)
{
    struct handle *handle = handle_new(L, host, KEPT_TASK_CLASS, 0);
    struct coroutine *coroutine;

    lua_insert(L, index);
    coroutine = task_prepare(L, host, index + 1);
    handle->number = coroutine->number;
    lua_pushvalue(L, -1);
    keep_set(L, host, coroutine->handle_slot);
    handle->future = async_create_task(loop, resume_step, coroutine, coroutine_destroy);
    return handle;
}

/* Complain of an argument that cannot become a task. */
void task_check_startable(lua_State *L, struct host *host, int index)
{
    const char *refusal;

    if (lua_type(L, index) == LUA_TFUNCTION)
        return;
    if (lua_type(L, index) != LUA_TTHREAD)
        error_type(L, index, "function or coroutine");
    refusal = coroutine_refusal(L, host, index);
    if (refusal)
        luaL_argerror(L, index, refusal);
}

static int create(lua_State *L, async_loop *loop, int index)
{
    task_check_startable(L, host_upvalue(L), index);
    task_start(L, host_upvalue(L), loop, index);
    return 1;
}

static int create_task(lua_State *L)
{
    return create(L, running_loop(L, host_upvalue(L)), 1);
}

/* loop:create_task(…) */
int task_create_on(lua_State *L)
{
    return create(L, loop_check(L, 1), 2);
}

static struct handle *task_check(lua_State *L)
{
    struct handle *handle = handle_at(L, 1);

    if (!handle || !(handle->number || async_future_is_task(handle->future)))
        error_type(L, 1, "task");
    return handle;
}

static int cancelling(lua_State *L)
{
    lua_pushinteger(L, async_future_cancelling(task_check(L)->future));
    return 1;
}

static int uncancel(lua_State *L)
{
    int count = async_future_uncancel(task_check(L)->future);

    if (count < 0)
        return error_raise_code(L, host_upvalue(L), count, NULL);
    lua_pushinteger(L, count);
    return 1;
}

void task_push_name(lua_State *L, const struct handle *handle)
{
    const char *name = async_future_name(handle->future);

    if (*name || !handle->number)
        lua_pushstring(L, name);
    else
        lua_pushfstring(L, "Task-%d", (int)handle->number);
}

static int get_name(lua_State *L)
{
    task_push_name(L, task_check(L));
    return 1;
}

static int set_name(lua_State *L)
{
    struct handle *handle = task_check(L);
    int code = async_future_set_name(handle->future, luaL_checkstring(L, 2));

    return code ? error_raise_code(L, host_upvalue(L), code, NULL) : 0;
}

/* Where a task waits, or how it came to fail. */
static int traceback(lua_State *L)
{
    struct host *host = host_upvalue(L);
    async_future *future = task_check(L)->future;
    struct coroutine *coroutine = async_future_state(future, resume_step);
    async_value *failure = async_future_failure(future);
    lua_State *thread = coroutine ? coroutine->thread : error_thread(host, failure);

    if (thread)
        luaL_traceback(L, thread, failure ? async_value_message(failure) : NULL, 0);
    else
        lua_pushstring(L, failure ? async_value_message(failure) : "");
    return 1;
}

static int current_task(lua_State *L)
{
    struct host *host = host_upvalue(L);
    async_future *future = async_current_task(running_loop(L, host));

    if (future)
        future_push(L, host, async_future_ref(future));
    else
        lua_pushnil(L);
    return 1;
}

static int all_tasks(lua_State *L)
{
    struct host *host = host_upvalue(L);
    async_loop *loop = lua_isnoneornil(L, 1) ? running_loop(L, host) : loop_check(L, 1);
    size_t count = async_all_tasks(loop, NULL, 0);
    async_future **tasks = lua_newuserdatauv(L, (count ? count : 1) * sizeof *tasks, 0);

    lua_createtable(L, (int)count, 0);
    count = async_all_tasks(loop, tasks, count);
    for (size_t index = 0; index < count; index++) {
        future_push(L, host, tasks[index]);
        lua_rawseti(L, -2, (int)index + 1);
    }
    return 1;
}

void task_register(lua_State *L, struct host *host)
{
    static const luaL_Reg methods[] = {
        {"cancelling", cancelling}, {"uncancel", uncancel},   {"get_name", get_name},
        {"set_name", set_name},     {"traceback", traceback}, {NULL, NULL},
    };
    static const luaL_Reg functions[] = {
        {"create_task", create_task}, {"current_task", current_task}, {"all_tasks", all_tasks}, {NULL, NULL}};

    register_class(L, host, KEPT_TASK_CLASS, "task", future_metamethods, methods, future_methods);
    register_functions(L, host, functions);
}
