/*
 * Inside dns/ alone. A lookup is answered on the spot where the answer is known (service, literals, names that RFC 6761
 * reserves); all else goes to the loop's resolver, which is c-ares on the loop's descriptors and timers.
 */
#ifndef LIBASYNC_DNS_INTERNAL_H
#define LIBASYNC_DNS_INTERNAL_H

#include "libasync/dns.h"
#include "libasync/dns/settings.h"
#include "libasync/future/internal.h"

#include <netinet/in.h>
#include <sys/socket.h>

struct ares_addrinfo;
struct ares_channeldata;
struct ares_socket_functions;

union host_address {
    struct sockaddr any;
    struct sockaddr_in ipv4;
    struct sockaddr_in6 ipv6;
};

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

/* list.c: each found address once a wanted type. */
async_value *address_list(const union host_address *found, size_t count, const struct ports *ports);

/* name.c: the outcome where it is known without asking anybody; NULL: it is not. */
async_value *name_outcome(const char *host, int family, uint32_t flags, const struct ports *ports);
bool name_is_localhost(const char *host);
async_value *name_loopback(int family, const struct ports *ports);

/* localhost.c: needs the loop's resolver. */
async_value *localhost_outcome(async_loop *loop, int family, const struct ports *ports);

/* wire.c: what c-ares calls instead of the system. */
extern const struct ares_socket_functions wire_functions;
int wire_configure(int descriptor, int type, void *user);

/* A lookup that c-ares is asked, or will be: pending unless it was cancelled. It holds itself until it was answered. */
struct lookup {
    async_future future;    /* its node waits to be asked; answered, it is queued to let go */
    char *host;
    int family;
    bool is_asked;
    struct ports ports;
};

/* lookup.c: `status` is c-ares'. Runs no code of a user's, since c-ares must not be entered from its own callbacks. */
void lookup_answered(struct lookup *lookup, int status, const struct ares_addrinfo *found);

/* resolver.c: has the loop's resolver made at the first lookup: NULL, or the error (given). */
async_value *resolver_open(async_loop *loop);
struct ares_channeldata *resolver_channel(async_loop *loop);
/* lookup_answered is then called exactly once, perhaps inside this call; not if it is cancelled before it is asked. */
void resolver_ask(struct lookup *lookup);

#endif
