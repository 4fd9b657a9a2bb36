/*
 * localhost and the names below it: by the hosts file, else the loopback, but by no name server (RFC 6761, section
 * 6.3). Not through c-ares' general lookup, which in 1.18 leaks a name where the file does not know it.
 */
#include "libasync/dns/internal.h"

#include <ares.h>
#include <netdb.h>
#include <string.h>

/* More than anybody writes into a hosts file for localhost. */
#define MOST_ADDRESSES 16

static size_t read_entry(const struct hostent *entry, union host_address *found, size_t room)
{
    size_t count = 0;

    for (char **number = entry->h_addr_list; *number && count < room; number++, count++) {
        found[count] = (union host_address){.any.sa_family = (sa_family_t)entry->h_addrtype};
        if (entry->h_addrtype == AF_INET6)
            memcpy(&found[count].ipv6.sin6_addr, *number, sizeof found[count].ipv6.sin6_addr);
        else
            memcpy(&found[count].ipv4.sin_addr, *number, sizeof found[count].ipv4.sin_addr);
    }
    return count;
}

/* IPv6 first, as RFC 6724 has it. */
async_value *localhost_outcome(async_loop *loop, int family, const struct ports *ports)
{
    static const struct {
        int own, system;
    } families[] = {{ASYNC_IPV6, AF_INET6}, {ASYNC_IPV4, AF_INET}};
    union host_address found[MOST_ADDRESSES];
    struct hostent *entry;
    size_t count = 0;

    for (size_t i = 0; i < 2; i++) {
        if (family != ASYNC_ANY && family != families[i].own)
            continue;
        if (ares_gethostbyname_file(resolver_channel(loop), "localhost", families[i].system, &entry) != ARES_SUCCESS)
            continue;
        count += read_entry(entry, found + count, MOST_ADDRESSES - count);
        ares_free_hostent(entry);
    }
    return count ? address_list(found, count, ports) : name_loopback(family, ports);
}
