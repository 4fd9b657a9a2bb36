/* What steps may say, and what becomes of those that say something else. */
#include "tests/support/support.h"

#include <string.h>

static async_next return_null(async_task *task, void *state)
{
    return NULL;
}

static async_next return_garbage(async_task *task, void *state)
{
    return (async_next)state;
}

static async_next return_its_task(async_task *task, void *state)
{
    return (async_next)task;
}

static async_next forget_its_verdict(async_task *task, void *state)
{
    async_return(task, async_text("forgotten"));
    return NULL;
}

static async_next forget_its_await(async_task *task, void *state)
{
    async_await(task, async_future_new(async_task_loop(task)), return_null);
    return NULL;
}

static async_next say_it_twice(async_task *task, void *state)
{
    async_return(task, async_text("one"));
    return async_return(task, async_text("two"));
}

static async_next await_and_return(async_task *task, void *state)
{
    async_await(task, async_future_new(async_task_loop(task)), return_null);
    return async_return(task, async_text("two"));
}

static async_next fail_and_await(async_task *task, void *state)
{
    async_fail(task, ASYNC_EHOST, "one");
    return async_try(task, async_future_new(async_task_loop(task)), return_null);
}

START_TEST(a_step_that_breaks_the_law_fails_its_task_and_leaks_nothing)
{
    static const struct {
        async_step *step;
        const char *says;
    } cases[] = {
        {return_null, "ended without a verdict"},
        {return_garbage, "ended without a verdict"},
        {return_its_task, "ended without a verdict"},
        {forget_its_verdict, "made a verdict and returned something else"},
        {forget_its_await, "made a verdict and returned something else"},
        {say_it_twice, "made two verdicts"},
        {await_and_return, "made two verdicts"},
        {fail_and_await, "made two verdicts"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int destroyed = 0;
        async_future *task = async_create_task(loop, cases[i].step, &destroyed, count_destroy);

        ck_assert_int_eq(async_loop_run_until(loop, task), ASYNC_EINVAL);
        ck_assert_msg(strstr(async_future_message(task), cases[i].says) != NULL, "case %d says: %s", (int)i,
                      async_future_message(task));
        ck_assert_int_eq(destroyed, 1);
        async_future_unref(task);
    }
}
END_TEST

static async_task *waiting_task;

static async_next lend_its_handle(async_task *task, void *state)
{
    waiting_task = task;
    return async_await(task, async_future_ref(state), return_null);
}

static async_next use_anothers_handle(async_task *task, void *state)
{
    ck_assert_ptr_null(async_return(waiting_task, async_text("stolen")));
    ck_assert_ptr_null(async_await(waiting_task, async_future_new(async_task_loop(task)), return_null));
    ck_assert_ptr_null(async_fail(waiting_task, ASYNC_EHOST, "stolen"));
    ck_assert_ptr_null(async_awaited(waiting_task));
    ck_assert_ptr_null(async_task_failure(waiting_task));
    ck_assert_int_eq(async_caught(waiting_task), 0);
    return async_return(waiting_task, async_text("stolen"));
}

START_TEST(a_step_cannot_give_another_tasks_verdict)
{
    async_future *promise = async_future_new(loop), *waiting = async_create_task(loop, lend_its_handle, promise, NULL);
    async_future *thief;

    turn();
    thief = async_create_task(loop, use_anothers_handle, NULL, NULL);
    ck_assert_int_eq(async_loop_run_until(loop, thief), ASYNC_EINVAL);
    ck_assert(!async_future_is_done(waiting));
    async_future_unref(thief);
    async_future_cancel(waiting, NULL);
    ck_assert_int_eq(finish(waiting), ASYNC_ECANCELED);
    async_future_unref(promise);
}
END_TEST

START_TEST(the_verbs_outside_of_a_step_take_what_they_are_given)
{
    ck_assert_ptr_null(async_return(NULL, async_text("x")));
    ck_assert_ptr_null(async_fail(NULL, ASYNC_EHOST, "x"));
    ck_assert_ptr_null(async_fail_with(NULL, async_error(ASYNC_EHOST, "x")));
    ck_assert_ptr_null(async_await(NULL, async_future_new(loop), courier_start));
    ck_assert_ptr_null(async_try(NULL, async_future_new(loop), courier_start));
    ck_assert_ptr_null(async_await_at(NULL, async_future_new(loop), 1));
    ck_assert_ptr_null(async_try_at(NULL, async_future_new(loop), 1));
    ck_assert_ptr_null(async_awaited(NULL));
    ck_assert_ptr_null(async_task_failure(NULL));
    ck_assert_ptr_null(async_task_loop(NULL));
    ck_assert_ptr_null(async_task_future(NULL));
    ck_assert_int_eq(async_caught(NULL), 0);
    ck_assert_int_eq(async_task_line(NULL), 0);
}
END_TEST

/* What cannot be awaited. */
static async_next await_what_it_was_given(async_task *task, void *state)
{
    return async_await(task, async_future_ref(state), return_null);
}

static async_next await_itself(async_task *task, void *state)
{
    return async_await(task, async_future_ref(async_task_future(task)), return_null);
}

static async_next await_and_never_go_on(async_task *task, void *state)
{
    return async_await(task, async_future_new(async_task_loop(task)), NULL);
}

START_TEST(awaiting_nothing_fails_the_task_and_names_the_argument)
{
    async_future *task = async_create_task(loop, await_what_it_was_given, NULL, NULL);

    ck_assert_int_eq(async_loop_run_until(loop, task), ASYNC_EINVAL);
    ck_assert_ptr_nonnull(strstr(async_future_message(task), "future is NULL"));
    async_future_unref(task);
    task = async_create_task(loop, await_and_never_go_on, NULL, NULL);
    ck_assert_int_eq(async_loop_run_until(loop, task), ASYNC_EINVAL);
    ck_assert_ptr_nonnull(strstr(async_future_message(task), "next step is NULL"));
    async_future_unref(task);
}
END_TEST

START_TEST(awaiting_oneself_fails_the_task)
{
    ck_assert_int_eq(finish(async_create_task(loop, await_itself, NULL, NULL)), ASYNC_EDEADLOCK);
}
END_TEST

START_TEST(awaiting_another_loops_future_fails_the_task)
{
    async_loop *other = async_loop_new();
    async_future *promise = async_future_new(other);

    ck_assert_int_eq(finish(async_create_task(loop, await_what_it_was_given, promise, NULL)), ASYNC_EFOREIGN);
    async_future_unref(promise);
    async_loop_close(other);
    async_loop_unref(other);
}
END_TEST

START_TEST(any_loop_may_await_an_immortal_failed_future)
{
    async_future *task = async_create_task(loop, await_what_it_was_given, async_sleep(NULL, 1), NULL);

    ck_assert_int_eq(async_loop_run_until(loop, task), ASYNC_EINVAL);
    ck_assert_str_eq(async_future_message(task), "loop is NULL");
    async_future_unref(task);
}
END_TEST

static async_next fail_with_state(async_task *task, void *state)
{
    return async_fail_with(task, async_value_ref(state));
}

static async_next fail_plainly(async_task *task, void *state)
{
    return async_fail(task, *(int *)state, "told");
}

static async_next return_nothing(async_task *task, void *state)
{
    return async_return(task, NULL);
}

START_TEST(what_is_no_error_or_no_value_becomes_the_error_that_says_so)
{
    async_value *text = async_text("no error");
    int positive = 5, code = ASYNC_EDNS;
    async_future *task;

    ck_assert_int_eq(finish(async_create_task(loop, fail_with_state, text, NULL)), ASYNC_EINVAL);
    ck_assert_int_eq(finish(async_create_task(loop, fail_with_state, NULL, NULL)), ASYNC_ENOMEM);
    ck_assert_int_eq(finish(async_create_task(loop, return_nothing, NULL, NULL)), ASYNC_ENOMEM);
    ck_assert_int_eq(finish(async_create_task(loop, fail_plainly, &positive, NULL)), ASYNC_EINVAL);
    task = async_create_task(loop, fail_plainly, &code, NULL);
    ck_assert_int_eq(async_loop_run_until(loop, task), ASYNC_EDNS);
    ck_assert_str_eq(async_future_message(task), "told");
    async_future_unref(task);
    async_value_unref(text);
}
END_TEST

int main(void)
{
    return RUN_TESTS("verdict", a_step_that_breaks_the_law_fails_its_task_and_leaks_nothing,
                     a_step_cannot_give_another_tasks_verdict, the_verbs_outside_of_a_step_take_what_they_are_given,
                     awaiting_nothing_fails_the_task_and_names_the_argument, awaiting_oneself_fails_the_task,
                     awaiting_another_loops_future_fails_the_task, any_loop_may_await_an_immortal_failed_future,
                     what_is_no_error_or_no_value_becomes_the_error_that_says_so);
}
