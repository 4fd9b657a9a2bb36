#include "libasync/io/packet.h"
#include "tests/support/faults.h"
#include "tests/support/support.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static async_datagram *ann, *bob;

static async_datagram *open_at(async_value *taken_local, async_value *taken_peer, async_socket_options *options)
{
    async_datagram *datagram = async_datagram_open(loop, taken_local, taken_peer, options);

    ck_assert_msg(datagram != NULL, "%s", strerror(errno));
    async_value_unref(taken_local);
    async_value_unref(taken_peer);
    return datagram;
}

static async_datagram *open_here(async_socket_options *options)
{
    return open_at(async_address("127.0.0.1", 0), NULL, options);
}

/* Ann is bound, bob is connected to her. */
static void open_both(void)
{
    system_reset();
    ann = open_here(NULL);
    bob = open_at(async_address("127.0.0.1", 0), async_datagram_local(ann), NULL);
}

static void drop(async_datagram *taken)
{
    ck_assert_int_eq(async_datagram_close(taken), 0);
    async_datagram_unref(taken);
}

static void drop_both(void)
{
    drop(ann);
    drop(bob);
}

static void say(async_datagram *from, const char *text)
{
    ck_assert_int_eq(async_datagram_send(from, text, strlen(text)), 0);
}

static void say_to(async_datagram *from, const char *text, async_datagram *to)
{
    async_value *address = async_datagram_local(to);

    ck_assert_int_eq(async_datagram_send_to(from, text, strlen(text), address), 0);
    async_value_unref(address);
}

/* What comes next, until the next question. */
static const char *hear(async_datagram *datagram)
{
    static char heard[256];
    async_future *receive = async_datagram_receive(datagram);
    async_value *pair;
    size_t size = 0;
    const char *bytes;

    if (async_loop_run_until(loop, receive) != 0) {
        snprintf(heard, sizeof heard, "!%s", async_future_message(receive));
    } else {
        pair = async_future_value(receive);
        bytes = async_value_text(async_value_item(pair, 0), &size);
        snprintf(heard, sizeof heard, "%.*s", (int)size, bytes);
    }
    async_future_unref(receive);
    return heard;
}

static int hear_batch(async_datagram *datagram, int most)
{
    async_future *receive = async_datagram_receive_batch(datagram, most);
    int count;

    ck_assert_msg(async_loop_run_until(loop, receive) == 0, "%s", async_future_message(receive));
    count = (int)async_value_int(async_future_value(receive));
    async_future_unref(receive);
    return count;
}

static const char *text_at(async_datagram *datagram, int index)
{
    static char text[256];
    size_t size;
    const char *bytes = async_datagram_bytes(datagram, index, &size);

    ck_assert_ptr_nonnull(bytes);
    snprintf(text, sizeof text, "%.*s", (int)size, bytes);
    return text;
}

START_TEST(a_datagram_comes_with_its_sender)
{
    async_future *receive;
    async_value *pair, *sender;

    open_both();
    receive = async_datagram_receive(ann);
    turns(2);
    ck_assert(!async_future_is_done(receive));
    say(bob, "hello");
    ck_assert_int_eq(async_loop_run_until(loop, receive), 0);
    pair = async_future_value(receive);
    ck_assert_str_eq(async_value_text(async_value_item(pair, 0), NULL), "hello");
    sender = async_datagram_local(bob);
    ck_assert_str_eq(async_address_text(async_value_item(pair, 1)), async_address_text(sender));
    async_value_unref(sender);
    async_future_unref(receive);
    drop_both();
}
END_TEST

START_TEST(both_sides_talk)
{
    open_both();
    say(bob, "ping");
    ck_assert_str_eq(hear(ann), "ping");
    say_to(ann, "pong", bob);
    ck_assert_str_eq(hear(bob), "pong");
    drop_both();
}
END_TEST

START_TEST(boundaries_are_kept_and_nothing_is_a_datagram_too)
{
    open_both();
    say(bob, "one");
    ck_assert_int_eq(async_datagram_send(bob, NULL, 0), 0);
    say(bob, "two");
    ck_assert_str_eq(hear(ann), "one");
    ck_assert_str_eq(hear(ann), "");
    ck_assert_str_eq(hear(ann), "two");
    drop_both();
}
END_TEST

START_TEST(what_is_sent_in_a_turn_leaves_at_its_end)
{
    open_both();
    for (int i = 0; i < 5; i++)
        say(bob, "x");
    ck_assert_int_eq(system_count(SYSTEM_SENDMMSG), 0);
    turns(2);
    ck_assert_int_eq(system_count(SYSTEM_SENDMMSG), 1);
    ck_assert_int_eq(hear_batch(ann, 10), 5);
    ck_assert_int_eq(system_count(SYSTEM_RECVMMSG), 1);
    drop_both();
}
END_TEST

START_TEST(a_batch_lends_its_datagrams_until_the_next_receive)
{
    async_value *sender, *address;
    size_t size = 1;

    open_both();
    say(bob, "one");
    say(bob, "three");
    ck_assert_int_eq(hear_batch(ann, 10), 2);
    ck_assert_str_eq(text_at(ann, 0), "one");
    ck_assert_str_eq(text_at(ann, 1), "three");
    ck_assert_ptr_null(async_datagram_bytes(ann, 2, &size));
    ck_assert_uint_eq(size, 0);
    ck_assert_ptr_null(async_datagram_bytes(ann, -1, NULL));
    ck_assert_ptr_null(async_datagram_sender(ann, 2));
    address = async_datagram_local(bob);
    sender = async_datagram_sender(ann, 1);
    ck_assert_str_eq(async_address_text(sender), async_address_text(address));
    async_value_unref(sender);
    async_value_unref(address);
    async_future_unref(async_datagram_receive(ann));
    ck_assert_ptr_null(async_datagram_bytes(ann, 0, NULL));
    drop_both();
}
END_TEST

START_TEST(a_reply_goes_to_who_asked)
{
    async_datagram *cat;

    open_both();
    cat = open_at(NULL, async_datagram_local(ann), NULL);
    say(bob, "bob");
    say(cat, "cat");
    turns(2);
    for (int left = 2; left;) {
        int count = hear_batch(ann, 10);

        for (int i = 0; i < count; i++) {
            size_t size;
            const void *bytes = async_datagram_bytes(ann, i, &size);

            ck_assert_int_eq(async_datagram_reply(ann, i, bytes, size), 0);
        }
        left -= count;
    }
    ck_assert_int_eq(async_datagram_reply(ann, 2, "x", 1), ASYNC_EINVAL);
    ck_assert_str_eq(hear(bob), "bob");
    ck_assert_str_eq(hear(cat), "cat");
    drop(cat);
    drop_both();
}
END_TEST

static void talk_much(int size)
{
    enum { COUNT = 150 };
    char *sent = malloc((size_t)size + 1);
    int came = 0;

    for (int i = 0; i < COUNT; i++) {
        memset(sent, 'a' + i % 26, (size_t)size);
        ck_assert_int_eq(async_datagram_send(bob, sent, (size_t)(size - i % 3)), 0);
    }
    while (came < COUNT) {
        int count = hear_batch(ann, 1024);

        for (int i = 0; i < count; i++, came++) {
            size_t length;
            const char *bytes = async_datagram_bytes(ann, i, &length);

            ck_assert_uint_eq(length, (size_t)(size - came % 3));
            ck_assert_int_eq(bytes[0], 'a' + came % 26);
            ck_assert_int_eq(bytes[length - 1], 'a' + came % 26);
        }
    }
    free(sent);
}

START_TEST(many_arrive_whole_and_in_order)
{
    open_both();
    talk_much(5);
    talk_much(400);
    talk_much(600);
    drop_both();
}
END_TEST

START_TEST(one_by_one_it_works_as_well)
{
    open_both();
    packets_go_singly = true;
    talk_much(5);
    talk_much(600);
    ck_assert_int_eq(system_count(SYSTEM_SENDMMSG) + system_count(SYSTEM_RECVMMSG), 0);
    system_fail(SYSTEM_SENDMSG, 1, 1, EINTR);
    system_fail(SYSTEM_RECVMSG, 1, 1, EINTR);
    say(bob, "hello");
    ck_assert_str_eq(hear(ann), "hello");
    packets_go_singly = false;
    drop_both();
}
END_TEST

START_TEST(equal_ones_to_one_address_leave_as_one_packet_where_the_kernel_cuts)
{
    async_datagram *cat;
    int expected;

    open_both();
    cat = open_here(NULL);
    expected = packet_can_be_cut(async_datagram_descriptor(ann)) ? 3 : 7;
    system_shorten(SYSTEM_SENDMMSG, 1, (size_t)expected);
    say_to(ann, "b-1", bob);
    say_to(ann, "c-1", cat);
    say_to(ann, "b-2", bob);
    say_to(ann, "c-2", cat);
    say_to(ann, "b-3", bob);
    say_to(ann, "b4", bob);
    say_to(ann, "b-5", bob);
    turns(2);
    ck_assert_int_eq(system_count(SYSTEM_SENDMMSG), 1);
    ck_assert_int_eq(hear_batch(bob, 10), 5);
    ck_assert_str_eq(text_at(bob, 0), "b-1");
    ck_assert_str_eq(text_at(bob, 2), "b-3");
    ck_assert_str_eq(text_at(bob, 3), "b4");
    ck_assert_str_eq(text_at(bob, 4), "b-5");
    ck_assert_str_eq(hear(cat), "c-1");
    ck_assert_str_eq(hear(cat), "c-2");
    drop(cat);
    drop_both();
}
END_TEST

START_TEST(a_kernel_that_will_not_cut_gets_them_whole)
{
    static const int refusals[] = {EINVAL, EIO, EMSGSIZE, EOPNOTSUPP};

    for (size_t i = 0; i < 4; i++) {
        open_both();
        system_fail(SYSTEM_SENDMMSG, 1, packet_can_be_cut(async_datagram_descriptor(bob)), refusals[i]);
        say(bob, "one");
        say(bob, "two");
        ck_assert_str_eq(hear(ann), "one");
        ck_assert_str_eq(hear(ann), "two");
        drop_both();
    }
}
END_TEST

START_TEST(a_burst_that_the_kernel_takes_in_parts_arrives)
{
    open_both();
    system_shorten(SYSTEM_SENDMMSG, 1, 1);
    system_fail(SYSTEM_SENDMMSG, 2, 2, EINTR);
    say(bob, "one");
    say(bob, "of three");
    say(bob, "many words");
    ck_assert_str_eq(hear(ann), "one");
    ck_assert_str_eq(hear(ann), "of three");
    ck_assert_str_eq(hear(ann), "many words");
    ck_assert_int_eq(system_count(SYSTEM_SENDMMSG), 4);
    drop_both();
}
END_TEST

START_TEST(interrupted_and_idle_receives_go_on)
{
    open_both();
    system_fail(SYSTEM_RECVMMSG, 1, 2, EINTR);
    say(bob, "one");
    ck_assert_str_eq(hear(ann), "one");
    system_fail(SYSTEM_RECVMMSG, 1, 1, EAGAIN);
    say(bob, "two");
    ck_assert_str_eq(hear(ann), "two");
    drop_both();
}
END_TEST

START_TEST(a_full_kernel_is_waited_for)
{
    open_both();
    system_fail(SYSTEM_SENDMMSG, 1, 1, EAGAIN);
    say(bob, "waited");
    turns(1);
    ck_assert_int_eq(system_count(SYSTEM_SENDMMSG), 1);
    ck_assert_str_eq(hear(ann), "waited");
    system_fail(SYSTEM_SENDMMSG, 1, 3, ENOBUFS);
    say(bob, "patient");
    ck_assert_str_eq(hear(ann), "patient");
    system_fail(SYSTEM_SENDMMSG, 1, 1, ENOMEM);
    say(bob, "thrifty");
    ck_assert_str_eq(hear(ann), "thrifty");
    drop_both();
}
END_TEST

START_TEST(who_says_too_much_is_told_and_can_wait)
{
    static const char much[1000];
    async_socket_options *options = async_socket_options_new();
    async_future *drain;
    int error, said = 0;

    async_socket_options_set_water_marks(options, 4000, 1000);
    system_reset();
    ann = open_here(NULL);
    bob = open_at(NULL, async_datagram_local(ann), options);
    async_socket_options_unref(options);
    drain = async_datagram_drain(bob);
    ck_assert(async_future_is_done(drain));
    async_future_unref(drain);
    system_fail(SYSTEM_SENDMMSG, 1, 1000, EAGAIN);
    while ((error = async_datagram_send(bob, much, sizeof much)) == 0)
        said++;
    ck_assert_int_eq(error, ASYNC_EFULL);
    ck_assert_int_eq(said, 4);
    drain = async_datagram_drain(bob);
    ck_assert(!async_future_is_done(drain));
    system_reset();
    ck_assert_int_eq(finish(drain), 0);
    ck_assert_int_eq(hear_batch(ann, 10), said);
    drop_both();
}
END_TEST

static void ck_assert_fails(async_future *taken, int error, const char *message)
{
    ck_assert_int_eq(async_loop_run_until(loop, taken), error);
    ck_assert_str_eq(async_future_message(taken), message);
    async_future_unref(taken);
}

/* That a wait for this peer, or at this address, was too long. */
static void ck_assert_timed_out(async_future *taken, async_value *address_taken, const char *words)
{
    char message[200];

    snprintf(message, sizeof message, "%s: %s", async_address_text(address_taken), words);
    async_value_unref(address_taken);
    ck_assert_fails(taken, ASYNC_ETIMEDOUT, message);
}

START_TEST(a_drain_may_time_out_or_be_cancelled)
{
    static const char much[1000];
    async_socket_options *options = async_socket_options_new();
    async_future *first, *second;

    async_loop_set_clock(loop, ASYNC_CLOCK_MANUAL);
    async_socket_options_set_water_marks(options, 100, 0);
    async_socket_options_set_timeouts(options, ASYNC_FOREVER, 5);
    system_reset();
    ann = open_here(NULL);
    bob = open_at(NULL, async_datagram_local(ann), options);
    async_socket_options_unref(options);
    system_fail(SYSTEM_SENDMMSG, 1, 100, EAGAIN);
    ck_assert_int_eq(async_datagram_send(bob, much, sizeof much), 0);
    first = async_datagram_drain(bob);
    second = async_datagram_drain(bob);
    ck_assert_int_eq(async_future_cancel(first, NULL), 0);
    async_loop_advance(loop, 4.9);
    ck_assert(!async_future_is_done(second));
    async_loop_advance(loop, 0.2);
    ck_assert_timed_out(second, async_datagram_peer(bob), "nothing could be sent for too long");
    ck_assert_int_eq(finish(first), ASYNC_ECANCELED);
    drop_both();
}
END_TEST

START_TEST(a_receive_may_time_out)
{
    async_socket_options *options = async_socket_options_new();
    async_future *receive;

    async_loop_set_clock(loop, ASYNC_CLOCK_MANUAL);
    async_socket_options_set_timeouts(options, 3, ASYNC_FOREVER);
    system_reset();
    ann = open_here(options);
    async_socket_options_unref(options);
    receive = async_datagram_receive(ann);
    async_loop_advance(loop, 2.9);
    ck_assert(!async_future_is_done(receive));
    async_loop_advance(loop, 0.2);
    ck_assert_timed_out(receive, async_datagram_local(ann), "nothing came for too long");
    say_to(ann, "myself", ann);
    ck_assert_str_eq(hear(ann), "myself");
    drop(ann);
}
END_TEST

START_TEST(too_long_a_datagram_is_refused)
{
    static char much[65508];

    open_both();
    memset(much, 'x', sizeof much);
    ck_assert_int_eq(async_datagram_send(bob, much, sizeof much), ASYNC_ELIMIT);
    ck_assert_int_eq(async_datagram_send(bob, much, sizeof much - 1), 0);
    ck_assert_int_eq(hear_batch(ann, 1), 1);
    for (int i = 0; i < 1; i++) {
        size_t size;
        const char *bytes = async_datagram_bytes(ann, i, &size);

        ck_assert_uint_eq(size, sizeof much - 1);
        ck_assert(memcmp(bytes, much, size) == 0);
    }
    drop_both();
}
END_TEST

START_TEST(long_and_short_ones_keep_their_bytes)
{
    static char much[9000];
    size_t size;
    const char *bytes;

    open_both();
    for (size_t i = 0; i < sizeof much; i++)
        much[i] = (char)(i % 251);
    say(bob, "short");
    ck_assert_int_eq(async_datagram_send(bob, much, sizeof much), 0);
    ck_assert_int_eq(async_datagram_send(bob, much, 1601), 0);
    say(bob, "end");
    turns(2);
    ck_assert_int_eq(hear_batch(ann, 10), 4);
    bytes = async_datagram_bytes(ann, 1, &size);
    ck_assert_uint_eq(size, sizeof much);
    ck_assert(memcmp(bytes, much, size) == 0);
    bytes = async_datagram_bytes(ann, 2, &size);
    ck_assert_uint_eq(size, 1601);
    ck_assert(memcmp(bytes, much, size) == 0);
    ck_assert_str_eq(text_at(ann, 0), "short");
    ck_assert_str_eq(text_at(ann, 3), "end");
    drop_both();
}
END_TEST

START_TEST(a_peer_where_nobody_listens_is_told_by_the_next_receive)
{
    char message[100];
    async_value *nowhere;

    open_both();
    nowhere = async_datagram_local(ann);
    snprintf(message, sizeof message, "!%s: the connection was refused", async_address_text(nowhere));
    async_value_unref(nowhere);
    drop(ann);
    say(bob, "anybody?");
    turns(2);
    ck_assert_str_eq(hear(bob), message);
    /* What is said after the news is sent for itself, and is refused for itself. */
    say(bob, "really?");
    turns(2);
    say(bob, "nobody?");
    ck_assert_str_eq(hear(bob), message);
    drop(bob);
}
END_TEST

START_TEST(a_receive_that_waits_is_told_what_a_send_met)
{
    async_future *receive;

    open_both();
    receive = async_datagram_receive(bob);
    turn();
    system_fail(SYSTEM_SENDMMSG, 1, 2, ECONNREFUSED);
    say(bob, "lost");
    ck_assert_int_eq(finish(receive), ASYNC_EREFUSED);
    say(bob, "found");
    ck_assert_str_eq(hear(ann), "found");
    drop_both();
}
END_TEST

START_TEST(news_of_an_earlier_one_loses_none)
{
    open_both();
    system_fail(SYSTEM_SENDMMSG, 1, 1, ECONNREFUSED);
    say(bob, "sent again");
    ck_assert_str_eq(hear(ann), "sent again");
    ck_assert_str_eq(strchr(hear(bob), ' '), " the connection was refused");
    drop_both();
}
END_TEST

START_TEST(a_stranger_who_cannot_be_reached_stops_nobody)
{
    open_both();
    system_fail(SYSTEM_SENDMMSG, 1, 1, ENETUNREACH);
    say_to(ann, "lost", bob);
    turns(2);
    say_to(ann, "found", bob);
    ck_assert_str_eq(hear(bob), "found");
    say(bob, "still there?");
    ck_assert_str_eq(hear(ann), "still there?");
    drop_both();
}
END_TEST

START_TEST(broadcasting_without_leave_is_told)
{
    async_value *everybody = async_address("255.255.255.255", 9);

    open_both();
    ck_assert_int_eq(async_datagram_send_to(ann, "x", 1, everybody), 0);
    turns(2);
    ck_assert_str_eq(strchr(hear(ann), ' '), " not allowed");
    async_value_unref(everybody);
    drop_both();
}
END_TEST

START_TEST(a_receive_fails_as_the_system_says)
{
    async_future *receive;

    open_both();
    say(bob, "x");
    system_fail(SYSTEM_RECVMMSG, 1, 1, ENOTSOCK);
    receive = async_datagram_receive(ann);
    ck_assert_int_eq(finish(receive), ASYNC_EOS);
    ck_assert_str_eq(hear(ann), "x");
    drop_both();
}
END_TEST

START_TEST(one_receive_waits_at_a_time)
{
    async_future *first;

    open_both();
    first = async_datagram_receive(ann);
    ck_assert_int_eq(finish(async_datagram_receive(ann)), ASYNC_ESTATE);
    ck_assert_int_eq(finish(async_datagram_receive_batch(ann, 1)), ASYNC_ESTATE);
    ck_assert_int_eq(async_future_cancel(first, NULL), 0);
    ck_assert_int_eq(finish(first), ASYNC_ECANCELED);
    say(bob, "x");
    ck_assert_str_eq(hear(ann), "x");
    drop_both();
}
END_TEST

START_TEST(a_cancelled_receive_has_taken_nothing)
{
    async_future *receive;

    open_both();
    receive = async_datagram_receive(ann);
    turn();
    say(bob, "kept");
    turn();
    async_future_cancel(receive, NULL);
    turns(3);
    ck_assert_int_eq(finish(receive), ASYNC_ECANCELED);
    ck_assert_str_eq(hear(ann), "kept");
    drop_both();
}
END_TEST

START_TEST(while_nobody_receives_the_kernel_keeps_it)
{
    open_both();
    say(bob, "one");
    ck_assert_str_eq(hear(ann), "one");
    say(bob, "two");
    turns(10);
    ck_assert_int_le(system_count(SYSTEM_RECVMMSG), 2);
    ck_assert_str_eq(hear(ann), "two");
    drop_both();
}
END_TEST

START_TEST(a_batch_takes_what_was_fetched_ahead)
{
    open_both();
    for (char digit[2] = "1"; *digit <= '5'; ++*digit)
        say(bob, digit);
    ck_assert_str_eq(hear(ann), "1");
    ck_assert_int_eq(hear_batch(ann, 2), 2);
    ck_assert_str_eq(text_at(ann, 0), "2");
    ck_assert_str_eq(text_at(ann, 1), "3");
    ck_assert_int_eq(hear_batch(ann, 100), 2);
    ck_assert_str_eq(text_at(ann, 1), "5");
    ck_assert_int_eq(system_count(SYSTEM_RECVMMSG), 1);
    drop_both();
}
END_TEST

START_TEST(who_awaits_goes_on_in_the_turn_of_the_coming)
{
    struct courier cat;

    open_both();
    cat = (struct courier){.name = "cat", .parcel = async_datagram_receive_batch(ann, 5)};
    async_future_unref(courier_send(&cat));
    turns(2);
    say(bob, "x");
    turns(2);
    ck_assert_notes("cat? cat=1 ~cat");
    drop_both();
}
END_TEST

START_TEST(closing_ends_who_waits_and_sends_what_was_said)
{
    async_future *receive, *drain;
    static const char much[1000];

    open_both();
    receive = async_datagram_receive(bob);
    say(bob, "last words");
    ck_assert(!async_datagram_is_closed(bob));
    ck_assert_int_eq(async_datagram_close(bob), 0);
    ck_assert_int_eq(async_datagram_close(bob), 0);
    ck_assert(async_datagram_is_closed(bob));
    ck_assert_int_eq(async_datagram_descriptor(bob), -1);
    ck_assert_ptr_null(async_datagram_local(bob));
    ck_assert_int_eq(finish(receive), ASYNC_ECLOSED);
    ck_assert_str_eq(hear(ann), "last words");
    ck_assert_int_eq(async_datagram_send(bob, "x", 1), ASYNC_ECLOSED);
    ck_assert_int_eq(finish(async_datagram_receive(bob)), ASYNC_ECLOSED);
    ck_assert_int_eq(finish(async_datagram_drain(bob)), ASYNC_ECLOSED);
    async_datagram_unref(bob);

    bob = open_at(NULL, async_datagram_local(ann), NULL);
    system_fail(SYSTEM_SENDMMSG, 1, 100, EAGAIN);
    while (async_datagram_send(bob, much, sizeof much) == 0)
        ;
    drain = async_datagram_drain(bob);
    drop(bob);
    ck_assert_int_eq(finish(drain), ASYNC_ECLOSED);
    drop(ann);
}
END_TEST

static void close_ann(async_loop *from, void *user)
{
    async_datagram_close(ann);
}

START_TEST(a_close_comes_before_a_readiness_that_was_not_told_yet)
{
    async_future *receive;

    open_both();
    receive = async_datagram_receive(ann);
    turn();
    say(bob, "x");
    turn();
    async_loop_call_soon(loop, close_ann, NULL, NULL);
    turn();
    ck_assert_int_eq(finish(receive), ASYNC_ECLOSED);
    drop_both();
}
END_TEST

START_TEST(all_ends_with_the_loop)
{
    async_future *receive;

    open_both();
    receive = async_datagram_receive(ann);
    async_future_unref(async_datagram_receive(bob));
    say(bob, "x");
    async_loop_close(loop);
    ck_assert_int_eq(async_future_error(receive), ASYNC_ECLOSED);
    async_future_unref(receive);
    ck_assert(async_datagram_is_closed(ann));
    ck_assert_int_eq(finish(async_datagram_receive(ann)), ASYNC_ECLOSED);
    ck_assert_int_eq(async_datagram_send(bob, "x", 1), ASYNC_ECLOSED);
    drop_both();
}
END_TEST

START_TEST(a_socket_dropped_without_a_close_is_closed_and_told)
{
    async_value *where;
    char message[200];

    open_both();
    where = async_datagram_local(ann);
    snprintf(message, sizeof message, "ASYNC_ESTATE: %s: the datagram socket was dropped without a close",
             async_address_text(where));
    ann = async_datagram_unref(ann);
    ck_assert_str_eq(reports(), message);
    async_value_unref(where);
    drop(bob);
}
END_TEST

START_TEST(who_waits_holds_the_socket)
{
    async_future *receive;

    open_both();
    receive = async_datagram_receive(ann);
    async_datagram_unref(ann);
    say(bob, "x");
    ck_assert_int_eq(finish(receive), 0);
    ck_assert_ptr_nonnull(strstr(reports(), "dropped without a close"));
    drop(bob);
}
END_TEST

START_TEST(a_value_holds_the_socket)
{
    async_value *value;

    open_both();
    value = async_datagram_value(ann);
    ck_assert_ptr_eq(async_value_datagram(value), ann);
    ck_assert_ptr_null(async_value_datagram(async_none()));
    ck_assert_ptr_null(async_datagram_value(NULL));
    ck_assert_int_eq(async_datagram_close(ann), 0);
    async_datagram_unref(ann);
    ck_assert(async_datagram_is_closed(async_value_datagram(value)));
    ck_assert_ptr_eq(async_datagram_loop(async_value_datagram(value)), loop);
    async_value_unref(value);
    drop(bob);
}
END_TEST

static async_datagram *taken_out(async_future *taken)
{
    async_datagram *datagram;

    ck_assert_msg(async_loop_run_until(loop, taken) == 0, "%s", async_future_message(taken));
    datagram = async_datagram_ref(async_value_datagram(async_future_value(taken)));
    async_future_unref(taken);
    ck_assert_ptr_nonnull(datagram);
    return datagram;
}

START_TEST(hosts_are_bound_and_connected_by_name)
{
    async_value *where, *peer;

    system_reset();
    ann = taken_out(async_bind_datagram(loop, "127.0.0.1", 0, NULL));
    where = async_datagram_local(ann);
    bob = taken_out(async_connect_datagram(loop, "127.0.0.1", async_address_port(where), NULL));
    peer = async_datagram_peer(bob);
    ck_assert_str_eq(async_address_text(peer), async_address_text(where));
    ck_assert_ptr_null(async_datagram_peer(ann));
    say(bob, "x");
    ck_assert_str_eq(hear(ann), "x");
    async_value_unref(peer);
    async_value_unref(where);
    drop_both();
}
END_TEST

START_TEST(no_host_is_every_address_of_both_families)
{
    async_value *where, *ipv4, *ipv6, *sender;
    async_datagram *cat;

    system_reset();
    ann = taken_out(async_bind_datagram(loop, NULL, 0, NULL));
    where = async_datagram_local(ann);
    ipv4 = async_address("127.0.0.1", async_address_port(where));
    ipv6 = async_address("::1", async_address_port(where));
    bob = open_at(async_address("127.0.0.1", 0), ipv4, NULL);
    cat = open_at(async_address("::1", 0), ipv6, NULL);
    say(bob, "four");
    ck_assert_int_eq(hear_batch(ann, 1), 1);
    sender = async_datagram_sender(ann, 0);
    ck_assert_int_eq(async_address_family(sender), ASYNC_IPV4);
    ck_assert_int_eq(async_datagram_reply(ann, 0, "r", 1), 0);
    ck_assert_int_eq(async_datagram_send_to(ann, "s", 1, sender), 0);
    async_value_unref(sender);
    ck_assert_str_eq(hear(bob), "r");
    ck_assert_str_eq(hear(bob), "s");
    say(cat, "six");
    ck_assert_int_eq(hear_batch(ann, 1), 1);
    sender = async_datagram_sender(ann, 0);
    ck_assert_int_eq(async_address_family(sender), ASYNC_IPV6);
    async_value_unref(sender);
    async_value_unref(where);
    drop(cat);
    drop_both();
}
END_TEST

START_TEST(one_family_may_be_asked_for)
{
    async_socket_options *options = async_socket_options_new();
    async_value *where;

    system_reset();
    async_socket_options_set_family(options, ASYNC_IPV4);
    ann = taken_out(async_bind_datagram(loop, "", 0, options));
    where = async_datagram_local(ann);
    ck_assert_int_eq(async_address_family(where), ASYNC_IPV4);
    async_value_unref(where);
    drop(ann);
    async_socket_options_set_family(options, ASYNC_IPV6);
    ann = taken_out(async_bind_datagram(loop, NULL, 0, options));
    where = async_address("127.0.0.1", 9);
    ck_assert_int_eq(async_datagram_send_to(ann, "x", 1, where), ASYNC_EINVAL);
    async_value_unref(where);
    async_socket_options_unref(options);
    drop(ann);
}
END_TEST

START_TEST(a_system_without_ipv6_binds_ipv4)
{
    async_value *where;

    system_reset();
    system_fail(SYSTEM_SOCKET, 1, 1, EAFNOSUPPORT);
    ann = taken_out(async_bind_datagram(loop, NULL, 0, NULL));
    where = async_datagram_local(ann);
    ck_assert_int_eq(async_address_family(where), ASYNC_IPV4);
    async_value_unref(where);
    drop(ann);
}
END_TEST

START_TEST(what_cannot_be_bound_names_host_and_port)
{
    async_value *where;
    char message[200];
    int port;

    system_reset();
    ann = open_here(NULL);
    where = async_datagram_local(ann);
    port = async_address_port(where);
    snprintf(message, sizeof message, "host '127.0.0.1', port %d: the address is in use", port);
    ck_assert_fails(async_bind_datagram(loop, "127.0.0.1", port, NULL), ASYNC_EINUSE, message);
    system_fail(SYSTEM_BIND, 1, 1, EACCES);
    ck_assert_fails(async_bind_datagram(loop, "127.0.0.1", 53, NULL), ASYNC_EACCESS,
                    "host '127.0.0.1', port 53: not allowed");
    system_fail(SYSTEM_SOCKET, 1, 1, EMFILE);
    ck_assert_fails(async_bind_datagram(loop, NULL, 53, NULL), ASYNC_EOS, "port 53: Too many open files");
    system_fail(SYSTEM_CONNECT, 1, 1, ENETUNREACH);
    ck_assert_fails(async_connect_datagram(loop, "127.0.0.1", 53, NULL), ASYNC_EUNREACHABLE,
                    "host '127.0.0.1', port 53: there is no way to that host");
    async_value_unref(where);
    drop(ann);
}
END_TEST

START_TEST(an_unknown_host_is_told)
{
    async_future *bind;

    system_reset();
    ck_assert_fails(async_bind_datagram(loop, "no such name.invalid", 53, NULL), ASYNC_ENONAME,
                    "host 'no such name.invalid', port 53: no host name has such characters");
    bind = async_connect_datagram(loop, "somewhere.invalid", 53, NULL);
    ck_assert_int_eq(async_future_cancel(bind, NULL), 0);
    ck_assert_int_eq(finish(bind), ASYNC_ECANCELED);
    async_future_unref(async_connect_datagram(loop, "127.0.0.1", 53, NULL));
    bind = async_connect_datagram(loop, "127.0.0.1", 53, NULL);
    async_loop_close(loop);
    ck_assert_int_eq(async_future_error(bind), ASYNC_ECLOSED);
    async_future_unref(bind);
}
END_TEST

START_TEST(wrong_arguments_are_refused)
{
    async_value *ipv4 = async_address("127.0.0.1", 0), *ipv6 = async_address("::1", 0);
    int pipe_ends[2], stream = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_int_eq(pipe2(pipe_ends, O_CLOEXEC), 0);
    ck_assert_fails(async_bind_datagram(loop, NULL, 70000, NULL), ASYNC_EINVAL,
                    "host '', port 70000: ports are 0 to 65535");
    ck_assert_fails(async_connect_datagram(loop, "x", 0, NULL), ASYNC_EINVAL,
                    "host 'x', port 0: ports are 1 to 65535");
    ck_assert_fails(async_connect_datagram(loop, NULL, 1, NULL), ASYNC_EINVAL,
                    "connect_datagram: host is NULL or empty");
    ck_assert_int_eq(async_future_error(async_bind_datagram(NULL, NULL, 0, NULL)), ASYNC_EINVAL);
    ck_assert_ptr_null(async_datagram_open(loop, NULL, NULL, NULL));
    ck_assert_int_eq(errno, EINVAL);
    ck_assert_ptr_null(async_datagram_open(loop, ipv4, ipv6, NULL));
    ck_assert_ptr_null(async_datagram_open(loop, async_none(), NULL, NULL));
    ck_assert_ptr_null(async_datagram_open(NULL, ipv4, NULL, NULL));
    ck_assert_int_eq(errno, EINVAL);
    ck_assert_ptr_null(async_datagram_adopt(loop, -1, NULL));
    ck_assert_int_eq(errno, EBADF);
    ck_assert_ptr_null(async_datagram_adopt(loop, stream, NULL));
    ck_assert_int_eq(errno, EINVAL);
    ck_assert_ptr_null(async_datagram_adopt(loop, pipe_ends[0], NULL));
    ck_assert_int_eq(errno, EINVAL);
    close(pipe_ends[0]);
    close(pipe_ends[1]);
    close(stream);

    open_both();
    ck_assert_int_eq(async_datagram_send(ann, "x", 1), ASYNC_ESTATE);
    ck_assert_int_eq(async_datagram_send(bob, NULL, 1), ASYNC_EINVAL);
    ck_assert_int_eq(async_datagram_send(NULL, "x", 1), ASYNC_EINVAL);
    ck_assert_int_eq(async_datagram_send_to(ann, "x", 1, NULL), ASYNC_EINVAL);
    ck_assert_int_eq(async_datagram_send_to(ann, "x", 1, ipv6), ASYNC_EINVAL);
    ck_assert_int_eq(async_datagram_reply(ann, 0, "x", 1), ASYNC_EINVAL);
    ck_assert_fails(async_datagram_receive_batch(ann, 0), ASYNC_EINVAL, "a batch is 1 to 1024 datagrams, not 0");
    ck_assert_fails(async_datagram_receive_batch(ann, 1025), ASYNC_EINVAL,
                    "a batch is 1 to 1024 datagrams, not 1025");
    ck_assert_fails(async_datagram_receive(NULL), ASYNC_EINVAL, "datagram is NULL");
    ck_assert_fails(async_datagram_receive_batch(NULL, 1), ASYNC_EINVAL, "datagram is NULL");
    ck_assert_fails(async_datagram_drain(NULL), ASYNC_EINVAL, "datagram is NULL");
    ck_assert_int_eq(async_datagram_close(NULL), ASYNC_EINVAL);
    ck_assert(async_datagram_is_closed(NULL));
    ck_assert_int_eq(async_datagram_descriptor(NULL), -1);
    ck_assert_ptr_null(async_datagram_local(NULL));
    ck_assert_ptr_null(async_datagram_peer(NULL));
    ck_assert_ptr_null(async_datagram_loop(NULL));
    ck_assert_ptr_null(async_datagram_bytes(NULL, 0, NULL));
    async_value_unref(ipv4);
    async_value_unref(ipv6);
    drop_both();
}
END_TEST

START_TEST(a_foreign_socket_is_taken_over)
{
    int ends[2];

    system_reset();
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends), 0);
    ann = async_datagram_adopt(loop, ends[0], NULL);
    bob = async_datagram_adopt(loop, ends[1], NULL);
    ck_assert(fcntl(ends[0], F_GETFL) & O_NONBLOCK);
    ck_assert_int_eq(async_datagram_descriptor(ann), ends[0]);
    say(ann, "over a pair");
    ck_assert_int_eq(hear_batch(bob, 10), 1);
    ck_assert_str_eq(text_at(bob, 0), "over a pair");
    ck_assert_ptr_null(async_datagram_sender(bob, 0));
    ck_assert_int_eq(async_datagram_reply(bob, 0, "x", 1), ASYNC_EINVAL);
    drop_both();
}
END_TEST

static async_value *unix_address(char *path, const char *name)
{
    sprintf(path, "/tmp/libasync-%s-%d", name, (int)getpid());
    return async_address_unix(path, strlen(path));
}

START_TEST(unix_datagrams_have_paths_that_go_with_the_socket)
{
    char here[64], there[64];
    async_value *pair, *address;
    async_future *receive;

    system_reset();
    ann = open_at(unix_address(here, "ann"), NULL, NULL);
    bob = open_at(unix_address(there, "bob"), async_datagram_local(ann), NULL);
    say(bob, "hello");
    receive = async_datagram_receive(ann);
    ck_assert_int_eq(async_loop_run_until(loop, receive), 0);
    pair = async_future_value(receive);
    ck_assert_str_eq(async_address_path(async_value_item(pair, 1)), there);
    async_future_unref(receive);
    say_to(ann, "you too", bob);
    ck_assert_str_eq(hear(bob), "you too");
    ck_assert_int_eq(access(here, F_OK), 0);
    address = async_datagram_local(ann);
    ck_assert_ptr_null(async_datagram_open(loop, address, NULL, NULL));
    ck_assert_int_eq(errno, EADDRINUSE);
    async_value_unref(address);
    drop_both();
    ck_assert_int_ne(access(here, F_OK), 0);
    ck_assert_int_ne(access(there, F_OK), 0);
}
END_TEST

START_TEST(a_path_that_is_anothers_by_now_stays)
{
    char here[64];
    async_datagram *later;

    system_reset();
    ann = open_at(unix_address(here, "ann"), NULL, NULL);
    ck_assert_int_eq(unlink(here), 0);
    later = open_at(unix_address(here, "ann"), NULL, NULL);
    drop(ann);
    ck_assert_int_eq(access(here, F_OK), 0);
    drop(later);
    ck_assert_int_ne(access(here, F_OK), 0);
}
END_TEST

START_TEST(a_unix_socket_without_a_name_gets_one_to_be_answered_at)
{
    char here[64];

    system_reset();
    ann = open_at(unix_address(here, "ann"), NULL, NULL);
    bob = open_at(NULL, async_datagram_local(ann), NULL);
    say(bob, "who am I?");
    ck_assert_int_eq(hear_batch(ann, 1), 1);
    ck_assert_int_eq(async_datagram_reply(ann, 0, "somebody", 8), 0);
    ck_assert_str_eq(hear(bob), "somebody");
    drop_both();
}
END_TEST

START_TEST(long_unix_datagrams_arrive_whole_or_are_refused)
{
    enum { SIZE = 150000 };
    char *much = malloc(4 * SIZE), here[64];
    size_t size;

    system_reset();
    ann = open_at(unix_address(here, "ann"), NULL, NULL);
    bob = open_at(NULL, async_datagram_local(ann), NULL);
    for (int i = 0; i < SIZE; i++)
        much[i] = (char)(i % 253);
    ck_assert_int_eq(async_datagram_send(bob, much, 4 * SIZE), ASYNC_ELIMIT);
    ck_assert_int_eq(async_datagram_send(bob, much, SIZE), 0);
    ck_assert_int_eq(hear_batch(ann, 1), 1);
    ck_assert(memcmp(async_datagram_bytes(ann, 0, &size), much, SIZE) == 0);
    ck_assert_uint_eq(size, SIZE);
    free(much);
    drop_both();
}
END_TEST

START_TEST(a_full_unix_receiver_is_waited_for)
{
    char here[64], there[64];
    async_value *address;
    int said = 0, heard = 0;

    system_reset();
    ann = open_at(unix_address(here, "ann"), NULL, NULL);
    bob = open_at(unix_address(there, "bob"), NULL, NULL);
    address = async_datagram_local(ann);
    while (async_datagram_send_to(bob, "x", 1, address) == 0)
        said++;
    ck_assert_int_gt(said, 100);
    while (heard < said)
        heard += hear_batch(ann, 100);
    ck_assert_int_eq(heard, said);
    async_value_unref(address);
    drop_both();
}
END_TEST

START_TEST(what_was_cut_is_not_passed_on)
{
    int ends[2], buffer = 1 << 20, got = 0;
    socklen_t length = sizeof got;
    char *much;

    system_reset();
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
    setsockopt(ends[1], SOL_SOCKET, SO_SNDBUFFORCE, &buffer, sizeof buffer);
    getsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &got, &length);
    much = calloc(1, 500000);
    ann = async_datagram_adopt(loop, ends[0], NULL);
    if (send(ends[1], much, 500000, 0) == 500000) {    /* who is not root cannot make one so long */
        ck_assert_int_eq(send(ends[1], "short", 5, 0), 5);
        ck_assert_str_eq(hear(ann), "short");
        ck_assert_ptr_nonnull(strstr(hear(ann), "longer than the limit"));
        ck_assert_int_eq(send(ends[1], much, 500000, 0), 500000);
        ck_assert_ptr_nonnull(strstr(hear(ann), "longer than the limit"));
    }
    free(much);
    close(ends[1]);
    drop(ann);
}
END_TEST

static void check_multicast(const char *group_text, const char *interface, int family, bool can_send)
{
    async_socket_options *options = async_socket_options_new();
    async_value *group, *where;

    system_reset();
    async_socket_options_set_family(options, family);
    async_socket_options_set_reuse_address(options, true);
    ann = taken_out(async_bind_datagram(loop, NULL, 0, options));
    bob = taken_out(async_bind_datagram(loop, NULL, 0, options));
    where = async_datagram_local(ann);
    group = async_address(group_text, async_address_port(where));
    ck_assert_int_eq(async_datagram_join(ann, group, interface), 0);
    ck_assert_int_eq(async_datagram_join(ann, group, interface), ASYNC_EINUSE);
    ck_assert_int_eq(async_datagram_set_multicast(bob, interface, 1, true), 0);
    if (can_send) {
        ck_assert_int_eq(async_datagram_send_to(bob, "to all", 6, group), 0);
        ck_assert_str_eq(hear(ann), "to all");
    }
    ck_assert_int_eq(async_datagram_set_multicast(bob, interface, 0, false), 0);
    ck_assert_int_eq(async_datagram_leave(ann, group, interface), 0);
    ck_assert_int_eq(async_datagram_leave(ann, group, interface), ASYNC_EOS);
    ck_assert_int_eq(async_datagram_join(ann, where, interface), ASYNC_EINVAL);
    ck_assert_int_eq(async_datagram_join(ann, group, "no such"), ASYNC_EINVAL);
    ck_assert_int_eq(async_datagram_join(ann, async_none(), NULL), ASYNC_EINVAL);
    ck_assert_int_eq(async_datagram_set_multicast(bob, "no such", 1, true), ASYNC_EINVAL);
    ck_assert_int_eq(async_datagram_set_multicast(bob, NULL, 256, true), ASYNC_EINVAL);
    ck_assert_int_eq(async_datagram_set_multicast(bob, NULL, -1, true), ASYNC_EINVAL);
    async_socket_options_unref(options);
    async_value_unref(group);
    async_value_unref(where);
    drop_both();
    ck_assert_int_eq(async_datagram_join(NULL, NULL, NULL), ASYNC_EINVAL);
}

/* Over loopback IPv6 has no groups. tests/network/namespace makes an interface that has. */
#define MADE "async0"

START_TEST(members_of_a_group_hear_what_is_sent_to_it)
{
    bool is_made = if_nametoindex(MADE) != 0;

    check_multicast("239.1.2.3", "lo", ASYNC_IPV4, true);
    check_multicast("ff12::1:2", is_made ? MADE : "lo", ASYNC_IPV6, is_made);
}
END_TEST

START_TEST(a_socket_of_both_families_joins_groups_of_both)
{
    async_value *group, *where, *other = async_address("ff12::1:3", 0);

    system_reset();
    ann = taken_out(async_bind_datagram(loop, NULL, 0, NULL));
    where = async_datagram_local(ann);
    group = async_address("239.1.2.4", async_address_port(where));
    ck_assert_int_eq(async_datagram_join(ann, group, "lo"), 0);
    ck_assert_int_eq(async_datagram_join(ann, other, "lo"), 0);
    ck_assert_int_eq(async_datagram_set_multicast(ann, "lo", 1, true), 0);
    ck_assert_int_eq(async_datagram_send_to(ann, "to all", 6, group), 0);
    ck_assert_str_eq(hear(ann), "to all");
    async_value_unref(group);
    async_value_unref(other);
    async_value_unref(where);
    drop(ann);
}
END_TEST

static void try_elsewhere(void *user)
{
    async_future *receive = async_datagram_receive(ann);

    ck_assert_int_eq(async_future_error(receive), ASYNC_ETHREAD);
    async_future_unref(receive);
    ck_assert_int_eq(async_datagram_send(bob, "x", 1), ASYNC_ETHREAD);
    ck_assert_int_eq(async_datagram_close(bob), ASYNC_ETHREAD);
    async_datagram_unref(async_datagram_ref(bob));
}

START_TEST(another_thread_may_only_count)
{
    open_both();
    elsewhere(try_elsewhere, NULL);
    turns(2);
    drop_both();
}
END_TEST

/* Talks with the n-th allocation failing; nothing that arrived may be lost. */
START_TEST(without_memory_calls_fail_and_nothing_that_came_is_lost)
{
    open_both();
    for (size_t n = 1;; n++) {
        async_future *receive;
        bool failed;
        int error;

        say(bob, "kept");
        turns(2);
        memory_fail_at(n, false);
        receive = async_datagram_receive(ann);
        error = async_loop_run_until(loop, receive);
        async_future_unref(receive);
        failed = memory_has_failed();
        ck_assert_int_eq(error, failed ? ASYNC_ENOMEM : 0);
        if (!failed)
            break;
        ck_assert_str_eq(hear(ann), "kept");
    }
    drop_both();
}
END_TEST

/* It has none itself, and there is none for the timer of the next try. */
START_TEST(without_memory_the_kernel_is_asked_once_a_turn)
{
    open_both();
    system_reset();
    say(bob, "kept");
    system_fail(SYSTEM_SENDMMSG, 1, 1000, ENOBUFS);
    memory_fail_at(1, true);
    turns(5);
    ck_assert(memory_has_failed());
    ck_assert_int_ge(system_failed(SYSTEM_SENDMMSG), 2);
    ck_assert_int_le(system_failed(SYSTEM_SENDMMSG), 5);
    system_reset();
    ck_assert_str_eq(hear(ann), "kept");
    drop_both();
}
END_TEST

START_TEST(without_memory_nothing_is_opened_or_sent)
{
    async_value *here = async_address("127.0.0.1", 0);

    system_reset();
    for (size_t n = 1;; n++) {
        memory_fail_at(n, false);
        ann = async_datagram_open(loop, here, NULL, NULL);
        if (!memory_has_failed())
            break;
        ck_assert_ptr_null(ann);
        ck_assert_int_eq(errno, ENOMEM);
    }
    bob = open_at(NULL, async_datagram_local(ann), NULL);
    for (size_t n = 1;; n++) {
        int error;

        memory_fail_at(n, false);
        error = async_datagram_send(bob, "x", 1);
        if (!memory_has_failed())
            break;
        ck_assert_int_eq(error, ASYNC_ENOMEM);
    }
    for (size_t n = 1;; n++) {
        async_future *bind;
        bool failed;
        int error;

        memory_fail_at(n, false);
        bind = async_bind_datagram(loop, "127.0.0.1", 0, NULL);
        error = async_loop_run_until(loop, bind);
        failed = memory_has_failed();
        if (!error)
            async_datagram_close(async_value_datagram(async_future_value(bind)));
        async_future_unref(bind);
        if (!failed)
            break;
        ck_assert(error == ASYNC_ENOMEM || error == ASYNC_EDNS || error == 0);
    }
    async_value_unref(here);
    drop_both();
}
END_TEST

int main(void)
{
    return RUN_TESTS("datagram", a_datagram_comes_with_its_sender, both_sides_talk,
                     boundaries_are_kept_and_nothing_is_a_datagram_too, what_is_sent_in_a_turn_leaves_at_its_end,
                     a_batch_lends_its_datagrams_until_the_next_receive, a_reply_goes_to_who_asked,
                     many_arrive_whole_and_in_order, one_by_one_it_works_as_well,
                     equal_ones_to_one_address_leave_as_one_packet_where_the_kernel_cuts,
                     a_kernel_that_will_not_cut_gets_them_whole, a_burst_that_the_kernel_takes_in_parts_arrives,
                     interrupted_and_idle_receives_go_on, a_full_kernel_is_waited_for,
                     who_says_too_much_is_told_and_can_wait, a_drain_may_time_out_or_be_cancelled,
                     a_receive_may_time_out, too_long_a_datagram_is_refused, long_and_short_ones_keep_their_bytes,
                     a_peer_where_nobody_listens_is_told_by_the_next_receive,
                     a_receive_that_waits_is_told_what_a_send_met, news_of_an_earlier_one_loses_none,
                     a_stranger_who_cannot_be_reached_stops_nobody, broadcasting_without_leave_is_told,
                     a_receive_fails_as_the_system_says, one_receive_waits_at_a_time,
                     a_cancelled_receive_has_taken_nothing, while_nobody_receives_the_kernel_keeps_it,
                     a_batch_takes_what_was_fetched_ahead, who_awaits_goes_on_in_the_turn_of_the_coming,
                     closing_ends_who_waits_and_sends_what_was_said,
                     a_close_comes_before_a_readiness_that_was_not_told_yet, all_ends_with_the_loop,
                     a_socket_dropped_without_a_close_is_closed_and_told, who_waits_holds_the_socket,
                     a_value_holds_the_socket, hosts_are_bound_and_connected_by_name,
                     no_host_is_every_address_of_both_families, one_family_may_be_asked_for,
                     a_system_without_ipv6_binds_ipv4, what_cannot_be_bound_names_host_and_port,
                     an_unknown_host_is_told, wrong_arguments_are_refused, a_foreign_socket_is_taken_over,
                     unix_datagrams_have_paths_that_go_with_the_socket, a_path_that_is_anothers_by_now_stays,
                     a_unix_socket_without_a_name_gets_one_to_be_answered_at,
                     long_unix_datagrams_arrive_whole_or_are_refused, a_full_unix_receiver_is_waited_for,
                     what_was_cut_is_not_passed_on, members_of_a_group_hear_what_is_sent_to_it,
                     a_socket_of_both_families_joins_groups_of_both,
                     another_thread_may_only_count,
                     without_memory_calls_fail_and_nothing_that_came_is_lost,
                     without_memory_the_kernel_is_asked_once_a_turn, without_memory_nothing_is_opened_or_sent);
}
