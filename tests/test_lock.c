#include "tests/support/support.h"

#include <errno.h>

static async_lock *lock;

static void make(void)
{
    lock = async_lock_new(loop);
    ck_assert_ptr_nonnull(lock);
}

static void make_held(void)
{
    make();
    async_future_unref(async_lock_acquire(lock));
    ck_assert(async_lock_is_locked(lock));
}

static void drop(void)
{
    lock = async_lock_unref(lock);
}

START_TEST(a_free_lock_is_taken_at_once)
{
    async_future *acquired;

    make();
    ck_assert(!async_lock_is_locked(lock));
    acquired = async_lock_acquire(lock);
    ck_assert(async_future_is_done(acquired));
    ck_assert(async_value_bool(async_future_value(acquired)));
    ck_assert(async_lock_is_locked(lock));
    ck_assert_int_eq(async_lock_release(lock), 0);
    ck_assert(!async_lock_is_locked(lock));
    async_future_unref(acquired);
    drop();
}
END_TEST

START_TEST(what_nobody_holds_cannot_be_released)
{
    make();
    ck_assert_int_eq(async_lock_release(lock), ASYNC_ESTATE);
    async_future_unref(async_lock_acquire(lock));
    ck_assert_int_eq(async_lock_release(lock), 0);
    ck_assert_int_eq(async_lock_release(lock), ASYNC_ESTATE);
    drop();
}
END_TEST

START_TEST(the_line_is_first_in_first_out)
{
    struct courier ann, bob;

    make_held();
    ann = (struct courier){.name = "ann", .parcel = async_lock_acquire(lock)};
    bob = (struct courier){.name = "bob", .parcel = async_lock_acquire(lock)};
    async_future_unref(courier_send(&bob));
    async_future_unref(courier_send(&ann));
    turns(2);
    ck_assert_notes("bob? ann?");
    ck_assert_int_eq(async_lock_release(lock), 0);
    turn();
    ck_assert_notes("ann= ~ann");
    turn();
    ck_assert_int_eq(async_lock_release(lock), 0);
    turn();
    ck_assert_notes("bob= ~bob");
    ck_assert(async_lock_is_locked(lock));
    ck_assert_int_eq(async_lock_release(lock), 0);
    drop();
}
END_TEST

START_TEST(nobody_overtakes_the_one_who_was_woken)
{
    async_future *woken, *late;

    make_held();
    woken = async_lock_acquire(lock);
    async_lock_release(lock);
    ck_assert(!async_lock_is_locked(lock));
    ck_assert_int_eq(async_lock_release(lock), ASYNC_ESTATE);
    late = async_lock_acquire(lock);
    ck_assert(!async_future_is_done(late));
    ck_assert_int_eq(finish(woken), 0);
    ck_assert(async_lock_is_locked(lock));
    ck_assert(!async_future_is_done(late));
    async_lock_release(lock);
    ck_assert_int_eq(finish(late), 0);
    drop();
}
END_TEST

START_TEST(who_is_cancelled_in_line_leaves_it)
{
    async_future *first, *second, *third;

    make_held();
    first = async_lock_acquire(lock);
    second = async_lock_acquire(lock);
    third = async_lock_acquire(lock);
    ck_assert_int_eq(async_future_cancel(second, "no more"), 0);
    ck_assert(!async_future_is_done(second));
    turn();
    ck_assert(async_future_is_cancelled(second));
    ck_assert_str_eq(async_future_message(second), "no more");
    async_lock_release(lock);
    ck_assert_int_eq(finish(first), 0);
    async_lock_release(lock);
    ck_assert_int_eq(finish(third), 0);
    async_future_unref(second);
    drop();
}
END_TEST

/* As in asyncio, where only the cancelled one himself tells the next. */
START_TEST(the_first_in_line_keeps_his_place_until_he_is_told_of_his_cancel)
{
    async_future *first, *second, *third;

    make_held();
    first = async_lock_acquire(lock);
    second = async_lock_acquire(lock);
    third = async_lock_acquire(lock);
    async_future_cancel(second, NULL);
    async_future_cancel(first, NULL);
    async_lock_release(lock);
    turn();
    ck_assert(async_future_is_cancelled(first));
    ck_assert(async_future_is_cancelled(second));
    ck_assert(!async_future_is_done(third));
    ck_assert(!async_lock_is_locked(lock));
    turn();
    ck_assert_int_eq(finish(third), 0);
    async_future_unref(first);
    async_future_unref(second);
    drop();
}
END_TEST

START_TEST(who_is_cancelled_does_not_keep_the_lock_from_a_new_one)
{
    async_future *gone, *acquired;

    make_held();
    gone = async_lock_acquire(lock);
    async_future_cancel(gone, NULL);
    async_lock_release(lock);
    acquired = async_lock_acquire(lock);
    ck_assert(async_future_is_done(acquired));
    ck_assert_int_eq(finish(gone), ASYNC_ECANCELED);
    ck_assert(async_lock_is_locked(lock));
    async_future_unref(acquired);
    drop();
}
END_TEST

START_TEST(who_is_cancelled_as_he_is_woken_passes_the_lock_on)
{
    struct courier ann = {.name = "ann", .tries = true}, bob = {.name = "bob"};
    async_future *task;

    make_held();
    ann.parcel = async_lock_acquire(lock);
    bob.parcel = async_lock_acquire(lock);
    task = courier_send(&ann);
    async_future_unref(courier_send(&bob));
    turn();
    ck_assert_notes("ann? bob?");
    async_lock_release(lock);
    ck_assert_int_eq(async_future_cancel(task, NULL), 0);
    turn();
    ck_assert_notes("ann!ECANCELED ~ann");
    ck_assert(!async_lock_is_locked(lock));
    turn();
    ck_assert_notes("bob= ~bob");
    ck_assert(async_lock_is_locked(lock));
    async_future_unref(task);
    drop();
}
END_TEST

START_TEST(a_lock_that_nobody_else_wants_is_free_after_that)
{
    async_future *woken;

    make_held();
    woken = async_lock_acquire(lock);
    async_lock_release(lock);
    ck_assert_int_eq(async_future_cancel(woken, "one"), 0);
    ck_assert_int_eq(async_future_cancel(woken, "two"), 0);
    ck_assert_int_eq(finish(woken), ASYNC_ECANCELED);
    ck_assert(!async_lock_is_locked(lock));
    woken = async_lock_acquire(lock);
    ck_assert(async_future_is_done(woken));
    async_future_unref(woken);
    drop();
}
END_TEST

START_TEST(the_last_of_several_cancels_is_the_one_told)
{
    async_future *woken;

    make_held();
    woken = async_lock_acquire(lock);
    async_lock_release(lock);
    async_future_cancel(woken, "one");
    async_future_cancel(woken, "two");
    turn();
    ck_assert_str_eq(async_future_message(woken), "two");
    async_future_unref(woken);
    drop();
}
END_TEST

/* Bob stands behind Ann in the turn in which she gets the lock, and would cancel her before she knows. */
static async_next cancel_other(async_task *task, void *state)
{
    ck_assert_int_eq(async_future_cancel(state, NULL), ASYNC_ESTATE);
    return async_return(task, async_none());
}

START_TEST(nothing_comes_between_getting_the_lock_and_having_it)
{
    struct courier ann = {.name = "ann", .tries = true};
    async_future *task;

    make_held();
    ann.parcel = async_lock_acquire(lock);
    task = courier_send(&ann);
    turn();
    async_lock_release(lock);
    async_future_unref(async_create_task(loop, cancel_other, task, NULL));
    turn();
    ck_assert_notes("ann? ann= ~ann");
    ck_assert(async_lock_is_locked(lock));
    async_future_unref(task);
    drop();
}
END_TEST

START_TEST(nothing_comes_between_through_a_time_limit_either)
{
    struct courier ann = {.name = "ann", .tries = true};
    async_future *task;

    make_held();
    ann.parcel = async_wait_for(loop, async_wait_for(loop, async_lock_acquire(lock), 60), 60);
    task = courier_send(&ann);
    turn();
    async_lock_release(lock);
    async_future_unref(async_create_task(loop, cancel_other, task, NULL));
    turn();
    ck_assert_notes("ann? ann= ~ann");
    ck_assert(async_lock_is_locked(lock));
    async_future_unref(task);
    drop();
}
END_TEST

START_TEST(who_is_cancelled_under_a_time_limit_passes_the_lock_on)
{
    struct courier ann = {.name = "ann", .tries = true};
    async_future *task, *next;

    make_held();
    ann.parcel = async_wait_for(loop, async_lock_acquire(lock), 60);
    next = async_lock_acquire(lock);
    task = courier_send(&ann);
    turn();
    async_lock_release(lock);
    async_future_cancel(task, NULL);
    turns(2);
    ck_assert_notes("ann? ann!ECANCELED ~ann");
    ck_assert_int_eq(finish(next), 0);
    async_future_unref(task);
    drop();
}
END_TEST

START_TEST(all_who_await_one_acquire_hear_of_it)
{
    struct courier ann = {.name = "ann"}, bob = {.name = "bob"};

    make_held();
    ann.parcel = async_lock_acquire(lock);
    bob.parcel = async_future_ref(ann.parcel);
    async_future_unref(courier_send(&ann));
    async_future_unref(courier_send(&bob));
    turn();
    async_lock_release(lock);
    turns(2);
    ck_assert_notes("ann? bob? ann= ~ann bob= ~bob");
    ck_assert(async_lock_is_locked(lock));
    drop();
}
END_TEST

START_TEST(an_acquire_that_nobody_holds_still_takes_the_lock)
{
    make_held();
    async_future_unref(async_lock_acquire(lock));
    async_lock_release(lock);
    turn();
    ck_assert(async_lock_is_locked(lock));
    drop();
}
END_TEST

static async_next hold_and_release(async_task *task, void *state)
{
    int *rounds = state;

    if (*rounds)
        ck_assert_int_eq(async_lock_release(lock), 0);
    if (++*rounds > 100)
        return async_return(task, async_none());
    return async_await(task, async_lock_acquire(lock), hold_and_release);
}

START_TEST(two_tasks_take_turns)
{
    int ann = 0, bob = 0;
    async_future *both[2];

    make();
    both[0] = async_create_task(loop, hold_and_release, &ann, NULL);
    both[1] = async_create_task(loop, hold_and_release, &bob, NULL);
    ck_assert_int_eq(finish(async_gather(loop, both, 2, 0)), 0);
    ck_assert_int_eq(ann, 101);
    ck_assert_int_eq(bob, 101);
    ck_assert(!async_lock_is_locked(lock));
    drop();
}
END_TEST

/* Many want the lock, some give up at any moment: one holds it at a time, and nobody who stays is forgotten. */
#define MOST 32

struct crowd {
    async_future *wants[MOST];
    int holder;
};

static void look_who_has_it(struct crowd *crowd)
{
    for (int i = 0; i < MOST; i++) {
        if (!crowd->wants[i] || !async_future_is_done(crowd->wants[i]))
            continue;
        if (async_future_error(crowd->wants[i]) == 0) {
            ck_assert_int_eq(crowd->holder, -1);
            crowd->holder = i;
        }
        crowd->wants[i] = async_future_unref(crowd->wants[i]);
    }
}

static void let_go(struct crowd *crowd)
{
    look_who_has_it(crowd);
    if (crowd->holder >= 0)
        ck_assert_int_eq(async_lock_release(lock), 0);
    else
        ck_assert_int_eq(async_lock_release(lock), ASYNC_ESTATE);
    crowd->holder = -1;
}

static void act(struct crowd *crowd, struct dice *dice)
{
    uint32_t one = roll(dice, MOST);

    switch (roll(dice, 5)) {
    case 0:
    case 1:
        if (!crowd->wants[one])
            crowd->wants[one] = async_lock_acquire(lock);
        break;
    case 2:
        async_future_cancel(crowd->wants[one], NULL);
        break;
    case 3:
        let_go(crowd);
        break;
    default:
        turn();
        break;
    }
    look_who_has_it(crowd);
}

static void run_schedule(uint64_t seed)
{
    struct dice dice = dice_of(seed);
    struct crowd crowd = {.holder = -1};

    make();
    for (int i = 0; i < 300; i++)
        act(&crowd, &dice);
    for (int i = 0; i < 2 * MOST; i++) {
        let_go(&crowd);
        turn();
    }
    let_go(&crowd);
    for (int i = 0; i < MOST; i++)
        ck_assert_ptr_null(crowd.wants[i]);
    ck_assert(!async_lock_is_locked(lock));
    drop();
}

START_TEST(no_wake_up_is_lost_whoever_gives_up)
{
    for (uint64_t seed = 0; seed < 100; seed++)
        run_schedule(seed);
}
END_TEST

START_TEST(what_is_null_is_refused_by_name)
{
    async_future *acquired = async_lock_acquire(NULL);

    ck_assert_str_eq(async_future_message(acquired), "lock is NULL");
    ck_assert_int_eq(finish(acquired), ASYNC_EINVAL);
    ck_assert_int_eq(async_lock_release(NULL), ASYNC_EINVAL);
    ck_assert(!async_lock_is_locked(NULL));
    ck_assert_ptr_null(async_lock_ref(NULL));
    ck_assert_ptr_null(async_lock_unref(NULL));
    errno = 0;
    ck_assert_ptr_null(async_lock_new(NULL));
    ck_assert_int_eq(errno, EINVAL);
}
END_TEST

START_TEST(a_lock_outlives_its_loop)
{
    async_future *in_line, *woken, *acquired;

    make_held();
    woken = async_lock_acquire(lock);
    in_line = async_lock_acquire(lock);
    async_lock_release(lock);
    async_loop_abandon(loop);    /* a close would let the woken one have it first */
    ck_assert_int_eq(async_future_error(in_line), ASYNC_ECLOSED);
    ck_assert_int_eq(async_future_error(woken), ASYNC_ECLOSED);
    acquired = async_lock_acquire(lock);
    ck_assert_int_eq(async_future_error(acquired), ASYNC_ECLOSED);
    loop = async_loop_unref(loop);
    async_future_unref(woken);
    async_future_unref(in_line);
    drop();
}
END_TEST

START_TEST(tasks_that_are_cancelled_by_a_close_may_release)
{
    struct courier ann = {.name = "ann"};

    make_held();
    ann.parcel = async_lock_acquire(lock);
    async_future_unref(courier_send(&ann));
    turn();
    async_loop_close(loop);
    ck_assert_notes("ann? ~ann");
    ck_assert_int_eq(async_lock_release(lock), 0);
    drop();
}
END_TEST

static void try_everything(void *user)
{
    ck_assert_int_eq(async_lock_release(lock), ASYNC_ETHREAD);
    ck_assert(!async_lock_is_locked(lock));
    ck_assert_int_eq(async_future_error(async_lock_acquire(lock)), ASYNC_ETHREAD);
    async_lock_unref(async_lock_ref(lock));
    async_lock_unref(user);
}

START_TEST(another_thread_may_count_and_nothing_else)
{
    make_held();
    elsewhere(try_everything, async_lock_ref(lock));
    ck_assert(async_lock_is_locked(lock));
    drop();
}
END_TEST

START_TEST(memory_that_fails_leaves_the_lock_as_it_was)
{
    async_future *first, *second;

    for (size_t n = 1;; n++) {
        memory_fail_at(n, false);
        lock = async_lock_new(loop);
        first = async_lock_acquire(lock);
        second = async_lock_acquire(lock);
        if (!memory_has_failed())
            break;
        if (lock) {
            ck_assert_int_eq(async_future_error(first), 0);
            ck_assert_int_eq(async_future_error(second), ASYNC_ENOMEM);
            ck_assert_int_eq(async_lock_release(lock), 0);
            ck_assert(!async_lock_is_locked(lock));
        }
        async_future_unref(first);
        async_future_unref(second);
        drop();
    }
    async_future_unref(first);
    async_lock_release(lock);
    ck_assert_int_eq(finish(second), 0);
    drop();
}
END_TEST

int main(void)
{
    return RUN_TESTS("lock", a_free_lock_is_taken_at_once, what_nobody_holds_cannot_be_released,
                     the_line_is_first_in_first_out, nobody_overtakes_the_one_who_was_woken,
                     who_is_cancelled_in_line_leaves_it,
                     the_first_in_line_keeps_his_place_until_he_is_told_of_his_cancel,
                     who_is_cancelled_does_not_keep_the_lock_from_a_new_one,
                     who_is_cancelled_as_he_is_woken_passes_the_lock_on,
                     a_lock_that_nobody_else_wants_is_free_after_that, the_last_of_several_cancels_is_the_one_told,
                     nothing_comes_between_getting_the_lock_and_having_it,
                     nothing_comes_between_through_a_time_limit_either,
                     who_is_cancelled_under_a_time_limit_passes_the_lock_on, all_who_await_one_acquire_hear_of_it,
                     an_acquire_that_nobody_holds_still_takes_the_lock, two_tasks_take_turns,
                     no_wake_up_is_lost_whoever_gives_up, what_is_null_is_refused_by_name,
                     a_lock_outlives_its_loop, tasks_that_are_cancelled_by_a_close_may_release,
                     another_thread_may_count_and_nothing_else, memory_that_fails_leaves_the_lock_as_it_was);
}
