#include "tests/support/support.h"

#include <string.h>

START_TEST(closing_twice_does_nothing_more)
{
    ck_assert_int_eq(async_loop_close(loop), 0);
    ck_assert_int_eq(async_loop_close(loop), 0);
    ck_assert_int_eq(async_loop_abandon(loop), 0);
}
END_TEST

START_TEST(a_close_tells_each_task_once)
{
    struct courier ann = {.name = "ann", .tries = true, .parcel = async_future_new(loop)},
                   bob = {.name = "bob", .tries = true, .parcel = async_sleep(loop, 1000)};

    async_future_unref(courier_send(&ann));
    async_future_unref(courier_send(&bob));
    turn();
    notes();
    async_loop_close(loop);
    ck_assert_notes_of_both("ann!ECANCELED ~ann", "bob!ECANCELED ~bob");
}
END_TEST

START_TEST(a_task_that_never_started_is_destroyed_without_a_step)
{
    struct courier ann = {.name = "ann"};
    async_future *task = courier_send(&ann);

    async_loop_close(loop);
    ck_assert_notes("~ann");
    ck_assert(async_future_is_cancelled(task));
    async_future_unref(task);
}
END_TEST

START_TEST(a_task_that_would_wait_again_is_dropped_and_reported)
{
    async_future *again = async_future_new(loop), *task;
    struct courier ann = {.name = "ann", .swallows = true, .parcel = async_future_new(loop),
                          .again = async_future_ref(again)};

    task = courier_send(&ann);
    turn();
    async_loop_close(loop);
    ck_assert_notes("ann? ann!ECANCELED ~ann");
    ck_assert_int_eq(async_future_error(task), ASYNC_ECLOSED);
    ck_assert_str_eq(reports(), "ASYNC_ECLOSED: task 'ann' was destroyed while pending: its loop was closed");
    async_future_unref(task);
    async_future_unref(again);
}
END_TEST

START_TEST(an_abandoned_task_runs_no_step_and_is_reported)
{
    struct courier ann = {.name = "ann", .tries = true, .parcel = async_future_new(loop)}, bob = {.name = "bob"};
    async_future *task = courier_send(&ann);
    const char *heard;

    turn();
    ck_assert_notes("ann?");
    async_future_unref(courier_send(&bob));
    async_loop_abandon(loop);
    ck_assert_notes_of_both("~ann", "~bob");
    ck_assert_int_eq(async_future_error(task), ASYNC_ECLOSED);
    heard = reports();
    ck_assert_ptr_nonnull(strstr(heard, "task 'ann' was destroyed while pending: its loop was closed"));
    ck_assert_ptr_nonnull(strstr(heard, "task 'bob' was destroyed while pending: its loop was closed"));
    async_future_unref(task);
}
END_TEST

START_TEST(pending_operations_end_with_closed_and_are_no_failures)
{
    async_future *promise = async_future_new(loop), *sleep = async_sleep(loop, 1000);

    async_loop_close(loop);
    ck_assert_int_eq(async_future_error(promise), ASYNC_ECLOSED);
    ck_assert_int_eq(async_future_error(sleep), ASYNC_ECLOSED);
    async_future_unref(promise);
    async_future_unref(sleep);
    ck_assert_str_eq(reports(), "");
}
END_TEST

START_TEST(callbacks_of_what_a_close_ends_still_run)
{
    async_future *promise = async_future_new(loop);

    async_future_on_done(promise, note_done, "done", note_destroy);
    async_loop_close(loop);
    ck_assert_notes("done ~done");
    async_future_unref(promise);
}
END_TEST

START_TEST(abandoned_callbacks_are_destroyed_and_do_not_run)
{
    async_future *promise = async_future_new(loop), *done = async_future_new(loop);
    int destroyed = 0;

    async_future_on_done(promise, note_done, &destroyed, count_destroy);
    async_future_resolve(done, async_none());
    async_future_on_done(done, note_done, &destroyed, count_destroy);
    async_loop_call_soon(loop, note_call, &destroyed, count_destroy);
    async_loop_call_soon_threadsafe(loop, note_call, &destroyed, count_destroy);
    async_loop_call_later(loop, 0, note_call, &destroyed, count_destroy, NULL);
    async_loop_abandon(loop);
    ck_assert_int_eq(destroyed, 5);
    ck_assert_notes("");
    async_future_unref(promise);
    async_future_unref(done);
}
END_TEST

START_TEST(a_close_runs_what_is_ready)
{
    async_loop_call_soon(loop, note_call, "soon", note_destroy);
    async_loop_call_soon_threadsafe(loop, note_call, "posted", note_destroy);
    async_loop_call_later(loop, 1000, note_call, "never", note_destroy, NULL);
    async_loop_close(loop);
    ck_assert_notes("soon ~soon posted ~posted ~never");
}
END_TEST

START_TEST(a_closed_loops_futures_stay_readable)
{
    async_future *value = async_future_new(loop), *failed = async_future_new(loop), *cancelled = async_future_new(loop);

    async_future_resolve(value, async_list((async_value *[]){async_text("kept")}, 1));
    async_future_fail(failed, ASYNC_EHOST, "broke");
    async_future_cancel(cancelled, "enough");
    async_loop_close(loop);
    loop = async_loop_unref(loop);
    ck_assert_str_eq(async_value_text(async_value_item(async_future_value(value), 0), NULL), "kept");
    ck_assert_str_eq(async_future_message(failed), "broke");
    ck_assert(async_future_is_cancelled(cancelled));
    ck_assert_int_eq(async_future_resolve(value, async_text("again")), ASYNC_ESTATE);
    ck_assert_int_eq(async_future_cancel(value, NULL), ASYNC_ESTATE);
    ck_assert(async_loop_is_closed(async_future_loop(value)));
    async_future_unref(value);
    async_future_unref(failed);
    async_future_unref(cancelled);
}
END_TEST

/* A clean-up that tries everything while its loop closes. */
static void destroy_wildly(void *state)
{
    async_future *made;
    int destroyed = 0;

    made = async_create_task(loop, courier_start, &destroyed, count_destroy);
    ck_assert_int_eq(async_future_error(made), ASYNC_ECLOSED);
    ck_assert_int_eq(async_loop_call_soon(loop, note_call, &destroyed, count_destroy), ASYNC_ECLOSED);
    ck_assert_int_eq(async_loop_call_later(loop, 0, note_call, &destroyed, count_destroy, NULL), ASYNC_ECLOSED);
    ck_assert_int_eq(async_loop_call_soon_threadsafe(loop, note_call, &destroyed, count_destroy), ASYNC_ECLOSED);
    ck_assert_int_eq(destroyed, 4);
    ck_assert_int_eq(async_future_error(async_sleep(loop, 0)), ASYNC_ECLOSED);
    ck_assert_int_eq(async_future_error(async_gather(loop, NULL, 0, 0)), ASYNC_ECLOSED);
    ck_assert_int_eq(async_loop_run(loop), ASYNC_ERUNNING);
    ck_assert_int_eq(async_loop_close(loop), 0);
    async_future_cancel(state, NULL);
    async_future_resolve(state, async_none());
    async_future_unref(state);
    note("~wild");
}

START_TEST(a_clean_up_during_a_close_is_refused_what_it_starts)
{
    for (int way = 0; way < 2; way++) {
        async_future *promise = async_future_new(loop);

        async_future_on_done(promise, note_done, async_future_ref(promise), destroy_wildly);
        async_loop_call_later(loop, 1000, note_call, async_future_ref(promise), destroy_wildly, NULL);
        async_future_unref(async_create_task(loop, courier_start, async_future_ref(promise), destroy_wildly));
        async_future_unref(promise);
        ck_assert_int_eq(way ? async_loop_close(loop) : async_loop_abandon(loop), 0);
        ck_assert_ptr_nonnull(strstr(notes(), "~wild"));
        reports();
        async_loop_unref(loop);
        loop = async_loop_new();
        async_loop_set_exception_handler(loop, note_report, NULL, NULL);
    }
}
END_TEST

/* A clean-up that ends what another task waits for. */
static void resolve_in_destroy(void *state)
{
    async_future_resolve(state, async_none());
    async_future_unref(state);
}

START_TEST(a_clean_up_may_end_what_other_tasks_wait_for)
{
    for (int way = 0; way < 2; way++) {
        async_future *promise = async_future_new(loop);
        struct courier before = {.name = "x", .parcel = async_future_ref(promise)},
                       after = {.name = "x", .parcel = async_future_ref(promise)},
                       stuck = {.name = "y", .swallows = true, .parcel = async_future_new(loop),
                                .again = async_future_new(loop)};

        async_future_unref(courier_send(&before));
        async_future_unref(async_create_task(loop, courier_start, &stuck, NULL));
        async_future_on_done(promise, note_done, async_future_ref(promise), resolve_in_destroy);
        async_future_unref(courier_send(&after));
        async_future_unref(promise);
        turn();
        ck_assert_int_eq(way ? async_loop_close(loop) : async_loop_abandon(loop), 0);
        async_future_unref(stuck.again);
        reports();
        notes();
        async_loop_unref(loop);
        loop = async_loop_new();
        async_loop_set_exception_handler(loop, note_report, NULL, NULL);
    }
}
END_TEST

START_TEST(a_loop_dropped_without_a_close_is_abandoned)
{
    struct courier ann = {.name = "ann", .parcel = async_future_new(loop)};

    async_future_unref(courier_send(&ann));
    turn();
    loop = async_loop_unref(loop);
    ck_assert_notes("ann? ~ann");
    ck_assert_str_eq(reports(), "ASYNC_ECLOSED: task 'ann' was destroyed while pending: its loop was closed");
}
END_TEST

START_TEST(a_dropped_loops_futures_keep_its_memory)
{
    async_future *promise = async_future_new(loop), *task;
    struct courier ann = {.name = "ann", .parcel = async_future_ref(promise)};

    task = courier_send(&ann);
    turn();
    loop = async_loop_unref(loop);
    ck_assert_int_eq(async_future_error(promise), ASYNC_ECLOSED);
    ck_assert_int_eq(async_future_error(task), ASYNC_ECLOSED);
    ck_assert_str_eq(async_future_name(task), "ann");
    async_future_unref(promise);
    async_future_unref(task);
    reports();
    notes();
}
END_TEST

START_TEST(what_a_pending_future_holds_does_not_keep_a_dropped_loop)
{
    async_type *type = async_type_new("thing", NULL, NULL);
    async_future *done = async_future_new(loop), *pending = async_future_new(loop);

    async_future_resolve(done, async_object(loop, type, &loop));
    async_future_unref(async_gather(loop, (async_future *[]){done, async_future_ref(pending)}, 2, 0));
    async_future_unref(pending);
    turn();
    loop = async_loop_unref(loop);
    async_type_unref(type);
}
END_TEST

static async_next close_its_loop(async_task *task, void *state)
{
    ck_assert_int_eq(async_loop_close(async_task_loop(task)), ASYNC_ERUNNING);
    ck_assert_int_eq(async_loop_abandon(async_task_loop(task)), ASYNC_ERUNNING);
    return async_return(task, async_none());
}

START_TEST(a_running_loop_refuses_its_close)
{
    ck_assert_int_eq(finish(async_create_task(loop, close_its_loop, NULL, NULL)), 0);
    ck_assert(!async_loop_is_closed(loop));
}
END_TEST

static async_next close_the_other(async_task *task, void *state)
{
    async_loop *other = state;

    ck_assert_int_eq(async_loop_close(other), 0);
    ck_assert_ptr_eq(async_current_task(async_task_loop(task)), async_task_future(task));
    note("closed");
    return async_await(task, async_sleep(async_task_loop(task), 0), close_its_loop);
}

START_TEST(another_loop_may_be_closed_inside_a_run)
{
    async_loop *other = async_loop_new(), *own = loop;
    struct courier ann = {.name = "ann", .tries = true, .parcel = async_future_new(other)};

    loop = other;
    async_future_unref(courier_send(&ann));
    turn();
    loop = own;
    ck_assert_int_eq(finish(async_create_task(loop, close_the_other, other, NULL)), 0);
    ck_assert_notes("ann? ann!ECANCELED ~ann closed");
    async_loop_unref(other);
}
END_TEST

static async_next wait_for_ever(async_task *task, void *state)
{
    return async_await(task, async_future_new(async_task_loop(task)), wait_for_ever);
}

START_TEST(a_thousand_pending_tasks_are_destroyed_once_each)
{
    int destroyed = 0;

    for (int i = 0; i < 1000; i++)
        async_future_unref(async_create_task(loop, wait_for_ever, &destroyed, count_destroy));
    turn();
    for (int i = 0; i < 1000; i++)
        async_future_unref(async_create_task(loop, wait_for_ever, &destroyed, count_destroy));
    async_loop_close(loop);
    ck_assert_int_eq(destroyed, 2000);
    ck_assert_str_eq(reports(), "");
}
END_TEST

START_TEST(handlers_and_hooks_may_be_set_on_a_closed_loop)
{
    async_loop_close(loop);
    ck_assert_int_eq(async_loop_set_exception_handler(loop, note_report, "user", note_destroy), 0);
    ck_assert_int_eq(async_loop_set_block_hooks(loop, NULL, NULL, NULL), 0);
    loop = async_loop_unref(loop);
    ck_assert_notes("~user");
}
END_TEST

int main(void)
{
    return RUN_TESTS("close", closing_twice_does_nothing_more, a_close_tells_each_task_once,
                     a_task_that_never_started_is_destroyed_without_a_step,
                     a_task_that_would_wait_again_is_dropped_and_reported,
                     an_abandoned_task_runs_no_step_and_is_reported,
                     pending_operations_end_with_closed_and_are_no_failures,
                     callbacks_of_what_a_close_ends_still_run, abandoned_callbacks_are_destroyed_and_do_not_run,
                     a_close_runs_what_is_ready, a_closed_loops_futures_stay_readable,
                     a_clean_up_during_a_close_is_refused_what_it_starts,
                     a_clean_up_may_end_what_other_tasks_wait_for, a_loop_dropped_without_a_close_is_abandoned,
                     a_dropped_loops_futures_keep_its_memory,
                     what_a_pending_future_holds_does_not_keep_a_dropped_loop, a_running_loop_refuses_its_close,
                     another_loop_may_be_closed_inside_a_run, a_thousand_pending_tasks_are_destroyed_once_each,
                     handlers_and_hooks_may_be_set_on_a_closed_loop);
}
