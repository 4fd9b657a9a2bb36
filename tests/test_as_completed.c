#include "tests/support/support.h"

static async_completions *row;

static void drop_row(int count)
{
    row = async_completions_unref(row);
    drop_promises(count);
}

/* The place that the next one hands out, by now. */
static int next_place(void)
{
    async_future *next = async_completions_next(row);
    int error = async_loop_run_until(loop, next), place = (int)async_value_int(async_future_value(next));

    async_future_unref(next);
    return error ? error : place;
}

START_TEST(what_is_done_already_comes_in_the_order_given)
{
    async_future **futures = make_promises(3);

    async_future_resolve(promises[2], async_none());
    async_future_fail(promises[1], ASYNC_EHOST, "broke");
    async_future_cancel(promises[0], NULL);
    row = async_as_completed(loop, futures, 3, ASYNC_FOREVER);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(next_place(), i);
    ck_assert_int_eq(next_place(), ASYNC_ESTATE);
    /* It hands out, and reads nobody's failure. */
    drop_row(3);
    ck_assert_str_eq(reports(), "ASYNC_EHOST: a future failed and nobody read it: broke");
}
END_TEST

START_TEST(a_future_given_twice_comes_twice)
{
    async_future *promise = async_future_new(loop), *futures[] = {async_future_ref(promise), async_future_ref(promise)};

    row = async_as_completed(loop, futures, 2, ASYNC_FOREVER);
    async_future_resolve(promise, async_none());
    ck_assert_int_eq(next_place(), 0);
    ck_assert_int_eq(next_place(), 1);
    ck_assert_ptr_eq(async_completions_item(row, 0), promise);
    ck_assert_ptr_eq(async_completions_item(row, 1), promise);
    async_future_unref(promise);
    drop_row(0);
}
END_TEST

START_TEST(yields_and_immortal_futures_come_too)
{
    async_future *futures[] = {async_sleep(loop, 0), async_sleep(NULL, 0), async_sleep(loop, 0)};

    row = async_as_completed(loop, futures, 3, 100);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(next_place(), i);
    ck_assert_uint_eq(async_completions_left(row), 0);
    drop_row(0);
}
END_TEST

START_TEST(of_nothing_nothing_comes)
{
    row = async_as_completed(loop, NULL, 0, 100);
    ck_assert_ptr_nonnull(row);
    ck_assert_uint_eq(async_completions_left(row), 0);
    ck_assert_int_eq(next_place(), ASYNC_ESTATE);
    drop_row(0);
}
END_TEST

START_TEST(what_ended_before_the_limit_is_handed_out_after_it)
{
    async_loop_set_clock(loop, ASYNC_CLOCK_MANUAL);
    row = async_as_completed(loop, make_promises(3), 3, 5);
    async_future_resolve(promises[2], async_none());
    async_loop_advance(loop, 5);
    async_future_resolve(promises[0], async_none());    /* too late */
    turns(2);
    ck_assert_int_eq(next_place(), 2);
    ck_assert_int_eq(next_place(), ASYNC_ETIMEDOUT);
    ck_assert_uint_eq(async_completions_left(row), 2);
    drop_row(3);
}
END_TEST

START_TEST(the_limit_fails_all_that_ask)
{
    async_future *first, *other;

    async_loop_set_clock(loop, ASYNC_CLOCK_MANUAL);
    row = async_as_completed(loop, make_promises(2), 2, 5);
    first = async_completions_next(row);
    other = async_completions_next(row);
    row = async_completions_unref(row);
    async_loop_advance(loop, 5);
    ck_assert_int_eq(finish(first), ASYNC_ETIMEDOUT);
    ck_assert_int_eq(finish(other), ASYNC_ETIMEDOUT);
    ck_assert(!async_future_is_done(promises[0]));
    drop_promises(2);
}
END_TEST

START_TEST(a_row_that_has_come_to_its_end_has_no_limit_any_more)
{
    async_loop_set_clock(loop, ASYNC_CLOCK_MANUAL);
    row = async_as_completed(loop, make_promises(1), 1, 5);
    async_future_resolve(promises[0], async_none());
    turns(2);
    /* No timer is left: only then the clock may be set. */
    ck_assert_int_eq(async_loop_set_clock(loop, ASYNC_CLOCK_MANUAL), 0);
    ck_assert_int_eq(next_place(), 0);
    ck_assert_int_eq(next_place(), ASYNC_ESTATE);
    drop_row(1);
}
END_TEST

START_TEST(a_cancelled_next_takes_no_place)
{
    async_future *next;

    row = async_as_completed(loop, make_promises(1), 1, ASYNC_FOREVER);
    next = async_completions_next(row);
    ck_assert_uint_eq(async_completions_left(row), 0);
    ck_assert_int_eq(async_future_cancel(next, NULL), 0);
    ck_assert_int_eq(async_future_cancel(next, NULL), ASYNC_ESTATE);
    ck_assert_uint_eq(async_completions_left(row), 1);
    ck_assert(!async_future_is_done(promises[0]));
    async_future_resolve(promises[0], async_none());
    ck_assert_int_eq(next_place(), 0);
    async_future_unref(next);
    drop_row(1);
}
END_TEST

START_TEST(a_next_cancelled_as_its_place_comes_leaves_it_to_others)
{
    struct courier ann = {.name = "ann", .tries = true};
    async_future *task;

    row = async_as_completed(loop, make_promises(1), 1, ASYNC_FOREVER);
    ann.parcel = async_completions_next(row);
    task = courier_send(&ann);
    turn();
    async_future_resolve(promises[0], async_none());
    async_future_cancel(task, NULL);
    ck_assert_int_eq(finish(task), ASYNC_ECANCELED);
    ck_assert_int_eq(next_place(), 0);
    ck_assert_notes("ann? ann!ECANCELED ~ann");
    drop_row(1);
}
END_TEST

START_TEST(a_row_outlives_its_loop)
{
    async_future *next, *other;

    row = async_as_completed(loop, make_promises(2), 2, 100);
    next = async_completions_next(row);
    other = async_completions_next(row);
    async_future_resolve(promises[1], async_none());
    async_loop_close(loop);
    ck_assert_int_eq(async_future_error(next), 0);    /* what was queued still runs */
    ck_assert_int_eq(async_future_error(other), ASYNC_ECLOSED);
    ck_assert_int_eq(async_future_error(async_completions_next(row)), ASYNC_ECLOSED);
    async_future_unref(other);
    ck_assert_ptr_eq(async_completions_item(row, 0), promises[0]);
    ck_assert_ptr_eq(async_completions_ref(row), row);
    async_completions_unref(row);
    async_future_unref(next);
    drop_row(2);
}
END_TEST

START_TEST(what_cannot_be_a_row_is_null)
{
    async_loop *other = async_loop_new();
    async_future *foreign = async_future_new(other);

    ck_assert_ptr_null(async_as_completed(loop, &foreign, 1, 1));
    ck_assert_ptr_null(async_as_completed(loop, (async_future *[]){NULL}, 1, 1));
    ck_assert_ptr_null(async_as_completed(loop, NULL, 1, 1));
    ck_assert_ptr_null(async_as_completed(loop, make_promises(1), 1, 0.0 / 0.0));
    drop_promises(1);
    ck_assert_str_eq(async_future_message(async_completions_next(NULL)), "completions is NULL");
    ck_assert_ptr_null(async_completions_item(NULL, 0));
    ck_assert_ptr_null(async_completions_ref(NULL));
    ck_assert_ptr_null(async_completions_unref(NULL));
    async_loop_close(loop);
    ck_assert_ptr_null(async_as_completed(loop, NULL, 0, 1));
    async_loop_close(other);
    async_loop_unref(other);
}
END_TEST

int main(void)
{
    return RUN_TESTS("as_completed", what_is_done_already_comes_in_the_order_given, a_future_given_twice_comes_twice,
                     yields_and_immortal_futures_come_too, of_nothing_nothing_comes,
                     what_ended_before_the_limit_is_handed_out_after_it, the_limit_fails_all_that_ask,
                     a_row_that_has_come_to_its_end_has_no_limit_any_more, a_cancelled_next_takes_no_place,
                     a_next_cancelled_as_its_place_comes_leaves_it_to_others, a_row_outlives_its_loop,
                     what_cannot_be_a_row_is_null);
}
