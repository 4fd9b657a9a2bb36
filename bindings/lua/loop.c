/* Loops as Lua sees them, in asyncio's words. */
#include "bindings/lua/internal.h"

#include <errno.h>
#include <string.h>

static const char loop_tag;

static struct loop_handle *loop_at(lua_State *L, int index)
{
    struct loop_handle *handle = lua_touserdata(L, index);

    return handle && lua_rawlen(L, index) == sizeof *handle && handle->tag == &loop_tag ? handle : NULL;
}

async_loop *loop_check(lua_State *L, int argument)
{
    struct loop_handle *handle = loop_at(L, argument);

    if (!handle)
        error_type(L, argument, "loop");
    return handle->loop;
}

/* The loop that this state runs, or is told to use. */
async_loop *running_loop(lua_State *L, struct host *host)
{
    if (!host->loop)
        luaL_error(L, "no running event loop");
    return host->loop;
}

/* The same loop is always the same userdata. */
void loop_push(lua_State *L, struct host *host, async_loop *taken)
{
    struct loop_handle *handle;

    keep_push(L, host, KEPT_LOOPS);
    lua_pushlightuserdata(L, taken);
    lua_rawget(L, -2);
    if (!lua_isnil(L, -1)) {
        lua_remove(L, -2);
        async_loop_unref(taken);
        return;
    }
    lua_pop(L, 1);
    handle = lua_newuserdatauv(L, sizeof *handle, 0);
    handle->tag = &loop_tag;
    handle->loop = taken;
    keep_push(L, host, KEPT_LOOP_CLASS);
    lua_setmetatable(L, -2);
    lua_pushlightuserdata(L, taken);
    lua_pushvalue(L, -2);
    lua_rawset(L, -4);
    lua_remove(L, -2);
}

static int check(lua_State *L, int code, const char *message)
{
    return code ? error_raise_code(L, host_upvalue(L), code, message) : 0;
}

static int check_run(lua_State *L, int code)
{
    if (code == DRIVE_INTERRUPTED)
        return luaL_error(L, "interrupted!");
    return check(L, code, NULL);
}

/* The name of a clock, on top. */
static int clock_check(lua_State *L, int argument)
{
    static const char *const names[] = {"real", "manual", "jumping", NULL};
    static const int clocks[] = {ASYNC_CLOCK_REAL, ASYNC_CLOCK_MANUAL, ASYNC_CLOCK_JUMPING};
    const char *name = lua_tostring(L, -1);

    for (int choice = 0; name && names[choice]; choice++)
        if (!strcmp(name, names[choice]))
            return clocks[choice];
    return luaL_argerror(L, argument, "clock must be \"real\", \"manual\" or \"jumping\"");
}

/* async.new_event_loop(), or async.new_event_loop{ clock = "manual" } */
static int new_event_loop(lua_State *L)
{
    int clock = ASYNC_CLOCK_REAL;
    async_loop *loop;

    if (!lua_isnoneornil(L, 1)) {
        luaL_checktype(L, 1, LUA_TTABLE);
        lua_getfield(L, 1, "clock");
        clock = lua_isnil(L, -1) ? clock : clock_check(L, 1);
    }
    loop = async_loop_new();
    if (!loop)
        return luaL_error(L, "cannot make an event loop: %s", strerror(errno));
    async_loop_set_clock(loop, clock);
    loop_push(L, host_upvalue(L), loop);
    return 1;
}

static int set_clock(lua_State *L)
{
    async_loop *loop = loop_check(L, 1);

    luaL_checkstring(L, 2);
    lua_settop(L, 2);
    return check(L, async_loop_set_clock(loop, clock_check(L, 2)), NULL);
}

/* Move a test clock. */
static int advance(lua_State *L)
{
    async_loop *loop = loop_check(L, 1);
    double seconds = luaL_checknumber(L, 2);
    int code = drive_advance(L, host_upvalue(L), loop, seconds);

    if (code == ASYNC_EINVAL)
        return luaL_argerror(L, 2, "seconds must be finite and not negative");
    return code == ASYNC_ESTATE ? check(L, code, "only a test clock can be moved") : check_run(L, code);
}

static int get_running_loop(lua_State *L)
{
    struct host *host = host_upvalue(L);

    loop_push(L, host, async_loop_ref(running_loop(L, host)));
    return 1;
}

/* For C: the loop as a light userdata, with a reference that whoever reads it owns. */
static int loop_handle(lua_State *L)
{
    async_loop *loop = loop_check(L, 1);

    lua_pushlightuserdata(L, loop);
    async_loop_ref(loop);
    return 1;
}

/* From C: the loop, with a reference, that tasks and futures are made on where Lua runs none itself; nil for none. */
static int use_loop(lua_State *L)
{
    struct host *host = host_upvalue(L);
    async_loop *loop = NULL;

    if (lua_isnoneornil(L, 1)) {
        lua_pushboolean(L, 0);
    } else if (lua_islightuserdata(L, 1)) {
        loop = lua_touserdata(L, 1);
        loop_push(L, host, loop);
    } else {
        loop = loop_check(L, 1);
        lua_settop(L, 1);
    }
    if (host->runner != host->spare)
        return check(L, ASYNC_ERUNNING, NULL);
    combine_drop_turn(host);
    lua_pushvalue(L, -1);
    keep_set(L, host, KEPT_USED_LOOP);
    host->loop = loop;
    return loop ? 1 : 0;
}

static int run_until_complete(lua_State *L)
{
    struct host *host = host_upvalue(L);
    async_loop *loop = loop_check(L, 1);
    struct handle *handle = handle_at(L, 2);
    int code;

    lua_settop(L, 2);
    if (!handle) {
        task_check_startable(L, host, 2);
        handle = task_start(L, host, loop, 2);
    }
    code = drive(L, host, loop, handle->future, NULL);
    if (async_future_is_done(handle->future) && async_future_error(handle->future) == code)
        return future_push_outcome(L, host, 2);
    return check_run(L, code);
}

static int run_forever(lua_State *L)
{
    async_loop *loop = loop_check(L, 1);

    return check_run(L, drive(L, host_upvalue(L), loop, NULL, NULL));
}

static int stop(lua_State *L)
{
    return check(L, async_loop_stop(loop_check(L, 1)), NULL);
}

/* asyncio's: nothing runs any more, what was pending is reported. */
static int close(lua_State *L)
{
    return check(L, async_loop_abandon(loop_check(L, 1)), NULL);
}

static int is_running(lua_State *L)
{
    lua_pushboolean(L, async_loop_is_running(loop_check(L, 1)));
    return 1;
}

static int is_closed(lua_State *L)
{
    lua_pushboolean(L, async_loop_is_closed(loop_check(L, 1)));
    return 1;
}

static int loop_time(lua_State *L)
{
    lua_pushnumber(L, async_loop_time(loop_check(L, 1)));
    return 1;
}

static int remove_reader(lua_State *L)
{
    lua_pushboolean(L, async_loop_remove_reader(loop_check(L, 1), (int)luaL_checkinteger(L, 2)) == 0);
    return 1;
}

static int remove_writer(lua_State *L)
{
    lua_pushboolean(L, async_loop_remove_writer(loop_check(L, 1), (int)luaL_checkinteger(L, 2)) == 0);
    return 1;
}

static int create_future(lua_State *L)
{
    async_loop *loop = loop_check(L, 1);
    struct handle *handle = handle_new(L, host_upvalue(L), KEPT_FUTURE_CLASS, 0);

    handle->settles = true;
    handle->future = async_future_new(loop);
    return 1;
}

static int gc(lua_State *L)
{
    struct loop_handle *handle = loop_at(L, 1);

    if (handle)
        handle->loop = async_loop_unref(handle->loop);
    return 0;
}

static int tostring(lua_State *L)
{
    async_loop *loop = loop_check(L, 1);

    lua_pushfstring(L, "loop: %p (%s)", (void *)loop,
                    async_loop_is_closed(loop)    ? "closed"
                    : async_loop_is_running(loop) ? "running"
                                                  : "standing");
    return 1;
}

void loop_register(lua_State *L, struct host *host)
{
    static const luaL_Reg methods[] = {
        {"run_until_complete", run_until_complete},
        {"run_forever", run_forever},
        {"stop", stop},
        {"close", close},
        {"is_running", is_running},
        {"is_closed", is_closed},
        {"time", loop_time},
        {"set_clock", set_clock},
        {"advance", advance},
        {"create_task", task_create_on},
        {"create_future", create_future},
        {"call_soon", callback_call_soon},
        {"call_later", callback_call_later},
        {"call_at", callback_call_at},
        {"add_reader", callback_add_reader},
        {"add_writer", callback_add_writer},
        {"remove_reader", remove_reader},
        {"remove_writer", remove_writer},
        {"getaddrinfo", dns_getaddrinfo_on},
        {"getnameinfo", dns_getnameinfo_on},
        {"dns_query", dns_query_on},
        {"set_dns_servers", dns_set_servers_on},
        {"set_exception_handler", handler_set},
        {"call_exception_handler", handler_call},
        {NULL, NULL},
    };
    static const luaL_Reg metamethods[] = {{"__gc", gc}, {"__close", close}, {"__tostring", tostring}, {NULL, NULL}};
    static const luaL_Reg functions[] = {
        {"new_event_loop", new_event_loop},
        {"get_running_loop", get_running_loop},
        {"loop_handle", loop_handle},
        {"use_loop", use_loop},
        {NULL, NULL},
    };

    register_class(L, host, KEPT_LOOP_CLASS, "loop", metamethods, methods, NULL);
    register_functions(L, host, functions);
}
