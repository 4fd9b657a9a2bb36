/* Many datagrams in one call of the system, to send them and to receive them; and long ones. */
#include "libasync/io/packet.h"
#include "tests/support/datagrams.h"
#include "tests/support/faults.h"
#include "tests/support/support.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

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

int main(void)
{
    return RUN_TESTS("datagram_batch", what_is_sent_in_a_turn_leaves_at_its_end,
                     a_batch_lends_its_datagrams_until_the_next_receive, a_batch_takes_what_was_fetched_ahead,
                     a_reply_goes_to_who_asked, many_arrive_whole_and_in_order, one_by_one_it_works_as_well,
                     equal_ones_to_one_address_leave_as_one_packet_where_the_kernel_cuts,
                     a_kernel_that_will_not_cut_gets_them_whole, a_burst_that_the_kernel_takes_in_parts_arrives,
                     too_long_a_datagram_is_refused, long_and_short_ones_keep_their_bytes);
}
