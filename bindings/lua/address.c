/* Addresses: userdata with the fields family, type, host, port, scope and path, whose text is what messages write. */
#include "bindings/lua/internal.h"

#include <errno.h>
#include <string.h>

/* The address at an index (lent), or NULL for other things. */
async_value *address_at(lua_State *L, int index)
{
    async_value *value = value_view(L, index);

    return value && async_address_family(value) ? value : NULL;
}

async_value *address_check(lua_State *L, int argument)
{
    async_value *value = address_at(L, argument);

    if (!value)
        error_type(L, argument, "address");
    return value;
}

/* async.address(host, port): of text form, nobody is asked for names */
static int address_of_host(lua_State *L)
{
    struct host *host = host_upvalue(L);
    const char *name = name_check(L, 1);
    int port = (int)luaL_checkinteger(L, 2);
    async_value **address = value_push_view(L, host, KEPT_ADDRESS_CLASS);

    *address = async_address(name, port);
    if (!*address && errno == EINVAL && (port < 0 || port > 65535))
        return luaL_argerror(L, 2, "a port is a number from 0 to 65535");
    if (!*address && errno == EINVAL)
        return luaL_argerror(L, 1, "not the address of a host");
    return *address ? 1 : error_raise_code(L, host, ASYNC_ENOMEM, NULL);
}

/* async.address_unix(path): one that begins with a zero byte is an abstract name */
static int address_of_path(lua_State *L)
{
    struct host *host = host_upvalue(L);
    size_t size;
    const char *path = luaL_checklstring(L, 1, &size);
    async_value **address = value_push_view(L, host, KEPT_ADDRESS_CLASS);

    *address = async_address_unix(path, size);
    if (!*address && errno == ENAMETOOLONG)
        return luaL_argerror(L, 1, "too long for the path of a Unix socket");
    return *address ? 1 : error_raise_code(L, host, ASYNC_ENOMEM, NULL);
}

/* The socket type, where a look-up told one. */
static void push_type(lua_State *L, const async_value *value)
{
    int type = async_address_type(value);

    if (type == ASYNC_ANY)
        lua_pushnil(L);
    else
        lua_pushstring(L, type == ASYNC_STREAM ? "stream" : "datagram");
}

static int field_of(lua_State *L)
{
    async_value *value = address_at(L, 1);
    const char *field = lua_tostring(L, 2);

    if (!value || !field)
        return 0;
    if (!strcmp(field, "family"))
        lua_pushinteger(L, async_address_family(value));
    else if (!strcmp(field, "type"))
        push_type(L, value);
    else if (!strcmp(field, "host"))
        lua_pushstring(L, async_address_host(value));
    else if (!strcmp(field, "port"))
        lua_pushinteger(L, async_address_port(value));
    else if (!strcmp(field, "scope"))
        lua_pushinteger(L, (lua_Integer)async_address_scope(value));
    else if (!strcmp(field, "path"))
        lua_pushstring(L, async_address_path(value));
    else
        return 0;
    return 1;
}

static int eq(lua_State *L)
{
    async_value *left = address_at(L, 1), *right = address_at(L, 2);

    lua_pushboolean(L, left && right && async_address_family(left) == async_address_family(right) &&
                           async_address_type(left) == async_address_type(right) &&
                           !strcmp(async_address_text(left), async_address_text(right)));
    return 1;
}

static int tostring(lua_State *L)
{
    lua_pushstring(L, async_address_text(address_check(L, 1)));
    return 1;
}

void address_register(lua_State *L, struct host *host)
{
    static const luaL_Reg metamethods[] = {
        {"__index", field_of}, {"__eq", eq}, {"__tostring", tostring}, {"__gc", value_view_gc}, {NULL, NULL}};
    static const luaL_Reg functions[] = {{"address", address_of_host}, {"address_unix", address_of_path}, {NULL, NULL}};

    register_class(L, host, KEPT_ADDRESS_CLASS, "address", metamethods, NULL, NULL);
    register_functions(L, host, functions);
}
