#include "tests/support/support.h"

#include <errno.h>

static async_limiter *limiter;

static void make(int64_t tokens)
{
    limiter = async_limiter_new(loop, tokens);
    ck_assert_ptr_nonnull(limiter);
}

static void drop(void)
{
    limiter = async_limiter_unref(limiter);
}

static void borrow(void)
{
    async_future *acquired = async_limiter_acquire(limiter);

    ck_assert(async_future_is_done(acquired));
    ck_assert_int_eq(finish(acquired), 0);
}

static void check_figures(int64_t tokens, int64_t borrowed, size_t waiting)
{
    ck_assert_int_eq(async_limiter_tokens(limiter), tokens);
    ck_assert_int_eq(async_limiter_borrowed(limiter), borrowed);
    ck_assert_int_eq(async_limiter_available(limiter), tokens - borrowed);
    ck_assert_uint_eq(async_limiter_waiting(limiter), waiting);
}

START_TEST(as_many_as_there_are_tokens_need_not_wait)
{
    async_future *third;

    make(2);
    check_figures(2, 0, 0);
    borrow();
    borrow();
    third = async_limiter_acquire(limiter);
    ck_assert(!async_future_is_done(third));
    check_figures(2, 2, 1);
    ck_assert_int_eq(async_limiter_release(limiter), 0);
    check_figures(2, 2, 0);
    ck_assert_int_eq(finish(third), 0);
    async_limiter_release(limiter);
    async_limiter_release(limiter);
    check_figures(2, 0, 0);
    drop();
}
END_TEST

START_TEST(what_was_not_borrowed_cannot_be_given_back)
{
    async_future *woken;

    make(1);
    ck_assert_int_eq(async_limiter_release(limiter), ASYNC_ESTATE);
    borrow();
    woken = async_limiter_acquire(limiter);
    ck_assert_int_eq(async_limiter_release(limiter), 0);
    ck_assert_int_eq(async_limiter_release(limiter), ASYNC_ESTATE);
    ck_assert_int_eq(finish(woken), 0);
    ck_assert_int_eq(async_limiter_release(limiter), 0);
    drop();
}
END_TEST

START_TEST(more_tokens_wake_those_in_line)
{
    struct courier ann = {.name = "ann"}, bob = {.name = "bob"}, eve = {.name = "eve"};

    make(0);
    ann.parcel = async_limiter_acquire(limiter);
    bob.parcel = async_limiter_acquire(limiter);
    eve.parcel = async_limiter_acquire(limiter);
    async_future_unref(courier_send(&eve));
    async_future_unref(courier_send(&bob));
    async_future_unref(courier_send(&ann));
    turn();
    check_figures(0, 0, 3);
    ck_assert_int_eq(async_limiter_set_tokens(limiter, 2), 0);
    turn();
    ck_assert_notes("eve? bob? ann? ann= ~ann bob= ~bob");
    check_figures(2, 2, 1);
    ck_assert_int_eq(async_limiter_set_tokens(limiter, 3), 0);
    turn();
    ck_assert_notes("eve= ~eve");
    drop();
}
END_TEST

START_TEST(fewer_tokens_let_nobody_in_until_enough_are_back)
{
    async_future *fourth;

    make(3);
    borrow();
    borrow();
    borrow();
    ck_assert_int_eq(async_limiter_set_tokens(limiter, 1), 0);
    check_figures(1, 3, 0);
    fourth = async_limiter_acquire(limiter);
    async_limiter_release(limiter);
    async_limiter_release(limiter);
    turn();
    check_figures(1, 1, 1);
    ck_assert(!async_future_is_done(fourth));
    async_limiter_release(limiter);
    turn();
    check_figures(1, 1, 0);
    ck_assert_int_eq(finish(fourth), 0);
    drop();
}
END_TEST

START_TEST(who_is_cancelled_as_he_is_woken_passes_the_token_on)
{
    async_future *first, *second;

    make(1);
    borrow();
    first = async_limiter_acquire(limiter);
    second = async_limiter_acquire(limiter);
    async_limiter_release(limiter);
    async_future_cancel(first, NULL);
    turns(2);
    ck_assert_int_eq(finish(first), ASYNC_ECANCELED);
    ck_assert_int_eq(finish(second), 0);
    check_figures(1, 1, 0);
    drop();
}
END_TEST

/* The token of a woken one may be one too many by the time he gives it up. */
START_TEST(fewer_tokens_stay_fewer_when_a_woken_one_gives_up)
{
    async_future *first, *second;

    make(1);
    borrow();
    first = async_limiter_acquire(limiter);
    second = async_limiter_acquire(limiter);
    async_limiter_release(limiter);
    async_limiter_set_tokens(limiter, 0);
    async_future_cancel(first, NULL);
    turns(2);
    ck_assert_int_eq(finish(first), ASYNC_ECANCELED);
    ck_assert(!async_future_is_done(second));
    check_figures(0, 0, 1);
    async_limiter_set_tokens(limiter, 1);
    ck_assert_int_eq(finish(second), 0);
    drop();
}
END_TEST

START_TEST(bad_input_is_refused_by_name)
{
    async_future *acquired = async_limiter_acquire(NULL);

    ck_assert_str_eq(async_future_message(acquired), "limiter is NULL");
    ck_assert_int_eq(finish(acquired), ASYNC_EINVAL);
    ck_assert_int_eq(async_limiter_release(NULL), ASYNC_EINVAL);
    ck_assert_int_eq(async_limiter_set_tokens(NULL, 1), ASYNC_EINVAL);
    check_figures(0, 0, 0);
    ck_assert_ptr_null(async_limiter_ref(NULL));
    ck_assert_ptr_null(async_limiter_unref(NULL));
    errno = 0;
    ck_assert_ptr_null(async_limiter_new(NULL, 1));
    ck_assert_int_eq(errno, EINVAL);
    errno = 0;
    ck_assert_ptr_null(async_limiter_new(loop, -1));
    ck_assert_int_eq(errno, EINVAL);
    make(1);
    ck_assert_int_eq(async_limiter_set_tokens(limiter, -1), ASYNC_EINVAL);
    check_figures(1, 0, 0);
    drop();
}
END_TEST

START_TEST(a_limiter_outlives_its_loop)
{
    async_future *waiting;

    make(0);
    waiting = async_limiter_acquire(limiter);
    async_loop_close(loop);
    ck_assert_int_eq(async_future_error(waiting), ASYNC_ECLOSED);
    ck_assert_int_eq(async_limiter_set_tokens(limiter, 5), 0);
    check_figures(5, 0, 0);
    ck_assert_int_eq(async_future_error(async_limiter_acquire(limiter)), ASYNC_ECLOSED);
    loop = async_loop_unref(loop);
    async_future_unref(waiting);
    drop();
}
END_TEST

static void try_everything(void *user)
{
    ck_assert_int_eq(async_limiter_release(limiter), ASYNC_ETHREAD);
    ck_assert_int_eq(async_limiter_set_tokens(limiter, 1), ASYNC_ETHREAD);
    ck_assert_int_eq(async_limiter_tokens(limiter), 0);
    ck_assert_int_eq(async_future_error(async_limiter_acquire(limiter)), ASYNC_ETHREAD);
    async_limiter_unref(user);
}

START_TEST(another_thread_may_count_and_nothing_else)
{
    make(2);
    elsewhere(try_everything, async_limiter_ref(limiter));
    check_figures(2, 0, 0);
    drop();
}
END_TEST

START_TEST(memory_that_fails_borrows_nothing)
{
    async_future *waiting;

    for (size_t n = 1;; n++) {
        memory_fail_at(n, false);
        limiter = async_limiter_new(loop, 0);
        waiting = async_limiter_acquire(limiter);
        if (!memory_has_failed())
            break;
        if (limiter) {
            ck_assert_int_eq(async_future_error(waiting), ASYNC_ENOMEM);
            check_figures(0, 0, 0);
        }
        async_future_unref(waiting);
        drop();
    }
    async_limiter_set_tokens(limiter, 1);
    ck_assert_int_eq(finish(waiting), 0);
    drop();
}
END_TEST

int main(void)
{
    return RUN_TESTS("limiter", as_many_as_there_are_tokens_need_not_wait, what_was_not_borrowed_cannot_be_given_back,
                     more_tokens_wake_those_in_line, fewer_tokens_let_nobody_in_until_enough_are_back,
                     who_is_cancelled_as_he_is_woken_passes_the_token_on,
                     fewer_tokens_stay_fewer_when_a_woken_one_gives_up, bad_input_is_refused_by_name,
                     a_limiter_outlives_its_loop, another_thread_may_count_and_nothing_else,
                     memory_that_fails_borrows_nothing);
}
