#include "tests/support/support.h"

#include <errno.h>

static async_condition *condition;

static void make_held(void)
{
    condition = async_condition_new(loop, NULL);
    ck_assert_ptr_nonnull(condition);
    async_future_unref(async_condition_acquire(condition));
}

static void drop(void)
{
    condition = async_condition_unref(condition);
}

static void hold(void)
{
    ck_assert_int_eq(finish(async_condition_acquire(condition)), 0);
}

/* A wait that begins with the lock held, and leaves it so for the next one. */
static async_future *wait_and_hold(void)
{
    async_future *wait = async_condition_wait(condition);

    hold();
    return wait;
}

START_TEST(waiting_and_notifying_need_the_lock)
{
    async_future *wait;

    condition = async_condition_new(loop, NULL);
    ck_assert(!async_condition_is_locked(condition));
    ck_assert_int_eq(async_condition_notify(condition, 1), ASYNC_ESTATE);
    ck_assert_int_eq(async_condition_notify_all(condition), ASYNC_ESTATE);
    ck_assert_int_eq(async_condition_release(condition), ASYNC_ESTATE);
    wait = async_condition_wait(condition);
    ck_assert_int_eq(async_future_error(wait), ASYNC_ESTATE);
    ck_assert_str_eq(async_future_message(wait), "condition: wait needs its lock held");
    async_future_unref(wait);
    hold();
    ck_assert(async_condition_is_locked(condition));
    ck_assert_int_eq(async_condition_notify(condition, 1), 0);
    ck_assert_int_eq(async_condition_release(condition), 0);
    drop();
}
END_TEST

START_TEST(a_wait_gives_the_lock_up_and_has_it_again_at_its_end)
{
    async_future *wait;

    make_held();
    wait = async_condition_wait(condition);
    ck_assert(!async_condition_is_locked(condition));
    hold();
    ck_assert_int_eq(async_condition_notify(condition, 1), 0);
    turns(2);
    ck_assert(!async_future_is_done(wait));
    async_condition_release(condition);
    ck_assert_int_eq(finish(async_future_ref(wait)), 0);
    ck_assert(async_value_bool(async_future_value(wait)));
    ck_assert(async_condition_is_locked(condition));
    async_future_unref(wait);
    drop();
}
END_TEST

START_TEST(a_wait_gives_the_lock_to_the_first_in_line)
{
    async_future *next, *wait;

    make_held();
    next = async_condition_acquire(condition);
    wait = async_condition_wait(condition);
    ck_assert_int_eq(finish(next), 0);
    async_condition_notify_all(condition);
    async_condition_release(condition);
    ck_assert_int_eq(finish(wait), 0);
    drop();
}
END_TEST

START_TEST(as_many_are_woken_as_are_notified)
{
    async_future *waits[4];

    make_held();
    for (int i = 0; i < 4; i++)
        waits[i] = wait_and_hold();
    ck_assert_int_eq(async_condition_notify(condition, 0), 0);
    ck_assert_int_eq(async_condition_notify(condition, 1), 0);
    ck_assert_int_eq(async_condition_notify(condition, 2), 0);
    for (int i = 0; i < 3; i++) {
        async_condition_release(condition);
        ck_assert_int_eq(finish(waits[i]), 0);
    }
    async_condition_release(condition);
    turns(3);
    ck_assert(!async_future_is_done(waits[3]));
    hold();
    ck_assert_int_eq(async_condition_notify_all(condition), 0);
    async_condition_release(condition);
    ck_assert_int_eq(finish(waits[3]), 0);
    drop();
}
END_TEST

static async_next release_on_waking(async_task *task, void *state)
{
    note("%s", (char *)state);
    async_condition_release(condition);
    return async_return(task, async_none());
}

static async_next wait_on_start(async_task *task, void *state)
{
    return async_await(task, async_condition_wait(condition), release_on_waking);
}

static async_next acquire_on_start(async_task *task, void *state)
{
    return async_await(task, async_condition_acquire(condition), wait_on_start);
}

START_TEST(all_go_on_one_by_one_with_the_lock)
{
    async_future *tasks[3];
    static char *names[] = {"ann", "bob", "eve"};

    condition = async_condition_new(loop, NULL);
    for (int i = 0; i < 3; i++)
        tasks[i] = async_create_task(loop, acquire_on_start, names[i], NULL);
    turns(3);
    hold();
    async_condition_notify_all(condition);
    async_condition_release(condition);
    ck_assert_int_eq(finish(async_gather(loop, tasks, 3, 0)), 0);
    ck_assert_notes("ann bob eve");
    ck_assert(!async_condition_is_locked(condition));
    drop();
}
END_TEST

START_TEST(a_cancelled_wait_has_the_lock_again_before_it_ends)
{
    async_future *wait;

    make_held();
    wait = wait_and_hold();
    ck_assert_int_eq(async_future_cancel(wait, "one"), 0);
    turns(2);
    ck_assert(!async_future_is_done(wait));
    ck_assert_int_eq(async_future_cancel(wait, "two"), 0);
    turns(2);
    ck_assert(!async_future_is_done(wait));
    async_condition_release(condition);
    turns(2);
    ck_assert(async_future_is_cancelled(wait));
    ck_assert_str_eq(async_future_message(wait), "two");
    ck_assert(async_condition_is_locked(condition));
    async_future_unref(wait);
    drop();
}
END_TEST

START_TEST(a_notify_that_met_a_cancelled_wait_goes_to_another)
{
    async_future *first, *second;

    make_held();
    first = wait_and_hold();
    second = wait_and_hold();
    async_condition_notify(condition, 1);
    async_condition_release(condition);
    async_future_cancel(first, NULL);
    turn();
    ck_assert_int_eq(finish(first), ASYNC_ECANCELED);
    async_condition_release(condition);
    ck_assert_int_eq(finish(second), 0);
    drop();
}
END_TEST

/* The lock was on its way to the wait when that was cancelled: it hands it on, and stands in line again behind. */
START_TEST(who_is_cancelled_as_he_gets_the_lock_stands_in_line_again)
{
    async_future *wait, *other;

    make_held();
    wait = wait_and_hold();
    async_condition_notify(condition, 1);
    turn();
    other = async_condition_acquire(condition);
    async_condition_release(condition);
    async_future_cancel(wait, NULL);
    turns(2);
    ck_assert(async_future_is_done(other));
    ck_assert(!async_future_is_done(wait));
    async_condition_release(condition);
    ck_assert_int_eq(finish(wait), ASYNC_ECANCELED);
    ck_assert(async_condition_is_locked(condition));
    async_future_unref(other);
    drop();
}
END_TEST

START_TEST(conditions_may_share_a_lock)
{
    async_lock *lock = async_lock_new(loop);
    async_condition *other = async_condition_new(loop, lock);
    async_future *wait;

    condition = async_condition_new(loop, lock);
    ck_assert_ptr_eq(async_condition_lock(condition), lock);
    async_future_unref(async_lock_acquire(lock));
    ck_assert(async_condition_is_locked(condition));
    wait = wait_and_hold();
    async_condition_notify_all(other);
    async_lock_release(lock);
    turns(2);
    ck_assert(!async_future_is_done(wait));
    lock = async_lock_unref(lock);
    hold();
    async_condition_notify_all(condition);
    async_condition_release(other);
    ck_assert_int_eq(finish(wait), 0);
    async_condition_unref(other);
    drop();
}
END_TEST

START_TEST(bad_input_is_refused_by_name)
{
    async_loop *elsewhere_loop = async_loop_new();
    async_lock *lock = async_lock_new(elsewhere_loop);
    async_future *wait = async_condition_wait(NULL);

    ck_assert_str_eq(async_future_message(wait), "condition is NULL");
    ck_assert_int_eq(finish(wait), ASYNC_EINVAL);
    ck_assert_str_eq(async_future_message(async_condition_acquire(NULL)), "condition is NULL");
    ck_assert_int_eq(async_condition_release(NULL), ASYNC_EINVAL);
    ck_assert_int_eq(async_condition_notify(NULL, 1), ASYNC_EINVAL);
    ck_assert_int_eq(async_condition_notify_all(NULL), ASYNC_EINVAL);
    ck_assert(!async_condition_is_locked(NULL));
    ck_assert_ptr_null(async_condition_lock(NULL));
    ck_assert_ptr_null(async_condition_ref(NULL));
    ck_assert_ptr_null(async_condition_unref(NULL));
    errno = 0;
    ck_assert_ptr_null(async_condition_new(NULL, NULL));
    ck_assert_int_eq(errno, EINVAL);
    errno = 0;
    ck_assert_ptr_null(async_condition_new(loop, lock));
    ck_assert_int_eq(errno, EINVAL);
    async_lock_unref(lock);
    async_loop_unref(elsewhere_loop);
}
END_TEST

START_TEST(a_condition_outlives_its_loop)
{
    async_future *waits[3];

    make_held();
    for (int i = 0; i < 3; i++)
        waits[i] = wait_and_hold();
    async_condition_notify(condition, 2);
    async_future_cancel(waits[1], NULL);
    turn();
    async_loop_close(loop);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(async_future_error(waits[i]), ASYNC_ECLOSED);
    ck_assert_int_eq(async_condition_release(condition), 0);
    ck_assert_int_eq(async_future_error(async_condition_acquire(condition)), ASYNC_ECLOSED);
    loop = async_loop_unref(loop);
    for (int i = 0; i < 3; i++)
        async_future_unref(waits[i]);
    drop();
}
END_TEST

static void try_everything(void *user)
{
    ck_assert_int_eq(async_condition_release(condition), ASYNC_ETHREAD);
    ck_assert_int_eq(async_condition_notify_all(condition), ASYNC_ETHREAD);
    ck_assert(!async_condition_is_locked(condition));
    ck_assert_int_eq(async_future_error(async_condition_wait(condition)), ASYNC_ETHREAD);
    ck_assert_int_eq(async_future_error(async_condition_acquire(condition)), ASYNC_ETHREAD);
    async_condition_unref(user);
}

static void drop_last(void *user)
{
    async_condition_unref(user);
}

START_TEST(another_thread_may_count_and_nothing_else)
{
    make_held();
    elsewhere(try_everything, async_condition_ref(condition));
    ck_assert(async_condition_is_locked(condition));
    elsewhere(drop_last, condition);
    make_held();
    async_loop_close(loop);
    elsewhere(drop_last, condition);
    condition = NULL;
}
END_TEST

START_TEST(memory_that_fails_leaves_the_lock_held)
{
    async_future *wait;

    for (size_t n = 1;; n++) {
        memory_fail_at(n, false);
        errno = 0;
        condition = async_condition_new(loop, NULL);
        async_future_unref(async_condition_acquire(condition));
        wait = async_condition_wait(condition);
        if (!memory_has_failed())
            break;
        if (condition) {
            ck_assert_int_eq(async_future_error(wait), ASYNC_ENOMEM);
            ck_assert(async_condition_is_locked(condition));
        } else {
            ck_assert_int_eq(errno, ENOMEM);
        }
        async_future_unref(wait);
        drop();
    }
    hold();
    async_condition_notify_all(condition);
    async_condition_release(condition);
    ck_assert_int_eq(finish(wait), 0);
    drop();
}
END_TEST

int main(void)
{
    return RUN_TESTS("condition", waiting_and_notifying_need_the_lock,
                     a_wait_gives_the_lock_up_and_has_it_again_at_its_end, a_wait_gives_the_lock_to_the_first_in_line,
                     as_many_are_woken_as_are_notified, all_go_on_one_by_one_with_the_lock,
                     a_cancelled_wait_has_the_lock_again_before_it_ends,
                     a_notify_that_met_a_cancelled_wait_goes_to_another,
                     who_is_cancelled_as_he_gets_the_lock_stands_in_line_again, conditions_may_share_a_lock,
                     bad_input_is_refused_by_name, a_condition_outlives_its_loop,
                     another_thread_may_count_and_nothing_else, memory_that_fails_leaves_the_lock_held);
}
