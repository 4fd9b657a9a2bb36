/* Values between Lua and the library. nil, booleans, numbers and strings are copied; everything else travels in a box
 * and comes back as the same object. The other languages read a boxed table that is a sequence as a list. */
#include "bindings/lua/internal.h"

#include <math.h>
#include <string.h>

/* A value that Lua reads by fields, or not at all, and passes around as it is. */
struct view {
    const void *tag;
    async_value *value;
};

static const char view_tag;

/* Whether text is UTF-8 as RFC 3629 has it: no surrogates, nothing overlong, nothing above U+10FFFF. */
bool is_utf8(const char *text, size_t size)
{
    const unsigned char *at = (const unsigned char *)text;
    const unsigned char *end = at + size;

    while (at < end) {
        unsigned char first = *at++;
        unsigned low = 0x80, high = 0xBF;
        int more = first < 0x80 ? 0 : first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : 1;

        if (first >= 0x80 && (first < 0xC2 || first > 0xF4))
            return false;
        if (first == 0xE0)
            low = 0xA0;
        else if (first == 0xF0)
            low = 0x90;
        else if (first == 0xED)
            high = 0x9F;
        else if (first == 0xF4)
            high = 0x8F;
        for (; more; more--, low = 0x80, high = 0xBF) {
            if (at == end || *at < low || *at > high)
                return false;
            at++;
        }
    }
    return true;
}

static async_value *from_number(lua_State *L, int index)
{
    lua_Number number;

    if (lua_isinteger(L, index))
        return async_int((int64_t)lua_tointeger(L, index));
    number = lua_tonumber(L, index);
    /* Before 5.3 whole numbers are no type of their own; those a double holds exactly count as such. */
    if (LUA_VERSION_NUM < 503 && fabs(number) <= 9007199254740992.0 && floor(number) == number)
        return async_int((int64_t)number);
    return async_double(number);
}

static async_value *from_string(lua_State *L, int index)
{
    size_t size;
    const char *text = lua_tolstring(L, index, &size);

    return is_utf8(text, size) ? async_text_sized(text, size) : async_bytes(text, size);
}

static async_value *boxed(lua_State *L, struct host *host, async_loop *loop, async_type *type)
{
    struct box *box = box_new(L, host);
    async_value *value = box ? async_object(loop, type, box) : NULL;

    if (box && !value)
        box_delete(box);
    return value;
}

async_value *value_view(lua_State *L, int index)
{
    struct view *view = lua_touserdata(L, index);

    return view && lua_rawlen(L, index) == sizeof *view && view->tag == &view_tag ? view->value : NULL;
}

async_value **value_push_view(lua_State *L, struct host *host, enum kept class_slot)
{
    struct view *view = lua_newuserdatauv(L, sizeof *view, 0);

    view->tag = &view_tag;
    view->value = NULL;
    keep_push(L, host, class_slot);
    lua_setmetatable(L, -2);
    return &view->value;
}

int value_view_gc(lua_State *L)
{
    if (value_view(L, 1))
        ((struct view *)lua_touserdata(L, 1))->value = async_value_unref(value_view(L, 1));
    return 0;
}

/* Never raises. NULL without memory, which whoever takes it knows what to make of. */
async_value *value_from(lua_State *L, struct host *host, int index, async_loop *loop)
{
    async_value *value;

    switch (lua_type(L, index)) {
    case LUA_TNONE:
    case LUA_TNIL:
        return async_none();
    case LUA_TBOOLEAN:
        return async_bool(lua_toboolean(L, index));
    case LUA_TNUMBER:
        return from_number(L, index);
    case LUA_TSTRING:
        return from_string(L, index);
    case LUA_TUSERDATA:
        value = async_value_ref(value_view(L, index));
        value = value ? value : resource_value(L, index);
        if (value)
            return value;
        break;
    default:
        break;
    }
    if (!lua_checkstack(L, 1))
        return NULL;
    lua_pushvalue(L, index);
    return boxed(L, host, loop, host->object_type);
}

static int pack_protected(lua_State *L)
{
    int count = lua_gettop(L);

    lua_createtable(L, count, 1);
    lua_insert(L, 1);
    lua_pushinteger(L, count);
    lua_setfield(L, 1, "n");
    for (int index = count; index; index--)
        lua_rawseti(L, 1, index);
    return 1;
}

/* Pops what a coroutine returned. One value stands for itself; several are a list to the others. */
async_value *value_from_several(lua_State *L, struct host *host, int count, async_loop *loop)
{
    lua_State *runner = host->runner;
    async_value *value;

    if (count <= 1) {
        value = count ? value_from(L, host, lua_gettop(L), loop) : async_none();
        lua_pop(L, count);
        return value;
    }
    if (!lua_checkstack(runner, count + 1)) {
        lua_pop(L, count);
        return NULL;
    }
    lua_xmove(L, runner, count);
    keep_push(runner, host, KEPT_PACK);
    lua_insert(runner, -count - 1);
    if (lua_pcall(runner, count, 1, 0) == LUA_OK)
        return boxed(runner, host, loop, host->several_type);
    lua_pop(runner, 1);
    return NULL;
}

/* How many items a table has when its keys are 1 … n, or -1. A field n, as table.pack makes it, tells the length. */
static int sequence_length(lua_State *L, int index)
{
    int count = (int)lua_rawlen(L, index), keys = 0, length = -1;

    lua_getfield(L, index, "n");
    if (lua_type(L, -1) == LUA_TNUMBER)
        length = (int)lua_tointeger(L, -1);
    lua_pop(L, 1);
    for (lua_pushnil(L); lua_next(L, index); keys++)
        lua_pop(L, 1);
    if (length >= 0)
        return length;
    return keys == count ? count : -1;
}

/* Argument: the object. */
static int read_protected(lua_State *L)
{
    struct host *host = host_upvalue(L);
    async_value **list = host->argument;
    async_value **items;
    int count;

    if (!lua_istable(L, 1) || lua_getmetatable(L, 1))
        return 0;
    count = sequence_length(L, 1);
    if (count < 0)
        return 0;
    items = lua_newuserdatauv(L, (size_t)(count ? count : 1) * sizeof *items, 0);
    for (int index = 0; index < count; index++) {
        lua_rawgeti(L, 1, index + 1);
        items[index] = value_from(L, host, 3, host->loop);
        lua_pop(L, 1);
    }
    *list = async_list(items, (size_t)count);
    return 0;
}

/* The reader of our objects, which the library calls. */
async_value *value_read(void *pointer)
{
    struct box *box = pointer;
    struct host *host = box->host;
    async_value *list = NULL;

    if (!host->store || !box->slot || !lua_checkstack(host->runner, 4))
        return NULL;
    keep_push_function(host->runner, host, KEPT_READ, &list);
    keep_push(host->runner, host, box->slot);
    if (lua_pcall(host->runner, 1, 0, 0) != LUA_OK)
        lua_pop(host->runner, 1);
    return list;
}

static void push_list(lua_State *L, struct host *host, async_value *value)
{
    size_t count = async_value_count(value);

    luaL_checkstack(L, 4, "value nested too deeply");
    lua_createtable(L, (int)count, 1);
    for (size_t index = 0; index < count; index++) {
        value_push(L, host, async_value_item(value, index));
        lua_rawseti(L, -2, (int)index + 1);
    }
    lua_pushinteger(L, (lua_Integer)count);
    lua_setfield(L, -2, "n");
}

/* What no kind of Lua's stands for; values of other languages, too. */
static void push_object(lua_State *L, struct host *host, async_value *value)
{
    enum kept class_slot = async_address_family(value) ? KEPT_ADDRESS_CLASS
                           : async_record_type(value)  ? KEPT_RECORD_CLASS
                                                       : KEPT_VALUE_CLASS;

    if (class_slot != KEPT_VALUE_CLASS || !resource_push_value(L, host, value))
        *value_push_view(L, host, class_slot) = async_value_ref(value);
}

static void push_integer(lua_State *L, int64_t number)
{
    if (sizeof(lua_Integer) >= sizeof number && LUA_VERSION_NUM >= 503)
        lua_pushinteger(L, (lua_Integer)number);
    else
        lua_pushnumber(L, (lua_Number)number);
}

static void push_plain(lua_State *L, struct host *host, async_value *value)
{
    size_t size;
    const char *text;

    switch (async_value_kind(value)) {
    case ASYNC_NONE:
        lua_pushnil(L);
        break;
    case ASYNC_BOOL:
        lua_pushboolean(L, async_value_bool(value));
        break;
    case ASYNC_INT:
        push_integer(L, async_value_int(value));
        break;
    case ASYNC_DOUBLE:
        lua_pushnumber(L, async_value_double(value));
        break;
    case ASYNC_TEXT:
    case ASYNC_BYTES:
        text = async_value_text(value, &size);
        lua_pushlstring(L, text, size);
        break;
    case ASYNC_LIST:
        push_list(L, host, value);
        break;
    case ASYNC_ERROR:
        error_push_object(L, host, value);
        break;
    default:
        push_object(L, host, value);
    }
}

static void push_boxed(lua_State *L, struct host *host, const struct box *box)
{
    if (box->slot)
        keep_push(L, host, box->slot);
    else
        lua_pushnil(L);
}

/* Push one value; of several results, the first. */
void value_push(lua_State *L, struct host *host, async_value *value)
{
    async_type *type = async_value_type(value);

    if (!type || (type != host->object_type && type != host->several_type)) {
        push_plain(L, host, value);
        return;
    }
    push_boxed(L, host, async_value_pointer(value, type));
    if (type == host->several_type) {
        lua_rawgeti(L, -1, 1);
        lua_remove(L, -2);
    }
}

static int push_several(lua_State *L, struct host *host, async_value *value)
{
    int table, count;

    push_boxed(L, host, async_value_pointer(value, host->several_type));
    table = lua_gettop(L);
    lua_getfield(L, table, "n");
    count = (int)lua_tointeger(L, -1);
    lua_pop(L, 1);
    luaL_checkstack(L, count, "too many results");
    for (int index = 1; index <= count; index++)
        lua_rawgeti(L, table, index);
    lua_remove(L, table);
    return count;
}

/* Push all of several results, and return how many values that were. */
int value_push_all(lua_State *L, struct host *host, async_value *value)
{
    async_type *type = async_value_type(value);

    if (type && type == host->several_type)
        return push_several(L, host, value);
    if (type)
        value_push(L, host, value);
    else
        push_plain(L, host, value);
    return 1;
}

static int view_tostring(lua_State *L)
{
    async_value *value = value_view(L, 1);

    if (!value)
        return error_type(L, 1, "value");
    lua_pushfstring(L, "%s: %p", async_type_name(async_value_type(value)), (void *)value);
    return 1;
}

static int view_eq(lua_State *L)
{
    lua_pushboolean(L, value_view(L, 1) && value_view(L, 1) == value_view(L, 2));
    return 1;
}

void value_register(lua_State *L, struct host *host)
{
    static const luaL_Reg metamethods[] = {
        {"__gc", value_view_gc}, {"__tostring", view_tostring}, {"__eq", view_eq}, {NULL, NULL}};

    keep_function(L, host, KEPT_PACK, pack_protected);
    keep_function(L, host, KEPT_READ, read_protected);
    register_class(L, host, KEPT_VALUE_CLASS, "value", metamethods, NULL, NULL);
}
