/* Running a loop from Lua. */
#include "bindings/lua/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Run a loop until a future is done, or until it is stopped. While it runs, its callbacks are called on this thread.
 * The answer is the library's, or DRIVE_INTERRUPTED. */
int drive(lua_State *L, struct host *host, async_loop *loop, async_future *future, async_future *main_task)
{
    async_loop *outer = host->loop;
    bool watching;
    int code;

    if (host->runner != host->spare)
        return ASYNC_ERUNNING;
    if (async_loop_is_closed(loop))
        return ASYNC_ECLOSED;
    host->runner = L;
    host->loop = loop;
    watching = interrupt_install(host, loop, main_task);
    code = future ? async_loop_run_until(loop, future) : async_loop_run(loop);
    if (watching && interrupt_restore(loop))
        code = DRIVE_INTERRUPTED;
    combine_drop_turn(host);
    host->runner = host->spare;
    host->loop = outer;
    return code;
}

/* Cancel what still runs and let it end, as asyncio does; what fails meanwhile is reported, for nobody reads it. */
static void cancel_rest(lua_State *L, struct host *host, async_loop *loop)
{
    size_t count = async_all_tasks(loop, NULL, 0);
    async_future **tasks = malloc((count ? count : 1) * sizeof *tasks);
    async_future *rest;

    if (count && tasks) {
        count = async_all_tasks(loop, tasks, count);
        for (size_t index = 0; index < count; index++)
            async_future_cancel(tasks[index], NULL);
        rest = async_wait(loop, tasks, count, ASYNC_ALL_COMPLETED, ASYNC_FOREVER);
        drive(L, host, loop, rest, NULL);
        async_future_unref(rest);
    }
    free(tasks);
}

/* async.run(main, …): a loop, one task, run to its end. What main returns is returned, what it throws thrown. */
static int run(lua_State *L)
{
    struct host *host = host_upvalue(L);
    async_future *future;
    async_loop *loop;
    int code;

    task_check_startable(L, host, 1);
    if (host->runner != host->spare)
        return luaL_error(L, "async.run() cannot be called from a running event loop");
    loop = async_loop_new();
    if (!loop)
        return luaL_error(L, "cannot make an event loop: %s", strerror(errno));
    loop_push(L, host, loop);
    lua_insert(L, 1);
    future = task_start(L, host, loop, 2)->future;
    code = drive(L, host, loop, future, future);
    cancel_rest(L, host, loop);
    async_loop_close(loop);
    host->raised = async_value_unref(host->raised);
    if (code == DRIVE_INTERRUPTED && async_future_is_cancelled(future))
        return luaL_error(L, "interrupted!");
    if (code != DRIVE_INTERRUPTED && code != async_future_error(future))
        return error_raise_code(L, host, code, NULL);
    host->raised = async_value_ref(async_future_failure(future));
    return future_push_outcome(L, host, 2);
}

/* A message handler like debug.traceback, for xpcall(async.run, async.traceback, main): it shows where the coroutine
 * failed whose error run raised, then where run was called. */
static int traceback(lua_State *L)
{
    struct host *host = host_upvalue(L);
    lua_State *thread = error_thread(host, host->raised);

    lua_settop(L, 1);
    if (thread) {
        error_push(L, host, host->raised);
        if (!lua_rawequal(L, 1, 2))
            thread = NULL;
        lua_settop(L, 1);
    }
    if (!thread)
        return traceback_handler(L);
    luaL_traceback(L, thread, async_value_message(host->raised), 0);
    luaL_traceback(L, L, NULL, 1);
    lua_pushfstring(L, "%s\n%s", lua_tostring(L, -2), lua_tostring(L, -1));
    return 1;
}

void run_register(lua_State *L, struct host *host)
{
    static const luaL_Reg functions[] = {{"run", run}, {"traceback", traceback}, {NULL, NULL}};

    register_functions(L, host, functions);
}
