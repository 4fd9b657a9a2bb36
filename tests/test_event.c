#include "tests/support/support.h"

#include <errno.h>

static async_event *event;

static void make(void)
{
    event = async_event_new(loop);
    ck_assert_ptr_nonnull(event);
}

static void drop(void)
{
    event = async_event_unref(event);
}

START_TEST(nobody_waits_at_an_event_that_is_set)
{
    async_future *wait;

    make();
    ck_assert(!async_event_is_set(event));
    ck_assert_int_eq(async_event_set(event), 0);
    ck_assert_int_eq(async_event_set(event), 0);
    ck_assert(async_event_is_set(event));
    wait = async_event_wait(event);
    ck_assert(async_future_is_done(wait));
    ck_assert(async_value_bool(async_future_value(wait)));
    ck_assert_ptr_eq(async_future_loop(wait), loop);
    async_future_unref(wait);
    drop();
}
END_TEST

START_TEST(a_set_lets_everybody_go_on_in_order)
{
    struct courier ann, bob;

    make();
    ann = (struct courier){.name = "ann", .parcel = async_event_wait(event)};
    bob = (struct courier){.name = "bob", .parcel = async_event_wait(event)};
    async_future_unref(courier_send(&bob));
    async_future_unref(courier_send(&ann));
    turns(2);
    ck_assert_notes("bob? ann?");
    async_event_set(event);
    ck_assert_notes("");
    turn();
    ck_assert_notes("ann= ~ann bob= ~bob");
    drop();
}
END_TEST

START_TEST(a_set_that_is_cleared_at_once_still_wakes)
{
    async_future *wait, *later;

    make();
    wait = async_event_wait(event);
    async_event_set(event);
    async_event_clear(event);
    ck_assert(!async_event_is_set(event));
    later = async_event_wait(event);
    turn();
    ck_assert_int_eq(finish(wait), 0);
    ck_assert(!async_future_is_done(later));
    async_event_set(event);
    ck_assert_int_eq(finish(later), 0);
    drop();
}
END_TEST

START_TEST(a_cancelled_wait_leaves_the_others_waiting)
{
    async_future *ann, *bob;

    make();
    ann = async_event_wait(event);
    bob = async_event_wait(event);
    ck_assert_int_eq(async_future_cancel(ann, "enough"), 0);
    ck_assert(async_future_is_cancelled(ann));
    ck_assert_str_eq(async_future_message(ann), "enough");
    ck_assert_int_eq(async_future_cancel(ann, NULL), ASYNC_ESTATE);
    async_event_set(event);
    ck_assert_int_eq(finish(bob), 0);
    async_future_unref(ann);
    drop();
}
END_TEST

/* The last wait held the last reference. */
START_TEST(an_event_lives_as_long_as_somebody_waits)
{
    async_future *wait;

    make();
    wait = async_event_wait(event);
    drop();
    ck_assert_int_eq(async_future_cancel(wait, NULL), 0);
    async_future_unref(wait);
}
END_TEST

START_TEST(a_wait_that_nobody_holds_goes_on)
{
    make();
    async_future_unref(async_event_wait(event));
    async_event_set(event);
    turn();
    drop();
}
END_TEST

START_TEST(what_is_null_is_refused_by_name)
{
    async_future *wait = async_event_wait(NULL);

    ck_assert_int_eq(async_future_error(wait), ASYNC_EINVAL);
    ck_assert_str_eq(async_future_message(wait), "event is NULL");
    ck_assert_int_eq(finish(wait), ASYNC_EINVAL);
    ck_assert_int_eq(async_event_set(NULL), ASYNC_EINVAL);
    ck_assert_int_eq(async_event_clear(NULL), ASYNC_EINVAL);
    ck_assert(!async_event_is_set(NULL));
    ck_assert_ptr_null(async_event_ref(NULL));
    ck_assert_ptr_null(async_event_unref(NULL));
    errno = 0;
    ck_assert_ptr_null(async_event_new(NULL));
    ck_assert_int_eq(errno, EINVAL);
}
END_TEST

static void on_closed(async_future *future, void *user)
{
    note("%s", async_error_name(async_future_error(future)));
    ck_assert_int_eq(async_future_error(async_event_wait(event)), ASYNC_ECLOSED);
}

START_TEST(an_event_outlives_its_loop)
{
    async_future *wait, *heard;

    make();
    wait = async_event_wait(event);
    heard = async_event_wait(event);
    async_future_on_done(heard, on_closed, NULL, NULL);
    async_loop_close(loop);
    ck_assert_notes("ASYNC_ECLOSED");
    ck_assert_int_eq(async_future_error(wait), ASYNC_ECLOSED);
    ck_assert_int_eq(async_event_set(event), 0);
    ck_assert(async_event_is_set(event));
    ck_assert_int_eq(async_future_error(async_event_wait(event)), ASYNC_ECLOSED);
    errno = 0;
    ck_assert_ptr_null(async_event_new(loop));
    ck_assert_int_eq(errno, EPERM);
    loop = async_loop_unref(loop);
    async_future_unref(heard);
    async_future_unref(wait);
    drop();
}
END_TEST

START_TEST(a_wait_forgotten_at_an_event_forgotten_ends_with_the_loop)
{
    make();
    async_future_unref(async_event_wait(event));
    drop();
    ck_assert_int_eq(async_loop_abandon(loop), 0);
}
END_TEST

static void try_everything(void *user)
{
    ck_assert_int_eq(async_event_set(event), ASYNC_ETHREAD);
    ck_assert_int_eq(async_event_clear(event), ASYNC_ETHREAD);
    ck_assert(!async_event_is_set(event));
    ck_assert_int_eq(async_future_error(async_event_wait(event)), ASYNC_ETHREAD);
    errno = 0;
    ck_assert_ptr_null(async_event_new(loop));
    ck_assert_int_eq(errno, EPERM);
    async_event_unref(async_event_ref(event));
    async_event_unref(user);
}

START_TEST(another_thread_may_count_and_nothing_else)
{
    make();
    async_event_set(event);
    elsewhere(try_everything, async_event_ref(event));
    ck_assert(async_event_is_set(event));
    drop();
}
END_TEST

static void drop_last(void *user)
{
    async_event_unref(user);
}

START_TEST(the_last_reference_may_go_in_another_thread)
{
    make();
    elsewhere(drop_last, event);
    make();
    async_loop_close(loop);
    elsewhere(drop_last, event);
    event = NULL;
}
END_TEST

START_TEST(memory_that_fails_leaves_nothing_waiting)
{
    async_future *wait;
    size_t n;

    for (n = 1;; n++) {
        memory_fail_at(n, false);
        errno = 0;
        event = async_event_new(loop);
        wait = async_event_wait(event);
        if (!memory_has_failed())
            break;
        if (!event)
            ck_assert_int_eq(errno, ENOMEM);
        else
            ck_assert_int_eq(async_future_error(wait), ASYNC_ENOMEM);
        async_event_set(event);
        async_future_unref(wait);
        drop();
    }
    async_event_set(event);
    ck_assert_int_eq(finish(wait), 0);
    drop();
}
END_TEST

int main(void)
{
    return RUN_TESTS("event", nobody_waits_at_an_event_that_is_set, a_set_lets_everybody_go_on_in_order,
                     a_set_that_is_cleared_at_once_still_wakes, a_cancelled_wait_leaves_the_others_waiting,
                     an_event_lives_as_long_as_somebody_waits, a_wait_that_nobody_holds_goes_on,
                     what_is_null_is_refused_by_name, an_event_outlives_its_loop,
                     a_wait_forgotten_at_an_event_forgotten_ends_with_the_loop,
                     another_thread_may_count_and_nothing_else, the_last_reference_may_go_in_another_thread,
                     memory_that_fails_leaves_nothing_waiting);
}
