/* Scopes of a task: time limits and task groups. Here are their beginnings and ends; what runs in between is the
 * package's affair, and is told as pcall tells it: whether it went well, then what it returned or threw. */
#include "bindings/lua/primitive.h"

#include <stdio.h>

/* What stays to be asked when the scope is closed is kept beside it. */
struct scope {
    struct primitive base;
    async_future *task; /* whose scope it is; held while it is open */
    double when;
    int cancelling; /* cancels of the task that were outstanding when it was opened */
    bool expired;
};

static bool timeout_end(struct scope *scope, bool cancelled);

static void timeout_drop(struct primitive *primitive)
{
    timeout_end((struct scope *)primitive, false);
}

static void group_drop(struct primitive *primitive)
{
    async_task_group_unref(primitive->object);
}

static const struct noun timeout_noun = {"Timeout", KEPT_TIMEOUT_CLASS, timeout_drop};
static const struct noun group_noun = {"TaskGroup", KEPT_GROUP_CLASS, group_drop};

static struct host *check_task(lua_State *L, const char *word)
{
    struct host *host = host_upvalue(L);

    if (!host->task)
        luaL_error(L, "%s outside of a task: use async.run(function)", word);
    return host;
}

static struct scope *scope_new(lua_State *L, struct host *host, const struct noun *noun)
{
    struct scope *scope = primitive_new(L, host, noun, sizeof *scope);

    scope->task = NULL;
    scope->when = ASYNC_FOREVER;
    scope->cancelling = 0;
    scope->expired = false;
    return scope;
}

/* Whether what was thrown, at an index, is a cancel. */
static bool is_cancel(lua_State *L, int index)
{
    return async_value_error(error_value(L, index)) == ASYNC_ECANCELED;
}

/* Return what a scope's body returned, or throw what it threw; `ok` is the index of its outcome. */
static int pass_on(lua_State *L, int ok)
{
    if (lua_toboolean(L, ok))
        return lua_gettop(L) - ok;
    lua_settop(L, ok + 1);
    return lua_error(L);
}

/* Time limits */

static struct scope *timeout_check(lua_State *L)
{
    return primitive_check(L, 1, &timeout_noun);
}

/* A time in seconds at an index; nil stands for none. */
static double check_seconds(lua_State *L, int index, bool may_be_negative)
{
    double seconds = luaL_checknumber(L, index);

    /* Not-a-number and the infinities alone are not 0 times themselves. */
    luaL_argcheck(L, seconds * 0 == 0 && (may_be_negative || seconds >= 0), index,
                  may_be_negative ? "seconds must be finite" : "seconds must be finite and not negative");
    return seconds;
}

static int reschedule(struct scope *scope, double when)
{
    /* A moment before 0 lies in the past, and -1 means none. */
    return async_timeout_reschedule(scope->base.object, when < 0 ? 0 : when);
}

/* timeout(seconds) or timeout_at(when), nil for no limit yet: opened in the running task. */
static int timeout_open(lua_State *L, bool absolute)
{
    struct host *host = check_task(L, absolute ? "timeout_at" : "timeout");
    double seconds = lua_isnoneornil(L, 1) ? ASYNC_FOREVER : check_seconds(L, 1, absolute);
    bool moment = absolute && !lua_isnoneornil(L, 1);
    struct scope *scope = scope_new(L, host, &timeout_noun);

    scope->cancelling = async_future_cancelling(async_task_future(host->task));
    scope->base.object = async_timeout_open(host->task, moment ? ASYNC_FOREVER : seconds);
    if (!scope->base.object || (moment && reschedule(scope, seconds)))
        return primitive_refuse(L, host, host->loop, ENOMEM);
    scope->task = async_future_ref(async_task_future(host->task));
    return 1;
}

static int timeout_after(lua_State *L)
{
    return timeout_open(L, false);
}

static int timeout_at(lua_State *L)
{
    return timeout_open(L, true);
}

/* Close the scope, and tell whether the cancel that leaves it was its own. */
static bool timeout_end(struct scope *scope, bool cancelled)
{
    bool own;

    if (!scope->base.object)
        return false;
    scope->when = async_timeout_when(scope->base.object);
    scope->expired = async_timeout_is_expired(scope->base.object);
    async_timeout_close(scope->base.object, NULL);
    scope->base.object = NULL;
    own = cancelled && scope->expired && async_future_cancelling(scope->task) <= scope->cancelling;
    scope->task = async_future_unref(scope->task);
    return own;
}

/* Arguments: the scope, and the outcome of its body. */
static int timeout_leave(lua_State *L)
{
    struct scope *scope = timeout_check(L);

    if (timeout_end(scope, !lua_toboolean(L, 2) && is_cancel(L, 3)))
        return error_raise_code(L, host_upvalue(L), ASYNC_ETIMEDOUT, NULL);
    return pass_on(L, 2);
}

/* The end of a to-be-closed variable; what is thrown here takes the place of what was thrown. */
static int timeout_close(lua_State *L)
{
    if (timeout_end(timeout_check(L), is_cancel(L, 2)))
        return error_raise_code(L, host_upvalue(L), ASYNC_ETIMEDOUT, NULL);
    return 0;
}

static int timeout_reschedule(lua_State *L)
{
    struct scope *scope = timeout_check(L);
    int code;

    if (!scope->base.object)
        return primitive_answer(L, ASYNC_ESTATE, "the time limit's scope has ended");
    if (lua_isnoneornil(L, 2))
        code = async_timeout_reschedule(scope->base.object, ASYNC_FOREVER);
    else
        code = reschedule(scope, check_seconds(L, 2, true));
    return primitive_answer(L, code, "the time limit was reached");
}

static int timeout_when(lua_State *L)
{
    struct scope *scope = timeout_check(L);
    double when = scope->base.object ? async_timeout_when(scope->base.object) : scope->when;

    if (when == ASYNC_FOREVER)
        lua_pushnil(L);
    else
        lua_pushnumber(L, when);
    return 1;
}

static int timeout_expired(lua_State *L)
{
    struct scope *scope = timeout_check(L);

    lua_pushboolean(L, scope->base.object ? async_timeout_is_expired(scope->base.object) : scope->expired);
    return 1;
}

/* Task groups */

static struct scope *group_check(lua_State *L)
{
    return primitive_check(L, 1, &group_noun);
}

static int group_open(lua_State *L)
{
    struct host *host = check_task(L, "task_group");
    struct scope *scope = scope_new(L, host, &group_noun);

    scope->base.object = async_task_group_new(host->loop, async_task_future(host->task));
    return scope->base.object ? 1 : primitive_refuse(L, host, host->loop, ENOMEM);
}

static int group_create_task(lua_State *L)
{
    struct scope *scope = group_check(L);

    if (!scope->base.object)
        return primitive_answer(L, ASYNC_ESTATE, "the task group has ended");
    return task_create(L, running_loop(L, host_upvalue(L)), scope->base.object, 2);
}

static int group_cancel(lua_State *L)
{
    struct scope *scope = group_check(L);
    const char *message = luaL_optstring(L, 2, NULL);

    return scope->base.object ? primitive_answer(L, async_task_group_cancel(scope->base.object, message), NULL) : 0;
}

static int group_count(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)async_task_group_count(group_check(L)->base.object));
    return 1;
}

static async_future *start_join(void *object, async_value *value)
{
    return async_task_group_join(object);
}

static int group_join(lua_State *L)
{
    return primitive_wait(L, &group_check(L)->base, start_join, SHAPE_PLAIN);
}

/* The failures of the tasks, and behind them the one that the body at an index threw. */
static async_value *join_failures(lua_State *L, struct host *host, async_value *of_tasks, int body)
{
    bool failed = async_value_error(of_tasks) == ASYNC_EGROUP;
    async_value *list = failed ? async_value_cause(of_tasks) : NULL;
    size_t count = async_value_count(list);
    async_value **all = lua_newuserdatauv(L, (count + 1) * sizeof *all, 0);
    char message[256];

    for (size_t index = 0; index < count; index++)
        all[index] = async_value_ref(async_value_item(list, index));
    lua_pushvalue(L, body);
    all[count] = error_from(host, L, NULL, NULL);
    if (count)
        snprintf(message, sizeof message, "%zu task%s of the group failed, and so did its body: %s", count,
                 count == 1 ? "" : "s", async_value_message(all[count]));
    else
        snprintf(message, sizeof message, "the body of the group failed: %s", async_value_message(all[count]));
    return async_error_caused(ASYNC_EGROUP, message, async_list(all, count + 1));
}

/* Arguments: the group, then whether joining it went well and its failure, then the outcome of its body. */
static int group_leave(lua_State *L)
{
    struct host *host = host_upvalue(L);
    async_value *of_tasks = error_value(L, 3), *failure;

    primitive_drop(&group_check(L)->base);
    if (!lua_toboolean(L, 4) && !is_cancel(L, 5)) {
        failure = join_failures(L, host, of_tasks, 5);
        error_push(L, host, failure);
        async_value_unref(failure);
        return lua_error(L);
    }
    /* A cancel of the body stays what it is, unless a task's failure was behind it. */
    if (lua_toboolean(L, 2) || (!lua_toboolean(L, 4) && async_value_error(of_tasks) != ASYNC_EGROUP))
        return pass_on(L, 4);
    lua_settop(L, 3);
    return lua_error(L);
}

void scope_register(lua_State *L, struct host *host)
{
    static const luaL_Reg timeout[] = {{"when", timeout_when},
                                       {"reschedule", timeout_reschedule},
                                       {"expired", timeout_expired},
                                       {"close", timeout_close},
                                       {NULL, NULL}};
    static const luaL_Reg group[] = {
        {"create_task", group_create_task}, {"cancel", group_cancel}, {"count", group_count}, {NULL, NULL}};
    static const luaL_Reg inner[] = {{"timeout", timeout_after},
                                     {"timeout_at", timeout_at},
                                     {"timeout_leave", timeout_leave},
                                     {"group_open", group_open},
                                     {"group_join", group_join},
                                     {"group_leave", group_leave},
                                     {NULL, NULL}};

    primitive_register(L, host, &timeout_noun, timeout, timeout_close);
    primitive_register(L, host, &group_noun, group, NULL);
    register_inner(L, host, inner);
}
