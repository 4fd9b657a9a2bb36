/* How servers end: who is still served, who is waited for, who is cancelled, and what is told to whom. */
#include "tests/support/lookups.h"
#include "tests/support/peers.h"
#include "tests/support/servers.h"
#include "tests/support/support.h"

#include "libasync/dns/settings.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* How many were cancelled by a stop that ends now. */
static int64_t cancelled_by(async_future *taken)
{
    int error = async_loop_run_until(loop, taken);
    int64_t count = async_value_int(async_future_value(taken));

    ck_assert_int_eq(error, 0);
    async_future_unref(taken);
    return count;
}

static void expect_refused(int port)
{
    async_future *opening = async_open_connection(loop, "127.0.0.1", port, NULL);

    ck_assert_int_eq(finish(opening), ASYNC_EREFUSED);
}

START_TEST(a_closed_server_goes_on_with_those_who_are_there)
{
    async_server *server = start(echo_to);
    async_stream *client = visit(server);
    int port = port_of(server);
    async_future *ending;

    await_arrivals(1);
    ck_assert_int_eq(async_server_close(server), 0);
    ck_assert_int_eq(async_server_close(server), 0);
    expect_refused(port);
    ending = async_server_wait_closed(server);
    async_stream_write(client, "still", 5);
    ck_assert_str_eq(hear(client), "still");
    ck_assert(!async_future_is_done(ending));
    ck_assert_int_eq(destroyed, 0);
    leave(client);
    ck_assert_int_eq(finish(ending), 0);
    ck_assert_int_eq(destroyed, 1);
    ck_assert_int_eq(finish(async_server_wait_closed(server)), 0);
    async_server_unref(server);
}
END_TEST

START_TEST(a_wait_that_is_cancelled_closes_nothing)
{
    async_server *server = start(echo_to);
    async_future *waits[] = {async_server_wait_closed(server), async_server_wait_closed(server)};

    ck_assert_int_eq(async_future_cancel(waits[0], NULL), 0);
    ck_assert_int_eq(finish(waits[0]), ASYNC_ECANCELED);
    turns(2);
    ck_assert(!async_future_is_done(waits[1]));
    ck_assert_int_ge(async_server_descriptor(server, 0), 0);
    async_server_close(server);
    ck_assert_int_eq(finish(waits[1]), 0);
    end_server(server);
}
END_TEST

START_TEST(nobody_is_cancelled_where_nobody_is)
{
    async_server *server = start(echo_to);
    int port = port_of(server);

    ck_assert_int_eq(cancelled_by(async_server_stop(server, 10)), 0);
    expect_refused(port);
    ck_assert_int_eq(cancelled_by(async_server_stop(server, 0)), 0);
    end_server(server);
}
END_TEST

START_TEST(a_stop_waits_for_those_who_are_there)
{
    async_server *server = start(echo_to);
    async_stream *client = visit(server);
    async_future *stopping;

    await_arrivals(1);
    stopping = async_server_stop(server, ASYNC_FOREVER);
    async_stream_write(client, "still", 5);
    ck_assert_str_eq(hear(client), "still");
    ck_assert(!async_future_is_done(stopping));
    leave(client);
    ck_assert_int_eq(cancelled_by(stopping), 0);
    end_server(server);
}
END_TEST

START_TEST(a_stop_that_loses_patience_cancels)
{
    async_server *server = start(idle_with);
    async_stream *ann = visit(server), *bob = visit(server);
    async_future *stopping;

    await_arrivals(2);
    async_loop_set_clock(loop, ASYNC_CLOCK_MANUAL);
    stopping = async_server_stop(server, 5);
    async_loop_advance(loop, 4.9);
    ck_assert_uint_eq(async_server_connections(server), 2);
    async_loop_advance(loop, 0.1);
    ck_assert_int_eq(cancelled_by(stopping), 2);
    ck_assert_str_eq(hear(ann), "");
    ck_assert_str_eq(hear(bob), "");
    leave(ann);
    leave(bob);
    end_server(server);
}
END_TEST

START_TEST(a_stop_may_have_no_patience_at_all)
{
    async_server *server = start(idle_with);
    async_stream *client = visit(server);

    await_arrivals(1);
    ck_assert_int_eq(cancelled_by(async_server_stop(server, 0)), 1);
    leave(client);
    end_server(server);
}
END_TEST

static async_future *stopped_within;

static async_future *stop_and_idle(async_stream *taken, void *user)
{
    stopped_within = async_server_stop(*(async_server **)user, 0);
    return idle_with(taken, NULL);
}

static async_future *stop_and_leave_alone(async_stream *taken, void *user)
{
    stopped_within = async_server_stop(*(async_server **)user, 0);
    *(async_stream **)(user) = taken;
    return NULL;
}

/* Whoever connects is not served yet by then. */
START_TEST(a_stop_within_the_callback_ends_what_it_answers)
{
    async_client_connected *callbacks[] = {stop_and_idle, stop_and_leave_alone};

    for (int i = 0; i < 2; i++) {
        async_server *server, *told;
        int client;

        begin_test();
        server = server_of(async_start_server(loop, "127.0.0.1", 0, callbacks[i], &told, NULL, NULL));
        told = server;
        stopped_within = NULL;
        client = connect_to("127.0.0.1", port_of(server));
        while (!stopped_within)
            turn();
        ck_assert_int_eq(cancelled_by(stopped_within), 1);
        expect_end(client);
        close(client);
        if (i)
            async_stream_unref((async_stream *)told);
        async_server_unref(server);
    }
}
END_TEST

/* A stop tells of those that were cancelled while it waited, each once. */
START_TEST(each_stop_tells_of_its_own_time)
{
    async_server *server = start(idle_with);
    async_stream *client = visit(server);
    async_future *stops[2];

    await_arrivals(1);
    async_loop_set_clock(loop, ASYNC_CLOCK_MANUAL);
    stops[0] = async_server_stop(server, 5);
    stops[1] = async_server_stop(server, 0);
    ck_assert_int_eq(cancelled_by(stops[0]), 1);
    ck_assert_int_eq(cancelled_by(stops[1]), 1);
    ck_assert_int_eq(cancelled_by(async_server_stop(server, 0)), 0);
    leave(client);
    end_server(server);
}
END_TEST

START_TEST(the_shorter_patience_of_two_counts)
{
    async_server *server = start(idle_with);
    async_stream *client = visit(server);
    async_future *stops[2];

    await_arrivals(1);
    async_loop_set_clock(loop, ASYNC_CLOCK_JUMPING);
    stops[0] = async_server_stop(server, 50);
    stops[1] = async_server_stop(server, 5);
    ck_assert_int_eq(cancelled_by(stops[0]), 1);
    ck_assert_int_eq(cancelled_by(stops[1]), 1);
    ck_assert_double_eq(async_loop_time(loop), 5);
    leave(client);
    end_server(server);
}
END_TEST

START_TEST(a_stop_that_is_cancelled_leaves_the_connections_alone)
{
    async_server *server = start(echo_to);
    async_stream *client = visit(server);
    async_future *stopping;

    await_arrivals(1);
    async_loop_set_clock(loop, ASYNC_CLOCK_MANUAL);
    stopping = async_server_stop(server, 5);
    ck_assert_int_eq(async_future_cancel(stopping, NULL), 0);
    ck_assert_int_eq(finish(stopping), ASYNC_ECANCELED);
    async_loop_advance(loop, 10);
    async_stream_write(client, "still", 5);
    ck_assert_str_eq(hear(client), "still");
    leave(client);
    end_server(server);
}
END_TEST

START_TEST(patience_is_a_time)
{
    async_server *server = start(echo_to);
    double bad[] = {-2, (double)NAN, (double)INFINITY};

    for (int i = 0; i < 3; i++)
        ck_assert_str_eq(failure(async_server_stop(server, bad[i])),
                         "EINVAL stop: seconds must be finite and not negative, or ASYNC_FOREVER");
    ck_assert_int_ge(async_server_descriptor(server, 0), 0);
    end_server(server);
}
END_TEST

/* More than the kernel takes: the rest is sent as the client reads. */
static async_next say_much(async_task *task, void *stream)
{
    static char much[1 << 23];

    async_stream_write(stream, much, sizeof much);
    return async_return(task, async_none());
}

static async_future *talk(async_stream *taken, void *user)
{
    note_arrival();
    return async_create_task(async_stream_loop(taken), say_much, taken, end_stream);
}

START_TEST(what_is_unsent_counts_as_a_connection_until_patience_ends)
{
    async_server *server = start(talk);
    int client = connect_to("127.0.0.1", port_of(server));
    async_future *stopping;

    await_arrivals(1);
    async_loop_set_clock(loop, ASYNC_CLOCK_MANUAL);
    stopping = async_server_stop(server, 5);
    turns(5);
    ck_assert_uint_eq(async_server_connections(server), 1);
    async_loop_advance(loop, 5);
    ck_assert_int_eq(cancelled_by(stopping), 1);
    close(client);
    end_server(server);
}
END_TEST

/* Serving for ever */

START_TEST(a_cancel_of_serving_closes_and_waits_for_the_end)
{
    async_server *server = start(echo_to);
    async_stream *client = visit(server);
    async_future *serving = async_server_serve_forever(server), *other = async_server_serve_forever(server);
    int port = port_of(server);

    await_arrivals(1);
    ck_assert_int_eq(async_future_cancel(serving, NULL), 0);
    expect_refused(port);
    ck_assert(!async_future_is_done(serving));
    ck_assert_str_eq(failure(other), "ECLOSED the server was closed");
    leave(client);
    ck_assert_int_eq(finish(serving), ASYNC_ECANCELED);
    end_server(server);
}
END_TEST

START_TEST(a_second_cancel_of_serving_does_not_wait)
{
    async_server *server = start(echo_to);
    async_stream *client = visit(server);
    async_future *serving = async_server_serve_forever(server);

    await_arrivals(1);
    async_future_cancel(serving, NULL);
    async_future_cancel(serving, "at once");
    ck_assert(async_future_is_cancelled(serving));
    ck_assert_str_eq(async_future_message(serving), "at once");
    async_future_unref(serving);
    leave(client);
    end_server(server);
}
END_TEST

START_TEST(a_closed_server_does_not_serve_for_ever)
{
    async_server *server = start(echo_to);
    async_future *serving = async_server_serve_forever(server);

    async_future_unref(async_server_serve_forever(server));    /* nobody need read that */
    async_server_close(server);
    ck_assert_str_eq(failure(serving), "ECLOSED the server was closed");
    ck_assert_str_eq(failure(async_server_serve_forever(server)), "ECLOSED the server was closed");
    end_server(server);
}
END_TEST

/* What becomes of the clients */

START_TEST(clients_can_be_closed)
{
    async_server *server = start(echo_to);
    async_stream *client = visit(server);

    await_arrivals(1);
    turn();
    ck_assert_int_eq(async_server_close_clients(server), 0);
    ck_assert_str_eq(hear(client), "");
    leave(client);
    end_server(server);
}
END_TEST

static async_future *read_and_forget(async_stream *taken, void *user)
{
    note_arrival();
    async_future_unref(async_stream_read(taken, 10));
    async_stream_unref(taken);
    return NULL;
}

/* Their close ends what held them. */
START_TEST(clients_can_be_closed_that_only_a_read_holds)
{
    async_server *server = start(read_and_forget);
    async_stream *client = visit(server);

    await_arrivals(1);
    ck_assert_int_eq(async_server_close_clients(server), 0);
    ck_assert_str_eq(hear(client), "");
    ck_assert_uint_eq(async_server_connections(server), 0);
    leave(client);
    end_server(server);
}
END_TEST

START_TEST(clients_can_be_aborted)
{
    async_server *server = start(talk);
    int client = connect_to("127.0.0.1", port_of(server));
    char bytes[4096];
    ssize_t count;

    await_arrivals(1);
    turn();
    ck_assert_int_eq(async_server_abort_clients(server), 0);
    ck_assert_uint_eq(async_server_connections(server), 0);
    while ((count = recv(client, bytes, sizeof bytes, 0)) > 0)
        ;
    ck_assert_int_eq(count, -1);
    ck_assert_int_eq(errno, ECONNRESET);
    close(client);
    end_server(server);
}
END_TEST

START_TEST(after_the_clients_are_gone_failures_are_told_again)
{
    async_server *server = start(idle_with);
    async_stream *client = visit(server);

    await_arrivals(1);
    ck_assert_int_eq(async_server_close_clients(server), 0);
    ck_assert_uint_eq(async_server_connections(server), 1);
    ck_assert_int_eq(cancelled_by(async_server_stop(server, 0)), 1);
    leave(client);
    end_server(server);
}
END_TEST

/* The loop's close */

static void end_loop_with_clients(int (*end)(async_loop *loop))
{
    async_server *server = start(idle_with);
    async_stream *client = visit(server);
    async_future *futures[] = {async_server_wait_closed(server), async_server_serve_forever(server)};

    await_arrivals(1);
    turn();
    ck_assert_int_eq(end(loop), 0);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(async_future_error(futures[i]), ASYNC_ECLOSED);
        async_future_unref(futures[i]);
    }
    ck_assert_int_eq(destroyed, 1);
    ck_assert_uint_eq(async_server_connections(server), 0);
    ck_assert_int_eq(async_server_close(server), 0);
    ck_assert_int_eq(async_future_error(async_server_serve_forever(server)), ASYNC_ECLOSED);
    async_stream_unref(client);
    async_server_unref(server);
    reports();
}

START_TEST(the_loops_close_ends_servers_and_connections)
{
    end_loop_with_clients(async_loop_close);
}
END_TEST

START_TEST(an_abandoned_loop_ends_them_too)
{
    end_loop_with_clients(async_loop_abandon);
}
END_TEST

START_TEST(a_stop_under_way_ends_with_an_abandoned_loop)
{
    async_server *server = start(idle_with);
    async_stream *client = visit(server);
    async_future *stopping = async_server_stop(server, 1000);

    turn();
    ck_assert_int_eq(async_loop_abandon(loop), 0);
    ck_assert_int_eq(async_future_error(stopping), ASYNC_ECLOSED);
    ck_assert_int_eq(destroyed, 1);
    async_future_unref(stopping);
    async_stream_unref(client);
    async_server_unref(server);
    reports();
}
END_TEST

START_TEST(the_loops_close_ends_a_start)
{
    async_future *starting;

    begin_test();
    use_hosts("");
    starting = async_start_server(loop, "slow.test", 1, greet, NULL, destroy_user, NULL);
    ck_assert(!async_future_is_done(starting));
    ck_assert_int_eq(async_loop_close(loop), 0);
    ck_assert_int_eq(async_future_error(starting), ASYNC_ECLOSED);
    ck_assert_int_eq(destroyed, 1);
    async_future_unref(starting);
    ck_assert_int_eq(async_future_error(async_start_server(loop, "h", 1, greet, NULL, destroy_user, NULL)),
                     ASYNC_ECLOSED);
    ck_assert_int_eq(destroyed, 2);
    forget_hosts();
}
END_TEST

START_TEST(a_start_that_is_cancelled_listens_nowhere)
{
    async_future *starting;

    begin_test();
    use_hosts("");
    starting = async_start_server(loop, "slow.test", 1, greet, NULL, destroy_user, NULL);
    ck_assert_int_eq(async_future_cancel(starting, NULL), 0);
    ck_assert_int_eq(destroyed, 1);
    ck_assert_int_eq(finish(starting), ASYNC_ECANCELED);
    forget_hosts();
}
END_TEST

/* Other threads */

static void drop_elsewhere(void *server)
{
    ck_assert_int_eq(async_server_close(server), ASYNC_ETHREAD);
    ck_assert_uint_eq(async_server_connections(server), 0);
    ck_assert_int_eq(async_future_error(async_server_stop(server, 1)), ASYNC_ETHREAD);
    ck_assert_int_eq(async_future_error(async_server_wait_closed(server)), ASYNC_ETHREAD);
    async_server_unref(async_server_ref(server));
    async_server_unref(server);
}

START_TEST(other_threads_may_hold_it_and_no_more)
{
    async_server *server = start(echo_to);

    elsewhere(drop_elsewhere, async_server_ref(server));
    end_server(server);
}
END_TEST

/* Every step of a server's life needs memory. Some missing is told, and leaves nothing behind. */
static void live_once(void)
{
    async_future *starting = async_start_server(loop, "127.0.0.1", 0, echo_to, NULL, destroy_user, NULL);
    async_server *server = async_server_ref(async_value_server(async_future_value(starting)));
    async_future *opening = NULL, *stopping;

    if (server)
        opening = async_open_connection(loop, "127.0.0.1", port_of(server), NULL);
    if (opening)
        async_loop_run_until(loop, opening);
    if (async_value_stream(async_future_value(opening)))
        async_stream_close(async_value_stream(async_future_value(opening)));
    stopping = async_server_stop(server, 0.01);
    async_loop_run_until(loop, stopping);
    async_server_close(server);
    async_server_abort_clients(server);
    async_future_unref(stopping);
    async_future_unref(opening);
    async_future_unref(starting);
    async_server_unref(server);
}

START_TEST(any_allocation_may_fail)
{
    bool failed = true;
    int lives = 0;

    for (size_t nth = 1; failed; nth++) {
        begin_test();
        memory_fail_at(nth, nth % 2);
        live_once();
        failed = memory_has_failed();
        turns(20);
        ck_assert_int_eq(destroyed, 1);
        reports();
        lives++;
    }
    ck_assert_int_gt(lives, 10);
}
END_TEST

int main(void)
{
    return RUN_TESTS("stopping", a_closed_server_goes_on_with_those_who_are_there,
                     a_wait_that_is_cancelled_closes_nothing, nobody_is_cancelled_where_nobody_is,
                     a_stop_waits_for_those_who_are_there, a_stop_that_loses_patience_cancels,
                     a_stop_may_have_no_patience_at_all, a_stop_within_the_callback_ends_what_it_answers,
                     each_stop_tells_of_its_own_time, the_shorter_patience_of_two_counts,
                     a_stop_that_is_cancelled_leaves_the_connections_alone, patience_is_a_time,
                     what_is_unsent_counts_as_a_connection_until_patience_ends,
                     a_cancel_of_serving_closes_and_waits_for_the_end, a_second_cancel_of_serving_does_not_wait,
                     a_closed_server_does_not_serve_for_ever, clients_can_be_closed,
                     clients_can_be_closed_that_only_a_read_holds, clients_can_be_aborted,
                     after_the_clients_are_gone_failures_are_told_again, the_loops_close_ends_servers_and_connections,
                     an_abandoned_loop_ends_them_too, a_stop_under_way_ends_with_an_abandoned_loop, the_loops_close_ends_a_start,
                     a_start_that_is_cancelled_listens_nowhere, other_threads_may_hold_it_and_no_more,
                     any_allocation_may_fail);
}
