/* Events, locks, conditions, semaphores, barriers and limiters, in asyncio's words. Each belongs to the loop that runs
 * when it is made. What is acquired can be let go by a to-be-closed variable. */
#include "bindings/lua/primitive.h"

#define NOUN(kind, text, slot)                                                                                         \
    static void kind##_drop(struct primitive *primitive)                                                               \
    {                                                                                                                  \
        async_##kind##_unref(primitive->object);                                                                       \
    }                                                                                                                  \
    static const struct noun kind##_noun = {text, slot, kind##_drop};                                                  \
    static void *kind##_at(lua_State *L)                                                                               \
    {                                                                                                                  \
        return ((struct primitive *)primitive_check(L, 1, &kind##_noun))->object;                                      \
    }

/* noun:verb(), which waits */
#define WAITS(kind, verb, shape)                                                                                       \
    static async_future *kind##_start_##verb(void *object, async_value *value)                                         \
    {                                                                                                                  \
        return async_##kind##_##verb(object);                                                                          \
    }                                                                                                                  \
    static int kind##_##verb(lua_State *L)                                                                             \
    {                                                                                                                  \
        return primitive_wait(L, primitive_check(L, 1, &kind##_noun), kind##_start_##verb, shape);                     \
    }

/* noun:verb(), done at once; `message` says what is wrong where it comes at the wrong time */
#define ACTS(kind, verb, message)                                                                                      \
    static int kind##_##verb(lua_State *L)                                                                             \
    {                                                                                                                  \
        return primitive_answer(L, async_##kind##_##verb(kind##_at(L)), message);                                      \
    }

#define TELLS_WHETHER(kind, verb)                                                                                      \
    static int kind##_##verb(lua_State *L)                                                                             \
    {                                                                                                                  \
        lua_pushboolean(L, async_##kind##_##verb(kind##_at(L)));                                                       \
        return 1;                                                                                                      \
    }

#define TELLS_NUMBER(kind, verb)                                                                                       \
    static int kind##_##verb(lua_State *L)                                                                             \
    {                                                                                                                  \
        lua_pushinteger(L, (lua_Integer)async_##kind##_##verb(kind##_at(L)));                                          \
        return 1;                                                                                                      \
    }

static const char not_held[] = "Lock is not acquired";

NOUN(event, "Event", KEPT_EVENT_CLASS)
WAITS(event, wait, async_event_is_set(event_at(L)) ? SHAPE_SAME : SHAPE_PLAIN)
ACTS(event, set, NULL)
ACTS(event, clear, NULL)
TELLS_WHETHER(event, is_set)

NOUN(lock, "Lock", KEPT_LOCK_CLASS)
WAITS(lock, acquire, SHAPE_GUARD)
ACTS(lock, release, not_held)
TELLS_WHETHER(lock, is_locked)

NOUN(condition, "Condition", KEPT_CONDITION_CLASS)
WAITS(condition, acquire, SHAPE_GUARD)
WAITS(condition, wait, SHAPE_PLAIN)
ACTS(condition, release, not_held)
ACTS(condition, notify_all, "cannot notify on un-acquired lock")
TELLS_WHETHER(condition, is_locked)

NOUN(semaphore, "Semaphore", KEPT_SEMAPHORE_CLASS)
WAITS(semaphore, acquire, SHAPE_GUARD)
ACTS(semaphore, release, "BoundedSemaphore released too many times")
TELLS_WHETHER(semaphore, is_locked)

NOUN(barrier, "Barrier", KEPT_BARRIER_CLASS)
WAITS(barrier, wait, SHAPE_PLAIN)
ACTS(barrier, reset, NULL)
ACTS(barrier, abort, NULL)
TELLS_NUMBER(barrier, parties)
TELLS_NUMBER(barrier, waiting)
TELLS_WHETHER(barrier, is_broken)

NOUN(limiter, "CapacityLimiter", KEPT_LIMITER_CLASS)
WAITS(limiter, acquire, SHAPE_GUARD)
ACTS(limiter, release, "CapacityLimiter released too many times")
TELLS_NUMBER(limiter, tokens)
TELLS_NUMBER(limiter, borrowed)
TELLS_NUMBER(limiter, available)
TELLS_NUMBER(limiter, waiting)

/* Push a new one; `object` is made by the caller right after, so that it cannot get lost. */
static struct primitive *push_new(lua_State *L, const struct noun *noun, async_loop **loop)
{
    *loop = running_loop(L, host_upvalue(L));
    return primitive_new(L, host_upvalue(L), noun, sizeof(struct primitive));
}

static int finish(lua_State *L, const struct primitive *primitive, async_loop *loop)
{
    return primitive->object ? 1 : primitive_refuse(L, host_upvalue(L), loop, errno);
}

/* A number that must not be less than some least one. */
static int64_t check_number(lua_State *L, const char *name, lua_Integer least, lua_Integer number)
{
    if (number < least)
        luaL_argerror(L, 1, lua_pushfstring(L, "%s must not be less than %d", name, (int)least));
    return (int64_t)number;
}

static int event_new(lua_State *L)
{
    async_loop *loop;
    struct primitive *primitive = push_new(L, &event_noun, &loop);

    primitive->object = async_event_new(loop);
    return finish(L, primitive, loop);
}

static int lock_new(lua_State *L)
{
    async_loop *loop;
    struct primitive *primitive = push_new(L, &lock_noun, &loop);

    primitive->object = async_lock_new(loop);
    return finish(L, primitive, loop);
}

/* async.Condition(), or async.Condition(lock) */
static int condition_new(lua_State *L)
{
    async_lock *lock = lua_isnoneornil(L, 1) ? NULL : lock_at(L);
    async_loop *loop;
    struct primitive *primitive = push_new(L, &condition_noun, &loop);

    primitive->object = async_condition_new(loop, lock);
    if (!primitive->object && errno == EINVAL)
        return luaL_argerror(L, 1, "the lock belongs to another loop");
    return finish(L, primitive, loop);
}

static int semaphore_make(lua_State *L, async_semaphore *(*make)(async_loop *, int64_t))
{
    int64_t value = check_number(L, "value", 0, luaL_optinteger(L, 1, 1));
    async_loop *loop;
    struct primitive *primitive = push_new(L, &semaphore_noun, &loop);

    primitive->object = make(loop, value);
    return finish(L, primitive, loop);
}

static int semaphore_new(lua_State *L)
{
    return semaphore_make(L, async_semaphore_new);
}

static int semaphore_new_bounded(lua_State *L)
{
    return semaphore_make(L, async_semaphore_new_bounded);
}

static int barrier_new(lua_State *L)
{
    int64_t parties = check_number(L, "parties", 1, luaL_checkinteger(L, 1));
    async_loop *loop;
    struct primitive *primitive = push_new(L, &barrier_noun, &loop);

    primitive->object = async_barrier_new(loop, parties);
    return finish(L, primitive, loop);
}

static int limiter_new(lua_State *L)
{
    int64_t tokens = check_number(L, "total_tokens", 0, luaL_checkinteger(L, 1));
    async_loop *loop;
    struct primitive *primitive = push_new(L, &limiter_noun, &loop);

    primitive->object = async_limiter_new(loop, tokens);
    return finish(L, primitive, loop);
}

static int condition_notify(lua_State *L)
{
    async_condition *condition = condition_at(L);
    lua_Integer count = luaL_optinteger(L, 2, 1);

    luaL_argcheck(L, count >= 0, 2, "count must not be negative");
    return primitive_answer(L, async_condition_notify(condition, (size_t)count), "cannot notify on un-acquired lock");
}

static int limiter_set_tokens(lua_State *L)
{
    async_limiter *limiter = limiter_at(L);
    lua_Integer tokens = luaL_checkinteger(L, 2);

    luaL_argcheck(L, tokens >= 0, 2, "total_tokens must not be negative");
    return primitive_answer(L, async_limiter_set_tokens(limiter, (int64_t)tokens), NULL);
}

static void register_locks(lua_State *L, struct host *host)
{
    static const luaL_Reg lock[] = {
        {"acquire", lock_acquire}, {"release", lock_release}, {"locked", lock_is_locked}, {NULL, NULL}};
    static const luaL_Reg condition[] = {{"acquire", condition_acquire},
                                         {"release", condition_release},
                                         {"locked", condition_is_locked},
                                         {"wait", condition_wait},
                                         {"notify", condition_notify},
                                         {"notify_all", condition_notify_all},
                                         {NULL, NULL}};
    static const luaL_Reg semaphore[] = {
        {"acquire", semaphore_acquire}, {"release", semaphore_release}, {"locked", semaphore_is_locked}, {NULL, NULL}};
    static const luaL_Reg limiter[] = {{"acquire", limiter_acquire},          {"release", limiter_release},
                                       {"total_tokens", limiter_tokens},      {"set_total_tokens", limiter_set_tokens},
                                       {"borrowed_tokens", limiter_borrowed}, {"available_tokens", limiter_available},
                                       {"tasks_waiting", limiter_waiting},    {NULL, NULL}};

    primitive_register(L, host, &lock_noun, lock, lock_release);
    primitive_register(L, host, &condition_noun, condition, condition_release);
    primitive_register(L, host, &semaphore_noun, semaphore, semaphore_release);
    primitive_register(L, host, &limiter_noun, limiter, limiter_release);
}

void sync_register(lua_State *L, struct host *host)
{
    static const luaL_Reg event[] = {
        {"wait", event_wait}, {"set", event_set}, {"clear", event_clear}, {"is_set", event_is_set}, {NULL, NULL}};
    static const luaL_Reg barrier[] = {{"wait", barrier_wait},
                                       {"reset", barrier_reset},
                                       {"abort", barrier_abort},
                                       {"parties", barrier_parties},
                                       {"n_waiting", barrier_waiting},
                                       {"broken", barrier_is_broken},
                                       {NULL, NULL}};
    static const luaL_Reg functions[] = {{"Event", event_new},
                                         {"Lock", lock_new},
                                         {"Condition", condition_new},
                                         {"Semaphore", semaphore_new},
                                         {"Barrier", barrier_new},
                                         {"BoundedSemaphore", semaphore_new_bounded},
                                         {"CapacityLimiter", limiter_new},
                                         {NULL, NULL}};

    register_locks(L, host);
    primitive_register(L, host, &event_noun, event, NULL);
    primitive_register(L, host, &barrier_noun, barrier, NULL);
    register_functions(L, host, functions);
}
