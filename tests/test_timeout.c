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

/* Two scopes, one in the other, around one wait. */
struct pair {
    async_future *awaited;    /* taken */
    double outer_seconds, inner_seconds;
    async_timeout *outer, *inner;
};

static async_next leave_both(async_task *task, void *state)
{
    struct pair *pair = state;

    note("inner %s", async_error_name(async_timeout_close(pair->inner, task)));
    note("outer %s", async_error_name(async_timeout_close(pair->outer, task)));
    note("%d", async_future_cancelling(async_task_future(task)));
    return async_return(task, async_none());
}

static async_next enter_both(async_task *task, void *state)
{
    struct pair *pair = state;

    pair->outer = async_timeout_open(task, pair->outer_seconds);
    pair->inner = async_timeout_open(task, pair->inner_seconds);
    return async_try(task, pair->awaited, leave_both);
}

static void ck_assert_pair(double outer_seconds, double inner_seconds, async_future *taken, const char *expected)
{
    struct pair pair = {taken, outer_seconds, inner_seconds, NULL, NULL};

    ck_assert_int_eq(finish(async_create_task(loop, enter_both, &pair, NULL)), 0);
    ck_assert_notes(expected);
}

START_TEST(of_nested_scopes_the_one_that_was_reached_tells)
{
    async_loop_set_clock(loop, ASYNC_CLOCK_JUMPING);
    ck_assert_pair(5, 3, async_sleep(loop, 100), "inner ASYNC_ETIMEDOUT outer ASYNC_ECANCELED 0");
    ck_assert_pair(3, 5, async_sleep(loop, 100), "inner ASYNC_ECANCELED outer ASYNC_ETIMEDOUT 0");
    ck_assert_pair(5, 5, async_sleep(loop, 100), "inner ASYNC_ECANCELED outer ASYNC_ETIMEDOUT 0");
    ck_assert_pair(5, 5, async_sleep(loop, 4), "inner ASYNC_OK outer ASYNC_OK 0");
}
END_TEST

START_TEST(no_time_at_all_means_the_next_turn)
{
    async_loop_set_clock(loop, ASYNC_CLOCK_JUMPING);
    /* What is done already comes first, whatever lets another turn pass comes too late: as in asyncio. */
    ck_assert_pair(ASYNC_FOREVER, 0, async_sleep(NULL, 0), "inner ASYNC_EINVAL outer ASYNC_EINVAL 0");
    ck_assert_pair(ASYNC_FOREVER, 0, async_sleep(loop, 0), "inner ASYNC_ETIMEDOUT outer ASYNC_ECANCELED 0");
    ck_assert_pair(ASYNC_FOREVER, 0, async_future_new(loop), "inner ASYNC_ETIMEDOUT outer ASYNC_ECANCELED 0");
}
END_TEST

START_TEST(a_limit_beyond_all_times_is_never_reached)
{
    async_loop_set_clock(loop, ASYNC_CLOCK_JUMPING);
    ck_assert_pair(1e308, ASYNC_FOREVER, async_sleep(loop, 4), "inner ASYNC_OK outer ASYNC_OK 0");
}
END_TEST

START_TEST(on_the_real_clock_a_limit_beyond_all_times_does_no_harm)
{
    struct pair pair = {async_sleep(loop, 1e-6), 1e308, 1e300, NULL, NULL};

    ck_assert_int_eq(finish(async_create_task(loop, enter_both, &pair, NULL)), 0);
    ck_assert_notes("inner ASYNC_OK outer ASYNC_OK 0");
}
END_TEST

/* A limit that is reached in a step of the scope: the step after is told, unless the scope is closed before. */
static async_next leave_at_once(async_task *task, void *state)
{
    struct scope *scope = state;

    async_loop_advance(loop, 10);    /* while the step runs */
    scope->error = async_timeout_close(scope->limit, task);
    scope->limit = NULL;
    note("%s, %d outstanding", async_error_name(scope->error), async_future_cancelling(async_task_future(task)));
    return async_try(task, async_sleep(loop, 0), leave);
}

static async_next enter_and_leave(async_task *task, void *state)
{
    struct scope *scope = state;

    scope->limit = async_timeout_open(task, scope->seconds);
    return async_try(task, async_sleep(loop, 0), leave_at_once);
}

START_TEST(a_scope_closed_in_time_never_cancels_afterwards)
{
    struct scope scope = {.seconds = 5};

    async_loop_set_clock(loop, ASYNC_CLOCK_MANUAL);
    ck_assert_int_eq(finish(async_create_task(loop, enter_and_leave, &scope, NULL)), 0);
    ck_assert_str_eq(notes(), "ASYNC_OK, 0 outstanding ASYNC_OK, 0 outstanding");
}
END_TEST

/* Swallows the first cancel and goes on in the scope. */
static async_next go_on(async_task *task, void *state)
{
    struct scope *scope = state;

    note("%s", async_error_name(async_caught(task)));
    return async_try(task, async_future_ref(scope->promise), leave);
}

static async_next enter_and_swallow(async_task *task, void *state)
{
    struct scope *scope = state;

    scope->limit = async_timeout_open(task, scope->seconds);
    return async_try(task, async_sleep(loop, 1000), go_on);
}

START_TEST(a_limit_cancels_once)
{
    struct scope scope = {.promise = async_future_new(loop), .seconds = 5};
    async_future *task;

    async_loop_set_clock(loop, ASYNC_CLOCK_MANUAL);
    task = async_create_task(loop, enter_and_swallow, &scope, NULL);
    async_loop_advance(loop, 100);
    ck_assert_notes("ASYNC_ECANCELED");
    ck_assert_int_eq(async_timeout_reschedule(scope.limit, 200), ASYNC_ESTATE);
    ck_assert_double_eq(async_timeout_when(scope.limit), 5);
    async_loop_advance(loop, 100);
    async_future_resolve(scope.promise, async_none());
    async_future_unref(scope.promise);
    ck_assert_int_eq(finish(task), 0);
    ck_assert_notes("ASYNC_OK, 0 outstanding");
}
END_TEST

START_TEST(another_failure_in_a_scope_is_told_as_it_is)
{
    struct scope scope;
    async_future *task = start_scope(&scope, 5);

    async_loop_call_later(loop, 5, note_call, "limit", NULL, NULL);
    async_future_fail(scope.promise, ASYNC_EHOST, "broke");
    async_loop_advance(loop, 5);
    ck_assert_notes("ASYNC_EHOST, 0 outstanding limit");
    ck_assert_int_eq(finish(task), 0);
    async_future_unref(scope.promise);
}
END_TEST

START_TEST(a_limit_in_the_moment_of_waking_is_a_timeout)
{
    struct scope scope;
    async_future *task = start_scope(&scope, 5);

    /* The promise is resolved by a timer of the same moment, and the limit comes before the task's step. */
    ck_assert_int_eq(async_timeout_reschedule(scope.limit, 0), 0);
    async_future_resolve(scope.promise, async_none());
    turns(2);
    ck_assert_notes("ASYNC_ETIMEDOUT, 0 outstanding");
    ck_assert_int_eq(finish(task), 0);
    async_future_unref(scope.promise);
}
END_TEST

/* A scope that was opened while a cancel was outstanding. */
static async_next enter_cancelled(async_task *task, void *state)
{
    note("%d outstanding", async_future_cancelling(async_task_future(task)));
    return enter(task, state);
}

static async_next be_cancelled(async_task *task, void *state)
{
    return async_try(task, async_sleep(loop, 1000), enter_cancelled);
}

START_TEST(a_cancel_from_before_the_scope_is_not_counted)
{
    struct scope scope = {.promise = async_future_new(loop), .seconds = 5};
    async_future *task;

    async_loop_set_clock(loop, ASYNC_CLOCK_JUMPING);
    task = async_create_task(loop, be_cancelled, &scope, NULL);
    turn();
    async_future_cancel(task, NULL);
    ck_assert_int_eq(finish(task), 0);
    ck_assert_notes("1 outstanding ASYNC_ETIMEDOUT, 1 outstanding");
    async_future_unref(scope.promise);
}
END_TEST

static async_next open_without_memory(async_task *task, void *state)
{
    async_timeout *first, *other;

    memory_fail_at(1, true);
    first = async_timeout_open(task, 5);
    memory_has_failed();
    other = async_timeout_open(task, ASYNC_FOREVER);
    memory_fail_at(1, true);
    note("%d", async_timeout_reschedule(other, async_loop_time(loop) + 5) == ASYNC_ENOMEM);
    note("%g", async_timeout_when(other));
    memory_has_failed();
    ck_assert_int_eq(async_timeout_reschedule(other, async_loop_time(loop) + 5), 0);
    memory_fail_at(1, true);
    ck_assert_int_eq(async_timeout_reschedule(other, async_loop_time(loop) + 6), 0);    /* the room is there */
    memory_has_failed();
    ck_assert_ptr_null(first);
    ck_assert_int_eq(async_timeout_close(first, task), 0);
    ck_assert_int_eq(async_timeout_close(other, task), 0);
    return async_return(task, async_none());
}

START_TEST(without_memory_a_scope_has_no_limit)
{
    ck_assert_int_eq(finish(async_create_task(loop, open_without_memory, NULL, NULL)), 0);
    ck_assert_notes("1 -1");
}
END_TEST

START_TEST(a_scope_ends_with_a_close_of_its_loop)
{
    struct scope scope;

    async_future_unref(start_scope(&scope, 5));
    async_loop_close(loop);
    ck_assert_notes("ASYNC_ECANCELED, 1 outstanding");
    async_future_unref(scope.promise);
}
END_TEST

int main(void)
{
    return RUN_TESTS("timeout", what_is_late_is_cancelled_and_counts_as_timed_out, what_comes_in_time_is_not_touched,
                     somebody_elses_cancel_stays_a_cancel,
                     a_limit_and_somebody_elses_cancel_in_one_moment_are_a_cancel,
                     a_limit_can_be_moved_and_taken_away, an_impossible_scope_is_refused,
                     a_scope_may_be_closed_by_a_clean_up_at_the_end_of_its_loop,
                     of_nested_scopes_the_one_that_was_reached_tells, no_time_at_all_means_the_next_turn,
                     a_limit_beyond_all_times_is_never_reached,
                     on_the_real_clock_a_limit_beyond_all_times_does_no_harm,
                     a_scope_closed_in_time_never_cancels_afterwards, a_limit_cancels_once,
                     another_failure_in_a_scope_is_told_as_it_is, a_limit_in_the_moment_of_waking_is_a_timeout,
                     a_cancel_from_before_the_scope_is_not_counted, without_memory_a_scope_has_no_limit,
                     a_scope_ends_with_a_close_of_its_loop);
}
