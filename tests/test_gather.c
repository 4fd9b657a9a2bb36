#include "libasync/platform/internal.h"
#include "tests/support/support.h"

#include <stdlib.h>
#include <string.h>

static int64_t number_at(async_future *list, size_t place)
{
    return async_value_int(async_value_item(async_future_value(list), place));
}

START_TEST(gather_answers_in_the_order_asked)
{
    async_future *all = async_gather(loop, make_promises(3), 3, 0);

    async_future_resolve(promises[2], async_int(2));
    async_future_resolve(promises[0], async_int(0));
    turn();
    ck_assert(!async_future_is_done(all));
    async_future_resolve(promises[1], async_int(1));
    ck_assert_int_eq(async_loop_run_until(loop, all), 0);
    ck_assert_uint_eq(async_value_count(async_future_value(all)), 3);
    for (size_t i = 0; i < 3; i++)
        ck_assert_int_eq(number_at(all, i), (int)i);
    async_future_unref(all);
    drop_promises(3);
}
END_TEST

START_TEST(gathering_nothing_gives_an_empty_list_at_once)
{
    async_future *all = async_gather(loop, NULL, 0, 0);

    ck_assert(async_future_is_done(all));
    ck_assert_int_eq(async_value_kind(async_future_value(all)), ASYNC_LIST);
    ck_assert_uint_eq(async_value_count(async_future_value(all)), 0);
    async_future_unref(all);
}
END_TEST

START_TEST(a_future_given_twice_is_listed_twice)
{
    async_future *promise = async_future_new(loop), *all;

    all = async_gather(loop, (async_future *[]){async_future_ref(promise), async_future_ref(promise)}, 2, 0);
    async_future_resolve(promise, async_int(7));
    ck_assert_int_eq(async_loop_run_until(loop, all), 0);
    ck_assert_int_eq(number_at(all, 0), 7);
    ck_assert_int_eq(number_at(all, 1), 7);
    async_future_unref(all);
    async_future_unref(promise);
}
END_TEST

START_TEST(futures_that_are_done_count_at_once)
{
    async_future **futures = make_promises(2), *all;

    async_future_resolve(promises[0], async_int(0));
    async_future_resolve(promises[1], async_int(1));
    all = async_gather(loop, futures, 2, 0);
    ck_assert(async_future_is_done(all));
    ck_assert_int_eq(number_at(all, 1), 1);
    async_future_unref(all);
    drop_promises(2);
}
END_TEST

static async_next went_on(async_task *task, void *state)
{
    note("went on");
    return async_return(task, async_none());
}

static async_next gather_a_yield(async_task *task, void *state)
{
    async_loop *from = async_task_loop(task);
    async_future *zero = async_sleep(from, 0);

    return async_await(task, state ? async_wait_for(from, zero, 10) : async_gather(from, &zero, 1, 0), went_on);
}

START_TEST(a_combined_yield_still_lets_the_others_have_a_turn)
{
    struct courier ann = {.name = "ann"};

    for (int way = 0; way < 2; way++) {
        async_future_unref(async_create_task(loop, gather_a_yield, way ? &ann : NULL, NULL));
        async_future_unref(courier_send(&ann));
        turns(3);
        ck_assert_notes("ann? ~ann went on");
    }
}
END_TEST

START_TEST(the_first_failure_ends_the_gather_and_the_others_run_on)
{
    async_future *all = async_gather(loop, make_promises(3), 3, 0);

    async_future_fail(promises[1], ASYNC_EHOST, "first");
    ck_assert_int_eq(async_loop_run_until(loop, all), ASYNC_EHOST);
    ck_assert_str_eq(async_future_message(all), "first");
    ck_assert(!async_future_is_done(promises[0]));
    async_future_unref(all);
    /* What fails later is read by the gather, whoever dropped that. */
    async_future_fail(promises[0], ASYNC_EHOST, "second");
    async_future_resolve(promises[2], async_none());
    drop_promises(3);
    turns(2);
    ck_assert_str_eq(reports(), "");
}
END_TEST

START_TEST(a_gathers_own_failure_nobody_reads_is_reported_once)
{
    async_future *all = async_gather(loop, make_promises(2), 2, 0);

    async_future_fail(promises[0], ASYNC_EHOST, "one");
    async_future_fail(promises[1], ASYNC_EHOST, "other");
    drop_promises(2);
    turns(2);
    async_future_unref(all);
    ck_assert_str_eq(reports(), "ASYNC_EHOST: a future failed and nobody read it: one");
}
END_TEST

START_TEST(kept_errors_stand_beside_the_values)
{
    async_future *all = async_gather(loop, make_promises(3), 3, ASYNC_GATHER_KEEP_ERRORS);

    async_future_fail(promises[0], ASYNC_EHOST, "broke");
    async_future_cancel(promises[1], NULL);
    async_future_resolve(promises[2], async_int(2));
    drop_promises(3);
    ck_assert_int_eq(async_loop_run_until(loop, all), 0);
    ck_assert_int_eq(async_value_error(async_value_item(async_future_value(all), 0)), ASYNC_EHOST);
    ck_assert_str_eq(async_value_message(async_value_item(async_future_value(all), 0)), "broke");
    ck_assert_int_eq(async_value_error(async_value_item(async_future_value(all), 1)), ASYNC_ECANCELED);
    ck_assert_int_eq(number_at(all, 2), 2);
    async_future_unref(all);
}
END_TEST

START_TEST(a_childs_cancel_fails_the_gather_without_cancelling_it)
{
    async_future *all = async_gather(loop, make_promises(2), 2, 0);

    async_future_cancel(promises[0], "gone");
    ck_assert_int_eq(async_loop_run_until(loop, all), ASYNC_ECANCELED);
    ck_assert(!async_future_is_cancelled(all));
    ck_assert_str_eq(async_future_message(all), "gone");
    ck_assert(!async_future_is_done(promises[1]));
    async_future_unref(all);
    drop_promises(2);
}
END_TEST

START_TEST(cancelling_a_gather_cancels_those_that_still_run)
{
    async_future *all = async_gather(loop, make_promises(3), 3, 0);

    async_future_resolve(promises[0], async_none());
    ck_assert_int_eq(async_future_cancel(all, "enough"), 0);
    ck_assert(!async_future_is_cancelled(promises[0]));
    ck_assert(async_future_is_cancelled(promises[1]));
    ck_assert(async_future_is_cancelled(promises[2]));
    ck_assert(!async_future_is_done(all));
    ck_assert_int_eq(async_loop_run_until(loop, all), ASYNC_ECANCELED);
    ck_assert_str_eq(async_future_message(all), "enough");
    async_future_unref(all);
    drop_promises(3);
}
END_TEST

START_TEST(a_cancelled_gather_that_keeps_errors_ends_when_all_have)
{
    async_future *slow = async_future_new(loop), *quick = async_future_new(loop), *never = async_future_new(loop), *all;
    struct courier ann = {.name = "ann", .swallows = true, .parcel = async_future_ref(never),
                          .again = async_future_ref(slow)};

    all = async_gather(loop, (async_future *[]){courier_send(&ann), async_future_ref(quick)}, 2,
                       ASYNC_GATHER_KEEP_ERRORS);
    turn();
    async_future_cancel(all, NULL);
    turns(3);
    ck_assert(async_future_is_cancelled(quick));
    ck_assert(!async_future_is_done(all));
    async_future_resolve(slow, async_int(1));
    ck_assert_int_eq(finish(all), ASYNC_ECANCELED);
    ck_assert_notes("ann? ann!ECANCELED ann=1 ~ann");
    async_future_unref(slow);
    async_future_unref(quick);
    async_future_unref(never);
}
END_TEST

START_TEST(a_gather_whose_children_have_all_ended_cannot_be_cancelled)
{
    async_future *all = async_gather(loop, make_promises(1), 1, 0);

    async_future_resolve(promises[0], async_int(3));
    ck_assert_int_eq(async_future_cancel(all, NULL), ASYNC_ESTATE);
    ck_assert_int_eq(async_loop_run_until(loop, all), 0);
    ck_assert_int_eq(async_future_cancel(all, NULL), ASYNC_ESTATE);
    async_future_unref(all);
    drop_promises(1);
}
END_TEST

START_TEST(a_cancelled_task_passes_its_cancel_to_what_it_gathers)
{
    struct courier ann = {.name = "ann", .tries = true};
    async_future *task;

    ann.parcel = async_gather(loop, make_promises(2), 2, 0);
    task = courier_send(&ann);
    turn();
    async_future_cancel(task, NULL);
    ck_assert(async_future_is_cancelled(promises[0]));
    ck_assert(async_future_is_cancelled(promises[1]));
    ck_assert_int_eq(finish(task), ASYNC_ECANCELED);
    ck_assert_notes("ann? ann!ECANCELED ~ann");
    drop_promises(2);
}
END_TEST

START_TEST(what_cannot_be_gathered_is_refused_and_taken)
{
    async_loop *other = async_loop_new();
    async_future *foreign = async_future_new(other), *all;

    all = async_gather(loop, (async_future *[]){async_future_new(loop), NULL}, 2, 0);
    ck_assert_int_eq(async_future_error(all), ASYNC_EINVAL);
    ck_assert_ptr_nonnull(strstr(async_future_message(all), "future 1 is NULL"));
    async_future_unref(all);
    all = async_gather(loop, (async_future *[]){foreign, async_future_new(loop)}, 2, 0);
    ck_assert_int_eq(async_future_error(all), ASYNC_EFOREIGN);
    ck_assert_ptr_nonnull(strstr(async_future_message(all), "future 0"));
    async_future_unref(all);
    all = async_gather(loop, NULL, 2, 0);
    ck_assert_int_eq(async_future_error(all), ASYNC_EINVAL);
    ck_assert_ptr_nonnull(strstr(async_future_message(all), "NULL"));
    async_future_unref(all);
    all = async_gather(loop, make_promises(1), 1, 2);
    ck_assert_int_eq(async_future_error(all), ASYNC_EINVAL);
    ck_assert_ptr_nonnull(strstr(async_future_message(all), "flags"));
    async_future_unref(all);
    drop_promises(1);
    ck_assert_int_eq(async_future_error(async_gather(NULL, make_promises(2), 2, 0)), ASYNC_EINVAL);
    drop_promises(2);
    async_loop_close(loop);
    ck_assert_int_eq(async_future_error(async_gather(loop, NULL, 0, 0)), ASYNC_ECLOSED);
    async_loop_close(other);
    async_loop_unref(other);
}
END_TEST

START_TEST(immortal_failed_futures_can_be_gathered)
{
    async_future *all;

    all = async_gather(loop, (async_future *[]){async_future_new(loop), async_sleep(NULL, 0)}, 2, 0);
    ck_assert_int_eq(finish(all), ASYNC_EINVAL);
    all = async_gather(loop, (async_future *[]){async_sleep(NULL, 0)}, 1, ASYNC_GATHER_KEEP_ERRORS);
    ck_assert_int_eq(async_value_error(async_value_item(async_future_value(all), 0)), ASYNC_EINVAL);
    async_future_unref(all);
}
END_TEST

START_TEST(a_dropped_gather_still_waits_for_its_children)
{
    async_future_unref(async_gather(loop, make_promises(2), 2, 0));
    turn();
    async_future_resolve(promises[0], async_none());
    async_future_resolve(promises[1], async_none());
    drop_promises(2);
    turn();
}
END_TEST

START_TEST(a_gather_of_many_is_linear)
{
    size_t count = slab_one_object_chunks ? 10000 : 200000;
    async_future **futures = calloc(count, sizeof *futures), *all;

    for (size_t i = 0; i < count; i++)
        futures[i] = async_sleep(loop, 1e-6 * (double)(count - i));
    all = async_gather(loop, futures, count, 0);
    async_future_cancel(all, NULL);
    ck_assert_int_eq(finish(all), ASYNC_ECANCELED);
    free(futures);
}
END_TEST

int main(void)
{
    return RUN_TESTS("gather", gather_answers_in_the_order_asked, gathering_nothing_gives_an_empty_list_at_once,
                     a_future_given_twice_is_listed_twice, futures_that_are_done_count_at_once,
                     a_combined_yield_still_lets_the_others_have_a_turn,
                     the_first_failure_ends_the_gather_and_the_others_run_on,
                     a_gathers_own_failure_nobody_reads_is_reported_once, kept_errors_stand_beside_the_values,
                     a_childs_cancel_fails_the_gather_without_cancelling_it,
                     cancelling_a_gather_cancels_those_that_still_run,
                     a_cancelled_gather_that_keeps_errors_ends_when_all_have,
                     a_gather_whose_children_have_all_ended_cannot_be_cancelled,
                     a_cancelled_task_passes_its_cancel_to_what_it_gathers,
                     what_cannot_be_gathered_is_refused_and_taken, immortal_failed_futures_can_be_gathered,
                     a_dropped_gather_still_waits_for_its_children, a_gather_of_many_is_linear);
}
