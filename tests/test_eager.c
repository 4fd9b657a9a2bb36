/* Eager start: the first step runs inside the call that creates the task. */
#include "tests/support/support.h"

#include <string.h>

static async_task_options *options;

static void make_options(void)
{
    options = async_task_options_new();
    ck_assert_int_eq(async_task_options_set_eager(options, true), 0);
}

static void drop_options(void)
{
    options = async_task_options_unref(options);
}

/* A task that has the loop run, so that others can be started eagerly in its only step. */
typedef void act(void);

static async_next run_act(async_task *task, void *state)
{
    (*(act **)state)();
    return async_return(task, async_none());
}

static void inside(act *what)
{
    ck_assert_int_eq(finish(async_create_task(loop, run_act, &what, NULL)), 0);
}

static async_future *start(async_step *step, void *state)
{
    return async_create_task_with(loop, step, state, note_destroy, options);
}

static async_next end_at_once(async_task *task, void *state)
{
    note("%s", (char *)state);
    return async_return(task, async_int(7));
}

static void start_one_that_ends(void)
{
    async_future *creator = async_current_task(loop), *task = start(end_at_once, "one");

    ck_assert_notes("one ~one");
    ck_assert(async_future_is_done(task));
    ck_assert_int_eq(async_value_int(async_future_value(task)), 7);
    ck_assert_ptr_eq(async_current_task(loop), creator);
    async_future_unref(task);
}

START_TEST(a_task_that_ends_in_its_first_step_is_done_when_created)
{
    make_options();
    inside(start_one_that_ends);
    drop_options();
}
END_TEST

static async_next go_on(async_task *task, void *state)
{
    note("%s-goes-on", (char *)state);
    return async_return(task, async_none());
}

static async_next yield_once(async_task *task, void *state)
{
    ck_assert_ptr_eq(async_current_task(loop), async_task_future(task));
    note("%s", (char *)state);
    return async_await(task, async_sleep(loop, 0), go_on);
}

static async_next await_what_is_done(async_task *task, void *state)
{
    note("%s", (char *)state);
    return async_await(task, async_sleep(NULL, 0), go_on);
}

static void start_some(void)
{
    async_future *creator = async_current_task(loop), *usual = async_create_task(loop, end_at_once, "usual", NULL);
    async_future *eager = start(yield_once, "eager"), *other = start(await_what_is_done, "other");

    note("created");
    ck_assert_ptr_eq(async_current_task(loop), creator);
    ck_assert(!async_future_is_done(eager));
    ck_assert_int_eq(async_future_error(other), ASYNC_EINVAL);
    async_future_unref(usual);
    async_future_unref(eager);
    async_future_unref(other);
}

START_TEST(a_task_goes_on_from_its_first_wait_as_any_other)
{
    make_options();
    inside(start_some);
    turns(2);
    ck_assert_notes("eager other ~other created usual eager-goes-on ~eager");
    drop_options();
}
END_TEST

START_TEST(on_a_loop_that_stands_still_a_task_starts_in_the_next_turn)
{
    async_future *task;

    make_options();
    task = start(end_at_once, "one");
    ck_assert_notes("");
    ck_assert_int_eq(finish(task), 0);
    ck_assert_notes("one ~one");
    drop_options();
}
END_TEST

static void start_in_a_callback(async_loop *from, void *user)
{
    ck_assert_ptr_null(async_current_task(loop));
    start_one_that_ends();
}

START_TEST(a_callback_may_start_one_too)
{
    make_options();
    async_loop_call_soon(loop, start_in_a_callback, NULL, NULL);
    turn();
    drop_options();
}
END_TEST

static async_next fail_at_once(async_task *task, void *state)
{
    return async_fail(task, ASYNC_EHOST, "broke");
}

static async_next say_nothing(async_task *task, void *state)
{
    return NULL;
}

static void start_some_that_fail(void)
{
    async_future *failed = start(fail_at_once, "one"), *faulty = start(say_nothing, "two");

    ck_assert_int_eq(async_future_error(failed), ASYNC_EHOST);
    ck_assert_int_eq(async_future_error(faulty), ASYNC_EINVAL);
    async_future_unref(failed);
    async_future_unref(faulty);
    async_future_unref(start(fail_at_once, "three"));
    ck_assert_notes("~one ~two ~three");
}

START_TEST(a_task_may_fail_in_its_first_step)
{
    make_options();
    inside(start_some_that_fail);
    ck_assert_ptr_nonnull(strstr(reports(), "failed and nobody read it: broke"));
    drop_options();
}
END_TEST

static async_next cancel_oneself(async_task *task, void *state)
{
    async_future_cancel(async_task_future(task), NULL);
    return async_await(task, async_sleep(loop, 1000), go_on);
}

static async_next cancel_ones_creator(async_task *task, void *state)
{
    async_future_cancel(*(async_future **)state, NULL);
    return async_return(task, async_none());
}

static async_future *cancelled;

static void start_some_that_cancel(void)
{
    async_future *creator = async_current_task(loop);

    cancelled = start(cancel_oneself, "one");
    async_task_options_set_name(options, "canceller");
    async_future_unref(async_create_task_with(loop, cancel_ones_creator, &creator, NULL, options));
    ck_assert(async_future_must_cancel(creator));
    async_future_uncancel(creator);
}

START_TEST(a_first_step_may_cancel_itself_and_its_creator)
{
    make_options();
    inside(start_some_that_cancel);
    ck_assert_int_eq(finish(cancelled), ASYNC_ECANCELED);
    ck_assert_notes("~one");
    drop_options();
}
END_TEST

static async_local *depth;

static async_next look(async_task *task, void *state)
{
    note("%d", (int)async_value_int(async_local_get(loop, depth)));
    async_local_set(loop, depth, async_int(2));
    return async_return(task, async_none());
}

static void start_heirs(void)
{
    async_local_set(loop, depth, async_int(1));
    async_future_unref(async_create_task_with(loop, look, NULL, NULL, options));
    note("%d", (int)async_value_int(async_local_get(loop, depth)));
}

START_TEST(a_first_step_has_its_creators_values_and_sets_its_own)
{
    make_options();
    depth = async_local_new("depth", NULL);
    inside(start_heirs);
    ck_assert_notes("1 1");
    async_local_unref(depth);
    drop_options();
}
END_TEST

#define GENERATIONS 100000
static int generations;

static async_next start_the_next(async_task *task, void *state)
{
    if (generations-- > 0)
        async_future_unref(async_create_task_with(loop, start_the_next, NULL, NULL, options));
    return async_return(task, async_none());
}

static void start_generations(void)
{
    async_future_unref(async_create_task_with(loop, start_the_next, NULL, NULL, options));
    ck_assert_int_lt(generations, GENERATIONS - 50);
}

START_TEST(generations_that_start_each_other_do_not_overflow_the_stack)
{
    make_options();
    generations = GENERATIONS;
    inside(start_generations);
    while (generations >= 0)
        turn();
    drop_options();
}
END_TEST

START_TEST(a_closed_loop_starts_nothing)
{
    make_options();
    async_loop_close(loop);
    ck_assert_int_eq(async_future_error(start(end_at_once, "one")), ASYNC_ECLOSED);
    ck_assert_notes("~one");
    drop_options();
}
END_TEST

int main(void)
{
    return RUN_TESTS("eager", a_task_that_ends_in_its_first_step_is_done_when_created,
                     a_task_goes_on_from_its_first_wait_as_any_other,
                     on_a_loop_that_stands_still_a_task_starts_in_the_next_turn, a_callback_may_start_one_too,
                     a_task_may_fail_in_its_first_step, a_first_step_may_cancel_itself_and_its_creator,
                     a_first_step_has_its_creators_values_and_sets_its_own,
                     generations_that_start_each_other_do_not_overflow_the_stack, a_closed_loop_starts_nothing);
}
