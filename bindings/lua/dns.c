/* Names: looked up, found for addresses, and asked for their records. */
#include "bindings/lua/internal.h"

#include <string.h>

/* Push a future that is yet to come. */
static struct handle *push_future(lua_State *L, enum shape shape)
{
    struct handle *handle = handle_new(L, host_upvalue(L), KEPT_FUTURE_CLASS, 0);

    handle->settles = true;
    handle->shape = shape;
    return handle;
}

/* A table of options at an index, or nothing. */
static void check_options(lua_State *L, int index)
{
    lua_settop(L, index);
    if (!lua_isnil(L, index))
        luaL_checktype(L, index, LUA_TTABLE);
}

static void push_option(lua_State *L, int index, const char *name)
{
    if (lua_istable(L, index))
        lua_getfield(L, index, name);
    else
        lua_pushnil(L);
}

static uint32_t flag(lua_State *L, int index, const char *name, uint32_t bit)
{
    bool set;

    push_option(L, index, name);
    set = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return set ? bit : 0;
}

static uint32_t numeric_flags(lua_State *L, int index)
{
    return flag(L, index, "numeric_host", ASYNC_DNS_NUMERIC_HOST) |
           flag(L, index, "numeric_service", ASYNC_DNS_NUMERIC_SERVICE);
}

/* "stream" or "datagram"; -1, which the library refuses, for other words. */
static int socket_type(const char *word)
{
    if (!word)
        return ASYNC_ANY;
    return !strcmp(word, "stream") ? ASYNC_STREAM : !strcmp(word, "datagram") ? ASYNC_DATAGRAM : -1;
}

static int getaddrinfo(lua_State *L, async_loop *loop, int index)
{
    const char *name = name_optional(L, index), *service = name_optional(L, index + 1), *type;
    int options = index + 2, family;
    struct handle *handle;
    uint32_t flags;

    check_options(L, options);
    flags = numeric_flags(L, options) | flag(L, options, "passive", ASYNC_DNS_PASSIVE) |
            flag(L, options, "address_configured", ASYNC_DNS_ADDRESS_CONFIGURED);
    push_option(L, options, "family");
    family = (int)luaL_optinteger(L, -1, ASYNC_ANY);
    push_option(L, options, "type");
    type = luaL_optstring(L, -1, NULL);
    handle = push_future(L, SHAPE_PLAIN);
    handle->future = async_getaddrinfo(loop, name, service, family, socket_type(type), flags);
    return 1;
}

static int getnameinfo(lua_State *L, async_loop *loop, int index)
{
    async_value *address = address_check(L, index);
    struct handle *handle;
    uint32_t flags;

    check_options(L, index + 1);
    flags = numeric_flags(L, index + 1) | flag(L, index + 1, "name_required", ASYNC_DNS_NAME_REQUIRED) |
            flag(L, index + 1, "no_domain", ASYNC_DNS_NO_DOMAIN);
    handle = push_future(L, SHAPE_SEVERAL);
    handle->future = async_getnameinfo(loop, address, flags);
    return 1;
}

static int dns_query(lua_State *L, async_loop *loop, int index)
{
    const char *name = name_check(L, index);
    int type = record_check_type(L, index + 1);
    struct handle *handle = push_future(L, SHAPE_PLAIN);

    handle->future = async_dns_query(loop, name, type);
    return 1;
}

/* A text, or a list of texts, which becomes one. */
static const char *check_servers(lua_State *L, int index)
{
    luaL_Buffer buffer;

    if (!lua_istable(L, index))
        return luaL_optstring(L, index, NULL);
    luaL_buffinit(L, &buffer);
    for (int item = 1; item <= (int)lua_rawlen(L, index); item++) {
        lua_rawgeti(L, index, item);
        if (!lua_isstring(L, -1))
            luaL_argerror(L, index, lua_pushfstring(L, "item %d: string expected, got %s", item, luaL_typename(L, -1)));
        luaL_addvalue(&buffer);
        luaL_addchar(&buffer, ',');
    }
    luaL_pushresult(&buffer);
    return lua_tostring(L, -1);
}

static int set_dns_servers(lua_State *L, async_loop *loop, int index)
{
    int code = async_dns_set_servers(loop, check_servers(L, index));

    if (code == ASYNC_EINVAL)
        return luaL_argerror(L, index, "addresses of name servers expected");
    return code ? error_raise_code(L, host_upvalue(L), code, NULL) : 0;
}

/* async.getaddrinfo(host, service, { family = 4 or 6, type = "stream" or "datagram", passive =, … }) */
static int getaddrinfo_here(lua_State *L)
{
    return getaddrinfo(L, running_loop(L, host_upvalue(L)), 1);
}

int dns_getaddrinfo_on(lua_State *L)
{
    return getaddrinfo(L, loop_check(L, 1), 2);
}

/* async.getnameinfo(address, { name_required =, … }): future of the host and the service */
static int getnameinfo_here(lua_State *L)
{
    return getnameinfo(L, running_loop(L, host_upvalue(L)), 1);
}

int dns_getnameinfo_on(lua_State *L)
{
    return getnameinfo(L, loop_check(L, 1), 2);
}

/* async.dns_query(name, "MX"): future of a list of records */
static int query_here(lua_State *L)
{
    return dns_query(L, running_loop(L, host_upvalue(L)), 1);
}

int dns_query_on(lua_State *L)
{
    return dns_query(L, loop_check(L, 1), 2);
}

/* async.set_dns_servers{ "127.0.0.1:5300", … }; nil for those of resolv.conf */
static int set_servers_here(lua_State *L)
{
    return set_dns_servers(L, running_loop(L, host_upvalue(L)), 1);
}

int dns_set_servers_on(lua_State *L)
{
    return set_dns_servers(L, loop_check(L, 1), 2);
}

void dns_register(lua_State *L, struct host *host)
{
    static const luaL_Reg functions[] = {{"getaddrinfo", getaddrinfo_here},
                                         {"getnameinfo", getnameinfo_here},
                                         {"dns_query", query_here},
                                         {"set_dns_servers", set_servers_here},
                                         {NULL, NULL}};

    register_functions(L, host, functions);
}
