#include "bindings/lua/compat.h"

#if LUA_VERSION_NUM == 501 && !defined(LUAJIT_VERSION_NUM) && !defined(luaL_traceback_exists)

/* Lua 5.1 tells tracebacks to Lua only. */
void luaL_traceback(lua_State *L, lua_State *subject, const char *message, int level)
{
    lua_getglobal(L, "debug");
    lua_getfield(L, -1, "traceback");
    lua_remove(L, -2);
    lua_pushthread(subject);
    lua_xmove(subject, L, 1);
    lua_pushstring(L, message ? message : "");
    lua_pushinteger(L, level);
    lua_call(L, 3, 1);
    if (message)
        return;
    /* Without a message the text begins with the line's end behind it. */
    lua_pushstring(L, lua_tostring(L, -1) + 1);
    lua_remove(L, -2);
}

#endif
