/* The parent of a group: a task whose work the group is, cancelled by the first failure and by others. */
#include "tests/support/support.h"

#include <string.h>

struct parent {
    const char *name;
    async_future *parcel;    /* taken: what it waits for beside its group */
    async_future *member;    /* taken */
    async_future *again;     /* taken: what it waits for after the group */
    async_task_group *group;
};

static async_step join, end;

static async_next open(async_task *task, void *state)
{
    struct parent *parent = state;
    async_future *parcel = parent->parcel;

    parent->group = async_task_group_new(async_task_loop(task), async_task_future(task));
    async_task_group_add(parent->group, parent->member);
    parent->member = async_future_unref(parent->member);
    parent->parcel = NULL;
    return async_try(task, parcel, join);
}

static async_next join(async_task *task, void *state)
{
    struct parent *parent = state;

    if (async_caught(task)) {
        note("%s!%s", parent->name, async_error_name(async_caught(task)) + strlen("ASYNC_"));
        async_task_group_cancel(parent->group, NULL);
    }
    return async_try(task, async_task_group_join(parent->group), end);
}

static async_next end_at_last(async_task *task, void *state)
{
    struct parent *parent = state;

    note("%s!%s", parent->name, async_error_name(async_caught(task)) + strlen("ASYNC_"));
    return async_return(task, async_none());
}

static async_next end(async_task *task, void *state)
{
    struct parent *parent = state;
    async_future *again = parent->again;

    note("%s:%s,%d", parent->name, async_caught(task) ? async_error_name(async_caught(task)) + strlen("ASYNC_") : "ok",
         async_future_cancelling(async_task_future(task)));
    parent->again = NULL;
    if (again)
        return async_try(task, again, end_at_last);
    return async_return(task, async_none());
}

static void destroy_parent(void *state)
{
    struct parent *parent = state;

    parent->group = async_task_group_unref(parent->group);
    async_future_unref(parent->again);
}

static async_future *send_parent(struct parent *parent)
{
    return async_create_task(loop, open, parent, destroy_parent);
}

START_TEST(a_failure_cancels_the_parent_until_it_joins)
{
    async_future *member = async_future_new(loop), *task;
    struct parent ann = {.name = "ann", .parcel = async_future_new(loop), .member = async_future_ref(member)};

    task = send_parent(&ann);
    turn();
    async_future_fail(member, ASYNC_EHOST, "broke");
    turn();
    ck_assert_int_eq(async_future_cancelling(task), 1);
    ck_assert_int_eq(finish(task), 0);
    ck_assert_notes("ann!ECANCELED ann:EGROUP,0");
    async_future_unref(member);
}
END_TEST

START_TEST(a_parent_that_joins_is_told_by_the_join_alone)
{
    async_future *member = async_future_new(loop), *task;
    struct parent ann = {.name = "ann", .parcel = async_sleep(loop, 0), .member = async_future_ref(member),
                         .again = async_sleep(loop, 0)};

    task = send_parent(&ann);
    turns(3);
    async_future_fail(member, ASYNC_EHOST, "broke");
    ck_assert_int_eq(finish(task), 0);
    ck_assert_notes("ann:EGROUP,0 ann!OK");
    async_future_unref(member);
}
END_TEST

START_TEST(a_parent_cancelled_from_outside_as_well_hears_of_it_after_the_groups_failure)
{
    async_future *member = async_future_new(loop), *task;
    struct parent ann = {.name = "ann", .parcel = async_future_new(loop), .member = async_future_ref(member),
                         .again = async_sleep(loop, 1000)};

    task = send_parent(&ann);
    turn();
    async_future_fail(member, ASYNC_EHOST, "broke");
    turn();
    async_future_cancel(task, NULL);
    ck_assert_int_eq(async_future_cancelling(task), 2);
    ck_assert_int_eq(finish(task), 0);
    /* The count stays, and so does the cancel: it is told where the parent waits next. */
    ck_assert_notes("ann!ECANCELED ann:EGROUP,1 ann!ECANCELED");
    async_future_unref(member);
}
END_TEST

START_TEST(a_parent_cancelled_while_it_joins_hears_of_both)
{
    async_future *late = async_future_new(loop), *task;
    struct courier bob = {.name = "bob", .parcel = async_future_new(loop), .swallows = true,
                          .again = async_future_ref(late)};
    struct parent ann = {.name = "ann", .parcel = async_sleep(loop, 0), .member = courier_send(&bob),
                         .again = async_sleep(loop, 1000)};

    task = send_parent(&ann);
    turns(3);
    async_future_cancel(task, NULL);
    turns(2);
    async_future_fail(late, ASYNC_EHOST, "in the clean-up");
    ck_assert_int_eq(finish(task), 0);
    ck_assert_notes("bob? bob!ECANCELED ~bob ann:EGROUP,1 ann!ECANCELED");
    async_future_unref(late);
}
END_TEST

START_TEST(a_parent_cancelled_while_it_joins_ends_the_group)
{
    async_future *task;
    struct courier bob = {.name = "bob", .parcel = async_future_new(loop), .tries = true};
    struct parent ann = {.name = "ann", .parcel = async_sleep(loop, 0), .member = courier_send(&bob),
                         .again = async_sleep(loop, 0)};

    task = send_parent(&ann);
    turns(3);
    async_future_cancel(task, NULL);
    ck_assert_int_eq(finish(task), 0);
    ck_assert_notes("bob? bob!ECANCELED ~bob ann:ECANCELED,1 ann!OK");
}
END_TEST

START_TEST(a_failure_before_the_join_is_told_by_it_at_once_and_the_cancel_after)
{
    async_future *task;
    struct parent ann = {.name = "ann", .parcel = async_sleep(loop, 0), .member = async_sleep(NULL, 0),
                         .again = async_sleep(loop, 1000)};

    task = send_parent(&ann);
    turn();
    async_future_cancel(task, NULL);
    ck_assert_int_eq(finish(task), 0);
    ck_assert_notes("ann!ECANCELED ann:EGROUP,1 ann!ECANCELED");
}
END_TEST

START_TEST(a_cancel_between_the_groups_end_and_the_parents_step_comes_after_the_failures)
{
    async_future *member = async_future_new(loop), *task;
    struct parent ann = {.name = "ann", .parcel = async_sleep(loop, 0), .member = async_future_ref(member),
                         .again = async_sleep(loop, 1000)};

    task = send_parent(&ann);
    turns(3);
    async_future_fail(member, ASYNC_EHOST, "broke");
    turn();    /* the group has ended, and the parent is queued */
    async_future_cancel(task, NULL);
    ck_assert_int_eq(finish(task), 0);
    ck_assert_notes("ann:EGROUP,1 ann!ECANCELED");
    async_future_unref(member);
}
END_TEST

int main(void)
{
    return RUN_TESTS("parent", a_failure_cancels_the_parent_until_it_joins,
                     a_parent_that_joins_is_told_by_the_join_alone,
                     a_parent_cancelled_from_outside_as_well_hears_of_it_after_the_groups_failure,
                     a_parent_cancelled_while_it_joins_hears_of_both, a_parent_cancelled_while_it_joins_ends_the_group,
                     a_failure_before_the_join_is_told_by_it_at_once_and_the_cancel_after,
                     a_cancel_between_the_groups_end_and_the_parents_step_comes_after_the_failures);
}
