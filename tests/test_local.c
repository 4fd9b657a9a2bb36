#include "tests/support/support.h"

static async_local *depth;

static const char *value_here(void)
{
    async_value *value = async_local_get(loop, depth);

    return value ? async_value_text(value, NULL) : "nothing";
}

static async_next look_again(async_task *task, void *state)
{
    note("child %s", value_here());
    return async_return(task, async_none());
}

static async_next change_in_child(async_task *task, void *state)
{
    note("child %s", value_here());
    ck_assert_int_eq(async_local_set(loop, depth, async_text("two")), 0);
    note("child %s", value_here());
    return async_await(task, async_sleep(loop, 0), look_again);
}

static async_next look_in_parent(async_task *task, void *state)
{
    note("parent %s", value_here());
    return async_return(task, async_none());
}

static async_next set_in_parent(async_task *task, void *state)
{
    async_future *child;

    note("parent %s", value_here());
    ck_assert_int_eq(async_local_set(loop, depth, async_text("one")), 0);
    child = async_create_task(loop, change_in_child, NULL, NULL);
    ck_assert_int_eq(async_local_set(loop, depth, async_text("one again")), 0);
    return async_await(task, child, look_in_parent);
}

START_TEST(a_task_begins_with_its_creators_values_and_changes_its_own)
{
    depth = async_local_new("depth", async_text("start"));
    ck_assert_str_eq(async_local_name(depth), "depth");
    ck_assert_str_eq(value_here(), "start");
    ck_assert_int_eq(finish(async_create_task(loop, set_in_parent, NULL, NULL)), 0);
    ck_assert_notes("parent start child one child two child two parent one again");
    ck_assert_str_eq(value_here(), "start");
    async_local_unref(depth);
}
END_TEST

static async_next set_badly(async_task *task, void *state)
{
    ck_assert_int_eq(async_local_set(loop, NULL, async_text("x")), ASYNC_EINVAL);
    ck_assert_int_eq(async_local_set(NULL, depth, async_text("x")), ASYNC_EINVAL);
    ck_assert_int_eq(async_local_set(loop, depth, NULL), ASYNC_ENOMEM);
    ck_assert_str_eq(value_here(), "nothing");
    return async_return(task, async_none());
}

START_TEST(what_cannot_be_set_is_refused_and_taken)
{
    depth = async_local_new("depth", NULL);
    ck_assert_ptr_null(async_local_get(loop, depth));
    ck_assert_int_eq(async_local_set(loop, depth, async_text("outside")), ASYNC_ESTATE);
    ck_assert_int_eq(finish(async_create_task(loop, set_badly, NULL, NULL)), 0);
    ck_assert_ptr_null(async_local_new(NULL, async_text("x")));
    ck_assert_ptr_null(async_local_get(NULL, depth));
    ck_assert_ptr_null(async_local_get(loop, NULL));
    ck_assert_str_eq(async_local_name(NULL), "");
    ck_assert_ptr_null(async_local_ref(NULL));
    ck_assert_ptr_null(async_local_unref(NULL));
    async_local_unref(depth);
}
END_TEST

static async_next set_and_end(async_task *task, void *state)
{
    async_local_set(loop, depth, async_list(NULL, 0));
    return async_return(task, async_none());
}

START_TEST(a_task_holds_the_variables_it_set)
{
    async_future *task;

    depth = async_local_new("depth", NULL);
    task = async_create_task(loop, set_and_end, NULL, NULL);
    turn();
    async_local_unref(depth);
    ck_assert_int_eq(finish(task), 0);
}
END_TEST

int main(void)
{
    return RUN_TESTS("local", a_task_begins_with_its_creators_values_and_changes_its_own,
                     what_cannot_be_set_is_refused_and_taken, a_task_holds_the_variables_it_set);
}
