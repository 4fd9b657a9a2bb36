/*
 * What was said leaves, by few calls of the kernel's. Datagrams of one size to one address even leave as one packet,
 * where the kernel can cut it into them: its way through the system is then gone once. The order of those to one
 * address stays.
 */
#include "libasync/io/outbound.h"

#include <errno.h>

/* What nearly any path lets pass whole: the parts of a packet to be cut must. */
#define LONGEST_PART 1452
#define LONGEST_PACKET 65000

/* Where the kernel does not tell when it has room: for a Unix socket that is not connected, and for a device. */
#define PAUSE_SECONDS 1e-3

#define TABLE_SIZE 128    /* a power of two, and more than MOST_AT_ONCE */

/* The records that leave as one packet. Records and packets are counted from 1, so that 0 is none. */
struct group {
    uint8_t first, last;
    uint8_t count;
    bool is_full;           /* nothing goes behind a part that is shorter than those before */
    uint32_t size, part;
};

struct sending {
    unsigned records, groups;
    struct record *record[MOST_AT_ONCE + 1];
    uint8_t next[MOST_AT_ONCE + 1];          /* of the same packet */
    struct group group[MOST_AT_ONCE + 1];
    uint8_t newest[TABLE_SIZE];              /* packet to an address, by its hash or in the next free place */
    struct packet packets[MOST_AT_ONCE];
    struct iovec parts[MOST_AT_ONCE];
    _Alignas(struct cmsghdr) char controls[MOST_AT_ONCE][CUT_CONTROL_SIZE];
};

static bool may_cut(async_datagram *datagram)
{
    if (datagram->cutting == CUTTING_UNKNOWN)
        datagram->cutting = datagram->family != AF_UNIX && packet_can_be_cut(datagram->descriptor) ? CUTTING_WORKS
                                                                                                    : CUTTING_FAILS;
    return datagram->cutting == CUTTING_WORKS;
}

/* The first bytes of an address hold its family, port and an IPv4 host, the last ones most of an IPv6 host. */
static unsigned hash_of(struct record *record)
{
    uint64_t first = 0, last = 0;

    if (record->address_size >= sizeof first) {
        memcpy(&first, record_address(record), sizeof first);
        memcpy(&last, record_address(record) + record->address_size / 2, sizeof last);
    }
    return (unsigned)((first ^ last) * 0x9e3779b97f4a7c15u >> 57) % TABLE_SIZE;
}

static bool has_same_address(struct record *one, struct record *other)
{
    return one->address_size == other->address_size &&
           memcmp(record_address(one), record_address(other), one->address_size) == 0;
}

/* Where the newest packet to the record's address stands, or would. There are fewer packets than places. */
static uint8_t *newest_of(struct sending *sending, struct record *record)
{
    unsigned place = hash_of(record);

    while (sending->newest[place] &&
           !has_same_address(sending->record[sending->group[sending->newest[place]].first], record))
        place = (place + 1) % TABLE_SIZE;
    return &sending->newest[place];
}

static bool fits(const struct group *group, const struct record *record)
{
    return !group->is_full && record->size && record->size <= group->part && group->part <= LONGEST_PART &&
           group->size + record->size <= LONGEST_PACKET;
}

static void add(struct sending *sending, struct group *group, struct record *record)
{
    uint8_t number = (uint8_t)++sending->records;

    sending->record[number] = record;
    sending->next[number] = 0;
    if (!group->count)
        group->first = number;
    else
        sending->next[group->last] = number;
    group->last = number;
    group->count++;
    group->size += record->size;
    group->is_full = record->size < group->part;
}

static void gather(struct sending *sending, const struct outbound *outbound, bool cut)
{
    sending->records = sending->groups = 0;
    memset(sending->newest, 0, sizeof sending->newest);
    for (size_t place = outbound->begin; place < outbound->behind && sending->records < MOST_AT_ONCE;) {
        struct record *record = record_at(outbound, place);
        uint8_t *newest = cut ? newest_of(sending, record) : NULL;

        place += record_size_of(record);
        if (record->is_sent)
            continue;
        if (!cut || !*newest || !fits(&sending->group[*newest], record)) {
            sending->group[++sending->groups] = (struct group){.part = record->size};
            if (cut)
                *newest = (uint8_t)sending->groups;
        }
        add(sending, &sending->group[cut ? *newest : sending->groups], record);
    }
}

static void build(struct sending *sending)
{
    struct iovec *part = sending->parts;

    for (unsigned i = 0; i < sending->groups; i++) {
        const struct group *group = &sending->group[i + 1];
        struct record *first = sending->record[group->first];
        struct packet *packet = &sending->packets[i];

        *packet = (struct packet){
            .header = {.msg_name = first->address_size ? record_address(first) : NULL,
                       .msg_namelen = first->address_size, .msg_iov = part, .msg_iovlen = group->count},
        };
        for (unsigned number = group->first; number; number = sending->next[number])
            *part++ = (struct iovec){record_bytes(sending->record[number]), sending->record[number]->size};
        if (group->count > 1)
            packet_cut(packet, sending->controls[i], (uint16_t)group->part);
    }
}

/* What is all sent leaves the whole room to what follows. */
static void drop_sent(struct outbound *outbound)
{
    while (outbound->begin < outbound->behind && record_at(outbound, outbound->begin)->is_sent)
        outbound->begin += record_size_of(record_at(outbound, outbound->begin));
    if (outbound->begin < outbound->behind)
        return;
    outbound->begin = outbound->behind = 0;
    if (outbound->capacity <= USUAL_CAPACITY)
        return;
    memory_release(outbound->records, outbound->capacity);
    outbound->records = NULL;
    outbound->capacity = 0;
}

static void mark_sent(struct sending *sending, struct outbound *outbound, unsigned groups)
{
    for (unsigned i = 1; i <= groups; i++) {
        outbound->count -= sending->group[i].count;
        for (unsigned number = sending->group[i].first; number; number = sending->next[number])
            sending->record[number]->is_sent = true;
    }
    drop_sent(outbound);
}

static void watch_for_writing(async_datagram *datagram, bool wanted)
{
    int events = watch_events(&datagram->watch);

    watch_set(datagram_loop(datagram), &datagram->watch, wanted ? events | WATCH_WRITE : events & ~WATCH_WRITE);
}

/* Without memory for the timer the next turn tries again. */
static void wait_a_moment(async_datagram *datagram)
{
    async_loop *loop = datagram_loop(datagram);

    timer_stop(loop, &datagram->pause);
    datagram->is_blocked = timer_start(loop, &datagram->pause, loop_now(loop) + PAUSE_SECONDS);
    if (!datagram->is_blocked)
        datagram_queue(datagram);
}

static void go_on(async_loop *loop, struct node *node)
{
    async_datagram *datagram = container_of(node, async_datagram, pause.node);

    datagram->is_blocked = false;
    datagram_flush(datagram);
}

const struct node_ops datagram_pause_ops = {.run = go_on};

/* Whether the kernel has no room for now; then the try is made again when it has. */
static bool wait_for_room(async_datagram *datagram, int number)
{
    if (number == ENOBUFS || number == ENOMEM || (number == EAGAIN && datagram->family == AF_UNIX && !datagram->peer)) {
        wait_a_moment(datagram);
        return true;
    }
    if (number != EAGAIN && number != EWOULDBLOCK)
        return false;
    datagram->is_blocked = true;
    watch_for_writing(datagram, true);
    return true;
}

static bool refuses_cuts(int number)
{
    return number == EINVAL || number == EIO || number == EMSGSIZE || number == EOPNOTSUPP;
}

/*
 * The first packet failed. With a peer that may be news of an earlier datagram, and this one is tried again; a second
 * failure is its own, and it is lost. A socket that talks to anybody is not told of those that cannot be reached: a
 * stranger could stop it by sending from such an address. What it may not do it is told.
 */
static void take_failure(async_datagram *datagram, struct sending *sending, int number, bool *again)
{
    if (sending->group[1].count > 1 && refuses_cuts(number)) {
        datagram->cutting = CUTTING_FAILS;
        return;
    }
    if (datagram->peer || number == EACCES || number == EMSGSIZE)
        datagram->failure = number;
    if (!datagram->peer || *again)
        mark_sent(sending, datagram->outbound, 1);
    *again = !*again;
}

static void flush(async_datagram *datagram)
{
    struct outbound *outbound = datagram->outbound;
    bool again = false, waits = false;
    struct sending sending;

    while (outbound->count && !waits) {
        int sent;

        gather(&sending, outbound, outbound->count > 1 && may_cut(datagram));
        build(&sending);
        sent = packets_send(datagram->descriptor, sending.packets, sending.groups);
        if (likely(sent > 0)) {
            mark_sent(&sending, outbound, (unsigned)sent);
            again = false;
        } else {
            int number = errno;

            waits = wait_for_room(datagram, number);
            if (!waits)
                take_failure(datagram, &sending, number, &again);
        }
    }
}

/* Only at the end does anybody hear of it. */
void datagram_flush(async_datagram *datagram)
{
    if (!datagram->outbound || !datagram->outbound->count || datagram->is_blocked)
        return;
    flush(datagram);
    if (!datagram->outbound->count)
        watch_for_writing(datagram, false);
    datagram_tell_failure(datagram);
    datagram_wake_drains(datagram);
}
