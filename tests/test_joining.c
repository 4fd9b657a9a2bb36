/* Task groups: how they are joined and cancelled, what they refuse, and their ends. */
#include "libasync/platform/internal.h"
#include "tests/support/support.h"

#include <string.h>

static async_task_group *group;

static void make(void)
{
    group = async_task_group_new(loop, NULL);
    ck_assert_ptr_nonnull(group);
}

static void drop(void)
{
    group = async_task_group_unref(group);
}

/* A courier becomes a member; nobody else holds it. */
static void join_in(struct courier *courier)
{
    async_future *task = courier_send(courier);

    ck_assert_int_eq(async_task_group_add(group, task), 0);
    async_future_unref(task);
}

/* Ends with a failure of group; tells how many there were and the message of the first, and drops the future. */
static void ck_assert_group_failed(async_future *taken, size_t count, const char *first)
{
    async_value *failures;

    ck_assert_int_eq(async_loop_run_until(loop, taken), ASYNC_EGROUP);
    failures = async_value_cause(async_future_failure(taken));
    ck_assert_int_eq(async_value_kind(failures), ASYNC_LIST);
    ck_assert_uint_eq(async_value_count(failures), count);
    ck_assert_str_eq(async_value_message(async_value_item(failures, 0)), first);
    async_future_unref(taken);
}

static async_next answer_seven(async_task *task, void *state)
{
    note("seven");
    return async_return(task, async_int(7));
}

START_TEST(a_group_creates_tasks)
{
    async_future *task;
    int destroyed = 0;

    make();
    task = async_task_group_create_task(group, answer_seven, &destroyed, count_destroy);
    ck_assert_notes("");
    ck_assert_int_eq(finish(async_task_group_join(group)), 0);
    ck_assert_notes("seven");
    ck_assert_int_eq(async_value_int(async_future_value(task)), 7);
    ck_assert_int_eq(destroyed, 1);
    async_future_unref(task);
    drop();
}
END_TEST

struct opener {
    int generations;
};

static async_next start_another(async_task *task, void *state)
{
    struct opener *opener = state;

    note("%d", opener->generations);
    if (opener->generations-- > 0)
        async_future_unref(async_task_group_create_task(group, start_another, opener, NULL));
    return async_return(task, async_none());
}

START_TEST(members_may_start_others_while_the_group_is_joined)
{
    struct opener opener = {3};
    async_future *joined;

    make();
    async_future_unref(async_task_group_create_task(group, start_another, &opener, NULL));
    joined = async_task_group_join(group);
    ck_assert_int_eq(finish(joined), 0);
    ck_assert_notes("3 2 1 0");
    drop();
}
END_TEST

START_TEST(every_failure_is_listed_in_the_order_it_came)
{
    async_future *given[3];

    make();
    for (int i = 0; i < 3; i++) {
        given[i] = async_future_new(loop);
        ck_assert_int_eq(async_task_group_add(group, given[i]), 0);
    }
    async_future_fail(given[1], ASYNC_EHOST, "one");
    async_future_fail(given[0], ASYNC_ETIMEDOUT, "nought");
    async_future_fail(given[2], ASYNC_EINVAL, "two");
    for (int i = 0; i < 3; i++)
        async_future_unref(given[i]);
    ck_assert_group_failed(async_task_group_join(group), 3, "one");
    drop();
}
END_TEST

START_TEST(the_message_tells_how_many_and_the_first)
{
    async_future *promise = async_future_new(loop), *joined;

    make();
    async_task_group_add(group, promise);
    async_future_fail(promise, ASYNC_EHOST, "no paper");
    async_future_unref(promise);
    joined = async_task_group_join(group);
    ck_assert_int_eq(async_loop_run_until(loop, joined), ASYNC_EGROUP);
    ck_assert_str_eq(async_future_message(joined), "1 task of the group failed, first: no paper");
    async_future_unref(joined);
    drop();
}
END_TEST

START_TEST(every_join_hears_of_the_failure_also_the_later_ones)
{
    async_future *promise = async_future_new(loop), *one, *other;

    make();
    async_task_group_add(group, promise);
    one = async_task_group_join(group);
    other = async_task_group_join(group);
    async_future_fail(promise, ASYNC_EHOST, "broke");
    async_future_unref(promise);
    ck_assert_group_failed(one, 1, "broke");
    ck_assert_group_failed(other, 1, "broke");
    ck_assert_group_failed(async_task_group_join(group), 1, "broke");
    drop();
}
END_TEST

START_TEST(a_cancelled_member_is_no_failure)
{
    async_future *promise = async_future_new(loop), *slow = async_future_new(loop), *joined;

    make();
    async_task_group_add(group, promise);
    async_task_group_add(group, slow);
    joined = async_task_group_join(group);
    async_future_cancel(promise, NULL);
    turns(2);
    ck_assert(!async_future_is_done(slow));
    async_future_resolve(slow, async_none());
    ck_assert_int_eq(finish(joined), 0);
    async_future_unref(promise);
    async_future_unref(slow);
    drop();
}
END_TEST

START_TEST(a_gather_that_was_cancelled_is_no_failure_either)
{
    async_future *promise = async_future_new(loop), *all;

    make();
    all = async_gather(loop, &(async_future *){async_future_ref(promise)}, 1, 0);
    async_task_group_add(group, all);
    async_future_cancel(all, NULL);
    async_future_unref(all);
    ck_assert_int_eq(finish(async_task_group_join(group)), 0);
    async_future_unref(promise);
    drop();
}
END_TEST

START_TEST(futures_that_are_done_count_in_the_next_turn)
{
    async_future *joined;

    make();
    ck_assert_int_eq(async_task_group_add(group, async_sleep(NULL, 1)), 0);
    joined = async_task_group_join(group);
    ck_assert(!async_future_is_done(joined));
    ck_assert_group_failed(joined, 1, "loop is NULL");
    drop();
}
END_TEST

START_TEST(a_yield_may_be_a_member)
{
    async_future *yielded = async_sleep(loop, 0);

    make();
    ck_assert_int_eq(async_task_group_add(group, yielded), 0);
    ck_assert_int_eq(async_task_group_add(group, yielded), 0);
    async_future_unref(yielded);
    ck_assert_uint_eq(async_task_group_count(group), 2);
    ck_assert_int_eq(finish(async_task_group_join(group)), 0);
    drop();
}
END_TEST

/* Cancelling the group, and the joining. */
START_TEST(a_group_is_cancelled_as_a_whole)
{
    struct courier ann = {.name = "ann", .parcel = async_future_new(loop), .tries = true};
    async_future *joined, *task;

    make();
    join_in(&ann);
    task = async_task_group_create_task(group, answer_seven, NULL, NULL);
    turn();
    ck_assert_int_eq(async_task_group_cancel(group, "enough"), 0);
    ck_assert_int_eq(async_task_group_cancel(group, NULL), 0);
    joined = async_task_group_join(group);
    ck_assert_int_eq(finish(joined), 0);
    ck_assert_notes("ann? seven ann!ECANCELED ~ann");
    async_future_unref(task);
    drop();
}
END_TEST

START_TEST(cancelling_the_joining_cancels_the_group_and_waits_for_its_end)
{
    async_future *slow = async_future_new(loop), *joined;
    struct courier ann = {.name = "ann", .parcel = async_future_new(loop), .swallows = true,
                          .again = async_future_ref(slow)};

    make();
    join_in(&ann);
    joined = async_task_group_join(group);
    turn();
    ck_assert_int_eq(async_future_cancel(joined, "enough"), 0);
    ck_assert_int_eq(async_future_cancel(joined, "more than that"), 0);
    turns(3);
    ck_assert(!async_future_is_done(joined));
    async_future_resolve(slow, async_int(3));
    ck_assert_int_eq(async_loop_run_until(loop, joined), ASYNC_ECANCELED);
    ck_assert(async_future_is_cancelled(joined));
    ck_assert_str_eq(async_future_message(joined), "enough");
    async_future_unref(joined);
    async_future_unref(slow);
    drop();
    notes();
}
END_TEST

START_TEST(a_failure_counts_more_than_the_cancel_of_the_joining)
{
    async_future *promise = async_future_new(loop), *joined;
    struct courier ann = {.name = "ann", .parcel = async_future_new(loop), .swallows = true,
                          .again = async_future_ref(promise)};

    make();
    join_in(&ann);
    joined = async_task_group_join(group);
    turn();
    async_future_cancel(joined, NULL);
    async_future_fail(promise, ASYNC_EHOST, "in the clean-up");
    async_future_unref(promise);
    ck_assert_group_failed(joined, 1, "in the clean-up");
    drop();
    notes();
}
END_TEST

START_TEST(a_member_may_join_its_own_group_and_is_cancelled)
{
    struct courier ann = {.name = "ann", .tries = true};
    async_future *joined;

    make();
    join_in(&ann);
    ann.parcel = async_task_group_join(group);
    turn();
    joined = async_task_group_join(group);
    async_future_cancel(joined, NULL);
    ck_assert_int_eq(finish(joined), ASYNC_ECANCELED);
    ck_assert_notes("ann? ann!ECANCELED ~ann");
    drop();
}
END_TEST

START_TEST(groups_that_join_each_other_end_when_cancelled)
{
    async_task_group *groups[2];
    async_future *joined[2];

    for (int i = 0; i < 2; i++)
        groups[i] = async_task_group_new(loop, NULL);
    for (int i = 0; i < 2; i++) {
        async_future *promise = async_future_new(loop);

        async_task_group_add(groups[i], promise);
        async_future_unref(promise);
        joined[i] = async_task_group_join(groups[i]);
    }
    async_task_group_add(groups[0], joined[1]);
    async_task_group_add(groups[1], joined[0]);
    ck_assert_int_eq(async_future_cancel(joined[0], NULL), 0);
    turns(3);
    /* Each waits for the other for ever; only their loop's end ends them. */
    ck_assert(!async_future_is_done(joined[0]));
    for (int i = 0; i < 2; i++) {
        async_future_unref(joined[i]);
        async_task_group_unref(groups[i]);
    }
}
END_TEST

static async_next leave(async_task *task, void *state)
{
    async_task_group *left = async_task_group_new(async_task_loop(task), async_task_future(task));

    async_task_group_add(left, state);
    async_task_group_unref(left);
    return async_return(task, async_none());
}

START_TEST(a_failure_that_nobody_joins_is_reported)
{
    async_future *member = async_future_new(loop);

    ck_assert_int_eq(finish(async_create_task(loop, leave, member, NULL)), 0);
    async_future_fail(member, ASYNC_EHOST, "broke");
    async_future_unref(member);
    turns(2);
    ck_assert_str_eq(reports(), "ASYNC_EGROUP: a task group failed and nobody joined it: "
                                "1 task of the group failed, first: broke");
}
END_TEST

START_TEST(a_joins_failure_that_nobody_reads_is_reported_once)
{
    async_future *member = async_future_new(loop);

    make();
    async_task_group_add(group, member);
    async_future_unref(async_task_group_join(group));
    async_future_fail(member, ASYNC_EHOST, "broke");
    async_future_unref(member);
    drop();
    turns(2);
    ck_assert_str_eq(reports(), "ASYNC_EGROUP: a future failed and nobody read it: "
                                "1 task of the group failed, first: broke");
}
END_TEST

START_TEST(a_dropped_join_ends_with_its_loop)
{
    static struct courier ann;

    ann = (struct courier){.name = "ann", .parcel = async_future_new(loop)};
    make();
    join_in(&ann);
    turn();
    async_future_unref(async_task_group_join(group));
    async_future_unref(async_task_group_join(group));
    drop();
    turns(2);
    ck_assert_notes("ann?");
}
END_TEST

START_TEST(what_a_group_cannot_take_is_refused)
{
    async_loop *other = async_loop_new();
    async_future *foreign = async_future_new(other), *promise = async_future_new(loop), *task, *parent;
    int destroyed = 0;

    make();
    ck_assert_int_eq(async_task_group_add(group, foreign), ASYNC_EFOREIGN);
    ck_assert_int_eq(async_task_group_add(group, NULL), ASYNC_EINVAL);
    ck_assert_int_eq(async_task_group_add(NULL, promise), ASYNC_EINVAL);
    task = async_task_group_create_task(NULL, answer_seven, &destroyed, count_destroy);
    ck_assert_int_eq(async_future_error(task), ASYNC_EINVAL);
    ck_assert_str_eq(async_future_message(task), "group is NULL");
    task = async_task_group_create_task(group, NULL, &destroyed, count_destroy);
    ck_assert_int_eq(async_future_error(task), ASYNC_EINVAL);
    async_future_unref(task);
    ck_assert_int_eq(destroyed, 2);
    task = async_task_group_join(NULL);
    ck_assert_int_eq(async_future_error(task), ASYNC_EINVAL);
    ck_assert_str_eq(async_future_message(task), "group is NULL");
    ck_assert_int_eq(async_task_group_cancel(NULL, NULL), ASYNC_EINVAL);
    ck_assert_uint_eq(async_task_group_count(NULL), 0);
    ck_assert_ptr_null(async_task_group_ref(NULL));
    ck_assert_ptr_null(async_task_group_unref(NULL));
    ck_assert_ptr_null(async_task_group_new(NULL, NULL));
    ck_assert_ptr_null(async_task_group_new(loop, promise));
    parent = async_create_task(other, answer_seven, NULL, NULL);
    ck_assert_ptr_null(async_task_group_new(loop, parent));
    async_loop_close(other);
    async_future_unref(parent);
    async_future_unref(foreign);
    async_future_unref(promise);
    async_loop_unref(other);
    ck_assert_ptr_eq(async_task_group_ref(group), group);
    async_task_group_unref(group);
    drop();
    notes();
}
END_TEST

START_TEST(a_closed_loop_has_no_groups)
{
    async_future *promise = async_future_new(loop);

    make();
    async_loop_close(loop);
    ck_assert_ptr_null(async_task_group_new(loop, NULL));
    ck_assert_int_eq(async_task_group_add(group, promise), ASYNC_ECLOSED);
    ck_assert_int_eq(async_future_error(async_task_group_join(group)), ASYNC_ECLOSED);
    ck_assert_int_eq(async_future_error(async_task_group_create_task(group, answer_seven, NULL, NULL)), ASYNC_ECLOSED);
    ck_assert_int_eq(async_task_group_cancel(group, NULL), 0);
    async_future_unref(promise);
    drop();
}
END_TEST

static void use_elsewhere(void *user)
{
    async_future *promise = user;

    ck_assert_ptr_null(async_task_group_new(loop, NULL));
    ck_assert_int_eq(async_task_group_add(group, promise), ASYNC_ETHREAD);
    ck_assert_int_eq(async_future_error(async_task_group_join(group)), ASYNC_ETHREAD);
    ck_assert_int_eq(async_future_error(async_task_group_create_task(group, answer_seven, NULL, NULL)), ASYNC_ETHREAD);
    ck_assert_int_eq(async_task_group_cancel(group, NULL), ASYNC_ETHREAD);
}

START_TEST(another_thread_is_refused)
{
    async_future *promise = async_future_new(loop);

    make();
    elsewhere(use_elsewhere, promise);
    async_future_unref(promise);
    drop();
}
END_TEST

static void make_a_pending_group(async_future **joined, struct courier *ann)
{
    *ann = (struct courier){.name = "ann", .parcel = async_future_new(loop), .tries = true};
    make();
    join_in(ann);
    async_future_unref(async_task_group_create_task(group, answer_seven, NULL, NULL));
    *joined = async_task_group_join(group);
    turn();
}

START_TEST(closing_the_loop_ends_members_and_joins)
{
    struct courier ann;
    async_future *joined;

    make_a_pending_group(&joined, &ann);
    async_loop_close(loop);
    ck_assert_notes("ann? seven ann!ECANCELED ~ann");
    ck_assert(async_future_is_done(joined));
    ck_assert_uint_eq(async_task_group_count(group), 0);
    async_future_unref(joined);
    drop();
}
END_TEST

START_TEST(abandoning_the_loop_ends_joins_with_it)
{
    struct courier ann;
    async_future *joined;

    make_a_pending_group(&joined, &ann);
    async_loop_abandon(loop);
    ck_assert_notes("ann? seven ~ann");
    ck_assert_int_eq(async_future_error(joined), ASYNC_ECLOSED);
    async_future_unref(joined);
    drop();
    ck_assert_str_eq(reports(), "ASYNC_ECLOSED: task 'ann' was destroyed while pending: its loop was closed");
}
END_TEST

START_TEST(operations_in_a_group_end_with_their_loop)
{
    async_future *promise = async_future_new(loop), *joined;

    make();
    async_task_group_add(group, promise);
    joined = async_task_group_join(group);
    async_loop_close(loop);
    ck_assert_int_eq(async_future_error(promise), ASYNC_ECLOSED);
    ck_assert_int_eq(async_future_error(joined), ASYNC_ECLOSED);
    async_future_unref(promise);
    async_future_unref(joined);
    drop();
}
END_TEST

/* What a program does that has no memory: everything it starts must end, with some error, and nothing may leak. */
static bool use_a_group(void)
{
    async_task_group *made = async_task_group_new(loop, NULL);
    async_future *promise = async_future_new(loop), *joined, *task;
    int destroyed = 0, error;

    task = async_task_group_create_task(made, answer_seven, &destroyed, count_destroy);
    async_task_group_add(made, promise);
    joined = async_task_group_join(made);
    async_future_fail(promise, ASYNC_EHOST, "broke");
    async_task_group_cancel(made, "enough");
    error = finish(joined);
    ck_assert(error == 0 || error == ASYNC_EGROUP || error == ASYNC_ENOMEM || error == ASYNC_EINVAL);
    finish(task);
    ck_assert_int_eq(destroyed, 1);
    async_future_mark_read(promise);
    async_future_unref(promise);
    async_task_group_unref(made);
    return error == ASYNC_EGROUP;
}

START_TEST(without_memory_a_group_fails_and_leaks_nothing)
{
    bool whole = false;

    for (size_t nth = 1; !whole && nth < 100; nth++) {
        memory_fail_at(nth, false);
        whole = use_a_group();
        whole &= !memory_has_failed();
    }
    ck_assert(whole);
    ck_assert(!use_a_group() || true);
    notes();
    reports();
}
END_TEST

START_TEST(a_group_of_many_is_linear)
{
    size_t count = slab_one_object_chunks ? 5000 : 100000;

    make();
    for (size_t i = 0; i < count; i++) {
        async_future *sleeper = async_sleep(loop, 1000);

        async_task_group_add(group, sleeper);
        async_future_unref(sleeper);
    }
    ck_assert_uint_eq(async_task_group_count(group), count);
    async_task_group_cancel(group, NULL);
    ck_assert_int_eq(finish(async_task_group_join(group)), 0);
    drop();
}
END_TEST

START_TEST(a_hundred_thousand_failures_are_listed)
{
    size_t count = slab_one_object_chunks ? 5000 : 100000;

    make();
    for (size_t i = 0; i < count; i++)
        async_task_group_add(group, async_sleep(NULL, 1));
    ck_assert_group_failed(async_task_group_join(group), count, "loop is NULL");
    drop();
}
END_TEST

int main(void)
{
    return RUN_TESTS("joining", a_group_creates_tasks, members_may_start_others_while_the_group_is_joined,
                     every_failure_is_listed_in_the_order_it_came, the_message_tells_how_many_and_the_first,
                     every_join_hears_of_the_failure_also_the_later_ones, a_cancelled_member_is_no_failure,
                     a_gather_that_was_cancelled_is_no_failure_either, futures_that_are_done_count_in_the_next_turn,
                     a_yield_may_be_a_member, a_group_is_cancelled_as_a_whole,
                     cancelling_the_joining_cancels_the_group_and_waits_for_its_end,
                     a_failure_counts_more_than_the_cancel_of_the_joining,
                     a_member_may_join_its_own_group_and_is_cancelled, groups_that_join_each_other_end_when_cancelled,
                     a_failure_that_nobody_joins_is_reported, a_joins_failure_that_nobody_reads_is_reported_once,
                     a_dropped_join_ends_with_its_loop, what_a_group_cannot_take_is_refused,
                     a_closed_loop_has_no_groups, another_thread_is_refused, closing_the_loop_ends_members_and_joins,
                     abandoning_the_loop_ends_joins_with_it, operations_in_a_group_end_with_their_loop,
                     without_memory_a_group_fails_and_leaks_nothing, a_group_of_many_is_linear,
                     a_hundred_thousand_failures_are_listed);
}
