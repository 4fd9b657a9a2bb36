/* Messages as RFC 1035 has them, section 4. A question is echoed as it came; names in answers point back to it. */
#include "tests/support/name_server.h"
#include "tests/support/lookups.h"
#include "tests/support/support.h"

#include "libasync/dns/settings.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEADER 12
#define MESSAGE 8192
#define TYPE_A 1
#define TYPE_CNAME 5
#define TYPE_AAAA 28
#define MOST_LATE 16

enum { NO_ERROR, FORMAT_ERROR, SERVER_FAILURE, NAME_ERROR, NOT_IMPLEMENTED, REFUSED };

struct packet {
    uint8_t bytes[MESSAGE];
    size_t size;
    struct sockaddr_in peer;
};

static async_loop *home;
static int datagrams = -1, listener = -1, queries;
static char address[32];
static char asked[4096], last_asked[256];
static struct packet late[MOST_LATE];
static size_t late_count;

static void append(struct packet *message, const void *bytes, size_t size)
{
    memcpy(message->bytes + message->size, bytes, size);
    message->size += size;
}

static void append_number(struct packet *message, uint16_t number)
{
    append(message, (uint8_t[]){(uint8_t)(number >> 8), (uint8_t)number}, 2);
}

/* What stands behind a record's name. */
static void append_data(struct packet *message, uint16_t type, const void *bytes, size_t size)
{
    append_number(message, type);
    append_number(message, 1);
    append_number(message, 0);
    append_number(message, 60);
    append_number(message, (uint16_t)size);
    append(message, bytes, size);
    if (++message->bytes[7] == 0)
        message->bytes[6]++;
}

/* A record of the name that stands at `offset`. */
static void append_record(struct packet *message, uint16_t offset, uint16_t type, const void *bytes, size_t size)
{
    append_number(message, (uint16_t)(0xc000 | offset));
    append_data(message, type, bytes, size);
}

static uint16_t question_type(const struct packet *query)
{
    return (uint16_t)(query->bytes[query->size - 4] << 8 | query->bytes[query->size - 3]);
}

static void append_both(struct packet *answer, uint16_t offset, uint16_t type)
{
    if (type == TYPE_A)
        append_record(answer, offset, TYPE_A, "\300\000\002\002", 4);
    else
        append_record(answer, offset, TYPE_AAAA, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\2", 16);
}

static void append_alias(struct packet *answer, uint16_t type)
{
    append_record(answer, HEADER, TYPE_CNAME, "\004both\004test", 11);
    append_both(answer, (uint16_t)(answer->size - 11), type);
}

/* The last alias stands first: "a.test" is spelled out there, and pointed to by the one behind it. */
static void append_chain(struct packet *answer, uint16_t type)
{
    int count = atoi((char *)answer->bytes + HEADER + 6);
    uint8_t name[] = "\001a\004test", target[11] = "\004both\004test";
    size_t size = sizeof target, both = answer->size + sizeof name + 10, at;

    while (--count) {
        at = answer->size;
        append(answer, name, sizeof name);
        append_data(answer, TYPE_CNAME, target, size);
        target[0] = (uint8_t)(0xc0 | at >> 8);
        target[1] = (uint8_t)at;
        size = 2;
        name[1]++;
    }
    append_both(answer, (uint16_t)both, type);
    append_record(answer, HEADER, TYPE_CNAME, target, size);
}

static void append_many(struct packet *answer, uint16_t type)
{
    for (uint32_t i = 0; i < 300 && type == TYPE_A; i++) {
        uint32_t number = htonl(0x0a000000 | i);

        append_record(answer, HEADER, TYPE_A, &number, sizeof number);
    }
}

static bool is(const struct packet *query, const char *label)
{
    return query->bytes[HEADER] == strlen(label) && memcmp(query->bytes + HEADER + 1, label, strlen(label)) == 0;
}

/* Names in the data end where the question's begins. */
#define PARENT "\300\014"

static const struct {
    uint16_t type;
    const char *data;
    size_t size;
} records[] = {
#define RECORD(type, data) {type, data, sizeof data - 1}
    RECORD(1, "\300\000\002\001"),
    RECORD(28, "\040\001\015\270\0\0\0\0\0\0\0\0\0\0\0\001"),
    RECORD(5, "\004both\004test\000"),
    RECORD(2, "\002ns" PARENT),
    RECORD(2, "\003ns2" PARENT),
    RECORD(6, "\002ns" PARENT "\010john\056doe" PARENT "\170\245\202\001\0\0\034\040\0\0\016\020\0\022\165\0\0\0\1\054"),
    RECORD(12, "\002a\\\001\001\000"),
    RECORD(15, "\000\012\004mail" PARENT),
    RECORD(15, "\000\024\005mail2" PARENT),
    RECORD(16, "\005v=one\000\003t\000o"),
    RECORD(16, ""),
    RECORD(33, "\000\001\000\002\024\346\003sip" PARENT),
    RECORD(257, "\200\005issueca.example.net"),
    RECORD(64, "\000\001\000"),
};

static void append_records(struct packet *answer, uint16_t type)
{
    for (size_t i = 0; i < sizeof records / sizeof records[0]; i++)
        if (records[i].type == type)
            append_record(answer, HEADER, type, records[i].data, records[i].size);
}

/* One byte short, or, of addresses, one too many; names point beyond the message. */
static void append_broken(struct packet *answer, uint16_t type)
{
    switch (type) {
    case 1:
    case 28:
        append_record(answer, HEADER, type, "\300\000\002\001\001", 5);
        break;
    case 16:
        append_record(answer, HEADER, type, "\002a\003b", 4);
        break;
    case 257:
        append_record(answer, HEADER, type, "\200\005iss", 5);
        break;
    case 33:
        append_record(answer, HEADER, type, "\000\001\000\002\024", 5);
        break;
    case 6:
        append_record(answer, HEADER, type, PARENT PARENT "\000\001", 6);
        break;
    case 15:
        append_record(answer, HEADER, type, "\000\012\004mai", 6);
        break;
    default:
        append_record(answer, HEADER, type, "\377\377", 2);
        break;
    }
}

static void append_loopback(struct packet *answer, uint16_t type)
{
    if (type == TYPE_A)
        append_record(answer, HEADER, type, "\177\0\0\1", 4);
    else if (type == TYPE_AAAA)
        append_record(answer, HEADER, type, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16);
}

static bool ends_nowhere(const struct packet *query)
{
    static const char nowhere[] = "\007nowhere";
    size_t size = sizeof nowhere;

    return query->size > size + 4 && memcmp(query->bytes + query->size - 4 - size, nowhere, size) == 0;
}

static void append_numbered(struct packet *answer, uint16_t type)
{
    uint32_t number = htonl(0x0a000000 | (uint32_t)atoi((char *)answer->bytes + HEADER + 2));

    if (type == TYPE_A)
        append_record(answer, HEADER, TYPE_A, &number, sizeof number);
}

static int fill(struct packet *answer, const struct packet *query, bool over_tcp)
{
    uint16_t type = question_type(query);

    if (ends_nowhere(query))
        return NAME_ERROR;
    if (is(query, "one") || is(query, "late") || is(query, "old") || memcmp(query->bytes + HEADER + 1, "xn--", 4) == 0) {
        if (type == TYPE_A)
            append_record(answer, HEADER, TYPE_A, "\300\000\002\001", 4);
    } else if (is(query, "half4") || is(query, "half6")) {
        append_loopback(answer, type);
    } else if (is(query, "both") || (is(query, "big") && over_tcp)) {
        append_both(answer, HEADER, type);
    } else if (is(query, "many") && over_tcp) {
        append_many(answer, type);
    } else if (is(query, "big") || is(query, "many")) {
        answer->bytes[2] |= 2;    /* truncated: ask over TCP */
    } else if (is(query, "alias")) {
        append_alias(answer, type);
    } else if (memcmp(query->bytes + HEADER + 1, "chain", 5) == 0) {
        append_chain(answer, type);
    } else if (is(query, "records")) {
        append_records(answer, type);
    } else if (is(query, "broken")) {
        append_broken(answer, type);
    } else if (is(query, "7") && type == 12) {
        append_record(answer, HEADER, type, "\007printer\003own\004test", 18);
    } else if (is(query, "circle")) {
        append_record(answer, HEADER, TYPE_CNAME, "\300\014", 2);
    } else if (is(query, "garbage")) {
        answer->bytes[7]++;
    } else if (is(query, "lies") || is(query, "hides")) {
        answer->bytes[0] ^= 0xff;
    } else if (is(query, "fails")) {
        return SERVER_FAILURE;
    } else if (is(query, "refuses")) {
        return REFUSED;
    } else if (is(query, "unable")) {
        return NOT_IMPLEMENTED;
    } else if (query->bytes[HEADER + 1] == 'n') {
        append_numbered(answer, type);
    } else if (!is(query, "empty")) {
        return NAME_ERROR;
    }
    return NO_ERROR;
}

/* Where the question ends; what comes with it, EDNS, is not looked at. */
static size_t end_of_question(const struct packet *query)
{
    size_t at = HEADER;

    while (at < query->size && query->bytes[at])
        at += 1u + query->bytes[at];
    return at + 5;
}

/* Whether there were any. */
static bool drop_additions(struct packet *query)
{
    bool are_any = query->bytes[11];

    ck_assert_uint_le(end_of_question(query), query->size);
    query->size = end_of_question(query);
    memset(query->bytes + 6, 0, 6);
    return are_any;
}

static void note_name(const struct packet *query)
{
    char name[256] = "";
    size_t at = HEADER;

    for (; query->bytes[at]; at += 1u + query->bytes[at])
        snprintf(name + strlen(name), sizeof name - strlen(name), "%s%.*s", *name ? "." : "", query->bytes[at],
                 (const char *)query->bytes + at + 1);
    if (strcmp(name, last_asked) == 0 || strlen(asked) + strlen(name) + 2 > sizeof asked)
        return;
    strcpy(last_asked, name);
    strcat(asked, *asked ? " " : "");
    strcat(asked, name);
}

static struct packet answer_to(struct packet *query, bool over_tcp)
{
    bool has_additions = drop_additions(query);
    struct packet answer = *query;

    queries++;
    note_name(query);
    answer.bytes[2] |= 0x80;
    if (has_additions && is(query, "old"))
        answer.bytes[3] = FORMAT_ERROR;
    else
        answer.bytes[3] = (uint8_t)(0x80 | fill(&answer, query, over_tcp));
    if (is(query, "scrap"))
        answer.size = 5;
    return answer;
}

static void send_answer(const struct packet *answer)
{
    sendto(datagrams, answer->bytes, answer->size, 0, (const struct sockaddr *)&answer->peer, sizeof answer->peer);
}

static bool is_late(const struct packet *query)
{
    uint16_t type = question_type(query);

    return is(query, "late") || (is(query, "half4") && type == TYPE_AAAA) || (is(query, "half6") && type == TYPE_A);
}

static void keep_for_later(const struct packet *answer)
{
    ck_assert_uint_lt(late_count, MOST_LATE);
    late[late_count++] = *answer;
}

void name_server_answer_late(void)
{
    ck_assert_uint_gt(late_count, 0);
    while (late_count)
        send_answer(&late[--late_count]);
}

/* The right number, but about another name. */
static void lie_again(struct packet answer)
{
    answer.bytes[0] ^= 0xff;
    answer.bytes[HEADER + 1] = 'd';
    send_answer(&answer);
}

static void on_datagram(async_loop *from, void *user)
{
    struct packet query, answer;
    socklen_t size = sizeof query.peer;
    ssize_t received;

    while ((received = recvfrom(datagrams, query.bytes, sizeof query.bytes, MSG_DONTWAIT,
                                (struct sockaddr *)&query.peer, &size)) > HEADER) {
        query.size = (size_t)received;
        answer = answer_to(&query, false);
        if (is_late(&query))
            keep_for_later(&answer);
        else if (!is(&query, "never"))
            send_answer(&answer);
        if (is(&query, "lies"))
            lie_again(answer);
    }
}

/* A connection is served until its peer hangs up. */
static void on_stream(async_loop *from, void *user)
{
    int connection = *(int *)user;
    struct packet query = {.size = 0}, answer;
    uint16_t size;

    if (recv(connection, &size, sizeof size, 0) != sizeof size) {
        async_loop_remove_reader(home, connection);
        return;
    }
    query.size = ntohs(size);
    ck_assert_uint_eq(query.size, (size_t)recv(connection, query.bytes, query.size, MSG_WAITALL));
    answer = answer_to(&query, true);
    size = htons((uint16_t)answer.size);
    send(connection, &size, sizeof size, MSG_NOSIGNAL | MSG_MORE);
    send(connection, answer.bytes, answer.size, MSG_NOSIGNAL);
}

static void hang_up(void *user)
{
    close(*(int *)user);
    free(user);
}

static void on_connection(async_loop *from, void *user)
{
    int *connection = malloc(sizeof *connection);

    *connection = accept(listener, NULL, NULL);
    async_loop_add_reader(home, *connection, on_stream, connection, hang_up);
}

/* The same port for both, which another program may have for one of them. */
static bool open_both(struct sockaddr_in *place)
{
    socklen_t size = sizeof *place;

    *place = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    datagrams = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(datagrams, (struct sockaddr *)place, size), 0);
    ck_assert_int_eq(getsockname(datagrams, (struct sockaddr *)place, &size), 0);
    if (bind(listener, (struct sockaddr *)place, size) == 0)
        return true;
    close(datagrams);
    close(listener);
    return false;
}

void name_server_start(async_loop *on)
{
    struct sockaddr_in place;

    home = async_loop_ref(on);
    queries = 0;
    *asked = *last_asked = '\0';
    late_count = 0;
    while (!open_both(&place))
        ;
    ck_assert_int_eq(listen(listener, 8), 0);
    ck_assert_int_eq(async_loop_add_reader(home, datagrams, on_datagram, NULL, NULL), 0);
    ck_assert_int_eq(async_loop_add_reader(home, listener, on_connection, NULL, NULL), 0);
    snprintf(address, sizeof address, "127.0.0.1:%d", ntohs(place.sin_port));
    resolver_settings.servers = address;
}

void name_server_stop(void)
{
    async_loop_remove_reader(home, datagrams);
    async_loop_remove_reader(home, listener);
    close(datagrams);
    close(listener);
    datagrams = listener = -1;
    home = async_loop_unref(home);
}

int name_server_queries(void)
{
    return queries;
}

const char *name_server_asked(void)
{
    static char names[sizeof asked];

    strcpy(names, asked);
    *asked = *last_asked = '\0';
    return names;
}

const char *name_server_address(void)
{
    return address;
}

void serve_names(const char *hosts)
{
    use_hosts(hosts);
    name_server_start(loop);
}

void serve_no_more(void)
{
    name_server_stop();
    forget_hosts();
}
