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
/** An address without a name is a failure. */
#define ASYNC_DNS_NAME_REQUIRED 8u
/** Leave out this machine's own domain, which is the first of the search list. */
#define ASYNC_DNS_NO_DOMAIN 16u
/** With ASYNC_ANY, ask the name servers only for families that this machine has an address of. */
#define ASYNC_DNS_ADDRESS_CONFIGURED 32u

/**
 * Look a host up: addresses in text form, the hosts file, then the name servers (RFC 3493, section 6.1, as far as it
 * goes). localhost is never asked for, and names in .invalid are never there (RFC 6761).
 *
 * @param loop     the loop (lent)
 * @param host     name or address (lent); NULL for this machine
 * @param service  port number as text, or a name of the services file (lent); NULL for port 0
 * @param family   ASYNC_ANY, ASYNC_IPV4 or ASYNC_IPV6
 * @param type     ASYNC_STREAM or ASYNC_DATAGRAM; ASYNC_ANY lists each address once a type that has the service
 * @param flags    0, ASYNC_DNS_NUMERIC_HOST, ASYNC_DNS_NUMERIC_SERVICE, ASYNC_DNS_PASSIVE, ASYNC_DNS_ADDRESS_CONFIGURED
 * @return future of a list of addresses, best first (RFC 6724); read them with async_address_host and its like (given)
 * @error  ASYNC_ENONAME, ASYNC_ESERVICE, ASYNC_EDNS, ASYNC_ETIMEDOUT, each naming the host; ASYNC_EINVAL when host and
 *         service are both NULL, a name is too long or a setting unknown; ASYNC_ECLOSED, ASYNC_ENOMEM
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_future *async_getaddrinfo(async_loop *loop, const char *host, const char *service, int family, int type,
                                          uint32_t flags);

/**
 * Find the name of an address, by the hosts file, else by the name servers, and the name of its port, by the services
 * file. Where there is none, the number takes its place.
 *
 * @param loop     the loop (lent)
 * @param address  an address of a host, such as async_getaddrinfo lists (lent)
 * @param flags    0, ASYNC_DNS_NUMERIC_HOST, ASYNC_DNS_NUMERIC_SERVICE, ASYNC_DNS_NAME_REQUIRED, ASYNC_DNS_NO_DOMAIN
 * @return future of a list of two texts, host and service (given)
 * @error  ASYNC_EDNS, ASYNC_ETIMEDOUT, and where a name is required ASYNC_ENONAME, each naming the address; ASYNC_EINVAL
 *         for what is no address of a host, and for flags that are unknown or contradict; ASYNC_ECLOSED, ASYNC_ENOMEM
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_future *async_getnameinfo(async_loop *loop, async_value *address, uint32_t flags);

/**
 * Ask the name servers for the records of a name. The hosts file and the search list do not count.
 *
 * @param loop  the loop (lent)
 * @param name  the whole name; an address in text form stands for its name in PTR (lent)
 * @param type  ASYNC_RECORD_A and its like, or another number of the protocol
 * @return future of a list of records, in the order of the answer and never empty; read them with async_record_type and
 *         its like (given)
 * @error  ASYNC_ENONAME when there is no such name, or no such record of it; ASYNC_EDNS, ASYNC_ETIMEDOUT; each names the
 *         name; ASYNC_EINVAL for NULL, a name that is too long, and a type that cannot be asked for; ASYNC_ECLOSED,
 *         ASYNC_ENOMEM
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_future *async_dns_query(async_loop *loop, const char *name, int type);

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
