/*
 * getaddrinfo. A lookup asks one question a family, both at once. Where the name is not there, or without an address,
 * it asks again for the name below the next domain of the search list, or as it stands, as resolv.conf(5) has it.
 */
#include "libasync/dns/inquiry.h"

#include <string.h>

#define ALL_FLAGS                                                                                                      \
    (ASYNC_DNS_NUMERIC_HOST | ASYNC_DNS_NUMERIC_SERVICE | ASYNC_DNS_PASSIVE | ASYNC_DNS_ADDRESS_CONFIGURED)

struct lookup {
    struct inquiry inquiry;
    struct question questions[2];
    char *host;                     /* as it was given */
    char *name;                     /* as it is asked for; NULL: like the host */
    union host_address *found;
    struct ports ports;
    uint16_t count;
    uint8_t family;
    uint8_t attempt;                /* of the names to ask for, counted from 0 */
    uint8_t answer;                 /* enum answer: the worst of this attempt; ANSWER_FOUND: none is bad */
    uint8_t kept;                   /* the worst of those before that did not end the search */
};
_Static_assert(sizeof(struct lookup) <= 256, "one of a loop's slabs has it");

/* Enough for nearly every answer; for others there is memory. */
#define FEW 32

static void start_attempt(struct lookup *lookup, bool at_once);

/* Answers in the order in which they say more about why there is no address. */
static int rank(enum answer answer)
{
    static const uint8_t ranks[] = {[ANSWER_FOUND] = 0, [ANSWER_NO_NAME] = 1, [ANSWER_NO_DATA] = 2, [ANSWER_FAILED] = 3};

    return answer <= ANSWER_NO_DATA || answer == ANSWER_FAILED ? ranks[answer] : 4 + (int)answer;
}

static enum answer worse(enum answer one, enum answer other)
{
    return rank(one) < rank(other) ? other : one;
}

static void release_found(struct lookup *lookup)
{
    memory_release(lookup->found, lookup->count * sizeof *lookup->found);
    lookup->found = NULL;
    lookup->count = 0;
}

static async_value *list_in_order(struct lookup *lookup, union host_address *found, size_t count)
{
    order_addresses(&inquiry_resolver(&lookup->inquiry)->sources, found, count);
    return address_list(found, count, &lookup->ports);
}

static async_value *failure(const struct lookup *lookup, enum answer answer)
{
    struct subject subject = {"host", lookup->host, "no such host name",
                              lookup->family == ASYNC_ANY ? "address" : "address of that family"};

    return answer_failure(answer, &subject, lookup->questions[lookup->family == ASYNC_IPV6].channel);
}

static bool may_go_on(enum answer answer)
{
    return answer == ANSWER_NO_NAME || answer == ANSWER_NO_DATA || answer == ANSWER_FAILED;
}

static const char *name_of(const struct lookup *lookup)
{
    return lookup->name ? lookup->name : lookup->host;
}

static size_t count_dots(const char *name)
{
    size_t dots = 0;

    for (; *name; name++)
        dots += *name == '.';
    return dots;
}

/* The name of an attempt, in a place of NAME_SIZE; false when there is none, or it is too long. */
static bool find_candidate(const struct lookup *lookup, const char *name, char *candidate)
{
    const struct configuration *configuration = inquiry_resolver(&lookup->inquiry)->configuration;
    size_t length = strlen(name), index = lookup->attempt, domain_length;
    bool is_first_as_it_stands = count_dots(name) >= (size_t)configuration->ndots;
    const char *domain = configuration->search;

    if (index == (is_first_as_it_stands ? 0 : configuration->domains)) {
        strcpy(candidate, name);
        return true;
    }
    for (index -= is_first_as_it_stands; index; index--)
        domain += strlen(domain) + 1;
    domain_length = strlen(domain);
    if (length + 1 + domain_length >= NAME_SIZE || *domain == '.')
        return false;
    memcpy(candidate, name, length);
    candidate[length] = '.';
    strcpy(candidate + length + 1, domain);
    return true;
}

static size_t attempts(const struct lookup *lookup, const char *name)
{
    return name[strlen(name) - 1] == '.' ? 1 : inquiry_resolver(&lookup->inquiry)->configuration->domains + 1;
}

/* Sets what to ask for next, for a name as name servers know it: ANSWER_FOUND; ANSWER_NO_NAME when there is nothing
 * left; ANSWER_NO_MEMORY. */
static enum answer choose_name(struct lookup *lookup, const char *name)
{
    char longer[NAME_SIZE];
    const char *candidate = name;
    size_t last = attempts(lookup, name);

    if (last > 1) {
        candidate = longer;
        while (lookup->attempt < last && !find_candidate(lookup, name, longer))
            lookup->attempt++;
    }
    if (lookup->attempt >= last)
        return ANSWER_NO_NAME;
    memory_release_text(lookup->name);
    lookup->name = NULL;
    if (strcmp(candidate, lookup->host) == 0)
        return ANSWER_FOUND;
    lookup->name = memory_copy_text(candidate);
    return lookup->name ? ANSWER_FOUND : ANSWER_NO_MEMORY;
}

static enum answer choose_next_name(struct lookup *lookup)
{
    char name[NAME_SIZE];
    async_value *error = name_encode("host", lookup->host, true, name);

    lookup->attempt++;
    if (!error)
        return choose_name(lookup, name);
    async_value_unref(error);
    return ANSWER_NO_NAME;
}

static void go_on_or_fail(struct lookup *lookup)
{
    enum answer answer = lookup->answer ? lookup->answer : ANSWER_NO_DATA, next;

    if (may_go_on(answer) && !inquiry_is_closing(&lookup->inquiry)) {
        answer = lookup->kept = (uint8_t)worse(answer, lookup->kept);
        next = choose_next_name(lookup);
        if (next == ANSWER_FOUND) {
            start_attempt(lookup, false);
            return;
        }
        answer = worse(answer, next);
    }
    inquiry_complete(&lookup->inquiry, failure(lookup, answer));
}

static void end_attempt(struct lookup *lookup)
{
    if (!lookup->count || lookup->answer == ANSWER_NO_MEMORY)
        go_on_or_fail(lookup);
    else
        inquiry_complete(&lookup->inquiry, list_in_order(lookup, lookup->found, lookup->count));
}

/* Adds to what the other question has found. False without memory. */
static bool keep(struct lookup *lookup, const union host_address *found, size_t count)
{
    size_t kept = lookup->count, size = sizeof *found, all = kept + count;
    union host_address *grown;

    if (all > UINT16_MAX)
        return true;
    grown = memory_grow(lookup->found, kept * size, kept * size, all * size);
    if (!grown)
        return false;
    memcpy(grown + kept, found, count * size);
    lookup->found = grown;
    lookup->count = (uint16_t)all;
    return true;
}

/* Where it is the last question, there is nothing to keep. */
static enum answer take(struct lookup *lookup, union host_address *found, size_t count)
{
    if (lookup->inquiry.open > 1 || lookup->count)
        return keep(lookup, found, count) ? ANSWER_FOUND : ANSWER_NO_MEMORY;
    if (lookup->answer != ANSWER_NO_MEMORY)
        inquiry_complete(&lookup->inquiry, list_in_order(lookup, found, count));
    return ANSWER_FOUND;
}

static enum answer read_addresses(struct lookup *lookup, const struct question *question, const struct message *message)
{
    union host_address few[FEW], *many;
    size_t count;
    enum answer answer = message_addresses(message, question->type, few, FEW, &count);

    if (answer != ANSWER_FOUND)
        return answer;
    if (count <= FEW)
        return take(lookup, few, count);
    many = memory_allocate(count * sizeof *many);
    if (!many)
        return ANSWER_NO_MEMORY;
    message_addresses(message, question->type, many, count, &count);
    answer = take(lookup, many, count);
    memory_release(many, count * sizeof *many);
    return answer;
}

/* Who is told, once, of the first half: a node, or NULL, in words that the future has to spare. */
void lookup_on_half(async_future *future, struct node *half)
{
    memcpy(future->spare, &half, sizeof half);
}

static void tell_half(struct lookup *lookup)
{
    async_future *future = &lookup->inquiry.future;
    struct node *half;

    memcpy(&half, future->spare, sizeof half);
    if (half && lookup->count)
        loop_queue(future->loop, half);
}

static void on_answer(struct lookup *lookup, struct question *question, enum answer answer,
                      const struct message *message)
{
    if (future_is_pending(&lookup->inquiry.future)) {
        if (answer == ANSWER_FOUND)
            answer = read_addresses(lookup, question, message);
        lookup->answer = (uint8_t)worse(lookup->answer, answer);
        if (lookup->inquiry.open > 1)
            tell_half(lookup);
        else if (future_is_pending(&lookup->inquiry.future))
            end_attempt(lookup);
    }
    inquiry_answered(&lookup->inquiry);
}

static void on_first_answer(struct question *question, enum answer answer, const struct message *message)
{
    on_answer(container_of(question, struct lookup, questions[0]), question, answer, message);
}

static void on_second_answer(struct question *question, enum answer answer, const struct message *message)
{
    on_answer(container_of(question, struct lookup, questions[1]), question, answer, message);
}

static const struct question_class question_classes[] = {{.answered = on_first_answer}, {.answered = on_second_answer}};

static bool cancel(async_future *future, async_value *error)
{
    struct lookup *lookup = container_of(future, struct lookup, inquiry.future);

    return inquiry_cancel(&lookup->inquiry, lookup->questions, 2, error);
}

static void release(async_future *future)
{
    struct lookup *lookup = container_of(future, struct lookup, inquiry.future);

    memory_release_text(lookup->host);
    memory_release_text(lookup->name);
    release_found(lookup);
}

static void describe(const async_future *future, char *text, size_t size)
{
    strcpy(text, "getaddrinfo");
}

static const struct future_class lookup_class = {
    .node = INQUIRY_NODE,
    .size = sizeof(struct lookup),
    .cancel = cancel,
    .release = release,
    .describe = describe,
};

async_value *lookup_half(async_future *future)
{
    struct lookup *lookup = container_of(future, struct lookup, inquiry.future);

    return lookup->count ? list_in_order(lookup, lookup->found, lookup->count) : NULL;
}

/* Both questions are open before one is asked, for it may be answered inside the call. From c-ares' callbacks they are
 * asked later, from the queue. */
static void start_attempt(struct lookup *lookup, bool at_once)
{
    static const uint16_t types[] = {TYPE_A, TYPE_AAAA};
    struct resolver *resolver = inquiry_resolver(&lookup->inquiry);
    size_t first = lookup->family == ASYNC_IPV6, behind = lookup->family == ASYNC_IPV4 ? 1 : 2;

    release_found(lookup);
    lookup->answer = ANSWER_FOUND;
    if (!lookup->inquiry.open)
        future_hold(&lookup->inquiry.future);
    lookup->inquiry.open += (uint8_t)(behind - first);
    for (size_t i = first; i < behind; i++)
        resolver_add(resolver, &lookup->questions[i], &question_classes[i], name_of(lookup), types[i]);
    if (at_once)
        resolver_ask_added(resolver);
}

static async_value *check(const char *host, const char *service, int family, int type, uint32_t flags)
{
    if (!host && !service)
        return dns_error(ASYNC_EINVAL, "getaddrinfo: host and service are both NULL");
    if (family != ASYNC_ANY && family != ASYNC_IPV4 && family != ASYNC_IPV6)
        return dns_error(ASYNC_EINVAL, "getaddrinfo: the family %d is unknown", family);
    if (type != ASYNC_ANY && type != ASYNC_STREAM && type != ASYNC_DATAGRAM)
        return dns_error(ASYNC_EINVAL, "getaddrinfo: the type %d is unknown", type);
    if (flags & ~(uint32_t)ALL_FLAGS)
        return dns_error(ASYNC_EINVAL, "getaddrinfo: the flags are unknown");
    return NULL;
}

static async_future *ask(async_loop *loop, const char *host, const char *name, int family, const struct ports *ports)
{
    async_future *future = future_new(loop, &lookup_class);
    struct lookup *lookup;
    enum answer answer;

    if (!future)
        return future_failed(ASYNC_ENOMEM);
    lookup = container_of(future, struct lookup, inquiry.future);
    memset((char *)lookup + sizeof *future, 0, sizeof *lookup - sizeof *future);
    lookup_on_half(future, NULL);
    lookup->family = (uint8_t)family;
    lookup->ports = *ports;
    lookup->host = memory_copy_text(host);
    answer = lookup->host ? choose_name(lookup, name) : ANSWER_NO_MEMORY;
    if (answer == ANSWER_FOUND)
        start_attempt(lookup, true);
    else
        complete_by(future, failure(lookup, answer));
    return future;
}

/* The hosts file, and the loopback for localhost, which no name server is asked for (RFC 6761, section 6.3). */
static async_value *local_outcome(struct resolver *resolver, const char *name, int family, const struct ports *ports)
{
    static const int families[] = {[ASYNC_ANY] = AF_UNSPEC, [ASYNC_IPV4] = AF_INET, [ASYNC_IPV6] = AF_INET6};
    bool is_localhost = name_is_within(name, "localhost");
    union host_address found[MOST_OF_HOSTS];
    size_t count;

    count = hosts_find(resolver->hosts, is_localhost ? "localhost" : name, families[family], found, MOST_OF_HOSTS);
    if (!count)
        return is_localhost ? name_loopback(family, ports) : NULL;
    order_addresses(&resolver->sources, found, count);
    return address_list(found, count, ports);
}

async_future *async_getaddrinfo(async_loop *loop, const char *host, const char *service, int family, int type,
                                uint32_t flags)
{
    int error = loop_enter(loop);
    struct resolver *resolver = NULL;
    char name[NAME_SIZE];
    async_value *outcome;
    struct ports ports;

    if (error)
        return future_failed(error);
    outcome = check(host, service, family, type, flags);
    if (!outcome)
        outcome = service_find(service, host, type, flags & ASYNC_DNS_NUMERIC_SERVICE, &ports);
    if (!outcome)
        outcome = name_outcome(host, family, flags, &ports, name);
    if (!outcome)
        outcome = resolver_open(loop, &resolver);
    if (!outcome)
        outcome = local_outcome(resolver, name, family, &ports);
    if (outcome)
        return known_future(loop, outcome);
    if (flags & ASYNC_DNS_ADDRESS_CONFIGURED)
        family = configured_family(resolver, family);
    return ask(loop, host, name, family, &ports);
}
