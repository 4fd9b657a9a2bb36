/* Name servers that do not do as they should, and machines that do not. */
#include "tests/support/lookups.h"
#include "tests/support/name_server.h"
#include "tests/support/support.h"

#include "libasync/dns/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void serve(void)
{
    serve_names("");
    setenv("RES_OPTIONS", "retrans:50 retry:2", 1);
}

START_TEST(each_fault_of_a_name_server_has_words_of_its_own)
{
    static const struct {
        const char *host, *code, *deed;
    } faults[] = {
        {"never.test", "ETIMEDOUT", "did not answer in time"},
        {"scrap.test", "ETIMEDOUT", "did not answer in time"},
        {"hides.test", "EDNS", "only answered under another number"},
        {"lies.test", "EDNS", "only answered another question"},
        {"garbage.test", "EDNS", "sent an answer that makes no sense"},
        {"circle.test", "EDNS", "sent aliases that go in a circle"},
        {"chain17.test", "EDNS", "sent more than 16 aliases in a row"},
        {"fails.test", "EDNS", "failed to find an answer"},
        {"refuses.test", "EDNS", "refused to answer"},
        {"unable.test", "EDNS", "cannot answer such questions"},
    };
    char expected[256];

    serve();
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        snprintf(expected, sizeof expected, "%s host '%s': the name server %s %s", faults[i].code, faults[i].host,
                 name_server_address(), faults[i].deed);
        ck_assert_str_eq(outcome(ask(faults[i].host)), expected);
    }
    serve_no_more();
}
END_TEST

START_TEST(faults_of_some_do_not_harm_others)
{
    static const char *const hosts[] = {"never.test", "lies.test", "refuses.test", "garbage.test", "circle.test"};
    async_future *bad[5], *good[5];

    serve();
    for (int i = 0; i < 5; i++) {
        bad[i] = ask(hosts[i]);
        good[i] = ask("both.test");
    }
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(finish(good[i]), 0);
        ck_assert_int_ne(finish(bad[i]), 0);
    }
    serve_no_more();
}
END_TEST

START_TEST(the_next_name_server_is_asked)
{
    char servers[128];

    serve();
    snprintf(servers, sizeof servers, "127.0.0.1:1, %s", name_server_address());
    resolver_settings.servers = servers;
    ck_assert_str_eq(outcome(ask("one.test")), "192.0.2.1:0/tcp");
    snprintf(servers, sizeof servers, "127.0.0.1:1, [::1]:1");
    async_loop_close(loop);
    async_loop_unref(loop);
    loop = async_loop_new();
    ck_assert_str_eq(outcome(ask("one.test")),
                     "EDNS host 'one.test': the name servers 127.0.0.1:1, [::1]:1 cannot be reached");
    name_server_stop();
    forget_hosts();
}
END_TEST

START_TEST(a_server_without_edns_is_asked_without)
{
    async_future *lookups[3];

    serve();
    for (int i = 0; i < 3; i++)
        lookups[i] = ask("old.test");
    for (int i = 0; i < 3; i++)
        ck_assert_str_eq(outcome(lookups[i]), "192.0.2.1:0/tcp");
    ck_assert_str_eq(outcome(ask("old.test")), "192.0.2.1:0/tcp");
    serve_no_more();
}
END_TEST

START_TEST(aliases_may_come_in_any_order)
{
    serve();
    ck_assert_str_eq(outcome(async_getaddrinfo(loop, "chain2.test", "1", ASYNC_IPV4, ASYNC_STREAM, 0)),
                     "192.0.2.2:1/tcp");
    ck_assert_str_eq(outcome(async_getaddrinfo(loop, "chain16.test", "1", ASYNC_IPV6, ASYNC_STREAM, 0)),
                     "[2001:db8::2]:1/tcp");
    serve_no_more();
}
END_TEST

START_TEST(hundreds_of_addresses_keep_their_order)
{
    async_future *lookup;

    serve();
    lookup = ask("many.test");
    ck_assert_int_eq(async_loop_run_until(loop, lookup), 0);
    ck_assert_uint_eq(async_value_count(async_future_value(lookup)), 300);
    ck_assert_str_eq(async_address_host(async_value_item(async_future_value(lookup), 0)), "10.0.0.0");
    ck_assert_str_eq(async_address_host(async_value_item(async_future_value(lookup), 299)), "10.0.1.43");
    async_future_unref(lookup);
    serve_no_more();
}
END_TEST

int main(void)
{
    return RUN_TESTS("dns_faults", each_fault_of_a_name_server_has_words_of_its_own, faults_of_some_do_not_harm_others,
                     the_next_name_server_is_asked, a_server_without_edns_is_asked_without,
                     aliases_may_come_in_any_order, hundreds_of_addresses_keep_their_order);
}
