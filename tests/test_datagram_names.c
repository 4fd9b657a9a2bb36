/* Datagram sockets that are bound and connected by the names of hosts, or at every address. */
#include "tests/support/datagrams.h"
#include "tests/support/faults.h"
#include "tests/support/support.h"

#include <errno.h>
#include <stdio.h>

START_TEST(hosts_are_bound_and_connected_by_name)
{
    async_value *where, *peer;

    system_reset();
    ann = taken_out(async_bind_datagram(loop, "127.0.0.1", 0, NULL));
    where = async_datagram_local(ann);
    bob = taken_out(async_connect_datagram(loop, "127.0.0.1", async_address_port(where), NULL));
    peer = async_datagram_peer(bob);
    ck_assert_str_eq(async_address_text(peer), async_address_text(where));
    ck_assert_ptr_null(async_datagram_peer(ann));
    say(bob, "x");
    ck_assert_str_eq(hear(ann), "x");
    async_value_unref(peer);
    async_value_unref(where);
    drop_both();
}
END_TEST

START_TEST(no_host_is_every_address_of_both_families)
{
    async_value *where, *ipv4, *ipv6, *sender;
    async_datagram *cat;

    system_reset();
    ann = taken_out(async_bind_datagram(loop, NULL, 0, NULL));
    where = async_datagram_local(ann);
    ipv4 = async_address("127.0.0.1", async_address_port(where));
    ipv6 = async_address("::1", async_address_port(where));
    bob = open_at(async_address("127.0.0.1", 0), ipv4, NULL);
    cat = open_at(async_address("::1", 0), ipv6, NULL);
    say(bob, "four");
    ck_assert_int_eq(hear_batch(ann, 1), 1);
    sender = async_datagram_sender(ann, 0);
    ck_assert_int_eq(async_address_family(sender), ASYNC_IPV4);
    ck_assert_int_eq(async_datagram_reply(ann, 0, "r", 1), 0);
    ck_assert_int_eq(async_datagram_send_to(ann, "s", 1, sender), 0);
    async_value_unref(sender);
    ck_assert_str_eq(hear(bob), "r");
    ck_assert_str_eq(hear(bob), "s");
    say(cat, "six");
    ck_assert_int_eq(hear_batch(ann, 1), 1);
    sender = async_datagram_sender(ann, 0);
    ck_assert_int_eq(async_address_family(sender), ASYNC_IPV6);
    async_value_unref(sender);
    async_value_unref(where);
    drop(cat);
    drop_both();
}
END_TEST

START_TEST(one_family_may_be_asked_for)
{
    async_socket_options *options = async_socket_options_new();
    async_value *where;

    system_reset();
    async_socket_options_set_family(options, ASYNC_IPV4);
    ann = taken_out(async_bind_datagram(loop, "", 0, options));
    where = async_datagram_local(ann);
    ck_assert_int_eq(async_address_family(where), ASYNC_IPV4);
    async_value_unref(where);
    drop(ann);
    async_socket_options_set_family(options, ASYNC_IPV6);
    ann = taken_out(async_bind_datagram(loop, NULL, 0, options));
    where = async_address("127.0.0.1", 9);
    ck_assert_int_eq(async_datagram_send_to(ann, "x", 1, where), ASYNC_EINVAL);
    async_value_unref(where);
    async_socket_options_unref(options);
    drop(ann);
}
END_TEST

START_TEST(a_system_without_ipv6_binds_ipv4)
{
    async_value *where;

    system_reset();
    system_fail(SYSTEM_SOCKET, 1, 1, EAFNOSUPPORT);
    ann = taken_out(async_bind_datagram(loop, NULL, 0, NULL));
    where = async_datagram_local(ann);
    ck_assert_int_eq(async_address_family(where), ASYNC_IPV4);
    async_value_unref(where);
    drop(ann);
}
END_TEST

START_TEST(what_cannot_be_bound_names_host_and_port)
{
    async_value *where;
    char message[200];
    int port;

    system_reset();
    ann = open_here(NULL);
    where = async_datagram_local(ann);
    port = async_address_port(where);
    snprintf(message, sizeof message, "host '127.0.0.1', port %d: the address is in use", port);
    ck_assert_fails(async_bind_datagram(loop, "127.0.0.1", port, NULL), ASYNC_EINUSE, message);
    system_fail(SYSTEM_BIND, 1, 1, EACCES);
    ck_assert_fails(async_bind_datagram(loop, "127.0.0.1", 53, NULL), ASYNC_EACCESS,
                    "host '127.0.0.1', port 53: not allowed");
    system_fail(SYSTEM_SOCKET, 1, 1, EMFILE);
    ck_assert_fails(async_bind_datagram(loop, NULL, 53, NULL), ASYNC_EOS, "port 53: Too many open files");
    system_fail(SYSTEM_CONNECT, 1, 1, ENETUNREACH);
    ck_assert_fails(async_connect_datagram(loop, "127.0.0.1", 53, NULL), ASYNC_EUNREACHABLE,
                    "host '127.0.0.1', port 53: there is no way to that host");
    async_value_unref(where);
    drop(ann);
}
END_TEST

START_TEST(an_unknown_host_is_told)
{
    async_future *bind;

    system_reset();
    ck_assert_fails(async_bind_datagram(loop, "no such name.invalid", 53, NULL), ASYNC_ENONAME,
                    "host 'no such name.invalid', port 53: no host name has such characters");
    bind = async_connect_datagram(loop, "somewhere.invalid", 53, NULL);
    ck_assert_int_eq(async_future_cancel(bind, NULL), 0);
    ck_assert_int_eq(finish(bind), ASYNC_ECANCELED);
    async_future_unref(async_connect_datagram(loop, "127.0.0.1", 53, NULL));
    bind = async_connect_datagram(loop, "127.0.0.1", 53, NULL);
    async_loop_close(loop);
    ck_assert_int_eq(async_future_error(bind), ASYNC_ECLOSED);
    async_future_unref(bind);
}
END_TEST

int main(void)
{
    return RUN_TESTS("datagram_names", hosts_are_bound_and_connected_by_name, no_host_is_every_address_of_both_families,
                     one_family_may_be_asked_for, a_system_without_ipv6_binds_ipv4,
                     what_cannot_be_bound_names_host_and_port, an_unknown_host_is_told);
}
