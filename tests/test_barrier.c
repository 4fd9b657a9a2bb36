#include "tests/support/support.h"

#include <errno.h>

static async_barrier *barrier;

static void make(int64_t parties)
{
    barrier = async_barrier_new(loop, parties);
    ck_assert_ptr_nonnull(barrier);
}

static void drop(void)
{
    barrier = async_barrier_unref(barrier);
}

/* How a wait ended: the index, or the error. */
static int index_of(async_future *taken)
{
    int error = finish(async_future_ref(taken));
    int index = error ? error : (int)async_value_int(async_future_value(taken));

    async_future_unref(taken);
    return index;
}

START_TEST(all_go_on_when_the_last_has_come)
{
    struct courier ann = {.name = "ann"}, bob = {.name = "bob"};
    async_future *last;

    make(3);
    ck_assert_int_eq(async_barrier_parties(barrier), 3);
    ann.parcel = async_barrier_wait(barrier);
    bob.parcel = async_barrier_wait(barrier);
    async_future_unref(courier_send(&bob));
    async_future_unref(courier_send(&ann));
    turns(2);
    ck_assert_int_eq(async_barrier_waiting(barrier), 2);
    ck_assert_notes("bob? ann?");
    last = async_barrier_wait(barrier);
    ck_assert(async_future_is_done(last));
    ck_assert_int_eq(async_barrier_waiting(barrier), 0);
    ck_assert_int_eq(index_of(last), 2);
    ck_assert_notes("ann=0 ~ann bob=1 ~bob");
    drop();
}
END_TEST

START_TEST(it_can_be_used_again)
{
    make(2);
    for (int i = 0; i < 3; i++) {
        async_future *first = async_barrier_wait(barrier), *second = async_barrier_wait(barrier);

        ck_assert_int_eq(index_of(first), 0);
        ck_assert_int_eq(index_of(second), 1);
        ck_assert_int_eq(async_barrier_waiting(barrier), 0);
    }
    drop();
}
END_TEST

START_TEST(a_party_of_one_never_waits)
{
    make(1);
    ck_assert_int_eq(index_of(async_barrier_wait(barrier)), 0);
    ck_assert_int_eq(index_of(async_barrier_wait(barrier)), 0);
    drop();
}
END_TEST

START_TEST(who_comes_while_the_others_leave_counts_for_the_next_round)
{
    async_future *waits[4];

    make(2);
    waits[0] = async_barrier_wait(barrier);
    waits[1] = async_barrier_wait(barrier);
    waits[2] = async_barrier_wait(barrier);
    waits[3] = async_barrier_wait(barrier);
    ck_assert_int_eq(async_barrier_waiting(barrier), 0);
    ck_assert(!async_future_is_done(waits[3]));
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(index_of(waits[i]), i % 2);
    drop();
}
END_TEST

START_TEST(who_is_cancelled_does_not_count)
{
    async_future *gone, *first;

    make(2);
    gone = async_barrier_wait(barrier);
    async_future_cancel(gone, "late for dinner");
    turn();
    ck_assert_str_eq(async_future_message(gone), "late for dinner");
    ck_assert_int_eq(index_of(gone), ASYNC_ECANCELED);
    ck_assert_int_eq(async_barrier_waiting(barrier), 0);
    first = async_barrier_wait(barrier);
    ck_assert_int_eq(index_of(async_barrier_wait(barrier)), 1);
    ck_assert_int_eq(index_of(first), 0);
    drop();
}
END_TEST

START_TEST(who_is_cancelled_as_he_is_released_does_not_hold_up_the_others)
{
    async_future *gone, *other, *next;

    make(3);
    gone = async_barrier_wait(barrier);
    other = async_barrier_wait(barrier);
    ck_assert_int_eq(index_of(async_barrier_wait(barrier)), 2);
    async_future_unref(gone);
    async_future_unref(other);
    gone = async_barrier_wait(barrier);
    other = async_barrier_wait(barrier);
    next = async_barrier_wait(barrier);
    async_future_cancel(gone, NULL);
    ck_assert_int_eq(index_of(gone), ASYNC_ECANCELED);
    ck_assert_int_eq(index_of(other), 1);
    ck_assert_int_eq(index_of(next), 2);
    ck_assert_int_eq(async_barrier_waiting(barrier), 0);
    drop();
}
END_TEST

START_TEST(a_cancel_wakes_another_who_has_to_wait_on)
{
    async_future *gone, *stays;

    make(3);
    gone = async_barrier_wait(barrier);
    stays = async_barrier_wait(barrier);
    async_future_cancel(gone, NULL);
    turns(3);
    ck_assert_int_eq(finish(gone), ASYNC_ECANCELED);
    ck_assert(!async_future_is_done(stays));
    ck_assert_int_eq(async_barrier_waiting(barrier), 1);
    async_future_unref(async_barrier_wait(barrier));
    ck_assert_int_eq(finish(async_barrier_wait(barrier)), 0);
    ck_assert_int_eq(finish(stays), 0);
    drop();
}
END_TEST

START_TEST(who_is_cancelled_at_the_door_does_not_come_in)
{
    async_future *first, *door, *next;

    make(2);
    first = async_barrier_wait(barrier);
    async_future_unref(async_barrier_wait(barrier));
    door = async_barrier_wait(barrier);
    async_future_cancel(door, NULL);
    ck_assert_int_eq(index_of(door), ASYNC_ECANCELED);
    ck_assert_int_eq(index_of(first), 0);
    next = async_barrier_wait(barrier);
    ck_assert_int_eq(async_barrier_waiting(barrier), 1);
    async_future_unref(async_barrier_wait(barrier));
    ck_assert_int_eq(index_of(next), 0);
    drop();
}
END_TEST

START_TEST(a_reset_fails_those_who_wait_and_it_is_as_good_as_new)
{
    async_future *first, *second;

    make(3);
    first = async_barrier_wait(barrier);
    second = async_barrier_wait(barrier);
    ck_assert_int_eq(async_barrier_reset(barrier), 0);
    ck_assert(!async_barrier_is_broken(barrier));
    ck_assert_int_eq(async_barrier_waiting(barrier), 0);
    ck_assert_int_eq(index_of(first), ASYNC_EBROKEN);
    ck_assert_int_eq(index_of(second), ASYNC_EBROKEN);
    ck_assert_int_eq(async_barrier_reset(barrier), 0);
    first = async_barrier_wait(barrier);
    second = async_barrier_wait(barrier);
    ck_assert_int_eq(index_of(async_barrier_wait(barrier)), 2);
    ck_assert_int_eq(index_of(first), 0);
    ck_assert_int_eq(index_of(second), 1);
    drop();
}
END_TEST

START_TEST(a_reset_in_the_last_moment_still_counts)
{
    async_future *first, *last, *door;

    make(2);
    first = async_barrier_wait(barrier);
    last = async_barrier_wait(barrier);
    async_barrier_reset(barrier);
    door = async_barrier_wait(barrier);
    ck_assert_int_eq(index_of(last), 1);
    ck_assert_int_eq(index_of(first), ASYNC_EBROKEN);
    turn();
    ck_assert_int_eq(async_barrier_waiting(barrier), 1);
    async_future_unref(async_barrier_wait(barrier));
    ck_assert_int_eq(index_of(door), 0);
    drop();
}
END_TEST

START_TEST(an_abort_breaks_it_for_good)
{
    async_future *first, *door;

    make(2);
    first = async_barrier_wait(barrier);
    ck_assert_int_eq(async_barrier_abort(barrier), 0);
    ck_assert(async_barrier_is_broken(barrier));
    ck_assert_int_eq(async_barrier_waiting(barrier), 0);
    ck_assert_int_eq(index_of(first), ASYNC_EBROKEN);
    ck_assert_int_eq(index_of(async_barrier_wait(barrier)), ASYNC_EBROKEN);
    async_barrier_reset(barrier);
    ck_assert(!async_barrier_is_broken(barrier));
    door = async_barrier_wait(barrier);
    async_future_unref(async_barrier_wait(barrier));
    ck_assert_int_eq(index_of(door), 0);
    drop();
}
END_TEST

START_TEST(an_abort_breaks_it_for_those_at_the_door_too)
{
    async_future *first, *door;

    make(2);
    first = async_barrier_wait(barrier);
    async_future_unref(async_barrier_wait(barrier));
    door = async_barrier_wait(barrier);
    async_barrier_abort(barrier);
    ck_assert_int_eq(index_of(first), ASYNC_EBROKEN);
    ck_assert_int_eq(index_of(door), ASYNC_EBROKEN);
    drop();
}
END_TEST

START_TEST(bad_input_is_refused_by_name)
{
    async_future *wait = async_barrier_wait(NULL);

    ck_assert_str_eq(async_future_message(wait), "barrier is NULL");
    ck_assert_int_eq(finish(wait), ASYNC_EINVAL);
    ck_assert_int_eq(async_barrier_reset(NULL), ASYNC_EINVAL);
    ck_assert_int_eq(async_barrier_abort(NULL), ASYNC_EINVAL);
    ck_assert_int_eq(async_barrier_parties(NULL), 0);
    ck_assert_int_eq(async_barrier_waiting(NULL), 0);
    ck_assert(!async_barrier_is_broken(NULL));
    ck_assert_ptr_null(async_barrier_ref(NULL));
    ck_assert_ptr_null(async_barrier_unref(NULL));
    errno = 0;
    ck_assert_ptr_null(async_barrier_new(NULL, 1));
    ck_assert_int_eq(errno, EINVAL);
    errno = 0;
    ck_assert_ptr_null(async_barrier_new(loop, 0));
    ck_assert_int_eq(errno, EINVAL);
    ck_assert_ptr_null(async_barrier_new(loop, -3));
}
END_TEST

START_TEST(a_barrier_outlives_its_loop)
{
    async_future *inside, *door;

    make(2);
    async_future_unref(async_barrier_wait(barrier));
    async_future_unref(async_barrier_wait(barrier));
    inside = async_barrier_wait(barrier);
    door = async_barrier_wait(barrier);
    async_loop_abandon(loop);
    ck_assert_int_eq(async_future_error(inside), ASYNC_ECLOSED);
    ck_assert_int_eq(async_future_error(door), ASYNC_ECLOSED);
    ck_assert_int_eq(async_future_error(async_barrier_wait(barrier)), ASYNC_ECLOSED);
    ck_assert_int_eq(async_barrier_reset(barrier), 0);
    ck_assert_int_eq(async_barrier_abort(barrier), 0);
    loop = async_loop_unref(loop);
    async_future_unref(inside);
    async_future_unref(door);
    drop();
}
END_TEST

static void try_everything(void *user)
{
    ck_assert_int_eq(async_barrier_reset(barrier), ASYNC_ETHREAD);
    ck_assert_int_eq(async_barrier_abort(barrier), ASYNC_ETHREAD);
    ck_assert_int_eq(async_barrier_parties(barrier), 2);
    ck_assert_int_eq(async_barrier_waiting(barrier), 0);
    ck_assert_int_eq(async_future_error(async_barrier_wait(barrier)), ASYNC_ETHREAD);
    async_barrier_unref(user);
}

START_TEST(another_thread_may_count_and_nothing_else)
{
    make(2);
    elsewhere(try_everything, async_barrier_ref(barrier));
    ck_assert(!async_barrier_is_broken(barrier));
    drop();
}
END_TEST

START_TEST(memory_that_fails_counts_for_nobody)
{
    async_future *first, *second;

    for (size_t n = 1;; n++) {
        memory_fail_at(n, false);
        barrier = async_barrier_new(loop, 2);
        first = async_barrier_wait(barrier);
        second = async_barrier_wait(barrier);
        if (!memory_has_failed())
            break;
        if (barrier) {
            ck_assert_int_eq(async_barrier_waiting(barrier), 1);
            async_barrier_abort(barrier);
            turn();
        }
        ck_assert_int_ne(async_future_error(first), 0);
        ck_assert_int_ne(async_future_error(second), 0);
        async_future_unref(first);
        async_future_unref(second);
        drop();
    }
    ck_assert_int_eq(index_of(first), 0);
    ck_assert_int_eq(index_of(second), 1);
    drop();
}
END_TEST

int main(void)
{
    return RUN_TESTS("barrier", all_go_on_when_the_last_has_come, it_can_be_used_again, a_party_of_one_never_waits,
                     who_comes_while_the_others_leave_counts_for_the_next_round, who_is_cancelled_does_not_count,
                     who_is_cancelled_as_he_is_released_does_not_hold_up_the_others,
                     a_cancel_wakes_another_who_has_to_wait_on, who_is_cancelled_at_the_door_does_not_come_in,
                     a_reset_fails_those_who_wait_and_it_is_as_good_as_new, a_reset_in_the_last_moment_still_counts,
                     an_abort_breaks_it_for_good, an_abort_breaks_it_for_those_at_the_door_too,
                     bad_input_is_refused_by_name, a_barrier_outlives_its_loop,
                     another_thread_may_count_and_nothing_else, memory_that_fails_counts_for_nobody);
}
