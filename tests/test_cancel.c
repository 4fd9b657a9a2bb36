#include "libasync/platform/internal.h"
#include "tests/support/support.h"

#include <stdlib.h>
#include <string.h>

/* A task that waits for a promise, one turn on its way. */
static async_future *waiting_courier(struct courier *courier, async_future *promise)
{
    async_future *task;

    courier->parcel = async_future_ref(promise);
    task = courier_send(courier);
    turn();
    return task;
}

START_TEST(a_task_cancelled_before_it_starts_runs_no_step)
{
    struct courier ann = {.name = "ann"};
    async_future *task = courier_send(&ann);

    ck_assert_int_eq(async_future_cancel(task, "too late"), 0);
    ck_assert(async_future_must_cancel(task));
    ck_assert(!async_future_is_done(task));
    turn();
    ck_assert(async_future_is_cancelled(task));
    ck_assert_str_eq(async_future_message(task), "too late");
    ck_assert_notes("~ann");
    async_future_unref(task);
}
END_TEST

static async_next see_the_start(async_task *task, void *state)
{
    note("caught %s", async_error_name(async_caught(task)));
    return async_return(task, async_int(5));
}

START_TEST(a_trying_task_sees_a_cancel_before_its_start)
{
    async_task_options *options = async_task_options_new();
    async_future *task;

    async_task_options_set_trying(options, true);
    task = async_create_task_with(loop, see_the_start, NULL, NULL, options);
    async_task_options_unref(options);
    async_future_cancel(task, NULL);
    ck_assert_int_eq(async_loop_run_until(loop, task), 0);
    ck_assert_int_eq(async_value_int(async_future_value(task)), 5);
    ck_assert_notes("caught ASYNC_ECANCELED");
    async_future_unref(task);
}
END_TEST

START_TEST(a_waiting_task_is_told_where_it_waits)
{
    async_future *promise = async_future_new(loop);
    struct courier ann = {.name = "ann", .tries = true};
    async_future *task = waiting_courier(&ann, promise);

    ck_assert_int_eq(async_future_cancel(task, "enough"), 0);
    ck_assert(async_future_is_cancelled(promise));
    ck_assert(!async_future_is_done(task));
    ck_assert(!async_future_must_cancel(task));
    ck_assert_int_eq(async_future_cancelling(task), 1);
    turn();
    ck_assert_notes("ann? ann!ECANCELED ~ann");
    ck_assert(async_future_is_cancelled(task));
    ck_assert_str_eq(async_future_message(task), "enough");
    ck_assert_int_eq(async_future_cancel(task, NULL), ASYNC_ESTATE);
    async_future_unref(task);
    async_future_unref(promise);
}
END_TEST

START_TEST(the_innermost_operation_is_cancelled_first)
{
    async_future *promise = async_future_new(loop), *inner, *outer;
    struct courier ann = {.name = "ann", .tries = true}, bob = {.name = "bob", .tries = true};

    inner = waiting_courier(&ann, promise);
    outer = waiting_courier(&bob, inner);
    async_future_cancel(outer, NULL);
    ck_assert(async_future_is_cancelled(promise));
    ck_assert_int_eq(async_future_cancelling(outer), 1);
    ck_assert_int_eq(async_future_cancelling(inner), 1);
    notes();
    turn();
    ck_assert_notes("ann!ECANCELED ~ann");
    turn();
    ck_assert_notes("bob!ECANCELED ~bob");
    async_future_unref(outer);
    async_future_unref(inner);
    async_future_unref(promise);
}
END_TEST

START_TEST(a_cancel_in_the_turn_of_the_waking_wins)
{
    async_future *promise = async_future_new(loop);
    struct courier ann = {.name = "ann", .tries = true};
    async_future *task = waiting_courier(&ann, promise);

    async_future_resolve(promise, async_int(7));
    ck_assert_int_eq(async_future_cancel(task, NULL), 0);
    ck_assert(async_future_must_cancel(task));
    turn();
    ck_assert(!async_future_must_cancel(task));
    ck_assert_notes("ann? ann!ECANCELED ~ann");
    ck_assert_int_eq(finish(task), ASYNC_ECANCELED);
    async_future_unref(promise);
}
END_TEST

START_TEST(a_cancel_in_the_turn_of_a_failure_wins_and_the_failure_counts_as_read)
{
    async_future *promise = async_future_new(loop);
    struct courier ann = {.name = "ann", .tries = true};
    async_future *task = waiting_courier(&ann, promise);

    async_future_fail(promise, ASYNC_EHOST, "x");
    async_future_unref(promise);
    async_future_cancel(task, NULL);
    ck_assert_int_eq(finish(task), ASYNC_ECANCELED);
    ck_assert_notes("ann? ann!ECANCELED ~ann");
}
END_TEST

START_TEST(a_swallowed_cancel_lets_the_task_go_on)
{
    async_future *promise = async_future_new(loop), *again = async_future_new(loop);
    struct courier ann = {.name = "ann", .swallows = true, .again = async_future_ref(again)};
    async_future *task = waiting_courier(&ann, promise);

    async_future_cancel(task, NULL);
    turn();
    ck_assert(!async_future_is_done(task));
    ck_assert_int_eq(async_future_cancelling(task), 1);
    ck_assert_int_eq(async_future_uncancel(task), 0);
    async_future_resolve(again, async_int(8));
    ck_assert_int_eq(finish(task), 0);
    ck_assert_notes("ann? ann!ECANCELED ann=8 ~ann");
    async_future_unref(promise);
    async_future_unref(again);
}
END_TEST

START_TEST(a_second_cancel_is_told_where_the_task_waits_then)
{
    async_future *promise = async_future_new(loop), *again = async_future_new(loop);
    struct courier ann = {.name = "ann", .swallows = true, .again = async_future_ref(again)};
    async_future *task = waiting_courier(&ann, promise);

    async_future_cancel(task, NULL);
    turn();
    async_future_cancel(task, NULL);
    ck_assert_int_eq(async_future_cancelling(task), 2);
    ck_assert(async_future_is_cancelled(again));
    ck_assert_int_eq(finish(task), ASYNC_ECANCELED);
    ck_assert_notes("ann? ann!ECANCELED ~ann");
    async_future_unref(promise);
    async_future_unref(again);
}
END_TEST

START_TEST(two_cancels_before_the_step_are_told_as_one)
{
    async_future *promise = async_future_new(loop), *again = async_future_new(loop);
    struct courier ann = {.name = "ann", .swallows = true, .again = async_future_ref(again)};
    async_future *task = waiting_courier(&ann, promise);

    async_future_cancel(task, NULL);
    async_future_cancel(task, NULL);
    ck_assert_int_eq(async_future_cancelling(task), 2);
    turn();
    ck_assert(!async_future_is_done(again));
    async_future_resolve(again, async_int(8));
    ck_assert_int_eq(finish(task), 0);
    ck_assert_notes("ann? ann!ECANCELED ann=8 ~ann");
    async_future_unref(promise);
    async_future_unref(again);
}
END_TEST

START_TEST(the_last_uncancel_withdraws_what_was_not_told)
{
    struct courier ann = {.name = "ann"};
    async_future *task = courier_send(&ann);

    async_future_cancel(task, NULL);
    async_future_cancel(task, NULL);
    ck_assert_int_eq(async_future_uncancel(task), 1);
    ck_assert(async_future_must_cancel(task));
    ck_assert_int_eq(async_future_uncancel(task), 0);
    ck_assert(!async_future_must_cancel(task));
    ck_assert_int_eq(async_future_uncancel(task), 0);
    ck_assert_int_eq(finish(task), 0);
    ck_assert_notes("ann? ~ann");
}
END_TEST

START_TEST(only_tasks_count_cancels)
{
    async_future *promise = async_future_new(loop);

    ck_assert_int_eq(async_future_cancelling(promise), 0);
    ck_assert_int_eq(async_future_uncancel(promise), ASYNC_EINVAL);
    ck_assert_int_eq(async_future_cancelling(NULL), 0);
    ck_assert_int_eq(async_future_uncancel(NULL), ASYNC_EINVAL);
    ck_assert(!async_future_must_cancel(promise));
    ck_assert(!async_future_must_cancel(NULL));
    async_future_unref(promise);
}
END_TEST

/* Tasks that cancel themselves in their own step, and then do what the case says. */
struct self_cancel {
    async_future *promise;
    int way;
};

static async_next hear_it(async_task *task, void *state)
{
    note("caught %s", async_error_name(async_caught(task)));
    return async_return(task, async_int(5));
}

static async_next go_on_awaiting(async_task *task, void *state)
{
    struct self_cancel *it = state;

    note("went on");
    return async_try(task, async_future_ref(it->promise), hear_it);
}

static async_next cancel_itself(async_task *task, void *state)
{
    struct self_cancel *it = state;
    async_future *done;

    async_future_cancel(async_task_future(task), "by itself");
    switch (it->way) {
    case 0:
        return async_return(task, async_text("in vain"));
    case 1:
        return async_fail(task, ASYNC_EHOST, "broke");
    case 2:
        return async_try(task, async_future_ref(it->promise), hear_it);
    case 3:
        return async_try(task, async_sleep(async_task_loop(task), 0), hear_it);
    default:
        done = async_future_new(async_task_loop(task));
        async_future_resolve(done, async_none());
        return async_await(task, done, go_on_awaiting);
    }
}

START_TEST(a_task_that_cancels_itself_and_returns_is_cancelled)
{
    struct self_cancel it = {.way = 0};
    async_future *task = async_create_task(loop, cancel_itself, &it, NULL);

    ck_assert_int_eq(async_loop_run_until(loop, task), ASYNC_ECANCELED);
    ck_assert(async_future_is_cancelled(task));
    ck_assert_str_eq(async_future_message(task), "by itself");
    async_future_unref(task);
}
END_TEST

START_TEST(a_task_that_cancels_itself_and_fails_has_failed)
{
    struct self_cancel it = {.way = 1};

    ck_assert_int_eq(finish(async_create_task(loop, cancel_itself, &it, NULL)), ASYNC_EHOST);
}
END_TEST

START_TEST(a_task_that_cancels_itself_is_told_where_it_waits_next)
{
    for (int way = 2; way < 5; way++) {
        struct self_cancel it = {.promise = async_future_new(loop), .way = way};
        async_future *task = async_create_task(loop, cancel_itself, &it, NULL);

        ck_assert_int_eq(async_loop_run_until(loop, task), 0);
        ck_assert_notes(way == 4 ? "went on caught ASYNC_ECANCELED" : "caught ASYNC_ECANCELED");
        ck_assert(async_future_is_cancelled(it.promise) == (way != 3));
        async_future_unref(it.promise);
        async_future_unref(task);
    }
}
END_TEST

#define CHAIN 100000

START_TEST(a_chain_of_a_hundred_thousand_tasks_is_cancelled)
{
    int length = slab_one_object_chunks ? CHAIN / 10 : CHAIN;
    struct courier *couriers = calloc((size_t)length, sizeof *couriers);
    async_future *promise = async_future_new(loop), *last = async_future_ref(promise);

    for (int i = 0; i < length; i++) {
        couriers[i] = (struct courier){.name = "x", .parcel = last};
        last = async_create_task(loop, courier_start, &couriers[i], NULL);
    }
    turn();
    ck_assert_int_eq(async_future_cancel(last, NULL), 0);
    ck_assert(async_future_is_cancelled(promise));
    ck_assert_int_eq(finish(last), ASYNC_ECANCELED);
    ck_assert_uint_eq(async_all_tasks(loop, NULL, 0), 0);
    async_future_unref(promise);
    free(couriers);
    notes();
}
END_TEST

START_TEST(a_chain_through_gathers_is_cancelled_without_recursion)
{
    int length = slab_one_object_chunks ? CHAIN / 10 : CHAIN;
    struct courier *couriers = calloc((size_t)length, sizeof *couriers);
    async_future *promise = async_future_new(loop), *last = async_future_ref(promise);

    for (int i = 0; i < length; i++) {
        couriers[i] = (struct courier){.name = "x", .parcel = async_gather(loop, &last, 1, 0)};
        last = async_create_task(loop, courier_start, &couriers[i], NULL);
    }
    turn();
    ck_assert_int_eq(async_future_cancel(last, NULL), 0);
    ck_assert(async_future_is_cancelled(promise));
    ck_assert_int_eq(finish(last), ASYNC_ECANCELED);
    ck_assert_uint_eq(async_all_tasks(loop, NULL, 0), 0);
    async_future_unref(promise);
    free(couriers);
    notes();
}
END_TEST

/* Two tasks that await each other, the second perhaps through something else. */
static struct courier ring[3];
static async_future *ring_tasks[3];

static void make_ring(bool through_gather)
{
    async_future *first;

    ring[0] = (struct courier){.name = "a", .tries = true, .parcel = async_future_new(loop)};
    ring_tasks[0] = courier_send(&ring[0]);
    ring[1] = (struct courier){.name = "b", .tries = true, .parcel = async_future_ref(ring_tasks[0])};
    ring_tasks[1] = courier_send(&ring[1]);
    ring[2] = (struct courier){.name = "c", .tries = true, .parcel = async_future_ref(ring_tasks[1])};
    ring_tasks[2] = courier_send(&ring[2]);
    /* Before it starts, the first one's parcel becomes what closes the ring. */
    first = async_future_ref(ring_tasks[2]);
    async_future_unref(ring[0].parcel);
    ring[0].parcel = through_gather ? async_gather(loop, &first, 1, 0) : first;
    turn();
    notes();
}

START_TEST(a_ring_of_tasks_dissolves_when_one_is_cancelled)
{
    for (int cancelled = 0; cancelled < 3; cancelled++) {
        make_ring(false);
        ck_assert_int_eq(async_future_cancel(ring_tasks[cancelled], "stuck"), 0);
        for (int i = 0; i < 3; i++) {
            ck_assert_int_eq(async_loop_run_until(loop, ring_tasks[i]), ASYNC_ECANCELED);
            ck_assert_str_eq(async_future_message(ring_tasks[i]), "stuck");
            async_future_unref(ring_tasks[i]);
        }
        notes();
    }
}
END_TEST

START_TEST(a_ring_through_a_gather_dissolves_when_one_is_cancelled)
{
    for (int cancelled = 0; cancelled < 3; cancelled++) {
        make_ring(true);
        ck_assert_int_eq(async_future_cancel(ring_tasks[cancelled], "stuck"), 0);
        for (int i = 0; i < 3; i++) {
            ck_assert_int_eq(async_loop_run_until(loop, ring_tasks[i]), ASYNC_ECANCELED);
            async_future_unref(ring_tasks[i]);
        }
        notes();
    }
}
END_TEST

START_TEST(a_ring_of_tasks_closes_with_its_loop)
{
    make_ring(false);
    for (int i = 0; i < 3; i++)
        async_future_unref(ring_tasks[i]);
    async_loop_close(loop);
    ck_assert_str_eq(reports(), "");
    notes();
}
END_TEST

START_TEST(a_ring_of_tasks_survives_a_cancel_without_memory)
{
    for (size_t n = 1; n < 5; n++) {
        make_ring(n % 2);
        memory_fail_at(n, true);
        async_future_cancel(ring_tasks[0], "stuck");
        memory_has_failed();
        for (int i = 0; i < 3; i++) {
            ck_assert_int_eq(async_loop_run_until(loop, ring_tasks[i]), ASYNC_ECANCELED);
            async_future_unref(ring_tasks[i]);
        }
        notes();
    }
}
END_TEST

START_TEST(a_diamond_of_tasks_is_cancelled_once_on_each_way)
{
    async_future *promise = async_future_new(loop), *inner, *left, *right, *both;
    struct courier ann = {.name = "ann", .tries = true}, bob = {.name = "bob"}, cid = {.name = "cid"};

    inner = waiting_courier(&ann, promise);
    left = waiting_courier(&bob, inner);
    right = waiting_courier(&cid, inner);
    both = async_gather(loop, (async_future *[]){async_future_ref(left), async_future_ref(right)}, 2, 0);
    async_future_cancel(both, NULL);
    ck_assert_int_eq(async_future_cancelling(left), 1);
    ck_assert_int_eq(async_future_cancelling(right), 1);
    ck_assert_int_eq(async_future_cancelling(inner), 2);
    ck_assert_int_eq(finish(both), ASYNC_ECANCELED);
    async_future_unref(left);
    async_future_unref(right);
    async_future_unref(inner);
    async_future_unref(promise);
    notes();
}
END_TEST

static async_future *victim;

static void cancel_victim(async_loop *from, void *user)
{
    note("cancel %d", async_future_cancel(victim, NULL));
}

START_TEST(a_timer_and_a_cancel_in_one_turn_end_a_sleep_once)
{
    struct courier ann = {.name = "ann", .tries = true};

    async_loop_set_clock(loop, ASYNC_CLOCK_MANUAL);
    async_loop_call_later(loop, 1, cancel_victim, NULL, NULL, NULL);
    ann.parcel = async_sleep(loop, 1);
    victim = courier_send(&ann);
    turn();
    async_loop_advance(loop, 1);
    ck_assert_notes("ann? cancel 0 ann!ECANCELED ~ann");
    ck_assert_int_eq(finish(victim), ASYNC_ECANCELED);
}
END_TEST

static void cancel_in_destroy(void *state)
{
    note("~ %d", async_future_cancel(state, NULL));
}

static async_next return_at_once(async_task *task, void *state)
{
    return async_return(task, async_none());
}

START_TEST(a_clean_up_may_cancel_others)
{
    async_future *promise = async_future_new(loop);

    ck_assert_int_eq(finish(async_create_task(loop, return_at_once, promise, cancel_in_destroy)), 0);
    ck_assert_notes("~ 0");
    ck_assert_int_eq(finish(promise), ASYNC_ECANCELED);
}
END_TEST

START_TEST(hosts_errors_are_not_lost_when_a_cancelled_task_fails_otherwise)
{
    async_future *promise = async_future_new(loop);
    struct courier ann = {.name = "ann", .swallows = true, .again = async_sleep(loop, -1)};
    async_future *task = waiting_courier(&ann, promise);

    async_future_cancel(task, NULL);
    ck_assert_int_eq(async_loop_run_until(loop, task), ASYNC_EINVAL);
    ck_assert(!async_future_is_cancelled(task));
    async_future_unref(task);
    async_future_unref(promise);
    notes();
}
END_TEST

int main(void)
{
    return RUN_TESTS("cancel", a_task_cancelled_before_it_starts_runs_no_step,
                     a_trying_task_sees_a_cancel_before_its_start, a_waiting_task_is_told_where_it_waits,
                     the_innermost_operation_is_cancelled_first, a_cancel_in_the_turn_of_the_waking_wins,
                     a_cancel_in_the_turn_of_a_failure_wins_and_the_failure_counts_as_read,
                     a_swallowed_cancel_lets_the_task_go_on, a_second_cancel_is_told_where_the_task_waits_then,
                     two_cancels_before_the_step_are_told_as_one, the_last_uncancel_withdraws_what_was_not_told,
                     only_tasks_count_cancels, a_task_that_cancels_itself_and_returns_is_cancelled,
                     a_task_that_cancels_itself_and_fails_has_failed,
                     a_task_that_cancels_itself_is_told_where_it_waits_next,
                     a_chain_of_a_hundred_thousand_tasks_is_cancelled,
                     a_chain_through_gathers_is_cancelled_without_recursion,
                     a_ring_of_tasks_dissolves_when_one_is_cancelled,
                     a_ring_through_a_gather_dissolves_when_one_is_cancelled, a_ring_of_tasks_closes_with_its_loop,
                     a_ring_of_tasks_survives_a_cancel_without_memory,
                     a_diamond_of_tasks_is_cancelled_once_on_each_way,
                     a_timer_and_a_cancel_in_one_turn_end_a_sleep_once, a_clean_up_may_cancel_others,
                     hosts_errors_are_not_lost_when_a_cancelled_task_fails_otherwise);
}
