/* Groups, and who hears what is sent to them. */
#include "tests/support/datagrams.h"
#include "tests/support/faults.h"
#include "tests/support/support.h"

#include <net/if.h>

static void check_multicast(const char *group_text, const char *interface, int family, bool can_send)
{
    async_socket_options *options = async_socket_options_new();
    async_value *group, *where;

    system_reset();
    async_socket_options_set_family(options, family);
    async_socket_options_set_reuse_address(options, true);
    ann = taken_out(async_bind_datagram(loop, NULL, 0, options));
    bob = taken_out(async_bind_datagram(loop, NULL, 0, options));
    where = async_datagram_local(ann);
    group = async_address(group_text, async_address_port(where));
    ck_assert_int_eq(async_datagram_join(ann, group, interface), 0);
    ck_assert_int_eq(async_datagram_join(ann, group, interface), ASYNC_EINUSE);
    ck_assert_int_eq(async_datagram_set_multicast(bob, interface, 1, true), 0);
    if (can_send) {
        ck_assert_int_eq(async_datagram_send_to(bob, "to all", 6, group), 0);
        ck_assert_str_eq(hear(ann), "to all");
    }
    ck_assert_int_eq(async_datagram_set_multicast(bob, interface, 0, false), 0);
    ck_assert_int_eq(async_datagram_leave(ann, group, interface), 0);
    ck_assert_int_eq(async_datagram_leave(ann, group, interface), ASYNC_EOS);
    ck_assert_int_eq(async_datagram_join(ann, where, interface), ASYNC_EINVAL);
    ck_assert_int_eq(async_datagram_join(ann, group, "no such"), ASYNC_EINVAL);
    ck_assert_int_eq(async_datagram_join(ann, async_none(), NULL), ASYNC_EINVAL);
    ck_assert_int_eq(async_datagram_set_multicast(bob, "no such", 1, true), ASYNC_EINVAL);
    ck_assert_int_eq(async_datagram_set_multicast(bob, NULL, 256, true), ASYNC_EINVAL);
    ck_assert_int_eq(async_datagram_set_multicast(bob, NULL, -1, true), ASYNC_EINVAL);
    async_socket_options_unref(options);
    async_value_unref(group);
    async_value_unref(where);
    drop_both();
    ck_assert_int_eq(async_datagram_join(NULL, NULL, NULL), ASYNC_EINVAL);
}

/* Over loopback IPv6 has no groups. tests/network/namespace makes an interface that has. */
#define MADE "async0"

START_TEST(members_of_a_group_hear_what_is_sent_to_it)
{
    bool is_made = if_nametoindex(MADE) != 0;

    check_multicast("239.1.2.3", "lo", ASYNC_IPV4, true);
    check_multicast("ff12::1:2", is_made ? MADE : "lo", ASYNC_IPV6, is_made);
}
END_TEST

START_TEST(a_socket_of_both_families_joins_groups_of_both)
{
    async_value *group, *where, *other = async_address("ff12::1:3", 0);

    system_reset();
    ann = taken_out(async_bind_datagram(loop, NULL, 0, NULL));
    where = async_datagram_local(ann);
    group = async_address("239.1.2.4", async_address_port(where));
    ck_assert_int_eq(async_datagram_join(ann, group, "lo"), 0);
    ck_assert_int_eq(async_datagram_join(ann, other, "lo"), 0);
    ck_assert_int_eq(async_datagram_set_multicast(ann, "lo", 1, true), 0);
    ck_assert_int_eq(async_datagram_send_to(ann, "to all", 6, group), 0);
    ck_assert_str_eq(hear(ann), "to all");
    async_value_unref(group);
    async_value_unref(other);
    async_value_unref(where);
    drop(ann);
}
END_TEST

int main(void)
{
    return RUN_TESTS("multicast", members_of_a_group_hear_what_is_sent_to_it,
                     a_socket_of_both_families_joins_groups_of_both);
}
