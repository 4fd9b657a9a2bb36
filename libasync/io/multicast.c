/* Multicast groups, by the interfaces that RFC 3678 (joining) and RFC 3493 (sending) have for both families. */
#include "libasync/io/datagram.h"

#include <errno.h>
#include <net/if.h>

static bool is_group(const union socket_address *address)
{
    switch (address->any.sa_family) {
    case AF_INET:
        return IN_MULTICAST(ntohl(address->ipv4.sin_addr.s_addr));
    case AF_INET6:
        return IN6_IS_ADDR_MULTICAST(&address->ipv6.sin6_addr);
    default:
        return false;
    }
}

/* 0 is the system's choice. False when there is no such interface. */
static bool find_interface(const char *name, unsigned *index)
{
    *index = name ? if_nametoindex(name) : 0;
    return !name || *index;
}

static int level_of(int family)
{
    return family == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP;
}

/* A socket that speaks to both families may be a member of groups of both. */
static int change(async_datagram *datagram, const async_value *group, const char *interface, int option)
{
    int error = datagram_enter(datagram);
    struct group_req request = {.gr_interface = 0};
    union socket_address address;
    unsigned index;
    socklen_t size;

    if (error)
        return error;
    if (!address_read(group, &address, &size) || !is_group(&address) || !find_interface(interface, &index))
        return ASYNC_EINVAL;
    if (address.any.sa_family != datagram->family && !datagram->speaks_both)
        return ASYNC_EINVAL;
    request.gr_interface = index;
    memcpy(&request.gr_group, &address, size);
    return setsockopt(datagram->descriptor, level_of(address.any.sa_family), option, &request, sizeof request) == 0
               ? 0
               : error_of_errno(errno);
}

int async_datagram_join(async_datagram *datagram, const async_value *group, const char *interface)
{
    return change(datagram, group, interface, MCAST_JOIN_GROUP);
}

int async_datagram_leave(async_datagram *datagram, const async_value *group, const char *interface)
{
    return change(datagram, group, interface, MCAST_LEAVE_GROUP);
}

static bool set(int descriptor, int level, int option, int value)
{
    return setsockopt(descriptor, level, option, &value, sizeof value) == 0;
}

static bool set_ipv4(int descriptor, unsigned index, int hops, bool loopback)
{
    struct ip_mreqn outgoing = {.imr_ifindex = (int)index};

    return setsockopt(descriptor, IPPROTO_IP, IP_MULTICAST_IF, &outgoing, sizeof outgoing) == 0 &&
           set(descriptor, IPPROTO_IP, IP_MULTICAST_TTL, hops) &&
           set(descriptor, IPPROTO_IP, IP_MULTICAST_LOOP, loopback);
}

static bool set_ipv6(int descriptor, unsigned index, int hops, bool loopback)
{
    return set(descriptor, IPPROTO_IPV6, IPV6_MULTICAST_IF, (int)index) &&
           set(descriptor, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, hops) &&
           set(descriptor, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, loopback);
}

int async_datagram_set_multicast(async_datagram *datagram, const char *interface, int hops, bool loopback)
{
    int error = datagram_enter(datagram);
    unsigned index;
    bool done;

    if (error)
        return error;
    if (hops < 0 || hops > 255 || !find_interface(interface, &index) || datagram->family == AF_UNIX)
        return ASYNC_EINVAL;
    done = datagram->family == AF_INET6 ? set_ipv6(datagram->descriptor, index, hops, loopback)
                                        : set_ipv4(datagram->descriptor, index, hops, loopback);
    if (done && datagram->speaks_both)
        done = set_ipv4(datagram->descriptor, index, hops, loopback);
    return done ? 0 : error_of_errno(errno);
}
