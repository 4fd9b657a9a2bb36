/*
 * Inside dns/, and at its end what connecting uses. A lookup is answered on the spot where the answer is known (service, literals, names that RFC 6761
 * reserves, the hosts file); all else is asked of the name servers through the loop's resolver.
 */
#ifndef LIBASYNC_DNS_INTERNAL_H
#define LIBASYNC_DNS_INTERNAL_H

#include "libasync/dns.h"
#include "libasync/dns/channel.h"
#include "libasync/dns/configuration.h"
#include "libasync/dns/hosts.h"
#include "libasync/dns/settings.h"
#include "libasync/future/internal.h"

/* Ports by socket type, from ASYNC_STREAM on; NO_PORT where addresses of that type are not wanted. */
#define SOCKET_TYPES 2
#define NO_PORT (-1)
struct ports {
    int of[SOCKET_TYPES];
};

/* Outcomes are a value or an error value (given); without memory the immortal error, never NULL. */

/* failure.c. The message begins with what it is about: "host 'example.org': …". */
async_value *dns_error(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* What a question was about, in words: "host", "example.org", "no such host name", "address". */
struct subject {
    const char *what, *name, *unknown, *missing;
};
async_value *answer_failure(enum answer answer, const struct subject *subject, const struct channel *channel);
/* A future by its outcome, or one that is done already. */
void complete_by(async_future *future, async_value *taken);
async_future *known_future(async_loop *loop, async_value *taken);

/* service.c: finds the ports: NULL, or the error (given). `host` serves the message and may be NULL. */
async_value *service_find(const char *service, const char *host, int type, bool is_number, struct ports *ports);
/* The name of a port, or the port as text. */
void service_name(int port, int type, bool as_number, char *text, size_t size);

/* record.c: NULL, and why. */
async_value *record_read(const struct message *message, const struct found_record *found, enum answer *answer);

/* list.c: each found address once a wanted type. */
async_value *address_list(const union host_address *found, size_t count, const struct ports *ports);

/* name.c: the outcome where it is known without asking anybody; NULL: it is not. `name` is then what to ask for. */
#define NAME_SIZE 256    /* of 253 letters, with a closing dot and a zero byte */
async_value *name_outcome(const char *host, int family, uint32_t flags, const struct ports *ports, char *name);
bool name_is_within(const char *name, const char *reserved);
bool name_is_never_there(const char *name);
/* A name as name servers know it, in a place of NAME_SIZE: NULL, or what is wrong with it (given). */
async_value *name_encode(const char *what, const char *given, bool is_host, char *name);
union socket_address;
union host_address host_of(const union socket_address *address);
/* The name that the name of an address is asked for by, in a place of NAME_SIZE (RFC 1035, 3.5; RFC 3596, 2.5). */
void name_of_address(const union host_address *address, char *name);
async_value *name_loopback(int family, const struct ports *ports);

/* idna.c: a name in UTF-8 in ASCII, cut where the room ends: NULL, or what is wrong with it. */
const char *idna_encode(const char *name, char *ascii, size_t room);

/* order.c: best first (RFC 6724, section 6). */
struct sources;
struct sources *sources_free(struct sources *sources);
void order_addresses(struct sources **sources, union host_address *addresses, size_t count);

/* resolver.c: one a loop, made at the first lookup. NULL, or the error (given). */
struct resolver {
    struct node node;              /* queued when a channel wants settling */
    async_loop *loop;
    struct channel *channel;       /* the one to ask; NULL until it is needed, and once closed */
    struct channel *draining;      /* of former configurations */
    struct node waiting;           /* questions that wait to be asked */
    struct configuration *configuration;
    struct servers *own_servers;   /* instead of the configuration's; NULL: those */
    struct hosts *hosts;
    struct sources *sources;
    struct file_state configuration_state, hosts_state;
    double checked;                /* when the files were last looked at */
    double families_held_until;
    bool has_ipv4, has_ipv6;
};
_Static_assert(sizeof(struct resolver) <= 256, "one of a loop's slabs has it");
/* configured.c: the one to ask for, where only one is configured. */
int configured_family(struct resolver *resolver, int family);
async_value *resolver_open(async_loop *loop, struct resolver **resolver);
/* The question will be answered exactly once, unless it is forgotten before. */
void resolver_add(struct resolver *resolver, struct question *question, const struct question_class *class,
                  const char *name, uint16_t type);
/* Asks now, where it would come from the queue. Not to be called from answers, which are c-ares' callbacks. */
void resolver_ask_added(struct resolver *resolver);
/* True when it was not asked yet, and never will be. */
bool question_forget(struct question *question);

/* lookup.c, for a pending async_getaddrinfo of any family: queues a node when the one family's addresses are there and
 * the other's are not; and what is there, in order (given), or NULL where that is nothing or there is no memory. */
void lookup_on_half(async_future *lookup, struct node *half);
async_value *lookup_half(async_future *lookup);

#endif
