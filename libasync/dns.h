/**
 * @file
 * Host names to addresses, on the loop, thousands at once. Queries go to the system's name servers through c-ares.
 */
#ifndef LIBASYNC_DNS_H
#define LIBASYNC_DNS_H

#include "libasync/address.h"
#include "libasync/api.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The host is an address in text form; ask no server. */
#define ASYNC_DNS_NUMERIC_HOST 1u
/** Without a host, give the addresses to listen on rather than the loopback. */
#define ASYNC_DNS_PASSIVE 2u
/** The service is a port number as text; read no services file. */
#define ASYNC_DNS_NUMERIC_SERVICE 4u

/**
 * Look a host up: addresses in text form, the hosts file, then the name servers (RFC 3493, section 6.1, as far as it
 * goes). localhost is never asked for, and names in .invalid are never there (RFC 6761).
 *
 * @param loop     the loop (lent)
 * @param host     name or address (lent); NULL for this machine
 * @param service  port number as text, or a name of the services file (lent); NULL for port 0
 * @param family   ASYNC_ANY, ASYNC_IPV4 or ASYNC_IPV6
 * @param type     ASYNC_STREAM or ASYNC_DATAGRAM; ASYNC_ANY lists each address once a type that has the service
 * @param flags    0, ASYNC_DNS_NUMERIC_HOST, ASYNC_DNS_NUMERIC_SERVICE, ASYNC_DNS_PASSIVE
 * @return future of a list of addresses, best first (RFC 6724); read them with async_address_host and its like (given)
 * @error  ASYNC_ENONAME, ASYNC_ESERVICE, ASYNC_EDNS, ASYNC_ETIMEDOUT, each naming the host; ASYNC_EINVAL when host and
 *         service are both NULL, a name is too long or a setting unknown; ASYNC_ECLOSED, ASYNC_ENOMEM
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_future *async_getaddrinfo(async_loop *loop, const char *host, const char *service, int family, int type,
                                          uint32_t flags);

/**
 * Ask these name servers, whatever resolv.conf says of them; its other settings still count. Lookups under way go on
 * with those that they were begun with.
 *
 * @param loop     the loop (lent)
 * @param servers  addresses with or without a port, parted by commas or blanks: "127.0.0.1:5300, [::1]:5301, ::1" (lent);
 *                 NULL for those of resolv.conf again
 * @return 0; ASYNC_EINVAL when one is no address, or there are none or more than 8; ASYNC_ENOMEM, ASYNC_ECLOSED,
 *         ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_dns_set_servers(async_loop *loop, const char *servers);

#ifdef __cplusplus
}
#endif

#endif
