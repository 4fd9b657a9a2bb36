/*
 * A lookup is a future that holds itself until c-ares has called back, which it does exactly once: c-ares cannot forget
 * one query among others, so a cancelled lookup is over at once but stays in memory until then.
 */
#include "libasync/dns/internal.h"

#include <ares.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

async_value *dns_error(int code, const char *format, ...)
{
    char message[512];
    va_list arguments;
    async_value *error;

    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    error = async_error(code, message);
    return error ? error : error_static(ASYNC_ENOMEM);
}

static void complete(async_future *future, async_value *outcome)
{
    if (value_is_error(outcome))
        future_fail(future, outcome);
    else
        future_succeed(future, outcome);
}

static void let_go(async_loop *loop, struct node *node)
{
    future_drop(container_of(node, async_future, node));
}

static void drop_at_close(async_loop *loop, struct node *node)
{
    if (node_is_linked(node)) {
        node_unlink(node);
        let_go(loop, node);
    }
}

static bool cancel(async_future *future, async_value *error)
{
    future_fail(future, async_value_ref(error));
    if (!container_of(future, struct lookup, future)->is_asked) {
        node_unlink(&future->node);
        future_drop(future);
    }
    return true;
}

static void release(async_future *future)
{
    memory_release_text(container_of(future, struct lookup, future)->host);
}

static void describe(const async_future *future, char *text, size_t size)
{
    snprintf(text, size, "getaddrinfo");
}

static const struct future_class lookup_class = {
    .node = {.run = let_go, .drop_at_close = drop_at_close},
    .size = sizeof(struct lookup),
    .cancel = cancel,
    .release = release,
    .describe = describe,
};

/* What was known at once: never pending, so without a cancel. */
static const struct future_class known_class = {.size = sizeof(async_future), .describe = describe};

static async_future *known(async_loop *loop, async_value *outcome)
{
    async_future *future = future_new(loop, &known_class);

    if (!future) {
        async_value_unref(outcome);
        return future_failed(ASYNC_ENOMEM);
    }
    complete(future, outcome);
    return future;
}

static async_value *failure(const struct lookup *lookup, int status)
{
    int code = ASYNC_EDNS;
    const char *why;

    switch (status) {
    case ARES_ENOMEM:
    case ARES_ECANCELLED:    /* the resolver had no memory to hear the answer */
        return error_static(ASYNC_ENOMEM);
    case ARES_ENOTFOUND:
        code = ASYNC_ENONAME;
        why = "no such host name";
        break;
    case ARES_ENODATA:
        code = ASYNC_ENONAME;
        why = lookup->family == ASYNC_ANY ? "it has no address" : "it has no address of that family";
        break;
    case ARES_ETIMEOUT:
        code = ASYNC_ETIMEDOUT;
        why = "the name servers did not answer in time";
        break;
    case ARES_ECONNREFUSED:
    case ARES_ESERVFAIL:
    case ARES_EREFUSED:
        /* c-ares tells them apart only where it did not try the next server. */
        why = "no name server can be reached, or they failed";
        break;
    case ARES_EBADRESP:
    case ARES_EFORMERR:
        why = "the name servers' answer makes no sense";
        break;
    default:
        why = ares_strerror(status);
        break;
    }
    return dns_error(code, "host '%s': %s", lookup->host, why);
}

static async_value *addresses(const struct lookup *lookup, const struct ares_addrinfo *found)
{
    union host_address *list;
    size_t count = 0, size;
    async_value *outcome;

    for (const struct ares_addrinfo_node *node = found->nodes; node; node = node->ai_next)
        count++;
    if (!count)
        return failure(lookup, ARES_ENODATA);
    size = count * sizeof *list;
    list = memory_allocate(size);
    if (!list)
        return error_static(ASYNC_ENOMEM);
    count = 0;
    for (const struct ares_addrinfo_node *node = found->nodes; node; node = node->ai_next)
        memcpy(&list[count++], node->ai_addr, node->ai_addrlen);
    outcome = address_list(list, count, &lookup->ports);
    memory_release(list, size);
    return outcome;
}

static void finish(struct lookup *lookup, int status, const struct ares_addrinfo *found)
{
    if (atomic_load(&lookup->future.loop->closing)) {
        future_excuse(&lookup->future);    /* nobody would call the end of his loop a failure of this lookup */
        complete(&lookup->future, error_static(ASYNC_ECLOSED));
    } else {
        complete(&lookup->future, status == ARES_SUCCESS ? addresses(lookup, found) : failure(lookup, status));
    }
}

/* Let go of from the queue: the last reference to go may report an unread failure to a handler of the user's, who may
 * start the next lookup, and c-ares is still at work on this one. */
void lookup_answered(struct lookup *lookup, int status, const struct ares_addrinfo *found)
{
    if (future_is_pending(&lookup->future))
        finish(lookup, status, found);
    loop_queue(lookup->future.loop, &lookup->future.node);
}

static async_value *check(const char *host, const char *service, int family, int type, uint32_t flags)
{
    if (!host && !service)
        return dns_error(ASYNC_EINVAL, "getaddrinfo: host and service are both NULL");
    if (family != ASYNC_ANY && family != ASYNC_IPV4 && family != ASYNC_IPV6)
        return dns_error(ASYNC_EINVAL, "getaddrinfo: the family %d is unknown", family);
    if (type != ASYNC_ANY && type != ASYNC_STREAM && type != ASYNC_DATAGRAM)
        return dns_error(ASYNC_EINVAL, "getaddrinfo: the type %d is unknown", type);
    if (flags & ~(ASYNC_DNS_NUMERIC_HOST | ASYNC_DNS_PASSIVE))
        return dns_error(ASYNC_EINVAL, "getaddrinfo: the flags are unknown");
    return NULL;
}

static async_future *ask(async_loop *loop, const char *host, int family, const struct ports *ports)
{
    async_future *future = future_new(loop, &lookup_class);
    struct lookup *lookup;

    if (!future)
        return future_failed(ASYNC_ENOMEM);
    lookup = container_of(future, struct lookup, future);
    lookup->family = family;
    lookup->is_asked = false;
    lookup->ports = *ports;
    lookup->host = memory_copy_text(host);
    if (!lookup->host) {
        future_fail(future, NULL);
        return future;
    }
    future_hold(future);
    resolver_ask(lookup);
    return future;
}

async_future *async_getaddrinfo(async_loop *loop, const char *host, const char *service, int family, int type,
                                uint32_t flags)
{
    int error = loop_enter(loop);
    async_value *outcome;
    struct ports ports;

    if (error)
        return future_failed(error);
    outcome = check(host, service, family, type, flags);
    if (!outcome)
        outcome = service_find(service, host, type, &ports);
    if (!outcome)
        outcome = name_outcome(host, family, flags, &ports);
    if (!outcome)
        outcome = resolver_open(loop);
    if (!outcome && name_is_localhost(host))
        outcome = localhost_outcome(loop, family, &ports);
    return outcome ? known(loop, outcome) : ask(loop, host, family, &ports);
}
