/* What makes greet a Lua function: plain Lua calls C only through a module that is written for it. */
#include "greet.h"

#include <lauxlib.h>
#include <lua.h>

static int call_greet(lua_State *L)
{
    async_loop *loop = lua_touserdata(L, 1);

    lua_pushlightuserdata(L, greet(loop, luaL_checkstring(L, 2)));
    async_loop_unref(loop);
    return 1;
}

int luaopen_greet_lua(lua_State *L);
int luaopen_greet_lua(lua_State *L)
{
    lua_pushcfunction(L, call_greet);
    return 1;
}
