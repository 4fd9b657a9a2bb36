#include "tests/support/support.h"

#include <string.h>

START_TEST(a_promise_is_pending_until_it_is_resolved)
{
    async_future *promise = async_future_new(loop);

    ck_assert(!async_future_is_done(promise));
    ck_assert_ptr_null(async_future_value(promise));
    ck_assert_int_eq(async_future_error(promise), ASYNC_ESTATE);
    ck_assert_str_eq(async_future_message(promise), "the future is not done yet");
    ck_assert_ptr_null(async_future_failure(promise));
    ck_assert_ptr_eq(async_future_loop(promise), loop);
    ck_assert_int_eq(async_future_resolve(promise, async_text("here")), 0);
    ck_assert(async_future_is_done(promise));
    ck_assert(!async_future_is_cancelled(promise));
    ck_assert_str_eq(async_value_text(async_future_value(promise), NULL), "here");
    ck_assert_int_eq(async_future_error(promise), 0);
    ck_assert_str_eq(async_future_message(promise), "");
    ck_assert_ptr_null(async_future_failure(promise));
    async_future_unref(promise);
}
END_TEST

START_TEST(a_promise_is_completed_once)
{
    async_future *promise = async_future_new(loop);

    async_future_resolve(promise, async_int(1));
    ck_assert_int_eq(async_future_resolve(promise, async_text("again")), ASYNC_ESTATE);
    ck_assert_int_eq(async_future_fail(promise, ASYNC_EHOST, "again"), ASYNC_ESTATE);
    ck_assert_int_eq(async_future_fail_with(promise, async_error(ASYNC_EHOST, "again")), ASYNC_ESTATE);
    ck_assert_int_eq(async_future_cancel(promise, "again"), ASYNC_ESTATE);
    ck_assert_int_eq(async_value_int(async_future_value(promise)), 1);
    async_future_unref(promise);
}
END_TEST

START_TEST(a_failed_promise_tells_its_error)
{
    async_future *promise = async_future_new(loop);

    ck_assert_int_eq(async_future_fail(promise, ASYNC_ENONAME, "no such host: x"), 0);
    ck_assert(async_future_is_done(promise));
    ck_assert(!async_future_is_cancelled(promise));
    ck_assert_ptr_null(async_future_value(promise));
    ck_assert_int_eq(async_future_error(promise), ASYNC_ENONAME);
    ck_assert_str_eq(async_future_message(promise), "no such host: x");
    ck_assert_int_eq(async_value_error(async_future_failure(promise)), ASYNC_ENONAME);
    async_future_unref(promise);
}
END_TEST

START_TEST(a_failure_keeps_the_hosts_own_error)
{
    async_future *promise = async_future_new(loop);
    async_value *cause = async_text("Traceback");

    ck_assert_int_eq(async_future_fail_with(promise, async_error_caused(ASYNC_EHOST, "broke", async_value_ref(cause))),
                     0);
    ck_assert_ptr_eq(async_value_cause(async_future_failure(promise)), cause);
    async_value_unref(cause);
    async_future_unref(promise);
}
END_TEST

START_TEST(what_cannot_complete_a_promise_is_refused_and_dropped)
{
    async_future *promise = async_future_new(loop), *sleep = async_sleep(loop, 100);

    ck_assert_int_eq(async_future_fail(promise, 0, "x"), ASYNC_EINVAL);
    ck_assert_int_eq(async_future_fail(promise, 5, "x"), ASYNC_EINVAL);
    ck_assert_int_eq(async_future_fail_with(promise, async_text("no error")), ASYNC_EINVAL);
    ck_assert_int_eq(async_future_resolve(NULL, async_text("x")), ASYNC_EINVAL);
    ck_assert_int_eq(async_future_fail(NULL, ASYNC_EHOST, "x"), ASYNC_EINVAL);
    ck_assert_int_eq(async_future_fail_with(NULL, async_error(ASYNC_EHOST, "x")), ASYNC_EINVAL);
    ck_assert(!async_future_is_done(promise));
    /* An operation's end is its own affair. */
    ck_assert_int_eq(async_future_resolve(sleep, async_text("x")), ASYNC_EINVAL);
    ck_assert_int_eq(async_future_fail(sleep, ASYNC_EHOST, "x"), ASYNC_EINVAL);
    ck_assert(!async_future_is_done(sleep));
    async_future_cancel(sleep, NULL);
    async_future_unref(sleep);
    async_future_unref(promise);
}
END_TEST

START_TEST(a_value_that_could_not_be_made_fails_the_promise)
{
    async_future *one = async_future_new(loop), *other = async_future_new(loop);

    ck_assert_int_eq(async_future_resolve(one, NULL), 0);
    ck_assert_int_eq(async_future_error(one), ASYNC_ENOMEM);
    ck_assert_int_eq(async_future_fail_with(other, NULL), 0);
    ck_assert_int_eq(async_future_error(other), ASYNC_ENOMEM);
    async_future_unref(one);
    async_future_unref(other);
}
END_TEST

START_TEST(a_cancelled_promise_says_so)
{
    async_future *promise = async_future_new(loop), *silent = async_future_new(loop), *failed = async_future_new(loop);

    ck_assert_int_eq(async_future_cancel(promise, "enough"), 0);
    ck_assert(async_future_is_cancelled(promise));
    ck_assert_int_eq(async_future_error(promise), ASYNC_ECANCELED);
    ck_assert_str_eq(async_future_message(promise), "enough");
    ck_assert_int_eq(async_future_cancel(silent, NULL), 0);
    ck_assert_str_eq(async_future_message(silent), "cancelled");
    ck_assert_int_eq(async_future_fail(failed, ASYNC_ECANCELED, "same"), 0);
    ck_assert(async_future_is_cancelled(failed));
    async_future_unref(promise);
    async_future_unref(silent);
    async_future_unref(failed);
}
END_TEST

START_TEST(null_is_no_future)
{
    ck_assert(!async_future_is_done(NULL));
    ck_assert(!async_future_is_cancelled(NULL));
    ck_assert_ptr_null(async_future_value(NULL));
    ck_assert_int_eq(async_future_error(NULL), ASYNC_EINVAL);
    ck_assert_str_eq(async_future_message(NULL), "invalid argument");
    ck_assert_ptr_null(async_future_failure(NULL));
    ck_assert_ptr_null(async_future_loop(NULL));
    ck_assert_int_eq(async_future_cancel(NULL, NULL), ASYNC_EINVAL);
    ck_assert_int_eq(async_future_mark_read(NULL), ASYNC_EINVAL);
    ck_assert_int_eq(async_future_on_done(NULL, note_done, NULL, NULL), ASYNC_EINVAL);
    ck_assert_int_eq(async_future_remove_done(NULL, note_done, NULL), ASYNC_EINVAL);
    ck_assert_ptr_null(async_future_ref(NULL));
    ck_assert_ptr_null(async_future_unref(NULL));
}
END_TEST

START_TEST(callbacks_run_in_the_order_registered_and_never_inside)
{
    async_future *promise = async_future_new(loop);

    async_future_on_done(promise, note_done, "a", note_destroy);
    async_future_on_done(promise, note_done, "b", note_destroy);
    async_future_resolve(promise, async_none());
    async_future_on_done(promise, note_done, "c", note_destroy);
    ck_assert_notes("");
    turn();
    ck_assert_notes("a ~a b ~b c ~c");
    turns(2);
    ck_assert_notes("");
    async_future_unref(promise);
}
END_TEST

START_TEST(a_callback_on_what_is_done_runs_in_the_next_turn)
{
    async_future *promise = async_future_new(loop);

    async_future_resolve(promise, async_none());
    turns(2);
    async_future_on_done(promise, note_done, "late", NULL);
    ck_assert_notes("");
    turn();
    ck_assert_notes("late");
    async_future_unref(promise);
}
END_TEST

START_TEST(callbacks_run_on_failure_and_cancel_too)
{
    async_future *failed = async_future_new(loop), *cancelled = async_future_new(loop);

    async_future_on_done(failed, note_done, "failed", note_destroy);
    async_future_on_done(cancelled, note_done, "cancelled", note_destroy);
    async_future_fail(failed, ASYNC_EHOST, "x");
    async_future_mark_read(failed);
    async_future_cancel(cancelled, NULL);
    turn();
    ck_assert_notes("failed ~failed cancelled ~cancelled");
    async_future_unref(failed);
    async_future_unref(cancelled);
}
END_TEST

START_TEST(a_callback_holds_its_future)
{
    async_future *promise = async_future_new(loop);

    async_future_on_done(promise, note_done, "a", note_destroy);
    async_future_resolve(promise, async_text("held"));
    async_future_unref(promise);
    turn();
    ck_assert_notes("a ~a");
}
END_TEST

START_TEST(a_callback_refused_destroys_its_user)
{
    async_future *promise = async_future_new(loop), *immortal = async_future_new(NULL);
    int destroyed = 0;

    ck_assert_int_eq(async_future_on_done(promise, NULL, &destroyed, count_destroy), ASYNC_EINVAL);
    ck_assert_int_eq(async_future_on_done(immortal, note_done, &destroyed, count_destroy), ASYNC_EINVAL);
    async_loop_close(loop);
    ck_assert_int_eq(async_future_on_done(promise, note_done, &destroyed, count_destroy), ASYNC_ECLOSED);
    ck_assert_int_eq(destroyed, 3);
    async_future_unref(promise);
}
END_TEST

START_TEST(callbacks_can_be_taken_back)
{
    async_future *promise = async_future_new(loop);
    static char a[] = "a", b[] = "b";

    async_future_on_done(promise, note_done, a, note_destroy);
    async_future_on_done(promise, note_done, b, note_destroy);
    async_future_on_done(promise, note_done, a, note_destroy);
    ck_assert_int_eq(async_future_remove_done(promise, note_done, a), 2);
    ck_assert_notes("~a ~a");
    ck_assert_int_eq(async_future_remove_done(promise, note_done, a), 0);
    async_future_resolve(promise, async_none());
    ck_assert_int_eq(async_future_remove_done(promise, note_done, b), 0);
    turn();
    ck_assert_notes("b ~b");
    async_future_unref(promise);
}
END_TEST

START_TEST(a_callback_can_be_taken_back_from_every_place)
{
    static char texts[8][2] = {"0", "1", "2", "3", "4", "5", "6", "7"};

    for (int count = 1; count <= 8; count++)
        for (int removed = 0; removed < count; removed++) {
            async_future *promise = async_future_new(loop);
            char expected[40] = "";

            for (int i = 0; i < count; i++)
                async_future_on_done(promise, note_done, texts[i], NULL);
            ck_assert_int_eq(async_future_remove_done(promise, note_done, texts[removed]), 1);
            async_future_resolve(promise, async_none());
            turn();
            for (int i = 0; i < count; i++)
                if (i != removed)
                    strcat(strcat(expected, *expected ? " " : ""), texts[i]);
            ck_assert_notes(expected);
            async_future_unref(promise);
        }
}
END_TEST

static void drop_future(void *user)
{
    async_future_unref(user);
    note("dropped");
}

START_TEST(a_callbacks_clean_up_may_drop_the_future)
{
    async_future *promise = async_future_new(loop);

    async_future_on_done(promise, note_done, promise, drop_future);
    async_future_on_done(promise, note_done, promise, NULL);
    ck_assert_int_eq(async_future_remove_done(promise, note_done, promise), 2);
    ck_assert_notes("dropped");
}
END_TEST

static void resolve_other(async_future *future, void *user)
{
    note("first");
    async_future_resolve(user, async_none());
    note("resolved");
}

START_TEST(completing_in_a_callback_queues_for_the_next_turn)
{
    async_future *first = async_future_new(loop), *second = async_future_new(loop);

    async_future_on_done(first, resolve_other, second, NULL);
    async_future_on_done(second, note_done, "second", NULL);
    async_future_resolve(first, async_none());
    async_loop_call_soon(loop, note_call, "soon", NULL);
    turn();
    ck_assert_notes("first resolved soon");
    turn();
    ck_assert_notes("second");
    async_future_unref(first);
    async_future_unref(second);
}
END_TEST

START_TEST(an_unread_failure_is_reported_once)
{
    async_future *promise = async_future_new(loop);

    async_future_fail(promise, ASYNC_EHOST, "it broke");
    turn();
    ck_assert_str_eq(reports(), "");
    async_future_unref(promise);
    ck_assert_str_eq(reports(), "ASYNC_EHOST: a future failed and nobody read it: it broke");
}
END_TEST

START_TEST(a_failure_read_in_any_way_is_not_reported)
{
    for (int way = 0; way < 6; way++) {
        async_future *promise = async_future_new(loop);

        if (way == 0)
            async_future_mark_read(promise);    /* before it fails */
        async_future_fail(promise, ASYNC_EHOST, "it broke");
        if (way == 1)
            async_future_mark_read(promise);
        else if (way == 2)
            async_future_error(promise);
        else if (way == 3)
            async_future_message(promise);
        else if (way == 4)
            async_future_failure(promise);
        else if (way == 5)
            async_loop_run_until(loop, promise);
        async_future_unref(promise);
        ck_assert_str_eq(reports(), "");
    }
}
END_TEST

START_TEST(a_look_that_reads_no_error_leaves_it_unread)
{
    async_future *promise = async_future_new(loop);

    async_future_fail(promise, ASYNC_EHOST, "it broke");
    async_future_is_done(promise);
    async_future_is_cancelled(promise);
    async_future_value(promise);
    async_future_unref(promise);
    ck_assert_str_ne(reports(), "");
}
END_TEST

START_TEST(a_cancel_nobody_reads_is_not_reported)
{
    async_future *promise = async_future_new(loop);

    async_future_cancel(promise, NULL);
    async_future_unref(promise);
    ck_assert_str_eq(reports(), "");
}
END_TEST

static async_future *rescued;

static void rescue(async_loop *from, async_future *source, int error, const char *message, void *user)
{
    rescued = async_future_ref(source);
    note("%s", async_future_message(source));
}

START_TEST(the_handler_may_keep_the_future_it_is_told_of)
{
    async_future *promise = async_future_new(loop);

    async_loop_set_exception_handler(loop, rescue, NULL, NULL);
    async_future_fail(promise, ASYNC_EHOST, "it broke");
    async_future_unref(promise);
    ck_assert_notes("it broke");
    ck_assert_int_eq(async_future_error(rescued), ASYNC_EHOST);
    rescued = async_future_unref(rescued);
    ck_assert_notes("");
}
END_TEST

START_TEST(the_handler_may_keep_a_closed_loops_future_too)
{
    async_future *promise = async_future_new(loop);

    async_loop_set_exception_handler(loop, rescue, NULL, NULL);
    async_future_fail(promise, ASYNC_EHOST, "it broke");
    async_future_ref(promise);
    async_loop_close(loop);
    async_future_unref(promise);
    async_future_unref(promise);
    ck_assert_notes("it broke");
    ck_assert_int_eq(async_future_error(rescued), ASYNC_EHOST);
    rescued = async_future_unref(rescued);
    ck_assert_notes("");
}
END_TEST

START_TEST(what_cannot_start_is_an_immortal_failed_future)
{
    async_future *failed = async_future_new(NULL);

    for (int i = 0; i < 100; i++)
        async_future_unref(failed);
    ck_assert_int_eq(async_future_error(failed), ASYNC_EINVAL);
    ck_assert_str_eq(async_future_message(failed), "loop is NULL");
    ck_assert_ptr_null(async_future_loop(failed));
    ck_assert_ptr_eq(failed, async_sleep(NULL, 1));
    ck_assert_ptr_eq(failed, async_create_task(NULL, courier_start, NULL, NULL));
    ck_assert_ptr_eq(failed, async_gather(NULL, NULL, 0, 0));
    ck_assert_int_eq(async_loop_run_until(loop, failed), ASYNC_EINVAL);
    ck_assert_int_eq(async_future_cancel(failed, NULL), ASYNC_ESTATE);
    ck_assert_int_eq(async_future_resolve(failed, async_none()), ASYNC_EINVAL);
    ck_assert_int_eq(async_future_mark_read(failed), 0);
    ck_assert_int_eq(async_future_remove_done(failed, note_done, NULL), 0);
    memory_fail_at(1, true);
    ck_assert_int_eq(async_future_error(async_future_new(loop)), ASYNC_ENOMEM);
    ck_assert_int_eq(async_future_error(async_sleep(loop, 1)), ASYNC_ENOMEM);
    memory_has_failed();
    async_loop_close(loop);
    ck_assert_int_eq(async_future_error(async_future_new(loop)), ASYNC_ECLOSED);
    ck_assert_int_eq(async_future_error(async_sleep(loop, 1)), ASYNC_ECLOSED);
}
END_TEST

START_TEST(run_until_gives_the_futures_own_end)
{
    async_future *value = async_future_new(loop), *failed = async_future_new(loop);

    async_future_resolve(value, async_int(1));
    async_future_fail(failed, ASYNC_EHOST, "x");
    ck_assert_int_eq(async_loop_run_until(loop, value), 0);
    ck_assert_int_eq(async_loop_run_until(loop, failed), ASYNC_EHOST);
    async_future_unref(value);
    async_future_unref(failed);
}
END_TEST

static void stop(async_loop *from, void *user)
{
    async_loop_stop(from);
}

START_TEST(run_until_says_when_the_loop_was_stopped_first)
{
    async_future *promise = async_future_new(loop);

    async_loop_call_soon(loop, stop, NULL, NULL);
    ck_assert_int_eq(async_loop_run_until(loop, promise), ASYNC_ESTOPPED);
    async_future_resolve(promise, async_none());
    ck_assert_int_eq(async_loop_run_until(loop, promise), 0);
    async_future_unref(promise);
}
END_TEST

static void stop_and_resolve(async_loop *from, void *user)
{
    async_loop_stop(from);
    async_future_resolve(user, async_none());
}

START_TEST(run_until_takes_an_outcome_of_the_turn_it_was_stopped_in)
{
    async_future *promise = async_future_new(loop);

    async_loop_call_soon(loop, stop_and_resolve, promise, NULL);
    ck_assert_int_eq(async_loop_run_until(loop, promise), 0);
    async_future_unref(promise);
}
END_TEST

START_TEST(run_until_refuses_another_loops_future)
{
    async_loop *other = async_loop_new();
    async_future *promise = async_future_new(other);

    ck_assert_int_eq(async_loop_run_until(loop, promise), ASYNC_EFOREIGN);
    async_future_unref(promise);
    async_loop_close(other);
    ck_assert_int_eq(async_loop_run_until(other, NULL), ASYNC_EINVAL);
    async_loop_unref(other);
}
END_TEST

START_TEST(a_cancel_without_memory_for_its_message_still_cancels)
{
    async_future *promise = async_future_new(loop);

    memory_fail_at(1, true);
    ck_assert_int_eq(async_future_cancel(promise, "why"), ASYNC_ENOMEM);
    memory_has_failed();
    ck_assert(async_future_is_cancelled(promise));
    ck_assert_str_eq(async_future_message(promise), "cancelled");
    async_future_unref(promise);
}
END_TEST

int main(void)
{
    return RUN_TESTS("future", a_promise_is_pending_until_it_is_resolved, a_promise_is_completed_once,
                     a_failed_promise_tells_its_error, a_failure_keeps_the_hosts_own_error,
                     what_cannot_complete_a_promise_is_refused_and_dropped,
                     a_value_that_could_not_be_made_fails_the_promise, a_cancelled_promise_says_so, null_is_no_future,
                     callbacks_run_in_the_order_registered_and_never_inside,
                     a_callback_on_what_is_done_runs_in_the_next_turn, callbacks_run_on_failure_and_cancel_too,
                     a_callback_holds_its_future, a_callback_refused_destroys_its_user, callbacks_can_be_taken_back,
                     a_callback_can_be_taken_back_from_every_place, a_callbacks_clean_up_may_drop_the_future,
                     completing_in_a_callback_queues_for_the_next_turn, an_unread_failure_is_reported_once,
                     a_failure_read_in_any_way_is_not_reported, a_look_that_reads_no_error_leaves_it_unread,
                     a_cancel_nobody_reads_is_not_reported, the_handler_may_keep_the_future_it_is_told_of,
                     the_handler_may_keep_a_closed_loops_future_too, what_cannot_start_is_an_immortal_failed_future,
                     run_until_gives_the_futures_own_end, run_until_says_when_the_loop_was_stopped_first,
                     run_until_takes_an_outcome_of_the_turn_it_was_stopped_in,
                     run_until_refuses_another_loops_future, a_cancel_without_memory_for_its_message_still_cancels);
}
