/* The names of addresses, by the hosts file and by a name server, and of their ports. */
#include "tests/support/lookups.h"
#include "tests/support/name_server.h"
#include "tests/support/support.h"

#include "libasync/dns/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void serve(void)
{
    serve_names("192.0.2.1 printer.example printer\n2001:db8::1 printer6\n");
    setenv("LOCALDOMAIN", "own.test", 1);
    setenv("RES_OPTIONS", "retrans:50 retry:2", 1);
}

static void stop(void)
{
    unsetenv("LOCALDOMAIN");
    serve_no_more();
}

static async_value *address_of(const char *host, const char *port, int type)
{
    async_future *future = async_getaddrinfo(loop, host, port, ASYNC_ANY, type, ASYNC_DNS_NUMERIC_HOST);
    async_value *address = async_value_ref(async_value_item(async_future_value(future), 0));

    ck_assert_ptr_nonnull(address);
    async_future_unref(future);
    return address;
}

/* "host service", or the error's name and message. */
static const char *name_of(const char *host, const char *port, int type, uint32_t flags)
{
    static char text[512];
    async_value *address = address_of(host, port, type), *pair;
    async_future *future = async_getnameinfo(loop, address, flags);
    int error = async_loop_run_until(loop, future);

    pair = async_future_value(future);
    if (error)
        snprintf(text, sizeof text, "%s %s", async_error_name(error) + strlen("ASYNC_"), async_future_message(future));
    else
        snprintf(text, sizeof text, "%s %s", async_value_text(async_value_item(pair, 0), NULL),
                 async_value_text(async_value_item(pair, 1), NULL));
    async_value_unref(address);
    async_future_unref(future);
    return text;
}

START_TEST(the_hosts_file_has_the_first_word)
{
    serve();
    ck_assert_str_eq(name_of("192.0.2.1", "49999", ASYNC_STREAM, 0), "printer.example 49999");
    ck_assert_str_eq(name_of("2001:db8::1", "49999", ASYNC_DATAGRAM, 0), "printer6 49999");
    ck_assert_int_eq(name_server_queries(), 0);
    stop();
}
END_TEST

START_TEST(a_name_server_is_asked_for_the_name)
{
    serve();
    ck_assert_str_eq(name_of("192.0.2.7", "49999", ASYNC_STREAM, 0), "printer.own.test 49999");
    ck_assert_str_eq(name_server_asked(), "7.2.0.192.in-addr.arpa");
    ck_assert_str_eq(name_of("192.0.2.7", "49999", ASYNC_STREAM, ASYNC_DNS_NO_DOMAIN), "printer 49999");
    ck_assert_str_eq(name_of("2001:db8::7", "1", ASYNC_STREAM, ASYNC_DNS_NUMERIC_SERVICE), "printer.own.test 1");
    stop();
}
END_TEST

START_TEST(without_a_name_it_is_the_number)
{
    serve();
    ck_assert_str_eq(name_of("192.0.2.8", "49999", ASYNC_STREAM, 0), "192.0.2.8 49999");
    ck_assert_str_eq(name_of("192.0.2.8", "49999", ASYNC_STREAM, ASYNC_DNS_NAME_REQUIRED),
                     "ENONAME address '192.0.2.8': it has no name");
    ck_assert_str_eq(name_of("192.0.2.1", "49999", ASYNC_STREAM, ASYNC_DNS_NUMERIC_HOST), "192.0.2.1 49999");
    ck_assert_str_eq(name_of("fe80::1%lo", "0", ASYNC_STREAM, ASYNC_DNS_NUMERIC_HOST), "fe80::1%lo 0");
    stop();
}
END_TEST

/* A machine need not have a services file; what it has, is what is expected. */
START_TEST(a_port_has_the_name_of_its_protocol)
{
    bool has_syslog = services_port("syslog", "udp") == 514, has_http = services_port("http", "tcp") == 80;

    ck_assert_str_eq(name_of("::1", "80", ASYNC_STREAM, ASYNC_DNS_NUMERIC_HOST), has_http ? "::1 http" : "::1 80");
    ck_assert_str_eq(name_of("::1", "514", ASYNC_DATAGRAM, ASYNC_DNS_NUMERIC_HOST),
                     has_syslog ? "::1 syslog" : "::1 514");
    ck_assert_str_eq(name_of("::1", "80", ASYNC_STREAM, ASYNC_DNS_NUMERIC_HOST | ASYNC_DNS_NUMERIC_SERVICE), "::1 80");
}
END_TEST

START_TEST(a_server_that_fails_is_a_failure)
{
    serve();
    resolver_settings.servers = "127.0.0.1:1";
    ck_assert_str_eq(name_of("192.0.2.9", "1", ASYNC_STREAM, 0),
                     "EDNS address '192.0.2.9': the name server 127.0.0.1:1 cannot be reached");
    stop();
}
END_TEST

START_TEST(what_is_no_address_has_no_name)
{
    async_value *text = async_text("127.0.0.1"), *address = address_of("::1", "1", ASYNC_STREAM);
    async_value *path = async_address_unix("/run/x", 6);

    ck_assert_str_eq(outcome(async_getnameinfo(loop, text, 0)), "EINVAL getnameinfo: that is no address of a host");
    ck_assert_str_eq(outcome(async_getnameinfo(loop, NULL, 0)), "EINVAL getnameinfo: that is no address of a host");
    ck_assert_str_eq(outcome(async_getnameinfo(loop, path, 0)), "EINVAL getnameinfo: that is no address of a host");
    ck_assert_str_eq(outcome(async_getnameinfo(loop, address, 1024)), "EINVAL getnameinfo: the flags are unknown");
    ck_assert_str_eq(outcome(async_getnameinfo(loop, address, ASYNC_DNS_NUMERIC_HOST | ASYNC_DNS_NAME_REQUIRED)),
                     "EINVAL getnameinfo: a name is required and no server may be asked");
    ck_assert_int_eq(async_future_error(async_getnameinfo(NULL, address, 0)), ASYNC_EINVAL);
    async_value_unref(text);
    async_value_unref(path);
    async_value_unref(address);
}
END_TEST

START_TEST(it_can_be_cancelled_and_closed)
{
    async_value *address = address_of("192.0.2.7", "1", ASYNC_STREAM);
    async_future *cancelled, *closed;

    serve();
    cancelled = async_getnameinfo(loop, address, 0);
    closed = async_getnameinfo(loop, address, 0);
    ck_assert_int_eq(async_future_cancel(cancelled, NULL), 0);
    ck_assert_int_eq(finish(cancelled), ASYNC_ECANCELED);
    ck_assert_int_eq(async_loop_close(loop), 0);
    ck_assert_int_eq(async_future_error(closed), ASYNC_ECLOSED);
    async_future_unref(closed);
    async_value_unref(address);
    stop();
}
END_TEST

START_TEST(a_name_without_memory_is_an_error)
{
    async_value *address = address_of("192.0.2.7", "1", ASYNC_STREAM);
    bool failed = true;

    serve();
    for (size_t n = 1; failed; n++) {
        async_future *future;
        int error;

        memory_fail_at(n, false);
        future = async_getnameinfo(loop, address, 0);
        error = finish(future);
        failed = memory_has_failed();
        ck_assert_int_eq(error, failed ? ASYNC_ENOMEM : 0);
    }
    async_value_unref(address);
    stop();
}
END_TEST

int main(void)
{
    return RUN_TESTS("getnameinfo", the_hosts_file_has_the_first_word, a_name_server_is_asked_for_the_name,
                     without_a_name_it_is_the_number, a_port_has_the_name_of_its_protocol,
                     a_server_that_fails_is_a_failure, what_is_no_address_has_no_name, it_can_be_cancelled_and_closed,
                     a_name_without_memory_is_an_error);
}
