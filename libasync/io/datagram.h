/*
 * Inside io/: datagram sockets. One is itself a future, pending until it is closed: so it is counted, dropped from any
 * thread and kept past its loop's close as futures are, and a close finds it in the slabs. Its node is queued when its
 * descriptor is ready, or when something is to be sent: by then the turn has gathered what leaves together.
 *
 * Receiving takes several datagrams out of the kernel at once. Those that were not given out yet wait here and are
 * given first; so nothing is lost where a value finds no memory.
 */
#ifndef LIBASYNC_IO_DATAGRAM_H
#define LIBASYNC_IO_DATAGRAM_H

#include "libasync/datagram.h"
#include "libasync/io/internal.h"
#include "libasync/io/packet.h"
#include "libasync/io/sock.h"

#include <sys/stat.h>

struct inbound;
struct outbound;

/* What few sockets have. */
struct datagram_extras {
    size_t high, low;
    double read_seconds, write_seconds;
    async_value *path;    /* of the Unix socket, to be removed (held), or NULL, */
    dev_t device;         /* if it is still that file */
    ino_t file;
};

struct async_datagram {
    async_future closed;
    struct watch watch;
    struct timer pause;         /* until the next try to send, where the kernel tells nobody when it has room */
    int descriptor;             /* -1: closed */
    int failure;                /* what the network said of something sent, for the next receive: an errno, or 0 */
    uint8_t family;
    uint8_t ready;              /* what the watch told since the node last ran */
    bool may_have_more;         /* the kernel may have something to receive */
    bool is_blocked;            /* the kernel takes nothing more for now */
    bool speaks_both;           /* an IPv6 socket that talks to IPv4 too */
    uint8_t cutting;            /* enum cutting */
    uint16_t wanted;            /* by the receiver: how many at most; 0 for one, as a value */
    async_future *receiver;     /* the receive that waits (held), or NULL */
    struct inbound *inbound;    /* NULL before the first receive */
    struct outbound *outbound;  /* NULL before the first send */
    struct node drains;         /* those that wait for room */
    async_value *peer;          /* the address that it is connected to, or NULL (held) */
    struct datagram_extras *extras;
    async_value *refusal;       /* the words of the last send that was refused (held), or NULL */
};
_Static_assert(sizeof(struct async_datagram) <= SLAB_CLASSES * SLAB_STEP, "it lives in a slab");

/* Whether the kernel cuts one packet into datagrams: nobody asked it yet, or it does, or not. */
enum cutting { CUTTING_UNKNOWN, CUTTING_WORKS, CUTTING_FAILS };

/* A receive or drain that waits. Pending, it holds itself and its socket. */
struct datagram_wait {
    async_future future;    /* its timer is that of the time limit */
    async_datagram *datagram;
    struct node link;       /* in the line of drains; queued never */
};

static inline async_loop *datagram_loop(const async_datagram *datagram)
{
    return datagram->closed.loop;
}
/* Entry of the calls on one, as loop_enter; ASYNC_ECLOSED also when it is closed itself. */
static inline int datagram_enter(const async_datagram *datagram)
{
    int error = likely(datagram) ? loop_enter(datagram->closed.loop) : ASYNC_EINVAL;

    return likely(!error) && datagram->descriptor < 0 ? ASYNC_ECLOSED : error;
}
static inline int datagram_visit(const async_datagram *datagram)
{
    return datagram ? future_visit(&datagram->closed) : ASYNC_EINVAL;
}
static inline void datagram_queue(async_datagram *datagram)
{
    if (!node_is_linked(&datagram->closed.node))
        loop_queue(datagram_loop(datagram), &datagram->closed.node);
}

/* datagram.c */
extern const struct future_class datagram_class;
watch_ready datagram_on_ready;
/* "127.0.0.1:80: the connection was refused", as an error that keeps the errno; NULL without memory. */
async_value *datagram_error(const async_datagram *datagram, int number);
/* "127.0.0.1:80: nothing came for too long": that a time limit has passed (given; never NULL). */
async_value *datagram_timeout(const async_datagram *datagram, const char *words);

/* datagram_wait.c */
#define DATAGRAM_IS_CLOSED "the datagram socket is closed"
async_future *datagram_refuse(const async_datagram *datagram, int error);
struct datagram_wait *datagram_wait_new(async_datagram *datagram, const struct future_class *class);
/* Sets its time limit; false without memory. */
bool datagram_wait_limit(struct datagram_wait *wait, double seconds);
/* Ends it with a value or an error, which is taken. */
void datagram_wait_end(struct datagram_wait *wait, async_value *taken);
/* The same in the socket's own turn: who alone awaits it goes on at once, so this comes last. */
void datagram_wait_end_now(struct datagram_wait *wait, async_value *taken);

/* datagram_refuse.c: for a call that answers by a code: keeps the words for async_datagram_message, behind those that
 * name whom it was about, and gives the code. */
int datagram_deny(async_datagram *datagram, int code, const char *whom, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
int datagram_deny_itself(async_datagram *datagram, int code, const char *words);    /* behind its own address */

/* datagram_receive.c: the descriptor may be readable. Runs who waits, as the last thing that it does. */
void datagram_receive_ready(async_datagram *datagram);
void datagram_end_receive(async_datagram *datagram, async_value *error);    /* ends who waits; the error is lent */
void datagram_drop_inbound(async_datagram *datagram);
/* The sender of a datagram of the last batch; NULL when there is no such one or it has no name. */
const union socket_address *inbound_sender(const async_datagram *datagram, int index, socklen_t *size);

/* Ends who waits with `failure`, when there is one. */
void datagram_tell_failure(async_datagram *datagram);

/* datagram_send.c */
void datagram_wake_drains(async_datagram *datagram);                         /* those that have room now */
void datagram_end_drains(async_datagram *datagram, async_value *error);      /* the error is lent */
void datagram_drop_outbound(async_datagram *datagram);

/* datagram_flush.c: sends what the kernel takes. */
void datagram_flush(async_datagram *datagram);
extern const struct node_ops datagram_pause_ops;

#endif
