/*
 * Inside dns/ alone. A lookup is answered on the spot where the answer is known (service, literals, names that RFC 6761
 * reserves); all else goes to the loop's resolver, which is c-ares on the loop's descriptors and timers.
 */
#ifndef LIBASYNC_DNS_INTERNAL_H
#define LIBASYNC_DNS_INTERNAL_H

#include "libasync/dns.h"
#include "libasync/future/internal.h"

#include <sys/socket.h>

struct ares_addrinfo;

/* Ports by socket type, from ASYNC_STREAM on; NO_PORT where addresses of that type are not wanted. */
#define SOCKET_TYPES 2
#define NO_PORT (-1)
struct ports {
    int of[SOCKET_TYPES];
};

/* Outcomes are a list of addresses or an error value (given); without memory the immortal error, never NULL. */

/* The message begins with what it is about: "host 'example.org': …". */
async_value *dns_error(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* service.c: finds the ports: NULL, or the error (given). `host` serves the message and may be NULL. */
async_value *service_find(const char *service, const char *host, int type, struct ports *ports);

/* address.c: each found address once a wanted type. */
async_value *address_list(const struct sockaddr *const *found, size_t count, const struct ports *ports);

/* name.c: the outcome where it is known without asking anybody; NULL: the resolver is to be asked. */
async_value *name_outcome(const char *host, int family, uint32_t flags, const struct ports *ports);
/* RFC 6761, section 6.3: localhost and all names below it. */
bool name_is_localhost(const char *host);
async_value *name_loopback(int family, const struct ports *ports);

/* resolver.c: the loop's, made at its first lookup: NULL, or the error (given). */
async_value *resolver_open(async_loop *loop);
/* Asks; c-ares calls lookup_answered exactly once, perhaps inside this call. */
void resolver_ask(async_loop *loop, const char *host, int family, void *lookup);

/* lookup.c: c-ares' callback; it takes what was found. */
void lookup_answered(void *lookup, int status, int timeouts, struct ares_addrinfo *found);

#endif
