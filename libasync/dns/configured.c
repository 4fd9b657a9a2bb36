/* Which families this machine has addresses of, other than the loopback's and those of a link. */
#include "libasync/dns/internal.h"

#include <ifaddrs.h>
#include <net/if.h>

#define SECONDS_TO_HOLD 1.0

/* The family of an interface's address; 0 when it leads nowhere. */
static int family_of(const struct ifaddrs *interface)
{
    const struct sockaddr *address = interface->ifa_addr;
    const struct sockaddr_in6 *ipv6 = (const struct sockaddr_in6 *)address;

    if (!address || !(interface->ifa_flags & IFF_UP) || interface->ifa_flags & IFF_LOOPBACK)
        return 0;
    if (address->sa_family == AF_INET)
        return ASYNC_IPV4;
    if (address->sa_family == AF_INET6 && !IN6_IS_ADDR_LINKLOCAL(&ipv6->sin6_addr))
        return ASYNC_IPV6;
    return 0;
}

static void look(struct resolver *resolver)
{
    struct ifaddrs *interfaces;

    resolver->has_ipv4 = resolver->has_ipv6 = false;
    if (getifaddrs(&interfaces) != 0)
        return;
    for (const struct ifaddrs *interface = interfaces; interface; interface = interface->ifa_next) {
        resolver->has_ipv4 |= family_of(interface) == ASYNC_IPV4;
        resolver->has_ipv6 |= family_of(interface) == ASYNC_IPV6;
    }
    freeifaddrs(interfaces);
}

/* A machine that has none at all is asked for what it wants: its names are then of itself. */
int configured_family(struct resolver *resolver, int family)
{
    double now = clock_now();

    if (now > resolver->families_held_until) {
        look(resolver);
        resolver->families_held_until = now + SECONDS_TO_HOLD;
    }
    if (family != ASYNC_ANY || resolver->has_ipv4 == resolver->has_ipv6)
        return family;
    return resolver->has_ipv4 ? ASYNC_IPV4 : ASYNC_IPV6;
}
