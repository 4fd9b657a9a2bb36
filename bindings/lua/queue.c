/* Queues and broadcast channels. Any Lua value goes through them and comes out as it is. */
#include "bindings/lua/primitive.h"

static void queue_drop(struct primitive *primitive)
{
    async_queue_unref(primitive->object);
}

static void broadcast_drop(struct primitive *primitive)
{
    async_broadcast_unref(primitive->object);
}

static void receiver_drop(struct primitive *primitive)
{
    async_receiver_unref(primitive->object);
}

static const struct noun queue_noun = {"Queue", KEPT_QUEUE_CLASS, queue_drop};
static const struct noun broadcast_noun = {"Broadcast", KEPT_BROADCAST_CLASS, broadcast_drop};
static const struct noun receiver_noun = {"Receiver", KEPT_RECEIVER_CLASS, receiver_drop};

static struct primitive *queue_check(lua_State *L)
{
    return primitive_check(L, 1, &queue_noun);
}

/* Queue(maxsize): at most so many values; none or 0 for no limit, as in asyncio anything less too. */
static int queue_make(lua_State *L, int kind)
{
    struct host *host = host_upvalue(L);
    lua_Integer maxsize = luaL_optinteger(L, 1, 0);
    async_loop *loop = running_loop(L, host);
    struct primitive *queue = primitive_new(L, host, &queue_noun, sizeof *queue);

    queue->object = async_queue_new(loop, maxsize > 0 ? (int64_t)maxsize : 0, kind);
    return queue->object ? 1 : primitive_refuse(L, host, loop, errno);
}

static int queue_new(lua_State *L)
{
    return queue_make(L, ASYNC_QUEUE_FIFO);
}

static int queue_new_lifo(lua_State *L)
{
    return queue_make(L, ASYNC_QUEUE_LIFO);
}

static int queue_new_priority(lua_State *L)
{
    return queue_make(L, ASYNC_QUEUE_PRIORITY);
}

static async_future *start_put(void *object, async_value *value)
{
    return async_queue_put(object, value);
}

static async_future *start_get(void *object, async_value *value)
{
    return async_queue_get(object);
}

static async_future *start_join(void *object, async_value *value)
{
    return async_queue_join(object);
}

static int put(lua_State *L)
{
    return primitive_wait_with(L, queue_check(L), start_put, SHAPE_SAME);
}

static int get(lua_State *L)
{
    return primitive_wait(L, queue_check(L), start_get, SHAPE_PLAIN);
}

static int join(lua_State *L)
{
    return primitive_wait(L, queue_check(L), start_join, SHAPE_SAME);
}

static int put_nowait(lua_State *L)
{
    struct host *host = host_upvalue(L);
    struct primitive *queue = queue_check(L);
    int code;

    lua_settop(L, 2);
    code = async_queue_put_nowait(queue->object, value_from(L, host, 2, host->loop));
    return code == ASYNC_EINVAL ? luaL_argerror(L, 2, "cannot be compared with what is in the queue")
                                : primitive_answer(L, code, NULL);
}

static int get_nowait(lua_State *L)
{
    struct primitive *queue = queue_check(L);
    async_value *value;
    int code = async_queue_get_nowait(queue->object, &value);

    if (code)
        return primitive_answer(L, code, NULL);
    value_push(L, host_upvalue(L), value);
    async_value_unref(value);
    return 1;
}

static int qsize(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)async_queue_size(queue_check(L)->object));
    return 1;
}

static int maxsize(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)async_queue_capacity(queue_check(L)->object));
    return 1;
}

static int empty(lua_State *L)
{
    lua_pushboolean(L, async_queue_is_empty(queue_check(L)->object));
    return 1;
}

static int full(lua_State *L)
{
    lua_pushboolean(L, async_queue_is_full(queue_check(L)->object));
    return 1;
}

static int task_done(lua_State *L)
{
    return primitive_answer(L, async_queue_task_done(queue_check(L)->object), "task_done() called too many times");
}

static int shutdown(lua_State *L)
{
    return primitive_answer(L, async_queue_shutdown(queue_check(L)->object, lua_toboolean(L, 2)), NULL);
}

/* Broadcast(capacity): so many values a receiver may be behind. */
static int broadcast_new(lua_State *L)
{
    struct host *host = host_upvalue(L);
    lua_Integer capacity = luaL_checkinteger(L, 1);
    async_loop *loop = running_loop(L, host);
    struct primitive *broadcast;

    luaL_argcheck(L, capacity >= 1, 1, "capacity must not be less than 1");
    broadcast = primitive_new(L, host, &broadcast_noun, sizeof *broadcast);
    broadcast->object = async_broadcast_new(loop, (int64_t)capacity);
    return broadcast->object ? 1 : primitive_refuse(L, host, loop, errno);
}

static int send(lua_State *L)
{
    struct host *host = host_upvalue(L);
    struct primitive *broadcast = primitive_check(L, 1, &broadcast_noun);

    lua_settop(L, 2);
    return primitive_answer(L, async_broadcast_send(broadcast->object, value_from(L, host, 2, host->loop)), NULL);
}

static int close(lua_State *L)
{
    struct primitive *broadcast = primitive_check(L, 1, &broadcast_noun);

    return primitive_answer(L, async_broadcast_close(broadcast->object), NULL);
}

static int subscribe(lua_State *L)
{
    struct host *host = host_upvalue(L);
    struct primitive *broadcast = primitive_check(L, 1, &broadcast_noun);
    struct primitive *receiver = primitive_new(L, host, &receiver_noun, sizeof *receiver);

    receiver->object = async_broadcast_subscribe(broadcast->object);
    return receiver->object ? 1 : primitive_refuse(L, host, NULL, errno);
}

static async_future *start_next(void *object, async_value *value)
{
    return async_receiver_next(object);
}

static int receiver_next(lua_State *L)
{
    struct primitive *receiver = primitive_check(L, 1, &receiver_noun);

    if (!receiver->object)
        return error_raise_code(L, host_upvalue(L), ASYNC_ECLOSED, "the receiver was closed");
    return primitive_wait(L, receiver, start_next, SHAPE_PLAIN);
}

static int receiver_missed(lua_State *L)
{
    struct primitive *receiver = primitive_check(L, 1, &receiver_noun);

    lua_pushinteger(L, (lua_Integer)async_receiver_missed(receiver->object));
    return 1;
}

/* Unsubscribe, which otherwise happens when the garbage collector comes by. */
static int receiver_close(lua_State *L)
{
    primitive_drop(primitive_check(L, 1, &receiver_noun));
    return 0;
}

void queue_register(lua_State *L, struct host *host)
{
    static const luaL_Reg queue[] = {{"put", put},
                                     {"get", get},
                                     {"join", join},
                                     {"put_nowait", put_nowait},
                                     {"get_nowait", get_nowait},
                                     {"qsize", qsize},
                                     {"maxsize", maxsize},
                                     {"empty", empty},
                                     {"full", full},
                                     {"task_done", task_done},
                                     {"shutdown", shutdown},
                                     {NULL, NULL}};
    static const luaL_Reg broadcast[] = {{"send", send}, {"close", close}, {"subscribe", subscribe}, {NULL, NULL}};
    static const luaL_Reg receiver[] = {
        {"next", receiver_next}, {"missed", receiver_missed}, {"close", receiver_close}, {NULL, NULL}};
    static const luaL_Reg functions[] = {{"Queue", queue_new},
                                         {"LifoQueue", queue_new_lifo},
                                         {"PriorityQueue", queue_new_priority},
                                         {"Broadcast", broadcast_new},
                                         {NULL, NULL}};

    primitive_register(L, host, &queue_noun, queue, NULL);
    primitive_register(L, host, &broadcast_noun, broadcast, close);
    primitive_register(L, host, &receiver_noun, receiver, receiver_close);
    register_functions(L, host, functions);
}
