/* Accepting when the system cannot: nobody is lost, nothing spins, and it is told once. */
#include "tests/support/faults.h"
#include "tests/support/peers.h"
#include "tests/support/servers.h"
#include "tests/support/support.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const int shortages[] = {EMFILE, ENFILE, ENOBUFS, ENOMEM};

/* A client that the server has heard of or will, and what is said to it once it is served. */
static int knock(const async_server *server)
{
    return connect_to("127.0.0.1", port_of(server));
}

static void expect_greeting(int client)
{
    expect_text(client, "hello");
    expect_end(client);
    close(client);
}

START_TEST(who_left_the_queue_is_passed_over)
{
    static const int troubles[] = {ECONNABORTED, EPROTO,     EINTR,        ENETDOWN,    ENETUNREACH,
                                   EHOSTDOWN,    EHOSTUNREACH, ENOPROTOOPT, ECONNRESET};
    async_server *server = start(greet);
    int client = knock(server);

    system_reset();
    system_fail_each(SYSTEM_ACCEPT, troubles, sizeof troubles / sizeof troubles[0]);
    await_arrivals(1);
    ck_assert_int_eq(system_failed(SYSTEM_ACCEPT), sizeof troubles / sizeof troubles[0]);
    expect_greeting(client);
    end_server(server);
}
END_TEST

START_TEST(a_shortage_is_told_once_and_nobody_is_lost)
{
    async_loop_set_clock(loop, ASYNC_CLOCK_MANUAL);
    for (int i = 0; i < 4; i++) {
        async_server *server = start(greet);
        int clients[] = {knock(server), knock(server)};
        const char *heard;

        system_reset();
        system_fail(SYSTEM_ACCEPT, 1, 100, shortages[i]);
        turns(5);
        async_loop_advance(loop, 1.05);
        ck_assert_uint_eq(came, 0);
        ck_assert_int_eq(system_count(SYSTEM_ACCEPT), 11);    /* ten times a second, and the first */
        heard = reports();
        ck_assert_ptr_nonnull(strstr(heard, ": the server cannot accept now, and those who connect have to wait: "));
        ck_assert_ptr_nonnull(strstr(heard, strerror(shortages[i])));
        ck_assert_ptr_null(strchr(heard, '\n'));
        system_reset();
        async_loop_advance(loop, 0.1);
        await_arrivals(2);
        expect_greeting(clients[0]);
        expect_greeting(clients[1]);
        end_server(server);
    }
}
END_TEST

START_TEST(the_next_shortage_is_told_again)
{
    async_server *server = start(greet);

    system_reset();
    async_loop_set_clock(loop, ASYNC_CLOCK_JUMPING);
    for (int i = 0; i < 3; i++) {
        int client = knock(server);

        system_fail(SYSTEM_ACCEPT, 1, 2, EMFILE);
        await_arrivals((size_t)i + 1);
        ck_assert_ptr_null(strchr(reports(), '\n'));
        expect_greeting(client);
        turns(3);
    }
    ck_assert_int_eq(system_failed(SYSTEM_ACCEPT), 6);
    end_server(server);
}
END_TEST

START_TEST(the_end_of_a_connection_ends_the_pause)
{
    async_server *server = start(echo_to);
    async_stream *client = visit(server);
    int other;

    await_arrivals(1);
    async_loop_set_clock(loop, ASYNC_CLOCK_MANUAL);    /* no time passes */
    other = knock(server);
    system_reset();
    system_fail(SYSTEM_ACCEPT, 1, 1, EMFILE);
    turns(5);
    ck_assert_int_eq(system_failed(SYSTEM_ACCEPT), 1);
    ck_assert_uint_eq(came, 1);
    leave(client);
    await_arrivals(2);
    close(other);
    reports();
    end_server(server);
}
END_TEST

START_TEST(a_close_ends_the_pause)
{
    async_server *server = start(greet);
    int client = knock(server);

    system_reset();
    system_fail(SYSTEM_ACCEPT, 1, 1, EMFILE);
    turns(5);
    ck_assert_int_eq(system_failed(SYSTEM_ACCEPT), 1);
    reports();
    end_server(server);
    close(client);
}
END_TEST

static async_stream *kept;

static async_future *keep(async_stream *taken, void *user)
{
    kept = taken;
    note_arrival();
    return NULL;
}

/* The end of a connection ends the pause, and here it is the server's end too. */
START_TEST(a_server_closed_in_the_pause_ends_with_its_last_connection)
{
    async_server *server = start(keep);
    async_stream *client = visit(server);
    int other;

    await_arrivals(1);
    async_loop_set_clock(loop, ASYNC_CLOCK_MANUAL);    /* no time passes */
    other = knock(server);
    system_reset();
    system_fail(SYSTEM_ACCEPT, 1, 1, EMFILE);
    turns(5);
    ck_assert_int_eq(system_failed(SYSTEM_ACCEPT), 1);
    reports();
    async_server_close(server);
    async_server_unref(server);
    async_stream_close(kept);
    kept = async_stream_unref(kept);
    ck_assert_int_eq(destroyed, 1);
    leave(client);
    close(other);
}
END_TEST

static async_server *to_close;

static void close_server(async_loop *from, async_future *source, int error, const char *message, void *user)
{
    async_server_close(to_close);
}

START_TEST(who_is_told_may_close_the_server)
{
    async_server *server = start(greet);
    int client = knock(server);

    to_close = server;
    async_loop_set_exception_handler(loop, close_server, NULL, NULL);
    system_fail(SYSTEM_ACCEPT, 1, 1, EMFILE);
    ck_assert_int_eq(finish(async_server_wait_closed(server)), 0);
    end_server(server);
    close(client);
}
END_TEST

/* What is wrong with the socket itself does not pass, but the loop does not spin for it either. */
START_TEST(a_broken_listener_does_not_make_the_loop_spin)
{
    async_server *server = start(greet);

    async_loop_set_clock(loop, ASYNC_CLOCK_MANUAL);
    ck_assert_int_eq(shutdown(async_server_descriptor(server, 0), SHUT_RDWR), 0);
    system_reset();
    turns(20);
    async_loop_advance(loop, 1.05);
    ck_assert_int_le(system_count(SYSTEM_ACCEPT), 11);
    ck_assert_ptr_nonnull(strstr(reports(), "Invalid argument"));
    end_server(server);
}
END_TEST

/* Where each object is an allocation the stream of the first one cannot be made. */
START_TEST(who_was_accepted_without_memory_is_served_later)
{
    async_server *server = start(greet);
    int client = knock(server);
    bool failed;

    async_loop_set_clock(loop, ASYNC_CLOCK_MANUAL);
    memory_fail_at(1, false);
    turns(5);
    failed = memory_has_failed();
    ck_assert_uint_eq(came, failed ? 0 : 1);
    ck_assert(failed == (strstr(reports(), "Cannot allocate memory") != NULL));
    async_loop_advance(loop, 0.1);
    await_arrivals(1);
    expect_greeting(client);
    end_server(server);
}
END_TEST

/* Nor is there memory for the timer of the pause. */
START_TEST(without_any_memory_one_is_accepted_and_nobody_is_lost)
{
    async_server *server = start(greet);
    int clients[] = {knock(server), knock(server), knock(server)};

    memory_fail_at(1, true);
    turns(5);
    ck_assert(memory_has_failed());
    await_arrivals(3);
    reports();
    for (int i = 0; i < 3; i++)
        expect_greeting(clients[i]);
    end_server(server);
}
END_TEST

START_TEST(who_was_accepted_without_memory_is_let_go_at_the_close)
{
    async_server *server = start(greet);
    int client = knock(server);

    async_loop_set_clock(loop, ASYNC_CLOCK_MANUAL);
    memory_fail_at(1, false);
    turns(5);
    memory_has_failed();
    reports();
    end_server(server);
    close(client);
}
END_TEST

START_TEST(a_full_server_asks_for_nobody)
{
    async_socket_options *options = async_socket_options_new();
    async_server *server;
    int clients[3];

    async_socket_options_set_most_connections(options, 1);
    server = start_with(echo_to, options);
    for (int i = 0; i < 3; i++)
        clients[i] = knock(server);
    await_arrivals(1);
    system_reset();
    turns(20);
    ck_assert_int_eq(system_count(SYSTEM_ACCEPT), 0);
    for (size_t i = 0; i < 3; i++) {
        await_arrivals(i + 1);
        ck_assert_uint_eq(async_server_connections(server), 1);
        close(clients[i]);
    }
    async_socket_options_unref(options);
    end_server(server);
}
END_TEST

/* Listening */

static const char *failure_to_start(void)
{
    return failure(async_start_server(loop, "127.0.0.1", 1, greet, NULL, destroy_user, NULL));
}

START_TEST(what_forbids_listening_is_told)
{
    static const struct {
        enum system_call call;
        int number;
        const char *told;
    } faults[] = {
        {SYSTEM_SOCKET, EMFILE, "EOS 127.0.0.1:1: Too many open files"},
        {SYSTEM_BIND, EACCES, "EACCESS 127.0.0.1:1: not allowed"},
        {SYSTEM_BIND, EADDRINUSE, "EINUSE 127.0.0.1:1: the address is in use"},
        {SYSTEM_LISTEN, EADDRINUSE, "EINUSE 127.0.0.1:1: the address is in use"},
        {SYSTEM_LISTEN, ENOMEM, "ENOMEM 127.0.0.1:1: out of memory"},
    };

    begin_test();
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        system_reset();
        system_fail(faults[i].call, 1, 1, faults[i].number);
        ck_assert_str_eq(failure_to_start(), faults[i].told);
        ck_assert_int_eq(system_failed(faults[i].call), 1);
        ck_assert_int_eq(destroyed, (int)i + 1);
    }
}
END_TEST

START_TEST(a_port_that_is_free_on_one_address_only_is_chosen_anew)
{
    static const int taken_once[] = {0, EADDRINUSE};
    async_server *server;

    begin_test();
    system_reset();
    system_fail_each(SYSTEM_BIND, taken_once, 2);
    server = server_of(async_start_server(loop, NULL, 0, greet, NULL, destroy_user, NULL));
    ck_assert_int_eq(system_count(SYSTEM_BIND), 4);
    end_server(server);

    system_fail(SYSTEM_BIND, 1, 1000, EADDRINUSE);
    ck_assert_int_eq(strncmp(failure(async_start_server(loop, NULL, 0, greet, NULL, NULL, NULL)), "EINUSE ", 7), 0);
    ck_assert_int_lt(system_failed(SYSTEM_BIND), 1000);
    system_reset();
}
END_TEST

int main(void)
{
    return RUN_TESTS("accepting", who_left_the_queue_is_passed_over, a_shortage_is_told_once_and_nobody_is_lost,
                     the_next_shortage_is_told_again, the_end_of_a_connection_ends_the_pause, a_close_ends_the_pause,
                     a_server_closed_in_the_pause_ends_with_its_last_connection,
                     who_is_told_may_close_the_server, a_broken_listener_does_not_make_the_loop_spin,
                     who_was_accepted_without_memory_is_served_later,
                     without_any_memory_one_is_accepted_and_nobody_is_lost,
                     who_was_accepted_without_memory_is_let_go_at_the_close, a_full_server_asks_for_nobody,
                     what_forbids_listening_is_told, a_port_that_is_free_on_one_address_only_is_chosen_anew);
}
