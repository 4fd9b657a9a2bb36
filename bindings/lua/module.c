/* The module itself: what a Lua state and the library have of each other, from require to lua_close. */
#include "bindings/lua/internal.h"

#include <stdlib.h>

/* Made by SWIG: the generic interface, as a table. */
int luaopen_core(lua_State *L);
__attribute__((visibility("default"))) int luaopen_libasync_core(lua_State *L);

static const char host_key;

/* The host of a Lua state, for functions that were not registered with it; NULL before there is one. */
struct host *host_of(lua_State *L)
{
    struct host **holder;

    lua_pushlightuserdata(L, (void *)&host_key);
    lua_rawget(L, LUA_REGISTRYINDEX);
    holder = lua_touserdata(L, -1);
    lua_pop(L, 1);
    return holder ? *holder : NULL;
}

struct host *host_ref(struct host *host)
{
    host->references++;
    return host;
}

void host_unref(struct host *host)
{
    if (--host->references)
        return;
    async_type_unref(host->object_type);
    async_type_unref(host->several_type);
    async_type_unref(host->failure_type);
    free(host->scratch);
    free(host->next_free);
    free(host);
}

/* The state closes, and finalizers made later have run: from here on nothing of Lua's may be touched. */
static int host_gc(lua_State *L)
{
    struct host **holder = lua_touserdata(L, 1);
    struct host *host = *holder;

    if (!host)
        return 0;
    *holder = NULL;
    host->raised = async_value_unref(host->raised);
    coroutine_free_idle(host);
    host->store = NULL;
    host_unref(host);
    return 0;
}

void register_functions(lua_State *L, struct host *host, const luaL_Reg *functions)
{
    for (; functions->name; functions++) {
        lua_pushlightuserdata(L, host);
        lua_pushcclosure(L, functions->func, 1);
        lua_setfield(L, -2, functions->name);
    }
}

void register_inner(lua_State *L, struct host *host, const luaL_Reg *functions)
{
    lua_getfield(L, -1, "inner");
    register_functions(L, host, functions);
    lua_pop(L, 1);
}

void register_class(lua_State *L, struct host *host, enum kept slot, const char *name, const luaL_Reg *metamethods,
                    const luaL_Reg *methods, const luaL_Reg *shared)
{
    lua_newtable(L);
    lua_pushstring(L, name);
    lua_setfield(L, -2, "__name");
    register_functions(L, host, metamethods);
    if (methods) {
        lua_newtable(L);
        if (shared)
            register_functions(L, host, shared);
        register_functions(L, host, methods);
        lua_setfield(L, -2, "__index");
    }
    keep_set(L, host, slot);
}

/* A thread that the registry keeps for the state's whole life. */
static lua_State *thread_new(lua_State *L)
{
    lua_State *thread = lua_newthread(L);

    luaL_ref(L, LUA_REGISTRYINDEX);
    return thread;
}

/* Its finalizer runs after those of all else here, for Lua runs them in the reverse order of creation. */
static struct host *host_new(lua_State *L)
{
    struct host **holder = lua_newuserdatauv(L, sizeof *holder, 0);
    struct host *host;

    *holder = NULL;
    lua_newtable(L);
    lua_pushcfunction(L, host_gc);
    lua_setfield(L, -2, "__gc");
    lua_setmetatable(L, -2);
    *holder = host = calloc(1, sizeof *host);
    if (!host)
        luaL_error(L, "not enough memory");
    host->references = 1;
    host->none = async_none();
    host->object_type = async_type_new("Lua object", NULL, box_delete);
    host->several_type = async_type_new("Lua results", NULL, box_delete);
    host->failure_type = async_type_new("Lua error", NULL, box_delete);
    if (!host->object_type || !host->several_type || !host->failure_type)
        luaL_error(L, "not enough memory");
    async_type_set_reader(host->object_type, value_read);
    async_type_set_reader(host->several_type, value_read);
    host->store = thread_new(L);
    host->spare = host->runner = thread_new(L);
    lua_newtable(host->store);
    lua_pushlightuserdata(L, (void *)&host_key);
    lua_insert(L, -2);
    lua_rawset(L, LUA_REGISTRYINDEX);
    return host;
}

/* SWIG puts two helpers of its own among the globals, where they are nobody's business. */
static void open_generic(lua_State *L)
{
    lua_pushcfunction(L, luaopen_core);
    lua_call(L, 0, 1);
    lua_pushnil(L);
    lua_setglobal(L, "swig_type");
    lua_pushnil(L);
    lua_setglobal(L, "swig_equals");
}

/* The generic interface, with the native one as its field `native`. Loaded again, it is the same one. */
int luaopen_libasync_core(lua_State *L)
{
    struct host *host = host_of(L);

    if (host) {
        keep_push(L, host, KEPT_MODULE);
        return 1;
    }
    host = host_new(L);
    keep_reserve(L, host);
    keep_function(L, host, KEPT_GROW, keep_grow_protected);
    lua_newtable(L);
    keep_set(L, host, KEPT_THREADS);
    keep_weak_table(L, host, KEPT_LOOPS, "v");
    open_generic(L);
    generic_register(L, host);
    lua_newtable(L);
    lua_newtable(L);
    lua_setfield(L, -2, "inner");
    error_register(L, host);
    value_register(L, host);
    address_register(L, host);
    record_register(L, host);
    dns_register(L, host);
    future_register(L, host);
    coroutine_register(L, host);
    await_register(L, host);
    task_register(L, host);
    loop_register(L, host);
    callback_register(L, host);
    handler_register(L, host);
    combine_register(L, host);
    sync_register(L, host);
    queue_register(L, host);
    scope_register(L, host);
    local_register(L, host);
    keep_weak_table(L, host, KEPT_RESOURCES, "v");
    options_register(L, host);
    stream_register(L, host);
    server_register(L, host);
    socket_register(L, host);
    datagram_register(L, host);
    run_register(L, host);
    lua_setfield(L, -2, "native");
    lua_pushvalue(L, -1);
    keep_set(L, host, KEPT_MODULE);
    return 1;
}
