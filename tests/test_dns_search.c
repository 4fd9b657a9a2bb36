/* What resolv.conf and the hosts file say: search domains, and files that are replaced while lookups are under way. */
#include "tests/support/lookups.h"
#include "tests/support/name_server.h"
#include "tests/support/support.h"

#include "libasync/dns/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char configuration_path[] = "/tmp/libasync-resolv-XXXXXX";
static char hosts_path[] = "/tmp/libasync-hosts-XXXXXX";

/* As those do who change such files: a new one is renamed over the old one. */
static void replace(const char *path, const char *text)
{
    char successor[] = "/tmp/libasync-new-XXXXXX";

    write_file(successor, text);
    ck_assert_int_eq(rename(successor, path), 0);
}

static void configure(const char *text)
{
    char whole[512];

    snprintf(whole, sizeof whole, "nameserver %s\n%s", name_server_address(), text);
    replace(configuration_path, whole);
}

static void serve(const char *configuration)
{
    serve_names("");
    write_file(configuration_path, "");
    write_file(hosts_path, "");
    resolver_settings.configuration = configuration_path;
    resolver_settings.hosts = hosts_path;
    resolver_settings.servers = NULL;
    configure(configuration);
}

static void stop(void)
{
    serve_no_more();
    unlink(configuration_path);
    unlink(hosts_path);
}

static void check(const char *host, const char *expected, const char *asked)
{
    ck_assert_str_eq(outcome(ask(host)), expected);
    ck_assert_str_eq(name_server_asked(), asked);
}

START_TEST(a_short_name_is_sought_in_the_domains)
{
    serve("search nowhere test\n");
    check("one", "192.0.2.1:0/tcp", "one.nowhere one.test");
    check("missing", "ENONAME host 'missing': no such host name", "missing.nowhere missing.test missing");
    check("one.test", "192.0.2.1:0/tcp", "one.test");
    check("one.", "192.0.2.1:0/tcp", "one");
    check("a.nowhere", "ENONAME host 'a.nowhere': no such host name", "a.nowhere a.nowhere.nowhere a.nowhere.test");
    check("empty", "ENONAME host 'empty': it has no address", "empty.nowhere empty.test empty");
    stop();
}
END_TEST

START_TEST(ndots_tells_what_is_short)
{
    serve("search nowhere\noptions ndots:2\n");
    check("one.test", "192.0.2.1:0/tcp", "one.test.nowhere one.test");
    check("one.a.test", "192.0.2.1:0/tcp", "one.a.test");
    configure("search nowhere\noptions ndots:0\n");
    check("one", "192.0.2.1:0/tcp", "one");
    stop();
}
END_TEST

START_TEST(a_server_that_fails_does_not_end_the_search_and_is_told_in_the_end)
{
    char expected[256];

    serve("search a.test nowhere\n");
    snprintf(expected, sizeof expected, "EDNS host 'fails': the name server %s failed to find an answer",
             name_server_address());
    check("fails", expected, "fails.a.test fails.nowhere fails");
    stop();
}
END_TEST

START_TEST(a_domain_that_makes_the_name_too_long_is_left_out)
{
    char text[600] = "search ", name[64] = "", asked[160];

    for (int i = 0; i < 6; i++)
        strcat(strcat(text, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), i < 5 ? "." : " test\n");
    for (int i = 0; i < 5; i++)
        strcat(strcat(name, i ? "." : ""), "bbbbbbbbb");
    serve(strcat(text, "options ndots:9\n"));
    ck_assert_int_eq(finish(ask(name)), ASYNC_ENONAME);
    snprintf(asked, sizeof asked, "%s.test %s", name, name);
    ck_assert_str_eq(name_server_asked(), asked);
    stop();
}
END_TEST

START_TEST(a_new_hosts_file_counts_from_the_next_lookup_on)
{
    serve("");
    replace(hosts_path, "192.0.2.7 printer.test\n");
    check("printer.test", "192.0.2.7:0/tcp", "");
    replace(hosts_path, "192.0.2.8 printer.test # has moved\n");
    check("printer.test", "192.0.2.8:0/tcp", "");
    unlink(hosts_path);
    check("printer.test", "ENONAME host 'printer.test': no such host name", "printer.test");
    stop();
}
END_TEST

START_TEST(a_file_is_believed_for_a_while)
{
    serve("");
    resolver_settings.check_seconds = 1000;
    replace(hosts_path, "192.0.2.7 printer.test\n");
    check("printer.test", "192.0.2.7:0/tcp", "");
    replace(hosts_path, "192.0.2.8 printer.test\n");
    check("printer.test", "192.0.2.7:0/tcp", "");
    stop();
}
END_TEST

/* The lookups of before end with the channel that they were asked of, those that come after go elsewhere. */
START_TEST(a_new_resolv_conf_loses_no_lookup)
{
    async_future *late[4];

    serve("search nowhere test\n");
    for (int i = 0; i < 4; i++) {
        late[i] = ask("late.test");
        while (name_server_queries() < 2 * (i + 1))
            turn();
        configure(i % 2 ? "search test\n" : "options ndots:3\n");
        ck_assert_str_eq(outcome(async_getaddrinfo(loop, "192.0.2.9", NULL, ASYNC_ANY, ASYNC_STREAM, 0)),
                         "192.0.2.9:0/tcp");
    }
    replace(configuration_path, "nameserver 127.0.0.1:1\n");
    ck_assert_int_eq(finish(ask("one.test")), ASYNC_EDNS);
    configure("");
    ck_assert_str_eq(outcome(ask("one.test")), "192.0.2.1:0/tcp");
    name_server_answer_late();
    for (int i = 0; i < 4; i++)
        ck_assert_str_eq(outcome(late[i]), "192.0.2.1:0/tcp");
    stop();
}
END_TEST

START_TEST(a_lookup_under_way_may_outlast_two_files_and_its_loop)
{
    async_future *late;

    serve("");
    late = ask("late.test");
    turn();
    configure("options ndots:2\n");
    ck_assert_int_eq(finish(ask("one.test")), 0);
    configure("options ndots:3\n");
    ck_assert_int_eq(finish(ask("one.test")), 0);
    ck_assert_int_eq(async_loop_close(loop), 0);
    ck_assert_int_eq(async_future_error(late), ASYNC_ECLOSED);
    async_future_unref(late);
    stop();
}
END_TEST

START_TEST(names_beyond_ascii_are_asked_for_in_their_own_form)
{
    serve("search test\n");
    check("b\303\274cher.test", "192.0.2.1:0/tcp", "xn--bcher-kva.test");
    check("B\303\234CHER.test", "192.0.2.1:0/tcp", "xn--bcher-kva.test");
    check("b\303\274cher", "192.0.2.1:0/tcp", "xn--bcher-kva.test");
    check("\346\227\245\346\234\254\350\252\236\343\200\202test", "192.0.2.1:0/tcp", "xn--wgv71a119e.test");
    replace(hosts_path, "192.0.2.7 xn--bcher-kva.local\n");
    check("b\303\274cher.local", "192.0.2.7:0/tcp", "");
    check("u\314\210.test", "ENONAME host 'u\314\210.test': a letter and its accent must be one character", "");
    check("\377.test", "ENONAME host '\377.test': it is not UTF-8", "");
    stop();
}
END_TEST

START_TEST(name_servers_can_be_set)
{
    async_future *late;

    serve("");
    ck_assert_int_eq(async_dns_set_servers(loop, "127.0.0.1:1, [::1]:1"), 0);
    ck_assert_str_eq(outcome(ask("one.test")),
                     "EDNS host 'one.test': the name servers 127.0.0.1:1, [::1]:1 cannot be reached");
    ck_assert_int_eq(async_dns_set_servers(loop, name_server_address()), 0);
    late = ask("late.test");
    while (name_server_queries() < 2)
        turn();
    ck_assert_int_eq(async_dns_set_servers(loop, "127.0.0.1:1"), 0);
    configure("options ndots:2\n");
    ck_assert_int_eq(finish(ask("one.test")), ASYNC_EDNS);
    ck_assert_int_eq(async_dns_set_servers(loop, NULL), 0);
    ck_assert_str_eq(outcome(ask("one.test")), "192.0.2.1:0/tcp");
    name_server_answer_late();
    ck_assert_str_eq(outcome(late), "192.0.2.1:0/tcp");
    stop();
}
END_TEST

START_TEST(name_servers_that_are_none_are_refused_and_the_former_stay)
{
    static const char *const wrong[] = {"",       ",",         "localhost",  "127.0.0.1:0", "127.0.0.1:65536", "[::1",
                                        "[::1]5", "::1 1.2.3", "127.0.0.1:", "127.0.0.1:x", "fe80::1%nosuch0",
                                        "::1 ::1 ::1 ::1 ::1 ::1 ::1 ::1 ::1"};

    serve("");
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        ck_assert_int_eq(async_dns_set_servers(loop, wrong[i]), ASYNC_EINVAL);
    ck_assert_str_eq(outcome(ask("one.test")), "192.0.2.1:0/tcp");
    ck_assert_int_eq(async_dns_set_servers(NULL, NULL), ASYNC_EINVAL);
    ck_assert_int_eq(async_loop_close(loop), 0);
    ck_assert_int_eq(async_dns_set_servers(loop, NULL), ASYNC_ECLOSED);
    stop();
}
END_TEST

START_TEST(servers_without_memory_are_not_set)
{
    bool failed = true;

    for (size_t n = 1; failed; n++) {
        int error;

        async_loop_close(loop);
        async_loop_unref(loop);
        loop = async_loop_new();
        serve("");
        memory_fail_at(n, false);
        error = async_dns_set_servers(loop, name_server_address());
        failed = memory_has_failed();
        ck_assert_int_eq(error, failed ? ASYNC_ENOMEM : 0);
        ck_assert_int_eq(finish(ask("one.test")), 0);
        stop();
    }
}
END_TEST

int main(void)
{
    return RUN_TESTS("dns_search", a_short_name_is_sought_in_the_domains, ndots_tells_what_is_short,
                     a_server_that_fails_does_not_end_the_search_and_is_told_in_the_end,
                     a_domain_that_makes_the_name_too_long_is_left_out,
                     a_new_hosts_file_counts_from_the_next_lookup_on, a_file_is_believed_for_a_while,
                     a_new_resolv_conf_loses_no_lookup, a_lookup_under_way_may_outlast_two_files_and_its_loop,
                     names_beyond_ascii_are_asked_for_in_their_own_form, name_servers_can_be_set,
                     name_servers_that_are_none_are_refused_and_the_former_stay, servers_without_memory_are_not_set);
}
