#include "bindings/lua/resource.h"

#include <errno.h>
#include <string.h>

static const struct resource_class *const classes[] = {&stream_class, &server_class, &datagram_class};

/* The class of the userdata at an index, or NULL when that is no resource. */
static const struct resource_class *class_at(lua_State *L, int index)
{
    struct resource *resource = lua_touserdata(L, index);

    if (!resource || lua_rawlen(L, index) != sizeof *resource)
        return NULL;
    for (size_t item = 0; item < sizeof classes / sizeof *classes; item++)
        if (resource->class == classes[item])
            return resource->class;
    return NULL;
}

struct resource *resource_check(lua_State *L, int argument, const struct resource_class *class)
{
    struct resource *resource = lua_touserdata(L, argument);

    if (!resource || lua_rawlen(L, argument) != sizeof *resource || resource->class != class || !resource->object)
        error_type(L, argument, class->name);
    return resource;
}

struct resource *resource_new(lua_State *L, struct host *host, const struct resource_class *class)
{
    struct resource *resource = lua_newuserdatauv(L, sizeof *resource, 0);

    resource->class = class;
    resource->object = NULL;
    resource->host = host;
    keep_push(L, host, class->slot);
    lua_setmetatable(L, -2);
    return resource;
}

/* The table of all userdata is weak, and Lua takes one out before it finalizes it. So an address in it is that of an
 * object that the userdata still holds. */
static void enlist(lua_State *L, struct host *host, int index, void *object)
{
    keep_push(L, host, KEPT_RESOURCES);
    lua_pushlightuserdata(L, object);
    lua_pushvalue(L, index);
    lua_rawset(L, -3);
    lua_pop(L, 1);
}

void resource_enlist(lua_State *L, struct host *host, int index)
{
    enlist(L, host, index, ((struct resource *)lua_touserdata(L, index))->object);
}

int resource_finish(lua_State *L, struct host *host, const struct resource *resource, const char *name)
{
    async_value *failure;
    int number = errno;

    if (resource->object) {
        resource_enlist(L, host, lua_gettop(L));
        return 1;
    }
    failure = async_error_os(number, name ? lua_pushfstring(L, "%s: %s", name, strerror(number)) : NULL);
    error_push(L, host, failure);
    async_value_unref(failure);
    return lua_error(L);
}

int resource_finish_adopted(lua_State *L, struct host *host, const struct resource *resource, int descriptor)
{
    int number = errno;
    const char *name = resource->object ? NULL : lua_pushfstring(L, "descriptor %d", descriptor);

    errno = number;
    return resource_finish(L, host, resource, name);
}

/* Push the userdata of an object. A new one is returned, for the caller to have it hold the object. */
static struct resource *push(lua_State *L, struct host *host, const struct resource_class *class, void *object)
{
    struct resource *resource;

    luaL_checkstack(L, 4, "not enough memory");
    keep_push(L, host, KEPT_RESOURCES);
    lua_pushlightuserdata(L, object);
    lua_rawget(L, -2);
    lua_remove(L, -2);
    if (!lua_isnil(L, -1))
        return NULL;
    lua_pop(L, 1);
    resource = resource_new(L, host, class);
    enlist(L, host, lua_gettop(L), object);
    return resource;
}

void resource_push(lua_State *L, struct host *host, const struct resource_class *class, void *taken)
{
    struct resource *resource = push(L, host, class, taken);

    if (resource)
        resource->object = taken;
    else
        class->unref(taken);
}

/* A resource as a value (given), or NULL when there is none at that index. */
async_value *resource_value(lua_State *L, int index)
{
    const struct resource_class *class = class_at(L, index);

    return class ? class->value(((struct resource *)lua_touserdata(L, index))->object) : NULL;
}

/* Push the resource in a value. False, and nothing is pushed, when it holds none. */
bool resource_push_value(lua_State *L, struct host *host, const async_value *value)
{
    async_stream *stream = async_value_stream(value);
    async_server *server = async_value_server(value);
    async_datagram *datagram = async_value_datagram(value);
    struct resource *made = stream     ? push(L, host, &stream_class, stream)
                            : server   ? push(L, host, &server_class, server)
                            : datagram ? push(L, host, &datagram_class, datagram)
                                       : NULL;

    if (made)
        made->object = stream   ? (void *)async_stream_ref(stream)
                       : server ? (void *)async_server_ref(server)
                                : (void *)async_datagram_ref(datagram);
    return stream || server || datagram;
}

static int gc(lua_State *L)
{
    const struct resource_class *class = class_at(L, 1);
    struct resource *resource = lua_touserdata(L, 1);

    if (class && resource->object)
        class->unref(resource->object);
    if (class)
        resource->object = NULL;
    return 0;
}

/* With the module's table on top. The package adds the methods that are written in Lua. */
void resource_register(lua_State *L, struct host *host, const struct resource_class *class, const luaL_Reg *metamethods,
                       const luaL_Reg *methods, const luaL_Reg *shared)
{
    static const luaL_Reg collected[] = {{"__gc", gc}, {NULL, NULL}};

    register_class(L, host, class->slot, class->name, metamethods, methods, shared);
    keep_push(L, host, class->slot);
    register_functions(L, host, collected);
    lua_getfield(L, -2, "inner");
    lua_insert(L, -2);
    lua_setfield(L, -2, class->name);
    lua_pop(L, 1);
}

int resource_answer(lua_State *L, int code, const char *message)
{
    return code ? error_raise_code(L, host_upvalue(L), code, message) : 0;
}

size_t resource_check_size(lua_State *L, int argument, lua_Number least)
{
    lua_Number size = luaL_checknumber(L, argument);

    luaL_argcheck(L, size >= least && size < 1e15, argument, least ? "must be at least 1" : "must not be negative");
    return (size_t)size;
}

double resource_check_limit(lua_State *L, int argument)
{
    double seconds = lua_isnoneornil(L, argument) ? ASYNC_FOREVER : luaL_checknumber(L, argument);

    luaL_argcheck(L, seconds == ASYNC_FOREVER || (seconds >= 0 && seconds * 0 == 0), argument,
                  "must be finite and not negative");
    return seconds;
}

struct handle *resource_push_future(lua_State *L)
{
    struct handle *handle = handle_new(L, host_upvalue(L), KEPT_FUTURE_CLASS, 0);

    handle->settles = true;
    return handle;
}
