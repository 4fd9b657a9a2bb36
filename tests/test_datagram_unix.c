/* Datagrams between this machine's own sockets: at paths, without a name, and taken over. */
#include "tests/support/datagrams.h"
#include "tests/support/faults.h"
#include "tests/support/support.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

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

int main(void)
{
    return RUN_TESTS("datagram_unix", a_foreign_socket_is_taken_over, unix_datagrams_have_paths_that_go_with_the_socket,
                     a_path_that_is_anothers_by_now_stays, a_unix_socket_without_a_name_gets_one_to_be_answered_at,
                     long_unix_datagrams_arrive_whole_or_are_refused, a_full_unix_receiver_is_waited_for,
                     what_was_cut_is_not_passed_on);
}
