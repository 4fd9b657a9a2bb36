/* The exception handler of a loop: a Lua function that hears of errors nobody else can receive. */
#include "bindings/lua/internal.h"

#include <stdio.h>

struct report {
    async_loop *loop;
    async_future *source;
    int error;
    const char *message;
};

/* Argument: the function. It is told the loop and asyncio's context table. */
static int report_protected(lua_State *L)
{
    struct host *host = host_upvalue(L);
    struct report *report = host->argument;
    async_value *failure = async_future_failure(report->source);

    loop_push(L, host, async_loop_ref(report->loop));
    lua_createtable(L, 0, 5);
    lua_pushstring(L, report->message);
    lua_setfield(L, 3, "message");
    lua_pushinteger(L, report->error);
    lua_setfield(L, 3, "number");
    if (report->source) {
        future_push(L, host, async_future_ref(report->source));
        lua_setfield(L, 3, "future");
    }
    if (failure) {
        error_push(L, host, failure);
        lua_setfield(L, 3, "exception");
        if (error_push_trace(L, host, failure))
            lua_setfield(L, 3, "traceback");
    }
    lua_call(L, 2, 0);
    return 0;
}

static void on_exception(async_loop *loop, async_future *source, int error, const char *message, void *user)
{
    struct box *box = user;
    struct host *host = box->host;
    struct report report = {loop, source, error, message};
    lua_State *L = host->runner;

    if (!host->store || !lua_checkstack(L, 4))
        return;
    keep_push(L, host, KEPT_TRACEBACK);
    keep_push_function(L, host, KEPT_REPORT, &report);
    keep_push(L, host, box->slot);
    if (lua_pcall(L, 1, 0, -3) != LUA_OK) {
        /* A handler that fails has nobody above it: the line that the default one would have printed. */
        fprintf(stderr, "libasync: the exception handler failed: %s\n", lua_tostring(L, -1));
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

/* loop:set_exception_handler(function(loop, context) … end), or nil for the default. */
int handler_set(lua_State *L)
{
    struct host *host = host_upvalue(L);
    async_loop *loop = loop_check(L, 1);
    struct box *box = NULL;
    int code;

    if (!lua_isnoneornil(L, 2)) {
        luaL_checktype(L, 2, LUA_TFUNCTION);
        lua_settop(L, 2);
        keep_reserve(L, host);
        box = box_new(L, host);
        if (!box)
            return luaL_error(L, "not enough memory");
    }
    code = async_loop_set_exception_handler(loop, box ? on_exception : NULL, box, box ? box_delete : NULL);
    return code ? error_raise_code(L, host, code, NULL) : 0;
}

/* loop:call_exception_handler{ message = …, future = … } */
int handler_call(lua_State *L)
{
    async_loop *loop = loop_check(L, 1);
    struct handle *handle;
    const char *message;
    int code;

    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 2);
    lua_getfield(L, 2, "message");
    message = luaL_optstring(L, 3, NULL);
    lua_getfield(L, 2, "future");
    handle = handle_at(L, 4);
    code = async_loop_call_exception_handler(loop, handle ? handle->future : NULL, ASYNC_EHOST, message);
    return code ? error_raise_code(L, host_upvalue(L), code, NULL) : 0;
}

void handler_register(lua_State *L, struct host *host)
{
    keep_function(L, host, KEPT_REPORT, report_protected);
}
