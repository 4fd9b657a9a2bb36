/* Datagram sockets. What waits gives a future here, which libasync/datagrams.lua awaits. */
#include "bindings/lua/resource.h"

static async_value *datagram_value(void *object)
{
    return async_datagram_value(object);
}

static void datagram_unref(void *object)
{
    async_datagram_unref(object);
}

const struct resource_class datagram_class = {"Datagram", KEPT_DATAGRAM_CLASS, datagram_value, datagram_unref};

static async_datagram *datagram_of(lua_State *L)
{
    return datagram_check(L, 1);
}

/* A loop that is closed tells so itself. */
static int answer(lua_State *L, int code)
{
    const async_datagram *datagram = code == ASYNC_ECLOSED ? datagram_of(L) : NULL;
    bool is_open = datagram && !async_loop_is_closed(async_datagram_loop(datagram));

    return resource_answer(L, code, is_open ? "the datagram socket is closed" : NULL);
}

/* Receiving */

static int receive(lua_State *L)
{
    async_datagram *datagram = datagram_of(L);
    struct handle *handle = resource_push_future(L);

    handle->shape = SHAPE_SEVERAL;
    handle->future = async_datagram_receive(datagram);
    return 1;
}

static int receive_batch(lua_State *L)
{
    async_datagram *datagram = datagram_of(L);
    int most = (int)luaL_optinteger(L, 2, 64);
    struct handle *handle = resource_push_future(L);

    handle->future = async_datagram_receive_batch(datagram, most);
    return 1;
}

/* Lua counts from 1. */
static int check_index(lua_State *L)
{
    return (int)luaL_checkinteger(L, 2) - 1;
}

/* bytes(datagram, index): of a datagram of the last batch, nil when there is no such one */
static int bytes(lua_State *L)
{
    size_t length;
    const char *start = async_datagram_bytes(datagram_of(L), check_index(L), &length);

    if (start)
        lua_pushlstring(L, start, length);
    else
        lua_pushnil(L);
    return 1;
}

static int push_address(lua_State *L, async_value *taken)
{
    if (!taken)
        return 0;
    value_push(L, host_upvalue(L), taken);
    async_value_unref(taken);
    return 1;
}

static int sender(lua_State *L)
{
    return push_address(L, async_datagram_sender(datagram_of(L), check_index(L)));
}

/* Sending */

static int sent(lua_State *L, int code)
{
    const char *words = code ? async_datagram_message(datagram_of(L)) : "";

    return resource_answer(L, code, *words ? words : NULL);
}

static int send(lua_State *L)
{
    size_t size;
    const char *data = luaL_checklstring(L, 2, &size);

    return sent(L, async_datagram_send(datagram_of(L), data, size));
}

static int send_to(lua_State *L)
{
    size_t size;
    const char *data = luaL_checklstring(L, 2, &size);

    return sent(L, async_datagram_send_to(datagram_of(L), data, size, address_check(L, 3)));
}

/* datagram:reply(index, bytes): to a datagram of the last batch */
static int reply(lua_State *L)
{
    size_t size;
    const char *data = luaL_checklstring(L, 3, &size);

    return sent(L, async_datagram_reply(datagram_of(L), check_index(L), data, size));
}

static int drain(lua_State *L)
{
    async_datagram *datagram = datagram_of(L);
    struct handle *handle = resource_push_future(L);

    handle->future = async_datagram_drain(datagram);
    return 1;
}

/* Groups */

static int join(lua_State *L)
{
    return answer(L, async_datagram_join(datagram_of(L), address_check(L, 2), luaL_optstring(L, 3, NULL)));
}

static int leave(lua_State *L)
{
    return answer(L, async_datagram_leave(datagram_of(L), address_check(L, 2), luaL_optstring(L, 3, NULL)));
}

/* datagram:set_multicast(interface, hops, loopback) */
static int set_multicast(lua_State *L)
{
    const char *interface = luaL_optstring(L, 2, NULL);
    int hops = (int)luaL_optinteger(L, 3, 1);
    bool loopback = lua_isnoneornil(L, 4) || lua_toboolean(L, 4);

    return answer(L, async_datagram_set_multicast(datagram_of(L), interface, hops, loopback));
}

/* What can be asked */

static int getsockname(lua_State *L)
{
    return push_address(L, async_datagram_local(datagram_of(L)));
}

static int getpeername(lua_State *L)
{
    return push_address(L, async_datagram_peer(datagram_of(L)));
}

static int descriptor(lua_State *L)
{
    lua_pushinteger(L, async_datagram_descriptor(datagram_of(L)));
    return 1;
}

static int get_loop(lua_State *L)
{
    loop_push(L, host_upvalue(L), async_loop_ref(async_datagram_loop(datagram_of(L))));
    return 1;
}

static int close_socket(lua_State *L)
{
    return resource_answer(L, async_datagram_close(datagram_of(L)), NULL);
}

static int is_closed(lua_State *L)
{
    lua_pushboolean(L, async_datagram_is_closed(datagram_of(L)));
    return 1;
}

static int tostring(lua_State *L)
{
    async_value *local = async_datagram_local(datagram_of(L));

    lua_pushfstring(L, "datagram: %s", local ? async_address_text(local) : "(closed)");
    async_value_unref(local);
    return 1;
}

/* Sockets of our own making */

/* async.bind_datagram(host, port, options): future of a socket */
static int bind_datagram(lua_State *L)
{
    async_loop *loop = running_loop(L, host_upvalue(L));
    const char *name = name_optional(L, 1);
    int port = (int)luaL_optinteger(L, 2, 0);
    const async_socket_options *options = options_check(L, 3);
    struct handle *handle = resource_push_future(L);

    handle->future = async_bind_datagram(loop, name, port, options);
    return 1;
}

static int connect_datagram(lua_State *L)
{
    async_loop *loop = running_loop(L, host_upvalue(L));
    const char *name = name_check(L, 1);
    int port = (int)luaL_checkinteger(L, 2);
    const async_socket_options *options = options_check(L, 3);
    struct handle *handle = resource_push_future(L);

    handle->future = async_connect_datagram(loop, name, port, options);
    return 1;
}

/* async.open_datagram(local_addr, remote_addr, options): of addresses, either may be nil */
static int open_datagram(lua_State *L)
{
    struct host *host = host_upvalue(L);
    async_loop *loop = running_loop(L, host);
    const async_value *local = lua_isnoneornil(L, 1) ? NULL : address_check(L, 1);
    const async_value *peer = lua_isnoneornil(L, 2) ? NULL : address_check(L, 2);
    const async_socket_options *options = options_check(L, 3);
    struct resource *resource = resource_new(L, host, &datagram_class);

    resource->object = async_datagram_open(loop, local, peer, options);
    return resource_finish(L, host, resource, local || peer ? async_address_text(local ? local : peer) : NULL);
}

/* async.datagram_adopt(descriptor, options): the socket closes it */
static int adopt(lua_State *L)
{
    struct host *host = host_upvalue(L);
    async_loop *loop = running_loop(L, host);
    int number = (int)luaL_checkinteger(L, 1);
    const async_socket_options *options = options_check(L, 2);
    struct resource *resource = resource_new(L, host, &datagram_class);

    resource->object = async_datagram_adopt(loop, number, options);
    return resource_finish_adopted(L, host, resource, number);
}

void datagram_register(lua_State *L, struct host *host)
{
    static const luaL_Reg methods[] = {
        {"receive", receive},
        {"receive_batch", receive_batch},
        {"bytes", bytes},
        {"sender", sender},
        {"send", send},
        {"send_to", send_to},
        {"reply", reply},
        {"drain", drain},
        {"join", join},
        {"leave", leave},
        {"set_multicast", set_multicast},
        {"getsockname", getsockname},
        {"getpeername", getpeername},
        {"descriptor", descriptor},
        {"get_loop", get_loop},
        {"close", close_socket},
        {"is_closed", is_closed},
        {NULL, NULL},
    };
    static const luaL_Reg metamethods[] = {{"__close", close_socket}, {"__tostring", tostring}, {NULL, NULL}};
    static const luaL_Reg functions[] = {{"bind_datagram", bind_datagram},
                                         {"connect_datagram", connect_datagram},
                                         {"open_datagram", open_datagram},
                                         {"datagram_adopt", adopt},
                                         {NULL, NULL}};

    resource_register(L, host, &datagram_class, metamethods, methods, NULL);
    register_functions(L, host, functions);
}
