#include "tests/support/support.h"

#include <errno.h>

static async_broadcast *broadcast;

static void make(int64_t capacity)
{
    broadcast = async_broadcast_new(loop, capacity);
    ck_assert_ptr_nonnull(broadcast);
}

static void drop(void)
{
    broadcast = async_broadcast_unref(broadcast);
}

static void send_ints(int first, int last)
{
    for (int i = first; i <= last; i++)
        ck_assert_int_eq(async_broadcast_send(broadcast, async_int(i)), 0);
}

/* What is there to receive: the number, or the error. */
static int receive(async_receiver *receiver)
{
    async_future *next = async_receiver_next(receiver);
    int error = finish(async_future_ref(next)), number = error ? error : (int)async_value_int(async_future_value(next));

    async_future_unref(next);
    return number;
}

START_TEST(every_receiver_gets_every_value_in_order)
{
    async_receiver *ann, *bob;

    make(4);
    ann = async_broadcast_subscribe(broadcast);
    bob = async_broadcast_subscribe(broadcast);
    send_ints(1, 3);
    for (int i = 1; i <= 3; i++)
        ck_assert_int_eq(receive(ann), i);
    send_ints(4, 4);
    for (int i = 1; i <= 4; i++)
        ck_assert_int_eq(receive(bob), i);
    ck_assert_int_eq(receive(ann), 4);
    async_receiver_unref(ann);
    async_receiver_unref(bob);
    drop();
}
END_TEST

START_TEST(a_receive_waits_for_a_value)
{
    struct courier ann = {.name = "ann"}, bob = {.name = "bob"}, eve = {.name = "eve"};
    async_receiver *one, *other;

    make(1);
    one = async_broadcast_subscribe(broadcast);
    other = async_broadcast_subscribe(broadcast);
    ann.parcel = async_receiver_next(one);
    bob.parcel = async_receiver_next(other);
    eve.parcel = async_receiver_next(one);
    async_future_unref(courier_send(&ann));
    async_future_unref(courier_send(&bob));
    async_future_unref(courier_send(&eve));
    turn();
    send_ints(7, 7);
    turn();
    ck_assert_notes("ann? bob? eve? ann=7 ~ann bob=7 ~bob");
    send_ints(8, 8);
    turn();
    ck_assert_notes("eve=8 ~eve");
    async_receiver_unref(one);
    async_receiver_unref(other);
    drop();
}
END_TEST

START_TEST(a_receiver_hears_only_what_is_sent_after_it_subscribed)
{
    async_receiver *early, *late;

    make(4);
    send_ints(1, 2);
    early = async_broadcast_subscribe(broadcast);
    send_ints(3, 4);
    late = async_broadcast_subscribe(broadcast);
    send_ints(5, 5);
    ck_assert_int_eq(receive(early), 3);
    ck_assert_int_eq(receive(late), 5);
    async_receiver_unref(early);
    async_receiver_unref(late);
    drop();
}
END_TEST

START_TEST(a_slow_receiver_is_told_how_much_it_missed)
{
    async_receiver *slow;
    async_future *next;

    make(2);
    slow = async_broadcast_subscribe(broadcast);
    send_ints(1, 5);
    ck_assert_uint_eq(async_receiver_missed(slow), 0);
    next = async_receiver_next(slow);
    ck_assert_int_eq(async_future_error(next), ASYNC_ELAGGED);
    ck_assert_str_eq(async_future_message(next), "the receiver was too slow and missed 3 values");
    ck_assert_uint_eq(async_receiver_missed(slow), 3);
    async_future_unref(next);
    ck_assert_int_eq(receive(slow), 4);
    send_ints(6, 7);
    next = async_receiver_next(slow);
    ck_assert_str_eq(async_future_message(next), "the receiver was too slow and missed 1 value");
    async_future_unref(next);
    ck_assert_uint_eq(async_receiver_missed(slow), 4);
    ck_assert_int_eq(receive(slow), 6);
    ck_assert_int_eq(receive(slow), 7);
    async_receiver_unref(slow);
    drop();
}
END_TEST

START_TEST(who_waits_may_lag_before_he_runs)
{
    async_receiver *receiver;
    async_future *next;

    make(1);
    receiver = async_broadcast_subscribe(broadcast);
    next = async_receiver_next(receiver);
    send_ints(1, 3);
    ck_assert_int_eq(finish(next), ASYNC_ELAGGED);
    ck_assert_int_eq(receive(receiver), 3);
    async_receiver_unref(receiver);
    drop();
}
END_TEST

START_TEST(a_cancelled_receive_loses_nothing)
{
    async_receiver *receiver;
    async_future *waiting, *woken;

    make(4);
    receiver = async_broadcast_subscribe(broadcast);
    waiting = async_receiver_next(receiver);
    async_future_cancel(waiting, NULL);
    ck_assert_int_eq(finish(waiting), ASYNC_ECANCELED);
    woken = async_receiver_next(receiver);
    send_ints(1, 1);
    async_future_cancel(woken, NULL);
    ck_assert_int_eq(finish(woken), ASYNC_ECANCELED);
    ck_assert_int_eq(receive(receiver), 1);
    async_receiver_unref(receiver);
    drop();
}
END_TEST

START_TEST(a_close_ends_receivers_after_what_is_kept)
{
    async_receiver *reader, *waiter, *late;
    async_future *next;

    make(4);
    reader = async_broadcast_subscribe(broadcast);
    waiter = async_broadcast_subscribe(broadcast);
    send_ints(1, 1);
    ck_assert_int_eq(receive(waiter), 1);
    next = async_receiver_next(waiter);
    ck_assert_int_eq(async_broadcast_close(broadcast), 0);
    ck_assert_int_eq(async_broadcast_close(broadcast), 0);
    ck_assert_int_eq(finish(next), ASYNC_ECLOSED);
    ck_assert_int_eq(receive(reader), 1);
    ck_assert_int_eq(receive(reader), ASYNC_ECLOSED);
    ck_assert_int_eq(async_broadcast_send(broadcast, async_int(2)), ASYNC_ECLOSED);
    late = async_broadcast_subscribe(broadcast);
    ck_assert_int_eq(receive(late), ASYNC_ECLOSED);
    async_receiver_unref(late);
    async_receiver_unref(reader);
    async_receiver_unref(waiter);
    drop();
}
END_TEST

/* Objects count how many of them are there. */
static int alive;
static async_type *type;

static void appear(void *pointer)
{
    alive++;
}

static void vanish(void *pointer)
{
    alive--;
}

static void send_object(void)
{
    ck_assert_int_eq(async_broadcast_send(broadcast, async_object(NULL, type, &alive)), 0);
}

START_TEST(a_value_is_let_go_when_its_last_receiver_has_it)
{
    async_receiver *ann, *bob;

    type = async_type_new("thing", appear, vanish);
    make(2);
    send_object();
    ck_assert_int_eq(alive, 0);
    ann = async_broadcast_subscribe(broadcast);
    bob = async_broadcast_subscribe(broadcast);
    send_object();
    send_object();
    ck_assert_int_eq(alive, 2);
    async_future_unref(async_receiver_next(ann));
    ck_assert_int_eq(alive, 2);
    async_future_unref(async_receiver_next(bob));
    ck_assert_int_eq(alive, 1);
    send_object();
    send_object();
    ck_assert_int_eq(alive, 2);
    async_receiver_unref(ann);
    ck_assert_int_eq(alive, 2);
    async_receiver_unref(bob);
    ck_assert_int_eq(alive, 0);
    drop();
    type = async_type_unref(type);
}
END_TEST

static int echoes;

static void vanish_with_an_echo(void *pointer)
{
    alive--;
    if (echoes-- > 0)
        send_object();
}

START_TEST(clean_up_may_send_on_the_channel_it_comes_from)
{
    async_receiver *ann, *bob;

    type = async_type_new("thing", appear, vanish_with_an_echo);
    make(2);
    ann = async_broadcast_subscribe(broadcast);
    send_object();
    send_object();
    bob = async_broadcast_subscribe(broadcast);
    echoes = 3;
    async_receiver_unref(ann);
    ck_assert_int_eq(alive, 2);
    echoes = 0;
    async_receiver_unref(bob);
    ck_assert_int_eq(alive, 0);
    drop();
    type = async_type_unref(type);
}
END_TEST

START_TEST(bad_input_is_refused_by_name)
{
    async_future *next = async_receiver_next(NULL);

    ck_assert_str_eq(async_future_message(next), "receiver is NULL");
    ck_assert_int_eq(finish(next), ASYNC_EINVAL);
    ck_assert_int_eq(async_broadcast_send(NULL, async_int(1)), ASYNC_EINVAL);
    ck_assert_int_eq(async_broadcast_close(NULL), ASYNC_EINVAL);
    ck_assert_uint_eq(async_receiver_missed(NULL), 0);
    ck_assert_ptr_null(async_broadcast_ref(NULL));
    ck_assert_ptr_null(async_broadcast_unref(NULL));
    ck_assert_ptr_null(async_receiver_ref(NULL));
    ck_assert_ptr_null(async_receiver_unref(NULL));
    errno = 0;
    ck_assert_ptr_null(async_broadcast_subscribe(NULL));
    ck_assert_int_eq(errno, EINVAL);
    errno = 0;
    ck_assert_ptr_null(async_broadcast_new(NULL, 1));
    ck_assert_int_eq(errno, EINVAL);
    errno = 0;
    ck_assert_ptr_null(async_broadcast_new(loop, 0));
    ck_assert_int_eq(errno, EINVAL);
    errno = 0;
    ck_assert_ptr_null(async_broadcast_new(loop, INT64_MAX));
    ck_assert_int_eq(errno, ENOMEM);
    make(1);
    ck_assert_int_eq(async_broadcast_send(broadcast, NULL), ASYNC_ENOMEM);
    drop();
}
END_TEST

static void drop_receiver(void *user)
{
    async_receiver_unref(user);
}

START_TEST(a_channel_outlives_its_loop)
{
    async_receiver *waiting, *reader;
    async_future *next;

    make(2);
    waiting = async_broadcast_subscribe(broadcast);
    next = async_receiver_next(waiting);
    reader = async_broadcast_subscribe(broadcast);
    async_loop_close(loop);
    ck_assert_int_eq(async_future_error(next), ASYNC_ECLOSED);
    ck_assert_int_eq(async_broadcast_send(broadcast, async_int(1)), ASYNC_ECLOSED);
    ck_assert_int_eq(async_future_error(async_receiver_next(reader)), ASYNC_ECLOSED);
    errno = 0;
    ck_assert_ptr_null(async_broadcast_subscribe(broadcast));
    ck_assert_int_eq(errno, EPERM);
    ck_assert_int_eq(async_broadcast_close(broadcast), 0);
    async_future_unref(next);
    elsewhere(drop_receiver, waiting);
    async_receiver_unref(reader);
    loop = async_loop_unref(loop);
    drop();
}
END_TEST

START_TEST(what_was_kept_goes_with_the_loop)
{
    async_receiver *receiver;

    type = async_type_new("thing", appear, vanish);
    make(2);
    receiver = async_broadcast_subscribe(broadcast);
    send_object();
    async_loop_abandon(loop);
    ck_assert_int_eq(alive, 0);
    async_receiver_unref(receiver);
    drop();
    type = async_type_unref(type);
}
END_TEST

static void try_everything(void *user)
{
    ck_assert_int_eq(async_broadcast_send(broadcast, async_int(1)), ASYNC_ETHREAD);
    ck_assert_int_eq(async_broadcast_close(broadcast), ASYNC_ETHREAD);
    ck_assert_ptr_null(async_broadcast_subscribe(broadcast));
    ck_assert_int_eq(async_future_error(async_receiver_next(user)), ASYNC_ETHREAD);
    async_broadcast_unref(async_broadcast_ref(broadcast));
    async_receiver_unref(user);
}

START_TEST(another_thread_may_count_and_nothing_else)
{
    async_receiver *receiver;

    make(1);
    receiver = async_broadcast_subscribe(broadcast);
    elsewhere(try_everything, async_receiver_ref(receiver));
    elsewhere(drop_receiver, receiver);
    drop();
}
END_TEST

START_TEST(memory_that_fails_loses_no_value)
{
    async_receiver *receiver;
    async_future *waiting, *next;

    for (size_t n = 1;; n++) {
        memory_fail_at(n, false);
        broadcast = async_broadcast_new(loop, 2);
        receiver = async_broadcast_subscribe(broadcast);
        waiting = async_receiver_next(receiver);
        async_broadcast_send(broadcast, async_int(1));
        next = async_receiver_next(receiver);
        if (!memory_has_failed())
            break;
        if (receiver && async_future_error(waiting) == ASYNC_ENOMEM)
            ck_assert_int_eq(async_value_int(async_future_value(next)), 1);
        else if (receiver)
            ck_assert_int_eq(async_future_error(next), ASYNC_ENOMEM);
        async_future_cancel(waiting, NULL);
        async_future_unref(waiting);
        async_future_unref(next);
        async_receiver_unref(receiver);
        drop();
        turn();
    }
    ck_assert_int_eq(async_value_int(async_future_value(next)), 1);
    async_future_cancel(waiting, NULL);
    ck_assert_int_eq(finish(waiting), ASYNC_ECANCELED);
    async_future_unref(next);
    async_receiver_unref(receiver);
    drop();
}
END_TEST

int main(void)
{
    return RUN_TESTS("broadcast", every_receiver_gets_every_value_in_order, a_receive_waits_for_a_value,
                     a_receiver_hears_only_what_is_sent_after_it_subscribed,
                     a_slow_receiver_is_told_how_much_it_missed, who_waits_may_lag_before_he_runs,
                     a_cancelled_receive_loses_nothing, a_close_ends_receivers_after_what_is_kept,
                     a_value_is_let_go_when_its_last_receiver_has_it, clean_up_may_send_on_the_channel_it_comes_from,
                     bad_input_is_refused_by_name, a_channel_outlives_its_loop, what_was_kept_goes_with_the_loop,
                     another_thread_may_count_and_nothing_else, memory_that_fails_loses_no_value);
}
