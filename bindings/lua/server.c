/* Servers. Who connects gets a task of his own, which runs a Lua function with his stream. */
#include "bindings/lua/resource.h"

#include <stdlib.h>

static async_value *server_value(void *object)
{
    return async_server_value(object);
}

static void server_unref(void *object)
{
    async_server_unref(object);
}

const struct resource_class server_class = {"Server", KEPT_SERVER_CLASS, server_value, server_unref};

/* The function that serves those who connect. */
struct service {
    struct host *host;
    int slot;
};

/* Pops the function at an index into a new one. */
static struct service *service_new(lua_State *L, struct host *host, int index)
{
    struct service *service;

    luaL_checktype(L, index, LUA_TFUNCTION);
    keep_reserve(L, host);
    service = malloc(sizeof *service);
    if (!service)
        error_raise_code(L, host, ASYNC_ENOMEM, NULL);
    service->host = host_ref(host);
    service->slot = keep_take(host);
    lua_pushvalue(L, index);
    keep_set(L, host, service->slot);
    return service;
}

static void service_delete(void *user)
{
    struct service *service = user;

    keep_drop(service->host, service->slot);
    host_unref(service->host);
    free(service);
}

/* Somebody who has connected, on his way into Lua. */
struct connection {
    struct service *service;
    async_stream *stream;
    async_future *served;
};

static int connect_protected(lua_State *L)
{
    struct host *host = host_upvalue(L);
    struct connection *connection = host->argument;
    struct resource *resource;

    keep_push(L, host, connection->service->slot);
    resource = resource_new(L, host, &stream_class);
    resource->object = async_stream_ref(connection->stream);
    resource_enlist(L, host, 2);
    connection->served = async_future_ref(task_start(L, host, host->loop, 1)->future);
    return 0;
}

/* Nobody serves it: it is closed, and the loop's exception handler hears why. */
static void refuse(async_stream *stream, const char *why)
{
    async_loop_call_exception_handler(async_stream_loop(stream), NULL, ASYNC_EHOST, why);
    async_stream_abort(stream);
}

static void serve(lua_State *L, struct host *host, struct connection *connection)
{
    const char *text;

    keep_push_function(L, host, KEPT_CONNECT, connection);
    if (lua_pcall(L, 0, 0, 0) == LUA_OK)
        return;
    text = lua_tostring(L, -1);
    refuse(connection->stream, text ? text : async_error_text(ASYNC_ENOMEM));
    lua_pop(L, 1);
}

static async_future *on_connected(async_stream *taken, void *user)
{
    struct connection connection = {.service = user, .stream = taken};
    struct host *host = connection.service->host;
    async_loop *outer = host->loop;

    host->loop = async_stream_loop(taken);
    if (host->store && lua_checkstack(host->runner, 4))
        serve(host->runner, host, &connection);
    else
        refuse(taken, "the Lua state was closed");
    host->loop = outer;
    async_stream_unref(taken);
    return connection.served;
}

/* async.start_server(connected, host, port, options): future of a server; no host for all addresses */
static int start_server(lua_State *L)
{
    struct host *host = host_upvalue(L);
    async_loop *loop = running_loop(L, host);
    const char *name = name_optional(L, 2);
    int port = (int)luaL_checkinteger(L, 3);
    const async_socket_options *options = options_check(L, 4);
    struct handle *handle = resource_push_future(L);
    struct service *service = service_new(L, host, 1);

    handle->future = async_start_server(loop, name, port, on_connected, service, service_delete, options);
    return 1;
}

/* async.start_unix_server(connected, path, options) */
static int start_unix_server(lua_State *L)
{
    struct host *host = host_upvalue(L);
    async_loop *loop = running_loop(L, host);
    const char *path = name_check(L, 2);
    const async_socket_options *options = options_check(L, 3);
    struct handle *handle = resource_push_future(L);
    struct service *service = service_new(L, host, 1);

    handle->future = async_start_unix_server(loop, path, on_connected, service, service_delete, options);
    return 1;
}

/* async.server_adopt(connected, descriptor, options): serve on a socket that is bound already */
static int server_adopt(lua_State *L)
{
    struct host *host = host_upvalue(L);
    async_loop *loop = running_loop(L, host);
    int descriptor = (int)luaL_checkinteger(L, 2);
    const async_socket_options *options = options_check(L, 3);
    struct resource *resource = resource_new(L, host, &server_class);
    struct service *service = service_new(L, host, 1);

    resource->object = async_server_adopt(loop, descriptor, on_connected, service, service_delete, options);
    return resource_finish_adopted(L, host, resource, descriptor);
}

static async_server *server_of(lua_State *L)
{
    return server_check(L, 1);
}

static int server_close(lua_State *L)
{
    return resource_answer(L, async_server_close(server_of(L)), NULL);
}

static int close_clients(lua_State *L)
{
    return resource_answer(L, async_server_close_clients(server_of(L)), NULL);
}

static int abort_clients(lua_State *L)
{
    return resource_answer(L, async_server_abort_clients(server_of(L)), NULL);
}

/* server:stop(seconds): wait so long for the connections, then cancel them; how many that were */
static int stop(lua_State *L)
{
    async_server *server = server_of(L);

    return await_then(L, host_upvalue(L), async_server_stop(server, resource_check_limit(L, 2)), give_all);
}

static int wait_closed(lua_State *L)
{
    return await_then(L, host_upvalue(L), async_server_wait_closed(server_of(L)), give_all);
}

static int serve_forever(lua_State *L)
{
    return await_then(L, host_upvalue(L), async_server_serve_forever(server_of(L)), give_all);
}

static int is_serving(lua_State *L)
{
    lua_pushboolean(L, async_server_descriptor(server_of(L), 0) >= 0);
    return 1;
}

/* Push a view that holds the list of addresses. */
static async_value *push_list(lua_State *L, async_server *server)
{
    struct host *host = host_upvalue(L);
    async_value **list = value_push_view(L, host, KEPT_VALUE_CLASS);

    *list = async_server_addresses(server);
    if (!*list)
        error_raise_code(L, host, ASYNC_ENOMEM, NULL);
    return *list;
}

static int addresses(lua_State *L)
{
    value_push(L, host_upvalue(L), push_list(L, server_of(L)));
    return 1;
}

static int connections(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)async_server_connections(server_of(L)));
    return 1;
}

static int get_loop(lua_State *L)
{
    async_loop *loop = async_server_loop(server_of(L));

    loop_push(L, host_upvalue(L), async_loop_ref(loop));
    return 1;
}

static int tostring(lua_State *L)
{
    async_server *server = server_of(L);
    async_value *list = push_list(L, server);

    if (async_value_count(list))
        lua_pushfstring(L, "server: %s", async_address_text(async_value_item(list, 0)));
    else
        lua_pushfstring(L, "server: %p (closed)", (void *)server);
    return 1;
}

void server_register(lua_State *L, struct host *host)
{
    static const luaL_Reg methods[] = {
        {"close", server_close},
        {"close_clients", close_clients},
        {"abort_clients", abort_clients},
        {"stop", stop},
        {"wait_closed", wait_closed},
        {"serve_forever", serve_forever},
        {"is_serving", is_serving},
        {"addresses", addresses},
        {"connections", connections},
        {"get_loop", get_loop},
        {NULL, NULL},
    };
    static const luaL_Reg metamethods[] = {{"__tostring", tostring}, {NULL, NULL}};
    static const luaL_Reg functions[] = {{"start_server", start_server},
                                         {"start_unix_server", start_unix_server},
                                         {"server_adopt", server_adopt},
                                         {NULL, NULL}};

    keep_function(L, host, KEPT_CONNECT, connect_protected);
    resource_register(L, host, &server_class, metamethods, methods, NULL);
    register_functions(L, host, functions);
}
