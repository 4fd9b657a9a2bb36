/* One face of the Lua C API for 5.1, LuaJIT, 5.2, 5.3 and 5.4: the names are 5.4's, what older ones lack is made up
 * here. */
#ifndef BINDINGS_LUA_COMPAT_H
#define BINDINGS_LUA_COMPAT_H

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdio.h>

#ifndef LUA_OK
#define LUA_OK 0
#endif

/* Whether a C function may yield and be continued: then await is one C call, else a few lines of Lua around two. */
#define HAVE_CONTINUATIONS (LUA_VERSION_NUM >= 502)

/* Whether a yield of ours must carry a mark, since Lua cannot tell beforehand whether one is allowed. */
#define HAVE_MARK (LUA_VERSION_NUM < 503)

/* Whether variables can be to-be-closed. Those of a function that fails are only closed where it was called under
 * pcall, and may only await there if that is in the same thread. */
#define HAVE_CLOSING (LUA_VERSION_NUM >= 504)

#if LUA_VERSION_NUM < 504
#define lua_newuserdatauv(L, size, count) lua_newuserdata(L, size)
#endif

#if LUA_VERSION_NUM < 503
#define lua_isinteger(L, index) 0
#undef lua_isyieldable
#define lua_isyieldable(L) 1
#endif

#if LUA_VERSION_NUM == 501
#define lua_rawlen lua_objlen
#define lua_absindex(L, index) ((index) > 0 || (index) <= LUA_REGISTRYINDEX ? (index) : lua_gettop(L) + (index) + 1)
void luaL_traceback(lua_State *L, lua_State *subject, const char *message, int level);
#endif

/* Attach one table to a userdata, or fetch it. */
static inline void attach_table(lua_State *L, int index)
{
#if LUA_VERSION_NUM >= 504
    lua_setiuservalue(L, index, 1);
#elif LUA_VERSION_NUM >= 502
    lua_setuservalue(L, index);
#else
    lua_setfenv(L, index);
#endif
}

static inline void push_attached_table(lua_State *L, int index)
{
#if LUA_VERSION_NUM >= 504
    lua_getiuservalue(L, index, 1);
#elif LUA_VERSION_NUM >= 502
    lua_getuservalue(L, index);
#else
    lua_getfenv(L, index);
#endif
}

/* The file in a userdata of the io library; NULL when it is closed. */
static inline FILE *file_of(void *userdata)
{
#if LUA_VERSION_NUM >= 502
    luaL_Stream *stream = userdata;

    return stream->closef ? stream->f : NULL;
#else
    return *(FILE **)userdata;
#endif
}

/* Go on with a coroutine; what it yielded or returned is then the top `results` values of its stack. */
static inline int resume(lua_State *thread, lua_State *from, int arguments, int *results)
{
#if LUA_VERSION_NUM >= 504
    return lua_resume(thread, from, arguments, results);
#else
#if LUA_VERSION_NUM >= 502
    int status = lua_resume(thread, from, arguments);
#else
    int status = lua_resume(thread, arguments);
#endif

    *results = status == LUA_OK || status == LUA_YIELD ? lua_gettop(thread) : 1;
    return status;
#endif
}

#endif
