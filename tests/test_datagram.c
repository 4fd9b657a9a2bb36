/* Datagrams between two sockets: how they come, who waits for them, and how a socket ends. */
#include "tests/support/datagrams.h"
#include "tests/support/faults.h"
#include "tests/support/support.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

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

/* That a wait for this peer, or at this address, was too long. */
static void ck_assert_timed_out(async_future *taken, async_value *address_taken, const char *words)
{
    char message[200];

    snprintf(message, sizeof message, "%s: %s", async_address_text(address_taken), words);
    async_value_unref(address_taken);
    ck_assert_fails(taken, ASYNC_ETIMEDOUT, message);
}

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

/* The words of the last refusal, behind the socket's own address or another one. */
static void check_words(async_datagram *datagram, async_value *whom, const char *words)
{
    async_value *own = whom ? NULL : async_datagram_local(datagram);
    char expected[200];

    snprintf(expected, sizeof expected, "%s: %s", async_address_text(whom ? whom : own), words);
    ck_assert_str_eq(async_datagram_message(datagram), expected);
    async_value_unref(own);
}

START_TEST(a_refused_send_has_words)
{
    async_value *ipv6 = async_address("::1", 9), *peer;
    static char much[65508];

    open_both();
    peer = async_datagram_peer(bob);
    ck_assert_str_eq(async_datagram_message(ann), "");
    ck_assert_int_eq(async_datagram_send(ann, "x", 1), ASYNC_ESTATE);
    check_words(ann, NULL, "it is connected to no peer: send to an address");
    ck_assert_int_eq(async_datagram_send(bob, NULL, 1), ASYNC_EINVAL);
    check_words(bob, NULL, "what is to be sent is NULL");
    ck_assert_int_eq(async_datagram_send(bob, much, sizeof much), ASYNC_ELIMIT);
    check_words(bob, peer, "a datagram of 65508 bytes, and the longest has 65507");
    ck_assert_int_eq(async_datagram_send_to(ann, much, sizeof much, peer), ASYNC_ELIMIT);
    check_words(ann, peer, "a datagram of 65508 bytes, and the longest has 65507");
    ck_assert_int_eq(async_datagram_send_to(ann, "x", 1, NULL), ASYNC_EINVAL);
    check_words(ann, NULL, "what it is to be sent to is no address");
    ck_assert_int_eq(async_datagram_send_to(ann, "x", 1, ipv6), ASYNC_EINVAL);
    check_words(ann, ipv6, "the socket is of another family");
    ck_assert_int_eq(async_datagram_reply(ann, 0, "x", 1), ASYNC_EINVAL);
    check_words(ann, NULL, "the last batch has no such datagram, or it no sender");
    async_datagram_close(ann);
    ck_assert_int_eq(async_datagram_send(ann, "x", 1), ASYNC_ECLOSED);
    ck_assert_str_eq(async_datagram_message(ann), "the datagram socket is closed");
    ck_assert_int_eq(async_datagram_send(NULL, "x", 1), ASYNC_EINVAL);
    ck_assert_str_eq(async_datagram_message(NULL), "");
    async_value_unref(peer);
    async_value_unref(ipv6);
    drop_both();
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

int main(void)
{
    return RUN_TESTS("datagram", a_datagram_comes_with_its_sender, both_sides_talk,
                     boundaries_are_kept_and_nothing_is_a_datagram_too, one_receive_waits_at_a_time,
                     a_cancelled_receive_has_taken_nothing, while_nobody_receives_the_kernel_keeps_it,
                     who_awaits_goes_on_in_the_turn_of_the_coming, who_says_too_much_is_told_and_can_wait,
                     a_drain_may_time_out_or_be_cancelled, a_receive_may_time_out,
                     closing_ends_who_waits_and_sends_what_was_said,
                     a_close_comes_before_a_readiness_that_was_not_told_yet, all_ends_with_the_loop,
                     a_socket_dropped_without_a_close_is_closed_and_told, who_waits_holds_the_socket,
                     a_value_holds_the_socket, wrong_arguments_are_refused, a_refused_send_has_words, another_thread_may_only_count);
}
