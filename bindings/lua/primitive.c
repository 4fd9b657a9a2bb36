/* What Lua holds of the library's primitives: a userdata with one reference, and a table of its own.
 *
 * The table holds the userdata itself, which is what a lock's acquire gives, so that a to-be-closed variable can let it
 * go; a future that is made ahead of each wait, so that nothing can fail once the library has said yes; and the one of
 * a wait that had not to wait, which is the same each time and so serves for all of them. */
#include "bindings/lua/primitive.h"

static const char primitive_tag;

enum { OWN_SELF = 1, OWN_SPARE, OWN_DONE };

/* Push a userdata of a size that has no object yet. */
void *primitive_new(lua_State *L, struct host *host, const struct noun *noun, size_t size)
{
    struct primitive *primitive = lua_newuserdatauv(L, size, 1);

    primitive->tag = &primitive_tag;
    primitive->noun = noun;
    primitive->object = NULL;
    primitive->done = NULL;
    primitive->spare = NULL;
    lua_createtable(L, OWN_DONE, 0);
    lua_pushvalue(L, -2);
    lua_rawseti(L, -2, OWN_SELF);
    lua_pushboolean(L, 0);
    lua_rawseti(L, -2, OWN_SPARE);
    lua_pushboolean(L, 0);
    lua_rawseti(L, -2, OWN_DONE);
    attach_table(L, -2);
    keep_push(L, host, noun->slot);
    lua_setmetatable(L, -2);
    return primitive;
}

static struct primitive *any_at(lua_State *L, int index)
{
    struct primitive *primitive = lua_touserdata(L, index);

    return primitive && lua_rawlen(L, index) >= sizeof *primitive && primitive->tag == &primitive_tag ? primitive
                                                                                                      : NULL;
}

/* The userdata at an index, or NULL when it is not of that noun. */
void *primitive_at(lua_State *L, int index, const struct noun *noun)
{
    struct primitive *primitive = any_at(L, index);

    return primitive && primitive->noun == noun ? primitive : NULL;
}

void *primitive_check(lua_State *L, int argument, const struct noun *noun)
{
    struct primitive *primitive = primitive_at(L, argument, noun);

    if (!primitive)
        error_type(L, argument, noun->name);
    return primitive;
}

/* Raise what kept the library from making one. */
int primitive_refuse(lua_State *L, struct host *host, async_loop *loop, int error)
{
    int code = error == ENOMEM ? ASYNC_ENOMEM : async_loop_is_closed(loop) ? ASYNC_ECLOSED : ASYNC_ETHREAD;

    return error_raise_code(L, host, code, NULL);
}

/* What waiting for the primitive gives whose future stands at an index: that primitive. */
int primitive_push_guard(lua_State *L, int index)
{
    push_attached_table(L, index);
    lua_rawgeti(L, -1, OWN_SELF);
    lua_remove(L, -2);
    return 1;
}

/* A future that has yet to come, in the table at index 2. */
static void make_spare(lua_State *L, struct host *host, struct primitive *primitive)
{
    struct handle *spare = handle_new(L, host, KEPT_FUTURE_CLASS, 1);

    spare->settles = true;
    lua_pushvalue(L, 2);
    attach_table(L, -2);
    lua_rawseti(L, 2, OWN_SPARE);
    primitive->spare = spare;
}

/* Hand out the future made ahead, now that it has come; the table is at index 2. */
static int push_started(lua_State *L, struct primitive *primitive, async_future *taken, enum shape shape)
{
    struct handle *handle = primitive->spare;

    handle->future = taken;
    handle->shape = shape;
    primitive->spare = NULL;
    lua_rawgeti(L, 2, OWN_SPARE);
    lua_pushboolean(L, 0);
    lua_rawseti(L, 2, OWN_SPARE);
    if (!primitive->done && async_future_value(taken)) {
        lua_pushvalue(L, -1);
        lua_rawseti(L, 2, OWN_DONE);
        primitive->done = taken;
    }
    return 1;
}

/* Wait for the primitive at index 1 by a function of the library, where a future of its own is wanted each time. */
static int wait_plainly(lua_State *L, struct host *host, struct primitive *primitive, primitive_start *start)
{
    struct handle *handle = handle_new(L, host, KEPT_FUTURE_CLASS, 0);

    handle->settles = true;
    handle->future = start(primitive->object, host->none);
    return 1;
}

/* The same where it may be one that was seen before; what is put stands at index 2. */
int primitive_wait_with(lua_State *L, struct primitive *primitive, primitive_start *start, enum shape shape)
{
    struct host *host = host_upvalue(L);
    async_future *future;

    lua_settop(L, 2);
    push_attached_table(L, 1);
    lua_insert(L, 2);
    if (!primitive->spare)
        make_spare(L, host, primitive);
    future = start(primitive->object, value_from(L, host, 3, host->loop));
    if (future != primitive->done)
        return push_started(L, primitive, future, shape);
    async_future_unref(future);
    lua_rawgeti(L, 2, OWN_DONE);
    return 1;
}

int primitive_wait(lua_State *L, struct primitive *primitive, primitive_start *start, enum shape shape)
{
    if (shape == SHAPE_PLAIN)
        return wait_plainly(L, host_upvalue(L), primitive, start);
    lua_settop(L, 1);
    return primitive_wait_with(L, primitive, start, shape);
}

/* Raise what a call returned, if that is an error. */
int primitive_answer(lua_State *L, int code, const char *state_message)
{
    if (code)
        return error_raise_code(L, host_upvalue(L), code, code == ASYNC_ESTATE ? state_message : NULL);
    return 0;
}

void primitive_drop(struct primitive *primitive)
{
    if (primitive->object)
        primitive->noun->drop(primitive);
    primitive->object = NULL;
}

static int gc(lua_State *L)
{
    struct primitive *primitive = any_at(L, 1);

    if (primitive)
        primitive_drop(primitive);
    return 0;
}

static int tostring(lua_State *L)
{
    struct primitive *primitive = any_at(L, 1);

    if (!primitive)
        return error_type(L, 1, "primitive");
    lua_pushfstring(L, "%s: %p", primitive->noun->name, (void *)primitive);
    return 1;
}

/* With the module's table on top. The package adds the methods that are written in Lua. */
void primitive_register(lua_State *L, struct host *host, const struct noun *noun, const luaL_Reg *methods,
                        lua_CFunction close)
{
    const luaL_Reg metamethods[] = {
        {"__gc", gc}, {"__tostring", tostring}, {close ? "__close" : NULL, close}, {NULL, NULL}};

    register_class(L, host, noun->slot, noun->name, metamethods, methods, NULL);
    lua_getfield(L, -1, "inner");
    keep_push(L, host, noun->slot);
    lua_setfield(L, -2, noun->name);
    lua_pop(L, 1);
}
