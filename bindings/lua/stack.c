/* Where a task stands, or where it failed. */
#include "bindings/lua/internal.h"

/* The thread that shows it; NULL when the task ended well, or is none of Lua's. */
static lua_State *thread_of(lua_State *L, async_value *failure)
{
    struct coroutine *coroutine = async_future_state(task_check(L)->future, resume_step);

    return coroutine ? coroutine->thread : error_thread(host_upvalue(L), failure);
}

/* task:traceback(): as debug.traceback tells it, with the error on top if there is one. */
int stack_traceback(lua_State *L)
{
    async_value *failure = async_future_failure(task_check(L)->future);
    lua_State *thread = thread_of(L, failure);

    if (thread)
        luaL_traceback(L, thread, failure ? async_value_message(failure) : NULL, 0);
    else
        lua_pushstring(L, failure ? async_value_message(failure) : "");
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
    int count = 0, list;
    bool is_lua;

    luaL_checkstack(L, 6, "too deep");
    lua_newtable(L);
    list = lua_gettop(L);
    for (int level = 0; thread && count < limit && push_frame(L, thread, level, &is_lua); level++) {
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

/* task:get_stack(limit): a list of { source =, line =, name = }, the oldest call first */
int stack_get(lua_State *L)
{
    lua_State *thread = thread_of(L, async_future_failure(task_check(L)->future));

    push_frames(L, thread, limit_at(L, 2));
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

/* task:print_stack(limit, file): the same for people to read, on stderr unless told otherwise */
int stack_print(lua_State *L)
{
    async_value *failure = async_future_failure(task_check(L)->future);
    lua_State *thread = thread_of(L, failure);
    int limit = limit_at(L, 2), count;

    lua_settop(L, 3);
    if (lua_isnil(L, 3)) {
        lua_getglobal(L, "io");
        lua_getfield(L, -1, "stderr");
        lua_replace(L, 3);
        lua_settop(L, 3);
    }
    task_push_name(L, task_check(L));
    lua_pushfstring(L, "%s of task %s, the most recent call last:\n", failure ? "Traceback" : "Stack",
                    lua_tostring(L, -1));
    write(L);
    count = push_frames(L, thread, limit);
    for (int frame = 1; frame <= count; frame++) {
        lua_rawgeti(L, -1, frame);
        lua_getfield(L, -1, "source");
        lua_getfield(L, -2, "line");
        lua_getfield(L, -3, "name");
        lua_pushfstring(L, "  %s:%s: in %s\n", lua_tostring(L, -3), lua_tostring(L, -2), lua_tostring(L, -1));
        write(L);
        lua_pop(L, 4);
    }
    if (failure) {
        lua_pushfstring(L, "%s\n", async_value_message(failure));
        write(L);
    }
    return 0;
}
