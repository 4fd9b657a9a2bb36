/* Task-local values: a variable that each task has a value of its own for, which the tasks that it creates inherit. */
#include "bindings/lua/primitive.h"

/* The library knows the default only where there is a loop. */
struct local {
    struct primitive base;
    async_value *start;
};

static void local_drop(struct primitive *primitive)
{
    struct local *local = (struct local *)primitive;

    local->start = async_value_unref(local->start);
    async_local_unref(primitive->object);
}

static const struct noun local_noun = {"Local", KEPT_LOCAL_CLASS, local_drop};

static struct local *local_check(lua_State *L)
{
    return primitive_check(L, 1, &local_noun);
}

/* async.new_local(name, default) */
static int local_new(lua_State *L)
{
    struct host *host = host_upvalue(L);
    const char *name = luaL_checkstring(L, 1);
    struct local *local;

    lua_settop(L, 2);
    local = primitive_new(L, host, &local_noun, sizeof *local);
    local->start = value_from(L, host, 2, NULL);
    local->base.object = async_local_new(name, async_value_ref(local->start));
    return local->base.object ? 1 : error_raise_code(L, host, ASYNC_ENOMEM, NULL);
}

/* The value in the running task, else the default. */
static int get(lua_State *L)
{
    struct host *host = host_upvalue(L);
    struct local *local = local_check(L);
    async_value *value = host->loop ? async_local_get(host->loop, local->base.object) : NULL;

    value_push(L, host, value ? value : local->start);
    return 1;
}

static int set(lua_State *L)
{
    struct host *host = host_upvalue(L);
    async_local *local = local_check(L)->base.object;
    async_loop *loop = running_loop(L, host);

    luaL_checkany(L, 2);
    lua_settop(L, 2);
    return primitive_answer(L, async_local_set(loop, local, value_from(L, host, 2, loop)),
                            "only a task has values of its own");
}

static int name(lua_State *L)
{
    lua_pushstring(L, async_local_name(local_check(L)->base.object));
    return 1;
}

void local_register(lua_State *L, struct host *host)
{
    static const luaL_Reg local[] = {{"get", get}, {"set", set}, {"name", name}, {NULL, NULL}};
    static const luaL_Reg functions[] = {{"new_local", local_new}, {NULL, NULL}};

    primitive_register(L, host, &local_noun, local, NULL);
    register_functions(L, host, functions);
}
