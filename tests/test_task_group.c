#include "tests/support/support.h"

#include <string.h>

static async_next wait_for_state(async_task *task, void *state);

static async_next answer(async_task *task, void *state)
{
    return async_return(task, async_value_ref(async_awaited(task)));
}

static async_next wait_for_state(async_task *task, void *state)
{
    return async_await(task, async_future_ref(state), answer);
}

static void add_task(async_task_group *group, async_future *promise)
{
    async_future_unref(async_task_group_create_task(group, wait_for_state, promise, NULL));
}

START_TEST(joining_waits_until_every_one_has_ended)
{
    async_task_group *group = async_task_group_new(loop, NULL);
    async_future *one = async_future_new(loop), *other = async_future_new(loop), *join;

    add_task(group, one);
    add_task(group, other);
    ck_assert_uint_eq(async_task_group_count(group), 2);
    join = async_task_group_join(group);
    async_future_resolve(one, async_none());
    turns(3);
    ck_assert_uint_eq(async_task_group_count(group), 1);
    ck_assert(!async_future_is_done(join));
    async_future_resolve(other, async_none());
    ck_assert_int_eq(finish(join), 0);
    async_task_group_unref(group);
    async_future_unref(one);
    async_future_unref(other);
}
END_TEST

START_TEST(an_empty_group_is_joined_at_once)
{
    async_task_group *group = async_task_group_new(loop, NULL);
    async_future *join = async_task_group_join(group);

    ck_assert(async_future_is_done(join));
    ck_assert_int_eq(async_future_error(join), 0);
    async_future_unref(join);
    async_task_group_unref(group);
}
END_TEST

START_TEST(the_first_failure_cancels_the_others_and_the_join_lists_the_failures)
{
    async_task_group *group = async_task_group_new(loop, NULL);
    async_future *one = async_future_new(loop), *other = async_future_new(loop), *join;
    async_value *failures;

    add_task(group, one);
    add_task(group, other);
    join = async_task_group_join(group);
    turn();
    async_future_fail(one, ASYNC_ENONAME, "no such host");
    ck_assert_int_eq(async_loop_run_until(loop, join), ASYNC_EGROUP);
    ck_assert(async_future_is_cancelled(other));
    failures = async_value_cause(async_future_failure(join));
    ck_assert_uint_eq(async_value_count(failures), 1);
    ck_assert_int_eq(async_value_error(async_value_item(failures, 0)), ASYNC_ENONAME);
    ck_assert_ptr_nonnull(strstr(async_future_message(join), "no such host"));
    async_future_unref(join);
    async_task_group_unref(group);
    async_future_mark_read(one);
    async_future_unref(one);
    async_future_unref(other);
}
END_TEST

START_TEST(a_group_that_is_ending_takes_nobody_in)
{
    async_task_group *group = async_task_group_new(loop, NULL);
    async_future *promise = async_future_new(loop), *task;
    int destroyed = 0;

    add_task(group, promise);
    ck_assert_int_eq(async_task_group_cancel(group, "enough"), 0);
    task = async_task_group_create_task(group, wait_for_state, &destroyed, count_destroy);
    ck_assert_int_eq(async_future_error(task), ASYNC_ESTATE);
    ck_assert_int_eq(destroyed, 1);
    async_future_unref(task);
    ck_assert_int_eq(async_task_group_add(group, promise), ASYNC_ESTATE);
    ck_assert_int_eq(finish(async_task_group_join(group)), 0);
    async_task_group_unref(group);
    async_future_unref(promise);
}
END_TEST

START_TEST(cancelling_the_join_cancels_the_group)
{
    async_task_group *group = async_task_group_new(loop, NULL);
    async_future *promise = async_future_new(loop), *join;

    add_task(group, promise);
    turn();
    join = async_task_group_join(group);
    ck_assert_int_eq(async_future_cancel(join, NULL), 0);
    ck_assert(!async_future_is_done(join));
    turn();
    ck_assert(async_future_is_cancelled(promise));
    ck_assert_int_eq(finish(join), ASYNC_ECANCELED);
    async_task_group_unref(group);
    async_future_unref(promise);
}
END_TEST

START_TEST(a_member_that_joins_its_own_group_can_be_cancelled)
{
    async_task_group *group = async_task_group_new(loop, NULL);
    async_future *join = async_task_group_join(group), *promise = async_future_new(loop);

    async_future_unref(join);
    add_task(group, promise);
    join = async_task_group_join(group);
    ck_assert_int_eq(async_task_group_add(group, join), 0);
    async_task_group_cancel(group, NULL);
    turns(4);
    ck_assert_uint_eq(async_task_group_count(group), 0);
    ck_assert_int_eq(finish(join), ASYNC_ECANCELED);
    async_task_group_unref(group);
    async_future_unref(promise);
}
END_TEST

/* A parent in the midst of its work is cancelled by the first failure, until it joins. */
struct parent {
    async_task_group *group;
    async_future *promise;
    bool joins;
};

static async_next hear_the_end(async_task *task, void *state)
{
    note("parent heard %s, %d outstanding", async_error_name(async_caught(task)),
         async_future_cancelling(async_task_future(task)));
    return async_return(task, async_none());
}

static async_next join_the_group(async_task *task, void *state)
{
    struct parent *parent = state;

    note("parent was told %s", async_error_name(async_caught(task)));
    return async_try(task, async_task_group_join(parent->group), hear_the_end);
}

static async_next open_a_group(async_task *task, void *state)
{
    struct parent *parent = state;

    parent->group = async_task_group_new(async_task_loop(task), async_task_future(task));
    add_task(parent->group, parent->promise);
    return async_try(task, async_sleep(async_task_loop(task), 1000), join_the_group);
}

START_TEST(the_first_failure_ends_the_parents_work_until_it_joins)
{
    struct parent parent = {.promise = async_future_new(loop)};
    async_future *task = async_create_task(loop, open_a_group, &parent, NULL);

    turns(3);
    async_future_fail(parent.promise, ASYNC_EHOST, "broke");
    ck_assert_int_eq(finish(task), 0);
    ck_assert_notes("parent was told ASYNC_ECANCELED parent heard ASYNC_EGROUP, 0 outstanding");
    async_task_group_unref(parent.group);
    async_future_unref(parent.promise);
}
END_TEST

START_TEST(a_dropped_group_lives_until_its_last_task_has_ended)
{
    async_task_group *group = async_task_group_new(loop, NULL);
    async_future *promise = async_future_new(loop);

    add_task(group, promise);
    ck_assert_ptr_null(async_task_group_unref(group));
    turn();
    async_future_resolve(promise, async_none());
    turns(3);
    async_future_unref(promise);
}
END_TEST

START_TEST(a_group_of_nothing_says_so)
{
    async_loop *other = async_loop_new();
    async_future *foreign = async_future_new(other), *promise = async_future_new(loop);
    async_task_group *group = async_task_group_new(loop, NULL);
    int destroyed = 0;

    ck_assert_ptr_null(async_task_group_new(NULL, NULL));
    ck_assert_ptr_null(async_task_group_new(loop, promise));
    ck_assert_int_eq(async_task_group_add(NULL, promise), ASYNC_EINVAL);
    ck_assert_int_eq(async_task_group_add(group, NULL), ASYNC_EINVAL);
    ck_assert_int_eq(async_task_group_add(group, foreign), ASYNC_EFOREIGN);
    ck_assert_int_eq(async_task_group_cancel(NULL, NULL), ASYNC_EINVAL);
    ck_assert_uint_eq(async_task_group_count(NULL), 0);
    ck_assert_int_eq(finish(async_task_group_join(NULL)), ASYNC_EINVAL);
    ck_assert_str_eq(async_future_message(async_task_group_join(NULL)), "group is NULL");
    ck_assert_int_eq(finish(async_task_group_create_task(NULL, wait_for_state, &destroyed, count_destroy)),
                     ASYNC_EINVAL);
    ck_assert_int_eq(finish(async_task_group_create_task(group, NULL, &destroyed, count_destroy)), ASYNC_EINVAL);
    ck_assert_int_eq(destroyed, 2);
    ck_assert_ptr_null(async_task_group_ref(NULL));
    ck_assert_ptr_null(async_task_group_unref(NULL));
    async_task_group_unref(group);
    async_future_unref(promise);
    async_future_unref(foreign);
    async_loop_close(other);
    async_loop_unref(other);
}
END_TEST

START_TEST(a_group_may_outlive_its_loop)
{
    async_task_group *group = async_task_group_new(loop, NULL);
    async_future *promise = async_future_new(loop), *join;

    add_task(group, promise);
    turn();
    join = async_task_group_join(group);
    async_loop_abandon(loop);
    loop = async_loop_unref(loop);
    ck_assert_int_eq(async_future_error(join), ASYNC_ECLOSED);
    async_future_unref(join);
    async_future_unref(promise);
    ck_assert_uint_eq(async_task_group_count(group), 0);
    async_task_group_unref(group);
    reports();
}
END_TEST

int main(void)
{
    return RUN_TESTS("task group", joining_waits_until_every_one_has_ended, an_empty_group_is_joined_at_once,
                     the_first_failure_cancels_the_others_and_the_join_lists_the_failures,
                     a_group_that_is_ending_takes_nobody_in, cancelling_the_join_cancels_the_group,
                     a_member_that_joins_its_own_group_can_be_cancelled,
                     the_first_failure_ends_the_parents_work_until_it_joins,
                     a_dropped_group_lives_until_its_last_task_has_ended, a_group_of_nothing_says_so,
                     a_group_may_outlive_its_loop);
}
