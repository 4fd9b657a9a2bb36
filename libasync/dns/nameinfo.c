/* getnameinfo: the name of an address by the hosts file, else by the name servers, and the name of its port. */
#include "libasync/address/internal.h"
#include "libasync/dns/inquiry.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define ALL_FLAGS                                                                                                      \
    (ASYNC_DNS_NUMERIC_HOST | ASYNC_DNS_NUMERIC_SERVICE | ASYNC_DNS_NAME_REQUIRED | ASYNC_DNS_NO_DOMAIN)
#define NUMBER_SIZE (ADDRESS_TEXT_SIZE + 1 + IF_NAMESIZE)
#define SERVICE_SIZE 64

struct nameinfo {
    struct inquiry inquiry;
    struct question question;
    char *name;              /* that is asked for */
    async_value *address;
    uint32_t flags;
};
_Static_assert(sizeof(struct nameinfo) <= 256, "one of a loop's slabs has it");

/* Without memory, as async_address_host would take. */
static void write_host(const async_value *address, char *text)
{
    union socket_address host;
    socklen_t size;

    address_read(address, &host, &size);
    address_write_host(&host, text);
}

/* "fe80::1%eth0": with the name of its scope, where that has one. */
static void write_number(const async_value *address, char *text)
{
    uint32_t scope = async_address_scope(address);
    char interface[IF_NAMESIZE] = "", host[ADDRESS_TEXT_SIZE];

    write_host(address, host);
    if (scope && !if_indextoname(scope, interface))
        snprintf(interface, sizeof interface, "%u", scope);
    snprintf(text, NUMBER_SIZE, scope ? "%s%%%s" : "%s", host, interface);
}

/* The machine's own domain is the first of the search list. */
static size_t length_without_domain(const struct resolver *resolver, const char *name)
{
    const char *domain = resolver->configuration->search;
    size_t length = strlen(name), end = strlen(domain);

    if (!resolver->configuration->domains || length <= end + 1 || name[length - end - 1] != '.' ||
        strcasecmp(name + length - end, domain) != 0)
        return length;
    return length - end - 1;
}

static async_value *name_and_service(const struct resolver *resolver, const async_value *address, const char *name,
                                     uint32_t flags)
{
    char number[NUMBER_SIZE], service[SERVICE_SIZE];
    async_value *items[2], *pair;
    size_t length;

    if (!name) {
        write_number(address, number);
        name = number;
    }
    length = flags & ASYNC_DNS_NO_DOMAIN && name != number ? length_without_domain(resolver, name) : strlen(name);
    service_name(async_address_port(address), async_address_type(address), flags & ASYNC_DNS_NUMERIC_SERVICE, service,
                 sizeof service);
    items[0] = async_text_sized(name, length);
    items[1] = async_text(service);
    pair = async_list(items, 2);
    return pair ? pair : error_static(ASYNC_ENOMEM);
}

static async_value *outcome(const struct nameinfo *info, enum answer answer, const char *name)
{
    char host[ADDRESS_TEXT_SIZE];
    struct subject subject = {"address", host, "it has no name", "name"};

    write_host(info->address, host);
    if (answer == ANSWER_FOUND || (answer <= ANSWER_NO_DATA && !(info->flags & ASYNC_DNS_NAME_REQUIRED)))
        return name_and_service(inquiry_resolver(&info->inquiry), info->address, name, info->flags);
    return answer_failure(answer, &subject, info->question.channel);
}

struct found_name {
    char text[NAME_TEXT];
    enum answer answer;
};

static bool take_first(const struct message *message, const struct found_record *record, void *user)
{
    struct found_name *found = user;

    found->answer = message_name(message, record->data, found->text) ? ANSWER_FOUND : ANSWER_NONSENSE;
    return false;
}

static async_value *read_name(const struct nameinfo *info, const struct message *message)
{
    struct found_name found = {.answer = ANSWER_NO_DATA};
    enum answer answer = message_visit(message, TYPE_PTR, take_first, &found);

    if (answer == ANSWER_FOUND)
        answer = found.answer;
    return outcome(info, answer, answer == ANSWER_FOUND ? found.text : NULL);
}

static void on_answer(struct question *question, enum answer answer, const struct message *message)
{
    struct nameinfo *info = container_of(question, struct nameinfo, question);

    if (future_is_pending(&info->inquiry.future))
        inquiry_complete(&info->inquiry,
                         answer == ANSWER_FOUND ? read_name(info, message) : outcome(info, answer, NULL));
    inquiry_answered(&info->inquiry);
}

static const struct question_class question_class_of_nameinfo = {.answered = on_answer};

static bool cancel(async_future *future, async_value *error)
{
    struct nameinfo *info = container_of(future, struct nameinfo, inquiry.future);

    return inquiry_cancel(&info->inquiry, &info->question, 1, error);
}

static void release(async_future *future)
{
    struct nameinfo *info = container_of(future, struct nameinfo, inquiry.future);

    memory_release_text(info->name);
    async_value_unref(info->address);
}

static void describe(const async_future *future, char *text, size_t size)
{
    snprintf(text, size, "getnameinfo");
}

static const struct future_class nameinfo_class = {
    .node = INQUIRY_NODE,
    .size = sizeof(struct nameinfo),
    .cancel = cancel,
    .release = release,
    .describe = describe,
};

static async_future *ask(async_loop *loop, struct resolver *resolver, async_value *address,
                         const union host_address *host, uint32_t flags)
{
    async_future *future = future_new(loop, &nameinfo_class);
    struct nameinfo *info;
    char name[NAME_SIZE];

    if (!future)
        return future_failed(ASYNC_ENOMEM);
    info = container_of(future, struct nameinfo, inquiry.future);
    memset((char *)info + sizeof *future, 0, sizeof *info - sizeof *future);
    info->address = async_value_ref(address);
    info->flags = flags;
    name_of_address(host, name);
    info->name = memory_copy_text(name);
    if (info->name)
        inquiry_ask(&info->inquiry, resolver, &info->question, &question_class_of_nameinfo, info->name, TYPE_PTR);
    else
        future_fail(future, NULL);
    return future;
}

static async_value *check(const async_value *address, uint32_t flags, union host_address *host)
{
    union socket_address given;
    socklen_t size;

    if (!address_read(address, &given, &size) || given.any.sa_family == AF_UNIX)
        return dns_error(ASYNC_EINVAL, "getnameinfo: that is no address of a host");
    if (flags & ~(uint32_t)ALL_FLAGS)
        return dns_error(ASYNC_EINVAL, "getnameinfo: the flags are unknown");
    if (flags & ASYNC_DNS_NUMERIC_HOST && flags & ASYNC_DNS_NAME_REQUIRED)
        return dns_error(ASYNC_EINVAL, "getnameinfo: a name is required and no server may be asked");
    *host = host_of(&given);
    return NULL;
}

async_future *async_getnameinfo(async_loop *loop, async_value *address, uint32_t flags)
{
    int code = loop_enter(loop);
    struct resolver *resolver = NULL;
    union host_address host;
    async_value *known;
    const char *name;

    if (code)
        return future_failed(code);
    known = check(address, flags, &host);
    if (!known && flags & ASYNC_DNS_NUMERIC_HOST)
        known = name_and_service(NULL, address, NULL, flags & ~(uint32_t)ASYNC_DNS_NO_DOMAIN);
    if (!known)
        known = resolver_open(loop, &resolver);
    if (!known) {
        name = hosts_name_of(resolver->hosts, &host);
        known = name ? name_and_service(resolver, address, name, flags) : NULL;
    }
    return known ? known_future(loop, known) : ask(loop, resolver, address, &host, flags);
}
