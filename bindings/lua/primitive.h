/* Locks, queues, scopes and the like, as userdata. */
#ifndef BINDINGS_LUA_PRIMITIVE_H
#define BINDINGS_LUA_PRIMITIVE_H

#include "bindings/lua/internal.h"

#include <errno.h>

struct primitive;

/* A kind of primitive. */
struct noun {
    const char *name;
    enum kept slot;
    void (*drop)(struct primitive *primitive); /* lets go of the object that it has */
};

/* What Lua holds of one; some nouns have more fields. */
struct primitive {
    const void *tag;
    const struct noun *noun;
    void *object;
    async_future *done;   /* what a wait that needs no waiting gives, once that has been seen (held by its userdata) */
    struct handle *spare; /* made ahead, for the next wait */
};

/* Start to wait; the value is what the call was given besides (taken), if it takes any. */
typedef async_future *primitive_start(void *object, async_value *value);

void *primitive_new(lua_State *L, struct host *host, const struct noun *noun, size_t size); /* raises */
void *primitive_at(lua_State *L, int index, const struct noun *noun);
void *primitive_check(lua_State *L, int argument, const struct noun *noun);                              /* raises */
int primitive_refuse(lua_State *L, struct host *host, async_loop *loop, int error);                      /* raises */
int primitive_wait(lua_State *L, struct primitive *primitive, primitive_start *start, enum shape shape); /* raises */
int primitive_wait_with(lua_State *L, struct primitive *primitive, primitive_start *start,
                        enum shape shape);                               /* raises */
int primitive_answer(lua_State *L, int code, const char *state_message); /* raises */
void primitive_drop(struct primitive *primitive);
void primitive_register(lua_State *L, struct host *host, const struct noun *noun, const luaL_Reg *methods,
                        lua_CFunction close); /* raises */

#endif
