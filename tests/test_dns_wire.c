/* Bursts of questions, and a kernel that takes no more of them. */
#include "tests/support/faults.h"
#include "tests/support/lookups.h"
#include "tests/support/name_server.h"
#include "tests/support/support.h"

#include "libasync/dns/settings.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define MANY 10000

static async_future *lookups[MANY];

static void ask_for(int count)
{
    char name[32];

    for (int i = 0; i < count; i++) {
        snprintf(name, sizeof name, "n%d.test", i);
        lookups[i] = async_getaddrinfo(loop, name, NULL, ASYNC_IPV4, ASYNC_STREAM, 0);
    }
}

static void check_answers(int count)
{
    char expected[32];

    for (int i = 0; i < count; i++) {
        snprintf(expected, sizeof expected, "10.0.%d.%d:0/tcp", i / 256, i % 256);
        ck_assert_str_eq(outcome(lookups[i]), expected);
    }
}

/* No question had to be asked twice: none was lost, and nobody waited for that to be noticed. The server's own queue
 * has room for so many. */
static void look_up_once(int count)
{
    int before = name_server_queries();

    ask_for(count);
    check_answers(count);
    ck_assert_int_eq(name_server_queries() - before, count);
}

/* No more under way than the server's queue has room for, over two dozen ports; the others wait. */
START_TEST(ten_thousand_at_once_go_out_through_many_ports)
{
    int before = open_descriptors(), most = 0;

    serve_names("");
    resolver_settings.most_asked = 240;
    resolver_settings.most_of_a_line = 10;
    ask_for(MANY);
    while (!async_future_is_done(lookups[MANY - 1])) {
        int open = open_descriptors();

        most = open > most ? open : most;
        turns(20);
    }
    check_answers(MANY);
    ck_assert_int_eq(name_server_queries(), MANY);
    ck_assert_int_gt(most, before + 20);
    ck_assert_int_lt(most, before + 80);
    turns(2);
    serve_no_more();
    ck_assert_int_le(open_descriptors(), before);
}
END_TEST

START_TEST(a_full_queue_makes_the_rest_wait)
{
    static const int errors[] = {EAGAIN, ENOBUFS, ENOMEM, EINTR};

    serve_names("");
    resolver_settings.most_asked = 150;
    for (int i = 0; i < 4; i++) {
        system_fail(SYSTEM_SENDMMSG, 1, 7, errors[i]);
        look_up_once(300);
        ck_assert_int_gt(system_count(SYSTEM_SENDMMSG), 7);
        system_reset();
    }
    serve_no_more();
}
END_TEST

/* Such a kernel says at once that one may send, and then it takes nothing: who believes it never rests. */
START_TEST(a_kernel_without_buffers_is_asked_again_a_moment_later)
{
    async_future *first, *second;

    serve_names("");
    async_loop_set_clock(loop, ASYNC_CLOCK_MANUAL);
    system_fail(SYSTEM_SENDMMSG, 1, 2, ENOBUFS);
    first = ask("one.test");
    turns(20);
    second = ask("n1.test");
    turns(20);
    ck_assert_int_eq(system_count(SYSTEM_SENDMMSG), 1);
    async_loop_advance(loop, 0.01);
    turns(20);
    ck_assert_int_eq(system_count(SYSTEM_SENDMMSG), 2);
    ck_assert(!async_future_is_done(first));
    async_loop_advance(loop, 0.01);
    ck_assert_str_eq(outcome(first), "192.0.2.1:0/tcp");
    ck_assert_str_eq(outcome(second), "10.0.0.1:0/tcp");
    ck_assert_int_eq(system_failed(SYSTEM_SENDMMSG), 2);
    system_reset();
    serve_no_more();
}
END_TEST

START_TEST(a_loop_may_be_closed_while_the_kernel_has_no_buffers)
{
    async_future *lookup;

    serve_names("");
    system_fail(SYSTEM_SENDMMSG, 1, 1000, ENOBUFS);
    lookup = ask("one.test");
    turns(2);
    ck_assert_int_ge(system_failed(SYSTEM_SENDMMSG), 1);
    serve_no_more();
    async_loop_close(loop);
    ck_assert_int_eq(async_future_error(lookup), ASYNC_ECLOSED);
    async_future_unref(lookup);
    system_reset();
}
END_TEST

/* Be it for the moment that it is waited for. */
START_TEST(without_memory_a_question_that_cannot_be_sent_ends)
{
    int error;

    serve_names("");
    for (size_t n = 1;; n++) {
        system_fail(SYSTEM_SENDMMSG, 1, 1, ENOBUFS);
        memory_fail_at(n, false);
        error = finish(ask("one.test"));
        if (!memory_has_failed())
            break;
        ck_assert_msg(error == 0 || error == ASYNC_ENOMEM, "%zu: %d", n, error);
    }
    ck_assert_int_eq(error, 0);
    system_reset();
    serve_no_more();
}
END_TEST

/* More than its buffer holds at first is kept while the kernel takes nothing. */
START_TEST(what_waits_is_kept)
{
    serve_names("");
    system_fail(SYSTEM_SENDMMSG, 1, 300, EAGAIN);
    look_up_once(240);
    system_reset();
    serve_no_more();
}
END_TEST

START_TEST(some_of_a_burst_may_go_out)
{
    serve_names("");
    system_shorten(SYSTEM_SENDMMSG, 1, 3);
    look_up_once(100);
    ck_assert_int_gt(system_count(SYSTEM_SENDMMSG), 1);
    system_reset();
    serve_no_more();
}
END_TEST

START_TEST(news_of_an_earlier_refusal_does_not_stop_a_question)
{
    serve_names("");
    system_fail(SYSTEM_SENDMMSG, 1, 1, ECONNREFUSED);
    look_up_once(3);
    system_reset();
    serve_no_more();
}
END_TEST

START_TEST(what_cannot_be_sent_is_a_failure_at_once)
{
    char expected[128];

    serve_names("");
    system_fail(SYSTEM_SENDMMSG, 1, 100, EPERM);
    snprintf(expected, sizeof expected, "EDNS host 'one.test': the name server %s cannot be reached",
             name_server_address());
    ck_assert_str_eq(outcome(ask("one.test")), expected);
    ck_assert_int_lt(system_count(SYSTEM_SENDMMSG), 10);
    system_reset();
    ck_assert_str_eq(outcome(ask("one.test")), "192.0.2.1:0/tcp");
    serve_no_more();
}
END_TEST

#define LIMIT 256
static struct rlimit former_limit;
static int taken[LIMIT], taken_count;

/* All descriptors are in use but so many. */
static void leave_descriptors(int count)
{
    struct rlimit limit;

    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &former_limit), 0);
    limit = former_limit;
    limit.rlim_cur = LIMIT;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    for (taken_count = 0; (taken[taken_count] = dup(STDERR_FILENO)) >= 0; taken_count++)
        ;
    while (count--)
        close(taken[--taken_count]);
}

static void give_descriptors_back(void)
{
    while (taken_count)
        close(taken[--taken_count]);
    setrlimit(RLIMIT_NOFILE, &former_limit);
}

START_TEST(one_descriptor_serves_many_questions)
{
    int errors = 0;

    serve_names("");
    ck_assert_int_eq(finish(ask("one.test")), 0);
    turns(2);
    resolver_settings.most_of_a_line = 1;
    leave_descriptors(1);
    ask_for(100);
    for (int i = 0; i < 100; i++)
        errors += finish(lookups[i]) != 0;
    give_descriptors_back();
    ck_assert_int_eq(errors, 0);
    serve_no_more();
}
END_TEST

START_TEST(no_descriptor_is_a_failure_of_its_own)
{
    char expected[128], found[128];

    serve_names("");
    ck_assert_int_eq(finish(ask("one.test")), 0);
    turns(2);
    snprintf(expected, sizeof expected,
             "EDNS host 'both.test': the name server %s cannot be asked, for no descriptor is left",
             name_server_address());
    leave_descriptors(0);
    snprintf(found, sizeof found, "%s", outcome(ask("both.test")));
    give_descriptors_back();
    ck_assert_str_eq(found, expected);
    ck_assert_int_eq(finish(ask("both.test")), 0);
    serve_no_more();
}
END_TEST

int main(void)
{
    return RUN_TESTS("dns_wire", ten_thousand_at_once_go_out_through_many_ports, a_full_queue_makes_the_rest_wait,
                     a_kernel_without_buffers_is_asked_again_a_moment_later,
                     a_loop_may_be_closed_while_the_kernel_has_no_buffers,
                     without_memory_a_question_that_cannot_be_sent_ends,
                     what_waits_is_kept, some_of_a_burst_may_go_out,
                     news_of_an_earlier_refusal_does_not_stop_a_question, what_cannot_be_sent_is_a_failure_at_once,
                     one_descriptor_serves_many_questions, no_descriptor_is_a_failure_of_its_own);
}
