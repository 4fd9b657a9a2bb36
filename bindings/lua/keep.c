#include "bindings/lua/internal.h"

#include <stdlib.h>

enum { FIRST_SLOTS = 64 };

/* Make slots until two are free. The table grows on the caller's stack, since raising on another thread's would jump
 * out of the wrong call. */
void keep_reserve(lua_State *L, struct host *host)
{
    int count = host->slot_count ? host->slot_count * 2 : FIRST_SLOTS;
    int *next_free;

    if (host->first_free && host->next_free[host->first_free])
        return;
    luaL_checkstack(L, 3, "not enough memory");
    lua_pushvalue(host->store, 1);
    lua_xmove(host->store, L, 1);
    for (int slot = host->slot_count + 1; slot <= count; slot++) {
        lua_pushboolean(L, 0);
        lua_rawseti(L, -2, slot);
    }
    lua_pop(L, 1);
    next_free = realloc(host->next_free, ((size_t)count + 1) * sizeof *next_free);
    if (!next_free)
        luaL_error(L, "not enough memory");
    host->next_free = next_free;
    for (int slot = count; slot > host->slot_count && slot >= KEPT_FREE; slot--) {
        next_free[slot] = host->first_free;
        host->first_free = slot;
    }
    host->slot_count = count;
}

int keep_grow_protected(lua_State *L)
{
    keep_reserve(L, host_upvalue(L));
    return 0;
}

/* Keep a function that is to be entered from the library, where nothing can be made. */
void keep_function(lua_State *L, struct host *host, enum kept slot, lua_CFunction function)
{
    lua_pushlightuserdata(L, host);
    lua_pushcclosure(L, function, 1);
    keep_set(L, host, slot);
}

void keep_weak_table(lua_State *L, struct host *host, enum kept slot, const char *mode)
{
    lua_newtable(L);
    lua_newtable(L);
    lua_pushstring(L, mode);
    lua_setfield(L, -2, "__mode");
    lua_setmetatable(L, -2);
    keep_set(L, host, slot);
}

/* Push such a function. What it is told, it finds in the host: in LuaJIT even a light userdata may take memory. */
void keep_push_function(lua_State *L, struct host *host, enum kept slot, void *argument)
{
    keep_push(L, host, slot);
    host->argument = argument;
}

/* The same from where nothing may raise. */
bool keep_reserve_quietly(struct host *host)
{
    lua_State *L = host->runner;

    if (host->first_free)
        return true;
    if (!lua_checkstack(L, 4))
        return false;
    keep_push(L, host, KEPT_GROW);
    if (lua_pcall(L, 0, 0, 0) != LUA_OK)
        lua_pop(L, 1);
    return host->first_free != 0;
}

int keep_take(struct host *host)
{
    int slot = host->first_free;

    if (slot)
        host->first_free = host->next_free[slot];
    return slot;
}

/* Cleared with false, not nil: a slot that holds nil could vanish when the table grows, and filling it then allocate.
 */
void keep_drop(struct host *host, int slot)
{
    if (!slot || !host->store)
        return;
    lua_pushboolean(host->store, 0);
    lua_rawseti(host->store, 1, slot);
    host->next_free[slot] = host->first_free;
    host->first_free = slot;
}

/* Pops an object into a box. NULL without memory; the object is popped then too. */
struct box *box_new(lua_State *L, struct host *host)
{
    struct box *box = malloc(sizeof *box);
    bool empty = lua_isnil(L, -1);

    if (!box || (!empty && !keep_reserve_quietly(host))) {
        free(box);
        lua_pop(L, 1);
        return NULL;
    }
    box->host = host_ref(host);
    box->trace_slot = 0;
    box->slot = empty ? 0 : keep_take(host);
    if (empty)
        lua_pop(L, 1);
    else
        keep_set(L, host, box->slot);
    return box;
}

void box_delete(void *pointer)
{
    struct box *box = pointer;

    keep_drop(box->host, box->slot);
    keep_drop(box->host, box->trace_slot);
    host_unref(box->host);
    free(box);
}
