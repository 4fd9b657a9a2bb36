/* Raw sockets and other descriptors, asyncio's sock_* functions. A descriptor is a number. */
#include "bindings/lua/resource.h"

#include <errno.h>

/* Push a future that is yet to come, of the loop that runs. */
static struct handle *push_future(lua_State *L, async_loop **loop)
{
    *loop = running_loop(L, host_upvalue(L));
    return resource_push_future(L);
}

static int check_descriptor(lua_State *L)
{
    return (int)luaL_checkinteger(L, 1);
}

/* Descriptors of any kind */

static int wait_readable(lua_State *L)
{
    int descriptor = check_descriptor(L);
    async_loop *loop;
    struct handle *handle = push_future(L, &loop);

    handle->future = async_wait_readable(loop, descriptor);
    return 1;
}

static int wait_writable(lua_State *L)
{
    int descriptor = check_descriptor(L);
    async_loop *loop;
    struct handle *handle = push_future(L, &loop);

    handle->future = async_wait_writable(loop, descriptor);
    return 1;
}

static int notify_closing(lua_State *L)
{
    async_loop *loop = running_loop(L, host_upvalue(L));

    return resource_answer(L, async_notify_closing(loop, check_descriptor(L)), NULL);
}

/* Sockets */

/* Raise what a call said and errno tells. */
static int answer_os(lua_State *L, int code)
{
    struct host *host = host_upvalue(L);
    int error = errno;
    async_value *failure;

    if (code >= 0)
        return 0;
    failure = code == ASYNC_EINVAL ? async_error(code, NULL) : async_error_os(error, NULL);
    error_push(L, host, failure);
    async_value_unref(failure);
    return lua_error(L);
}

/* async.socket_open(family, type): 4, 6 or 1, and "stream" or "datagram" */
static int socket_open(lua_State *L)
{
    static const char *const types[] = {"stream", "datagram", NULL};
    int family = (int)luaL_checkinteger(L, 1);
    int datagram = luaL_checkoption(L, 2, "stream", types);
    int descriptor = async_socket_open(family, datagram ? ASYNC_DATAGRAM : ASYNC_STREAM);

    answer_os(L, descriptor);
    lua_pushinteger(L, descriptor);
    return 1;
}

static int socket_bind(lua_State *L)
{
    return answer_os(L, async_socket_bind(check_descriptor(L), address_check(L, 2)));
}

static int socket_listen(lua_State *L)
{
    return answer_os(L, async_socket_listen(check_descriptor(L), (int)luaL_optinteger(L, 2, 100)));
}

static int socket_address(lua_State *L)
{
    async_value *address = async_socket_address(check_descriptor(L));

    if (!address)
        return answer_os(L, ASYNC_EOS);
    value_push(L, host_upvalue(L), address);
    async_value_unref(address);
    return 1;
}

static int socket_close(lua_State *L)
{
    return resource_answer(L, async_socket_close(host_upvalue(L)->loop, check_descriptor(L)), NULL);
}

static int sock_connect(lua_State *L)
{
    int descriptor = check_descriptor(L);
    const async_value *address = address_check(L, 2);
    async_loop *loop;
    struct handle *handle = push_future(L, &loop);

    handle->future = async_sock_connect(loop, descriptor, address);
    return 1;
}

/* async.sock_accept(descriptor): future of the new descriptor and the peer's address */
static int sock_accept(lua_State *L)
{
    int descriptor = check_descriptor(L);
    async_loop *loop;
    struct handle *handle = push_future(L, &loop);

    handle->shape = SHAPE_SEVERAL;
    handle->future = async_sock_accept(loop, descriptor);
    return 1;
}

static int sock_recv(lua_State *L)
{
    int descriptor = check_descriptor(L);
    size_t most = resource_check_size(L, 2, 1);
    async_loop *loop;
    struct handle *handle = push_future(L, &loop);

    handle->future = async_sock_recv(loop, descriptor, most);
    return 1;
}

/* async.sock_recvfrom(descriptor, n): future of the bytes and the sender's address */
static int sock_recvfrom(lua_State *L)
{
    int descriptor = check_descriptor(L);
    size_t most = resource_check_size(L, 2, 1);
    async_loop *loop;
    struct handle *handle = push_future(L, &loop);

    handle->shape = SHAPE_SEVERAL;
    handle->future = async_sock_recvfrom(loop, descriptor, most);
    return 1;
}

static int sock_sendall(lua_State *L)
{
    int descriptor = check_descriptor(L);
    size_t size;
    const char *bytes = luaL_checklstring(L, 2, &size);
    async_loop *loop;
    struct handle *handle = push_future(L, &loop);

    handle->future = async_sock_sendall(loop, descriptor, bytes, size);
    return 1;
}

static int sock_sendto(lua_State *L)
{
    int descriptor = check_descriptor(L);
    size_t size;
    const char *bytes = luaL_checklstring(L, 2, &size);
    const async_value *address = address_check(L, 3);
    async_loop *loop;
    struct handle *handle = push_future(L, &loop);

    handle->future = async_sock_sendto(loop, descriptor, bytes, size, address);
    return 1;
}

void socket_register(lua_State *L, struct host *host)
{
    static const luaL_Reg functions[] = {
        {"wait_readable", wait_readable},   {"wait_writable", wait_writable}, {"notify_closing", notify_closing},
        {"socket_open", socket_open},       {"socket_bind", socket_bind},     {"socket_listen", socket_listen},
        {"socket_address", socket_address}, {"socket_close", socket_close},   {"sock_connect", sock_connect},
        {"sock_accept", sock_accept},       {"sock_recv", sock_recv},         {"sock_recvfrom", sock_recvfrom},
        {"sock_sendall", sock_sendall},     {"sock_sendto", sock_sendto},     {NULL, NULL}};

    register_functions(L, host, functions);
}
