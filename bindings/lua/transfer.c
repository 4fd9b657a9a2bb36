/* What goes through streams. What waits, awaits by itself and returns what came. */
#include "bindings/lua/resource.h"

#include <stdlib.h>

/* What a read is received into, before it becomes a string: as much as the kernel mostly has at once. */
enum { SCRATCH_SIZE = 65536 };

/* So many pieces are handed over together. */
enum { MOST_PIECES = 64 };

static async_stream *stream_of(lua_State *L)
{
    return stream_check(L, 1);
}

/* Reading */

/* Making a string may run a finalizer, which may read too: that one does not get the same memory. */
static int64_t receive(lua_State *L, struct host *host)
{
    struct coroutine *self = host->current;
    int64_t count = async_stream_read_now(self->stream, host->scratch, self->most);

    host->is_receiving = true;
    if (count >= 0)
        lua_pushlstring(L, host->scratch, (size_t)count);
    host->is_receiving = false;
    return count;
}

/* There is something, most likely. Of an error the next read tells, with all that it has to say. */
static int give_bytes(lua_State *L, struct host *host, async_value *none)
{
    async_stream *stream = host->current->stream;
    int64_t count;

    if (!host->scratch)
        host->scratch = malloc(SCRATCH_SIZE);
    if (!host->scratch || host->is_receiving)
        return await_then(L, host, async_stream_read(stream, host->current->most), give_all);
    count = receive(L, host);
    if (count >= 0)
        return 1;
    if (count == ASYNC_EEMPTY)
        return await_then(L, host, async_stream_wait_readable(stream), give_bytes);
    return await_then(L, host, async_stream_read(stream, 1), give_all);
}

/* Read what there is; outside of a task it is left to await_then to complain. */
static int read_some(lua_State *L, struct host *host, async_stream *stream, lua_Number most)
{
    if (host->current) {
        host->current->stream = stream;
        host->current->most = most < SCRATCH_SIZE ? (size_t)most : SCRATCH_SIZE;
    }
    return await_then(L, host, async_stream_wait_readable(stream), give_bytes);
}

/* stream:read(n): at most so many bytes, "" at the end; without a number all of them, to the end */
static int stream_read(lua_State *L)
{
    struct resource *resource = resource_check(L, 1, &stream_class);
    lua_Number most = lua_tonumber(L, 2);

    if (most >= 1)
        return read_some(L, resource->host, resource->object, most);
    if (luaL_optnumber(L, 2, -1) < 0)
        return await_then(L, resource->host, async_stream_read_all(resource->object), give_all);
    lua_pushliteral(L, "");
    return 1;
}

static int readexactly(lua_State *L)
{
    async_stream *stream = stream_of(L);
    size_t size = resource_check_size(L, 2, 0);

    if (size)
        return await_then(L, host_upvalue(L), async_stream_read_exactly(stream, size), give_all);
    lua_pushliteral(L, "");
    return 1;
}

static int readuntil(lua_State *L)
{
    async_stream *stream = stream_of(L);
    size_t size;
    const char *separator;

    if (lua_isnoneornil(L, 2))
        separator = "\n", size = 1;
    else
        separator = luaL_checklstring(L, 2, &size);
    luaL_argcheck(L, size, 2, "separator must not be empty");
    return await_then(L, host_upvalue(L), async_stream_read_until(stream, separator, size), give_all);
}

/* With its "\n"; "" at the end. */
static int readline(lua_State *L)
{
    return await_then(L, host_upvalue(L), async_stream_read_line(stream_of(L)), give_all);
}

static int at_eof(lua_State *L)
{
    lua_pushboolean(L, async_stream_at_eof(stream_of(L)));
    return 1;
}

/* Writing */

/* The words of the stream's last error, or NULL for those of the code. */
static const char *message(const async_stream *stream)
{
    const char *words = async_stream_message(stream);

    return *words ? words : NULL;
}

static int refused(lua_State *L, const async_stream *stream, int code)
{
    return resource_answer(L, code, code == ASYNC_ESTATE ? "write() after write_eof()" : message(stream));
}

/* True; or false and the error where the peer is gone or the stream closed, of which drain tells too. What can only be
 * a mistake is raised. */
static int written(lua_State *L, async_stream *stream, int code)
{
    async_value *failure;

    lua_pushboolean(L, !code);
    if (!code)
        return 1;
    if (code == ASYNC_ESTATE || code == ASYNC_EINVAL || code == ASYNC_ETHREAD)
        return refused(L, stream, code);
    failure = async_error(code, message(stream));
    error_push(L, host_upvalue(L), failure);
    async_value_unref(failure);
    return 2;
}

/* So many strings from an index of the stack on. */
static int write_pieces(lua_State *L, async_stream *stream, int index, int count)
{
    const void *pieces[MOST_PIECES];
    size_t sizes[MOST_PIECES];

    for (int piece = 0; piece < count; piece++)
        pieces[piece] = lua_tolstring(L, index + piece, &sizes[piece]);
    return async_stream_write_pieces(stream, pieces, sizes, (size_t)count);
}

/* stream:write(a, b, …) */
static int stream_write(lua_State *L)
{
    async_stream *stream = stream_of(L);
    int last = lua_gettop(L), code = 0;
    size_t size;
    const char *bytes = luaL_checklstring(L, 2, &size);

    if (last == 2)
        return written(L, stream, async_stream_write(stream, bytes, size));
    for (int index = 3; index <= last; index++)
        luaL_checkstring(L, index);
    for (int index = 2; index <= last && !code; index += MOST_PIECES) {
        int count = last - index + 1;

        code = write_pieces(L, stream, index, count < MOST_PIECES ? count : MOST_PIECES);
    }
    return written(L, stream, code);
}

/* stream:writelines{ a, b, … } */
static int writelines(lua_State *L)
{
    async_stream *stream = stream_of(L);
    int total, code = 0;

    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 2);
    luaL_checkstack(L, MOST_PIECES, "not enough memory");
    total = (int)lua_rawlen(L, 2);
    for (int item = 1; item <= total; item++) {
        lua_rawgeti(L, 2, item);
        if (!lua_isstring(L, -1))
            return luaL_argerror(L, 2,
                                 lua_pushfstring(L, "item %d: string expected, got %s", item, luaL_typename(L, -1)));
        lua_pop(L, 1);
    }
    for (int item = 1; item <= total && !code; lua_settop(L, 2)) {
        int count = 0;

        for (; count < MOST_PIECES && item <= total; count++)
            lua_rawgeti(L, 2, item++);
        code = write_pieces(L, stream, 3, count);
    }
    return written(L, stream, code);
}

static int drain(lua_State *L)
{
    struct resource *resource = resource_check(L, 1, &stream_class);

    return await_then(L, resource->host, async_stream_drain(resource->object), give_all);
}

static int unsent(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)async_stream_unsent(stream_of(L)));
    return 1;
}

/* A descriptor, or a file that io.open gave. */
static int check_file(lua_State *L, int argument)
{
    FILE *file;

    if (lua_type(L, argument) == LUA_TNUMBER)
        return (int)lua_tointeger(L, argument);
    file = file_of(luaL_checkudata(L, argument, LUA_FILEHANDLE));
    luaL_argcheck(L, file, argument, "the file is closed");
    return fileno(file);
}

/* stream:sendfile(file, offset, count): how many bytes were sent */
static int sendfile(lua_State *L)
{
    async_stream *stream = stream_of(L);
    int file = check_file(L, 2);
    lua_Number offset = luaL_optnumber(L, 3, 0), count = luaL_optnumber(L, 4, -1);

    luaL_argcheck(L, offset >= 0 && offset < 9e18, 3, "must not be negative");
    luaL_argcheck(L, count >= -1 && count < 9e18, 4, "must not be negative");
    return await_then(L, host_upvalue(L), async_stream_sendfile(stream, file, (int64_t)offset, (int64_t)count),
                      give_all);
}

static int write_eof(lua_State *L)
{
    async_stream *stream = stream_of(L);

    return refused(L, stream, async_stream_write_eof(stream));
}

static int can_write_eof(lua_State *L)
{
    lua_pushboolean(L, async_stream_can_write_eof(stream_of(L)));
    return 1;
}

const luaL_Reg stream_transfer[] = {
    {"read", stream_read}, {"readexactly", readexactly}, {"readuntil", readuntil},   {"readline", readline},
    {"at_eof", at_eof},    {"write", stream_write},      {"writelines", writelines}, {"drain", drain},
    {"unsent", unsent},    {"sendfile", sendfile},       {"write_eof", write_eof},   {"can_write_eof", can_write_eof},
    {NULL, NULL},
};
