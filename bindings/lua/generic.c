/* What the wrappers of the generic interface call to turn Lua's things into the library's and back. */
#include "bindings/lua/resource.h"

void generic_push_future(lua_State *L, async_future *taken)
{
    if (taken)
        future_push(L, host_of(L), taken);
    else
        lua_pushnil(L);
}

void generic_push_loop(lua_State *L, async_loop *taken)
{
    if (taken)
        loop_push(L, host_of(L), taken);
    else
        lua_pushnil(L);
}

void generic_push_resource(lua_State *L, const struct resource_class *class, void *taken)
{
    if (taken)
        resource_push(L, host_of(L), class, taken);
    else
        lua_pushnil(L);
}

void generic_push_value(lua_State *L, async_value *taken)
{
    struct host *host = host_of(L);

    if (!taken)
        lua_pushnil(L);
    else if (async_value_error(taken))
        error_push(L, host, taken);
    else
        value_push(L, host, taken);
    async_value_unref(taken);
}

/* An array of what a table holds, each with a reference for the call to take; the array is left on the stack. */
async_future **generic_futures(lua_State *L, int index, size_t *count)
{
    async_future **futures;

    *count = lua_rawlen(L, index);
    futures = lua_newuserdatauv(L, (*count ? *count : 1) * sizeof *futures, 0);
    for (size_t item = 0; item < *count; item++) {
        struct handle *handle;

        lua_rawgeti(L, index, (int)item + 1);
        handle = handle_at(L, -1);
        if (!handle)
            luaL_argerror(L, index,
                          lua_pushfstring(L, "item %d: future expected, got %s", (int)item + 1, luaL_typename(L, -1)));
        futures[item] = handle->future;
        lua_pop(L, 1);
    }
    for (size_t item = 0; item < *count; item++)
        async_future_ref(futures[item]);
    return futures;
}

async_value **generic_values(lua_State *L, int index, size_t *count)
{
    struct host *host = host_of(L);
    async_value **values;

    *count = lua_rawlen(L, index);
    values = lua_newuserdatauv(L, (*count ? *count : 1) * sizeof *values, 0);
    luaL_checkstack(L, 2, "not enough memory");
    for (size_t item = 0; item < *count; item++) {
        lua_rawgeti(L, index, (int)item + 1);
        values[item] = value_from(L, host, lua_gettop(L), host->loop);
        lua_pop(L, 1);
    }
    return values;
}

/* The state for a step, of a function or coroutine. */
struct coroutine *generic_coroutine(lua_State *L, int index)
{
    struct host *host = host_of(L);

    task_check_startable(L, host, index);
    lua_pushvalue(L, index);
    return task_prepare(L, host, lua_gettop(L));
}

static int run(lua_State *L)
{
    lua_pushinteger(L, drive(L, host_upvalue(L), loop_check(L, 1), NULL, NULL));
    return 1;
}

static int run_until(lua_State *L)
{
    lua_pushinteger(L, drive(L, host_upvalue(L), loop_check(L, 1), handle_check(L, 2)->future, NULL));
    return 1;
}

/* What takes a callback or a coroutine is the native function under its C name. With the module on top. */
void generic_register(lua_State *L, struct host *host)
{
    static const luaL_Reg functions[] = {{"async_create_task", task_create_on},
                                         {"async_loop_run", run},
                                         {"async_loop_run_until", run_until},
                                         {"async_loop_call_soon", callback_call_soon},
                                         {"async_loop_call_later", callback_call_later},
                                         {"async_loop_call_at", callback_call_at},
                                         {"async_loop_add_reader", callback_add_reader},
                                         {"async_loop_add_writer", callback_add_writer},
                                         {"async_loop_set_exception_handler", handler_set},
                                         {"async_future_on_done", callback_add_done},
                                         {"async_future_remove_done", callback_remove_done},
                                         {NULL, NULL}};

    register_functions(L, host, functions);
}
