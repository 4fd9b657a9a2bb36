/* wait_for and wait_until: who ends first, and how that is told. */
#include "tests/support/support.h"

#include <string.h>

/* An awaited task that takes its time to end after a cancel. */
static async_future *slow;

static async_future *send_slow(struct courier *ann, bool swallows)
{
    slow = async_future_new(loop);
    *ann = (struct courier){.name = "ann", .parcel = async_future_new(loop), .tries = true, .swallows = swallows,
                            .again = swallows ? async_future_ref(slow) : NULL};
    return courier_send(ann);
}

static void drop_slow(void)
{
    slow = async_future_unref(slow);
    notes();
}

START_TEST(a_cancel_before_the_limit_stays_a_cancel)
{
    struct courier ann;
    async_future *limited;

    async_loop_set_clock(loop, ASYNC_CLOCK_MANUAL);
    limited = async_wait_for(loop, send_slow(&ann, true), 5);
    turn();
    ck_assert_int_eq(async_future_cancel(limited, "enough"), 0);
    async_loop_advance(loop, 100);
    /* The limit has cancelled the clean-up, too. */
    ck_assert_int_eq(async_loop_run_until(loop, limited), ASYNC_ECANCELED);
    ck_assert(async_future_is_cancelled(slow));
    async_future_unref(limited);
    drop_slow();
}
END_TEST

START_TEST(a_cancel_after_the_limit_is_a_cancel_too)
{
    struct courier ann;
    async_future *limited;

    async_loop_set_clock(loop, ASYNC_CLOCK_MANUAL);
    limited = async_wait_for(loop, send_slow(&ann, true), 5);
    async_loop_advance(loop, 5);
    ck_assert(!async_future_is_done(limited));
    ck_assert_int_eq(async_future_cancel(limited, NULL), 0);
    ck_assert_int_eq(finish(limited), ASYNC_ECANCELED);
    drop_slow();
}
END_TEST

START_TEST(a_failure_of_the_clean_up_takes_the_place_of_the_timeout)
{
    struct courier ann;
    async_future *limited;

    async_loop_set_clock(loop, ASYNC_CLOCK_MANUAL);
    limited = async_wait_for(loop, send_slow(&ann, true), 5);
    async_loop_advance(loop, 5);
    async_future_fail(slow, ASYNC_EHOST, "in the clean-up");
    ck_assert_int_eq(async_loop_run_until(loop, limited), ASYNC_EHOST);
    ck_assert_str_eq(async_future_message(limited), "in the clean-up");
    async_future_unref(limited);
    drop_slow();
}
END_TEST

START_TEST(what_combines_others_times_out_as_well)
{
    async_future *inner;

    async_loop_set_clock(loop, ASYNC_CLOCK_JUMPING);
    inner = async_sleep(loop, 100);
    ck_assert_int_eq(finish(async_wait_for(loop, async_gather(loop, &inner, 1, 0), 1)), ASYNC_ETIMEDOUT);
    inner = async_sleep(loop, 100);
    inner = async_gather(loop, &inner, 1, ASYNC_GATHER_KEEP_ERRORS);
    ck_assert_int_eq(finish(async_wait_for(loop, inner, 1)), ASYNC_ETIMEDOUT);
    inner = async_sleep(loop, 100);
    inner = async_wait(loop, &inner, 1, ASYNC_ALL_COMPLETED, ASYNC_FOREVER);
    ck_assert_int_eq(finish(async_wait_for(loop, inner, 1)), ASYNC_ETIMEDOUT);
    inner = async_wait_for(loop, async_sleep(loop, 100), 50);
    ck_assert_int_eq(finish(async_wait_for(loop, inner, 1)), ASYNC_ETIMEDOUT);
    inner = async_shield(loop, async_sleep(loop, 100));
    ck_assert_int_eq(finish(async_wait_for(loop, inner, 1)), ASYNC_ETIMEDOUT);
}
END_TEST

START_TEST(an_inner_limit_that_is_reached_first_is_a_timeout_of_both)
{
    async_future *inner, *outer;

    async_loop_set_clock(loop, ASYNC_CLOCK_JUMPING);
    inner = async_wait_for(loop, async_sleep(loop, 100), 1);
    outer = async_wait_for(loop, async_future_ref(inner), 50);
    ck_assert_int_eq(finish(outer), ASYNC_ETIMEDOUT);
    ck_assert_int_eq(finish(inner), ASYNC_ETIMEDOUT);
    ck_assert_double_eq(async_loop_time(loop), 1);
}
END_TEST

START_TEST(what_ends_in_the_moment_of_the_limit_is_passed_on)
{
    async_future *limited;

    async_loop_set_clock(loop, ASYNC_CLOCK_JUMPING);
    limited = async_wait_for(loop, async_sleep(loop, 5), 5);
    ck_assert_int_eq(finish(limited), 0);
    limited = async_wait_until(loop, async_sleep(loop, 5), 10);
    ck_assert_int_eq(finish(limited), 0);
}
END_TEST

START_TEST(without_any_time_what_is_done_is_passed_on_at_once)
{
    async_future *promise = async_future_new(loop), *limited;

    async_future_resolve(promise, async_int(7));
    limited = async_wait_for(loop, async_future_ref(promise), 0);
    ck_assert(async_future_is_done(limited));
    ck_assert_int_eq(async_value_int(async_future_value(limited)), 7);
    async_future_unref(limited);
    limited = async_wait_until(loop, promise, -1000);
    ck_assert_int_eq(async_value_int(async_future_value(limited)), 7);
    async_future_unref(limited);
    limited = async_wait_for(loop, async_sleep(NULL, 1), 0);
    ck_assert_int_eq(async_future_error(limited), ASYNC_EINVAL);
    async_future_unref(limited);
}
END_TEST

START_TEST(without_any_time_a_task_does_not_start)
{
    struct courier ann = {.name = "ann"};

    ck_assert_int_eq(finish(async_wait_for(loop, courier_send(&ann), 0)), ASYNC_ETIMEDOUT);
    ck_assert_notes("~ann");
}
END_TEST

START_TEST(without_any_time_what_swallows_the_cancel_is_waited_for)
{
    struct courier ann;
    async_future *task = send_slow(&ann, true), *limited;

    turn();
    limited = async_wait_for(loop, task, 0);
    turns(3);
    ck_assert(!async_future_is_done(limited));
    async_future_resolve(slow, async_int(3));
    ck_assert_int_eq(async_loop_run_until(loop, limited), 0);
    ck_assert_int_eq(async_value_int(async_future_value(limited)), 3);
    async_future_unref(limited);
    drop_slow();
}
END_TEST

START_TEST(one_deadline_serves_many)
{
    async_future *limited[3];

    async_loop_set_clock(loop, ASYNC_CLOCK_JUMPING);
    for (int i = 0; i < 3; i++)
        limited[i] = async_wait_until(loop, async_sleep(loop, 3 + i), 4.5);
    ck_assert_int_eq(finish(limited[0]), 0);
    ck_assert_int_eq(finish(limited[1]), 0);
    ck_assert_int_eq(finish(limited[2]), ASYNC_ETIMEDOUT);
    ck_assert_double_eq(async_loop_time(loop), 4.5);
}
END_TEST

START_TEST(limits_beyond_all_times_do_no_harm)
{
    ck_assert_int_eq(finish(async_wait_for(loop, async_sleep(loop, 1e-6), 1e308)), 0);
    ck_assert_int_eq(finish(async_wait_until(loop, async_sleep(loop, 1e-6), 1.7e308)), 0);
}
END_TEST

START_TEST(the_awaited_may_be_cancelled_by_others)
{
    async_future *promise = async_future_new(loop), *limited = async_wait_for(loop, async_future_ref(promise), 100);

    async_future_cancel(promise, "gone");
    ck_assert_int_eq(async_loop_run_until(loop, limited), ASYNC_ECANCELED);
    ck_assert(async_future_is_cancelled(limited));
    ck_assert_str_eq(async_future_message(limited), "gone");
    async_future_unref(limited);
    async_future_unref(promise);
}
END_TEST

START_TEST(what_has_ended_already_takes_no_cancel)
{
    async_future *promise = async_future_new(loop), *limited = async_wait_for(loop, async_future_ref(promise), 100);

    async_future_resolve(promise, async_int(1));
    ck_assert_int_eq(async_future_cancel(limited, NULL), ASYNC_ESTATE);
    ck_assert_int_eq(finish(limited), 0);
    async_future_unref(promise);
}
END_TEST

START_TEST(a_timeouts_failure_nobody_reads_is_reported)
{
    async_loop_set_clock(loop, ASYNC_CLOCK_MANUAL);
    async_future_unref(async_wait_for(loop, async_sleep(loop, 10), 5));
    async_loop_advance(loop, 5);
    ck_assert_ptr_nonnull(strstr(reports(), "ASYNC_ETIMEDOUT: a future failed and nobody read it"));
}
END_TEST

static void ck_assert_refused(async_future *taken, int error, const char *message)
{
    ck_assert_int_eq(async_future_error(taken), error);
    ck_assert_str_eq(async_future_message(taken), message);
    async_future_unref(taken);
}

START_TEST(a_refusal_names_the_argument)
{
    async_loop *other = async_loop_new();

    ck_assert_refused(async_wait_for(loop, NULL, 1), ASYNC_EINVAL, "wait_for: the future is NULL");
    ck_assert_refused(async_wait_until(loop, NULL, 1), ASYNC_EINVAL, "wait_until: the future is NULL");
    ck_assert_refused(async_wait_for(loop, async_future_new(other), 1), ASYNC_EFOREIGN,
                      "wait_for: the future belongs to another loop");
    ck_assert_refused(async_wait_for(loop, async_future_new(loop), -0.5), ASYNC_EINVAL,
                      "wait_for: timeout_seconds must be finite and not negative, or ASYNC_FOREVER");
    ck_assert_refused(async_wait_until(loop, async_future_new(loop), -1.0 / 0.0), ASYNC_EINVAL,
                      "wait_until: when must be finite");
    ck_assert_refused(async_wait_for(NULL, async_future_new(loop), 1), ASYNC_EINVAL, "loop is NULL");
    ck_assert_refused(async_wait_until(NULL, async_future_new(loop), 1), ASYNC_EINVAL, "loop is NULL");
    async_loop_close(other);
    async_loop_unref(other);
}
END_TEST

int main(void)
{
    return RUN_TESTS("wait_for", a_cancel_before_the_limit_stays_a_cancel, a_cancel_after_the_limit_is_a_cancel_too,
                     a_failure_of_the_clean_up_takes_the_place_of_the_timeout, what_combines_others_times_out_as_well,
                     an_inner_limit_that_is_reached_first_is_a_timeout_of_both,
                     what_ends_in_the_moment_of_the_limit_is_passed_on,
                     without_any_time_what_is_done_is_passed_on_at_once, without_any_time_a_task_does_not_start,
                     without_any_time_what_swallows_the_cancel_is_waited_for, one_deadline_serves_many,
                     limits_beyond_all_times_do_no_harm, the_awaited_may_be_cancelled_by_others,
                     what_has_ended_already_takes_no_cancel, a_timeouts_failure_nobody_reads_is_reported,
                     a_refusal_names_the_argument);
}
