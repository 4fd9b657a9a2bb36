/* Connecting by a name whose addresses do not come together (RFC 8305, section 3): who is tried, and when. */
#include "tests/support/lookups.h"
#include "tests/support/name_server.h"
#include "tests/support/peers.h"
#include "tests/support/support.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* How an opening ended: the peer's host, or the error's name and message. The stream is closed. */
static const char *ending(async_future *taken)
{
    static char text[1024];
    int error = async_loop_run_until(loop, taken);
    async_stream *stream = async_value_stream(async_future_value(taken));

    if (error) {
        snprintf(text, sizeof text, "%s %s", async_error_name(error) + strlen("ASYNC_"), async_future_message(taken));
    } else {
        async_value *peer = async_stream_peer(stream);

        snprintf(text, sizeof text, "%s", async_address_host(peer));
        async_value_unref(peer);
        ck_assert_int_eq(async_stream_close(stream), 0);
    }
    async_future_unref(taken);
    return text;
}

/* The name server has had both questions, and its early answer has come. No time passes from now on. */
static async_future *open_half(const char *host, int port, const async_socket_options *options)
{
    async_future *opening;
    int before;

    async_loop_set_clock(loop, ASYNC_CLOCK_MANUAL);
    before = name_server_queries();
    opening = async_open_connection(loop, host, port, options);
    while (name_server_queries() < before + 2)
        turn();
    turns(20);
    return opening;
}

/* A port with somebody at both addresses. */
static int listen_at_both(int listeners[2])
{
    int port = 0;

    listeners[0] = listen_at("127.0.0.1", &port);
    listeners[1] = listen_at("::1", &port);
    return port;
}

static void close_both(const int listeners[2])
{
    close(listeners[0]);
    close(listeners[1]);
}

START_TEST(ipv4_waits_a_moment_for_ipv6_and_no_longer)
{
    int listeners[2], port = listen_at_both(listeners);
    async_future *opening;

    serve_names("");
    opening = open_half("half4.test", port, NULL);
    async_loop_advance(loop, 0.049);
    turns(5);
    ck_assert(!async_future_is_done(opening));
    async_loop_advance(loop, 0.001);
    ck_assert_str_eq(ending(opening), "127.0.0.1");
    serve_no_more();
    close_both(listeners);
}
END_TEST

START_TEST(ipv6_that_comes_in_time_is_first)
{
    int listeners[2], port = listen_at_both(listeners);
    async_future *opening;

    serve_names("");
    opening = open_half("half4.test", port, NULL);
    async_loop_advance(loop, 0.04);
    name_server_answer_late();
    ck_assert_str_eq(ending(opening), "::1");
    serve_no_more();
    close_both(listeners);
}
END_TEST

START_TEST(ipv6_waits_for_nobody)
{
    int listeners[2], port = listen_at_both(listeners);

    serve_names("");
    ck_assert_str_eq(ending(open_half("half6.test", port, NULL)), "::1");
    serve_no_more();
    close_both(listeners);
}
END_TEST

START_TEST(the_late_ones_join_the_race_when_their_turn_has_come)
{
    struct well_and_deaf pair;
    int port = listen_well_and_deaf(&pair);
    async_future *opening;

    serve_names("");
    opening = open_half("half6.test", port, NULL);
    async_loop_advance(loop, 0.1);
    name_server_answer_late();
    turns(20);
    ck_assert(!async_future_is_done(opening));
    async_loop_advance(loop, 0.14);
    turns(5);
    ck_assert(!async_future_is_done(opening));
    async_loop_advance(loop, 0.01);
    ck_assert_str_eq(ending(opening), "127.0.0.1");

    opening = open_half("half6.test", port, NULL);
    async_loop_advance(loop, 0.3);
    turns(5);
    ck_assert(!async_future_is_done(opening));
    name_server_answer_late();
    ck_assert_str_eq(ending(opening), "127.0.0.1");
    serve_no_more();
    close_well_and_deaf(&pair);
}
END_TEST

START_TEST(when_the_early_ones_have_failed_the_late_ones_begin_at_once)
{
    int port = 0, listener = listen_at("127.0.0.1", &port);
    async_future *opening;

    serve_names("");
    opening = open_half("half6.test", port, NULL);
    ck_assert(!async_future_is_done(opening));
    name_server_answer_late();
    ck_assert_str_eq(ending(opening), "127.0.0.1");
    serve_no_more();
    close(listener);
}
END_TEST

START_TEST(when_all_have_failed_each_is_told_once)
{
    int port = unused_port();
    async_future *opening;
    char expected[256];

    snprintf(expected, sizeof expected,
             "EREFUSED host 'half4.test', port %d: 127.0.0.1:%d: the connection was refused; "
             "[::1]:%d: the connection was refused",
             port, port, port);
    serve_names("");
    opening = open_half("half4.test", port, NULL);
    async_loop_advance(loop, 0.06);
    turns(5);
    ck_assert(!async_future_is_done(opening));
    name_server_answer_late();
    ck_assert_str_eq(ending(opening), expected);
    serve_no_more();
}
END_TEST

START_TEST(the_limit_counts_while_the_late_ones_do_not_come)
{
    int port = unused_port();
    async_socket_options *options = async_socket_options_new();
    async_future *opening;
    char expected[256];

    snprintf(expected, sizeof expected,
             "ETIMEDOUT host 'half6.test', port %d: [::1]:%d: the connection was refused; "
             "the look-up did not end",
             port, port);
    async_socket_options_set_connect_timeout(options, 3);
    serve_names("");
    opening = open_half("half6.test", port, options);
    async_loop_advance(loop, 2.9);
    turns(5);
    ck_assert(!async_future_is_done(opening));
    async_loop_advance(loop, 0.2);
    ck_assert_str_eq(ending(opening), expected);
    async_socket_options_unref(options);
    serve_no_more();
}
END_TEST

/* In the moment that IPv4 waits, and in the race. */
static const char *const halves[] = {"half4.test", "half6.test"};

START_TEST(a_cancel_ends_both_halves)
{
    struct well_and_deaf pair;
    int port = listen_well_and_deaf(&pair);

    serve_names("");
    for (int i = 0; i < 2; i++) {
        async_future *opening = open_half(halves[i], port, NULL);

        ck_assert_int_eq(async_future_cancel(opening, NULL), 0);
        ck_assert_int_eq(finish(opening), ASYNC_ECANCELED);
    }
    serve_no_more();
    close_well_and_deaf(&pair);
}
END_TEST

START_TEST(the_close_of_the_loop_ends_both_halves)
{
    struct well_and_deaf pair;
    int port = listen_well_and_deaf(&pair);
    async_future *openings[2];

    serve_names("");
    for (int i = 0; i < 2; i++)
        openings[i] = open_half(halves[i], port, NULL);
    ck_assert_int_eq(async_loop_close(loop), 0);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(async_future_error(openings[i]), ASYNC_ECLOSED);
        async_future_unref(openings[i]);
    }
    serve_no_more();
    close_well_and_deaf(&pair);
}
END_TEST

/* Also where the half, or what is behind it, finds none: the look-up's end is there for both. */
START_TEST(any_allocation_may_fail)
{
    int listeners[2], port = listen_at_both(listeners);
    bool failed = true;

    serve_names("");
    for (size_t nth = 1; failed; nth++) {
        async_future *opening = async_open_connection(loop, halves[nth % 2], port, NULL);
        int before = name_server_queries();
        async_stream *stream;
        int error;

        async_loop_set_clock(loop, ASYNC_CLOCK_MANUAL);
        while (name_server_queries() < before + 2)
            turn();
        memory_fail_at((nth + 1) / 2, false);
        turns(20);
        async_loop_advance(loop, 0.06);
        turns(5);
        name_server_answer_late();
        error = async_loop_run_until(loop, opening);
        failed = memory_has_failed();
        stream = async_value_stream(async_future_value(opening));
        ck_assert(stream ? error == 0 : failed);
        if (stream)
            async_stream_close(stream);
        async_future_unref(opening);
        reports();
        turns(5);
    }
    serve_no_more();
    close_both(listeners);
}
END_TEST

int main(void)
{
    return RUN_TESTS("eyeballs", ipv4_waits_a_moment_for_ipv6_and_no_longer, ipv6_that_comes_in_time_is_first,
                     ipv6_waits_for_nobody, the_late_ones_join_the_race_when_their_turn_has_come,
                     when_the_early_ones_have_failed_the_late_ones_begin_at_once,
                     when_all_have_failed_each_is_told_once, the_limit_counts_while_the_late_ones_do_not_come,
                     a_cancel_ends_both_halves, the_close_of_the_loop_ends_both_halves, any_allocation_may_fail);
}
