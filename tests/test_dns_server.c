/* Lookups that ask a name server, or wait for one. */
#include "tests/support/lookups.h"
#include "tests/support/name_server.h"
#include "tests/support/support.h"

#include "libasync/dns/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MANY 3000

static void serve(void)
{
    serve_names("192.0.2.7 printer\n");
}

/* "EDNS host 'x.test': the name server 127.0.0.1:5300 did so" */
static void check_blame(const char *host, const char *code, const char *deed)
{
    char expected[256];

    snprintf(expected, sizeof expected, "%s host '%s': the name server %s %s", code, host, name_server_address(), deed);
    ck_assert_str_eq(outcome(ask(host)), expected);
}

START_TEST(a_name_has_an_end)
{
    char label[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.test", name[300];

    ck_assert_int_eq(finish(ask(label)), ASYNC_EINVAL);
    use_hosts("");
    name_server_start(loop);
    ck_assert_int_eq(finish(ask(label + 1)), ASYNC_ENONAME);

    memset(name, 'a', sizeof name);
    for (size_t i = 50; i < 254; i += 50)
        name[i] = '.';
    name[253] = '\0';
    ck_assert_int_eq(finish(ask(name)), ASYNC_ENONAME);
    name[253] = 'a';
    name[254] = '\0';
    ck_assert_int_eq(finish(ask(name)), ASYNC_EINVAL);
    name[sizeof name - 1] = '\0';
    ck_assert_int_eq(finish(ask(name)), ASYNC_EINVAL);
    name_server_stop();
    forget_hosts();
}
END_TEST

START_TEST(a_name_server_is_asked)
{
    serve();
    ck_assert_str_eq(outcome(ask("one.test")), "192.0.2.1:0/tcp");
    ck_assert_int_eq(name_server_queries(), 2);
    ck_assert_str_eq(outcome(async_getaddrinfo(loop, "both.test.", "7", ASYNC_IPV6, ASYNC_ANY, 0)),
                     "[2001:db8::2]:7/tcp [2001:db8::2]:7/udp");
    ck_assert_str_eq(outcome(async_getaddrinfo(loop, "alias.test", NULL, ASYNC_IPV4, ASYNC_DATAGRAM, 0)),
                     "192.0.2.2:0/udp");
    ck_assert_str_eq(outcome(ask("n66051.test")), "10.1.2.3:0/tcp");
    serve_no_more();
}
END_TEST

START_TEST(what_a_name_server_says_is_told_apart)
{
    serve();
    ck_assert_str_eq(outcome(ask("missing.test")), "ENONAME host 'missing.test': no such host name");
    ck_assert_str_eq(outcome(ask("empty.test")), "ENONAME host 'empty.test': it has no address");
    ck_assert_str_eq(outcome(async_getaddrinfo(loop, "one.test", NULL, ASYNC_IPV6, ASYNC_ANY, 0)),
                     "ENONAME host 'one.test': it has no address of that family");
    check_blame("garbage.test", "EDNS", "sent an answer that makes no sense");
    check_blame("fails.test", "EDNS", "failed to find an answer");
    serve_no_more();
}
END_TEST

START_TEST(a_long_answer_comes_over_tcp)
{
    serve();
    ck_assert_str_eq(outcome(async_getaddrinfo(loop, "big.test", "1", ASYNC_IPV4, ASYNC_STREAM, 0)),
                     "192.0.2.2:1/tcp");
    ck_assert_str_eq(outcome(async_getaddrinfo(loop, "big.test", "1", ASYNC_IPV6, ASYNC_STREAM, 0)),
                     "[2001:db8::2]:1/tcp");
    serve_no_more();
}
END_TEST

START_TEST(silence_and_lies_end_in_time)
{
    serve();
    setenv("RES_OPTIONS", "retrans:50 retry:2", 1);
    check_blame("never.test", "ETIMEDOUT", "did not answer in time");
    ck_assert_int_eq(name_server_queries(), 4);
    check_blame("lies.test", "EDNS", "only answered another question");
    serve_no_more();
}
END_TEST

START_TEST(a_lookup_waits_while_the_loop_runs_on)
{
    async_future *late;

    serve();
    late = ask("late.test");
    ck_assert(!async_future_is_done(late));
    ck_assert_str_eq(outcome(ask("one.test")), "192.0.2.1:0/tcp");
    ck_assert(!async_future_is_done(late));
    name_server_answer_late();
    ck_assert_str_eq(outcome(late), "192.0.2.1:0/tcp");
    serve_no_more();
}
END_TEST

START_TEST(a_cancelled_lookup_ends_at_once_and_the_others_go_on)
{
    async_future *lookups[3];

    serve();
    for (int i = 0; i < 3; i++)
        lookups[i] = ask("late.test");
    async_future_on_done(lookups[1], note_done, "cancelled", NULL);
    ck_assert_int_eq(async_future_cancel(lookups[1], "enough"), 0);
    ck_assert(async_future_is_cancelled(lookups[1]));
    ck_assert_notes("");
    ck_assert_int_eq(async_future_cancel(lookups[1], NULL), ASYNC_ESTATE);
    turn();
    ck_assert_notes("cancelled");
    ck_assert_str_eq(outcome(ask("one.test")), "192.0.2.1:0/tcp");
    name_server_answer_late();
    ck_assert_str_eq(outcome(lookups[0]), "192.0.2.1:0/tcp");
    ck_assert_str_eq(outcome(lookups[2]), "192.0.2.1:0/tcp");
    ck_assert_str_eq(outcome(lookups[1]), "ECANCELED enough");
    serve_no_more();
}
END_TEST

START_TEST(a_lookup_that_was_not_asked_yet_can_be_cancelled_too)
{
    async_future *first, *second, *third;

    serve();
    resolver_settings.most_asked = 2;
    first = ask("late.test");
    second = ask("both.test");
    third = ask("alias.test");
    ck_assert_int_eq(async_future_cancel(second, NULL), 0);
    ck_assert(!async_future_is_done(third));
    while (name_server_queries() < 2)
        turn();
    name_server_answer_late();
    ck_assert_str_eq(outcome(first), "192.0.2.1:0/tcp");
    ck_assert_int_eq(finish(third), 0);
    ck_assert_int_eq(name_server_queries(), 4);
    ck_assert_int_eq(finish(second), ASYNC_ECANCELED);
    serve_no_more();
}
END_TEST

/* A task that looks a host up, and notes how that ended if it is told. */
static async_step look_up, tell;

static async_next look_up(async_task *task, void *host)
{
    return async_try(task, ask(host), tell);
}

static async_next tell(async_task *task, void *host)
{
    note("%s", async_error_name(async_caught(task)));
    return async_fail_with(task, async_value_ref(async_task_failure(task)));
}

START_TEST(a_cancelled_task_cancels_its_lookup)
{
    async_future *task;

    serve();
    task = async_create_task(loop, look_up, (void *)"never.test", NULL);
    turns(2);
    async_future_cancel(task, NULL);
    ck_assert_int_eq(finish(task), ASYNC_ECANCELED);
    ck_assert_notes("ASYNC_ECANCELED");
    serve_no_more();
}
END_TEST

static void wait_for_answers(int queries)
{
    while (name_server_queries() < queries)
        turn();
    ck_assert_int_eq(finish(ask("one.test")), 0);
}

START_TEST(a_dropped_lookup_still_ends_and_its_failure_is_reported)
{
    serve();
    async_future_unref(ask("one.test"));
    async_future_unref(ask("missing.test"));
    wait_for_answers(4);
    ck_assert_str_eq(reports(),
                     "ASYNC_ENONAME: getaddrinfo failed and nobody read it: host 'missing.test': no such host name");
    serve_no_more();
}
END_TEST

/* Whoever hears of the failure may start the next lookup; c-ares must not be at work then. */
static void look_on(async_loop *from, async_future *source, int error, const char *message, void *user)
{
    *(async_future **)user = ask("both.test");
}

START_TEST(a_report_may_start_the_next_lookup)
{
    async_future *next = NULL;

    serve();
    async_loop_set_exception_handler(loop, look_on, &next, NULL);
    async_future_unref(ask("missing.test"));
    while (!next)
        turn();
    ck_assert_int_eq(finish(next), 0);
    serve_no_more();
}
END_TEST

static void look_again(async_future *done, void *user)
{
    *(async_future **)user = ask("both.test");
}

START_TEST(a_callback_may_start_the_next_lookup)
{
    async_future *first, *next = NULL;

    serve();
    first = ask("one.test");
    async_future_on_done(first, look_again, &next, NULL);
    ck_assert_int_eq(finish(first), 0);
    turn();
    ck_assert_int_eq(finish(next), 0);
    serve_no_more();
}
END_TEST

START_TEST(lookups_gather)
{
    async_future *lookups[3], *all;

    serve();
    for (int round = 0; round < 2; round++) {
        lookups[0] = ask("both.test");
        lookups[1] = ask("missing.test");
        lookups[2] = ask("printer");
        all = async_gather(loop, lookups, 3, round ? ASYNC_GATHER_KEEP_ERRORS : 0);
        if (round == 0) {
            ck_assert_str_eq(outcome(all), "ENONAME host 'missing.test': no such host name");
            continue;
        }
        ck_assert_int_eq(async_loop_run_until(loop, all), 0);
        ck_assert_uint_eq(async_value_count(async_value_item(async_future_value(all), 0)), 2);
        ck_assert_int_eq(async_value_error(async_value_item(async_future_value(all), 1)), ASYNC_ENONAME);
        async_future_unref(all);
    }
    serve_no_more();
}
END_TEST

static void look_many_up(uint32_t most_asked)
{
    async_future *lookups[MANY];
    char name[32];

    resolver_settings.most_asked = most_asked;
    for (int i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "n%d.test", i);
        lookups[i] = async_getaddrinfo(loop, name, NULL, ASYNC_IPV4, ASYNC_STREAM, 0);
    }
    for (int i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "10.0.%d.%d:0/tcp", i / 256, i % 256);
        ck_assert_str_eq(outcome(lookups[i]), name);
    }
}

START_TEST(thousands_are_looked_up_at_once)
{
    serve();
    look_many_up(100);
    serve_no_more();
}
END_TEST

static void check_end(async_future *taken)
{
    ck_assert_int_eq(async_future_error(taken), ASYNC_ECLOSED);
    async_future_unref(taken);
}

static void close_with_lookups(int (*close_it)(async_loop *closing))
{
    async_future *asked, *waiting, *task;

    serve();
    resolver_settings.most_asked = 2;
    asked = ask("never.test");
    task = async_create_task(loop, look_up, (void *)"late.test", NULL);
    turns(2);
    waiting = ask("both.test");
    async_future_unref(ask("printer"));
    ck_assert_int_eq(close_it(loop), 0);
    check_end(asked);
    check_end(waiting);
    async_future_mark_read(task);
    async_future_unref(task);
    check_end(async_getaddrinfo(loop, "::1", NULL, ASYNC_ANY, ASYNC_ANY, 0));
    serve_no_more();
}

START_TEST(a_close_ends_lookups)
{
    close_with_lookups(async_loop_close);
    ck_assert_notes("ASYNC_ECANCELED");
}
END_TEST

START_TEST(an_abandoned_loop_ends_them_too)
{
    close_with_lookups(async_loop_abandon);
    ck_assert_notes("");
    ck_assert_str_ne(reports(), "");
}
END_TEST

START_TEST(a_cancelled_lookup_may_outlive_its_loop)
{
    async_future *lookup;

    serve();
    lookup = ask("never.test");
    turn();
    async_future_cancel(lookup, NULL);
    loop = (async_loop_close(loop), async_loop_unref(loop));
    ck_assert_int_eq(async_future_error(lookup), ASYNC_ECANCELED);
    async_future_unref(lookup);
    serve_no_more();
}
END_TEST

/* A loop and a server for each n: each allocation fails once in a whole life of a resolver, then memory is back. */
static bool survives_failure_at(size_t n, bool all_that_follow)
{
    static const char *const names[] = {"both.test", "printer", "localhost", "missing.test", "::1"};
    async_future *lookups[5];
    bool failed;

    memory_fail_at(n, all_that_follow);
    for (int i = 0; i < 5; i++)
        lookups[i] = ask(names[i]);
    failed = memory_has_failed();
    for (int i = 0; i < 5; i++) {
        int error = finish(lookups[i]);

        ck_assert_msg(error == ASYNC_ENOMEM || error == (i == 3 ? ASYNC_ENONAME : 0), "%s: %s", names[i],
                      async_error_name(error));
    }
    return failed;
}

static void fail_each_allocation(bool all_that_follow)
{
    bool failed = true;

    for (size_t n = 1; failed; n++) {
        ck_assert_int_eq(async_loop_close(loop), 0);
        async_loop_unref(loop);
        loop = async_loop_new();
        async_loop_set_exception_handler(loop, note_report, NULL, NULL);
        serve();
        failed = survives_failure_at(n, all_that_follow);
        serve_no_more();
    }
}

START_TEST(each_failed_allocation_is_an_error)
{
    fail_each_allocation(false);
    fail_each_allocation(true);
}
END_TEST

/* The same while answers come in. The server itself allocates nothing meanwhile. */
START_TEST(an_answer_without_memory_is_an_error)
{
    bool failed = true;

    serve();
    ck_assert_int_eq(finish(ask("both.test")), 0);
    for (size_t n = 1; failed; n++) {
        async_future *lookup = ask("both.test");
        int error;

        memory_fail_at(n, false);
        error = finish(lookup);
        failed = memory_has_failed();
        ck_assert_int_eq(error, failed ? ASYNC_ENOMEM : 0);
    }
    serve_no_more();
}
END_TEST

int main(void)
{
    return RUN_TESTS("dns_server", a_name_has_an_end, a_name_server_is_asked, what_a_name_server_says_is_told_apart,
                     a_long_answer_comes_over_tcp, silence_and_lies_end_in_time, a_lookup_waits_while_the_loop_runs_on,
                     a_cancelled_lookup_ends_at_once_and_the_others_go_on,
                     a_lookup_that_was_not_asked_yet_can_be_cancelled_too, a_cancelled_task_cancels_its_lookup,
                     a_dropped_lookup_still_ends_and_its_failure_is_reported, a_report_may_start_the_next_lookup,
                     a_callback_may_start_the_next_lookup, lookups_gather, thousands_are_looked_up_at_once,
                     a_close_ends_lookups, an_abandoned_loop_ends_them_too, a_cancelled_lookup_may_outlive_its_loop,
                     each_failed_allocation_is_an_error, an_answer_without_memory_is_an_error);
}
