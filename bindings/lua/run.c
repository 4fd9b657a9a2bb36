/* Running a loop from Lua. */
#include "bindings/lua/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What a run of a loop puts in place, to be put back after. */
struct drive {
    async_loop *outer;
    bool watching;
};

/* While a loop runs, its callbacks are called on the thread that runs it. */
static int drive_begin(struct drive *drive, lua_State *L, struct host *host, async_loop *loop, async_future *main_task)
{
    if (host->runner != host->spare)
        return ASYNC_ERUNNING;
    if (async_loop_is_closed(loop))
        return ASYNC_ECLOSED;
    drive->outer = host->loop;
    host->runner = L;
    host->loop = loop;
    drive->watching = interrupt_install(host, loop, main_task);
    return 0;
}

static int drive_end(struct drive *drive, struct host *host, async_loop *loop, int code)
{
    if (drive->watching && interrupt_restore(loop))
        code = DRIVE_INTERRUPTED;
    combine_drop_turn(host);
    host->runner = host->spare;
    host->loop = drive->outer;
    return code;
}

/* Run a loop until a future is done, or until it is stopped. The answer is the library's, or DRIVE_INTERRUPTED. */
int drive(lua_State *L, struct host *host, async_loop *loop, async_future *future, async_future *main_task)
{
    struct drive drive;
    int code = drive_begin(&drive, L, host, loop, main_task);

    if (code)
        return code;
    code = future ? async_loop_run_until(loop, future) : async_loop_run(loop);
    return drive_end(&drive, host, loop, code);
}

/* Move a test clock, which also runs a loop that stands still. */
int drive_advance(lua_State *L, struct host *host, async_loop *loop, double seconds)
{
    struct drive drive;
    int code;

    if (async_loop_is_running(loop))
        return async_loop_advance(loop, seconds);
    code = drive_begin(&drive, L, host, loop, NULL);
    if (code)
        return code;
    code = async_loop_advance(loop, seconds);
    return drive_end(&drive, host, loop, code);
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

/* Run the function at index 2 as the main task of a loop, with the arguments above it, and push what it returns. */
static int run_main(lua_State *L, struct host *host, async_loop *loop, bool last)
{
    async_future *future = task_start(L, host, loop, 2)->future;
    int code = drive(L, host, loop, future, future);

    if (last) {
        cancel_rest(L, host, loop);
        async_loop_close(loop);
    }
    host->raised = async_value_unref(host->raised);
    if (code == DRIVE_INTERRUPTED && async_future_is_cancelled(future))
        return luaL_error(L, "interrupted!");
    if (code != DRIVE_INTERRUPTED && code != async_future_error(future))
        return error_raise_code(L, host, code, NULL);
    host->raised = async_value_ref(async_future_failure(future));
    return future_push_outcome(L, host, 2);
}

static void check_runnable(lua_State *L, struct host *host, const char *word, int index)
{
    task_check_startable(L, host, index);
    if (host->runner != host->spare)
        luaL_error(L, "%s cannot be called from a running event loop", word);
}

/* async.run(main, …): a loop, one task, run to its end. What main returns is returned, what it throws thrown. */
static int run(lua_State *L)
{
    struct host *host = host_upvalue(L);
    async_loop *loop;

    check_runnable(L, host, "async.run()", 1);
    loop = async_loop_new();
    if (!loop)
        return luaL_error(L, "cannot make an event loop: %s", strerror(errno));
    loop_push(L, host, loop);
    lua_insert(L, 1);
    return run_main(L, host, loop, true);
}

/* The same on a loop that goes on to be used: for Runner. */
static int run_on(lua_State *L)
{
    struct host *host = host_upvalue(L);

    check_runnable(L, host, "Runner:run()", 2);
    return run_main(L, host, loop_check(L, 1), false);
}

/* How it ends: the rest is cancelled and the loop closed. */
static int run_end(lua_State *L)
{
    struct host *host = host_upvalue(L);
    async_loop *loop = loop_check(L, 1);
    int code;

    if (host->runner != host->spare)
        return luaL_error(L, "Runner:close() cannot be called from a running event loop");
    cancel_rest(L, host, loop);
    code = async_loop_close(loop);
    return code ? error_raise_code(L, host, code, NULL) : 0;
}

/* A message handler like debug.traceback, for xpcall(async.run, async.traceback, main): it shows where the coroutine
 * failed whose error run raised, then where run was called. */
static int traceback(lua_State *L)
{
    struct host *host = host_upvalue(L);
    bool ours = false;

    lua_settop(L, 1);
    if (host->raised) {
        error_push(L, host, host->raised);
        ours = lua_rawequal(L, 1, 2);
        lua_settop(L, 1);
    }
    if (!ours || !error_push_trace(L, host, host->raised))
        return traceback_handler(L);
    luaL_traceback(L, L, NULL, 1);
    lua_pushfstring(L, "%s\n%s", lua_tostring(L, -2), lua_tostring(L, -1));
    return 1;
}

void run_register(lua_State *L, struct host *host)
{
    static const luaL_Reg functions[] = {{"run", run}, {"traceback", traceback}, {NULL, NULL}};
    static const luaL_Reg inner[] = {{"run_on", run_on}, {"run_end", run_end}, {NULL, NULL}};

    register_functions(L, host, functions);
    register_inner(L, host, inner);
}
