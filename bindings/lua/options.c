/* The settings of connections, servers and datagram sockets, as fields of a table: asyncio's words where it has one. */
#include "bindings/lua/resource.h"

#include <string.h>

/* Lua lets go of them when the call that they are for has ended. */
struct holder {
    const void *tag;
    async_socket_options *options;
};

static const char holder_tag;

/* A table's fields as the settings see them: the value on top of the stack, and the table for those that are pairs. */
typedef int setting(lua_State *L, async_socket_options *options, int table);

static double seconds_at(lua_State *L, int index)
{
    return lua_isnil(L, index) || !lua_toboolean(L, index) ? ASYNC_FOREVER : lua_tonumber(L, index);
}

/* A field of the table, or what stands for it: for settings that go together. */
static double field_seconds(lua_State *L, int table, const char *name)
{
    double seconds;

    lua_getfield(L, table, name);
    seconds = seconds_at(L, -1);
    lua_pop(L, 1);
    return seconds;
}

static size_t field_size(lua_State *L, int table, const char *name, size_t otherwise)
{
    lua_Number size;

    lua_getfield(L, table, name);
    size = lua_isnil(L, -1) ? (lua_Number)otherwise : lua_tonumber(L, -1);
    lua_pop(L, 1);
    return size >= 0 && size < 1e15 ? (size_t)size : 0;
}

static int family(lua_State *L, async_socket_options *options, int table)
{
    return async_socket_options_set_family(options, (int)lua_tointeger(L, -1));
}

static int local_addr(lua_State *L, async_socket_options *options, int table)
{
    return async_socket_options_set_local(options, address_at(L, -1));
}

static int connect_timeout(lua_State *L, async_socket_options *options, int table)
{
    return async_socket_options_set_connect_timeout(options, seconds_at(L, -1));
}

static int happy_eyeballs_delay(lua_State *L, async_socket_options *options, int table)
{
    return async_socket_options_set_attempt_delay(options, seconds_at(L, -1));
}

static int nodelay(lua_State *L, async_socket_options *options, int table)
{
    return async_socket_options_set_nodelay(options, lua_toboolean(L, -1));
}

static int keepalive(lua_State *L, async_socket_options *options, int table)
{
    return async_socket_options_set_keepalive(options, lua_toboolean(L, -1) ? lua_tonumber(L, -1) : 0);
}

static int reuse_address(lua_State *L, async_socket_options *options, int table)
{
    return async_socket_options_set_reuse_address(options, lua_toboolean(L, -1));
}

static int reuse_port(lua_State *L, async_socket_options *options, int table)
{
    return async_socket_options_set_reuse_port(options, lua_toboolean(L, -1));
}

static int broadcast(lua_State *L, async_socket_options *options, int table)
{
    return async_socket_options_set_broadcast(options, lua_toboolean(L, -1));
}

static int backlog(lua_State *L, async_socket_options *options, int table)
{
    return async_socket_options_set_backlog(options, (int)lua_tointeger(L, -1));
}

static int most_connections(lua_State *L, async_socket_options *options, int table)
{
    return async_socket_options_set_most_connections(options, (int)lua_tointeger(L, -1));
}

static int limit(lua_State *L, async_socket_options *options, int table)
{
    return async_socket_options_set_limit(options, field_size(L, table, "limit", 0));
}

/* Either mark alone moves the other along, as in asyncio. */
static int water_marks(lua_State *L, async_socket_options *options, int table)
{
    size_t low = field_size(L, table, "low_water", 16384);
    size_t high = field_size(L, table, "high_water", low > 16384 ? 4 * low : 65536);

    lua_getfield(L, table, "low_water");
    if (lua_isnil(L, -1))
        low = high / 4;
    lua_pop(L, 1);
    return async_socket_options_set_water_marks(options, high, low);
}

static int timeouts(lua_State *L, async_socket_options *options, int table)
{
    return async_socket_options_set_timeouts(options, field_seconds(L, table, "read_timeout"),
                                             field_seconds(L, table, "write_timeout"));
}

static int buffers(lua_State *L, async_socket_options *options, int table)
{
    return async_socket_options_set_buffers(options, field_size(L, table, "receive_buffer", 0),
                                            field_size(L, table, "send_buffer", 0));
}

static const struct {
    const char *name;
    setting *set;
} settings[] = {{"family", family},
                {"local_addr", local_addr},
                {"connect_timeout", connect_timeout},
                {"happy_eyeballs_delay", happy_eyeballs_delay},
                {"nodelay", nodelay},
                {"keepalive", keepalive},
                {"reuse_address", reuse_address},
                {"reuse_port", reuse_port},
                {"broadcast", broadcast},
                {"backlog", backlog},
                {"most_connections", most_connections},
                {"limit", limit},
                {"high_water", water_marks},
                {"low_water", water_marks},
                {"read_timeout", timeouts},
                {"write_timeout", timeouts},
                {"receive_buffer", buffers},
                {"send_buffer", buffers}};

static setting *find(const char *name)
{
    for (size_t item = 0; item < sizeof settings / sizeof *settings; item++)
        if (!strcmp(name, settings[item].name))
            return settings[item].set;
    return NULL;
}

/* What a setting is to be: numbers, but for the switches and the address. */
static const char *wrong_type(lua_State *L, setting *set)
{
    int type = lua_type(L, -1);
    bool off = type == LUA_TBOOLEAN && !lua_toboolean(L, -1);

    if (set == nodelay || set == reuse_address || set == reuse_port || set == broadcast)
        return type == LUA_TBOOLEAN ? NULL : "must be true or false";
    if (set == local_addr)
        return address_at(L, -1) ? NULL : "must be an address";
    if (set == connect_timeout || set == happy_eyeballs_delay || set == timeouts || set == keepalive) {
        if (off || (type == LUA_TNUMBER && lua_tonumber(L, -1) >= 0))
            return NULL;
        return "must be a time in seconds, or false for none";
    }
    return type == LUA_TNUMBER ? NULL : "must be a number";
}

/* With a field's name and value on top. */
static void apply(lua_State *L, async_socket_options *options, int argument)
{
    const char *name = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : NULL;
    setting *set = name ? find(name) : NULL;
    const char *why = set ? wrong_type(L, set) : NULL;
    int code;

    if (!set)
        luaL_argerror(L, argument, lua_pushfstring(L, "unknown option '%s'", name ? name : luaL_typename(L, -2)));
    if (why)
        luaL_argerror(L, argument, lua_pushfstring(L, "option '%s' %s", name, why));
    code = set(L, options, argument);
    if (code == ASYNC_EINVAL)
        luaL_argerror(L, argument, lua_pushfstring(L, "option '%s' is out of range", name));
    if (code)
        error_raise_code(L, host_upvalue(L), code, NULL);
}

async_socket_options *options_check(lua_State *L, int argument)
{
    struct holder *holder;

    if (lua_isnoneornil(L, argument))
        return NULL;
    luaL_checktype(L, argument, LUA_TTABLE);
    holder = lua_newuserdatauv(L, sizeof *holder, 0);
    holder->tag = &holder_tag;
    holder->options = NULL;
    keep_push(L, host_upvalue(L), KEPT_OPTIONS_CLASS);
    lua_setmetatable(L, -2);
    holder->options = async_socket_options_new();
    if (!holder->options)
        error_raise_code(L, host_upvalue(L), ASYNC_ENOMEM, NULL);
    for (lua_pushnil(L); lua_next(L, argument); lua_pop(L, 1))
        apply(L, holder->options, argument);
    return holder->options;
}

static int gc(lua_State *L)
{
    struct holder *holder = lua_touserdata(L, 1);

    if (holder && lua_rawlen(L, 1) == sizeof *holder && holder->tag == &holder_tag)
        holder->options = async_socket_options_unref(holder->options);
    return 0;
}

void options_register(lua_State *L, struct host *host)
{
    static const luaL_Reg metamethods[] = {{"__gc", gc}, {NULL, NULL}};

    register_class(L, host, KEPT_OPTIONS_CLASS, "options", metamethods, NULL, NULL);
}
