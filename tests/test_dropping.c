/* Law 7: dropping a reference never cancels. What combines futures goes on to its end, whoever still holds it. */
#include "tests/support/support.h"

static async_future *promise;

static async_future **taken_twice(void)
{
    static async_future *given[2];

    promise = async_future_new(loop);
    given[0] = async_future_ref(promise);
    given[1] = async_future_ref(promise);
    return given;
}

static void drop_promise(void)
{
    promise = async_future_unref(promise);
}

/* Each kind, made of `promise`. */
#define KINDS 9

static async_future *one_of(async_completions **row, size_t kind)
{
    async_future **given = taken_twice();

    if (kind == 0)
        return async_gather(loop, given, 2, 0);
    if (kind == 1)
        return async_gather(loop, given, 2, ASYNC_GATHER_KEEP_ERRORS);
    if (kind == 2)
        return async_wait(loop, given, 2, ASYNC_ALL_COMPLETED, 100);
    if (kind == 3)
        return async_wait(loop, given, 2, ASYNC_FIRST_EXCEPTION, ASYNC_FOREVER);
    if (kind == 4 || kind == 5) {
        *row = async_as_completed(loop, given, 2, kind == 4 ? 100 : ASYNC_FOREVER);
        return async_completions_next(*row);
    }
    async_future_unref(given[1]);
    if (kind == 6)
        return async_wait_for(loop, given[0], 100);
    if (kind == 7)
        return async_wait_until(loop, given[0], async_loop_time(loop) + 100);
    return async_shield(loop, given[0]);
}

static void drop_early(async_future *made, async_completions *row)
{
    async_future_unref(made);
    async_completions_unref(row);
}

START_TEST(what_is_dropped_still_ends_with_a_value)
{
    for (size_t kind = 0; kind < KINDS; kind++) {
        async_completions *row = NULL;
        async_future *made = one_of(&row, kind);

        drop_early(made, row);
        turn();
        async_future_resolve(promise, async_int(1));
        drop_promise();
        turns(3);
    }
}
END_TEST

START_TEST(what_is_dropped_still_ends_with_a_cancelled_child)
{
    for (size_t kind = 0; kind < KINDS; kind++) {
        async_completions *row = NULL;
        async_future *made = one_of(&row, kind);

        drop_early(made, row);
        async_future_cancel(promise, NULL);
        drop_promise();
        turns(3);
        /* As in asyncio a gather fails with its child's cancel, but is not cancelled: that is a failure to be read. */
        ck_assert_str_eq(reports(), kind == 0 ? "ASYNC_ECANCELED: a future failed and nobody read it: cancelled" : "");
    }
}
END_TEST

START_TEST(what_is_dropped_with_a_failing_child_is_reported_once)
{
    for (size_t kind = 0; kind < KINDS; kind++) {
        async_completions *row = NULL;
        async_future *made = one_of(&row, kind);

        drop_early(made, row);
        async_future_fail(promise, ASYNC_EHOST, "broke");
        drop_promise();
        turns(3);
        ck_assert_str_eq(reports(), kind == 1 ? "" : "ASYNC_EHOST: a future failed and nobody read it: broke");
    }
}
END_TEST

START_TEST(what_is_dropped_ends_with_its_loop)
{
    for (size_t kind = 0; kind < KINDS; kind++) {
        async_completions *row = NULL;
        async_future *made = one_of(&row, kind);

        drop_early(made, row);
        drop_promise();
    }
}
END_TEST

START_TEST(what_is_dropped_ends_with_a_loop_that_is_abandoned)
{
    for (size_t kind = 0; kind < KINDS; kind++) {
        async_completions *row = NULL;
        async_future *made = one_of(&row, kind);

        drop_early(made, row);
        if (kind % 2)
            async_future_resolve(promise, async_int(1));    /* and those that wait are queued */
        drop_promise();
    }
    async_loop_abandon(loop);
}
END_TEST

START_TEST(a_next_that_nobody_holds_takes_its_place_all_the_same)
{
    async_future *first = async_future_new(loop), *second = async_future_new(loop), *next;
    async_completions *row = async_as_completed(
        loop, (async_future *[]){async_future_ref(first), async_future_ref(second)}, 2, ASYNC_FOREVER);

    async_future_unref(async_completions_next(row));
    next = async_completions_next(row);
    ck_assert_uint_eq(async_completions_left(row), 0);
    async_future_resolve(second, async_none());
    turns(2);
    ck_assert(!async_future_is_done(next));
    async_future_resolve(first, async_none());
    ck_assert_int_eq(async_loop_run_until(loop, next), 0);
    ck_assert_int_eq(async_value_int(async_future_value(next)), 0);
    async_future_unref(next);
    async_future_unref(first);
    async_future_unref(second);
    async_completions_unref(row);
}
END_TEST

START_TEST(a_join_that_nobody_holds_ends_with_its_group)
{
    for (int way = 0; way < 3; way++) {
        async_task_group *group = async_task_group_new(loop, NULL);

        promise = async_future_new(loop);
        async_task_group_add(group, promise);
        async_future_unref(async_task_group_join(group));
        async_future_unref(async_task_group_join(group));
        async_task_group_unref(group);
        if (way == 0)
            async_future_resolve(promise, async_none());
        else if (way == 1)
            async_future_cancel(promise, NULL);
        drop_promise();
        turns(way == 2 ? 0 : 3);
    }
}
END_TEST

int main(void)
{
    return RUN_TESTS("dropping", what_is_dropped_still_ends_with_a_value,
                     what_is_dropped_still_ends_with_a_cancelled_child,
                     what_is_dropped_with_a_failing_child_is_reported_once, what_is_dropped_ends_with_its_loop,
                     what_is_dropped_ends_with_a_loop_that_is_abandoned,
                     a_next_that_nobody_holds_takes_its_place_all_the_same,
                     a_join_that_nobody_holds_ends_with_its_group);
}
