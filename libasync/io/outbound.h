/* Inside io/: what a datagram socket has still to send: a row of records in one block. */
#ifndef LIBASYNC_IO_OUTBOUND_H
#define LIBASYNC_IO_OUTBOUND_H

#include "libasync/io/datagram.h"

/* How many leave by one call. */
#define MOST_AT_ONCE 64

/* Kept while the socket lives, unless a burst made it larger. */
#define USUAL_CAPACITY 16384

/* A datagram to be sent: this head, its address and its bytes. */
struct record {
    uint32_t size;
    uint16_t address_size;    /* 0: to the peer */
    bool is_sent;
};
#define RECORD_ALIGNMENT sizeof(struct record)

struct outbound {
    char *records;
    size_t capacity;
    size_t begin, behind;    /* what is unsent */
    unsigned count;          /* so many */
};

static inline struct record *record_at(const struct outbound *outbound, size_t place)
{
    return (struct record *)(outbound->records + place);
}
static inline size_t record_size(size_t address_size, size_t size)
{
    return (sizeof(struct record) + address_size + size + RECORD_ALIGNMENT - 1) / RECORD_ALIGNMENT * RECORD_ALIGNMENT;
}
static inline size_t record_size_of(const struct record *record)
{
    return record_size(record->address_size, record->size);
}
static inline char *record_address(struct record *record)
{
    return (char *)(record + 1);
}
static inline char *record_bytes(struct record *record)
{
    return record_address(record) + record->address_size;
}

static inline size_t datagram_unsent(const async_datagram *datagram)
{
    return datagram->outbound ? datagram->outbound->behind - datagram->outbound->begin : 0;
}
static inline size_t high_mark(const async_datagram *datagram)
{
    return datagram->extras ? datagram->extras->high : default_socket_options.high;
}
static inline size_t low_mark(const async_datagram *datagram)
{
    return datagram->extras ? datagram->extras->low : default_socket_options.low;
}

#endif
