/* Records of the domain name system: views with the fields name, type, ttl and those of their type. */
#include "bindings/lua/internal.h"

#include <string.h>

/* What records of a type have; those of others have their data. */
static const struct kind {
    int type;
    const char *name;
    const char *fields[8];
} kinds[] = {
    {ASYNC_RECORD_A, "A", {"host"}},
    {ASYNC_RECORD_AAAA, "AAAA", {"host"}},
    {ASYNC_RECORD_CAA, "CAA", {"flags", "tag", "value"}},
    {ASYNC_RECORD_CNAME, "CNAME", {"host"}},
    {ASYNC_RECORD_MX, "MX", {"priority", "host"}},
    {ASYNC_RECORD_NS, "NS", {"host"}},
    {ASYNC_RECORD_PTR, "PTR", {"host"}},
    {ASYNC_RECORD_SOA, "SOA", {"host", "mailbox", "serial", "refresh", "retry", "expire", "minimum"}},
    {ASYNC_RECORD_SRV, "SRV", {"priority", "weight", "port", "host"}},
    {ASYNC_RECORD_TXT, "TXT", {"strings"}},
    {0, NULL, {"data"}},
};

/* How a field is read: one of the four. */
static const struct field {
    const char *name;
    int (*small)(const async_value *record);
    uint32_t (*large)(const async_value *record);
    const char *(*text)(const async_value *record);
    async_value *(*value)(const async_value *record);
} fields[] = {
    {"host", .text = async_record_host},        {"priority", .small = async_record_priority},
    {"weight", .small = async_record_weight},   {"port", .small = async_record_port},
    {"strings", .value = async_record_strings}, {"mailbox", .text = async_record_mailbox},
    {"serial", .large = async_record_serial},   {"refresh", .large = async_record_refresh},
    {"retry", .large = async_record_retry},     {"expire", .large = async_record_expire},
    {"minimum", .large = async_record_minimum}, {"flags", .small = async_record_flags},
    {"tag", .text = async_record_tag},          {"value", .text = async_record_value},
    {"data", .value = async_record_data},
};

static const struct kind *kind_of(int type)
{
    const struct kind *kind = kinds;

    while (kind->name && kind->type != type)
        kind++;
    return kind;
}

/* The type of record that is named, or numbered, at an index. */
int record_check_type(lua_State *L, int argument)
{
    const char *name;

    if (lua_type(L, argument) == LUA_TNUMBER)
        return (int)lua_tointeger(L, argument);
    name = luaL_optstring(L, argument, "A");
    for (const struct kind *kind = kinds; kind->name; kind++)
        if (!strcmp(name, kind->name))
            return kind->type;
    return luaL_argerror(L, argument, lua_pushfstring(L, "no such type of record: '%s'", name));
}

static async_value *record_at(lua_State *L, int index)
{
    async_value *value = value_view(L, index);

    return value && async_record_type(value) ? value : NULL;
}

static void push_type(lua_State *L, const async_value *record)
{
    const struct kind *kind = kind_of(async_record_type(record));

    if (kind->name)
        lua_pushstring(L, kind->name);
    else
        lua_pushinteger(L, async_record_type(record));
}

static int push_field(lua_State *L, async_value *record, const struct field *field)
{
    if (field->text)
        lua_pushstring(L, field->text(record));
    else if (field->small)
        lua_pushinteger(L, field->small(record));
    else if (field->large)
        lua_pushnumber(L, field->large(record));
    else
        value_push(L, host_upvalue(L), field->value(record));
    return 1;
}

static int push_own_field(lua_State *L, async_value *record, const char *name)
{
    const char *const *own = kind_of(async_record_type(record))->fields;
    const struct field *field = fields;

    while (*own && strcmp(*own, name) != 0)
        own++;
    if (!*own)
        return 0;
    while (strcmp(field->name, name) != 0)
        field++;
    return push_field(L, record, field);
}

static int field_of(lua_State *L)
{
    async_value *record = record_at(L, 1);
    const char *name = lua_tostring(L, 2);

    if (!record || !name)
        return 0;
    if (!strcmp(name, "name"))
        lua_pushstring(L, async_record_name(record));
    else if (!strcmp(name, "ttl"))
        lua_pushnumber(L, async_record_ttl(record));
    else if (!strcmp(name, "type"))
        push_type(L, record);
    else
        return push_own_field(L, record, name);
    return 1;
}

static int tostring(lua_State *L)
{
    async_value *record = record_at(L, 1);

    if (!record)
        return error_type(L, 1, "record");
    push_type(L, record);
    lua_pushfstring(L, "record: %s %s", async_record_name(record), lua_tostring(L, -1));
    return 1;
}

void record_register(lua_State *L, struct host *host)
{
    static const luaL_Reg metamethods[] = {
        {"__index", field_of}, {"__tostring", tostring}, {"__gc", value_view_gc}, {NULL, NULL}};

    register_class(L, host, KEPT_RECORD_CLASS, "record", metamethods, NULL, NULL);
}
