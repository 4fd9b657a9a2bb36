/*
 * Receiving. Each slot for a datagram has a head, which is enough for what fits an Ethernet frame, and a tail for the
 * longest that there can be. The heads lie close together; of the tails, memory that nobody touches is none.
 */
#include "libasync/io/datagram.h"

#include <errno.h>

/* How many by one call. Singly awaited ones are fetched ahead, as far as they are there already. */
#define MOST_AT_ONCE 64
#define MOST_AHEAD 16

/* An odd number of cache lines, so that the first lines of the heads do not crowd each other out. */
#define HEAD_SIZE 1600
#define LONGEST_OF_IP 65536
#define LONGEST_OF_UNIX 425984    /* twice the largest buffer that Linux lets an ordinary user set */

struct inbound {
    unsigned capacity;         /* slots */
    unsigned count, next;      /* received: those from `next` on were not given out yet */
    unsigned first, batch;     /* those of the last batch */
    size_t size, tails_size;   /* of both blocks */
    size_t longest;
    char *tails;               /* each with room for the head before it */
    struct packet *packets;    /* each with its sender, and in two parts */
    struct iovec *parts;
    union socket_address *senders;
    char *heads;
};

static size_t longest_of(const async_datagram *datagram)
{
    return datagram->family == AF_UNIX ? LONGEST_OF_UNIX : LONGEST_OF_IP;
}

/* Each slot has its place; packets may change theirs. */
static void lay_out(struct inbound *inbound)
{
    inbound->packets = (struct packet *)(inbound + 1);
    inbound->parts = (struct iovec *)(inbound->packets + inbound->capacity);
    inbound->senders = (union socket_address *)(inbound->parts + 2 * inbound->capacity);
    inbound->heads = (char *)(inbound->senders + inbound->capacity);
    for (unsigned i = 0; i < inbound->capacity; i++) {
        struct iovec *parts = &inbound->parts[2 * i];

        parts[0] = (struct iovec){inbound->heads + i * HEAD_SIZE, HEAD_SIZE};
        parts[1] = (struct iovec){inbound->tails + i * inbound->longest + HEAD_SIZE, inbound->longest - HEAD_SIZE};
        inbound->packets[i] = (struct packet){
            .header = {.msg_name = &inbound->senders[i], .msg_iov = parts, .msg_iovlen = 2},
        };
    }
}

static struct inbound *inbound_new(unsigned capacity, size_t longest)
{
    size_t slot = sizeof(struct packet) + 2 * sizeof(struct iovec) + sizeof(union socket_address) + HEAD_SIZE;
    size_t size = sizeof(struct inbound) + capacity * slot;
    struct inbound *inbound = memory_allocate(size);

    if (!inbound)
        return NULL;
    *inbound = (struct inbound){.capacity = capacity, .size = size, .longest = longest,
                                .tails_size = capacity * longest};
    inbound->tails = memory_allocate(inbound->tails_size);
    if (!inbound->tails) {
        memory_release(inbound, size);
        return NULL;
    }
    lay_out(inbound);
    return inbound;
}

void datagram_drop_inbound(async_datagram *datagram)
{
    struct inbound *inbound = datagram->inbound;

    datagram->inbound = NULL;
    if (!inbound)
        return;
    memory_release(inbound->tails, inbound->tails_size);
    memory_release(inbound, inbound->size);
}

/* False without memory. What is there was given out. */
static bool make_room(async_datagram *datagram, unsigned wanted)
{
    struct inbound *inbound = datagram->inbound;

    if (inbound && inbound->capacity >= wanted)
        return true;
    inbound = inbound_new(wanted, longest_of(datagram));
    if (!inbound)
        return false;
    datagram_drop_inbound(datagram);
    datagram->inbound = inbound;
    return true;
}

/* A long one becomes one piece: its head goes before its tail. */
static void join(struct packet *packet)
{
    const struct iovec *parts = packet->header.msg_iov;

    if (packet->size > HEAD_SIZE)
        memcpy((char *)parts[1].iov_base - HEAD_SIZE, parts[0].iov_base, HEAD_SIZE);
}

static const char *bytes_of(const struct packet *packet)
{
    const struct iovec *parts = packet->header.msg_iov;

    return packet->size > HEAD_SIZE ? (const char *)parts[1].iov_base - HEAD_SIZE : parts[0].iov_base;
}

/* One that did not fit is not passed on as if it were whole; the next receive tells of it. */
static void drop_cut(async_datagram *datagram)
{
    struct inbound *inbound = datagram->inbound;

    for (unsigned i = 0; i < inbound->count; i++) {
        struct packet *packet = &inbound->packets[i], cut = *packet;

        if (likely(!(packet->header.msg_flags & MSG_TRUNC))) {
            join(packet);
            continue;
        }
        *packet = inbound->packets[--inbound->count];
        inbound->packets[inbound->count] = cut;
        datagram->failure = EMSGSIZE;
        i--;
    }
}

/* How many came, or -1 and errno. */
static int fetch(async_datagram *datagram, unsigned wanted)
{
    struct inbound *inbound = datagram->inbound;
    int count;

    inbound->count = inbound->next = inbound->batch = 0;
    for (unsigned i = 0; i < wanted; i++)
        inbound->packets[i].header.msg_namelen = sizeof *inbound->senders;
    count = packets_receive(datagram->descriptor, inbound->packets, wanted);
    if (count < 0)
        return -1;
    inbound->count = (unsigned)count;
    datagram->may_have_more = (unsigned)count == wanted;
    drop_cut(datagram);
    return count;
}

static unsigned left(const async_datagram *datagram)
{
    return datagram->inbound ? datagram->inbound->count - datagram->inbound->next : 0;
}

/* An IPv4 peer of an IPv6 socket shows as what he is. */
static void unmap(union socket_address *address, socklen_t *size)
{
    struct sockaddr_in ipv4 = {.sin_family = AF_INET};

    if (address->any.sa_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&address->ipv6.sin6_addr))
        return;
    ipv4.sin_port = address->ipv6.sin6_port;
    memcpy(&ipv4.sin_addr, &address->ipv6.sin6_addr.s6_addr[12], sizeof ipv4.sin_addr);
    address->ipv4 = ipv4;
    *size = sizeof ipv4;
}

static bool has_sender(const struct packet *packet)
{
    return packet->header.msg_namelen > offsetof(struct sockaddr, sa_data);
}

static async_value *sender_value(const struct packet *packet)
{
    socklen_t size = packet->header.msg_namelen;
    union socket_address sender;

    if (!has_sender(packet))
        return async_none();
    memcpy(&sender, packet->header.msg_name, size < sizeof sender ? size : sizeof sender);
    unmap(&sender, &size);
    return address_new(&sender, size, ASYNC_ANY);
}

/* The next datagram as a value, which takes it out; NULL without memory, and then it is still there. */
static async_value *take_one(struct inbound *inbound)
{
    const struct packet *packet = &inbound->packets[inbound->next];
    async_value *parts[] = {async_bytes(bytes_of(packet), packet->size), sender_value(packet)};
    async_value *pair = async_list(parts, 2);

    if (pair)
        inbound->next++;
    return pair;
}

static async_value *take_batch(struct inbound *inbound, unsigned most)
{
    unsigned there = inbound->count - inbound->next;

    inbound->first = inbound->next;
    inbound->batch = there < most ? there : most;
    inbound->next += inbound->batch;
    return async_int(inbound->batch);
}

static async_value *take(async_datagram *datagram, unsigned wanted)
{
    return wanted ? take_batch(datagram->inbound, wanted) : take_one(datagram->inbound);
}

static async_value *take_failure(async_datagram *datagram)
{
    async_value *error = datagram_error(datagram, datagram->failure);

    datagram->failure = 0;
    return error;
}

/* Ends the receive that waits, in the socket's own turn. */
static void end_now(async_datagram *datagram, async_value *taken)
{
    async_future *receiver = datagram->receiver;

    datagram->receiver = NULL;
    datagram_wait_end_now(container_of(receiver, struct datagram_wait, future), taken);
}

void datagram_end_receive(async_datagram *datagram, async_value *error)
{
    async_future *receiver = datagram->receiver;

    datagram->receiver = NULL;
    if (receiver)
        datagram_wait_end(container_of(receiver, struct datagram_wait, future), async_value_ref(error));
}

void datagram_tell_failure(async_datagram *datagram)
{
    async_value *error;

    if (!datagram->receiver || !datagram->failure)
        return;
    error = take_failure(datagram);
    datagram_end_receive(datagram, error);
    async_value_unref(error);
}

static void watch_for_reading(async_datagram *datagram, bool wanted)
{
    int events = watch_events(&datagram->watch);

    watch_set(datagram_loop(datagram), &datagram->watch, wanted ? events | WATCH_READ : events & ~WATCH_READ);
}

/* While nobody receives, the watch is off and the kernel keeps what comes. */
void datagram_receive_ready(async_datagram *datagram)
{
    unsigned most = datagram->wanted ? datagram->wanted : MOST_AHEAD;

    if (!datagram->receiver) {
        watch_for_reading(datagram, false);
        return;
    }
    if (unlikely(!make_room(datagram, most))) {
        end_now(datagram, NULL);
        return;
    }
    if (fetch(datagram, most) < 0) {
        datagram->may_have_more = errno != EAGAIN && errno != EWOULDBLOCK;
        if (datagram->may_have_more)
            end_now(datagram, datagram_error(datagram, errno));
        else
            watch_for_reading(datagram, true);
        return;
    }
    if (likely(left(datagram)))
        end_now(datagram, take(datagram, datagram->wanted));
    else
        end_now(datagram, take_failure(datagram));
}

static bool cancel_receive(async_future *future, async_value *error)
{
    struct datagram_wait *wait = container_of(future, struct datagram_wait, future);

    datagram_end_receive(wait->datagram, error);
    return true;
}

static void time_out(async_loop *loop, struct node *node)
{
    struct datagram_wait *wait = container_of(node, struct datagram_wait, future.node);

    end_now(wait->datagram, datagram_timeout(wait->datagram, "nothing came for too long"));
}

/* The socket itself ends it at the loop's close. */
static const struct future_class receive_class = {
    .node.run = time_out,
    .size = sizeof(struct datagram_wait),
    .cancel = cancel_receive,
};

static async_future *wait_to_receive(async_datagram *datagram, unsigned wanted)
{
    struct datagram_wait *wait = datagram_wait_new(datagram, &receive_class);

    if (unlikely(!wait))
        return future_failed(ASYNC_ENOMEM);
    datagram->receiver = &wait->future;
    datagram->wanted = (uint16_t)wanted;
    if (datagram->extras && !datagram_wait_limit(wait, datagram->extras->read_seconds)) {
        datagram_end_receive(datagram, NULL);
        return &wait->future;
    }
    if (datagram->may_have_more)
        datagram_queue(datagram);
    else
        watch_for_reading(datagram, true);
    return &wait->future;
}

static const struct future_class done_class = {.size = sizeof(async_future)};

/* What was fetched ahead comes first, then what went wrong. */
static async_future *receive_at_once(async_datagram *datagram, unsigned wanted)
{
    async_future *future = future_new(datagram_loop(datagram), &done_class);

    if (unlikely(!future))
        return future_failed(ASYNC_ENOMEM);
    if (left(datagram))
        future_succeed(future, take(datagram, wanted));
    else
        future_fail(future, take_failure(datagram));
    return future;
}

static async_future *receive(async_datagram *datagram, unsigned wanted)
{
    int error = datagram_enter(datagram);

    if (unlikely(error))
        return datagram_refuse(datagram, error);
    if (unlikely(datagram->receiver))
        return future_failed_saying(datagram_loop(datagram), ASYNC_ESTATE, "another receive waits at this socket");
    if (datagram->inbound)
        datagram->inbound->batch = 0;
    if (left(datagram) || unlikely(datagram->failure))
        return receive_at_once(datagram, wanted);
    return wait_to_receive(datagram, wanted);
}

async_future *async_datagram_receive(async_datagram *datagram)
{
    return receive(datagram, 0);
}

async_future *async_datagram_receive_batch(async_datagram *datagram, int most)
{
    if (datagram && (most < 1 || most > 1024))
        return datagram_visit(datagram) ? datagram_refuse(datagram, datagram_visit(datagram))
                                        : future_failed_saying(datagram_loop(datagram), ASYNC_EINVAL,
                                                               "a batch is 1 to 1024 datagrams, not %d", most);
    return receive(datagram, most < MOST_AT_ONCE ? (unsigned)most : MOST_AT_ONCE);
}

static const struct packet *packet_at(const async_datagram *datagram, int index)
{
    const struct inbound *inbound = datagram_visit(datagram) == 0 ? datagram->inbound : NULL;

    if (!inbound || index < 0 || (unsigned)index >= inbound->batch)
        return NULL;
    return &inbound->packets[inbound->first + (unsigned)index];
}

const void *async_datagram_bytes(const async_datagram *datagram, int index, size_t *length)
{
    const struct packet *packet = packet_at(datagram, index);

    if (length)
        *length = packet ? packet->size : 0;
    return packet ? bytes_of(packet) : NULL;
}

async_value *async_datagram_sender(const async_datagram *datagram, int index)
{
    const struct packet *packet = packet_at(datagram, index);

    return packet && has_sender(packet) ? sender_value(packet) : NULL;
}

const union socket_address *inbound_sender(const async_datagram *datagram, int index, socklen_t *size)
{
    const struct packet *packet = packet_at(datagram, index);

    if (!packet || !has_sender(packet))
        return NULL;
    *size = packet->header.msg_namelen;
    return packet->header.msg_name;
}
