#include "tests/support/support.h"

#include <errno.h>

static async_semaphore *semaphore;

static void make(int64_t value)
{
    semaphore = async_semaphore_new(loop, value);
    ck_assert_ptr_nonnull(semaphore);
}

static void drop(void)
{
    semaphore = async_semaphore_unref(semaphore);
}

/* Takes a token that is there. */
static void take(void)
{
    async_future *acquired = async_semaphore_acquire(semaphore);

    ck_assert(async_future_is_done(acquired));
    ck_assert_int_eq(finish(acquired), 0);
}

START_TEST(as_many_as_there_are_tokens_need_not_wait)
{
    async_future *third;

    make(2);
    ck_assert(!async_semaphore_is_locked(semaphore));
    take();
    ck_assert(!async_semaphore_is_locked(semaphore));
    take();
    ck_assert(async_semaphore_is_locked(semaphore));
    third = async_semaphore_acquire(semaphore);
    ck_assert(!async_future_is_done(third));
    ck_assert_int_eq(async_semaphore_release(semaphore), 0);
    ck_assert(async_semaphore_is_locked(semaphore));
    ck_assert_int_eq(finish(third), 0);
    drop();
}
END_TEST

START_TEST(a_semaphore_may_begin_with_nothing)
{
    async_future *acquired;

    make(0);
    acquired = async_semaphore_acquire(semaphore);
    turn();
    ck_assert(!async_future_is_done(acquired));
    async_semaphore_release(semaphore);
    ck_assert_int_eq(finish(acquired), 0);
    drop();
}
END_TEST

START_TEST(a_release_too_many_adds_a_token)
{
    make(0);
    ck_assert_int_eq(async_semaphore_release(semaphore), 0);
    ck_assert_int_eq(async_semaphore_release(semaphore), 0);
    take();
    take();
    ck_assert(async_semaphore_is_locked(semaphore));
    drop();
    make(INT64_MAX);
    ck_assert_int_eq(async_semaphore_release(semaphore), ASYNC_ESTATE);
    drop();
}
END_TEST

START_TEST(a_bounded_one_refuses_a_release_too_many)
{
    semaphore = async_semaphore_new_bounded(loop, 1);
    ck_assert_int_eq(async_semaphore_release(semaphore), ASYNC_ESTATE);
    take();
    ck_assert_int_eq(async_semaphore_release(semaphore), 0);
    ck_assert_int_eq(async_semaphore_release(semaphore), ASYNC_ESTATE);
    drop();
}
END_TEST

START_TEST(the_line_is_first_in_first_out)
{
    struct courier ann = {.name = "ann"}, bob = {.name = "bob"};

    make(0);
    ann.parcel = async_semaphore_acquire(semaphore);
    bob.parcel = async_semaphore_acquire(semaphore);
    async_future_unref(courier_send(&bob));
    async_future_unref(courier_send(&ann));
    turn();
    async_semaphore_release(semaphore);
    async_semaphore_release(semaphore);
    turn();
    ck_assert_notes("bob? ann? ann= ~ann bob= ~bob");
    drop();
}
END_TEST

START_TEST(nobody_overtakes_though_a_token_is_left)
{
    async_future *first, *second;

    make(0);
    first = async_semaphore_acquire(semaphore);
    async_semaphore_release(semaphore);
    async_semaphore_release(semaphore);
    ck_assert(async_semaphore_is_locked(semaphore));
    second = async_semaphore_acquire(semaphore);
    ck_assert(!async_future_is_done(second));
    turn();
    ck_assert(async_future_is_done(first));
    ck_assert(!async_future_is_done(second));
    turn();
    ck_assert(async_future_is_done(second));
    async_future_unref(first);
    async_future_unref(second);
    drop();
}
END_TEST

START_TEST(who_is_cancelled_as_he_is_woken_passes_the_token_on)
{
    async_future *first, *second;

    make(0);
    first = async_semaphore_acquire(semaphore);
    second = async_semaphore_acquire(semaphore);
    async_semaphore_release(semaphore);
    async_future_cancel(first, NULL);
    turn();
    ck_assert(async_future_is_cancelled(first));
    ck_assert(!async_future_is_done(second));
    turn();
    ck_assert_int_eq(finish(second), 0);
    async_future_unref(first);
    ck_assert(async_semaphore_is_locked(semaphore));
    drop();
}
END_TEST

START_TEST(who_is_cancelled_in_line_takes_no_token)
{
    async_future *first;

    make(0);
    first = async_semaphore_acquire(semaphore);
    async_future_cancel(first, NULL);
    async_semaphore_release(semaphore);
    take();
    ck_assert_int_eq(finish(first), ASYNC_ECANCELED);
    ck_assert(async_semaphore_is_locked(semaphore));
    drop();
}
END_TEST

/* Of two woken one gives up: the other and a third one have the tokens then. */
START_TEST(a_token_given_up_is_not_lost_among_several)
{
    async_future *wants[3];

    make(0);
    for (int i = 0; i < 3; i++)
        wants[i] = async_semaphore_acquire(semaphore);
    async_semaphore_release(semaphore);
    async_semaphore_release(semaphore);
    async_future_cancel(wants[0], NULL);
    turns(2);
    ck_assert_int_eq(async_future_error(wants[0]), ASYNC_ECANCELED);
    ck_assert_int_eq(async_future_error(wants[1]), 0);
    ck_assert_int_eq(async_future_error(wants[2]), 0);
    for (int i = 0; i < 3; i++)
        async_future_unref(wants[i]);
    ck_assert(async_semaphore_is_locked(semaphore));
    drop();
}
END_TEST

START_TEST(a_negative_value_is_refused)
{
    errno = 0;
    ck_assert_ptr_null(async_semaphore_new(loop, -1));
    ck_assert_int_eq(errno, EINVAL);
    errno = 0;
    ck_assert_ptr_null(async_semaphore_new_bounded(loop, INT64_MIN));
    ck_assert_int_eq(errno, EINVAL);
}
END_TEST

START_TEST(what_is_null_is_refused_by_name)
{
    async_future *acquired = async_semaphore_acquire(NULL);

    ck_assert_str_eq(async_future_message(acquired), "semaphore is NULL");
    ck_assert_int_eq(finish(acquired), ASYNC_EINVAL);
    ck_assert_int_eq(async_semaphore_release(NULL), ASYNC_EINVAL);
    ck_assert(!async_semaphore_is_locked(NULL));
    ck_assert_ptr_null(async_semaphore_ref(NULL));
    ck_assert_ptr_null(async_semaphore_unref(NULL));
    ck_assert_ptr_null(async_semaphore_new(NULL, 1));
    ck_assert_int_eq(errno, EINVAL);
}
END_TEST

START_TEST(a_semaphore_outlives_its_loop)
{
    async_future *waiting;

    make(0);
    waiting = async_semaphore_acquire(semaphore);
    async_loop_close(loop);
    ck_assert_int_eq(async_future_error(waiting), ASYNC_ECLOSED);
    ck_assert_int_eq(async_semaphore_release(semaphore), 0);
    ck_assert_int_eq(async_future_error(async_semaphore_acquire(semaphore)), ASYNC_ECLOSED);
    loop = async_loop_unref(loop);
    async_future_unref(waiting);
    drop();
}
END_TEST

static void try_everything(void *user)
{
    ck_assert_int_eq(async_semaphore_release(semaphore), ASYNC_ETHREAD);
    ck_assert(!async_semaphore_is_locked(semaphore));
    ck_assert_int_eq(async_future_error(async_semaphore_acquire(semaphore)), ASYNC_ETHREAD);
    async_semaphore_unref(user);
}

START_TEST(another_thread_may_count_and_nothing_else)
{
    make(0);
    elsewhere(try_everything, async_semaphore_ref(semaphore));
    drop();
}
END_TEST

START_TEST(memory_that_fails_takes_no_token)
{
    async_future *waiting;

    for (size_t n = 1;; n++) {
        memory_fail_at(n, false);
        semaphore = async_semaphore_new(loop, 0);
        waiting = async_semaphore_acquire(semaphore);
        if (!memory_has_failed())
            break;
        if (semaphore)
            ck_assert_int_eq(async_future_error(waiting), ASYNC_ENOMEM);
        async_future_unref(waiting);
        drop();
    }
    async_semaphore_release(semaphore);
    ck_assert_int_eq(finish(waiting), 0);
    drop();
}
END_TEST

int main(void)
{
    return RUN_TESTS("semaphore", as_many_as_there_are_tokens_need_not_wait, a_semaphore_may_begin_with_nothing,
                     a_release_too_many_adds_a_token, a_bounded_one_refuses_a_release_too_many,
                     the_line_is_first_in_first_out, nobody_overtakes_though_a_token_is_left,
                     who_is_cancelled_as_he_is_woken_passes_the_token_on, who_is_cancelled_in_line_takes_no_token,
                     a_token_given_up_is_not_lost_among_several, a_negative_value_is_refused,
                     what_is_null_is_refused_by_name, a_semaphore_outlives_its_loop,
                     another_thread_may_count_and_nothing_else, memory_that_fails_takes_no_token);
}
