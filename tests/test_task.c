#include "libasync/coroutine.h"
#include "tests/support/support.h"

#include <stdio.h>
#include <string.h>

START_TEST(a_task_runs_its_steps_in_order_and_gives_its_value)
{
    async_future *promise = async_future_new(loop);
    struct courier ann = {.name = "ann", .parcel = async_future_ref(promise)};
    async_future *task = courier_send(&ann);

    ck_assert(async_future_is_task(task));
    ck_assert_notes("");
    turn();
    ck_assert_notes("ann?");
    ck_assert(!async_future_is_done(task));
    async_future_resolve(promise, async_int(7));
    ck_assert_notes("");
    turn();
    ck_assert_notes("ann=7 ~ann");
    ck_assert_int_eq(async_value_int(async_future_value(task)), 7);
    async_future_unref(promise);
    async_future_unref(task);
}
END_TEST

START_TEST(the_first_step_runs_in_the_next_turn_in_the_order_created)
{
    struct courier ann = {.name = "ann"}, bob = {.name = "bob"};

    async_future_unref(courier_send(&ann));
    async_future_unref(courier_send(&bob));
    ck_assert_notes("");
    turn();
    ck_assert_notes("ann? ~ann bob? ~bob");
}
END_TEST

START_TEST(a_task_lives_until_it_ends_whoever_holds_it)
{
    async_future *promise = async_future_new(loop);
    struct courier ann = {.name = "ann", .parcel = async_future_ref(promise)};

    async_future_unref(courier_send(&ann));
    turn();
    async_future_resolve(promise, async_int(7));
    async_future_unref(promise);
    turn();
    ck_assert_notes("ann? ann=7 ~ann");
}
END_TEST

START_TEST(a_failure_that_is_not_tried_ends_the_task_with_the_same_error)
{
    async_future *promise = async_future_new(loop);
    async_value *error = async_error_caused(ASYNC_EHOST, "broke", async_text("Traceback"));
    struct courier ann = {.name = "ann", .parcel = async_future_ref(promise)};
    async_future *task = courier_send(&ann);

    turn();
    async_future_fail_with(promise, async_value_ref(error));
    ck_assert_int_eq(async_loop_run_until(loop, task), ASYNC_EHOST);
    ck_assert_ptr_eq(async_future_failure(task), error);
    ck_assert_notes("ann? ~ann");
    async_value_unref(error);
    async_future_unref(promise);
    async_future_unref(task);
}
END_TEST

START_TEST(a_failure_that_is_tried_is_seen_and_may_be_passed_on)
{
    async_future *promise = async_future_new(loop);
    struct courier ann = {.name = "ann", .parcel = async_future_ref(promise), .tries = true};
    async_future *task = courier_send(&ann);

    turn();
    async_future_fail(promise, ASYNC_ENONAME, "no such host");
    ck_assert_int_eq(async_loop_run_until(loop, task), ASYNC_ENONAME);
    ck_assert_str_eq(async_future_message(task), "no such host");
    ck_assert_notes("ann? ann!ENONAME ~ann");
    async_future_unref(promise);
    async_future_unref(task);
}
END_TEST

START_TEST(a_failure_may_be_swallowed_and_the_task_go_on)
{
    async_future *promise = async_future_new(loop), *again = async_future_new(loop);
    struct courier ann = {.name = "ann", .parcel = async_future_ref(promise), .swallows = true,
                          .again = async_future_ref(again)};
    async_future *task = courier_send(&ann);

    turn();
    async_future_fail(promise, ASYNC_ENONAME, NULL);
    turn();
    async_future_resolve(again, async_int(8));
    ck_assert_int_eq(finish(task), 0);
    ck_assert_notes("ann? ann!ENONAME ann=8 ~ann");
    async_future_unref(promise);
    async_future_unref(again);
}
END_TEST

START_TEST(awaiting_what_is_done_goes_on_in_the_same_turn)
{
    async_future *promise = async_future_new(loop);
    struct courier ann = {.name = "ann", .parcel = async_future_ref(promise)}, bob = {.name = "bob"};

    async_future_resolve(promise, async_int(7));
    async_future_unref(courier_send(&ann));
    async_future_unref(courier_send(&bob));
    turn();
    ck_assert_notes("ann? ann=7 ~ann bob? ~bob");
    async_future_unref(promise);
}
END_TEST

START_TEST(sleeping_zero_seconds_lets_the_others_have_one_turn)
{
    struct courier ann = {.name = "ann", .parcel = async_sleep(loop, 0)}, bob = {.name = "bob"};

    async_future_unref(courier_send(&ann));
    async_future_unref(courier_send(&bob));
    turn();
    ck_assert_notes("ann? bob? ~bob");
    turn();
    ck_assert_notes("ann= ~ann");
}
END_TEST

START_TEST(waiters_go_on_in_the_order_they_came)
{
    async_future *promise = async_future_new(loop);
    struct courier couriers[5];
    static const char *names[] = {"a", "b", "c", "d", "e"};

    for (int i = 0; i < 5; i++) {
        couriers[i] = (struct courier){.name = names[i], .parcel = async_future_ref(promise)};
        async_future_unref(courier_send(&couriers[i]));
    }
    turn();
    notes();
    async_future_resolve(promise, async_int(1));
    turn();
    ck_assert_notes("a=1 ~a b=1 ~b c=1 ~c d=1 ~d e=1 ~e");
    async_future_unref(promise);
}
END_TEST

START_TEST(tasks_await_each_other)
{
    async_future *promise = async_future_new(loop), *tasks[5];
    struct courier couriers[5];
    static const char *names[] = {"a", "b", "c", "d", "e"};

    tasks[0] = promise;
    for (int i = 0; i < 5; i++) {
        couriers[i] = (struct courier){.name = names[i], .parcel = async_future_ref(i ? tasks[i - 1] : promise)};
        tasks[i] = courier_send(&couriers[i]);
    }
    turn();
    notes();
    async_future_resolve(promise, async_int(3));
    ck_assert_int_eq(async_loop_run_until(loop, tasks[4]), 0);
    ck_assert_notes("a=3 ~a b=3 ~b c=3 ~c d=3 ~d e=3 ~e");
    for (int i = 0; i < 5; i++)
        async_future_unref(tasks[i]);
    async_future_unref(promise);
}
END_TEST

START_TEST(a_task_that_cannot_start_destroys_its_state)
{
    int destroyed = 0;
    async_future *task = async_create_task(loop, NULL, &destroyed, count_destroy);

    ck_assert_int_eq(async_future_error(task), ASYNC_EINVAL);
    ck_assert_ptr_nonnull(strstr(async_future_message(task), "first step"));
    ck_assert(!async_future_is_task(task));
    async_future_unref(task);
    ck_assert_int_eq(async_future_error(async_create_task(NULL, courier_start, &destroyed, count_destroy)),
                     ASYNC_EINVAL);
    memory_fail_at(1, true);
    ck_assert_int_eq(async_future_error(async_create_task(loop, courier_start, &destroyed, count_destroy)),
                     ASYNC_ENOMEM);
    memory_has_failed();
    ck_assert_int_eq(destroyed, 3);
    async_loop_close(loop);
    ck_assert_int_eq(async_future_error(async_create_task(loop, courier_start, &destroyed, count_destroy)),
                     ASYNC_ECLOSED);
    ck_assert_int_eq(destroyed, 4);
}
END_TEST

static async_next look_around(async_task *task, void *state)
{
    ck_assert_ptr_eq(async_current_task(async_task_loop(task)), async_task_future(task));
    ck_assert_ptr_eq(async_future_state(async_task_future(task), look_around), state);
    ck_assert_ptr_null(async_future_state(async_task_future(task), courier_start));
    ck_assert_ptr_eq(async_awaited(task), async_none());
    ck_assert_int_eq(async_caught(task), 0);
    ck_assert_ptr_null(async_task_failure(task));
    ck_assert_int_eq(async_task_line(task), 0);
    return async_return(task, async_none());
}

START_TEST(a_step_knows_where_it_is)
{
    int state;
    async_future *task = async_create_task(loop, look_around, &state, NULL);

    ck_assert_ptr_null(async_current_task(loop));
    ck_assert_ptr_null(async_current_task(NULL));
    ck_assert_ptr_eq(async_future_state(task, look_around), &state);
    ck_assert_int_eq(async_loop_run_until(loop, task), 0);
    ck_assert_ptr_null(async_current_task(loop));
    ck_assert_ptr_null(async_future_state(task, look_around));
    async_future_unref(task);
}
END_TEST

START_TEST(a_task_tells_what_it_awaits)
{
    async_future *promise = async_future_new(loop);
    struct courier ann = {.name = "ann", .parcel = async_future_ref(promise)};
    async_future *task = courier_send(&ann);

    ck_assert_ptr_null(async_future_awaiting(task));
    turn();
    ck_assert_ptr_eq(async_future_awaiting(task), promise);
    ck_assert_ptr_null(async_future_awaiting(promise));
    ck_assert_ptr_null(async_future_awaiting(NULL));
    async_future_resolve(promise, async_none());
    turn();
    ck_assert_ptr_null(async_future_awaiting(task));
    async_future_unref(promise);
    async_future_unref(task);
    notes();
}
END_TEST

START_TEST(a_task_has_a_name)
{
    struct courier ann = {.name = "ann"};
    async_future *task = async_create_task(loop, courier_start, &ann, NULL), *promise = async_future_new(loop);

    ck_assert_str_eq(async_future_name(task), "");
    ck_assert_int_eq(async_future_set_name(task, "fetch"), 0);
    ck_assert_str_eq(async_future_name(task), "fetch");
    ck_assert_int_eq(async_future_set_name(task, "fetch again"), 0);
    ck_assert_str_eq(async_future_name(task), "fetch again");
    ck_assert_int_eq(async_future_set_name(task, NULL), 0);
    ck_assert_str_eq(async_future_name(task), "");
    ck_assert_int_eq(async_future_set_name(promise, "x"), ASYNC_EINVAL);
    ck_assert_int_eq(async_future_set_name(NULL, "x"), ASYNC_EINVAL);
    ck_assert_int_eq(async_future_set_origin(promise, "x"), ASYNC_EINVAL);
    ck_assert_str_eq(async_future_name(promise), "");
    ck_assert_str_eq(async_future_name(NULL), "");
    ck_assert_int_eq(finish(task), 0);
    async_future_unref(promise);
    notes();
}
END_TEST

START_TEST(options_name_a_task)
{
    async_task_options *options = async_task_options_new();
    struct courier ann = {.name = "ann"};
    async_future *task;

    ck_assert_int_eq(async_task_options_set_name(options, "one"), 0);
    ck_assert_int_eq(async_task_options_set_name(options, "two"), 0);
    task = async_create_task_with(loop, courier_start, &ann, NULL, options);
    ck_assert_str_eq(async_future_name(task), "two");
    ck_assert_int_eq(finish(task), 0);
    task = async_create_task_with(loop, courier_start, &ann, NULL, NULL);
    ck_assert_str_eq(async_future_name(task), "");
    ck_assert_int_eq(finish(task), 0);
    ck_assert_int_eq(async_task_options_set_name(NULL, "x"), ASYNC_EINVAL);
    ck_assert_int_eq(async_task_options_set_trying(NULL, true), ASYNC_EINVAL);
    ck_assert_ptr_null(async_task_options_unref(options));
    ck_assert_ptr_null(async_task_options_unref(NULL));
    notes();
}
END_TEST

static async_next start_eagerly(async_task *task, void *state)
{
    async_task_options *options = async_task_options_new();

    async_task_options_set_eager(options, true);
    note("outer");
    async_future_unref(async_create_task_with(async_task_loop(task), courier_start, state, note_destroy, options));
    note("created");
    ck_assert_ptr_eq(async_current_task(async_task_loop(task)), async_task_future(task));
    async_task_options_unref(options);
    return async_return(task, async_none());
}

START_TEST(an_eager_task_runs_its_first_step_in_the_call)
{
    struct courier ann = {.name = "ann", .parcel = async_sleep(loop, 0)};

    ck_assert_int_eq(finish(async_create_task(loop, start_eagerly, &ann, NULL)), 0);
    turns(2);
    ck_assert_ptr_nonnull(strstr(notes(), "outer ann? created ann="));
}
END_TEST

static async_next fail_now(async_task *task, void *state)
{
    return async_fail(task, ASYNC_EHOST, "it broke");
}

START_TEST(an_unread_failure_is_reported_with_the_tasks_name_and_origin)
{
    async_future *task = async_create_task(loop, fail_now, NULL, NULL);

    async_future_set_name(task, "fetch");
    turn();
    async_future_unref(task);
    ck_assert_str_eq(reports(), "ASYNC_EHOST: task 'fetch' failed and nobody read it: it broke");

    task = async_create_task(loop, fail_now, NULL, NULL);
    async_future_set_name(task, "fetch");
    async_future_set_origin(task, "spider.py:7");
    turn();
    async_future_unref(task);
    ck_assert_str_eq(reports(),
                     "ASYNC_EHOST: task 'fetch', created at spider.py:7, failed and nobody read it: it broke");
}
END_TEST

START_TEST(an_unread_failure_of_a_nameless_task_tells_its_step)
{
    char expected[200];

    async_future_unref(async_create_task(loop, fail_now, NULL, NULL));
    turn();
    snprintf(expected, sizeof expected, "ASYNC_EHOST: the task at step %p failed and nobody read it: it broke",
             (void *)(uintptr_t)fail_now);
    ck_assert_str_eq(reports(), expected);
}
END_TEST

START_TEST(an_awaited_failure_counts_as_read)
{
    struct courier ann = {.name = "ann", .parcel = async_create_task(loop, fail_now, NULL, NULL), .tries = true};

    ck_assert_int_eq(finish(courier_send(&ann)), ASYNC_EHOST);
    ck_assert_notes("ann? ann!EHOST ~ann");
}
END_TEST

START_TEST(all_tasks_are_those_that_have_not_ended)
{
    async_future *promise = async_future_new(loop), *made[100], *listed[100];
    struct courier couriers[100];

    ck_assert_uint_eq(async_all_tasks(loop, NULL, 0), 0);
    for (int i = 0; i < 100; i++) {
        couriers[i] = (struct courier){.name = "x", .parcel = i % 2 ? async_future_ref(promise) : NULL};
        made[i] = courier_send(&couriers[i]);
    }
    ck_assert_uint_eq(async_all_tasks(loop, listed, 10), 100);
    for (int i = 0; i < 10; i++)
        async_future_unref(listed[i]);
    turn();
    ck_assert_uint_eq(async_all_tasks(loop, NULL, 100), 50);
    ck_assert_uint_eq(async_all_tasks(loop, listed, 100), 50);
    for (int i = 0; i < 50; i++) {
        ck_assert(async_future_is_task(listed[i]) && !async_future_is_done(listed[i]));
        async_future_unref(listed[i]);
    }
    ck_assert_uint_eq(async_all_tasks(NULL, listed, 100), 0);
    async_future_resolve(promise, async_none());
    async_future_unref(promise);
    turn();
    ck_assert_uint_eq(async_all_tasks(loop, NULL, 0), 0);
    for (int i = 0; i < 100; i++)
        async_future_unref(made[i]);
    notes();
}
END_TEST

/* A clean-up that does all that it should not. */
static void destroy_wildly(void *state)
{
    struct courier *courier = state;

    note("~wild");
    async_future_unref(courier_send(courier));
    async_loop_call_soon(loop, note_call, "soon", NULL);
    async_future_cancel(async_current_task(loop), NULL);
    ck_assert_int_eq(async_loop_run(loop), ASYNC_ERUNNING);
}

static async_next return_at_once(async_task *task, void *state)
{
    return async_return(task, async_int(1));
}

START_TEST(a_clean_up_may_create_tasks)
{
    struct courier ann = {.name = "ann"};
    async_future *task = async_create_task(loop, return_at_once, &ann, destroy_wildly);

    ck_assert_int_eq(finish(task), 0);
    turns(2);
    ck_assert_notes("~wild ann? ~ann soon");
}
END_TEST

static async_next count_steps(async_task *task, void *state)
{
    int *left = state;

    if (--*left == 0)
        return async_return(task, async_none());
    return async_await(task, async_sleep(async_task_loop(task), 0), count_steps);
}

START_TEST(a_step_may_be_its_own_next)
{
    int left = 1000;

    ck_assert_int_eq(finish(async_create_task(loop, count_steps, &left, NULL)), 0);
    ck_assert_int_eq(left, 0);
}
END_TEST

static async_next await_what_is_done(async_task *task, void *state)
{
    int *left = state;
    async_future *promise;

    if (--*left == 0)
        return async_return(task, async_none());
    promise = async_future_new(async_task_loop(task));
    async_future_resolve(promise, async_int(*left));
    return async_await(task, promise, await_what_is_done);
}

START_TEST(awaiting_done_futures_a_million_times_needs_no_stack)
{
    int left = 1000000;

    ck_assert_int_eq(finish(async_create_task(loop, await_what_is_done, &left, NULL)), 0);
}
END_TEST

/* The same as one function. */
struct top_to_bottom {
    async_future *promise;
    int sum;
};

static async_next read_top_to_bottom(async_task *task, void *state)
{
    struct top_to_bottom *it = state;

    ASYNC_BEGIN(task);
    for (it->sum = 0; it->sum < 3; it->sum++)
        ASYNC_AWAIT(task, async_sleep(async_task_loop(task), 0));
    note("slept");
    ASYNC_TRY(task, async_future_ref(it->promise));
    note("%s", async_error_name(async_caught(task)));
    ASYNC_AWAIT(task, async_sleep(async_task_loop(task), -1));
    note("never");
    ASYNC_END(task);
}

static async_next run_into_the_end(async_task *task, void *state)
{
    ASYNC_BEGIN(task);
    ASYNC_END(task);
}

START_TEST(a_coroutine_reads_top_to_bottom)
{
    struct top_to_bottom it = {.promise = async_future_new(loop)};
    async_future *task = async_create_task(loop, read_top_to_bottom, &it, NULL);

    turns(5);
    ck_assert_notes("slept");
    async_future_fail(it.promise, ASYNC_EDNS, NULL);
    ck_assert_int_eq(finish(task), ASYNC_EINVAL);
    ck_assert_notes("ASYNC_EDNS");
    async_future_unref(it.promise);
    ck_assert_int_eq(finish(async_create_task(loop, run_into_the_end, NULL, NULL)), 0);
}
END_TEST

/* A value is lent by the task while nobody else holds its future. */
static async_next read_lent_value(async_task *task, void *state)
{
    ck_assert_str_eq(async_value_text(async_awaited(task), NULL), "lent");
    return async_return(task, async_value_ref(async_awaited(task)));
}

static async_next await_unheld(async_task *task, void *state)
{
    async_future *promise = async_future_new(async_task_loop(task));

    async_future_resolve(promise, async_text("lent"));
    return async_await(task, promise, read_lent_value);
}

START_TEST(what_was_awaited_is_lent_until_the_next_verdict)
{
    async_future *task = async_create_task(loop, await_unheld, NULL, NULL);

    ck_assert_int_eq(async_loop_run_until(loop, task), 0);
    ck_assert_str_eq(async_value_text(async_future_value(task), NULL), "lent");
    async_future_unref(task);
}
END_TEST

int main(void)
{
    return RUN_TESTS("task", a_task_runs_its_steps_in_order_and_gives_its_value,
                     the_first_step_runs_in_the_next_turn_in_the_order_created,
                     a_task_lives_until_it_ends_whoever_holds_it,
                     a_failure_that_is_not_tried_ends_the_task_with_the_same_error,
                     a_failure_that_is_tried_is_seen_and_may_be_passed_on,
                     a_failure_may_be_swallowed_and_the_task_go_on, awaiting_what_is_done_goes_on_in_the_same_turn,
                     sleeping_zero_seconds_lets_the_others_have_one_turn, waiters_go_on_in_the_order_they_came,
                     tasks_await_each_other, a_task_that_cannot_start_destroys_its_state, a_step_knows_where_it_is,
                     a_task_tells_what_it_awaits, a_task_has_a_name, options_name_a_task,
                     an_eager_task_runs_its_first_step_in_the_call,
                     an_unread_failure_is_reported_with_the_tasks_name_and_origin,
                     an_unread_failure_of_a_nameless_task_tells_its_step, an_awaited_failure_counts_as_read,
                     all_tasks_are_those_that_have_not_ended, a_clean_up_may_create_tasks, a_step_may_be_its_own_next,
                     awaiting_done_futures_a_million_times_needs_no_stack, a_coroutine_reads_top_to_bottom,
                     what_was_awaited_is_lent_until_the_next_verdict);
}
