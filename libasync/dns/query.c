/* Questions for records: one name, one type, and what the name servers say. */
#include "libasync/dns/inquiry.h"

#include <stdio.h>
#include <string.h>

#define MOST_TYPE 65535

struct query {
    struct inquiry inquiry;
    struct question question;
    char *given;    /* the name as it was given */
    char *name;     /* and as it is asked for */
};
_Static_assert(sizeof(struct query) <= 256, "one of a loop's slabs has it");

/* "MX record", or "record of type 64". */
static const char *describe_type(uint16_t type, char *text, size_t size)
{
    static const struct {
        uint16_t type;
        const char *name;
    } names[] = {
        {TYPE_A, "A"},     {TYPE_NS, "NS"},   {TYPE_CNAME, "CNAME"}, {TYPE_SOA, "SOA"}, {TYPE_PTR, "PTR"},
        {TYPE_MX, "MX"},   {TYPE_TXT, "TXT"}, {TYPE_AAAA, "AAAA"},   {TYPE_SRV, "SRV"}, {TYPE_CAA, "CAA"},
    };

    snprintf(text, size, "record of type %d", type);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].type == type)
            snprintf(text, size, "%s record", names[i].name);
    return text;
}

static async_value *failure(const struct query *query, enum answer answer)
{
    char missing[32];
    struct subject subject = {"name", query->given, "no such name", describe_type(query->question.type, missing,
                                                                                  sizeof missing)};

    return answer_failure(answer, &subject, query->question.channel);
}

struct records {
    async_value **items;
    size_t count, capacity;
    enum answer answer;
};

static bool make_room(struct records *records)
{
    size_t item = sizeof *records->items, wanted = records->capacity ? records->capacity * 2 : 8;
    async_value **grown;

    if (records->count < records->capacity)
        return true;
    grown = memory_grow(records->items, records->count * item, records->capacity * item, wanted * item);
    if (!grown)
        return false;
    records->items = grown;
    records->capacity = wanted;
    return true;
}

static bool add_record(const struct message *message, const struct found_record *found, void *user)
{
    struct records *records = user;
    async_value *record;

    if (!make_room(records)) {
        records->answer = ANSWER_NO_MEMORY;
        return false;
    }
    record = record_read(message, found, &records->answer);
    if (record)
        records->items[records->count++] = record;
    return record;
}

/* Where one record makes no sense, none of the answer is believed. */
static async_value *read_records(const struct query *query, const struct message *message)
{
    struct records records = {.answer = ANSWER_FOUND};
    enum answer answer = message_visit(message, query->question.type, add_record, &records);
    async_value *list;

    if (answer == ANSWER_FOUND)
        answer = records.answer;
    if (answer == ANSWER_FOUND && !records.count)
        answer = ANSWER_NO_DATA;
    list = async_list(records.items, records.count);
    memory_release(records.items, records.capacity * sizeof *records.items);
    if (answer != ANSWER_FOUND) {
        async_value_unref(list);
        return failure(query, answer);
    }
    return list ? list : error_static(ASYNC_ENOMEM);
}

static void on_answer(struct question *question, enum answer answer, const struct message *message)
{
    struct query *query = container_of(question, struct query, question);

    if (future_is_pending(&query->inquiry.future))
        inquiry_complete(&query->inquiry,
                         answer == ANSWER_FOUND ? read_records(query, message) : failure(query, answer));
    inquiry_answered(&query->inquiry);
}

static const struct question_class question_class_of_query = {.answered = on_answer};

static bool cancel(async_future *future, async_value *error)
{
    struct query *query = container_of(future, struct query, inquiry.future);

    return inquiry_cancel(&query->inquiry, &query->question, 1, error);
}

static void release(async_future *future)
{
    struct query *query = container_of(future, struct query, inquiry.future);

    memory_release_text(query->given);
    memory_release_text(query->name);
}

static void describe(const async_future *future, char *text, size_t size)
{
    snprintf(text, size, "dns_query");
}

static const struct future_class query_class = {
    .node = INQUIRY_NODE,
    .size = sizeof(struct query),
    .cancel = cancel,
    .release = release,
    .describe = describe,
};

/* An address stands for the name that its name is asked for by. */
static async_value *encode(const char *name, int type, char *encoded)
{
    union host_address address;
    async_value *error = NULL;

    if (type == TYPE_PTR && host_read(name, &address))
        name_of_address(&address, encoded);
    else
        error = name_encode("name", name, false, encoded);
    if (!error && (name_is_never_there(encoded) || name_is_within(encoded, "localhost")))
        error = dns_error(ASYNC_ENONAME, "name '%.255s': no name server is asked for it", name);
    return error;
}

/* Transfers of zones, and questions for all or for nothing but the protocol's own, are not for resolvers. */
static async_value *check(const char *name, int type)
{
    if (!name)
        return dns_error(ASYNC_EINVAL, "dns_query: name is NULL");
    if (type <= 0 || type > MOST_TYPE || type == 41 || (type >= 249 && type <= 255))
        return dns_error(ASYNC_EINVAL, "dns_query: the type %d cannot be asked for", type);
    return NULL;
}

static async_future *ask(async_loop *loop, struct resolver *resolver, const char *given, const char *name, int type)
{
    async_future *future = future_new(loop, &query_class);
    struct query *query;

    if (!future)
        return future_failed(ASYNC_ENOMEM);
    query = container_of(future, struct query, inquiry.future);
    memset((char *)query + sizeof *future, 0, sizeof *query - sizeof *future);
    query->given = memory_copy_text(given);
    query->name = memory_copy_text(name);
    if (query->given && query->name)
        inquiry_ask(&query->inquiry, resolver, &query->question, &question_class_of_query, query->name, (uint16_t)type);
    else
        future_fail(future, NULL);
    return future;
}

async_future *async_dns_query(async_loop *loop, const char *name, int type)
{
    int code = loop_enter(loop);
    struct resolver *resolver = NULL;
    char encoded[NAME_SIZE];
    async_value *error;

    if (code)
        return future_failed(code);
    error = check(name, type);
    if (!error)
        error = encode(name, type, encoded);
    if (!error)
        error = resolver_open(loop, &resolver);
    return error ? known_future(loop, error) : ask(loop, resolver, name, encoded, type);
}
