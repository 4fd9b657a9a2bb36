#include "libasync/dns/message.h"

#include <stdio.h>
#include <string.h>

#define CLASS_INTERNET 1
/* A name has 255 bytes at most, so never more pointers in a row than that. */
#define MOST_POINTERS 128
#define MOST_OF_NAME 255
/* As many as systemd-resolved follows; dnsmasq follows 10, and 8 were too few for unbound. failure.c says it. */
#define MOST_ALIASES 16

/* Steps over a name as it stands, to behind its zero byte or first pointer. */
static bool skip_name(const struct message *message, size_t *at)
{
    while (*at < message->size) {
        uint8_t length = message->bytes[*at];

        if ((length & 0xc0) == 0xc0) {
            *at += 2;
            return *at <= message->size;
        }
        if (length & 0xc0)
            return false;
        *at += 1u + length;
        if (!length)
            return *at <= message->size;
    }
    return false;
}

/* The label at `at` or where that points to: its length, 0 at the name's end; -1 when there is none. Counts pointers,
 * for a circle of them has no end. */
static int find_label(const struct message *message, size_t *at, int *pointers)
{
    while (*at < message->size) {
        uint8_t length = message->bytes[*at];

        if (!(length & 0xc0))
            return *at + length < message->size ? length : -1;
        if ((length & 0xc0) != 0xc0 || *at + 1 >= message->size || ++*pointers > MOST_POINTERS)
            return -1;
        *at = (size_t)(length & 0x3f) << 8 | message->bytes[*at + 1];
    }
    return -1;
}

static uint8_t small(uint8_t letter)
{
    return letter >= 'A' && letter <= 'Z' ? letter | 0x20 : letter;
}

static bool is_same_label(const uint8_t *one, const uint8_t *other, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (small(one[i]) != small(other[i]))
            return false;
    return true;
}

static bool is_same_name(const struct message *message, size_t one, size_t other)
{
    int pointers = 0, length;

    for (;;) {
        length = find_label(message, &one, &pointers);
        if (length < 0 || find_label(message, &other, &pointers) != length)
            return false;
        if (one == other || !length)
            return true;
        if (!is_same_label(message->bytes + one + 1, message->bytes + other + 1, (size_t)length))
            return false;
        one += 1u + (size_t)length;
        other += 1u + (size_t)length;
    }
}

bool message_begin(const struct message *message, struct walk *walk)
{
    unsigned questions;

    if (message->size < HEADER_SIZE)
        return false;
    questions = read_16(message->bytes + 4);
    walk->records = read_16(message->bytes + 6);
    walk->at = HEADER_SIZE;
    while (questions--) {
        if (!skip_name(message, &walk->at) || walk->at + 4 > message->size)
            return false;
        walk->at += 4;
    }
    return true;
}

enum answer message_next(const struct message *message, struct walk *walk, struct found_record *record)
{
    const uint8_t *fixed;

    if (!walk->records)
        return ANSWER_NO_DATA;
    walk->records--;
    record->name = walk->at;
    if (!skip_name(message, &walk->at) || walk->at + 10 > message->size)
        return ANSWER_NONSENSE;
    fixed = message->bytes + walk->at;
    record->type = read_16(fixed);
    record->class = read_16(fixed + 2);
    /* RFC 2181, section 8: a time to live with the highest bit is none. */
    record->ttl = read_32(fixed + 4) & 0x80000000u ? 0 : read_32(fixed + 4);
    record->size = read_16(fixed + 8);
    record->data = walk->at + 10;
    walk->at = record->data + record->size;
    return walk->at <= message->size ? ANSWER_FOUND : ANSWER_NONSENSE;
}

static size_t write_letter(char *text, uint8_t letter)
{
    if (letter == '.' || letter == '\\')
        return (size_t)sprintf(text, "\\%c", letter);
    if (letter > ' ' && letter < 0x7f) {
        *text = (char)letter;
        return 1;
    }
    return (size_t)sprintf(text, "\\%03u", letter);
}

const char *message_name(const struct message *message, size_t at, char *text)
{
    int pointers = 0, length;
    size_t used = 0, size = 1;

    for (;;) {
        length = find_label(message, &at, &pointers);
        size += 1u + (size_t)length;
        if (length < 0 || size > MOST_OF_NAME + 1)
            return NULL;
        if (!length)
            break;
        if (used)
            text[used++] = '.';
        for (int i = 1; i <= length; i++)
            used += write_letter(text + used, message->bytes[at + (size_t)i]);
        at += 1u + (size_t)length;
    }
    if (!used)
        text[used++] = '.';
    text[used] = '\0';
    return text;
}

const char *message_name_before(const struct message *message, size_t at, char *text, size_t *behind)
{
    *behind = at;
    return skip_name(message, behind) ? message_name(message, at, text) : NULL;
}

/* One walk finds the aliases that stand in order, as they do; it is repeated for those that do not, so each of a long
 * row with the last first would take one. Who followed more aliases than there are records goes in a circle.
 * What an alias leads to must be a name: far more than that would take its time with the name of each record. */
enum answer message_follow(const struct message *message, size_t *name)
{
    struct found_record record;
    struct walk walk;
    unsigned aliases = 0, followed, records;
    enum answer answer;
    char text[NAME_TEXT];

    *name = HEADER_SIZE;
    do {
        followed = aliases;
        if (!message_begin(message, &walk))
            return ANSWER_NONSENSE;
        records = walk.records;
        while ((answer = message_next(message, &walk, &record)) == ANSWER_FOUND) {
            if (record.type != TYPE_CNAME || record.class != CLASS_INTERNET ||
                !is_same_name(message, record.name, *name))
                continue;
            *name = record.data;
            if (!message_name(message, *name, text))
                return ANSWER_NONSENSE;
            if (++aliases > records)
                return ANSWER_CIRCLE;
            if (aliases > MOST_ALIASES)
                return ANSWER_MANY_ALIASES;
        }
        if (answer == ANSWER_NONSENSE)
            return answer;
    } while (aliases != followed);
    return ANSWER_FOUND;
}

enum answer message_visit(const struct message *message, uint16_t type,
                          bool (*visit)(const struct message *message, const struct found_record *record, void *user),
                          void *user)
{
    size_t name = HEADER_SIZE;
    enum answer answer = type == TYPE_CNAME ? ANSWER_FOUND : message_follow(message, &name);
    struct found_record record;
    struct walk walk;

    if (answer != ANSWER_FOUND)
        return answer;
    if (!message_begin(message, &walk))
        return ANSWER_NONSENSE;
    while ((answer = message_next(message, &walk, &record)) == ANSWER_FOUND)
        if (record.type == type && record.class == CLASS_INTERNET && is_same_name(message, record.name, name) &&
            !visit(message, &record, user))
            return ANSWER_FOUND;
    return answer == ANSWER_NO_DATA ? ANSWER_FOUND : answer;
}

struct addresses {
    union host_address *found;
    size_t room, count;
    bool is_nonsense;
};

static bool add_address(const struct message *message, const struct found_record *record, void *user)
{
    struct addresses *addresses = user;
    const uint8_t *data = message->bytes + record->data;
    union host_address *address = &addresses->found[addresses->count];

    if (record->size != (record->type == TYPE_A ? 4 : 16)) {
        addresses->is_nonsense = true;
        return false;
    }
    if (addresses->count++ >= addresses->room)
        return true;
    *address = (union host_address){.any.sa_family = record->type == TYPE_A ? AF_INET : AF_INET6};
    if (record->type == TYPE_A)
        memcpy(&address->ipv4.sin_addr, data, 4);
    else
        memcpy(&address->ipv6.sin6_addr, data, 16);
    return true;
}

enum answer message_addresses(const struct message *message, uint16_t type, union host_address *found, size_t room,
                              size_t *count)
{
    struct addresses addresses = {.found = found, .room = room};
    enum answer answer = message_visit(message, type, add_address, &addresses);

    *count = addresses.count;
    if (answer == ANSWER_FOUND && addresses.is_nonsense)
        return ANSWER_NONSENSE;
    return answer == ANSWER_FOUND && !*count ? ANSWER_NO_DATA : answer;
}

/* The next letter of a name in text form: itself, or behind a backslash itself or as three digits. */
static uint8_t read_letter(const char **text)
{
    const char *at = *text;
    unsigned number;

    if (*at != '\\' || !at[1]) {
        *text = at + 1;
        return (uint8_t)*at;
    }
    if (strspn(at + 1, "0123456789") < 3) {
        *text = at + 2;
        return (uint8_t)at[1];
    }
    number = (unsigned)(at[1] - '0') * 100 + (unsigned)(at[2] - '0') * 10 + (unsigned)(at[3] - '0');
    *text = at + 4;
    return (uint8_t)number;
}

/* Each part behind its length; 0 when a part or the whole is too long. */
static size_t write_name(uint8_t *bytes, const char *name)
{
    size_t length = 0, used = 1;

    for (;;) {
        if (*name && *name != '.') {
            if (used == MOST_OF_NAME || ++length > 63)
                return 0;
            bytes[used++] = read_letter(&name);
            continue;
        }
        bytes[used - length - 1] = (uint8_t)length;
        if (!length)
            return used;
        name += *name == '.';
        if (used++ == MOST_OF_NAME)
            return 0;
        length = 0;
    }
}

size_t message_write(uint8_t *bytes, uint16_t id, const char *name, uint16_t type, uint16_t longest)
{
    const uint8_t header[] = {(uint8_t)(id >> 8), (uint8_t)id, 1, 0, 0, 1, 0, 0, 0, 0, 0, longest > 0};
    const uint8_t options[] = {0, 0, 41, (uint8_t)(longest >> 8), (uint8_t)longest, 0, 0, 0, 0, 0, 0};
    const uint8_t question[] = {(uint8_t)(type >> 8), (uint8_t)type, 0, CLASS_INTERNET};
    size_t size = write_name(bytes + HEADER_SIZE, name);

    if (!size)
        return 0;
    memcpy(bytes, header, sizeof header);
    size += HEADER_SIZE;
    memcpy(bytes + size, question, sizeof question);
    size += sizeof question;
    if (!longest)
        return size;
    memcpy(bytes + size, options, sizeof options);
    return size + sizeof options;
}

uint32_t message_question(const struct message *message)
{
    uint32_t hash = 2166136261u;
    size_t at = HEADER_SIZE, behind = HEADER_SIZE;

    if (message->size < HEADER_SIZE || read_16(message->bytes + 4) != 1 || !skip_name(message, &behind) ||
        behind + 4 > message->size)
        return 0;
    for (; at < behind + 4; at++)
        hash = (hash ^ small(message->bytes[at])) * 16777619u;
    return hash ? hash : 1;
}
