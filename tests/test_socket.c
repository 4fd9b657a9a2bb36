/* Plain sockets: connecting, accepting, and what goes through them. */
#include "tests/support/faults.h"
#include "tests/support/sockets.h"
#include "tests/support/support.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void ck_assert_refused(async_future *taken)
{
    ck_assert(async_future_is_done(taken));
    ck_assert_int_eq(async_future_error(taken), ASYNC_EINVAL);
    async_future_unref(taken);
}

/* Fills what is on its way from the client. */
static void fill(void)
{
    static const char much[65536];

    while (send(client, much, sizeof much, MSG_DONTWAIT) > 0)
        ;
}

START_TEST(a_client_connects_and_both_talk)
{
    char buffer[8] = "";

    open_pair();
    ck_assert_int_eq(finish(async_sock_sendall(loop, client, "hello", 5)), 0);
    ck_assert_bytes(value_of(async_sock_recv(loop, server, 100)), "hello");
    ck_assert_int_eq(finish(async_sock_sendall(loop, server, "world", 5)), 0);
    ck_assert_int_eq(async_value_int(value_of(async_sock_recv_into(loop, client, buffer, 3))), 3);
    ck_assert_str_eq(buffer, "wor");
    ck_assert_bytes(value_of(async_sock_recv(loop, client, 100)), "ld");
    async_socket_close(loop, client);
    ck_assert_bytes(value_of(async_sock_recv(loop, server, 100)), "");
    async_socket_close(loop, server);
    close_listener();
}
END_TEST

START_TEST(what_needs_no_waiting_is_done_at_once)
{
    async_future *sent, *received;

    open_pair();
    sent = async_sock_sendall(loop, client, "x", 1);
    ck_assert(async_future_is_done(sent));
    ck_assert_int_eq(async_value_kind(async_future_value(sent)), ASYNC_NONE);
    received = async_sock_recv(loop, server, 1);
    ck_assert(async_future_is_done(received));
    async_future_unref(sent);
    async_future_unref(received);
    sent = async_sock_sendall(loop, client, NULL, 0);
    ck_assert_int_eq(async_future_error(sent), 0);
    async_future_unref(sent);
    close_pair();
}
END_TEST

START_TEST(an_accept_tells_who_connected)
{
    async_value *pair, *here;
    async_future *accept;

    open_listener(ASYNC_IPV6, async_address("::1", 0));
    client = async_socket_open(ASYNC_IPV6, ASYNC_STREAM);
    ck_assert_int_eq(finish(async_sock_connect(loop, client, address)), 0);
    accept = async_sock_accept(loop, listener);
    ck_assert(async_future_is_done(accept));
    pair = value_of(accept);
    here = async_socket_address(client);
    ck_assert_uint_eq(async_value_count(pair), 2);
    ck_assert_int_eq(async_address_family(async_value_item(pair, 1)), ASYNC_IPV6);
    ck_assert_str_eq(async_address_text(async_value_item(pair, 1)), async_address_text(here));
    server = (int)async_value_int(async_value_item(pair, 0));
    ck_assert(fcntl(server, F_GETFL) & O_NONBLOCK);
    ck_assert(fcntl(server, F_GETFD) & FD_CLOEXEC);
    async_value_unref(pair);
    async_value_unref(here);
    close_pair();
}
END_TEST

START_TEST(unix_sockets_connect_too)
{
    char name[] = "\0libasync-test-socket-0000000";
    async_value *pair;

    snprintf(name + 1, sizeof name - 1, "libasync-test-%d", (int)getpid());
    open_listener(ASYNC_UNIX, async_address_unix(name, 1 + strlen(name + 1)));
    client = async_socket_open(ASYNC_UNIX, ASYNC_STREAM);
    ck_assert_int_eq(finish(async_sock_connect(loop, client, address)), 0);
    pair = value_of(async_sock_accept(loop, listener));
    ck_assert_int_eq(async_value_kind(async_value_item(pair, 1)), ASYNC_NONE);
    server = (int)async_value_int(async_value_item(pair, 0));
    async_value_unref(pair);
    close_pair();
}
END_TEST

START_TEST(a_unix_listener_without_room_is_an_error)
{
    char name[] = "\0libasync-test-socket-0000000";
    int clients[2], error = 0;

    snprintf(name + 1, sizeof name - 1, "libasync-full-%d", (int)getpid());
    open_listener(ASYNC_UNIX, async_address_unix(name, 1 + strlen(name + 1)));
    ck_assert_int_eq(async_socket_listen(listener, 0), 0);
    for (int i = 0; i < 2; i++) {
        clients[i] = async_socket_open(ASYNC_UNIX, ASYNC_STREAM);
        error = finish(async_sock_connect(loop, clients[i], address));
    }
    ck_assert_int_eq(error, ASYNC_EOS);
    async_socket_close(loop, clients[0]);
    async_socket_close(loop, clients[1]);
    close_listener();
}
END_TEST

START_TEST(an_accept_waits_for_somebody)
{
    async_future *accept;
    async_value *pair;

    open_listener(ASYNC_IPV4, async_address("127.0.0.1", 0));
    accept = async_sock_accept(loop, listener);
    turns(3);
    ck_assert(!async_future_is_done(accept));
    client = async_socket_open(ASYNC_IPV4, ASYNC_STREAM);
    ck_assert_int_eq(finish(async_sock_connect(loop, client, address)), 0);
    pair = value_of(accept);
    server = (int)async_value_int(async_value_item(pair, 0));
    async_value_unref(pair);
    close_pair();
}
END_TEST

START_TEST(a_connection_that_nobody_took_is_closed)
{
    open_listener(ASYNC_IPV4, async_address("127.0.0.1", 0));
    client = async_socket_open(ASYNC_IPV4, ASYNC_STREAM);
    async_future_unref(async_sock_accept(loop, listener));
    ck_assert_int_eq(finish(async_sock_connect(loop, client, address)), 0);
    ck_assert_bytes(value_of(async_sock_recv(loop, client, 1)), "");
    async_socket_close(loop, client);
    close_listener();
}
END_TEST

START_TEST(a_refused_connection_names_the_address)
{
    char message[100];
    async_value *nowhere;

    open_listener(ASYNC_IPV4, async_address("127.0.0.1", 0));
    nowhere = async_value_ref(address);
    close_listener();
    client = async_socket_open(ASYNC_IPV4, ASYNC_STREAM);
    snprintf(message, sizeof message, "%s: the connection was refused", async_address_text(nowhere));
    ck_assert_fails(async_sock_connect(loop, client, nowhere), ASYNC_EREFUSED, message);
    async_socket_close(loop, client);
    async_value_unref(nowhere);
}
END_TEST

START_TEST(a_peer_that_resets_is_told)
{
    char message[100];
    struct linger at_once = {.l_onoff = 1};

    open_pair();
    ck_assert_int_eq(setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
    async_socket_close(loop, client);
    snprintf(message, sizeof message, "sock_recv on socket %d: the peer reset the connection", server);
    ck_assert_fails(async_sock_recv(loop, server, 10), ASYNC_ERESET, message);
    ck_assert_int_eq(finish(async_sock_sendall(loop, server, "x", 1)), ASYNC_ERESET);
    async_socket_close(loop, server);
    close_listener();
}
END_TEST

START_TEST(all_is_sent_however_often_that_takes)
{
    enum { SIZE = 8 << 20 };
    char *sent = malloc(SIZE), *copy = malloc(SIZE), *received = malloc(SIZE);
    async_future *send;
    size_t came = 0;

    for (int i = 0; i < SIZE; i++)
        copy[i] = sent[i] = (char)(i * 31 + i / 257);
    open_pair();
    send = async_sock_sendall(loop, client, copy, SIZE);
    ck_assert(!async_future_is_done(send));
    free(copy);    /* it has one of its own */
    while (came < SIZE)
        came += (size_t)async_value_int(value_of(async_sock_recv_into(loop, server, received + came, SIZE - came)));
    ck_assert_int_eq(finish(send), 0);
    ck_assert(memcmp(sent, received, SIZE) == 0);
    close_pair();
    free(sent);
    free(received);
}
END_TEST

START_TEST(closing_ends_who_waits)
{
    async_future *receive, *send, *accept;
    static char much[1 << 20];

    open_pair();
    fill();
    receive = async_sock_recv(loop, client, 1);
    send = async_sock_sendall(loop, client, much, sizeof much);
    accept = async_sock_accept(loop, listener);
    turn();
    ck_assert_int_eq(async_socket_close(loop, client), 0);
    ck_assert_int_eq(async_socket_close(loop, client), ASYNC_EINVAL);
    ck_assert_int_eq(async_future_error(receive), ASYNC_ECLOSED);
    ck_assert_int_eq(finish(send), ASYNC_ECLOSED);
    async_future_unref(receive);
    async_socket_close(loop, server);
    close_listener();
    ck_assert_int_eq(finish(accept), ASYNC_ECLOSED);
}
END_TEST

START_TEST(a_cancel_takes_nothing)
{
    async_future *receive, *accept;

    open_pair();
    receive = async_sock_recv(loop, server, 10);
    accept = async_sock_accept(loop, listener);
    ck_assert_int_eq(async_future_cancel(receive, NULL), 0);
    ck_assert_int_eq(async_future_cancel(accept, NULL), 0);
    ck_assert_int_eq(finish(receive), ASYNC_ECANCELED);
    ck_assert_int_eq(finish(accept), ASYNC_ECANCELED);
    ck_assert_int_eq(finish(async_sock_sendall(loop, client, "kept", 4)), 0);
    ck_assert_bytes(value_of(async_sock_recv(loop, server, 10)), "kept");
    close_pair();
}
END_TEST

START_TEST(a_connect_that_waits_can_be_cancelled)
{
    async_future *connect;

    open_listener(ASYNC_IPV4, async_address("127.0.0.1", 0));
    client = async_socket_open(ASYNC_IPV4, ASYNC_STREAM);
    system_fail(SYSTEM_CONNECT, 1, 1, EINPROGRESS);
    connect = async_sock_connect(loop, client, address);
    ck_assert(!async_future_is_done(connect));
    async_future_cancel(connect, NULL);
    ck_assert_int_eq(finish(connect), ASYNC_ECANCELED);
    async_socket_close(loop, client);
    close_listener();
}
END_TEST

START_TEST(what_waits_ends_with_its_loop)
{
    async_future *receive, *accept;

    open_pair();
    receive = async_sock_recv(loop, server, 10);
    accept = async_sock_accept(loop, listener);
    async_loop_close(loop);
    ck_assert_int_eq(async_future_error(receive), ASYNC_ECLOSED);
    ck_assert_int_eq(async_future_error(accept), ASYNC_ECLOSED);
    ck_assert_int_eq(finish(async_sock_recv(loop, server, 10)), ASYNC_ECLOSED);
    async_future_unref(receive);
    async_future_unref(accept);
    close_pair();
}
END_TEST

static int open_datagram(async_value **where)
{
    async_value *here = async_address("127.0.0.1", 0);
    int descriptor = async_socket_open(ASYNC_IPV4, ASYNC_DATAGRAM);

    ck_assert_int_eq(async_socket_bind(descriptor, here), 0);
    async_value_unref(here);
    *where = async_socket_address(descriptor);
    return descriptor;
}

START_TEST(datagrams_come_with_their_sender)
{
    async_value *here, *there, *pair;
    static const char much[100000];
    async_future *receive;
    int one, two;

    system_reset();
    one = open_datagram(&here);
    two = open_datagram(&there);
    receive = async_sock_recvfrom(loop, two, 100);
    ck_assert(!async_future_is_done(receive));
    ck_assert_int_eq(async_value_int(value_of(async_sock_sendto(loop, one, "hello", 5, there))), 5);
    pair = value_of(receive);
    ck_assert_bytes(async_value_ref(async_value_item(pair, 0)), "hello");
    ck_assert_str_eq(async_address_text(async_value_item(pair, 1)), async_address_text(here));
    async_value_unref(pair);
    system_fail(SYSTEM_SENDTO, 1, 1, EAGAIN);
    ck_assert_int_eq(async_value_int(value_of(async_sock_sendto(loop, one, "again", 5, there))), 5);
    ck_assert_int_eq(async_value_int(value_of(async_sock_sendto(loop, one, NULL, 0, there))), 0);
    async_value_unref(value_of(async_sock_recvfrom(loop, two, 3)));
    pair = value_of(async_sock_recvfrom(loop, two, 10000));
    ck_assert_bytes(async_value_ref(async_value_item(pair, 0)), "");
    async_value_unref(pair);
    ck_assert_int_eq(finish(async_sock_sendto(loop, one, much, sizeof much, there)), ASYNC_ELIMIT);
    async_socket_close(NULL, one);
    async_socket_close(NULL, two);
    async_value_unref(here);
    async_value_unref(there);
}
END_TEST

START_TEST(a_datagram_of_an_unnamed_socket_has_no_sender)
{
    int pair[2];
    async_value *received;

    system_reset();
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
    ck_assert_int_eq(finish(async_sock_sendall(loop, pair[0], "x", 1)), 0);
    received = value_of(async_sock_recvfrom(loop, pair[1], 10));
    ck_assert_int_eq(async_value_kind(async_value_item(received, 1)), ASYNC_NONE);
    async_value_unref(received);
    close(pair[0]);
    close(pair[1]);
}
END_TEST

START_TEST(wrong_arguments_are_refused)
{
    async_value *here = async_address("127.0.0.1", 0);
    int blocking = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char byte;

    ck_assert_int_eq(async_socket_open(ASYNC_ANY, ASYNC_STREAM), ASYNC_EINVAL);
    ck_assert_int_eq(async_socket_open(ASYNC_IPV4, ASYNC_ANY), ASYNC_EINVAL);
    ck_assert_int_eq(async_socket_open(2, 3), ASYNC_EINVAL);
    ck_assert_int_eq(async_socket_bind(blocking, NULL), ASYNC_EINVAL);
    ck_assert_int_eq(async_socket_listen(-1, 1), ASYNC_EOS);
    ck_assert_ptr_null(async_socket_address(-1));
    ck_assert_int_eq(async_socket_close(loop, -1), ASYNC_EINVAL);
    ck_assert_refused(async_sock_connect(loop, blocking, here));
    ck_assert_refused(async_sock_connect(loop, blocking, NULL));
    ck_assert_refused(async_sock_connect(loop, -1, here));
    ck_assert_refused(async_sock_accept(loop, blocking));
    ck_assert_refused(async_sock_recv(loop, blocking, 0));
    ck_assert_refused(async_sock_recvfrom(loop, blocking, 0));
    ck_assert_refused(async_sock_recv_into(loop, blocking, NULL, 1));
    ck_assert_refused(async_sock_recv_into(loop, blocking, &byte, 0));
    ck_assert_refused(async_sock_sendall(loop, blocking, NULL, 1));
    ck_assert_refused(async_sock_sendto(loop, blocking, "x", 1, async_none()));
    ck_assert_refused(async_sock_recv(NULL, blocking, 1));
    ck_assert_int_eq(finish(async_sock_recv(loop, 1000000, 1)), ASYNC_EOS);
    close(blocking);
    async_value_unref(here);
}
END_TEST

START_TEST(binding_tells_what_is_wrong)
{
    int other;

    open_listener(ASYNC_IPV4, async_address("127.0.0.1", 0));
    other = async_socket_open(ASYNC_IPV4, ASYNC_STREAM);
    ck_assert_int_eq(async_socket_bind(other, address), ASYNC_EINUSE);
    system_fail(SYSTEM_BIND, 1, 1, EACCES);
    ck_assert_int_eq(async_socket_bind(other, address), ASYNC_EACCESS);
    async_socket_close(loop, other);
    close_listener();
}
END_TEST

static void try_elsewhere(void *user)
{
    async_future *receive = async_sock_recv(loop, client, 1);

    ck_assert_int_eq(async_future_error(receive), ASYNC_ETHREAD);
    async_future_unref(receive);
    ck_assert_int_eq(async_socket_close(loop, client), ASYNC_ETHREAD);
}

START_TEST(another_thread_is_refused)
{
    open_pair();
    elsewhere(try_elsewhere, NULL);
    close_pair();
}
END_TEST

int main(void)
{
    return RUN_TESTS("socket", a_client_connects_and_both_talk, what_needs_no_waiting_is_done_at_once,
                     an_accept_tells_who_connected, unix_sockets_connect_too, a_unix_listener_without_room_is_an_error,
                     an_accept_waits_for_somebody, a_connection_that_nobody_took_is_closed,
                     a_refused_connection_names_the_address, a_peer_that_resets_is_told,
                     all_is_sent_however_often_that_takes, closing_ends_who_waits, a_cancel_takes_nothing,
                     a_connect_that_waits_can_be_cancelled, what_waits_ends_with_its_loop,
                     datagrams_come_with_their_sender, a_datagram_of_an_unnamed_socket_has_no_sender,
                     wrong_arguments_are_refused, binding_tells_what_is_wrong, another_thread_is_refused);
}
