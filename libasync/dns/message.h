/* Answers of name servers, byte by byte (RFC 1035, section 4). Nothing in them is believed before it was checked. */
#ifndef LIBASYNC_DNS_MESSAGE_H
#define LIBASYNC_DNS_MESSAGE_H

#include "libasync/dns/configuration.h"

#include <stdint.h>

#define TYPE_A 1
#define TYPE_NS 2
#define TYPE_CNAME 5
#define TYPE_SOA 6
#define TYPE_PTR 12
#define TYPE_MX 15
#define TYPE_TXT 16
#define TYPE_AAAA 28
#define TYPE_SRV 33
#define TYPE_CAA 257

/* How a question ended. */
enum answer {
    ANSWER_FOUND,
    ANSWER_NO_NAME,           /* there is no such name */
    ANSWER_NO_DATA,           /* the name is there, but not with what was asked for */
    ANSWER_LATE,
    ANSWER_UNREACHABLE,
    ANSWER_REFUSED,
    ANSWER_FAILED,
    ANSWER_UNSUPPORTED,
    ANSWER_MALFORMED,         /* says the server of our question */
    ANSWER_NONSENSE,          /* say we of its answer */
    ANSWER_OTHER_ID,
    ANSWER_OTHER_QUESTION,
    ANSWER_CIRCLE,            /* of aliases */
    ANSWER_MANY_ALIASES,      /* each leads to the next */
    ANSWER_NO_DESCRIPTOR,
    ANSWER_NO_MEMORY,
    ANSWER_CLOSED,
};

#define HEADER_SIZE 12
struct message {
    const uint8_t *bytes;
    size_t size;
};

/* One of the answer section's. Names are told by where in the message they begin. */
struct found_record {
    size_t name;
    uint16_t type, class;
    uint32_t ttl;
    size_t data, size;
};

/* Walks the answer section: `records` are left, from `at` on. False when the message has no such beginning. */
struct walk {
    size_t at;
    unsigned records;
};
bool message_begin(const struct message *message, struct walk *walk);
/* ANSWER_FOUND; ANSWER_NO_DATA behind the last; ANSWER_NONSENSE. */
enum answer message_next(const struct message *message, struct walk *walk, struct found_record *record);

/* A name as text, dots within its parts written as in zone files: NULL when it is none. */
#define NAME_TEXT 1024
const char *message_name(const struct message *message, size_t at, char *text);
/* The same, and sets where what stands behind the name begins. */
const char *message_name_before(const struct message *message, size_t at, char *text, size_t *behind);

/* Follows the aliases from the name asked for; sets where the name stands that they lead to. */
enum answer message_follow(const struct message *message, size_t *name);
/* Records of a type that this name has; visits each, stops when told false. */
enum answer message_visit(const struct message *message, uint16_t type,
                          bool (*visit)(const struct message *message, const struct found_record *record, void *user),
                          void *user);
/* The addresses of the name asked for, up to `room` of them; sets how many there are. */
enum answer message_addresses(const struct message *message, uint16_t type, union host_address *found, size_t room,
                              size_t *count);

static inline uint16_t read_16(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static inline uint32_t read_32(const uint8_t *bytes)
{
    return (uint32_t)read_16(bytes) << 16 | read_16(bytes + 2);
}

/* A question for a record, with recursion wanted, and with EDNS where `longest` tells the longest answer wanted, else 0.
 * The name is in text form, as message_name writes it. Its size; 0 when the name is none. */
#define LONGEST_QUESTION (HEADER_SIZE + 255 + 4 + 11)
size_t message_write(uint8_t *bytes, uint16_t id, const char *name, uint16_t type, uint16_t longest);

/* Parts of the header. */
static inline uint16_t message_id(const struct message *message)
{
    return read_16(message->bytes);
}
static inline int message_code(const struct message *message)
{
    return message->bytes[3] & 0x0f;
}
/* A number that the same question always has, however its letters are written; 0 where there is none. */
uint32_t message_question(const struct message *message);

#endif
