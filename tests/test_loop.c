#include "tests/support/support.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

/* libev asks the kernel through this name; the program's own definition comes before the system's. */
static int looks;

int epoll_wait(int poll, struct epoll_event *events, int most, int milliseconds)
{
    looks++;
    return epoll_pwait(poll, events, most, milliseconds, NULL);
}

START_TEST(callbacks_run_in_the_order_asked)
{
    async_loop_call_soon(loop, note_call, "a", NULL);
    async_loop_call_soon(loop, note_call, "b", NULL);
    async_loop_call_soon(loop, note_call, "c", NULL);
    turn();
    ck_assert_notes("a b c");
}
END_TEST

START_TEST(a_callback_never_runs_inside_the_call_that_asks_for_it)
{
    async_loop_call_soon(loop, note_call, "a", note_destroy);
    ck_assert_notes("");
    turn();
    ck_assert_notes("a ~a");
}
END_TEST

static void ask_again(async_loop *from, void *text)
{
    note("%s", (char *)text);
    async_loop_call_soon(from, note_call, "again", NULL);
    note("asked");
}

START_TEST(what_a_turn_adds_runs_in_the_next)
{
    async_loop_call_soon(loop, ask_again, "a", NULL);
    async_loop_call_soon(loop, note_call, "b", NULL);
    turn();
    ck_assert_notes("a asked b");
    turn();
    ck_assert_notes("again");
}
END_TEST

START_TEST(a_callback_refused_destroys_its_user_once)
{
    int destroyed = 0;

    ck_assert_int_eq(async_loop_call_soon(NULL, note_call, &destroyed, count_destroy), ASYNC_EINVAL);
    ck_assert_int_eq(async_loop_call_soon(loop, NULL, &destroyed, count_destroy), ASYNC_EINVAL);
    ck_assert_int_eq(async_loop_call_soon_threadsafe(NULL, note_call, &destroyed, count_destroy), ASYNC_EINVAL);
    ck_assert_int_eq(async_loop_call_soon_threadsafe(loop, NULL, &destroyed, count_destroy), ASYNC_EINVAL);
    ck_assert_int_eq(destroyed, 4);
    async_loop_close(loop);
    ck_assert_int_eq(async_loop_call_soon(loop, note_call, &destroyed, count_destroy), ASYNC_ECLOSED);
    ck_assert_int_eq(async_loop_call_soon_threadsafe(loop, note_call, &destroyed, count_destroy), ASYNC_ECLOSED);
    ck_assert_int_eq(destroyed, 6);
    ck_assert_int_eq(async_loop_call_soon(loop, note_call, NULL, NULL), ASYNC_ECLOSED);
}
END_TEST

static void stop(async_loop *from, void *user)
{
    note("stop");
    ck_assert_int_eq(async_loop_stop(from), 0);
}

START_TEST(a_stop_lets_the_turn_in_progress_end)
{
    async_loop_call_soon(loop, ask_again, "a", NULL);
    async_loop_call_soon(loop, stop, NULL, NULL);
    async_loop_call_soon(loop, note_call, "b", NULL);
    ck_assert_int_eq(async_loop_run(loop), 0);
    ck_assert_notes("a asked stop b");
    turn();
    ck_assert_notes("again");
}
END_TEST

START_TEST(stopping_a_loop_that_stands_still_makes_its_next_run_one_turn_long)
{
    async_loop_call_soon(loop, ask_again, "a", NULL);
    ck_assert_int_eq(async_loop_stop(loop), 0);
    ck_assert_int_eq(async_loop_stop(loop), 0);
    ck_assert_int_eq(async_loop_run(loop), 0);
    ck_assert_notes("a asked");
    async_loop_call_soon(loop, stop, NULL, NULL);
    ck_assert_int_eq(async_loop_run(loop), 0);
    ck_assert_notes("again stop");
}
END_TEST

START_TEST(a_loop_with_nothing_to_do_waits_for_its_stop)
{
    async_loop_call_later(loop, 0.001, stop, NULL, NULL, NULL);
    ck_assert_int_eq(async_loop_run(loop), 0);
    ck_assert_notes("stop");
}
END_TEST

static void look_at_itself(async_loop *from, void *user)
{
    ck_assert(async_loop_is_running(from));
    ck_assert(!async_loop_is_closed(from));
    note("looked");
}

START_TEST(a_loop_knows_whether_it_runs_and_is_closed)
{
    ck_assert(!async_loop_is_running(loop));
    ck_assert(!async_loop_is_closed(loop));
    async_loop_call_soon(loop, look_at_itself, NULL, NULL);
    turn();
    ck_assert_notes("looked");
    ck_assert(!async_loop_is_running(loop));
    async_loop_close(loop);
    ck_assert(async_loop_is_closed(loop));
    ck_assert(async_loop_is_closed(NULL));
    ck_assert(!async_loop_is_running(NULL));
}
END_TEST

static void run_inside(async_loop *from, void *user)
{
    async_loop *other = async_loop_new();
    async_future *promise = async_future_new(from);

    ck_assert_int_eq(async_loop_run(from), ASYNC_ERUNNING);
    ck_assert_int_eq(async_loop_run_until(from, promise), ASYNC_ERUNNING);
    ck_assert_int_eq(async_loop_run(other), ASYNC_ERUNNING);
    ck_assert_int_eq(async_loop_close(from), ASYNC_ERUNNING);
    ck_assert_int_eq(async_loop_abandon(from), ASYNC_ERUNNING);
    ck_assert_int_eq(async_loop_close(other), 0);
    ck_assert_int_eq(async_loop_run(other), ASYNC_ERUNNING);
    async_loop_unref(other);
    async_future_unref(promise);
    note("refused");
}

START_TEST(a_run_inside_a_run_is_refused_and_the_loop_goes_on)
{
    async_loop_call_soon(loop, run_inside, NULL, NULL);
    async_loop_call_soon(loop, note_call, "on", NULL);
    turn();
    ck_assert_notes("refused on");
}
END_TEST

START_TEST(what_cannot_be_run_says_why)
{
    ck_assert_int_eq(async_loop_run(NULL), ASYNC_EINVAL);
    ck_assert_int_eq(async_loop_stop(NULL), ASYNC_EINVAL);
    ck_assert_int_eq(async_loop_close(NULL), ASYNC_EINVAL);
    ck_assert_int_eq(async_loop_abandon(NULL), ASYNC_EINVAL);
    ck_assert_int_eq(async_loop_run_until(loop, NULL), ASYNC_EINVAL);
    ck_assert_int_eq(async_loop_run_until(NULL, NULL), ASYNC_EINVAL);
    async_loop_close(loop);
    ck_assert_int_eq(async_loop_run(loop), ASYNC_ECLOSED);
    ck_assert_int_eq(async_loop_stop(loop), ASYNC_ECLOSED);
}
END_TEST

START_TEST(the_clock_never_goes_back)
{
    double before = async_loop_time(loop);

    for (int i = 0; i < 1000; i++) {
        double now = async_loop_time(i % 2 ? loop : NULL);

        ck_assert_double_ge(now, before);
        before = now;
    }
}
END_TEST

/* A storm: a callback that always asks for another one, and counts. */
struct storm {
    int count, most, heard_at;
    useconds_t slow_from, pause;
    int ends[2];
};

static void blow(async_loop *from, void *user)
{
    struct storm *storm = user;

    if (storm->pause && storm->count >= (int)storm->slow_from)
        usleep(storm->pause);
    if (++storm->count < storm->most && storm->heard_at < 0)
        async_loop_call_soon(from, blow, storm, NULL);
    else
        async_loop_stop(from);
}

static void hear(async_loop *from, void *user)
{
    struct storm *storm = user;

    if (storm->heard_at < 0)
        storm->heard_at = storm->count;
}

static void open_pipe(int ends[2])
{
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
}

static void close_pipe(int ends[2])
{
    close(ends[0]);
    close(ends[1]);
}

START_TEST(the_kernel_is_not_asked_between_callbacks)
{
    struct storm storm = {.most = 100000, .heard_at = -1};

    open_pipe(storm.ends);
    async_loop_add_reader(loop, storm.ends[0], hear, &storm, NULL);
    async_loop_call_soon(loop, blow, &storm, NULL);
    looks = 0;
    async_loop_run(loop);
    ck_assert_int_eq(storm.count, storm.most);
    ck_assert_int_gt(looks, 0);
    ck_assert_int_lt(looks, storm.most / 4);
    async_loop_remove_reader(loop, storm.ends[0]);
    close_pipe(storm.ends);
}
END_TEST

START_TEST(a_storm_of_callbacks_does_not_drown_a_descriptor)
{
    struct storm storm = {.most = 1000000, .heard_at = -1};

    open_pipe(storm.ends);
    ck_assert_int_eq(write(storm.ends[1], "x", 1), 1);
    async_loop_add_reader(loop, storm.ends[0], hear, &storm, NULL);
    async_loop_call_soon(loop, blow, &storm, NULL);
    async_loop_run(loop);
    ck_assert_int_ge(storm.heard_at, 0);
    ck_assert_int_le(storm.heard_at, 2048);
    async_loop_remove_reader(loop, storm.ends[0]);
    close_pipe(storm.ends);
}
END_TEST

START_TEST(a_storm_of_callbacks_does_not_drown_a_timer)
{
    struct storm storm = {.most = 100000000, .heard_at = -1};
    double due = async_loop_time(loop) + 0.002;

    async_loop_call_at(loop, due, hear, &storm, NULL, NULL);
    async_loop_call_soon(loop, blow, &storm, NULL);
    async_loop_run(loop);
    ck_assert_int_ge(storm.heard_at, 0);
}
END_TEST

START_TEST(callbacks_that_grow_slow_do_not_drown_a_timer)
{
    struct storm storm = {.most = 10000, .heard_at = -1, .slow_from = 5000, .pause = 1000};

    async_loop_call_soon(loop, blow, &storm, NULL);
    while (storm.count < (int)storm.slow_from)
        turn();
    async_loop_call_later(loop, 0.0001, hear, &storm, NULL, NULL);
    async_loop_run(loop);
    ck_assert_int_ge(storm.heard_at, 0);
    ck_assert_int_le(storm.heard_at, (int)storm.slow_from + 100);
}
END_TEST

static async_next yield_forever(async_task *task, void *state)
{
    struct storm *storm = state;

    if (++storm->count >= storm->most || storm->heard_at >= 0)
        return async_return(task, async_none());
    return async_await(task, async_sleep(async_task_loop(task), 0), yield_forever);
}

START_TEST(a_storm_of_yields_does_not_drown_anyone)
{
    struct storm storm = {.most = 1000000, .heard_at = -1};

    open_pipe(storm.ends);
    ck_assert_int_eq(write(storm.ends[1], "x", 1), 1);
    async_loop_add_reader(loop, storm.ends[0], hear, &storm, NULL);
    ck_assert_int_eq(finish(async_create_task(loop, yield_forever, &storm, NULL)), 0);
    ck_assert_int_ge(storm.heard_at, 0);
    ck_assert_int_le(storm.heard_at, 2048);
    async_loop_remove_reader(loop, storm.ends[0]);
    close_pipe(storm.ends);
}
END_TEST

static void note_error(async_loop *from, async_future *source, int error, const char *message, void *user)
{
    note("%s/%s/%s/%s", (char *)user, source ? "source" : "none", async_error_name(error), message);
}

START_TEST(the_exception_handler_hears_what_nobody_else_can)
{
    async_future *promise = async_future_new(loop);

    async_loop_set_exception_handler(loop, note_error, "one", note_destroy);
    ck_assert_int_eq(async_loop_call_exception_handler(loop, promise, ASYNC_EHOST, "oops"), 0);
    ck_assert_int_eq(async_loop_call_exception_handler(loop, NULL, ASYNC_ENOMEM, NULL), 0);
    ck_assert_notes("one/source/ASYNC_EHOST/oops one/none/ASYNC_ENOMEM/out of memory");
    async_loop_set_exception_handler(loop, note_error, "two", note_destroy);
    ck_assert_notes("~one");
    async_loop_call_exception_handler(loop, NULL, ASYNC_EHOST, "oops");
    ck_assert_notes("two/none/ASYNC_EHOST/oops");
    async_future_unref(promise);
    async_loop_close(loop);
    async_loop_call_exception_handler(loop, NULL, ASYNC_EHOST, "late");
    ck_assert_notes("two/none/ASYNC_EHOST/late");
    loop = async_loop_unref(loop);
    ck_assert_notes("~two");
}
END_TEST

START_TEST(a_handler_for_no_loop_is_refused_and_destroyed)
{
    int destroyed = 0;

    ck_assert_int_eq(async_loop_set_exception_handler(NULL, note_error, &destroyed, count_destroy), ASYNC_EINVAL);
    ck_assert_int_eq(destroyed, 1);
    ck_assert_int_eq(async_loop_call_exception_handler(NULL, NULL, ASYNC_EHOST, "oops"), ASYNC_EINVAL);
}
END_TEST

START_TEST(the_default_handler_writes_one_line_to_stderr)
{
    char line[100] = "";
    int ends[2], kept = dup(STDERR_FILENO);

    open_pipe(ends);
    dup2(ends[1], STDERR_FILENO);
    async_loop_set_exception_handler(loop, NULL, NULL, NULL);
    async_loop_call_exception_handler(loop, NULL, ASYNC_EHOST, "oops");
    dup2(kept, STDERR_FILENO);
    close(kept);
    ck_assert_int_gt(read(ends[0], line, sizeof line - 1), 0);
    ck_assert_str_eq(line, "libasync: oops\n");
    close_pipe(ends);
}
END_TEST

static void stop_at_wake(async_loop *from, void *user)
{
    note("wake");
    async_loop_stop(from);
}

static void note_block(async_loop *from, void *user)
{
    note("block");
}

START_TEST(block_hooks_stand_around_a_sleep_and_nothing_else)
{
    ck_assert_int_eq(async_loop_set_block_hooks(loop, note_block, stop_at_wake, NULL), 0);
    async_loop_call_soon(loop, note_call, "a", NULL);
    turns(3);
    ck_assert_notes("a");
    async_loop_call_later(loop, 0.0005, note_call, "late", NULL, NULL);
    ck_assert_int_eq(async_loop_run(loop), 0);
    ck_assert_notes("block wake late");
    ck_assert_int_eq(async_loop_set_block_hooks(loop, NULL, NULL, NULL), 0);
    ck_assert_int_eq(finish(async_sleep(loop, 0.0005)), 0);
    ck_assert_notes("");
    ck_assert_int_eq(async_loop_set_block_hooks(NULL, NULL, NULL, NULL), ASYNC_EINVAL);
}
END_TEST

START_TEST(the_last_reference_abandons_the_loop)
{
    int destroyed = 0;

    ck_assert_ptr_eq(async_loop_ref(loop), loop);
    ck_assert_ptr_null(async_loop_unref(loop));
    async_loop_call_soon(loop, note_call, &destroyed, count_destroy);
    ck_assert_int_eq(destroyed, 0);
    loop = async_loop_unref(loop);
    ck_assert_int_eq(destroyed, 1);
    ck_assert_notes("");
    ck_assert_ptr_null(async_loop_ref(NULL));
    ck_assert_ptr_null(async_loop_unref(NULL));
}
END_TEST

static void drop_loop(async_loop *from, void *user)
{
    async_loop_unref(from);
    async_loop_call_soon(from, note_call, "still here", NULL);
    async_loop_stop(from);
}

START_TEST(a_running_loop_survives_its_last_reference)
{
    async_loop_call_soon(loop, drop_loop, NULL, NULL);
    ck_assert_int_eq(async_loop_run(loop), 0);
    loop = NULL;
    ck_assert_notes("");
}
END_TEST

/* However few descriptors are left: either there is a loop, or the table is said to be full. */
START_TEST(a_full_descriptor_table_gives_no_loop_and_says_so)
{
    struct rlimit limit, small;
    int taken[64], count = 0, left = 0;
    async_loop *made = NULL;

    getrlimit(RLIMIT_NOFILE, &limit);
    small = limit;
    small.rlim_cur = 64;
    setrlimit(RLIMIT_NOFILE, &small);
    while (count < 64 && (taken[count] = dup(STDIN_FILENO)) >= 0)
        count++;
    for (; !made && left < 10; left++) {
        errno = 0;
        made = async_loop_new();
        if (!made)
            ck_assert_int_eq(errno, EMFILE);
        if (!made)
            close(taken[--count]);
    }
    ck_assert_ptr_nonnull(made);
    ck_assert_int_gt(left, 1);
    async_loop_close(made);
    async_loop_unref(made);
    while (count > 0)
        close(taken[--count]);
    setrlimit(RLIMIT_NOFILE, &limit);
}
END_TEST

START_TEST(a_loop_without_memory_cannot_be_made)
{
    size_t blocks = memory_blocks(), n = 1;
    async_loop *made;

    for (;; n++) {
        memory_fail_at(n, false);
        errno = 0;
        made = async_loop_new();
        if (!memory_has_failed())
            break;
        ck_assert_ptr_null(made);
        ck_assert_int_eq(errno, ENOMEM);
        ck_assert_uint_eq(memory_blocks(), blocks);
    }
    ck_assert_ptr_nonnull(made);
    ck_assert_uint_gt(n, 1);
    async_loop_unref(made);
}
END_TEST

int main(void)
{
    return RUN_TESTS("loop", callbacks_run_in_the_order_asked, a_callback_never_runs_inside_the_call_that_asks_for_it,
                     what_a_turn_adds_runs_in_the_next, a_callback_refused_destroys_its_user_once,
                     a_stop_lets_the_turn_in_progress_end,
                     stopping_a_loop_that_stands_still_makes_its_next_run_one_turn_long,
                     a_loop_with_nothing_to_do_waits_for_its_stop, a_loop_knows_whether_it_runs_and_is_closed,
                     a_run_inside_a_run_is_refused_and_the_loop_goes_on, what_cannot_be_run_says_why,
                     the_clock_never_goes_back, the_kernel_is_not_asked_between_callbacks,
                     a_storm_of_callbacks_does_not_drown_a_descriptor, a_storm_of_callbacks_does_not_drown_a_timer,
                     callbacks_that_grow_slow_do_not_drown_a_timer, a_storm_of_yields_does_not_drown_anyone,
                     the_exception_handler_hears_what_nobody_else_can, a_handler_for_no_loop_is_refused_and_destroyed,
                     the_default_handler_writes_one_line_to_stderr,
                     block_hooks_stand_around_a_sleep_and_nothing_else, the_last_reference_abandons_the_loop,
                     a_running_loop_survives_its_last_reference, a_full_descriptor_table_gives_no_loop_and_says_so,
                     a_loop_without_memory_cannot_be_made);
}
