/* What Lua holds of a future or a task: a userdata with one reference. Dropping it never cancels anything. */
#include "bindings/lua/internal.h"

static const char handle_tag;

/* Push a userdata that has no future yet, so that nothing is lost should Lua run out of memory here. */
struct handle *handle_new(lua_State *L, struct host *host, enum kept class_slot, int tables)
{
    struct handle *handle = lua_newuserdatauv(L, sizeof *handle, tables);

    handle->tag = &handle_tag;
    handle->future = NULL;
    handle->callbacks = NULL;
    handle->number = 0;
    handle->shape = SHAPE_PLAIN;
    handle->settles = class_slot == KEPT_TASK_CLASS;
    keep_push(L, host, class_slot);
    lua_setmetatable(L, -2);
    return handle;
}

struct handle *handle_at(lua_State *L, int index)
{
    struct handle *handle = lua_touserdata(L, index);

    return handle && lua_rawlen(L, index) == sizeof *handle && handle->tag == &handle_tag ? handle : NULL;
}

struct handle *handle_check(lua_State *L, int argument)
{
    struct handle *handle = handle_at(L, argument);

    if (!handle)
        error_type(L, argument, "future");
    return handle;
}

/* What may be awaited, in place: a future, or a function or coroutine, which becomes a task. */
struct handle *handle_ensure(lua_State *L, struct host *host, int index)
{
    struct handle *handle = handle_at(L, index);
    int type;

    if (handle)
        return handle;
    type = lua_type(L, index);
    if (type != LUA_TFUNCTION && type != LUA_TTHREAD)
        error_type(L, index, "future, function or coroutine");
    task_check_startable(L, host, index);
    lua_pushvalue(L, index);
    handle = task_start(L, host, running_loop(L, host), lua_gettop(L));
    lua_replace(L, index);
    return handle;
}

/* A task of ours that runs is the userdata that its coroutine keeps, once it has one; anything else gets a new one. */
void future_push(lua_State *L, struct host *host, async_future *taken)
{
    struct coroutine *coroutine = async_future_state(taken, resume_step);
    struct handle *handle;

    if (coroutine && coroutine->host != host)
        coroutine = NULL;
    if (coroutine) {
        keep_push(L, host, coroutine->handle_slot);
        if (lua_isuserdata(L, -1)) {
            async_future_unref(taken);
            return;
        }
        lua_pop(L, 1);
    }
    handle = handle_new(L, host, async_future_is_task(taken) ? KEPT_TASK_CLASS : KEPT_FUTURE_CLASS, 0);
    handle->future = taken;
    if (coroutine) {
        handle->number = coroutine->number;
        lua_pushvalue(L, -1);
        keep_set(L, host, coroutine->handle_slot);
    }
}

/* Two lists, those done and those pending, from the userdata waited for and a list of bools. */
static int push_done_and_pending(lua_State *L, int index, async_value *value)
{
    int counts[2] = {0, 0};

    push_attached_table(L, index);
    lua_newtable(L);
    lua_newtable(L);
    for (size_t item = 0; item < async_value_count(value); item++) {
        int pending = !async_value_bool(async_value_item(value, item));

        lua_rawgeti(L, -3, (int)item + 1);
        lua_rawseti(L, pending ? -2 : -3, ++counts[pending]);
    }
    return 2;
}

static int push_items(lua_State *L, struct host *host, async_value *value)
{
    size_t count = async_value_count(value);

    for (size_t item = 0; item < count; item++)
        value_push(L, host, async_value_item(value, item));
    return (int)count;
}

/* Push the value of the future at an index the way Lua sees it, and return how many values that were. */
int future_push_value(lua_State *L, struct host *host, int index, async_value *value)
{
    struct handle *handle = lua_touserdata(L, index);

    if (handle->shape == SHAPE_GUARD)
        return primitive_push_guard(L, index);
    if (handle->shape == SHAPE_WAIT)
        return push_done_and_pending(L, index, value);
    if (handle->shape == SHAPE_SEVERAL)
        return push_items(L, host, value);
    return value_push_all(L, host, value);
}

/* The same for one that is done, or raise its failure. */
int future_push_outcome(lua_State *L, struct host *host, int index)
{
    async_future *future = handle_at(L, index)->future;
    async_value *failure = async_future_failure(future);

    if (failure)
        return error_raise(L, host, failure);
    return future_push_value(L, host, index, async_future_value(future));
}

static int future_new(lua_State *L)
{
    struct host *host = host_upvalue(L);
    async_loop *loop = running_loop(L, host);
    struct handle *handle = handle_new(L, host, KEPT_FUTURE_CLASS, 0);

    handle->settles = true;
    handle->future = async_future_new(loop);
    return 1;
}

static int check(lua_State *L, int code, const char *message)
{
    if (code)
        return error_raise_code(L, host_upvalue(L), code, message);
    return 0;
}

static int check_promise(lua_State *L, int code)
{
    return check(L, code, code == ASYNC_EINVAL ? "only a future made by hand can be given an outcome" : NULL);
}

static int set_result(lua_State *L)
{
    struct handle *handle = handle_check(L, 1);
    struct host *host = host_upvalue(L);
    async_value *value;
    int count;

    if (async_future_is_done(handle->future))
        return check(L, ASYNC_ESTATE, "the future is done already");
    count = lua_gettop(L) - 1;
    value = value_from_several(L, host, count, async_future_loop(handle->future));
    return check_promise(L, async_future_resolve(handle->future, value));
}

static int set_exception(lua_State *L)
{
    struct handle *handle = handle_check(L, 1);
    async_value *failure;

    luaL_checkany(L, 2);
    lua_settop(L, 2);
    if (async_future_is_done(handle->future))
        return check(L, ASYNC_ESTATE, "the future is done already");
    failure = error_from(host_upvalue(L), L, NULL, NULL);
    return check_promise(L, async_future_fail_with(handle->future, failure));
}

static int cancel(lua_State *L)
{
    struct handle *handle = handle_check(L, 1);
    int code = async_future_cancel(handle->future, luaL_optstring(L, 2, NULL));

    if (code && code != ASYNC_ESTATE && code != ASYNC_ENOMEM)
        return check(L, code, NULL);
    lua_pushboolean(L, code != ASYNC_ESTATE);
    return 1;
}

static int done(lua_State *L)
{
    lua_pushboolean(L, async_future_is_done(handle_check(L, 1)->future));
    return 1;
}

static int cancelled(lua_State *L)
{
    lua_pushboolean(L, async_future_is_cancelled(handle_check(L, 1)->future));
    return 1;
}

static int result(lua_State *L)
{
    struct handle *handle = handle_check(L, 1);

    lua_settop(L, 1);
    if (!async_future_is_done(handle->future))
        return check(L, ASYNC_ESTATE, "the result is not ready: await the future first");
    return future_push_outcome(L, host_upvalue(L), 1);
}

/* The failure, or nil after a success. A cancel is raised, as in asyncio, but not a gather's, which only failed. */
static int exception(lua_State *L)
{
    struct host *host = host_upvalue(L);
    struct handle *handle = handle_check(L, 1);
    async_value *failure;

    if (!async_future_is_done(handle->future))
        return check(L, ASYNC_ESTATE, "the result is not ready: await the future first");
    failure = async_future_failure(handle->future);
    if (!failure)
        lua_pushnil(L);
    else if (async_future_is_cancelled(handle->future))
        error_raise(L, host, failure);
    else
        error_push(L, host, failure);
    return 1;
}

static int get_loop(lua_State *L)
{
    async_loop *loop = async_future_loop(handle_check(L, 1)->future);

    if (loop)
        loop_push(L, host_upvalue(L), async_loop_ref(loop));
    else
        lua_pushnil(L);
    return 1;
}

static int eq(lua_State *L)
{
    struct handle *left = handle_at(L, 1), *right = handle_at(L, 2);

    lua_pushboolean(L, left && right && left->future == right->future);
    return 1;
}

static int gc(lua_State *L)
{
    struct handle *handle = handle_at(L, 1);

    if (handle)
        handle->future = async_future_unref(handle->future);
    return 0;
}

static int tostring(lua_State *L)
{
    struct handle *handle = handle_check(L, 1);
    const char *state = async_future_is_cancelled(handle->future) ? "cancelled"
                        : async_future_is_done(handle->future)    ? "done"
                                                                  : "pending";

    if (async_future_is_task(handle->future)) {
        task_push_name(L, handle);
        lua_pushfstring(L, "task: %s (%s)", lua_tostring(L, -1), state);
    } else {
        lua_pushfstring(L, "future: %p (%s)", (void *)handle->future, state);
    }
    return 1;
}

/* For C: the future as a light userdata, with a reference that whoever reads it owns. */
static int lend(lua_State *L)
{
    struct handle *handle = handle_check(L, 1);

    lua_pushlightuserdata(L, handle->future);
    async_future_ref(handle->future);
    return 1;
}

/* From C: a light userdata that holds a reference, which the future made of it takes over. */
static int wrap(lua_State *L)
{
    luaL_argcheck(L, lua_islightuserdata(L, 1) && lua_touserdata(L, 1), 1, "light userdata of a future expected");
    future_push(L, host_upvalue(L), lua_touserdata(L, 1));
    return 1;
}

/* The methods of futures, which tasks have too. */
const luaL_Reg future_methods[] = {
    {"set_result", set_result},
    {"resolve", set_result},
    {"set_exception", set_exception},
    {"fail", set_exception},
    {"cancel", cancel},
    {"done", done},
    {"cancelled", cancelled},
    {"result", result},
    {"exception", exception},
    {"get_loop", get_loop},
    {"add_done_callback", callback_add_done},
    {"remove_done_callback", callback_remove_done},
    {NULL, NULL},
};

const luaL_Reg future_metamethods[] = {{"__gc", gc}, {"__eq", eq}, {"__tostring", tostring}, {NULL, NULL}};

void future_register(lua_State *L, struct host *host)
{
    static const luaL_Reg functions[] = {{"future", future_new}, {"handle", lend}, {"wrap", wrap}, {NULL, NULL}};

    register_class(L, host, KEPT_FUTURE_CLASS, "future", future_metamethods, future_methods, NULL);
    register_functions(L, host, functions);
}
