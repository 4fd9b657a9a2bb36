/* Records as values: objects of a type of their own, each one block with its texts behind it. */
#include "libasync/record.h"

#include "libasync/dns/internal.h"

#include <arpa/inet.h>
#include <string.h>

/* Names of fields by the numbers' places. */
enum { PRIORITY = 0, WEIGHT, PORT, SERIAL = 0, REFRESH, RETRY, EXPIRE, MINIMUM, NUMBERS, FLAGS = 0 };
enum { NAME, HOST, OTHER, VALUE, TEXTS };

struct record {
    size_t size;    /* of the block */
    uint16_t type;
    uint32_t ttl;
    uint32_t numbers[NUMBERS];
    const char *texts[TEXTS];
    async_value *strings, *data;
    char room[];
};

static void free_record(void *pointer)
{
    struct record *record = pointer;

    async_value_unref(record->strings);
    async_value_unref(record->data);
    memory_release(record, record->size);
}

static async_type record_type = {.references = 1, .name = "record", .unref = free_record};

/* A record being read: its data, and what was found in it. The texts stand in `room` one behind the other. */
struct draft {
    const struct message *message;
    size_t at, end;
    uint32_t numbers[NUMBERS];
    size_t texts[TEXTS], used;
    async_value *strings;
    char room[4 * NAME_TEXT];
};

static void begin_text(struct draft *draft, int which)
{
    draft->texts[which] = draft->used;
}

static bool read_name(struct draft *draft, size_t at, size_t *behind, int which)
{
    begin_text(draft, which);
    if (!message_name_before(draft->message, at, draft->room + draft->used, behind))
        return false;
    draft->used += strlen(draft->room + draft->used) + 1;
    return true;
}

static bool read_next_name(struct draft *draft, int which)
{
    return read_name(draft, draft->at, &draft->at, which) && draft->at <= draft->end;
}

static bool read_bytes(struct draft *draft, size_t size, int which)
{
    if (draft->at + size > draft->end || draft->used + size >= sizeof draft->room)
        return false;
    begin_text(draft, which);
    memcpy(draft->room + draft->used, draft->message->bytes + draft->at, size);
    draft->room[draft->used + size] = '\0';
    draft->used += size + 1;
    draft->at += size;
    return true;
}

static bool read_numbers(struct draft *draft, int count, size_t size)
{
    for (int i = 0; i < count; i++, draft->at += size) {
        const uint8_t *bytes = draft->message->bytes + draft->at;

        if (draft->at + size > draft->end)
            return false;
        draft->numbers[i] = size == 4 ? read_32(bytes) : size == 2 ? read_16(bytes) : *bytes;
    }
    return true;
}

static bool read_address(struct draft *draft, int family, size_t size)
{
    begin_text(draft, HOST);
    if (draft->end - draft->at != size)
        return false;
    inet_ntop(family, draft->message->bytes + draft->at, draft->room + draft->used, INET6_ADDRSTRLEN);
    draft->used += strlen(draft->room + draft->used) + 1;
    draft->at = draft->end;
    return true;
}

#define FEW_STRINGS 256

/* Each behind its length. A longer list than anybody sends takes no more strings. */
static bool read_strings(struct draft *draft)
{
    async_value *strings[FEW_STRINGS];
    size_t count = 0;

    while (draft->at < draft->end && count < FEW_STRINGS) {
        size_t length = draft->message->bytes[draft->at++];

        if (draft->at + length > draft->end) {
            async_value_unref(async_list(strings, count));
            return false;
        }
        strings[count++] = async_bytes(draft->message->bytes + draft->at, length);
        draft->at += length;
    }
    draft->strings = async_list(strings, count);
    draft->at = draft->end;
    return true;
}

static bool read_caa(struct draft *draft)
{
    uint8_t length;

    if (!read_numbers(draft, 1, 1) || draft->at == draft->end)
        return false;
    length = draft->message->bytes[draft->at++];
    return read_bytes(draft, length, OTHER) && read_bytes(draft, draft->end - draft->at, VALUE);
}

/* False when the data is not what the type has. */
static bool read_data(struct draft *draft, uint16_t type)
{
    switch (type) {
    case TYPE_A:
        return read_address(draft, AF_INET, 4);
    case TYPE_AAAA:
        return read_address(draft, AF_INET6, 16);
    case TYPE_CNAME:
    case TYPE_NS:
    case TYPE_PTR:
        return read_next_name(draft, HOST);
    case TYPE_MX:
        return read_numbers(draft, 1, 2) && read_next_name(draft, HOST);
    case TYPE_SRV:
        return read_numbers(draft, 3, 2) && read_next_name(draft, HOST);
    case TYPE_SOA:
        return read_next_name(draft, HOST) && read_next_name(draft, OTHER) && read_numbers(draft, 5, 4);
    case TYPE_TXT:
        return read_strings(draft);
    case TYPE_CAA:
        return read_caa(draft);
    default:
        draft->at = draft->end;
        return true;
    }
}

/* NULL without memory; whatever the draft holds is taken. */
static async_value *record_new(const struct draft *draft, const struct found_record *found)
{
    struct record *record = memory_allocate(sizeof *record + draft->used);
    async_value *value;

    if (!record) {
        async_value_unref(draft->strings);
        return NULL;
    }
    memcpy(record->room, draft->room, draft->used);
    record->size = sizeof *record + draft->used;
    record->type = found->type;
    record->ttl = found->ttl;
    memcpy(record->numbers, draft->numbers, sizeof record->numbers);
    for (int i = 0; i < TEXTS; i++)
        record->texts[i] = record->room + draft->texts[i];
    record->strings = draft->strings;
    record->data = async_bytes(draft->message->bytes + found->data, found->size);
    value = record->data && (record->strings || found->type != TYPE_TXT) ? async_object(NULL, &record_type, record) : NULL;
    if (!value)
        free_record(record);
    return value;
}

async_value *record_read(const struct message *message, const struct found_record *found, enum answer *answer)
{
    struct draft draft = {.message = message, .at = found->data, .end = found->data + found->size, .used = 1};
    size_t behind;
    async_value *record;

    /* Texts that are not there are at the place 0, which is "". */
    *draft.room = '\0';
    if (!read_name(&draft, found->name, &behind, NAME) || !read_data(&draft, found->type) || draft.at != draft.end) {
        async_value_unref(draft.strings);
        *answer = ANSWER_NONSENSE;
        return NULL;
    }
    record = record_new(&draft, found);
    if (!record)
        *answer = ANSWER_NO_MEMORY;
    return record;
}

static const struct record *as_record(const async_value *value)
{
    return async_value_pointer(value, &record_type);
}

static const struct record *as_record_of(const async_value *value, uint16_t type)
{
    const struct record *record = as_record(value);

    return record && record->type == type ? record : NULL;
}

int async_record_type(const async_value *record)
{
    return as_record(record) ? as_record(record)->type : 0;
}

const char *async_record_name(const async_value *record)
{
    return as_record(record) ? as_record(record)->texts[NAME] : "";
}

uint32_t async_record_ttl(const async_value *record)
{
    return as_record(record) ? as_record(record)->ttl : 0;
}

const char *async_record_host(const async_value *record)
{
    return as_record(record) ? as_record(record)->texts[HOST] : "";
}

int async_record_priority(const async_value *record)
{
    const struct record *found = as_record_of(record, TYPE_MX);

    if (!found)
        found = as_record_of(record, TYPE_SRV);
    return found ? (int)found->numbers[PRIORITY] : 0;
}

static uint32_t number_of(const async_value *record, uint16_t type, int which)
{
    const struct record *found = as_record_of(record, type);

    return found ? found->numbers[which] : 0;
}

int async_record_weight(const async_value *record)
{
    return (int)number_of(record, TYPE_SRV, WEIGHT);
}

int async_record_port(const async_value *record)
{
    return (int)number_of(record, TYPE_SRV, PORT);
}

async_value *async_record_strings(const async_value *record)
{
    return as_record(record) ? as_record(record)->strings : NULL;
}

const char *async_record_mailbox(const async_value *record)
{
    const struct record *found = as_record_of(record, TYPE_SOA);

    return found ? found->texts[OTHER] : "";
}

uint32_t async_record_serial(const async_value *record)
{
    return number_of(record, TYPE_SOA, SERIAL);
}

uint32_t async_record_refresh(const async_value *record)
{
    return number_of(record, TYPE_SOA, REFRESH);
}

uint32_t async_record_retry(const async_value *record)
{
    return number_of(record, TYPE_SOA, RETRY);
}

uint32_t async_record_expire(const async_value *record)
{
    return number_of(record, TYPE_SOA, EXPIRE);
}

uint32_t async_record_minimum(const async_value *record)
{
    return number_of(record, TYPE_SOA, MINIMUM);
}

int async_record_flags(const async_value *record)
{
    return (int)number_of(record, TYPE_CAA, FLAGS);
}

const char *async_record_tag(const async_value *record)
{
    const struct record *found = as_record_of(record, TYPE_CAA);

    return found ? found->texts[OTHER] : "";
}

const char *async_record_value(const async_value *record)
{
    const struct record *found = as_record_of(record, TYPE_CAA);

    return found ? found->texts[VALUE] : "";
}

async_value *async_record_data(const async_value *record)
{
    return as_record(record) ? as_record(record)->data : NULL;
}
