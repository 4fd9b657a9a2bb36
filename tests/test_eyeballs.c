/* Connecting by a name with several addresses, which may not come together (RFC 8305): who is tried, and when. */
#include "tests/support/lookups.h"
#include "tests/support/name_server.h"
#include "tests/support/openings.h"
#include "tests/support/peers.h"
#include "tests/support/support.h"

#include <string.h>
#include <unistd.h>

START_TEST(families_take_turns)
{
    int port = unused_port();

    use_hosts("127.0.0.1 turns.test\n127.0.0.2 turns.test\n127.0.0.3 turns.test\n::1 turns.test\n");
    ck_assert_ending(open_host("turns.test", port),
                     with_port("EREFUSED host 'turns.test', port %d: [::1]:%d: the connection was refused; "
                               "127.0.0.1:%d: the connection was refused; 127.0.0.2:%d: the connection was refused; "
                               "127.0.0.3:%d: the connection was refused",
                               port));
    use_hosts("127.0.0.1 turns.test\n127.0.0.2 turns.test\n::ffff:127.0.0.4 turns.test\n::ffff:127.0.0.5 turns.test\n"
              "::1 turns.test\n");
    {
        const char *text = ending(open_host("turns.test", port));
        const char *first = strstr(text, with_port("127.0.0.1:%d", port));

        ck_assert_ptr_nonnull(first);
        ck_assert(strstr(text, "[::1]") < first);
        ck_assert(strstr(first, "[::ffff:") < strstr(first, with_port("127.0.0.2:%d", port)));
    }
    forget_hosts();
}
END_TEST

START_TEST(one_that_is_refused_has_the_next_begin_at_once)
{
    int port = 0, listener = listen_at("127.0.0.1", &port);

    async_loop_set_clock(loop, ASYNC_CLOCK_MANUAL);    /* no time passes */
    use_hosts("127.0.0.1 both.test\n::1 both.test\n");
    ck_assert_ending(open_host("both.test", port), with_port("127.0.0.1:%d", port));
    forget_hosts();
    close(listener);
}
END_TEST

START_TEST(one_that_is_silent_has_the_next_begin_after_a_quarter_of_a_second)
{
    struct well_and_deaf pair;
    int port = listen_well_and_deaf(&pair);
    async_future *opening;

    async_loop_set_clock(loop, ASYNC_CLOCK_MANUAL);
    use_hosts("127.0.0.1 both.test\n::1 both.test\n");
    opening = open_host("both.test", port);
    async_loop_advance(loop, 0.249);
    turns(3);
    ck_assert(!async_future_is_done(opening));
    async_loop_advance(loop, 0.001);
    ck_assert_ending(opening, with_port("127.0.0.1:%d", port));
    forget_hosts();
    close_well_and_deaf(&pair);
}
END_TEST

static async_future *open_with_delay(double seconds, int port)
{
    async_socket_options *options = async_socket_options_new();
    async_future *opening;

    async_socket_options_set_attempt_delay(options, seconds);
    opening = async_open_connection(loop, "both.test", port, options);
    async_socket_options_unref(options);
    return opening;
}

START_TEST(the_delay_between_attempts_can_be_set)
{
    struct well_and_deaf pair;
    int port = listen_well_and_deaf(&pair);
    async_future *opening;

    async_loop_set_clock(loop, ASYNC_CLOCK_JUMPING);
    use_hosts("127.0.0.1 both.test\n::1 both.test\n");
    opening = open_with_delay(7, port);
    ck_assert_ending(opening, with_port("127.0.0.1:%d", port));
    ck_assert_double_eq(async_loop_time(loop), 7);
    ck_assert_ending(open_with_delay(0, port), with_port("127.0.0.1:%d", port));
    ck_assert_double_eq(async_loop_time(loop), 7);

    opening = open_with_delay(ASYNC_FOREVER, port);
    async_loop_advance(loop, 1000);
    ck_assert(!async_future_is_done(opening));
    ck_assert_int_eq(async_future_cancel(opening, NULL), 0);
    async_future_unref(opening);
    forget_hosts();
    close_well_and_deaf(&pair);
}
END_TEST

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
    ck_assert_ending(opening, with_port("127.0.0.1:%d", port));
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
    ck_assert_ending(opening, with_port("[::1]:%d", port));
    serve_no_more();
    close_both(listeners);
}
END_TEST

START_TEST(ipv6_waits_for_nobody)
{
    int listeners[2], port = listen_at_both(listeners);

    serve_names("");
    ck_assert_ending(open_half("half6.test", port, NULL), with_port("[::1]:%d", port));
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
    ck_assert_ending(opening, with_port("127.0.0.1:%d", port));

    opening = open_half("half6.test", port, NULL);
    async_loop_advance(loop, 0.3);
    turns(5);
    ck_assert(!async_future_is_done(opening));
    name_server_answer_late();
    ck_assert_ending(opening, with_port("127.0.0.1:%d", port));
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
    ck_assert_ending(opening, with_port("127.0.0.1:%d", port));
    serve_no_more();
    close(listener);
}
END_TEST

START_TEST(when_all_have_failed_each_is_told_once)
{
    int port = unused_port();
    async_future *opening;

    serve_names("");
    opening = open_half("half4.test", port, NULL);
    async_loop_advance(loop, 0.06);
    turns(5);
    ck_assert(!async_future_is_done(opening));
    name_server_answer_late();
    ck_assert_ending(opening,
                     with_port("EREFUSED host 'half4.test', port %d: 127.0.0.1:%d: the connection was refused; "
                               "[::1]:%d: the connection was refused",
                               port));
    serve_no_more();
}
END_TEST

START_TEST(the_limit_counts_while_the_late_ones_do_not_come)
{
    int port = unused_port();
    async_socket_options *options = async_socket_options_new();
    async_future *opening;

    async_socket_options_set_connect_timeout(options, 3);
    serve_names("");
    opening = open_half("half6.test", port, options);
    async_loop_advance(loop, 2.9);
    turns(5);
    ck_assert(!async_future_is_done(opening));
    async_loop_advance(loop, 0.2);
    ck_assert_ending(opening,
                     with_port("ETIMEDOUT host 'half6.test', port %d: [::1]:%d: the connection was refused; "
                               "the look-up did not end",
                               port));
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

        async_loop_set_clock(loop, ASYNC_CLOCK_MANUAL);
        while (name_server_queries() < before + 2)
            turn();
        memory_fail_at((nth + 1) / 2, false);
        turns(20);
        async_loop_advance(loop, 0.06);
        turns(5);
        name_server_answer_late();
        failed = memory_failed_in(opening);
        turns(5);
    }
    serve_no_more();
    close_both(listeners);
}
END_TEST

int main(void)
{
    return RUN_TESTS("eyeballs", families_take_turns, one_that_is_refused_has_the_next_begin_at_once,
                     one_that_is_silent_has_the_next_begin_after_a_quarter_of_a_second,
                     the_delay_between_attempts_can_be_set, ipv4_waits_a_moment_for_ipv6_and_no_longer,
                     ipv6_that_comes_in_time_is_first, ipv6_waits_for_nobody,
                     the_late_ones_join_the_race_when_their_turn_has_come,
                     when_the_early_ones_have_failed_the_late_ones_begin_at_once,
                     when_all_have_failed_each_is_told_once, the_limit_counts_while_the_late_ones_do_not_come,
                     a_cancel_ends_both_halves, the_close_of_the_loop_ends_both_halves, any_allocation_may_fail);
}
