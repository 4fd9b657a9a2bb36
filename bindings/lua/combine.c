/* Operations: they start at once and give a future. */
#include "bindings/lua/primitive.h"

#include <string.h>

static void completions_drop(struct primitive *primitive)
{
    async_completions_unref(primitive->object);
}

static const struct noun completions_noun = {"Completions", KEPT_COMPLETIONS_CLASS, completions_drop};

/* What gives up one turn is the same future each time, so its userdata serves for all of a run. */
static int push_turn(lua_State *L, struct host *host, async_loop *loop)
{
    struct handle *handle;

    if (host->turn_loop == loop) {
        keep_push(L, host, KEPT_TURN);
        return 1;
    }
    handle = handle_new(L, host, KEPT_FUTURE_CLASS, 0);
    handle->future = async_sleep(loop, 0);
    if (async_future_is_done(handle->future) && !async_future_error(handle->future)) {
        lua_pushvalue(L, -1);
        keep_set(L, host, KEPT_TURN);
        host->turn_loop = loop;
    }
    return 1;
}

/* It holds on to its loop, so it is dropped when Lua is through with that. */
void combine_drop_turn(struct host *host)
{
    if (!host->turn_loop)
        return;
    host->turn_loop = NULL;
    lua_pushboolean(host->store, 0);
    keep_set(host->store, host, KEPT_TURN);
}

static int sleep(lua_State *L)
{
    struct host *host = host_upvalue(L);
    double seconds = luaL_checknumber(L, 1);
    async_loop *loop = running_loop(L, host);
    struct handle *handle;

    if (seconds == 0)
        return push_turn(L, host, loop);
    handle = handle_new(L, host, KEPT_FUTURE_CLASS, 0);
    handle->future = async_sleep(loop, seconds);
    return 1;
}

static void option(lua_State *L, int index, const char *name)
{
    if (lua_istable(L, index))
        lua_getfield(L, index, name);
    else
        lua_pushnil(L);
}

static bool option_true(lua_State *L, int index, const char *name)
{
    bool truth;

    option(L, index, name);
    truth = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return truth;
}

/* Replace the items of the table at an index by a new table of futures and an array of them, both pushed. Nothing is
 * taken yet, since Lua may raise until the end. */
static async_future **collect(lua_State *L, struct host *host, int index, size_t *count)
{
    async_future **futures;

    *count = lua_rawlen(L, index);
    futures = lua_newuserdatauv(L, (*count ? *count : 1) * sizeof *futures, 0);
    lua_createtable(L, (int)*count, 0);
    for (size_t item = 0; item < *count; item++) {
        int type;

        lua_rawgeti(L, index, (int)item + 1);
        type = lua_type(L, -1);
        if (!handle_at(L, -1) && type != LUA_TFUNCTION && type != LUA_TTHREAD)
            luaL_argerror(L, 1,
                          lua_pushfstring(L, "item %d: future, function or coroutine expected, got %s", (int)item + 1,
                                          luaL_typename(L, -1)));
        futures[item] = handle_ensure(L, host, lua_gettop(L))->future;
        lua_rawseti(L, -2, (int)item + 1);
    }
    return futures;
}

static void take_all(async_future **futures, size_t count)
{
    for (size_t index = 0; index < count; index++)
        async_future_ref(futures[index]);
}

/* async.gather(a, b, …), or async.gather{ a, b, …, return_exceptions = true } */
static int gather(lua_State *L)
{
    struct host *host = host_upvalue(L);
    async_loop *loop = running_loop(L, host);
    struct handle *handle;
    async_future **futures;
    uint32_t flags = 0;
    size_t count;

    if (lua_istable(L, 1)) {
        lua_settop(L, 1);
        flags = option_true(L, 1, "return_exceptions") ? ASYNC_GATHER_KEEP_ERRORS : 0;
    } else {
        int arguments = lua_gettop(L);

        lua_createtable(L, arguments, 0);
        lua_insert(L, 1);
        for (int index = arguments; index; index--)
            lua_rawseti(L, 1, index);
    }
    futures = collect(L, host, 1, &count);
    handle = handle_new(L, host, KEPT_FUTURE_CLASS, 0);
    take_all(futures, count);
    handle->future = async_gather(loop, futures, count, flags);
    return 1;
}

static uint32_t return_when(lua_State *L, int index)
{
    static const char *const names[] = {"ALL_COMPLETED", "FIRST_COMPLETED", "FIRST_EXCEPTION", NULL};
    static const uint32_t numbers[] = {ASYNC_ALL_COMPLETED, ASYNC_FIRST_COMPLETED, ASYNC_FIRST_EXCEPTION};
    const char *name;

    option(L, index, "return_when");
    name = luaL_optstring(L, -1, names[0]);
    for (int choice = 0; names[choice]; choice++)
        if (!strcmp(name, names[choice]))
            return numbers[choice];
    return (uint32_t)luaL_argerror(L, index, "return_when must be ALL_COMPLETED, FIRST_COMPLETED or FIRST_EXCEPTION");
}

/* The options in the table at index 2, if there is one, tell a time limit. */
static double limit_option(lua_State *L)
{
    double seconds = ASYNC_FOREVER;

    option(L, 2, "timeout");
    if (!lua_isnil(L, -1))
        seconds = luaL_checknumber(L, -1);
    lua_pop(L, 1);
    return seconds;
}

/* Both take a table of what may be awaited, and perhaps one of options. */
static void check_tables(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 2);
    if (!lua_isnil(L, 2))
        luaL_checktype(L, 2, LUA_TTABLE);
}

/* async.wait({ a, b, … }, { timeout = seconds, return_when = async.FIRST_COMPLETED }) */
static int wait(lua_State *L)
{
    struct host *host = host_upvalue(L);
    async_loop *loop = running_loop(L, host);
    double timeout_seconds;
    struct handle *handle;
    async_future **futures;
    uint32_t when;
    size_t count;

    check_tables(L);
    when = return_when(L, 2);
    timeout_seconds = limit_option(L);
    futures = collect(L, host, 1, &count);
    handle = handle_new(L, host, KEPT_FUTURE_CLASS, 1);
    handle->shape = SHAPE_WAIT;
    lua_pushvalue(L, -2);
    attach_table(L, -2);
    take_all(futures, count);
    handle->future = async_wait(loop, futures, count, when, timeout_seconds);
    return 1;
}

static int refuse_completions(lua_State *L, async_loop *loop, async_future *const *futures, size_t count)
{
    for (size_t index = 0; index < count; index++)
        if (async_future_loop(futures[index]) && async_future_loop(futures[index]) != loop)
            return luaL_argerror(L, 1, lua_pushfstring(L, "item %d belongs to another loop", (int)index + 1));
    return primitive_refuse(L, host_upvalue(L), loop, ENOMEM);
}

/* What as_completed is made of: a row, and the list of what it hands out the places of. */
static int completions_new(lua_State *L)
{
    struct host *host = host_upvalue(L);
    async_loop *loop = running_loop(L, host);
    struct primitive *completions;
    double timeout_seconds;
    async_future **futures;
    size_t count;

    check_tables(L);
    timeout_seconds = limit_option(L);
    luaL_argcheck(L, timeout_seconds == ASYNC_FOREVER || (timeout_seconds >= 0 && timeout_seconds * 0 == 0), 2,
                  "timeout must be finite and not negative");
    futures = collect(L, host, 1, &count);
    completions = primitive_new(L, host, &completions_noun, sizeof *completions);
    take_all(futures, count);
    completions->object = async_as_completed(loop, futures, count, timeout_seconds);
    if (!completions->object)
        return refuse_completions(L, loop, futures, count);
    lua_insert(L, -2);
    return 2;
}

static async_future *start_next(void *object, async_value *value)
{
    return async_completions_next(object);
}

static int completions_next(lua_State *L)
{
    return primitive_wait(L, primitive_check(L, 1, &completions_noun), start_next, SHAPE_PLAIN);
}

static int completions_left(lua_State *L)
{
    struct primitive *completions = primitive_check(L, 1, &completions_noun);

    lua_pushinteger(L, (lua_Integer)async_completions_left(completions->object));
    return 1;
}

static int push_limited(lua_State *L, double limit, async_future *(*wait_until)(async_loop *, async_future *, double))
{
    struct host *host = host_upvalue(L);
    async_loop *loop = running_loop(L, host);
    async_future *future = handle_ensure(L, host, 1)->future;
    struct handle *handle = handle_new(L, host, KEPT_FUTURE_CLASS, 0);

    handle->future = wait_until(loop, async_future_ref(future), limit);
    return 1;
}

/* async.wait_for(awaitable, seconds); nil for no limit */
static int wait_for(lua_State *L)
{
    return push_limited(L, lua_isnil(L, 2) ? ASYNC_FOREVER : luaL_checknumber(L, 2), async_wait_for);
}

/* async.wait_until(awaitable, when): the same until a time of the loop's clock */
static int wait_until(lua_State *L)
{
    return push_limited(L, luaL_checknumber(L, 2), async_wait_until);
}

static int shield(lua_State *L)
{
    struct host *host = host_upvalue(L);
    async_loop *loop = running_loop(L, host);
    async_future *future = handle_ensure(L, host, 1)->future;
    struct handle *handle = handle_new(L, host, KEPT_FUTURE_CLASS, 0);

    handle->future = async_shield(loop, async_future_ref(future));
    return 1;
}

void combine_register(lua_State *L, struct host *host)
{
    static const luaL_Reg functions[] = {
        {"sleep", sleep},           {"gather", gather}, {"wait", wait}, {"wait_for", wait_for},
        {"wait_until", wait_until}, {"shield", shield}, {NULL, NULL}};
    static const luaL_Reg completions[] = {{"next", completions_next}, {"left", completions_left}, {NULL, NULL}};
    static const luaL_Reg inner[] = {{"completions", completions_new}, {NULL, NULL}};

    register_functions(L, host, functions);
    primitive_register(L, host, &completions_noun, completions, NULL);
    register_inner(L, host, inner);
}
