/* Plain sockets where calls of the system fail, fall short or would block, or there is no memory. */
#include "tests/support/faults.h"
#include "tests/support/sockets.h"
#include "tests/support/support.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

static void check_connect_after(int number, int code)
{
    async_future *connect;

    client = async_socket_open(ASYNC_IPV4, ASYNC_STREAM);
    system_fail(SYSTEM_CONNECT, 1, 1, number);
    connect = async_sock_connect(loop, client, address);
    ck_assert_int_eq(finish(connect), code);
    async_socket_close(loop, client);
}

START_TEST(connects_fail_as_the_system_says)
{
    open_listener(ASYNC_IPV4, async_address("127.0.0.1", 0));
    check_connect_after(ENETUNREACH, ASYNC_EUNREACHABLE);
    check_connect_after(EHOSTUNREACH, ASYNC_EUNREACHABLE);
    check_connect_after(ETIMEDOUT, ASYNC_ETIMEDOUT);
    check_connect_after(EACCES, ASYNC_EACCESS);
    check_connect_after(EADDRNOTAVAIL, ASYNC_EOS);
    close_listener();
}
END_TEST

START_TEST(short_and_interrupted_calls_go_on)
{
    open_pair();
    system_shorten(SYSTEM_SEND, 1, 2);
    system_fail(SYSTEM_SEND, 2, 3, EINTR);
    ck_assert_int_eq(finish(async_sock_sendall(loop, client, "hello", 5)), 0);
    ck_assert_int_eq(system_count(SYSTEM_SEND), 5);
    system_fail(SYSTEM_RECVFROM, 1, 2, EINTR);
    ck_assert_bytes(value_of(async_sock_recv(loop, server, 100)), "hello");
    ck_assert_int_eq(system_count(SYSTEM_RECVFROM), 3);
    close_pair();
}
END_TEST

START_TEST(what_would_block_waits)
{
    async_future *send, *receive;

    open_pair();
    system_fail(SYSTEM_SEND, 1, 1, EAGAIN);
    send = async_sock_sendall(loop, client, "hello", 5);
    ck_assert(!async_future_is_done(send));
    ck_assert_int_eq(finish(send), 0);
    system_reset();
    system_fail(SYSTEM_RECVFROM, 1, 2, EAGAIN);
    receive = async_sock_recv(loop, server, 100);
    ck_assert(!async_future_is_done(receive));
    ck_assert_bytes(value_of(receive), "hello");
    ck_assert_int_eq(system_count(SYSTEM_RECVFROM), 3);
    close_pair();
}
END_TEST

START_TEST(accepting_survives_what_the_kernel_may_say)
{
    async_future *accept;
    async_value *pair;
    char message[100];

    open_listener(ASYNC_IPV4, async_address("127.0.0.1", 0));
    client = async_socket_open(ASYNC_IPV4, ASYNC_STREAM);
    ck_assert_int_eq(finish(async_sock_connect(loop, client, address)), 0);
    system_fail(SYSTEM_ACCEPT, 1, 1, EMFILE);
    snprintf(message, sizeof message, "sock_accept on socket %d: Too many open files", listener);
    ck_assert_fails(async_sock_accept(loop, listener), ASYNC_EOS, message);
    system_reset();
    system_fail(SYSTEM_ACCEPT, 1, 2, ECONNABORTED);
    accept = async_sock_accept(loop, listener);
    pair = value_of(accept);
    ck_assert_int_eq(system_count(SYSTEM_ACCEPT), 3);
    server = (int)async_value_int(async_value_item(pair, 0));
    async_value_unref(pair);
    close_pair();
}
END_TEST

START_TEST(a_full_descriptor_table_is_told)
{
    system_reset();
    system_fail(SYSTEM_SOCKET, 1, 1, EMFILE);
    ck_assert_int_eq(async_socket_open(ASYNC_IPV4, ASYNC_STREAM), ASYNC_EOS);
    ck_assert_int_eq(errno, EMFILE);
}
END_TEST

/* Every call with its n-th allocation failing, until none is left to fail. Where only the words of a message found no
 * place, the outcome stays. */
static async_future *start_recv(void)
{
    return async_sock_recv(loop, server, 100);
}
static async_future *start_long_recv(void)
{
    return async_sock_recv(loop, server, 100000);
}
static async_future *start_recvfrom(void)
{
    return async_sock_recvfrom(loop, server, 100);
}
static async_future *start_send(void)
{
    system_fail(SYSTEM_SEND, 1, 1, EAGAIN);
    return async_sock_sendall(loop, client, "x", 1);
}
static async_future *start_accept(void)
{
    return async_sock_accept(loop, listener);
}
static async_future *start_connect(void)
{
    system_fail(SYSTEM_CONNECT, 1, 1, ECONNREFUSED);
    return async_sock_connect(loop, client, address);
}

static void fail_each_allocation(async_future *(*start)(void), int outcome)
{
    int failures = 0, error;

    do {
        system_reset();
        ck_assert_int_eq(send(client, "x", 1, 0), 1);
        memory_fail_at(failures + 1, false);
        error = finish(start());
        if (!memory_has_failed())
            break;
        ck_assert(error == ASYNC_ENOMEM || error == outcome);
    } while (++failures);
    ck_assert_int_gt(failures, 0);
    ck_assert_int_eq(error, outcome);
}

static void connect_another(void)
{
    int other = async_socket_open(ASYNC_IPV4, ASYNC_STREAM);

    ck_assert_int_eq(finish(async_sock_connect(loop, other, address)), 0);
    async_socket_close(loop, other);
}

START_TEST(without_memory_each_call_fails)
{
    open_pair();
    fail_each_allocation(start_recv, 0);
    fail_each_allocation(start_long_recv, 0);
    fail_each_allocation(start_recvfrom, 0);
    fail_each_allocation(start_send, 0);
    fail_each_allocation(start_connect, ASYNC_EREFUSED);
    for (int i = 0; i < 8; i++)
        connect_another();
    fail_each_allocation(start_accept, 0);
    close_pair();
}
END_TEST

int main(void)
{
    return RUN_TESTS("socket_faults", connects_fail_as_the_system_says, short_and_interrupted_calls_go_on,
                     what_would_block_waits, accepting_survives_what_the_kernel_may_say,
                     a_full_descriptor_table_is_told, without_memory_each_call_fails);
}
