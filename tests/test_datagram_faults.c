/* What a network, a kernel or a process without memory does to datagrams. */
#include "tests/support/datagrams.h"
#include "tests/support/faults.h"
#include "tests/support/support.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

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
    return RUN_TESTS("datagram_faults", interrupted_and_idle_receives_go_on, a_full_kernel_is_waited_for,
                     a_peer_where_nobody_listens_is_told_by_the_next_receive,
                     a_receive_that_waits_is_told_what_a_send_met, news_of_an_earlier_one_loses_none,
                     a_stranger_who_cannot_be_reached_stops_nobody, broadcasting_without_leave_is_told,
                     a_receive_fails_as_the_system_says, without_memory_calls_fail_and_nothing_that_came_is_lost,
                     without_memory_the_kernel_is_asked_once_a_turn, without_memory_nothing_is_opened_or_sent);
}
