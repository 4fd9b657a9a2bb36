#include "tests/support/name_server.h"
#include "tests/support/support.h"

#include "libasync/dns/settings.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MANY 3000

static char hosts_path[] = "/tmp/libasync-hosts-XXXXXX";
static char configuration_path[] = "/tmp/libasync-resolv-XXXXXX";

static void write_file(char *path, const char *text)
{
    int descriptor;

    memcpy(path + strlen(path) - 6, "XXXXXX", 6);
    descriptor = mkstemp(path);
    ck_assert_int_ge(descriptor, 0);
    ck_assert_int_eq(write(descriptor, text, strlen(text)), (ssize_t)strlen(text));
    close(descriptor);
}

/* Resolvers made from now on know this hosts file and no name server at all. */
static void use_hosts(const char *text)
{
    write_file(hosts_path, text);
    setenv("CARES_HOSTS", hosts_path, 1);
    setenv("RES_OPTIONS", "timeout:5 attempts:3", 1);
    resolver_settings = (struct resolver_settings){
        .configuration = "/dev/null",
        .servers = "127.0.0.1:1",
        .most_asked = 16384,
        .hosts_of_environment = true,
    };
}

static void forget_hosts(void)
{
    unlink(hosts_path);
}

static async_future *ask(const char *host)
{
    return async_getaddrinfo(loop, host, NULL, ASYNC_ANY, ASYNC_STREAM, 0);
}

static void describe(const async_value *value, char *text, size_t size)
{
    int family = async_address_family(value);

    ck_assert(family == ASYNC_IPV4 || family == ASYNC_IPV6);
    snprintf(text, size, family == ASYNC_IPV6 ? "[%s]:%d/%s" : "%s:%d/%s", async_address_host(value),
             async_address_port(value), async_address_type(value) == ASYNC_STREAM ? "tcp" : "udp");
}

/* How a lookup ended, in words: the addresses, or the error's name and message. */
static const char *outcome(async_future *taken)
{
    static char text[1024];
    int error = async_loop_run_until(loop, taken);
    async_value *list = async_future_value(taken);

    *text = '\0';
    if (error)
        snprintf(text, sizeof text, "%s %s", async_error_name(error) + strlen("ASYNC_"), async_future_message(taken));
    for (size_t i = 0; i < async_value_count(list); i++) {
        size_t length = strlen(text);

        if (i)
            text[length++] = ' ';
        describe(async_value_item(list, i), text + length, sizeof text - length);
    }
    async_future_unref(taken);
    return text;
}

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
        {"::1", NULL, ASYNC_ANY, ASYNC_ANY, 4, "EINVAL getaddrinfo: the flags are unknown"},
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
        {"b\303\274cher.example", NULL, ASYNC_ANY, ASYNC_ANY, 0,
         "ENONAME host 'b\303\274cher.example': no host name has such characters"},
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
    ck_assert_str_eq(outcome(ask("one.test")), "EDNS host 'one.test': no name server can be reached, or they failed");
    forget_hosts();
}
END_TEST

/* From here on a name server answers. */
static void serve(void)
{
    use_hosts("192.0.2.7 printer\n");
    name_server_start(loop);
}

static void serve_no_more(void)
{
    name_server_stop();
    forget_hosts();
}

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
    ck_assert_str_eq(outcome(ask("garbage.test")), "EDNS host 'garbage.test': the name servers' answer makes no sense");
    ck_assert_str_eq(outcome(ask("fails.test")),
                     "EDNS host 'fails.test': no name server can be reached, or they failed");
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
    ck_assert_str_eq(outcome(ask("never.test")),
                     "ETIMEDOUT host 'never.test': the name servers did not answer in time");
    ck_assert_int_eq(name_server_queries(), 4);
    ck_assert_str_eq(outcome(ask("lies.test")),
                     "ETIMEDOUT host 'lies.test': the name servers did not answer in time");
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
    resolver_settings.most_asked = 1;
    first = ask("late.test");
    second = ask("both.test");
    third = ask("printer");
    ck_assert_int_eq(async_future_cancel(second, NULL), 0);
    ck_assert(!async_future_is_done(third));
    while (name_server_queries() < 2)
        turn();
    name_server_answer_late();
    ck_assert_str_eq(outcome(first), "192.0.2.1:0/tcp");
    ck_assert_str_eq(outcome(third), "192.0.2.7:0/tcp");
    ck_assert_int_eq(name_server_queries(), 2);
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
    ck_assert_int_eq(finish(ask("one.test")), 0);
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

static void check_patience(const char *text, const char *environment, int milliseconds, int attempts)
{
    struct patience patience;

    write_file(configuration_path, text);
    if (environment)
        setenv("RES_OPTIONS", environment, 1);
    else
        unsetenv("RES_OPTIONS");
    patience = patience_read(configuration_path);
    ck_assert_int_eq(patience.milliseconds, milliseconds);
    ck_assert_int_eq(patience.attempts, attempts);
    unlink(configuration_path);
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
    unsetenv("RES_OPTIONS");
    ck_assert_int_eq(patience_read("/nonexistent").milliseconds, 2000);
}
END_TEST

int main(void)
{
    return RUN_TESTS("dns", an_address_as_text_is_itself,
                     an_address_is_there_at_once_but_tells_nobody_inside_the_call,
                     a_scope_is_an_interface_by_name_or_number, without_a_host_it_is_this_machine,
                     a_service_is_a_number_or_of_the_services_file, a_named_service_has_the_port_of_its_protocol,
                     settings_that_are_none_are_refused, a_name_that_cannot_be_one_is_told_why, a_name_has_an_end,
                     other_values_are_no_addresses, an_address_outlives_its_loop,
                     localhost_is_the_loopback_and_so_are_names_below_it, the_hosts_file_is_asked_first,
                     name_servers_that_nobody_reaches_are_an_error_of_their_own, a_name_server_is_asked,
                     what_a_name_server_says_is_told_apart, a_long_answer_comes_over_tcp,
                     silence_and_lies_end_in_time, a_lookup_waits_while_the_loop_runs_on,
                     a_cancelled_lookup_ends_at_once_and_the_others_go_on,
                     a_lookup_that_was_not_asked_yet_can_be_cancelled_too, a_cancelled_task_cancels_its_lookup,
                     a_dropped_lookup_still_ends_and_its_failure_is_reported, a_report_may_start_the_next_lookup,
                     a_callback_may_start_the_next_lookup, lookups_gather, thousands_are_looked_up_at_once,
                     a_close_ends_lookups, an_abandoned_loop_ends_them_too, a_cancelled_lookup_may_outlive_its_loop,
                     another_thread_is_refused, each_loop_has_a_resolver_of_its_own,
                     each_failed_allocation_is_an_error, an_answer_without_memory_is_an_error,
                     patience_is_as_resolv_conf_says);
}
