/* Streams, servers and the like: what the library counts and somebody closes. Lua holds one userdata of each, however
 * often it is handed over, and to the other languages it is what it is in C. */
#ifndef BINDINGS_LUA_RESOURCE_H
#define BINDINGS_LUA_RESOURCE_H

#include "bindings/lua/internal.h"

/* A kind of resource. */
struct resource_class {
    const char *name;
    enum kept slot;
    async_value *(*value)(void *object);
    void (*unref)(void *object);
};

struct resource {
    const struct resource_class *class;
    void *object;
    struct host *host;
};

extern const struct resource_class stream_class, server_class, datagram_class;

/* Push a userdata for an object that is yet to come, and which it holds from then on. Raises. */
struct resource *resource_new(lua_State *L, struct host *host, const struct resource_class *class);
/* The object of the userdata at an index has come. Raises. */
void resource_enlist(lua_State *L, struct host *host, int index);
/* The same for the one on top, to be returned; without an object it raises what errno tells of that name, if any. */
int resource_finish(lua_State *L, struct host *host, const struct resource *resource, const char *name);
int resource_finish_adopted(lua_State *L, struct host *host, const struct resource *resource, int descriptor);
/* Push the userdata of an object, which is the same each time. Raises. */
void resource_push(lua_State *L, struct host *host, const struct resource_class *class, void *taken);
/* The userdata at an index, which has an object of that class. Raises. */
struct resource *resource_check(lua_State *L, int argument, const struct resource_class *class);
void resource_register(lua_State *L, struct host *host, const struct resource_class *class, const luaL_Reg *metamethods,
                       const luaL_Reg *methods, const luaL_Reg *shared); /* raises */

/* Push a future that is yet to come. Raises. */
struct handle *resource_push_future(lua_State *L);
/* Raise what a call returned, if that is an error. */
int resource_answer(lua_State *L, int code, const char *message);
/* A number of bytes, at least so many. Raises. */
size_t resource_check_size(lua_State *L, int argument, lua_Number least);
/* A time limit in seconds, nil for none. Raises. */
double resource_check_limit(lua_State *L, int argument);

static inline async_server *server_check(lua_State *L, int argument)
{
    return resource_check(L, argument, &server_class)->object;
}

static inline async_datagram *datagram_check(lua_State *L, int argument)
{
    return resource_check(L, argument, &datagram_class)->object;
}

static inline async_stream *stream_check(lua_State *L, int argument)
{
    return resource_check(L, argument, &stream_class)->object;
}

/* transfer.c: methods of streams */
extern const luaL_Reg stream_transfer[];

/* generic.c: the same for a wrapper of the generic interface; nil for NULL */
void generic_push_resource(lua_State *L, const struct resource_class *class, void *taken);

/* options.c: the settings in the table at an index, which the stack holds from then on; NULL for nil. Raises. */
async_socket_options *options_check(lua_State *L, int argument);

#endif
