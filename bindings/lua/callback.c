/* Lua functions that the loop calls: soon, later, or when a future is done. What one raises goes with its traceback to
 * the loop's exception handler, and the loop goes on. */
#include "bindings/lua/internal.h"

#include <stdlib.h>

struct callback {
    struct host *host;
    struct callback *next; /* the next one of the same handle */
    struct handle *handle; /* whose end it waits for, if any; kept by a slot */
    int handle_slot;
    int call_slot; /* a table: the function, its arguments, and how many they are as n */
    async_timer *timer;
    unsigned references; /* the loop's, and that of the userdata that can cancel it */
    bool cancelled;
};

/* What can cancel a call that the loop has yet to make: asyncio's Handle. */
struct call_handle {
    const void *tag;
    struct callback *callback;
};

static const char call_tag;

static void callback_unref(struct callback *callback)
{
    if (--callback->references)
        return;
    keep_drop(callback->host, callback->call_slot);
    async_timer_unref(callback->timer);
    host_unref(callback->host);
    free(callback);
}

/* The loop is through with it. */
static void destroy(void *user)
{
    struct callback *callback = user;

    if (callback->handle && callback->host->store) {
        struct callback **link = &callback->handle->callbacks;

        while (*link && *link != callback)
            link = &(*link)->next;
        if (*link)
            *link = callback->next;
        keep_drop(callback->host, callback->handle_slot);
    }
    callback->handle = NULL;
    callback_unref(callback);
}

/* Pops a function at an index and the arguments above it into a callback. */
static struct callback *callback_new(lua_State *L, struct host *host, int index)
{
    int count = lua_gettop(L) - index + 1;
    struct callback *callback;

    lua_createtable(L, count, 1);
    lua_insert(L, index);
    lua_pushinteger(L, count);
    lua_setfield(L, index, "n");
    for (int item = count; item; item--)
        lua_rawseti(L, index, item);
    keep_reserve(L, host);
    callback = calloc(1, sizeof *callback);
    if (!callback)
        luaL_error(L, "not enough memory");
    callback->host = host_ref(host);
    callback->references = 1;
    callback->call_slot = keep_take(host);
    keep_set(L, host, callback->call_slot);
    return callback;
}

/* A message handler: the error's text and where it was raised. */
int traceback_handler(lua_State *L)
{
    const char *text = lua_tostring(L, 1);

    if (!text && luaL_callmeta(L, 1, "__tostring"))
        text = lua_tostring(L, -1);
    if (!text)
        text = lua_pushfstring(L, "(error object is a %s value)", luaL_typename(L, 1));
    luaL_traceback(L, L, text, 1);
    return 1;
}

static int invoke_protected(lua_State *L)
{
    struct callback *callback = host_upvalue(L)->argument;
    int count;

    keep_push(L, callback->host, callback->call_slot);
    lua_getfield(L, 1, "n");
    count = (int)lua_tointeger(L, -1);
    lua_settop(L, 1);
    luaL_checkstack(L, count + 1, "too many arguments");
    for (int item = 1; item <= count; item++)
        lua_rawgeti(L, 1, item);
    if (callback->handle) {
        keep_push(L, callback->host, callback->handle_slot);
        count++;
    }
    lua_call(L, count - 1, 0);
    return 0;
}

static void invoke(struct callback *callback, async_loop *loop, async_future *source)
{
    struct host *host = callback->host;
    async_loop *outer = host->loop;
    lua_State *L = host->runner;
    const char *text;

    if (!host->store || callback->cancelled || !lua_checkstack(L, 4))
        return;
    host->loop = loop;
    keep_push(L, host, KEPT_TRACEBACK);
    keep_push_function(L, host, KEPT_INVOKE, callback);
    if (lua_pcall(L, 0, 0, -2) != LUA_OK) {
        text = lua_tostring(L, -1);
        async_loop_call_exception_handler(loop, source, ASYNC_EHOST, text ? text : "a callback failed");
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    host->loop = outer;
}

static void on_call(async_loop *loop, void *user)
{
    invoke(user, loop, NULL);
}

static void on_done(async_future *future, void *user)
{
    invoke(user, async_future_loop(future), future);
}

/* A userdata for the callback that the next call makes. */
static struct call_handle *call_handle_new(lua_State *L, struct host *host)
{
    struct call_handle *handle = lua_newuserdatauv(L, sizeof *handle, 0);

    handle->tag = &call_tag;
    handle->callback = NULL;
    keep_push(L, host, KEPT_HANDLE_CLASS);
    lua_setmetatable(L, -2);
    return handle;
}

static struct call_handle *call_handle_check(lua_State *L, int argument)
{
    struct call_handle *handle = lua_touserdata(L, argument);

    if (!handle || lua_rawlen(L, argument) != sizeof *handle || handle->tag != &call_tag)
        error_type(L, argument, "handle");
    return handle;
}

/* Arguments of all three: the loop, a time unless it is call_soon, the function and what to pass to it. */
static struct callback *prepare(lua_State *L, int index, struct call_handle **handle)
{
    struct host *host = host_upvalue(L);

    luaL_checktype(L, index, LUA_TFUNCTION);
    *handle = call_handle_new(L, host);
    lua_insert(L, 1);
    (*handle)->callback = callback_new(L, host, index + 1);
    (*handle)->callback->references++;
    lua_settop(L, 1);
    return (*handle)->callback;
}

static int finish(lua_State *L, int code)
{
    return code ? error_raise_code(L, host_upvalue(L), code, NULL) : 1;
}

int callback_call_soon(lua_State *L)
{
    async_loop *loop = loop_check(L, 1);
    struct call_handle *handle;
    struct callback *callback = prepare(L, 2, &handle);

    return finish(L, async_loop_call_soon(loop, on_call, callback, destroy));
}

int callback_call_later(lua_State *L)
{
    async_loop *loop = loop_check(L, 1);
    double seconds = luaL_checknumber(L, 2);
    struct call_handle *handle;
    struct callback *callback = prepare(L, 3, &handle);

    return finish(L, async_loop_call_later(loop, seconds, on_call, callback, destroy, &callback->timer));
}

int callback_call_at(lua_State *L)
{
    async_loop *loop = loop_check(L, 1);
    double seconds = luaL_checknumber(L, 2);
    struct call_handle *handle;
    struct callback *callback = prepare(L, 3, &handle);

    return finish(L, async_loop_call_at(loop, seconds, on_call, callback, destroy, &callback->timer));
}

static int add_watch(lua_State *L, int (*add)(async_loop *, int, async_callback *, void *, async_destroy *))
{
    async_loop *loop = loop_check(L, 1);
    int descriptor = (int)luaL_checkinteger(L, 2);

    luaL_checktype(L, 3, LUA_TFUNCTION);
    return finish(L, add(loop, descriptor, on_call, callback_new(L, host_upvalue(L), 3), destroy)) - 1;
}

int callback_add_reader(lua_State *L)
{
    return add_watch(L, async_loop_add_reader);
}

int callback_add_writer(lua_State *L)
{
    return add_watch(L, async_loop_add_writer);
}

int callback_add_done(lua_State *L)
{
    struct host *host = host_upvalue(L);
    struct handle *handle = handle_check(L, 1);
    struct callback *callback;

    luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_settop(L, 2);
    callback = callback_new(L, host, 2);
    callback->handle_slot = keep_take(host);
    keep_set(L, host, callback->handle_slot);
    callback->handle = handle;
    callback->next = handle->callbacks;
    handle->callbacks = callback;
    return finish(L, async_future_on_done(handle->future, on_done, callback, destroy)) - 1;
}

int callback_remove_done(lua_State *L)
{
    struct host *host = host_upvalue(L);
    struct handle *handle = handle_check(L, 1);
    struct callback *callback = handle->callbacks, *next;
    int count = 0;

    luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_settop(L, 2);
    for (; callback; callback = next) {
        next = callback->next;
        keep_push(L, host, callback->call_slot);
        lua_rawgeti(L, 3, 1);
        if (lua_rawequal(L, 2, 4))
            count += async_future_remove_done(handle->future, on_done, callback) > 0;
        lua_settop(L, 2);
    }
    lua_pushinteger(L, count);
    return 1;
}

static int cancel(lua_State *L)
{
    struct callback *callback = call_handle_check(L, 1)->callback;

    callback->cancelled = true;
    async_timer_cancel(callback->timer);
    return 0;
}

static int cancelled(lua_State *L)
{
    lua_pushboolean(L, call_handle_check(L, 1)->callback->cancelled);
    return 1;
}

static int when(lua_State *L)
{
    lua_pushnumber(L, async_timer_when(call_handle_check(L, 1)->callback->timer));
    return 1;
}

static int gc(lua_State *L)
{
    struct call_handle *handle = call_handle_check(L, 1);

    if (handle->callback)
        callback_unref(handle->callback);
    handle->callback = NULL;
    return 0;
}

void callback_register(lua_State *L, struct host *host)
{
    static const luaL_Reg methods[] = {{"cancel", cancel}, {"cancelled", cancelled}, {"when", when}, {NULL, NULL}};
    static const luaL_Reg metamethods[] = {{"__gc", gc}, {NULL, NULL}};

    keep_function(L, host, KEPT_INVOKE, invoke_protected);
    keep_function(L, host, KEPT_TRACEBACK, traceback_handler);
    register_class(L, host, KEPT_HANDLE_CLASS, "handle", metamethods, methods, NULL);
}
