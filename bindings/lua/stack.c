/* Where a task stands, or where it failed. */
#include "bindings/lua/internal.h"

/* The thread of a task of Lua's that has not ended, or NULL. */
static lua_State *thread_of(const struct handle *handle)
{
    struct coroutine *coroutine = async_future_state(handle->future, resume_step);

    return coroutine ? coroutine->thread : NULL;
}

static void push_failure(lua_State *L, async_value *failure)
{
    if (!error_push_trace(L, host_upvalue(L), failure))
        lua_pushstring(L, async_value_message(failure));
}

/* task:traceback(): where it waits, as debug.traceback tells it, or how it came to fail */
int stack_traceback(lua_State *L)
{
    struct handle *handle = task_check(L);
    async_value *failure = async_future_failure(handle->future);
    lua_State *thread = thread_of(handle);

    if (failure)
        push_failure(L, failure);
    else if (thread)
        luaL_traceback(L, thread, NULL, 0);
    else
        lua_pushliteral(L, "");
    return 1;
}

/* Push one frame of a thread as a table; false where there is none. Functions of C have no line to tell. */
static bool push_frame(lua_State *L, lua_State *thread, int level, bool *is_lua)
{
    lua_Debug frame;

    if (!lua_getstack(thread, level, &frame))
        return false;
    lua_getinfo(thread, "nSl", &frame);
    *is_lua = frame.currentline > 0;
    lua_createtable(L, 0, 3);
    lua_pushstring(L, frame.short_src);
    lua_setfield(L, -2, "source");
    lua_pushinteger(L, frame.currentline);
    lua_setfield(L, -2, "line");
    lua_pushstring(L, frame.name ? frame.name : *frame.what == 'm' ? "main chunk" : "?");
    lua_setfield(L, -2, "name");
    return true;
}

/* Push a list of its frames, the oldest first; of more than `limit` the newest. */
static int push_frames(lua_State *L, lua_State *thread, int limit)
{
    /* Where await is a function of Lua, that is no business of those who look. */
    int level = HAVE_CONTINUATIONS || thread == L ? 0 : 2;
    int count = 0, list;
    bool is_lua;

    luaL_checkstack(L, 6, "too deep");
    lua_newtable(L);
    list = lua_gettop(L);
    for (; thread && count < limit && push_frame(L, thread, level, &is_lua); level++) {
        if (is_lua)
            lua_rawseti(L, list, ++count);
        else
            lua_pop(L, 1);
    }
    for (int first = 1, last = count; first < last; first++, last--) {
        lua_rawgeti(L, list, first);
        lua_rawgeti(L, list, last);
        lua_rawseti(L, list, first);
        lua_rawseti(L, list, last);
    }
    return count;
}

static int limit_at(lua_State *L, int index)
{
    return (int)luaL_optinteger(L, index, 1 << 20);
}

/* task:get_stack(limit): a list of { source =, line =, name = }, the oldest call first; empty once it has ended */
int stack_get(lua_State *L)
{
    push_frames(L, thread_of(task_check(L)), limit_at(L, 2));
    return 1;
}

/* Write the text on top to the file at index 3. */
static void write(lua_State *L)
{
    lua_getfield(L, 3, "write");
    lua_pushvalue(L, 3);
    lua_pushvalue(L, -3);
    lua_call(L, 2, 0);
    lua_pop(L, 1);
}

static void write_frames(lua_State *L, lua_State *thread, int limit)
{
    int count = push_frames(L, thread, limit);

    for (int frame = 1; frame <= count; frame++) {
        lua_rawgeti(L, -1, frame);
        lua_getfield(L, -1, "source");
        lua_getfield(L, -2, "line");
        lua_getfield(L, -3, "name");
        lua_pushfstring(L, "  %s:%s: in %s\n", lua_tostring(L, -3), lua_tostring(L, -2), lua_tostring(L, -1));
        write(L);
        lua_pop(L, 4);
    }
}

/* task:print_stack(limit, file): the same for people to read, or how it failed; on stderr unless told otherwise */
int stack_print(lua_State *L)
{
    struct handle *handle = task_check(L);
    async_value *failure = async_future_failure(handle->future);
    int limit = limit_at(L, 2);

    lua_settop(L, 3);
    if (lua_isnil(L, 3)) {
        lua_getglobal(L, "io");
        lua_getfield(L, -1, "stderr");
        lua_replace(L, 3);
    }
    task_push_name(L, handle);
    lua_pushfstring(L, failure ? "Task %s failed: " : "Stack of task %s, the most recent call last:\n",
                    lua_tostring(L, -1));
    write(L);
    if (failure) {
        push_failure(L, failure);
        lua_pushfstring(L, "%s\n", lua_tostring(L, -1));
        write(L);
    } else {
        write_frames(L, thread_of(handle), limit);
    }
    return 0;
}
