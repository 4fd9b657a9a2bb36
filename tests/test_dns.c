/* What needs no name server: addresses as text, services, the hosts file and names that are refused. */
#include "tests/support/lookups.h"
#include "tests/support/support.h"

#include "libasync/dns/configuration.h"
#include "libasync/dns/settings.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char configuration_path[] = "/tmp/libasync-resolv-XXXXXX";

struct sample {
    const char *host, *service;
    int family, type;
    uint32_t flags;
    const char *expected;
};

static void check_samples(const struct sample *samples, size_t count)
{
    for (size_t i = 0; i < count; i++)
        ck_assert_str_eq(outcome(async_getaddrinfo(loop, samples[i].host, samples[i].service, samples[i].family,
                                                   samples[i].type, samples[i].flags)),
                         samples[i].expected);
}
#define CHECK_SAMPLES(samples) check_samples(samples, sizeof samples / sizeof samples[0])

START_TEST(an_address_as_text_is_itself)
{
    static const struct sample samples[] = {
        {"127.0.0.1", "80", ASYNC_ANY, ASYNC_STREAM, 0, "127.0.0.1:80/tcp"},
        {"127.0.0.1", "80", ASYNC_ANY, ASYNC_DATAGRAM, 0, "127.0.0.1:80/udp"},
        {"127.0.0.1", "80", ASYNC_ANY, ASYNC_ANY, 0, "127.0.0.1:80/tcp 127.0.0.1:80/udp"},
        {"255.255.255.255", NULL, ASYNC_IPV4, ASYNC_STREAM, ASYNC_DNS_NUMERIC_HOST, "255.255.255.255:0/tcp"},
        {"::1", "65535", ASYNC_IPV6, ASYNC_STREAM, ASYNC_DNS_NUMERIC_HOST, "[::1]:65535/tcp"},
        {"2001:0DB8:0:0:1::1", "1", ASYNC_ANY, ASYNC_STREAM, 0, "[2001:db8::1:0:0:1]:1/tcp"},
        {"::ffff:192.0.2.1", "1", ASYNC_ANY, ASYNC_STREAM, 0, "[::ffff:192.0.2.1]:1/tcp"},
        {"::1", NULL, ASYNC_IPV4, ASYNC_STREAM, 0,
         "ENONAME host '::1': it is an IPv6 address and IPv4 was asked for"},
        {"10.0.0.1", NULL, ASYNC_IPV6, ASYNC_STREAM, 0,
         "ENONAME host '10.0.0.1': it is an IPv4 address and IPv6 was asked for"},
        {"10.0.0.256", NULL, ASYNC_ANY, ASYNC_STREAM, 0, "ENONAME host '10.0.0.256': not an address"},
        {"10.1", NULL, ASYNC_ANY, ASYNC_STREAM, 0, "ENONAME host '10.1': not an address"},
        {"7", NULL, ASYNC_ANY, ASYNC_STREAM, 0, "ENONAME host '7': not an address"},
    };

    CHECK_SAMPLES(samples);
}
END_TEST

START_TEST(an_address_is_there_at_once_but_tells_nobody_inside_the_call)
{
    async_future *future = async_getaddrinfo(loop, "::1", "1", ASYNC_ANY, ASYNC_ANY, 0);

    ck_assert(async_future_is_done(future));
    ck_assert_int_eq(async_future_on_done(future, note_done, "done", NULL), 0);
    ck_assert_notes("");
    turn();
    ck_assert_notes("done");
    ck_assert_int_eq(async_future_cancel(future, NULL), ASYNC_ESTATE);
    async_future_unref(future);
}
END_TEST

START_TEST(a_scope_is_an_interface_by_name_or_number)
{
    static const char *const hosts[] = {"fe80::1%lo", "fe80::1%1"};

    for (int i = 0; i < 2; i++) {
        async_future *future = ask(hosts[i]);
        async_value *address = async_value_item(async_future_value(future), 0);

        ck_assert_str_eq(async_address_host(address), "fe80::1");
        ck_assert_uint_eq(async_address_scope(address), 1);
        async_future_unref(future);
    }
    ck_assert_str_eq(outcome(ask("fe80::1%nosuch0")), "ENONAME host 'fe80::1%nosuch0': no such network interface");
    ck_assert_str_eq(outcome(ask("fe80::1%")), "ENONAME host 'fe80::1%': no such network interface");
    ck_assert_str_eq(outcome(ask("fe80::1%99999999999")),
                     "ENONAME host 'fe80::1%99999999999': no such network interface");
}
END_TEST

START_TEST(without_a_host_it_is_this_machine)
{
    static const struct sample samples[] = {
        {NULL, "80", ASYNC_ANY, ASYNC_STREAM, 0, "[::1]:80/tcp 127.0.0.1:80/tcp"},
        {NULL, "80", ASYNC_IPV4, ASYNC_STREAM, 0, "127.0.0.1:80/tcp"},
        {NULL, "80", ASYNC_IPV6, ASYNC_DATAGRAM, ASYNC_DNS_NUMERIC_HOST, "[::1]:80/udp"},
        {NULL, "80", ASYNC_ANY, ASYNC_STREAM, ASYNC_DNS_PASSIVE, "0.0.0.0:80/tcp [::]:80/tcp"},
        {NULL, "80", ASYNC_IPV6, ASYNC_STREAM, ASYNC_DNS_PASSIVE, "[::]:80/tcp"},
        {NULL, NULL, ASYNC_ANY, ASYNC_STREAM, 0, "EINVAL getaddrinfo: host and service are both NULL"},
    };

    CHECK_SAMPLES(samples);
}
END_TEST

START_TEST(a_service_is_a_number_or_of_the_services_file)
{
    static const struct sample samples[] = {
        {"::1", "0", ASYNC_ANY, ASYNC_STREAM, 0, "[::1]:0/tcp"},
        {"::1", "00080", ASYNC_ANY, ASYNC_STREAM, 0, "[::1]:80/tcp"},
        {"::1", "65536", ASYNC_ANY, ASYNC_STREAM, 0, "ESERVICE service '65536' of host '::1': ports end at 65535"},
        {"::1", "99999999999999999999999", ASYNC_ANY, ASYNC_STREAM, 0,
         "ESERVICE service '99999999999999999999999' of host '::1': ports end at 65535"},
        {"::1", "-1", ASYNC_ANY, ASYNC_STREAM, 0, "ESERVICE service '-1' of host '::1': no such service"},
        {"::1", " 80", ASYNC_ANY, ASYNC_STREAM, 0, "ESERVICE service ' 80' of host '::1': no such service"},
        {"::1", "", ASYNC_ANY, ASYNC_STREAM, 0, "ESERVICE service '' of host '::1': the service is empty"},
        {NULL, "nosuch", ASYNC_ANY, ASYNC_ANY, 0, "ESERVICE service 'nosuch': no such service"},
        {"localhost", "nosuch", ASYNC_ANY, ASYNC_ANY, 0,
         "ESERVICE service 'nosuch' of host 'localhost': no such service"},
    };

    CHECK_SAMPLES(samples);
}
END_TEST

/* A machine need not have a services file; what it has, is what is expected. */
START_TEST(a_named_service_has_the_port_of_its_protocol)
{
    static const char *const names[] = {"http", "domain", "tftp", "syslog"};

    for (int i = 0; i < 4; i++) {
        int tcp = services_port(names[i], "tcp"), udp = services_port(names[i], "udp");
        char expected[128] = "";

        if (tcp < 0 && udp < 0)
            snprintf(expected, sizeof expected, "ESERVICE service '%s' of host '::1': no such service", names[i]);
        if (tcp >= 0)
            snprintf(expected, sizeof expected, "[::1]:%d/tcp%s", tcp, udp >= 0 ? " " : "");
        if (udp >= 0)
            snprintf(expected + strlen(expected), sizeof expected - strlen(expected), "[::1]:%d/udp", udp);
        ck_assert_str_eq(outcome(async_getaddrinfo(loop, "::1", names[i], ASYNC_ANY, ASYNC_ANY, 0)), expected);
    }
}
END_TEST

START_TEST(settings_that_are_none_are_refused)
{
    static const struct sample samples[] = {
        {"::1", NULL, 5, ASYNC_ANY, 0, "EINVAL getaddrinfo: the family 5 is unknown"},
        {"::1", NULL, -1, ASYNC_ANY, 0, "EINVAL getaddrinfo: the family -1 is unknown"},
        {"::1", NULL, ASYNC_ANY, 3, 0, "EINVAL getaddrinfo: the type 3 is unknown"},
        {"::1", NULL, ASYNC_ANY, ASYNC_ANY, 64, "EINVAL getaddrinfo: the flags are unknown"},
    };
    async_future *future = async_getaddrinfo(NULL, "::1", NULL, ASYNC_ANY, ASYNC_ANY, 0);

    CHECK_SAMPLES(samples);
    ck_assert_int_eq(async_future_error(future), ASYNC_EINVAL);
    ck_assert_str_eq(async_future_message(future), "loop is NULL");
}
END_TEST

START_TEST(a_name_that_cannot_be_one_is_told_why)
{
    static const struct sample samples[] = {
        {"", NULL, ASYNC_ANY, ASYNC_ANY, 0, "ENONAME host '': the name is empty"},
        {".", NULL, ASYNC_ANY, ASYNC_ANY, 0, "ENONAME host '.': a part of the name between dots is empty"},
        {"a..b", NULL, ASYNC_ANY, ASYNC_ANY, 0, "ENONAME host 'a..b': a part of the name between dots is empty"},
        {"a b", NULL, ASYNC_ANY, ASYNC_ANY, 0, "ENONAME host 'a b': no host name has such characters"},
        {"a\nb", NULL, ASYNC_ANY, ASYNC_ANY, 0, "ENONAME host 'a\nb': no host name has such characters"},
        {"http://example.org", NULL, ASYNC_ANY, ASYNC_ANY, 0,
         "ENONAME host 'http://example.org': no host name has such characters"},
        {"one.test", NULL, ASYNC_ANY, ASYNC_ANY, ASYNC_DNS_NUMERIC_HOST, "ENONAME host 'one.test': not an address"},
        {"nosuch.invalid", NULL, ASYNC_ANY, ASYNC_ANY, 0, "ENONAME host 'nosuch.invalid': no such host name"},
        {"INVALID.", NULL, ASYNC_ANY, ASYNC_ANY, 0, "ENONAME host 'INVALID.': no such host name"},
        {"one.onion", NULL, ASYNC_ANY, ASYNC_ANY, 0, "ENONAME host 'one.onion': no such host name"},
    };

    use_hosts("");
    CHECK_SAMPLES(samples);
    forget_hosts();
}
END_TEST

START_TEST(other_values_are_no_addresses)
{
    async_value *text = async_text("127.0.0.1");

    ck_assert_int_eq(async_address_family(text), 0);
    ck_assert_int_eq(async_address_type(NULL), 0);
    ck_assert_int_eq(async_address_port(text), 0);
    ck_assert_uint_eq(async_address_scope(NULL), 0);
    ck_assert_str_eq(async_address_host(text), "");
    async_value_unref(text);
}
END_TEST

START_TEST(an_address_outlives_its_loop)
{
    async_future *future = ask("::1");
    async_value *address = async_value_ref(async_value_item(async_future_value(future), 0));

    async_future_unref(future);
    loop = async_loop_unref(loop);
    ck_assert_str_eq(async_address_host(address), "::1");
    ck_assert_int_eq(async_value_kind(address), ASYNC_OBJECT);
    ck_assert_str_eq(async_type_name(async_value_type(address)), "address");
    async_value_unref(address);
}
END_TEST

START_TEST(localhost_is_the_loopback_and_so_are_names_below_it)
{
    static const char *const names[] = {"localhost", "LocalHost", "localhost.", "printer.localhost"};

    for (int i = 0; i < 4; i++)
        for (int family = ASYNC_IPV4; family <= ASYNC_IPV6; family += ASYNC_IPV6 - ASYNC_IPV4) {
            async_future *future = async_getaddrinfo(loop, names[i], "1", family, ASYNC_STREAM, 0);
            const char *host = async_address_host(async_value_item(async_future_value(future), 0));

            ck_assert_msg(strncmp(host, "127.", 4) == 0 || strcmp(host, "::1") == 0, "%s is %s", names[i], host);
            async_future_unref(future);
        }
}
END_TEST

START_TEST(the_hosts_file_is_asked_first)
{
    use_hosts("# a comment\n"
              "192.0.2.7 printer printer.example  # another\n"
              "2001:db8::7\tprinter\n"
              "192.0.2.8 Scanner\n"
              "no-address printer\n");
    ck_assert_str_eq(outcome(async_getaddrinfo(loop, "printer", "1", ASYNC_IPV4, ASYNC_STREAM, 0)),
                     "192.0.2.7:1/tcp");
    ck_assert_str_eq(outcome(async_getaddrinfo(loop, "printer", "1", ASYNC_IPV6, ASYNC_STREAM, 0)),
                     "[2001:db8::7]:1/tcp");
    ck_assert_str_eq(outcome(ask("printer.example")), "192.0.2.7:0/tcp");
    ck_assert_str_eq(outcome(ask("scanner")), "192.0.2.8:0/tcp");
    forget_hosts();
}
END_TEST

START_TEST(name_servers_that_nobody_reaches_are_an_error_of_their_own)
{
    use_hosts("");
    ck_assert_str_eq(outcome(ask("one.test")), "EDNS host 'one.test': the name server 127.0.0.1:1 cannot be reached");
    forget_hosts();
}
END_TEST

static void *ask_from_elsewhere(void *user)
{
    *(async_future **)user = ask("::1");
    return NULL;
}

static void ask_elsewhere(async_loop *from, void *user)
{
    pthread_t thread;

    ck_assert_int_eq(pthread_create(&thread, NULL, ask_from_elsewhere, user), 0);
    pthread_join(thread, NULL);
}

START_TEST(another_thread_is_refused)
{
    async_future *refused = NULL;

    async_loop_call_soon(loop, ask_elsewhere, &refused, NULL);
    turn();
    ck_assert_int_eq(async_future_error(refused), ASYNC_ETHREAD);
}
END_TEST

static void *look_up_in_a_loop_of_its_own(void *user)
{
    async_loop *own = async_loop_new();

    for (int i = 0; i < 50; i++) {
        async_future *lookup = async_getaddrinfo(own, "printer", "1", ASYNC_ANY, ASYNC_ANY, 0);

        ck_assert_int_eq(async_loop_run_until(own, lookup), 0);
        async_future_unref(lookup);
    }
    async_loop_close(own);
    return async_loop_unref(own);
}

START_TEST(each_loop_has_a_resolver_of_its_own)
{
    pthread_t threads[4];

    use_hosts("192.0.2.7 printer\n");
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, look_up_in_a_loop_of_its_own, NULL), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    forget_hosts();
}
END_TEST

static struct configuration configuration_of(const char *text, const char *options, const char *domains)
{
    struct configuration configuration;

    write_file(configuration_path, text);
    unsetenv("RES_OPTIONS");
    if (options)
        setenv("RES_OPTIONS", options, 1);
    if (domains)
        setenv("LOCALDOMAIN", domains, 1);
    ck_assert(configuration_read(&configuration, configuration_path));
    unlink(configuration_path);
    unsetenv("RES_OPTIONS");
    unsetenv("LOCALDOMAIN");
    return configuration;
}

static void check_patience(const char *text, const char *options, int milliseconds, int attempts)
{
    struct configuration configuration = configuration_of(text, options, NULL);

    ck_assert_int_eq(configuration.milliseconds, milliseconds);
    ck_assert_int_eq(configuration.attempts, attempts);
}

START_TEST(patience_is_as_resolv_conf_says)
{
    check_patience("", NULL, 2000, 3);
    check_patience("nameserver ::1\noptions timeout:1 attempts:2\n", NULL, 1000, 2);
    check_patience("options attempts:2\noptions ndots:5 timeout:7", NULL, 7000, 2);
    check_patience("options timeout:99 attempts:99\n", NULL, 30000, 5);
    check_patience("options timeout:0 attempts:-1 timeout: attempts:x\n# options timeout:3\n", NULL, 2000, 3);
    check_patience("options timeout:1\n", "timeout:4 retry:4", 4000, 4);
    check_patience("options\ttimeout:1\n", "retrans:250", 250, 3);
}
END_TEST

static void check_servers(const char *text, const char *expected)
{
    struct configuration configuration = configuration_of(text, NULL, NULL);
    char found[256];

    servers_write(&configuration.servers, found, sizeof found);
    ck_assert_str_eq(found, expected);
}

START_TEST(name_servers_are_those_of_resolv_conf)
{
    check_servers("", "127.0.0.1:53");
    check_servers("nameserver 192.0.2.1\nnameserver\t2001:db8::1 # the other\n", "192.0.2.1:53, [2001:db8::1]:53");
    check_servers("nameserver [::1]:5300\n nameserver 192.0.2.1\nnameserver\nnameserver x\n", "[::1]:5300");
    check_servers("nameservers 192.0.2.1\n;nameserver 192.0.2.1\nnameserver 192.0.2.2:\n", "127.0.0.1:53");
    check_servers("nameserver fe80::1%lo\r\nnameserver fe80::1%nosuch0\n", "[fe80::1]:53");
}
END_TEST

static void check_search(const char *text, const char *domains, const char *expected, int ndots)
{
    struct configuration configuration = configuration_of(text, NULL, domains);
    char found[MOST_SEARCH] = "";
    const char *domain = configuration.search;

    for (size_t i = 0; i < configuration.domains; i++, domain += strlen(domain) + 1) {
        strcat(found, i ? " " : "");
        strcat(found, domain);
    }
    ck_assert_str_eq(found, expected);
    ck_assert_int_eq(configuration.ndots, ndots);
}

START_TEST(search_domains_are_those_of_resolv_conf)
{
    check_search("search one.test two.test\n", NULL, "one.test two.test", 1);
    check_search("search one.test\ndomain two.test\noptions ndots:3\n", NULL, "two.test", 3);
    check_search("search one.test\noptions ndots:0\n", "three.test four.test", "three.test four.test", 0);
    check_search("search a b c d e f g h i j k l m n o p q r\noptions ndots:99\n", NULL,
                 "a b c d e f g h i j k l m n o p", 15);
}
END_TEST

int main(void)
{
    return RUN_TESTS("dns", an_address_as_text_is_itself, an_address_is_there_at_once_but_tells_nobody_inside_the_call,
                     a_scope_is_an_interface_by_name_or_number, without_a_host_it_is_this_machine,
                     a_service_is_a_number_or_of_the_services_file, a_named_service_has_the_port_of_its_protocol,
                     settings_that_are_none_are_refused, a_name_that_cannot_be_one_is_told_why,
                     other_values_are_no_addresses, an_address_outlives_its_loop,
                     localhost_is_the_loopback_and_so_are_names_below_it, the_hosts_file_is_asked_first,
                     name_servers_that_nobody_reaches_are_an_error_of_their_own, another_thread_is_refused,
                     each_loop_has_a_resolver_of_its_own, patience_is_as_resolv_conf_says,
                     name_servers_are_those_of_resolv_conf, search_domains_are_those_of_resolv_conf);
}
