/* Sending: what is said within a turn is copied, to leave at its end. */
#include "libasync/io/outbound.h"

#include <errno.h>
#include <stdio.h>

/* Over UDP, by IPv4. */
#define LONGEST 65507
/* A Unix socket's buffer holds this much at least, and a little of the kernel's own with each datagram. */
#define SURELY_FITS 4096
#define OVERHEAD 32

void datagram_drop_outbound(async_datagram *datagram)
{
    struct outbound *outbound = datagram->outbound;

    datagram->outbound = NULL;
    if (!outbound)
        return;
    memory_release(outbound->records, outbound->capacity);
    memory_release(outbound, sizeof *outbound);
}

/* Room behind the last record for one more of that size; false without memory. */
static bool make_room(async_datagram *datagram, size_t size)
{
    struct outbound *outbound = datagram->outbound;
    size_t used, wanted;
    char *grown;

    if (!outbound) {
        outbound = memory_allocate(sizeof *outbound);
        if (!outbound)
            return false;
        *outbound = (struct outbound){.records = NULL};
        datagram->outbound = outbound;
    }
    if (likely(outbound->behind + size <= outbound->capacity))
        return true;
    used = outbound->behind - outbound->begin;
    if (outbound->begin) {
        memmove(outbound->records, outbound->records + outbound->begin, used);
        outbound->begin = 0;
        outbound->behind = used;
    }
    if (used + size <= outbound->capacity)
        return true;
    for (wanted = USUAL_CAPACITY; wanted < used + size; wanted *= 2)
        ;
    grown = memory_grow(outbound->records, used, outbound->capacity, wanted);
    if (!grown)
        return false;
    outbound->records = grown;
    outbound->capacity = wanted;
    return true;
}


/* Everybody who waits for room goes on. */
static void end_drains(async_datagram *datagram, async_value *taken)
{
    struct node all;

    list_init(&all);
    list_splice(&all, &datagram->drains);
    while (!list_is_empty(&all))
        datagram_wait_end(container_of(all.next, struct datagram_wait, link), async_value_ref(taken));
    async_value_unref(taken);
}

void datagram_end_drains(async_datagram *datagram, async_value *error)
{
    end_drains(datagram, async_value_ref(error));
}

void datagram_wake_drains(async_datagram *datagram)
{
    if (!list_is_empty(&datagram->drains) && datagram_unsent(datagram) <= low_mark(datagram))
        end_drains(datagram, async_none());
}

/* An IPv6 socket that speaks to both sends to IPv4 by a mapped address. False for an address of another family. */
static bool fit_family(const async_datagram *datagram, union socket_address *address, socklen_t *size)
{
    struct sockaddr_in6 mapped = {.sin6_family = AF_INET6, .sin6_addr.s6_addr = {[10] = 0xff, [11] = 0xff}};

    if (address->any.sa_family == datagram->family)
        return true;
    if (!datagram->speaks_both || address->any.sa_family != AF_INET)
        return false;
    mapped.sin6_port = address->ipv4.sin_port;
    memcpy(&mapped.sin6_addr.s6_addr[12], &address->ipv4.sin_addr, sizeof address->ipv4.sin_addr);
    address->ipv6 = mapped;
    *size = sizeof mapped;
    return true;
}

static size_t longest(const async_datagram *datagram, size_t size)
{
    int buffer = 0;
    socklen_t length = sizeof buffer;

    if (datagram->family != AF_UNIX)
        return LONGEST;
    if (size <= SURELY_FITS)
        return SURELY_FITS;
    getsockopt(datagram->descriptor, SOL_SOCKET, SO_SNDBUF, &buffer, &length);
    return (size_t)buffer - OVERHEAD;
}

rarely static int deny_length(async_datagram *datagram, const union socket_address *address, socklen_t address_size,
                              size_t size)
{
    char whom[ADDRESS_TEXT_SIZE];

    if (address_size)
        address_write_text(address, address_size, whom);
    else
        snprintf(whom, sizeof whom, "%s", async_address_text(datagram->peer));
    return datagram_deny(datagram, ASYNC_ELIMIT, whom, "a datagram of %zu bytes, and the longest has %zu", size,
                         longest(datagram, size));
}

/* Who sends on and on is refused often: then the words are there. */
rarely static int deny_room(async_datagram *datagram)
{
    if (async_value_error(datagram->refusal) == ASYNC_EFULL)
        return ASYNC_EFULL;
    return datagram_deny_itself(datagram, ASYNC_EFULL, "more is unsent than the high mark");
}

/* A turn that says much is heard in between. */
static int put(async_datagram *datagram, const union socket_address *address, socklen_t address_size,
               const void *bytes, size_t size)
{
    size_t room = record_size(address_size, size);
    struct outbound *outbound;
    struct record *record;

    if (unlikely(size > longest(datagram, size)))
        return deny_length(datagram, address, address_size, size);
    if (unlikely(datagram_unsent(datagram) > high_mark(datagram)))
        datagram_flush(datagram);
    if (unlikely(datagram_unsent(datagram) > high_mark(datagram)))
        return deny_room(datagram);
    if (unlikely(!make_room(datagram, room)))
        return datagram_deny(datagram, ASYNC_ENOMEM, NULL, "no memory to keep it until it is sent");
    outbound = datagram->outbound;
    record = record_at(outbound, outbound->behind);
    *record = (struct record){.size = (uint32_t)size, .address_size = (uint16_t)address_size};
    if (address_size)
        memcpy(record_address(record), address, address_size);
    if (size)
        memcpy(record_bytes(record), bytes, size);
    outbound->behind += room;
    if (++outbound->count >= MOST_AT_ONCE)
        datagram_flush(datagram);
    else if (!datagram->is_blocked)
        datagram_queue(datagram);
    return 0;
}

static int enter_to_send(async_datagram *datagram, const void *bytes, size_t size)
{
    int error = datagram_enter(datagram);

    if (unlikely(error == ASYNC_ECLOSED))
        return datagram_deny(datagram, error, NULL, "%s", loop_enter(datagram_loop(datagram)) ? async_error_text(error)
                                                                                              : DATAGRAM_IS_CLOSED);
    if (unlikely(!error && !bytes && size))
        return datagram_deny_itself(datagram, ASYNC_EINVAL, "what is to be sent is NULL");
    return error;
}

int async_datagram_send(async_datagram *datagram, const void *bytes, size_t size)
{
    int error = enter_to_send(datagram, bytes, size);

    if (error)
        return error;
    if (!datagram->peer)
        return datagram_deny_itself(datagram, ASYNC_ESTATE, "it is connected to no peer: send to an address");
    return put(datagram, NULL, 0, bytes, size);
}

int async_datagram_send_to(async_datagram *datagram, const void *bytes, size_t size, const async_value *address)
{
    int error = enter_to_send(datagram, bytes, size);
    union socket_address place;
    socklen_t place_size;

    if (error)
        return error;
    if (!address_read(address, &place, &place_size))
        return datagram_deny_itself(datagram, ASYNC_EINVAL, "what it is to be sent to is no address");
    if (!fit_family(datagram, &place, &place_size))
        return datagram_deny(datagram, ASYNC_EINVAL, async_address_text(address), "the socket is of another family");
    return put(datagram, &place, place_size, bytes, size);
}

int async_datagram_reply(async_datagram *datagram, int index, const void *bytes, size_t size)
{
    int error = enter_to_send(datagram, bytes, size);
    const union socket_address *sender;
    socklen_t sender_size;

    if (error)
        return error;
    sender = inbound_sender(datagram, index, &sender_size);
    if (!sender)
        return datagram_deny_itself(datagram, ASYNC_EINVAL, "the last batch has no such datagram, or it no sender");
    return put(datagram, sender, sender_size, bytes, size);
}

static bool cancel_drain(async_future *future, async_value *error)
{
    datagram_wait_end(container_of(future, struct datagram_wait, future), async_value_ref(error));
    return true;
}

static void time_out(async_loop *loop, struct node *node)
{
    struct datagram_wait *wait = container_of(node, struct datagram_wait, future.node);

    datagram_wait_end_now(wait, datagram_timeout(wait->datagram, "nothing could be sent for too long"));
}

/* The socket itself ends it at the loop's close. */
static const struct future_class drain_class = {
    .node.run = time_out,
    .size = sizeof(struct datagram_wait),
    .cancel = cancel_drain,
};

async_future *async_datagram_drain(async_datagram *datagram)
{
    int error = datagram_enter(datagram);
    struct datagram_wait *wait;

    if (error)
        return datagram_refuse(datagram, error);
    if (datagram_unsent(datagram) < high_mark(datagram) || datagram_unsent(datagram) <= low_mark(datagram))
        return &future_none;
    wait = datagram_wait_new(datagram, &drain_class);
    if (!wait)
        return future_failed(ASYNC_ENOMEM);
    list_insert_before(&datagram->drains, &wait->link);
    if (datagram->extras && !datagram_wait_limit(wait, datagram->extras->write_seconds))
        datagram_wait_end(wait, NULL);
    return &wait->future;
}
