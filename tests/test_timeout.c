#include "tests/support/support.h"

#include <math.h>

/* A task that waits for a promise within a scope. */
struct scope {
    async_future *promise;
    double seconds;
    async_timeout *limit;
    int error;
};

static async_next leave(async_task *task, void *state)
{
    struct scope *scope = state;

    scope->error = async_timeout_close(scope->limit, task);
    note("%s, %d outstanding", async_error_name(scope->error), async_future_cancelling(async_task_future(task)));
    return async_return(task, async_none());
}

static async_next enter(async_task *task, void *state)
{
    struct scope *scope = state;

    scope->limit = async_timeout_open(task, scope->seconds);
    return async_try(task, async_future_ref(scope->promise), leave);
}

static async_future *start_scope(struct scope *scope, double seconds)
{
    async_future *task;

    async_loop_set_clock(loop, ASYNC_CLOCK_MANUAL);
    *scope = (struct scope){.promise = async_future_new(loop), .seconds = seconds};
    task = async_create_task(loop, enter, scope, NULL);
    turn();
    return task;
}

START_TEST(what_is_late_is_cancelled_and_counts_as_timed_out)
{
    struct scope scope;
    async_future *task = start_scope(&scope, 5);

    ck_assert_double_eq(async_timeout_when(scope.limit), 5);
    async_loop_advance(loop, 4.5);
    ck_assert(!async_timeout_is_expired(scope.limit));
    async_loop_advance(loop, 0.5);
    ck_assert(async_future_is_cancelled(scope.promise));
    ck_assert_notes("ASYNC_ETIMEDOUT, 0 outstanding");
    ck_assert_int_eq(finish(task), 0);
    async_future_unref(scope.promise);
}
END_TEST

START_TEST(what_comes_in_time_is_not_touched)
{
    struct scope scope;
    async_future *task = start_scope(&scope, 5);

    async_future_resolve(scope.promise, async_none());
    async_loop_advance(loop, 10);
    ck_assert_notes("ASYNC_OK, 0 outstanding");
    ck_assert_int_eq(finish(task), 0);
    async_future_unref(scope.promise);
}
END_TEST

START_TEST(somebody_elses_cancel_stays_a_cancel)
{
    struct scope scope;
    async_future *task = start_scope(&scope, 5);

    async_future_cancel(task, NULL);
    turn();
    ck_assert_notes("ASYNC_ECANCELED, 1 outstanding");
    ck_assert_int_eq(finish(task), 0);
    async_future_unref(scope.promise);
}
END_TEST

START_TEST(a_limit_and_somebody_elses_cancel_in_one_moment_are_a_cancel)
{
    struct scope scope;
    async_future *task = start_scope(&scope, 5);

    async_future_cancel(task, NULL);
    async_loop_advance(loop, 0);
    ck_assert_notes("ASYNC_ECANCELED, 1 outstanding");
    ck_assert_int_eq(finish(task), 0);
    async_future_unref(scope.promise);
}
END_TEST

START_TEST(a_limit_can_be_moved_and_taken_away)
{
    struct scope scope;
    async_future *task = start_scope(&scope, ASYNC_FOREVER);

    ck_assert_double_eq(async_timeout_when(scope.limit), ASYNC_FOREVER);
    ck_assert_int_eq(async_timeout_reschedule(scope.limit, 3), 0);
    ck_assert_int_eq(async_timeout_reschedule(scope.limit, 7), 0);
    async_loop_advance(loop, 5);
    ck_assert(!async_timeout_is_expired(scope.limit));
    ck_assert_int_eq(async_timeout_reschedule(scope.limit, ASYNC_FOREVER), 0);
    async_loop_advance(loop, 5);
    ck_assert(!async_timeout_is_expired(scope.limit));
    ck_assert_int_eq(async_timeout_reschedule(scope.limit, NAN), ASYNC_EINVAL);
    ck_assert_int_eq(async_timeout_reschedule(scope.limit, 1), 0);    /* passed: the next turn */
    turns(3);
    ck_assert_notes("ASYNC_ETIMEDOUT, 0 outstanding");
    ck_assert_int_eq(finish(task), 0);
    async_future_unref(scope.promise);
}
END_TEST

static async_next open_badly(async_task *task, void *state)
{
    ck_assert_ptr_null(async_timeout_open(task, -2));
    ck_assert_ptr_null(async_timeout_open(task, NAN));
    ck_assert_ptr_null(async_timeout_open(task, INFINITY));
    ck_assert_int_eq(async_timeout_close(NULL, task), 0);
    return async_return(task, async_none());
}

START_TEST(an_impossible_scope_is_refused)
{
    ck_assert_int_eq(finish(async_create_task(loop, open_badly, NULL, NULL)), 0);
    ck_assert_ptr_null(async_timeout_open(NULL, 1));
    ck_assert_int_eq(async_timeout_reschedule(NULL, 1), ASYNC_EINVAL);
    ck_assert_double_eq(async_timeout_when(NULL), ASYNC_FOREVER);
    ck_assert(!async_timeout_is_expired(NULL));
}
END_TEST

static void leave_late(void *state)
{
    struct scope *scope = state;

    scope->error = async_timeout_close(scope->limit, NULL);
    note("closed late");
}

START_TEST(a_scope_may_be_closed_by_a_clean_up_at_the_end_of_its_loop)
{
    struct scope scope = {.promise = async_future_new(loop), .seconds = 1000};

    async_future_unref(async_create_task(loop, enter, &scope, leave_late));
    turn();
    async_loop_abandon(loop);
    ck_assert_notes("closed late");
    async_future_unref(scope.promise);
    reports();
}
END_TEST

int main(void)
{
    return RUN_TESTS("timeout", what_is_late_is_cancelled_and_counts_as_timed_out, what_comes_in_time_is_not_touched,
                     somebody_elses_cancel_stays_a_cancel,
                     a_limit_and_somebody_elses_cancel_in_one_moment_are_a_cancel,
                     a_limit_can_be_moved_and_taken_away, an_impossible_scope_is_refused,
                     a_scope_may_be_closed_by_a_clean_up_at_the_end_of_its_loop);
}
