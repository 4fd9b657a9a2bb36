#include "tests/support/support.h"

#include <signal.h>
#include <string.h>

static async_next say_and_return(async_task *task, void *state)
{
    note("main");
    return async_return(task, async_text("done"));
}

START_TEST(a_program_runs_to_its_end_and_gives_its_value)
{
    async_future *done = NULL;
    int destroyed = 0;

    ck_assert_int_eq(async_run(say_and_return, &destroyed, count_destroy, &done), 0);
    ck_assert_notes("main");
    ck_assert_int_eq(destroyed, 1);
    ck_assert_str_eq(async_value_text(async_future_value(done), NULL), "done");
    ck_assert(async_loop_is_closed(async_future_loop(done)));
    async_future_unref(done);
    ck_assert_int_eq(async_run(say_and_return, NULL, NULL, NULL), 0);
    notes();
}
END_TEST

static async_next fail_with_message(async_task *task, void *state)
{
    return async_fail(task, ASYNC_ENONAME, "no such host: x");
}

START_TEST(a_program_that_fails_gives_its_error)
{
    async_future *done = NULL;

    ck_assert_int_eq(async_run(fail_with_message, NULL, NULL, &done), ASYNC_ENONAME);
    ck_assert_str_eq(async_future_message(done), "no such host: x");
    async_future_unref(done);
    ck_assert_int_eq(async_run(fail_with_message, NULL, NULL, NULL), ASYNC_ENONAME);
}
END_TEST

/* Others that run when the main task ends: each is cancelled and has the time it needs. */
static async_step tidy_up, end_tidily;

/* Who is cancelled first is nobody's promise, so they note alike. */
static async_next wait_long(async_task *task, void *state)
{
    return async_try(task, async_sleep(async_task_loop(task), 1000), tidy_up);
}

static async_next tidy_up(async_task *task, void *state)
{
    note("%s tidies after %s", (char *)state, async_error_name(async_caught(task)));
    return async_try(task, async_sleep(async_task_loop(task), 0.001), end_tidily);
}

static async_next end_tidily(async_task *task, void *state)
{
    note("%s ends", (char *)state);
    return async_return(task, async_none());
}

static async_next end_before_others(async_task *task, void *state)
{
    return state ? async_fail(task, ASYNC_EHOST, "main broke") : async_return(task, async_none());
}

static async_next start_others(async_task *task, void *state)
{
    async_loop *own = async_task_loop(task);

    async_loop_set_exception_handler(own, note_report, NULL, NULL);
    async_future_unref(async_create_task(own, wait_long, "one", note_destroy));
    async_future_unref(async_create_task(own, wait_long, "one", note_destroy));
    return async_await(task, async_sleep(own, 0), end_before_others);
}

START_TEST(what_else_runs_is_cancelled_and_runs_to_its_end)
{
    ck_assert_int_eq(async_run(start_others, NULL, NULL, NULL), 0);
    ck_assert_notes("one tidies after ASYNC_ECANCELED one tidies after ASYNC_ECANCELED one ends ~one one ends ~one");
    ck_assert_int_eq(async_run(start_others, "fail", NULL, NULL), ASYNC_EHOST);
    ck_assert_notes("one tidies after ASYNC_ECANCELED one tidies after ASYNC_ECANCELED one ends ~one one ends ~one");
}
END_TEST

static async_next fail_tidying(async_task *task, void *state)
{
    return async_fail(task, ASYNC_EHOST, "broke while tidying");
}

static async_next wait_then_fail(async_task *task, void *state)
{
    return async_try(task, async_sleep(async_task_loop(task), 1000), fail_tidying);
}

static async_next start_one_that_fails(async_task *task, void *state)
{
    async_loop *own = async_task_loop(task);
    async_future *other;

    async_loop_set_exception_handler(own, note_report, NULL, NULL);
    other = async_create_task(own, wait_then_fail, NULL, NULL);
    async_future_set_name(other, "other");
    async_future_unref(other);
    return async_await(task, async_sleep(own, 0), end_before_others);
}

START_TEST(a_failure_on_the_way_out_is_reported)
{
    ck_assert_int_eq(async_run(start_one_that_fails, NULL, NULL, NULL), 0);
    ck_assert_str_eq(reports(), "ASYNC_EHOST: task 'other' failed and nobody read it: broke while tidying");
}
END_TEST

static async_next run_inside(async_task *task, void *state)
{
    async_future *done = NULL;
    int destroyed = 0;

    ck_assert_int_eq(async_run(say_and_return, &destroyed, count_destroy, &done), ASYNC_ERUNNING);
    ck_assert_int_eq(destroyed, 1);
    ck_assert_int_eq(async_future_error(done), ASYNC_ERUNNING);
    async_future_unref(done);
    note("refused");
    return async_return(task, async_none());
}

START_TEST(a_run_inside_a_run_is_refused)
{
    ck_assert_int_eq(async_run(run_inside, NULL, NULL, NULL), 0);
    ck_assert_notes("refused");
    ck_assert_int_eq(finish(async_create_task(loop, run_inside, NULL, NULL)), 0);
    ck_assert_notes("refused");
}
END_TEST

START_TEST(a_program_without_a_first_step_is_refused)
{
    async_future *done = NULL;
    int destroyed = 0;

    ck_assert_int_eq(async_run(NULL, &destroyed, count_destroy, &done), ASYNC_EINVAL);
    ck_assert_int_eq(destroyed, 1);
    ck_assert_int_eq(async_future_error(done), ASYNC_EINVAL);
    ck_assert_str_ne(async_future_message(done), "loop is NULL");
}
END_TEST

static async_next stop_the_loop(async_task *task, void *state)
{
    async_loop_stop(async_task_loop(task));
    return async_try(task, async_sleep(async_task_loop(task), 1000), end_tidily);
}

START_TEST(a_program_that_is_stopped_says_so_and_is_cancelled)
{
    ck_assert_int_eq(async_run(stop_the_loop, "main", note_destroy, NULL), ASYNC_ESTOPPED);
    ck_assert_notes("main ends ~main");
}
END_TEST

static async_next leave_work_behind(async_task *task, void *state)
{
    async_loop *own = async_task_loop(task);

    async_loop_call_soon(own, note_call, "soon", note_destroy);
    async_loop_call_later(own, 1000, note_call, "never", note_destroy, NULL);
    async_future_on_done(async_task_future(task), note_done, "done", note_destroy);
    return async_return(task, async_none());
}

START_TEST(work_left_behind_is_cleaned_up)
{
    ck_assert_int_eq(async_run(leave_work_behind, NULL, NULL, NULL), 0);
    ck_assert_notes("soon ~soon done ~done ~never");
}
END_TEST

static async_next await_the_next(async_task *task, void *state);
static struct courier first_of_ring, second_of_ring;

static async_next end_in_a_ring(async_task *task, void *state)
{
    return async_return(task, async_none());
}

/* Two tasks that await each other for ever do not keep the program from ending. */
static async_next await_the_next(async_task *task, void *state)
{
    async_loop *own = async_task_loop(task);
    async_future *one, *other;

    second_of_ring = (struct courier){.name = "other"};
    other = async_create_task(own, courier_start, &second_of_ring, NULL);
    first_of_ring = (struct courier){.name = "one", .parcel = other};
    one = async_create_task(own, courier_start, &first_of_ring, NULL);
    second_of_ring.parcel = one;
    return async_await(task, async_sleep(own, 0), end_in_a_ring);
}

START_TEST(a_ring_of_tasks_does_not_keep_the_program_from_ending)
{
    ck_assert_int_eq(async_run(await_the_next, NULL, NULL, NULL), 0);
    notes();
}
END_TEST

START_TEST(sigint_keeps_its_own_meaning)
{
    struct sigaction before, after;

    sigaction(SIGINT, NULL, &before);
    async_run(say_and_return, NULL, NULL, NULL);
    sigaction(SIGINT, NULL, &after);
    ck_assert(before.sa_handler == after.sa_handler);
    notes();
}
END_TEST

START_TEST(a_program_without_memory_says_so)
{
    int destroyed = 0, refused = 0;

    for (size_t n = 1;; n++) {
        async_future *done = NULL;
        int error;

        memory_fail_at(n, false);
        error = async_run(say_and_return, &destroyed, count_destroy, &done);
        if (!memory_has_failed()) {
            ck_assert_int_eq(error, 0);
            async_future_unref(done);
            break;
        }
        ck_assert_int_eq(destroyed, ++refused);
        if (error) {
            ck_assert_int_eq(error, ASYNC_ENOMEM);
            ck_assert_int_eq(async_future_error(done), ASYNC_ENOMEM);
        }
        async_future_unref(done);
    }
    notes();
}
END_TEST

int main(void)
{
    return RUN_TESTS("run", a_program_runs_to_its_end_and_gives_its_value, a_program_that_fails_gives_its_error,
                     what_else_runs_is_cancelled_and_runs_to_its_end, a_failure_on_the_way_out_is_reported,
                     a_run_inside_a_run_is_refused, a_program_without_a_first_step_is_refused,
                     a_program_that_is_stopped_says_so_and_is_cancelled, work_left_behind_is_cleaned_up,
                     a_ring_of_tasks_does_not_keep_the_program_from_ending, sigint_keeps_its_own_meaning,
                     a_program_without_memory_says_so);
}
