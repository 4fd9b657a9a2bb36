/* A C program with a Lua state and a loop of its own: who closes first, what passes between them, and what happens when
 * Lua's memory runs out at any point. Built and run without an allocator of the tests' own, but valgrind may watch. */
#include "libasync/async.h"

#include <check.h>
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdlib.h>
#include <string.h>

static async_loop *loop;
static lua_State *L;

/* How many allocations Lua may still make; negative for as many as it likes. */
static long allowance = -1;

static void *allocate(void *user, void *block, size_t old_size, size_t size)
{
    if (!size) {
        free(block);
        return NULL;
    }
    /* Lua expects that a block can always be made smaller. */
    if (allowance == 0 && (!block || size > old_size))
        return NULL;
    if (allowance > 0)
        allowance--;
    return realloc(block, size);
}

static void run(const char *source)
{
    ck_assert_msg(!luaL_dostring(L, source), "%s", lua_tostring(L, -1));
}

static void open_state(void)
{
    L = lua_newstate(allocate, NULL);
    luaL_openlibs(L);
    run("async = require 'libasync'; await, sleep, create_task = async.await, async.sleep, async.create_task");
    lua_getglobal(L, "async");
    lua_getfield(L, -1, "use_loop");
    lua_pushlightuserdata(L, async_loop_ref(loop));
    lua_call(L, 1, 0);
    lua_settop(L, 0);
}

static void set_up(void)
{
    loop = async_loop_new();
    open_state();
}

static void close_state(void)
{
    lua_close(L);
    L = NULL;
}

static void tear_down(void)
{
    if (L)
        lua_close(L);
    async_loop_close(loop);
    loop = async_loop_unref(loop);
}

/* The future that a Lua expression gives, for C. */
static async_future *future_of(const char *expression)
{
    async_future *future;

    lua_pushfstring(L, "return async.handle(%s)", expression);
    ck_assert_msg(!luaL_dostring(L, lua_tostring(L, -1)), "%s", lua_tostring(L, -1));
    future = lua_touserdata(L, -1);
    lua_settop(L, 0);
    return future;
}

/* Lua's name for a future of C. */
static void give(const char *name, async_future *taken)
{
    lua_getglobal(L, "async");
    lua_getfield(L, -1, "wrap");
    lua_pushlightuserdata(L, taken);
    lua_call(L, 1, 1);
    lua_setglobal(L, name);
    lua_settop(L, 0);
}

static bool holds(const char *expression)
{
    bool truth;

    lua_pushfstring(L, "return %s", expression);
    ck_assert_msg(!luaL_dostring(L, lua_tostring(L, -1)), "%s", lua_tostring(L, -1));
    truth = lua_toboolean(L, -1);
    lua_settop(L, 0);
    return truth;
}

static void turn(void)
{
    async_future *yield = async_sleep(loop, 0);

    async_loop_run_until(loop, yield);
    async_future_unref(yield);
}

static async_step pass_on, passed_on;

static async_next pass_on(async_task *task, void *state)
{
    return async_await(task, async_future_ref(state), passed_on);
}

static async_next passed_on(async_task *task, void *state)
{
    return async_return(task, async_value_ref(async_awaited(task)));
}

START_TEST(c_runs_the_loop_and_lua_its_coroutines_on_it)
{
    async_future *promise = async_future_new(loop), *doubled;

    give("promise", async_future_ref(promise));
    doubled = future_of("create_task(function() return await(promise) * 2 end)");
    async_future_resolve(promise, async_int(21));
    ck_assert_int_eq(async_loop_run_until(loop, doubled), 0);
    ck_assert_int_eq(async_value_int(async_future_value(doubled)), 42);
    async_future_unref(promise);
    async_future_unref(doubled);
}
END_TEST

START_TEST(c_reads_what_lua_returns)
{
    async_future *task = future_of("create_task(function() return {1, 'two', {3.5}}, true end)");
    async_value *results, *list;

    ck_assert_int_eq(async_loop_run_until(loop, task), 0);
    results = async_future_value(task);
    ck_assert_int_eq(async_value_kind(results), ASYNC_LIST);
    ck_assert_uint_eq(async_value_count(results), 2);
    ck_assert(async_value_bool(async_value_item(results, 1)));
    list = async_value_item(results, 0);
    ck_assert_uint_eq(async_value_count(list), 3);
    ck_assert_str_eq(async_value_text(async_value_item(list, 1), NULL), "two");
    ck_assert_double_eq(async_value_double(async_value_item(async_value_item(list, 2), 0)), 3.5);
    async_future_unref(task);
}
END_TEST

START_TEST(what_lua_threw_or_returned_passes_through_c_untouched)
{
    async_future *failing = future_of("create_task(function() thrown = {} error(thrown) end)");
    async_future *giving = future_of("create_task(function() given = {} return given end)"), *test;

    give("failing", async_create_task(loop, pass_on, failing, NULL));
    give("giving", async_create_task(loop, pass_on, giving, NULL));
    test = future_of("create_task(function()"
                     "  local ok, err = async.try(failing)"
                     "  return not ok and rawequal(err, thrown) and rawequal(await(giving), given)"
                     "end)");
    ck_assert_int_eq(async_loop_run_until(loop, test), 0);
    ck_assert(async_value_bool(async_future_value(test)));
    async_future_unref(failing);
    async_future_unref(giving);
    async_future_unref(test);
}
END_TEST

START_TEST(a_task_that_comes_back_from_c_is_the_same_userdata)
{
    async_future *task;

    run("task = create_task(function() await(sleep(60)) end)");
    task = future_of("task");
    give("again", task);
    ck_assert(holds("rawequal(task, again)"));
    run("task:cancel()");
}
END_TEST

START_TEST(the_state_may_close_while_tasks_wait)
{
    async_future *promise = async_future_new(loop), *task;

    give("promise", async_future_ref(promise));
    task = future_of("create_task(function() await(promise) end)");
    turn();
    close_state();
    async_future_resolve(promise, async_none());
    ck_assert_int_eq(async_loop_run_until(loop, task), ASYNC_ECLOSED);
    ck_assert_str_eq(async_future_message(task), "the Lua state was closed");
    async_future_unref(promise);
    async_future_unref(task);
}
END_TEST

static char reported[100];

static void note(async_loop *where, async_future *source, int error, const char *message, void *user)
{
    strncpy(reported, message, sizeof reported - 1);
}

START_TEST(who_connects_to_a_server_whose_state_was_closed_is_refused)
{
    async_future *starting = future_of("create_task(function()"
                                       "  return await(async.start_server(print, '127.0.0.1', 0)):addresses()[1]"
                                       "end)");
    async_future *opening, *reading;
    async_stream *stream;

    ck_assert_int_eq(async_loop_run_until(loop, starting), 0);
    close_state();
    async_loop_set_exception_handler(loop, note, NULL, NULL);
    opening = async_open_connection_to(loop, async_future_value(starting), NULL);
    ck_assert_int_eq(async_loop_run_until(loop, opening), 0);
    stream = async_value_stream(async_future_value(opening));
    reading = async_stream_read_all(stream);
    ck_assert_int_eq(async_loop_run_until(loop, reading), 0);
    ck_assert_str_eq(reported, "the Lua state was closed");
    async_stream_close(stream);
    async_future_unref(reading);
    async_future_unref(opening);
    async_future_unref(starting);
}
END_TEST

START_TEST(values_and_errors_outlive_their_state)
{
    async_future *giving = future_of("create_task(function() return {1}, {} end)");
    async_future *failing = future_of("create_task(function() error({}) end)");

    ck_assert_int_eq(async_loop_run_until(loop, giving), 0);
    ck_assert_int_eq(async_loop_run_until(loop, failing), ASYNC_EHOST);
    close_state();
    ck_assert_int_eq(async_value_kind(async_future_value(giving)), ASYNC_OBJECT);
    ck_assert_str_eq(async_future_message(failing), "(error object is a table value)");
    async_future_unref(giving);
    async_future_unref(failing);
}
END_TEST

START_TEST(the_loop_may_close_while_lua_holds_its_things)
{
    run("task = create_task(function() local ok, err = async.try(sleep(60)) code = err.code end)"
        "promise = async.future() promise:cancel() timer = async.get_running_loop():call_later(60, print)");
    turn();
    ck_assert_int_eq(async_loop_close(loop), 0);
    ck_assert(holds("task:done() and code == 'ECANCELED' and promise:cancelled()"));
    ck_assert(holds("async.get_running_loop():is_closed() and select(2, pcall(create_task, print)):done()"));
}
END_TEST

static const char everything[] =
    "local async = require 'libasync'\n"
    "local await, sleep, create_task = async.await, async.sleep, async.create_task\n"
    "local loop = async.get_running_loop()\n"
    "local future, tasks = async.future(), {}\n"
    "for i = 1, 10 do tasks[i] = create_task(function(...) await(future) return {}, i, ... end, i) end\n"
    "tasks[11] = create_task(function() await(sleep(0)) error({}) end)\n"
    "tasks[12] = create_task(coroutine.create(function() coroutine.yield() return await(tasks[1]) end))\n"
    "tasks[13] = create_task(function() return 'text' .. #tasks end)\n"
    "future:add_done_callback(function() tasks[14] = async.current_task() end)\n"
    "loop:call_soon(function(...) future:set_result({ ... }, 2) end, 1, 2)\n"
    "loop:call_later(0, function() error('in a callback') end)\n"
    "create_task(function()\n"
    "  await(async.wait({ async.gather { tasks[1], tasks[11], return_exceptions = true }, (table.unpack or "
    "unpack)(tasks, 2) }))\n"
    "  for i = 1, 13 do async.try(tasks[i]) end\n"
    "  finished = true\n"
    "end)\n";

static const char streams[] =
    "local async = require 'libasync'\n"
    "async.create_task(function()\n"
    "  local ann, bob = async.stream_pair()\n"
    "  ann:write('one\\n', 2, '\\nthree')\n"
    "  ann:writelines { 'four', '5' }\n"
    "  local words = { bob:readline(), bob:readexactly(2), bob:read(5), bob:readuntil('5') }\n"
    "  local reader = async.create_task(bob.read, bob, 10)\n"
    "  async.await(async.sleep(0))\n"
    "  ann:write('six')\n"
    "  ann:drain()\n"
    "  local name = '@' .. tostring(words)\n"
    "  local server = async.await(async.start_unix_server(function(stream)\n"
    "    stream:write(stream:read(10))\n"
    "    stream:close()\n"
    "  end, name, { limit = 100, backlog = 5 }))\n"
    "  local client = async.await(async.open_unix_connection(name, { nodelay = false }))\n"
    "  local texts = { tostring(client), tostring(client:get_extra_info('peername')), tostring(server) }\n"
    "  client:write('seven')\n"
    "  client:read()\n"
    "  client:close()\n"
    "  server:close()\n"
    "  finished = true\n"
    "end)\n";

static void ignore(async_loop *where, async_future *source, int error, const char *message, void *user)
{
}

/* Lets the loop look at the kernel, too. */
static void look(void)
{
    async_future *nap = async_sleep(loop, 0.0001);

    async_loop_run_until(loop, nap);
    async_future_unref(nap);
}

/* Which allocation fails is told by how many may come before; when all of them succeed, each has had its turn. */
static void fail_each_allocation(const char *program, void (*step)(void))
{
    bool failed = true;

    for (long before = 0; failed; before++) {
        async_loop_set_exception_handler(loop, ignore, NULL, NULL);
        luaL_loadstring(L, program);
        allowance = before;
        if (lua_pcall(L, 0, 0, 0))
            lua_pop(L, 1);
        for (int steps = 0; steps < 12; steps++)
            step();
        failed = allowance == 0;
        allowance = -1;
        ck_assert(failed || holds("finished"));
        tear_down();
        set_up();
    }
}

START_TEST(lua_may_run_out_of_memory_anywhere)
{
    fail_each_allocation(everything, turn);
}
END_TEST

START_TEST(streams_and_servers_may_run_out_of_luas_memory_anywhere)
{
    fail_each_allocation(streams, look);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("Lua embedded");
    TCase *tests = tcase_create("all");
    SRunner *runner;
    int failed;

    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, c_runs_the_loop_and_lua_its_coroutines_on_it);
    tcase_add_test(tests, c_reads_what_lua_returns);
    tcase_add_test(tests, what_lua_threw_or_returned_passes_through_c_untouched);
    tcase_add_test(tests, a_task_that_comes_back_from_c_is_the_same_userdata);
    tcase_add_test(tests, the_state_may_close_while_tasks_wait);
    tcase_add_test(tests, values_and_errors_outlive_their_state);
    tcase_add_test(tests, the_loop_may_close_while_lua_holds_its_things);
    tcase_add_test(tests, who_connects_to_a_server_whose_state_was_closed_is_refused);
    tcase_add_test(tests, lua_may_run_out_of_memory_anywhere);
    tcase_add_test(tests, streams_and_servers_may_run_out_of_luas_memory_anywhere);
    suite_add_tcase(suite, tests);
    runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
