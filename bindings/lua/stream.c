/* Streams: asyncio's reader and writer in one object. */
#include "bindings/lua/resource.h"

#include <string.h>

static async_value *stream_value(void *object)
{
    return async_stream_value(object);
}

static void stream_unref(void *object)
{
    async_stream_unref(object);
}

const struct resource_class stream_class = {"Stream", KEPT_STREAM_CLASS, stream_value, stream_unref};

static async_stream *stream_of(lua_State *L)
{
    return stream_check(L, 1);
}

/* What can be asked and set while it is open */

/* An address, unless there is none. */
static bool push_address(lua_State *L, async_value *(*ask)(const async_stream *stream), const async_stream *stream)
{
    async_value **address = value_push_view(L, host_upvalue(L), KEPT_ADDRESS_CLASS);

    *address = ask(stream);
    if (!*address)
        lua_pop(L, 1);
    return *address;
}

/* stream:get_extra_info(name, default): the "peername", the "sockname", or of "socket" the descriptor */
static int get_extra_info(lua_State *L)
{
    async_stream *stream = stream_of(L);
    const char *name = luaL_checkstring(L, 2);
    int descriptor = async_stream_descriptor(stream);

    lua_settop(L, 3);
    if (!strcmp(name, "peername"))
        push_address(L, async_stream_peer, stream);
    else if (!strcmp(name, "sockname"))
        push_address(L, async_stream_local, stream);
    else if (!strcmp(name, "socket") && descriptor >= 0)
        lua_pushinteger(L, descriptor);
    return 1;
}

static int get_loop(lua_State *L)
{
    async_loop *loop = async_stream_loop(stream_of(L));

    loop_push(L, host_upvalue(L), async_loop_ref(loop));
    return 1;
}

static int set_limit(lua_State *L)
{
    return resource_answer(L, async_stream_set_limit(stream_of(L), resource_check_size(L, 2, 1)), NULL);
}

/* stream:set_write_buffer_limits(high, low) */
static int set_write_buffer_limits(lua_State *L)
{
    async_stream *stream = stream_of(L);
    size_t high = resource_check_size(L, 2, 0), low = lua_isnoneornil(L, 3) ? high / 4 : resource_check_size(L, 3, 0);

    luaL_argcheck(L, low <= high, 3, "must not be above the high mark");
    return resource_answer(L, async_stream_set_water_marks(stream, high, low), NULL);
}

/* stream:set_timeouts(read_seconds, write_seconds) */
static int set_timeouts(lua_State *L)
{
    async_stream *stream = stream_of(L);
    double read_seconds = resource_check_limit(L, 2), write_seconds = resource_check_limit(L, 3);

    return resource_answer(L, async_stream_set_timeouts(stream, read_seconds, write_seconds), NULL);
}

static int set_nodelay(lua_State *L)
{
    luaL_checktype(L, 2, LUA_TBOOLEAN);
    return resource_answer(L, async_stream_set_nodelay(stream_of(L), lua_toboolean(L, 2)), NULL);
}

static int set_keepalive(lua_State *L)
{
    return resource_answer(L, async_stream_set_keepalive(stream_of(L), luaL_checknumber(L, 2)), NULL);
}

/* The end */

static int stream_close(lua_State *L)
{
    return resource_answer(L, async_stream_close(stream_of(L)), NULL);
}

static int stream_abort(lua_State *L)
{
    return resource_answer(L, async_stream_abort(stream_of(L)), NULL);
}

static int is_closing(lua_State *L)
{
    lua_pushboolean(L, async_stream_is_closing(stream_of(L)));
    return 1;
}

static int wait_closed(lua_State *L)
{
    return await_then(L, host_upvalue(L), async_stream_wait_closed(stream_of(L)), give_all);
}

static int tostring(lua_State *L)
{
    async_stream *stream = stream_of(L);
    const char *state = async_stream_is_closing(stream) ? " (closed)" : "";
    bool is_known = push_address(L, async_stream_peer, stream);
    const char *text = is_known ? async_address_text(address_at(L, -1)) : "";

    if (*text)
        lua_pushfstring(L, "stream: %s%s", text, state);
    else
        lua_pushfstring(L, "stream: %p%s", (void *)stream, state);
    return 1;
}

/* Streams of our own making */

/* async.open_connection(host, port, options), or (address, options): future of a stream */
static int open_connection(lua_State *L)
{
    async_loop *loop = running_loop(L, host_upvalue(L));
    const async_value *address = address_at(L, 1);
    const char *name = address ? NULL : name_check(L, 1);
    int port = address ? 0 : (int)luaL_checkinteger(L, 2);
    const async_socket_options *options = options_check(L, address ? 2 : 3);
    struct handle *handle = resource_push_future(L);

    handle->future =
        address ? async_open_connection_to(loop, address, options) : async_open_connection(loop, name, port, options);
    return 1;
}

/* async.open_unix_connection(path, options) */
static int open_unix_connection(lua_State *L)
{
    async_loop *loop = running_loop(L, host_upvalue(L));
    const char *path = name_check(L, 1);
    const async_socket_options *options = options_check(L, 2);
    struct handle *handle = resource_push_future(L);

    handle->future = async_open_unix_connection(loop, path, options);
    return 1;
}

/* async.stream_adopt(descriptor, options): the stream closes it */
static int adopt(lua_State *L)
{
    struct host *host = host_upvalue(L);
    async_loop *loop = running_loop(L, host);
    int descriptor = (int)luaL_checkinteger(L, 1);
    const async_socket_options *options = options_check(L, 2);
    struct resource *resource = resource_new(L, host, &stream_class);

    resource->object = async_stream_adopt(loop, descriptor, options);
    return resource_finish_adopted(L, host, resource, descriptor);
}

static int standard(lua_State *L, int descriptor, const char *name)
{
    struct host *host = host_upvalue(L);
    async_loop *loop = running_loop(L, host);
    struct resource *resource = resource_new(L, host, &stream_class);

    resource->object = async_stream_standard(loop, descriptor);
    return resource_finish(L, host, resource, name);
}

static int standard_input(lua_State *L)
{
    return standard(L, 0, "standard input");
}

static int standard_output(lua_State *L)
{
    return standard(L, 1, "standard output");
}

static int standard_error(lua_State *L)
{
    return standard(L, 2, "standard error");
}

static int two(lua_State *L, int (*make)(async_loop *, async_stream **, async_stream **))
{
    struct host *host = host_upvalue(L);
    async_loop *loop = running_loop(L, host);
    struct resource *one = resource_new(L, host, &stream_class), *other = resource_new(L, host, &stream_class);
    async_stream *streams[2];
    int code = make(loop, &streams[0], &streams[1]);

    one->object = streams[0];
    other->object = streams[1];
    if (code)
        return resource_answer(L, code, NULL);
    resource_enlist(L, host, lua_gettop(L) - 1);
    resource_enlist(L, host, lua_gettop(L));
    return 2;
}

/* async.stream_pair(): two that are connected to each other */
static int pair(lua_State *L)
{
    return two(L, async_stream_pair);
}

/* async.stream_pipe(): the end to read and the end to write */
static int make_pipe(lua_State *L)
{
    return two(L, async_stream_pipe);
}

void stream_register(lua_State *L, struct host *host)
{
    static const luaL_Reg methods[] = {
        {"get_extra_info", get_extra_info},
        {"get_loop", get_loop},
        {"set_limit", set_limit},
        {"set_write_buffer_limits", set_write_buffer_limits},
        {"set_timeouts", set_timeouts},
        {"set_nodelay", set_nodelay},
        {"set_keepalive", set_keepalive},
        {"close", stream_close},
        {"abort", stream_abort},
        {"is_closing", is_closing},
        {"wait_closed", wait_closed},
        {NULL, NULL},
    };
    static const luaL_Reg metamethods[] = {{"__close", stream_close}, {"__tostring", tostring}, {NULL, NULL}};
    static const luaL_Reg functions[] = {{"open_connection", open_connection},
                                         {"open_unix_connection", open_unix_connection},
                                         {"stream_adopt", adopt},
                                         {"stream_pair", pair},
                                         {"stream_pipe", make_pipe},
                                         {"stdin", standard_input},
                                         {"stdout", standard_output},
                                         {"stderr", standard_error},
                                         {NULL, NULL}};

    resource_register(L, host, &stream_class, metamethods, methods, stream_transfer);
    register_functions(L, host, functions);
}
