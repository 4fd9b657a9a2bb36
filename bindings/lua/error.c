/* Errors between Lua and the library. What Lua threw comes back to Lua as the same object; an error that began
 * elsewhere is a userdata with the fields code, number, message and os, whose text is its message. */
#include "bindings/lua/internal.h"

#include <string.h>

struct error {
    const void *tag;
    async_value *value;
    bool class; /* stands for every error of its code, as CancelledError does */
};

static const char error_tag;

static struct error *error_at(lua_State *L, int index)
{
    struct error *error = lua_touserdata(L, index);

    return error && lua_rawlen(L, index) == sizeof *error && error->tag == &error_tag ? error : NULL;
}

/* The failure behind an error object of ours (lent), or NULL. */
async_value *error_value(lua_State *L, int index)
{
    struct error *error = error_at(L, index);

    return error ? error->value : NULL;
}

/* What Lua itself threw, or NULL. */
static struct box *box_of(struct host *host, async_value *failure)
{
    async_value *cause = failure ? async_value_cause(failure) : NULL;

    return cause ? async_value_pointer(cause, host->failure_type) : NULL;
}

/* Push the message of a failure and where it was thrown. Where that is not known, nothing is pushed. */
bool error_push_trace(lua_State *L, struct host *host, async_value *failure)
{
    struct box *box = box_of(host, failure);

    if (!box || !box->trace_slot)
        return false;
    keep_push(L, host, box->trace_slot);
    lua_pushfstring(L, "%s\n%s", async_value_message(failure), lua_tostring(L, -1));
    lua_remove(L, -2);
    return true;
}

/* Push a failure as it is raised: the very object that was thrown, or one that tells of it. */
void error_push(lua_State *L, struct host *host, async_value *failure)
{
    struct box *box = box_of(host, failure);

    if (!box)
        error_push_object(L, host, failure);
    else if (box->slot)
        keep_push(L, host, box->slot);
    else
        lua_pushnil(L);
}

/* Push an object that tells of a failure: among values, a text that was thrown would look like one of them. */
void error_push_object(lua_State *L, struct host *host, async_value *failure)
{
    struct error *error = lua_newuserdatauv(L, sizeof *error, 0);

    error->tag = &error_tag;
    error->value = NULL;
    error->class = false;
    keep_push(L, host, KEPT_ERROR_CLASS);
    lua_setmetatable(L, -2);
    error->value = async_value_ref(failure);
}

int error_raise(lua_State *L, struct host *host, async_value *failure)
{
    error_push(L, host, failure);
    return lua_error(L);
}

/* Raise what a call of the library returned. */
int error_raise_code(lua_State *L, struct host *host, int code, const char *message)
{
    async_value *failure = async_error(code, message);

    error_push(L, host, failure);
    async_value_unref(failure);
    return lua_error(L);
}

/* "bad argument #1 to 'sleep' (number expected, got string)" */
int error_type(lua_State *L, int argument, const char *expected)
{
    const char *got = luaL_typename(L, argument);
    const char *name = NULL;

    if (luaL_getmetafield(L, argument, "__name") != LUA_TNIL)
        name = lua_tostring(L, -1);
    return luaL_argerror(L, argument, lua_pushfstring(L, "%s expected, got %s", expected, name ? name : got));
}

/* What describe_protected is asked to do. */
struct description {
    struct coroutine *origin; /* what failed, for its traceback; may be NULL */
    async_value *delivered;   /* the failure that its last await raised; may be NULL */
    bool plain;               /* ask the error nothing */
    async_value *failure;     /* the answer */
};

/* The text of whatever was thrown, pushed. */
static const char *describe_text(lua_State *L, int index, bool plain)
{
    if (!plain && luaL_callmeta(L, index, "__tostring") && lua_isstring(L, -1))
        return lua_tostring(L, -1);
    if (lua_type(L, index) == LUA_TSTRING || lua_type(L, index) == LUA_TNUMBER) {
        lua_pushvalue(L, index);
        return lua_tostring(L, -1);
    }
    return lua_pushfstring(L, "(error object is a %s value)", luaL_typename(L, index));
}

/* Whether the coroutine ended with the very error that its last await raised: then that failure passes untouched. */
static bool is_delivered(lua_State *L, struct host *host, struct description *description)
{
    struct box *box = box_of(host, description->delivered);
    bool same;

    if (!box)
        return false;
    if (!box->slot)
        return lua_isnil(L, 1);
    keep_push(L, host, box->slot);
    same = lua_rawequal(L, 1, -1);
    lua_pop(L, 1);
    return same;
}

/* Where it failed, in a slot: a thread that was guarded has noted it, one that was not still shows it. */
static int trace_of(lua_State *L, struct host *host, struct coroutine *origin)
{
    int slot;

    if (origin->trace_slot || !keep_reserve_quietly(host))
        return origin->trace_slot;
    luaL_traceback(L, origin->thread, NULL, 0);
    slot = keep_take(host);
    keep_set(L, host, slot);
    origin->trace_slot = slot;
    return slot;
}

/* Argument: the error. */
static int describe_protected(lua_State *L)
{
    struct host *host = host_upvalue(L);
    struct description *description = host->argument;
    struct error *error = error_at(L, 1);
    const char *text;
    struct box *box;
    async_value *cause;
    int trace_slot;

    if (error || is_delivered(L, host, description)) {
        description->failure = async_value_ref(error ? error->value : description->delivered);
        return 0;
    }
    text = describe_text(L, 1, description->plain);
    trace_slot = description->origin ? trace_of(L, host, description->origin) : 0;
    lua_pushvalue(L, 1);
    box = box_new(L, host);
    if (!box)
        return 0;
    box->trace_slot = trace_slot;
    if (trace_slot)
        description->origin->trace_slot = 0;
    cause = async_object(host->loop, host->failure_type, box);
    if (!cause)
        box_delete(box);
    description->failure = async_error_caused(ASYNC_EHOST, text, cause);
    return 0;
}

/* Pops an error from a thread and gives it as a failure. Never raises; NULL without memory. `origin` is the task
 * that it was thrown in, `delivered` the failure which that was told of last; both may be NULL. */
async_value *error_from(struct host *host, lua_State *thread, struct coroutine *origin, async_value *delivered)
{
    struct description description = {.origin = origin, .delivered = delivered};
    lua_State *runner = host->runner;

    if (!lua_checkstack(runner, 4)) {
        lua_pop(thread, 1);
        return NULL;
    }
    lua_xmove(thread, runner, 1);
    /* Asked for its text, an error may throw another one; then it is asked nothing. */
    for (int attempt = 0; attempt < 2 && !description.failure; attempt++) {
        description.plain = attempt;
        keep_push_function(runner, host, KEPT_DESCRIBE, &description);
        lua_pushvalue(runner, -2);
        if (lua_pcall(runner, 1, 0, 0) != LUA_OK)
            lua_pop(runner, 1);
    }
    lua_pop(runner, 1);
    return description.failure;
}

/* err.code is "ECANCELED" and the like, err.number the library's, err.os the system's where there is one, err.cause
 * what Lua code threw, err.traceback where it did, err.errors the failures of a group. */
static int error_index(lua_State *L)
{
    struct host *host = host_upvalue(L);
    struct error *error = error_at(L, 1);
    const char *field = lua_tostring(L, 2);

    if (!error || !field)
        return 0;
    if (!strcmp(field, "cause") && box_of(host, error->value))
        error_push(L, host, error->value);
    else if (!strcmp(field, "traceback") && error_push_trace(L, host, error->value))
        return 1;
    else if (!strcmp(field, "errors") && async_value_error(error->value) == ASYNC_EGROUP)
        value_push(L, host, async_value_cause(error->value));
    else if (!strcmp(field, "code"))
        lua_pushstring(L, async_error_name(async_value_error(error->value)) + sizeof "ASYNC_" - 1);
    else if (!strcmp(field, "number"))
        lua_pushinteger(L, async_value_error(error->value));
    else if (!strcmp(field, "message") || !strcmp(field, "traceback"))
        lua_pushstring(L, async_value_message(error->value));
    else if (!strcmp(field, "os") && async_value_os(error->value))
        lua_pushinteger(L, async_value_os(error->value));
    else
        return 0;
    return 1;
}

static int error_tostring(lua_State *L)
{
    struct error *error = error_at(L, 1);

    if (!error)
        return error_type(L, 1, "error");
    lua_pushstring(L, error->value ? async_value_message(error->value) : async_error_text(ASYNC_ENOMEM));
    return 1;
}

/* A cancel equals CancelledError, whatever its message; and so for the other classes. */
static int error_eq(lua_State *L)
{
    struct error *left = error_at(L, 1), *right = error_at(L, 2);
    bool same = left && right && left->value == right->value;

    if (!same && left && right && (left->class || right->class))
        same = async_value_error(left->value) == async_value_error(right->value);
    lua_pushboolean(L, same);
    return 1;
}

static int error_gc(lua_State *L)
{
    struct error *error = error_at(L, 1);

    if (error)
        error->value = async_value_unref(error->value);
    return 0;
}

static int is_cancelled(lua_State *L)
{
    async_value *failure = error_value(L, 1);

    lua_pushboolean(L, failure && async_value_error(failure) == ASYNC_ECANCELED);
    return 1;
}

/* The words for kinds of error, to compare with, in the table on top. */
static void add_classes(lua_State *L, struct host *host)
{
    static const struct {
        const char *name;
        int code;
    } classes[] = {{"CancelledError", ASYNC_ECANCELED},    {"TimeoutError", ASYNC_ETIMEDOUT},
                   {"InvalidStateError", ASYNC_ESTATE},    {"QueueFull", ASYNC_EFULL},
                   {"QueueEmpty", ASYNC_EEMPTY},           {"QueueShutDown", ASYNC_ESHUTDOWN},
                   {"ExceptionGroup", ASYNC_EGROUP},       {"BrokenBarrierError", ASYNC_EBROKEN},
                   {"IncompleteReadError", ASYNC_EEND},    {"LimitOverrunError", ASYNC_ELIMIT},
                   {"ConnectionResetError", ASYNC_ERESET}, {"ConnectionRefusedError", ASYNC_EREFUSED}};

    for (size_t index = 0; index < sizeof classes / sizeof *classes; index++) {
        async_value *value = async_error(classes[index].code, NULL);

        error_push_object(L, host, value);
        async_value_unref(value);
        error_at(L, -1)->class = true;
        lua_setfield(L, -2, classes[index].name);
    }
}

/* With the module's table of functions on top. */
void error_register(lua_State *L, struct host *host)
{
    static const luaL_Reg metamethods[] = {
        {"__index", error_index}, {"__tostring", error_tostring}, {"__eq", error_eq}, {"__gc", error_gc}, {NULL, NULL}};
    static const luaL_Reg functions[] = {{"is_cancelled", is_cancelled}, {NULL, NULL}};

    keep_function(L, host, KEPT_DESCRIBE, describe_protected);
    register_class(L, host, KEPT_ERROR_CLASS, "error", metamethods, NULL, NULL);
    register_functions(L, host, functions);
    add_classes(L, host);
}

const char *name_check(lua_State *L, int argument)
{
    size_t size;
    const char *name = luaL_checklstring(L, argument, &size);

    luaL_argcheck(L, strlen(name) == size, argument, "must not contain a zero byte");
    return name;
}

const char *name_optional(lua_State *L, int argument)
{
    return lua_isnoneornil(L, argument) ? NULL : name_check(L, argument);
}
