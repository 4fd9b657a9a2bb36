/* Tasks as Lua sees them: futures that also have a name and count their cancels. */
#include "bindings/lua/internal.h"

#include <stdlib.h>
#include <string.h>

/* How deep eager tasks start in each other; deeper ones start in the next turn. Lua refuses some 200 calls from C in each
 * other, and each level takes a few. */
enum { MOST_NESTED = 40 };

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
    coroutine->arguments = function && !HAVE_CLOSING ? count - 1 : count;
    coroutine->number = ++host->tasks;
    return coroutine;
}

/* Rarely used settings of a new task. */
struct settings {
    const char *name;
    bool eager;
    async_task_group *group;
};

static async_future *create_with(lua_State *L, async_loop *loop, struct coroutine *coroutine,
                                 const struct settings *settings)
{
    async_task_options *options = async_task_options_new();
    async_future *future;
    int error;

    async_task_options_set_name(options, settings->name);
    async_task_options_set_eager(options, settings->eager);
    future = async_create_task_with(loop, resume_step, coroutine, coroutine_destroy, options);
    async_task_options_unref(options);
    error = settings->group ? async_task_group_add(settings->group, future) : 0;
    if (error) {
        async_future_cancel(future, NULL);
        async_future_unref(future);
        error_raise_code(L, host_upvalue(L), error, error == ASYNC_ESTATE ? "the task group is ending" : NULL);
    }
    return future;
}

/* Start the function or coroutine at an index with the arguments above it; the task replaces them all. */
static struct handle *start(lua_State *L, struct host *host, async_loop *loop, int index,
                            const struct settings *settings)
{
    struct handle *handle = handle_new(L, host, KEPT_TASK_CLASS, 0);
    struct coroutine *coroutine;
    async_future *future;

    lua_insert(L, index);
    coroutine = task_prepare(L, host, index + 1);
    handle->number = coroutine->number;
    lua_pushvalue(L, -1);
    keep_set(L, host, coroutine->handle_slot);
    if (!settings) {
        handle->future = async_create_task(loop, resume_step, coroutine, coroutine_destroy);
        return handle;
    }
    coroutine->newborn = settings->eager ? handle : NULL;
    future = create_with(L, loop, coroutine, settings);
    async_future_unref(handle->future);
    handle->future = future;
    return handle;
}

struct handle *task_start(lua_State *L, struct host *host, async_loop *loop, int index)
{
    return start(L, host, loop, index, NULL);
}

/* Why what stands at an index cannot become a task, or NULL. */
static const char *refusal(lua_State *L, struct host *host, int index)
{
    if (lua_type(L, index) == LUA_TFUNCTION)
        return NULL;
    if (lua_type(L, index) == LUA_TTHREAD)
        return coroutine_refusal(L, host, index);
    return lua_pushfstring(L, "function or coroutine expected, got %s", luaL_typename(L, index));
}

/* Complain of an argument that cannot become a task. */
void task_check_startable(lua_State *L, struct host *host, int index)
{
    const char *why;

    if (lua_type(L, index) == LUA_TFUNCTION)
        return;
    if (lua_type(L, index) != LUA_TTHREAD)
        error_type(L, index, "function or coroutine");
    why = refusal(L, host, index);
    if (why)
        luaL_argerror(L, index, why);
}

/* A table holds what to start and its arguments, and the settings as fields. They are put above it. */
static void unpack(lua_State *L, struct host *host, int index, struct settings *settings)
{
    int count = (int)lua_rawlen(L, index);
    const char *why;

    lua_settop(L, index);
    luaL_checkstack(L, count + 2, "too many arguments for a task");
    lua_getfield(L, index, "eager_start");
    settings->eager = lua_toboolean(L, -1) && host->depth < MOST_NESTED;
    lua_getfield(L, index, "name");
    if (!lua_isnil(L, -1) && lua_type(L, -1) != LUA_TSTRING)
        luaL_argerror(L, index, "name must be a string");
    settings->name = lua_tostring(L, -1);
    lua_settop(L, index);
    for (int item = 1; item <= count; item++)
        lua_rawgeti(L, index, item);
    lua_settop(L, index + (count ? count : 1));
    why = refusal(L, host, index + 1);
    if (why)
        luaL_argerror(L, index, lua_pushfstring(L, "item 1: %s", why));
}

/* create_task(f, …), or create_task{ f, …, name = …, eager_start = true } */
int task_create(lua_State *L, async_loop *loop, async_task_group *group, int index)
{
    struct settings settings = {.group = group};
    struct host *host = host_upvalue(L);
    bool table = lua_istable(L, index);

    if (table)
        unpack(L, host, index, &settings);
    else
        task_check_startable(L, host, index);
    start(L, host, loop, index + table, table || group ? &settings : NULL);
    return 1;
}

static int create_task(lua_State *L)
{
    return task_create(L, running_loop(L, host_upvalue(L)), NULL, 1);
}

/* loop:create_task(…) */
int task_create_on(lua_State *L)
{
    return task_create(L, loop_check(L, 1), NULL, 2);
}

struct handle *task_check(lua_State *L)
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
        {"cancelling", cancelling},     {"uncancel", uncancel},   {"get_name", get_name},       {"set_name", set_name},
        {"traceback", stack_traceback}, {"get_stack", stack_get}, {"print_stack", stack_print}, {NULL, NULL},
    };
    static const luaL_Reg functions[] = {
        {"create_task", create_task}, {"current_task", current_task}, {"all_tasks", all_tasks}, {NULL, NULL}};

    register_class(L, host, KEPT_TASK_CLASS, "task", future_metamethods, methods, future_methods);
    register_functions(L, host, functions);
}
