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

/* The values of a task are let go where it ends: by then nobody can ask for them. */
struct guest {
    async_destroy *gone;
    async_step *next;
};

static async_next set_a_host_value(async_task *task, void *state)
{
    const struct guest *guest = state;
    async_type *type = async_type_new("guest", NULL, guest->gone);

    async_local_set(loop, depth, async_object(NULL, type, "guest"));
    async_type_unref(type);
    return async_await(task, async_sleep(loop, 0), guest->next);
}

static async_next end_soon(async_task *task, void *state)
{
    return async_return(task, async_none());
}

static void note_gone(void *pointer)
{
    note("~%s", (char *)pointer);
}

START_TEST(a_task_that_has_ended_holds_no_values)
{
    struct guest guest = {note_gone, end_soon};
    async_future *task;

    depth = async_local_new("depth", NULL);
    task = async_create_task(loop, set_a_host_value, &guest, NULL);
    turn();
    ck_assert_notes("");
    ck_assert_int_eq(async_loop_run_until(loop, task), 0);
    ck_assert_notes("~guest");
    async_local_unref(depth);
    async_future_unref(task);
}
END_TEST

/* A host's clean-up may use the very variable whose value it was. */
static void use_it_again(void *pointer)
{
    async_value *value = async_local_get(loop, depth);

    note("~%s,%d", (char *)pointer, value ? async_value_kind(value) == ASYNC_LIST : -1);
    note("%d", async_local_set(loop, depth, async_int(1)));
}

START_TEST(the_clean_up_of_a_value_may_use_the_variable)
{
    struct guest replaced = {use_it_again, set_and_end}, left = {use_it_again, end_soon};

    depth = async_local_new("depth", NULL);
    ck_assert_int_eq(finish(async_create_task(loop, set_a_host_value, &replaced, NULL)), 0);
    ck_assert_notes("~guest,1 0");
    ck_assert_int_eq(finish(async_create_task(loop, set_a_host_value, &left, NULL)), 0);
    ck_assert_notes("~guest,-1 0");
    async_local_unref(depth);
}
END_TEST

#define HEIRS 32
static async_future *heirs[2 * HEIRS];

static async_next leave_heirs(async_task *task, void *state)
{
    async_local_set(loop, depth, async_list(NULL, 0));
    for (int i = 0; i < 2 * HEIRS; i++)
        heirs[i] = async_create_task(loop, end_soon, NULL, NULL);
    return async_return(task, async_none());
}

static void *drop_heirs(void *first)
{
    for (int i = 0; i < HEIRS; i++)
        async_future_unref(((async_future **)first)[i]);
    return NULL;
}

START_TEST(threads_may_drop_the_heirs_of_one_task_once_the_loop_is_closed)
{
    pthread_t threads[2];

    depth = async_local_new("depth", NULL);
    ck_assert_int_eq(finish(async_create_task(loop, leave_heirs, NULL, NULL)), 0);
    async_loop_close(loop);
    for (int i = 0; i < 2; i++)
        threads[i] = thread_start(drop_heirs, heirs + i * HEIRS);
    threads_join(threads, 2);
    async_local_unref(depth);
}
END_TEST

static async_next set_without_memory(async_task *task, void *state)
{
    bool *whole = state;
    async_value *before = async_list(NULL, 0), *after = async_list(NULL, 0);
    async_future *heir;
    int error;

    if (!before || !after || async_local_set(loop, depth, async_value_ref(before)) != 0) {
        async_value_unref(before);
        async_value_unref(after);
        return async_return(task, async_none());
    }
    error = async_local_set(loop, depth, async_value_ref(after));
    ck_assert_int_eq(error, error ? ASYNC_ENOMEM : 0);
    ck_assert_ptr_eq(async_local_get(loop, depth), error ? before : after);
    heir = async_create_task(loop, end_soon, NULL, NULL);
    *whole = !error && async_future_is_task(heir);
    async_future_unref(heir);
    async_value_unref(before);
    async_value_unref(after);
    return async_return(task, async_none());
}

START_TEST(without_memory_a_variable_keeps_its_value)
{
    bool whole = false;

    for (size_t nth = 1; !whole && nth < 50; nth++) {
        async_future *task;

        memory_fail_at(nth, false);
        depth = async_local_new("depth", async_text("start"));
        task = async_create_task(loop, set_without_memory, &whole, NULL);
        finish(task);
        async_local_unref(depth);
        whole &= !memory_has_failed();
    }
    ck_assert(whole);
}
END_TEST

int main(void)
{
    return RUN_TESTS("local", a_task_begins_with_its_creators_values_and_changes_its_own,
                     what_cannot_be_set_is_refused_and_taken, a_task_holds_the_variables_it_set,
                     a_task_that_has_ended_holds_no_values, the_clean_up_of_a_value_may_use_the_variable,
                     threads_may_drop_the_heirs_of_one_task_once_the_loop_is_closed,
                     without_memory_a_variable_keeps_its_value);
}
