/* Records of each type, asked of a name server, and values that are none. */
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

/* The records of a type of "records.test". */
static async_future *records_of(int type, size_t count)
{
    async_future *query = async_dns_query(loop, "records.test", type);

    ck_assert_int_eq(async_loop_run_until(loop, query), 0);
    ck_assert_uint_eq(async_value_count(async_future_value(query)), count);
    for (size_t i = 0; i < count; i++) {
        async_value *record = async_value_item(async_future_value(query), i);

        ck_assert_int_eq(async_record_type(record), type);
        ck_assert_str_eq(async_record_name(record), "records.test");
        ck_assert_uint_eq(async_record_ttl(record), 60);
    }
    return query;
}

static async_value *item(async_future *query, size_t index)
{
    return async_value_item(async_future_value(query), index);
}

START_TEST(records_of_hosts_have_a_host)
{
    static const struct {
        int type;
        const char *host;
    } hosts[] = {
        {ASYNC_RECORD_A, "192.0.2.1"},      {ASYNC_RECORD_AAAA, "2001:db8::1"},
        {ASYNC_RECORD_CNAME, "both.test"},  {ASYNC_RECORD_PTR, "a\\\\.\\001"},
    };

    serve();
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        async_future *query = records_of(hosts[i].type, 1);

        ck_assert_str_eq(async_record_host(item(query, 0)), hosts[i].host);
        ck_assert_int_eq(async_record_priority(item(query, 0)), 0);
        ck_assert_ptr_null(async_record_strings(item(query, 0)));
        ck_assert_str_eq(async_record_tag(item(query, 0)), "");
        async_future_unref(query);
    }
    serve_no_more();
}
END_TEST

START_TEST(name_servers_mail_and_services_are_listed_in_order)
{
    async_future *servers, *mail, *services;

    serve();
    servers = records_of(ASYNC_RECORD_NS, 2);
    mail = records_of(ASYNC_RECORD_MX, 2);
    services = records_of(ASYNC_RECORD_SRV, 1);
    ck_assert_str_eq(async_record_host(item(servers, 0)), "ns.records.test");
    ck_assert_str_eq(async_record_host(item(servers, 1)), "ns2.records.test");
    ck_assert_str_eq(async_record_host(item(mail, 1)), "mail2.records.test");
    ck_assert_int_eq(async_record_priority(item(mail, 0)), 10);
    ck_assert_int_eq(async_record_priority(item(mail, 1)), 20);
    ck_assert_str_eq(async_record_host(item(services, 0)), "sip.records.test");
    ck_assert_int_eq(async_record_priority(item(services, 0)), 1);
    ck_assert_int_eq(async_record_weight(item(services, 0)), 2);
    ck_assert_int_eq(async_record_port(item(services, 0)), 5350);
    ck_assert_int_eq(async_record_port(item(mail, 0)), 0);
    async_future_unref(servers);
    async_future_unref(mail);
    async_future_unref(services);
    serve_no_more();
}
END_TEST

START_TEST(the_start_of_a_zone_has_its_numbers)
{
    async_future *query;
    async_value *zone;

    serve();
    query = records_of(ASYNC_RECORD_SOA, 1);
    zone = item(query, 0);
    ck_assert_str_eq(async_record_host(zone), "ns.records.test");
    ck_assert_str_eq(async_record_mailbox(zone), "john\\.doe.records.test");
    ck_assert_uint_eq(async_record_serial(zone), 2024112641u);
    ck_assert_uint_eq(async_record_refresh(zone), 7200);
    ck_assert_uint_eq(async_record_retry(zone), 3600);
    ck_assert_uint_eq(async_record_expire(zone), 1209600);
    ck_assert_uint_eq(async_record_minimum(zone), 300);
    async_future_unref(query);
    serve_no_more();
}
END_TEST

START_TEST(texts_are_bytes)
{
    async_future *query;
    async_value *strings;
    size_t size;

    serve();
    query = records_of(ASYNC_RECORD_TXT, 2);
    strings = async_record_strings(item(query, 0));
    ck_assert_uint_eq(async_value_count(strings), 3);
    ck_assert_int_eq(async_value_kind(async_value_item(strings, 0)), ASYNC_BYTES);
    ck_assert_str_eq(async_value_text(async_value_item(strings, 0), &size), "v=one");
    ck_assert_str_eq(async_value_text(async_value_item(strings, 1), &size), "");
    ck_assert_mem_eq(async_value_text(async_value_item(strings, 2), &size), "t\0o", 3);
    ck_assert_uint_eq(size, 3);
    ck_assert_uint_eq(async_value_count(async_record_strings(item(query, 1))), 0);
    async_future_unref(query);
    serve_no_more();
}
END_TEST

START_TEST(certificates_have_flags_a_tag_and_a_value)
{
    async_future *query;

    serve();
    query = records_of(ASYNC_RECORD_CAA, 1);
    ck_assert_int_eq(async_record_flags(item(query, 0)), 128);
    ck_assert_str_eq(async_record_tag(item(query, 0)), "issue");
    ck_assert_str_eq(async_record_value(item(query, 0)), "ca.example.net");
    async_future_unref(query);
    serve_no_more();
}
END_TEST

START_TEST(other_types_have_their_data)
{
    async_future *query;
    size_t size;

    serve();
    query = records_of(64, 1);
    ck_assert_mem_eq(async_value_text(async_record_data(item(query, 0)), &size), "\0\1\0", 3);
    ck_assert_uint_eq(size, 3);
    ck_assert_str_eq(async_record_host(item(query, 0)), "");
    async_future_unref(query);
    serve_no_more();
}
END_TEST

START_TEST(a_record_is_of_the_name_that_aliases_lead_to)
{
    async_future *query;

    serve();
    query = async_dns_query(loop, "chain2.test", ASYNC_RECORD_A);
    ck_assert_int_eq(async_loop_run_until(loop, query), 0);
    ck_assert_str_eq(async_record_name(item(query, 0)), "both.test");
    ck_assert_str_eq(async_record_host(item(query, 0)), "192.0.2.2");
    async_future_unref(query);
    serve_no_more();
}
END_TEST

START_TEST(data_that_is_none_is_not_believed)
{
    static const int types[] = {1, 2, 5, 6, 12, 15, 16, 28, 33, 257};
    char expected[128];

    serve();
    snprintf(expected, sizeof expected,
             "EDNS name 'broken.test': the name server %s sent an answer that makes no sense", name_server_address());
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        ck_assert_str_eq(outcome(async_dns_query(loop, "broken.test", types[i])), expected);
    memcpy(expected, "EDNS host", strlen("EDNS host"));
    ck_assert_str_eq(outcome(ask("broken.test")), expected);
    serve_no_more();
}
END_TEST

static void check_query(const char *name, int type, const char *expected)
{
    ck_assert_str_eq(outcome(async_dns_query(loop, name, type)), expected);
}

START_TEST(what_cannot_be_asked_or_is_not_there_is_told)
{
    serve();
    check_query("missing.test", 15, "ENONAME name 'missing.test': no such name");
    check_query("empty.test", 15, "ENONAME name 'empty.test': it has no MX record");
    check_query("empty.test", 64, "ENONAME name 'empty.test': it has no record of type 64");
    check_query("localhost", 1, "ENONAME name 'localhost': no name server is asked for it");
    check_query("a.invalid", 1, "ENONAME name 'a.invalid': no name server is asked for it");
    check_query("a..b", 1, "ENONAME name 'a..b': a part of the name between dots is empty");
    check_query(NULL, 1, "EINVAL dns_query: name is NULL");
    check_query("a", 0, "EINVAL dns_query: the type 0 cannot be asked for");
    check_query("a", 255, "EINVAL dns_query: the type 255 cannot be asked for");
    check_query("a", 65536, "EINVAL dns_query: the type 65536 cannot be asked for");
    ck_assert_int_eq(async_future_error(async_dns_query(NULL, "a", 1)), ASYNC_EINVAL);
    serve_no_more();
}
END_TEST

START_TEST(names_of_records_may_hold_anything)
{
    serve();
    check_query("A printer._ipp.nowhere", 33, "ENONAME name 'A printer._ipp.nowhere': no such name");
    ck_assert_str_eq(name_server_asked(), "A printer._ipp.nowhere");
    check_query("a\\.b\\065.nowhere", 33, "ENONAME name 'a\\.b\\065.nowhere': no such name");
    ck_assert_str_eq(name_server_asked(), "a.bA.nowhere");
    check_query("b\303\274cher.nowhere", 1, "ENONAME name 'b\303\274cher.nowhere': no such name");
    ck_assert_str_eq(name_server_asked(), "xn--bcher-kva.nowhere");
    check_query("192.0.2.8", ASYNC_RECORD_PTR, "ENONAME name '192.0.2.8': no such name");
    ck_assert_str_eq(name_server_asked(), "8.2.0.192.in-addr.arpa");
    check_query("2001:db8::8", ASYNC_RECORD_PTR, "ENONAME name '2001:db8::8': no such name");
    ck_assert_str_eq(name_server_asked(),
                     "8.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
    serve_no_more();
}
END_TEST

START_TEST(a_query_can_be_cancelled_and_closed)
{
    async_future *cancelled, *closed;

    serve();
    cancelled = async_dns_query(loop, "never.test", ASYNC_RECORD_MX);
    closed = async_dns_query(loop, "never.test", ASYNC_RECORD_MX);
    turn();
    ck_assert_int_eq(async_future_cancel(cancelled, NULL), 0);
    ck_assert_int_eq(finish(cancelled), ASYNC_ECANCELED);
    ck_assert_int_eq(async_loop_close(loop), 0);
    ck_assert_int_eq(async_future_error(closed), ASYNC_ECLOSED);
    async_future_unref(closed);
    serve_no_more();
}
END_TEST

START_TEST(other_values_are_no_records)
{
    async_value *text = async_text("MX");

    ck_assert_int_eq(async_record_type(text), 0);
    ck_assert_str_eq(async_record_name(NULL), "");
    ck_assert_uint_eq(async_record_ttl(text), 0);
    ck_assert_str_eq(async_record_host(text), "");
    ck_assert_int_eq(async_record_priority(text), 0);
    ck_assert_int_eq(async_record_weight(text), 0);
    ck_assert_int_eq(async_record_flags(NULL), 0);
    ck_assert_str_eq(async_record_mailbox(text), "");
    ck_assert_str_eq(async_record_value(text), "");
    ck_assert_ptr_null(async_record_strings(text));
    ck_assert_ptr_null(async_record_data(NULL));
    ck_assert_uint_eq(async_record_serial(text), 0);
    async_value_unref(text);
}
END_TEST

START_TEST(a_record_without_memory_is_an_error)
{
    static const int types[] = {ASYNC_RECORD_MX, ASYNC_RECORD_TXT, ASYNC_RECORD_SOA};
    bool failed = true;

    serve();
    for (size_t n = 1; failed; n++) {
        failed = false;
        for (int i = 0; i < 3; i++) {
            async_future *query;
            int error;

            memory_fail_at(n, false);
            query = async_dns_query(loop, "records.test", types[i]);
            error = finish(query);
            failed |= memory_has_failed();
            ck_assert_msg(error == 0 || error == ASYNC_ENOMEM, "%s", async_error_name(error));
        }
    }
    serve_no_more();
}
END_TEST

int main(void)
{
    return RUN_TESTS("record", records_of_hosts_have_a_host, name_servers_mail_and_services_are_listed_in_order,
                     the_start_of_a_zone_has_its_numbers, texts_are_bytes,
                     certificates_have_flags_a_tag_and_a_value, other_types_have_their_data,
                     a_record_is_of_the_name_that_aliases_lead_to, data_that_is_none_is_not_believed,
                     what_cannot_be_asked_or_is_not_there_is_told, names_of_records_may_hold_anything,
                     a_query_can_be_cancelled_and_closed, other_values_are_no_records,
                     a_record_without_memory_is_an_error);
}
