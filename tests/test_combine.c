/* What combines futures besides gather. */
#include "libasync/platform/internal.h"
#include "tests/support/support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* wait */
static void ck_assert_done(async_future *answer, const char *expected)
{
    char told[MOST_PROMISES + 1] = "";
    size_t count = async_value_count(async_future_value(answer));

    for (size_t i = 0; i < count; i++)
        strcat(told, async_value_bool(async_value_item(async_future_value(answer), i)) ? "1" : "0");
    ck_assert_str_eq(told, expected);
    async_future_unref(answer);
}

START_TEST(wait_ends_when_all_are_done)
{
    async_future *answer = async_wait(loop, make_promises(2), 2, ASYNC_ALL_COMPLETED, ASYNC_FOREVER);

    async_future_resolve(promises[1], async_none());
    turns(2);
    ck_assert(!async_future_is_done(answer));
    async_future_resolve(promises[0], async_none());
    ck_assert_int_eq(async_loop_run_until(loop, answer), 0);
    ck_assert_done(answer, "11");
    drop_promises(2);
}
END_TEST

START_TEST(wait_ends_when_the_first_is_done)
{
    async_future *answer = async_wait(loop, make_promises(3), 3, ASYNC_FIRST_COMPLETED, ASYNC_FOREVER);

    turn();
    async_future_resolve(promises[1], async_none());
    ck_assert_int_eq(async_loop_run_until(loop, answer), 0);
    ck_assert_done(answer, "010");
    drop_promises(3);
}
END_TEST

START_TEST(wait_ends_at_the_first_failure_but_not_at_a_cancel)
{
    async_future *answer = async_wait(loop, make_promises(4), 4, ASYNC_FIRST_EXCEPTION, ASYNC_FOREVER);

    async_future_resolve(promises[0], async_none());
    async_future_cancel(promises[1], NULL);
    turns(2);
    ck_assert(!async_future_is_done(answer));
    async_future_fail(promises[2], ASYNC_EHOST, "x");
    ck_assert_int_eq(async_loop_run_until(loop, answer), 0);
    ck_assert_done(answer, "1110");
    ck_assert_int_eq(async_future_error(promises[2]), ASYNC_EHOST);
    drop_promises(4);
}
END_TEST

START_TEST(wait_for_a_failure_that_never_comes_ends_with_the_last)
{
    async_future *answer = async_wait(loop, make_promises(2), 2, ASYNC_FIRST_EXCEPTION, ASYNC_FOREVER);

    async_future_resolve(promises[0], async_none());
    async_future_cancel(promises[1], NULL);
    ck_assert_int_eq(async_loop_run_until(loop, answer), 0);
    ck_assert_done(answer, "11");
    drop_promises(2);
}
END_TEST

START_TEST(a_failure_that_was_only_waited_for_stays_unread)
{
    async_future *answer = async_wait(loop, make_promises(1), 1, ASYNC_ALL_COMPLETED, ASYNC_FOREVER);

    async_future_fail(promises[0], ASYNC_EHOST, "x");
    ck_assert_int_eq(async_loop_run_until(loop, answer), 0);
    async_future_unref(answer);
    drop_promises(1);
    ck_assert_str_ne(reports(), "");
}
END_TEST

START_TEST(a_time_limit_is_no_error_and_touches_nobody)
{
    async_future *answer;

    async_loop_set_clock(loop, ASYNC_CLOCK_JUMPING);
    answer = async_wait(loop, make_promises(2), 2, ASYNC_ALL_COMPLETED, 60);
    async_future_resolve(promises[0], async_none());
    ck_assert_int_eq(async_loop_run_until(loop, answer), 0);
    ck_assert_double_eq(async_loop_time(loop), 60);
    ck_assert_done(answer, "10");
    ck_assert(!async_future_is_done(promises[1]));
    drop_promises(2);
}
END_TEST

START_TEST(no_time_at_all_tells_who_is_done)
{
    async_future **futures = make_promises(2), *answer;

    async_future_resolve(promises[1], async_none());
    answer = async_wait(loop, futures, 2, ASYNC_ALL_COMPLETED, 0);
    ck_assert_int_eq(async_loop_run_until(loop, answer), 0);
    ck_assert_done(answer, "01");
    drop_promises(2);
}
END_TEST

START_TEST(a_cancelled_wait_touches_nobody)
{
    async_future *answer = async_wait(loop, make_promises(2), 2, ASYNC_ALL_COMPLETED, 100);

    ck_assert_int_eq(async_future_cancel(answer, NULL), 0);
    ck_assert(async_future_is_cancelled(answer));
    ck_assert(!async_future_is_done(promises[0]));
    async_future_unref(answer);
    drop_promises(2);
}
END_TEST

START_TEST(what_cannot_be_waited_for_is_refused_and_names_the_argument)
{
    static const struct {
        size_t count;
        uint32_t when;
        double timeout;
        const char *says;
    } cases[] = {
        {0, ASYNC_ALL_COMPLETED, 1, "no futures"},           {1, 3, 1, "when"},
        {1, ASYNC_ALL_COMPLETED, -2, "timeout_seconds"},     {1, ASYNC_ALL_COMPLETED, NAN, "timeout_seconds"},
        {1, ASYNC_ALL_COMPLETED, INFINITY, "timeout_seconds"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        async_future **futures = make_promises((int)cases[i].count);
        async_future *answer = async_wait(loop, futures, cases[i].count, cases[i].when, cases[i].timeout);

        ck_assert_int_eq(async_future_error(answer), ASYNC_EINVAL);
        ck_assert_ptr_nonnull(strstr(async_future_message(answer), cases[i].says));
        async_future_unref(answer);
        drop_promises((int)cases[i].count);
    }
    ck_assert_int_eq(async_future_error(async_wait(NULL, NULL, 0, 0, 1)), ASYNC_EINVAL);
}
END_TEST

START_TEST(a_future_may_be_waited_for_twice_at_once)
{
    async_future *promise = async_future_new(loop), *one, *other;

    one = async_wait(loop, &(async_future *){async_future_ref(promise)}, 1, ASYNC_ALL_COMPLETED, ASYNC_FOREVER);
    other = async_wait(loop, (async_future *[]){async_future_ref(promise), async_future_ref(promise)}, 2,
                       ASYNC_FIRST_COMPLETED, ASYNC_FOREVER);
    async_future_resolve(promise, async_none());
    ck_assert_int_eq(async_loop_run_until(loop, one), 0);
    ck_assert_int_eq(async_loop_run_until(loop, other), 0);
    ck_assert_done(one, "1");
    ck_assert_done(other, "11");
    async_future_unref(promise);
}
END_TEST

/* wait_for and shield */
START_TEST(wait_for_passes_on_what_comes_in_time)
{
    async_future *limited = async_wait_for(loop, *make_promises(1), 100);

    async_future_resolve(promises[0], async_int(7));
    ck_assert_int_eq(async_loop_run_until(loop, limited), 0);
    ck_assert_int_eq(async_value_int(async_future_value(limited)), 7);
    async_future_unref(limited);
    drop_promises(1);
}
END_TEST

START_TEST(wait_for_cancels_what_is_late_and_waits_for_its_end)
{
    async_future *slow = async_future_new(loop), *limited;
    struct courier ann = {
        .name = "ann", .swallows = true, .parcel = *make_promises(1), .again = async_future_ref(slow)};

    async_loop_set_clock(loop, ASYNC_CLOCK_MANUAL);
    limited = async_wait_for(loop, courier_send(&ann), 5);
    async_loop_advance(loop, 4);
    ck_assert_notes("ann?");
    async_loop_advance(loop, 1);
    ck_assert_notes("ann!ECANCELED");
    ck_assert(!async_future_is_done(limited));
    async_future_resolve(slow, async_int(8));
    ck_assert_int_eq(finish(limited), 0);    /* it swallowed the cancel, so its answer counts */
    async_future_unref(slow);
    drop_promises(1);
    notes();
}
END_TEST

START_TEST(wait_for_times_out)
{
    async_future *limited;

    async_loop_set_clock(loop, ASYNC_CLOCK_JUMPING);
    limited = async_wait_for(loop, async_sleep(loop, 1000), 5);
    ck_assert_int_eq(async_loop_run_until(loop, limited), ASYNC_ETIMEDOUT);
    ck_assert_double_eq(async_loop_time(loop), 5);
    async_future_unref(limited);
    ck_assert_int_eq(finish(async_wait_for(loop, async_sleep(loop, 1000), 0)), ASYNC_ETIMEDOUT);
    ck_assert_int_eq(finish(async_wait_until(loop, async_sleep(loop, 1000), 6)), ASYNC_ETIMEDOUT);
    ck_assert_int_eq(finish(async_wait_until(loop, async_sleep(loop, 1), 60)), 0);
    ck_assert_int_eq(finish(async_wait_for(loop, async_sleep(loop, 1), ASYNC_FOREVER)), 0);
}
END_TEST

START_TEST(an_impossible_limit_is_refused)
{
    ck_assert_int_eq(finish(async_wait_for(loop, async_future_new(loop), -2)), ASYNC_EINVAL);
    ck_assert_int_eq(finish(async_wait_for(loop, async_future_new(loop), NAN)), ASYNC_EINVAL);
    ck_assert_int_eq(finish(async_wait_until(loop, async_future_new(loop), INFINITY)), ASYNC_EINVAL);
    ck_assert_int_eq(finish(async_wait_for(loop, NULL, 1)), ASYNC_EINVAL);
    ck_assert_int_eq(finish(async_wait_for(NULL, async_future_new(loop), 1)), ASYNC_EINVAL);
    ck_assert_int_eq(finish(async_shield(loop, NULL)), ASYNC_EINVAL);
    ck_assert_int_eq(finish(async_shield(NULL, async_future_new(loop))), ASYNC_EINVAL);
}
END_TEST

START_TEST(cancelling_wait_for_cancels_what_it_waits_for)
{
    async_future *limited = async_wait_for(loop, *make_promises(1), 100);

    ck_assert_int_eq(async_future_cancel(limited, "enough"), 0);
    ck_assert(async_future_is_cancelled(promises[0]));
    ck_assert_int_eq(async_loop_run_until(loop, limited), ASYNC_ECANCELED);
    ck_assert_str_eq(async_future_message(limited), "enough");
    async_future_unref(limited);
    drop_promises(1);
}
END_TEST

START_TEST(a_shield_takes_the_cancel_alone)
{
    async_future *shield = async_shield(loop, *make_promises(1));

    ck_assert_int_eq(async_future_cancel(shield, NULL), 0);
    ck_assert(async_future_is_cancelled(shield));
    ck_assert(!async_future_is_done(promises[0]));
    async_future_unref(shield);
    async_future_fail(promises[0], ASYNC_EHOST, "later");
    drop_promises(1);
    turn();
    ck_assert_str_eq(reports(), "ASYNC_EHOST: a future failed and nobody read it: later");

    shield = async_shield(loop, *make_promises(1));
    async_future_resolve(promises[0], async_int(7));
    ck_assert_int_eq(async_loop_run_until(loop, shield), 0);
    ck_assert_int_eq(async_value_int(async_future_value(shield)), 7);
    async_future_unref(shield);
    drop_promises(1);
}
END_TEST

/* as_completed */
START_TEST(futures_come_in_the_order_they_end)
{
    async_completions *row = async_as_completed(loop, make_promises(3), 3, ASYNC_FOREVER);
    static const int order[] = {2, 0, 1};

    ck_assert_uint_eq(async_completions_left(row), 3);
    for (int i = 0; i < 3; i++) {
        async_future *next = async_completions_next(row);

        ck_assert(!async_future_is_done(next));
        async_future_resolve(promises[order[i]], async_none());
        ck_assert_int_eq(async_loop_run_until(loop, next), 0);
        ck_assert_int_eq(async_value_int(async_future_value(next)), order[i]);
        ck_assert_ptr_eq(async_completions_item(row, (size_t)order[i]), promises[order[i]]);
        async_future_unref(next);
    }
    ck_assert_uint_eq(async_completions_left(row), 0);
    ck_assert_int_eq(finish(async_completions_next(row)), ASYNC_ESTATE);
    ck_assert_ptr_null(async_completions_item(row, 3));
    async_completions_unref(row);
    drop_promises(3);
}
END_TEST

START_TEST(those_that_ask_at_once_are_served_in_order)
{
    async_completions *row = async_as_completed(loop, make_promises(3), 3, ASYNC_FOREVER);
    async_future *first = async_completions_next(row), *second = async_completions_next(row),
                 *third = async_completions_next(row);

    ck_assert_int_eq(finish(async_completions_next(row)), ASYNC_ESTATE);
    async_future_cancel(second, NULL);
    async_future_resolve(promises[1], async_none());
    async_future_resolve(promises[0], async_none());
    async_completions_unref(row);
    turns(2);
    ck_assert_int_eq(async_value_int(async_future_value(first)), 1);
    ck_assert_int_eq(async_value_int(async_future_value(third)), 0);
    async_future_unref(first);
    async_future_unref(second);
    async_future_unref(third);
    drop_promises(3);
}
END_TEST

START_TEST(a_row_has_a_time_limit)
{
    async_completions *row;
    async_future *next;

    async_loop_set_clock(loop, ASYNC_CLOCK_JUMPING);
    row = async_as_completed(loop, make_promises(2), 2, 5);
    next = async_completions_next(row);
    async_future_resolve(promises[1], async_none());
    ck_assert_int_eq(finish(next), 0);
    ck_assert_int_eq(finish(async_completions_next(row)), ASYNC_ETIMEDOUT);
    ck_assert_int_eq(finish(async_completions_next(row)), ASYNC_ETIMEDOUT);
    async_completions_unref(row);
    drop_promises(2);
    ck_assert_ptr_null(async_as_completed(loop, make_promises(1), 1, -2));
    drop_promises(1);
    ck_assert_ptr_null(async_as_completed(NULL, NULL, 0, 1));
    ck_assert_int_eq(finish(async_completions_next(NULL)), ASYNC_EINVAL);
    ck_assert_uint_eq(async_completions_left(NULL), 0);
}
END_TEST

START_TEST(a_row_of_many_that_all_ask_at_once_is_linear)
{
    size_t count = slab_one_object_chunks ? 5000 : 50000;
    async_future **futures = calloc(count, sizeof *futures), **next = calloc(count, sizeof *next);
    async_completions *row;

    for (size_t i = 0; i < count; i++)
        futures[i] = async_sleep(loop, 1e-9);
    row = async_as_completed(loop, futures, count, ASYNC_FOREVER);
    for (size_t i = 0; i < count; i++)
        next[i] = async_completions_next(row);
    for (size_t i = 0; i < count; i++)
        ck_assert_int_eq(finish(next[i]), 0);
    async_completions_unref(row);
    free(futures);
    free(next);
}
END_TEST

START_TEST(combinations_end_with_their_loop)
{
    async_future *made[6], **futures = make_promises(4);
    async_completions *row = async_as_completed(loop, &(async_future *){async_future_ref(promises[0])}, 1, 100);

    made[0] = async_gather(loop, futures, 1, 0);
    made[1] = async_wait(loop, futures + 1, 1, ASYNC_ALL_COMPLETED, 100);
    made[2] = async_wait_for(loop, futures[2], 100);
    made[3] = async_shield(loop, futures[3]);
    made[4] = async_completions_next(row);
    made[5] = async_gather(loop, (async_future *[]){async_future_ref(made[0]), async_future_ref(made[3])}, 2, 0);
    async_loop_close(loop);
    for (int i = 0; i < 6; i++) {
        ck_assert(async_future_is_done(made[i]));
        if (i != 1)
            ck_assert_int_eq(async_future_error(made[i]), ASYNC_ECLOSED);
        async_future_unref(made[i]);
    }
    drop_promises(4);
    async_completions_unref(row);
}
END_TEST

/* Not even the message of the refusal can be made. */
START_TEST(what_is_refused_without_memory_is_refused_all_the_same)
{
    async_future *refused[6], *foreign;
    async_loop *other = async_loop_new();

    foreign = async_future_new(other);
    for (size_t nth = 1; nth < 4; nth++) {
        async_future **taken = make_promises(4);

        for (int i = 0; i < 6; i++) {
            async_future *given = i < 4 ? taken[i] : async_future_ref(foreign);

            memory_fail_at(nth, false);
            if (i == 0)
                refused[i] = async_gather(loop, (async_future *[]){given, NULL}, 2, 0);
            else if (i == 1)
                refused[i] = async_gather(loop, &given, 1, 2);
            else if (i == 2)
                refused[i] = async_wait(loop, &given, 1, 3, ASYNC_FOREVER);
            else if (i == 3)
                refused[i] = async_wait_for(loop, given, -2);
            else if (i == 4)
                refused[i] = async_wait_for(loop, given, 1);
            else
                refused[i] = async_shield(loop, given);
            memory_has_failed();
            ck_assert_int_lt(async_future_error(refused[i]), 0);
            async_future_unref(refused[i]);
        }
        drop_promises(4);
    }
    async_future_unref(foreign);
    async_loop_close(other);
    async_loop_unref(other);
}
END_TEST

int main(void)
{
    return RUN_TESTS("combine", wait_ends_when_all_are_done, wait_ends_when_the_first_is_done,
                     wait_ends_at_the_first_failure_but_not_at_a_cancel,
                     wait_for_a_failure_that_never_comes_ends_with_the_last,
                     a_failure_that_was_only_waited_for_stays_unread, a_time_limit_is_no_error_and_touches_nobody,
                     no_time_at_all_tells_who_is_done, a_cancelled_wait_touches_nobody,
                     what_cannot_be_waited_for_is_refused_and_names_the_argument,
                     a_future_may_be_waited_for_twice_at_once, wait_for_passes_on_what_comes_in_time,
                     wait_for_cancels_what_is_late_and_waits_for_its_end, wait_for_times_out,
                     an_impossible_limit_is_refused, cancelling_wait_for_cancels_what_it_waits_for,
                     a_shield_takes_the_cancel_alone, futures_come_in_the_order_they_end,
                     those_that_ask_at_once_are_served_in_order, a_row_has_a_time_limit,
                     a_row_of_many_that_all_ask_at_once_is_linear, combinations_end_with_their_loop,
                     what_is_refused_without_memory_is_refused_all_the_same);
}
