/* Opening connections: the calls, the look-up, and what the race of the attempts comes to. */
#include "libasync/io/connect.h"

#include "libasync/dns/internal.h"
#include "libasync/io/trouble.h"

#include <stdio.h>
#include <unistd.h>

static struct opening *opening_of(async_future *future)
{
    return container_of(future, struct opening, future);
}

/* Nobody waits for the look-up's outcome any more. */
static async_future *take_lookup(struct opening *opening)
{
    async_future *lookup = opening->lookup;

    opening->lookup = NULL;
    if (node_is_linked(&opening->half))
        node_unlink(&opening->half);
    return lookup;
}

static void forget_lookup(struct opening *opening)
{
    async_future *lookup = take_lookup(opening);

    if (!lookup)
        return;
    if (node_is_linked(&opening->found))
        future_detach(lookup, &opening->found);
    future_cancel(lookup, error_static(ASYNC_ECANCELED));
    async_future_unref(lookup);
}

static void release(async_future *future)
{
    struct opening *opening = opening_of(future);

    opening_end_race(opening);
    memory_release_text(opening->host);
    async_socket_options_unref(opening->options);
}

/* All that it waits for ends with it. */
static void let_go(struct opening *opening)
{
    timer_stop(opening->future.loop, &opening->future.timer);
    forget_lookup(opening);
    opening_end_race(opening);
    future_drop(&opening->future);
}

static void fail(struct opening *opening, async_value *taken)
{
    future_fail(&opening->future, taken);
    let_go(opening);
}

/* asyncio's open_connection is a coroutine: who alone awaits it goes on in the turn in which it ends. */
static void end_in_turn(struct opening *opening, async_value *taken)
{
    async_loop *loop = opening->future.loop;
    struct node *follower = future_take_follower(&opening->future);

    if (value_is_error(taken))
        future_fail(&opening->future, taken);
    else
        future_succeed(&opening->future, taken);
    let_go(opening);
    if (follower)
        loop_queue_next(loop, follower);
}

static bool cancel(async_future *future, async_value *error)
{
    fail(opening_of(future), async_value_ref(error));
    return true;
}

static void on_time(async_loop *loop, struct node *node)
{
    opening_on_time(container_of(node, struct opening, future.node));
}

static void end_at_close(async_loop *loop, struct node *node)
{
    struct opening *opening = container_of(node, struct opening, future.node);

    if (future_end_closed(&opening->future))
        let_go(opening);
}

static const struct future_class opening_class = {
    .node = {.run = on_time, .end_at_close = end_at_close},
    .size = sizeof(struct opening),
    .cancel = cancel,
    .release = release,
};

/* The stream's own value holds it; without memory for that nobody will ever close it. */
static async_value *value_of(async_stream *taken)
{
    async_value *value = async_stream_value(taken);

    if (!value)
        async_stream_abort(taken);
    async_stream_unref(taken);
    return value ? value : error_static(ASYNC_ENOMEM);
}

void opening_won(struct opening *opening, struct attempt *winner)
{
    int descriptor = attempt_take_descriptor(winner);
    union socket_address peer;
    socklen_t size;
    async_stream *stream;

    address_read(winner->address, &peer, &size);
    stream = stream_new(opening->future.loop, descriptor, &peer, size, opening->options);
    if (!stream)
        close(descriptor);
    end_in_turn(opening, stream ? value_of(stream) : error_static(ASYNC_ENOMEM));
}

static void begin_trouble(const struct opening *opening, struct trouble *trouble)
{
    trouble_begin(trouble, opening->host, opening->port);
    for (uint32_t i = 0; i < opening->count; i++)
        if (opening->attempts[i]->number)
            trouble_add_number(trouble, opening->attempts[i]->address, opening->attempts[i]->number);
}

void opening_lost(struct opening *opening)
{
    struct trouble trouble;

    begin_trouble(opening, &trouble);
    end_in_turn(opening, trouble_error(&trouble));
}

void opening_timed_out(struct opening *opening)
{
    struct trouble trouble;
    char reason[64];

    snprintf(reason, sizeof reason, "no answer within %g s", opening_options(opening)->connect_timeout);
    begin_trouble(opening, &trouble);
    for (uint32_t i = 0; i < opening->begun; i++)
        if (!opening->attempts[i]->number)
            trouble_add(&trouble, opening->attempts[i]->address, reason);
    if (!trouble.told)
        trouble_add(&trouble, NULL, reason);
    else if (opening->lookup)
        trouble_add(&trouble, NULL, "the look-up did not end");
    end_in_turn(opening, trouble_error_of_code(&trouble, ASYNC_ETIMEDOUT));
}

void opening_out_of_memory(struct opening *opening)
{
    end_in_turn(opening, error_static(ASYNC_ENOMEM));
}

static void take_addresses(struct opening *opening)
{
    async_future *lookup = take_lookup(opening);
    async_value *failure = future_read_failure(lookup);
    bool arranged = !failure && opening_arrange(opening, lookup->outcome);

    if (failure)
        failure = trouble_with_lookup(opening->host, opening->port, failure);
    async_future_unref(lookup);
    if (failure)
        end_in_turn(opening, failure);
    else if (!arranged)
        opening_out_of_memory(opening);
    else
        opening_race(opening);
}

/* The race is on. What is missing for want of memory, or of an answer, it does without. */
static void take_more_addresses(struct opening *opening)
{
    async_future *lookup = take_lookup(opening);

    if (!future_read_failure(lookup))
        opening_arrange(opening, lookup->outcome);
    async_future_unref(lookup);
    opening_go_on(opening);
}

static void on_found(async_loop *loop, struct node *node)
{
    struct opening *opening = container_of(node, struct opening, found);

    if (opening->begun)
        take_more_addresses(opening);
    else
        take_addresses(opening);
}

static const struct node_ops found_ops = {.run = on_found, .follows = true};

/* Without memory they come with the others. */
static void on_half(async_loop *loop, struct node *node)
{
    struct opening *opening = container_of(node, struct opening, half);
    async_value *list = lookup_half(opening->lookup);
    bool arranged = list && opening_arrange(opening, list);

    async_value_unref(list);
    if (arranged)
        opening_race_half(opening);
}

static const struct node_ops half_ops = {.run = on_half};

/* Pending, and held by itself and the caller. NULL without memory. */
static struct opening *make(async_loop *loop, const char *host, int port, const async_socket_options *options)
{
    async_future *future = future_new(loop, &opening_class);
    struct opening *opening = future ? opening_of(future) : NULL;
    double seconds = options_or_default(options)->connect_timeout;

    if (!opening)
        return NULL;
    opening->found = (struct node){.ops = &found_ops};
    opening->half = (struct node){.ops = &half_ops};
    opening->lookup = NULL;
    opening->options = options_copy(options);
    opening->host = memory_copy_text(host);
    opening->port = port;
    opening->capacity = opening->count = opening->begun = opening->under_way = 0;
    opening->attempts = NULL;
    opening->limit = seconds == ASYNC_FOREVER ? ASYNC_FOREVER : loop_now(loop) + seconds;
    opening->next = ASYNC_FOREVER;
    opening->patience = 0;
    if ((!options || opening->options) && (!host || opening->host)) {
        future_hold(future);
        return opening;
    }
    future_excuse(future);
    future_fail(future, NULL);
    future_drop(future);
    return NULL;
}

/* A limit that cannot be kept is no limit: without memory for it nothing begins. */
static bool begin_limit(struct opening *opening)
{
    return opening->limit == ASYNC_FOREVER ||
           timer_start(opening->future.loop, &opening->future.timer, opening->limit);
}

async_future *async_open_connection(async_loop *loop, const char *host, int port, const async_socket_options *options)
{
    int error = loop_enter(loop);
    struct opening *opening;
    char service[8];

    if (error)
        return future_failed(error);
    if (!host)
        return future_failed_saying(loop, ASYNC_EINVAL, "open_connection: the host is NULL");
    if (port < 1 || port > 65535)
        return future_failed_saying(loop, ASYNC_EINVAL, "host '%.255s', port %d: ports are 1 to 65535", host, port);
    opening = make(loop, host, port, options);
    if (!opening)
        return future_failed(ASYNC_ENOMEM);
    snprintf(service, sizeof service, "%d", port);
    opening->lookup = async_getaddrinfo(loop, host, service, opening_options(opening)->family, ASYNC_STREAM, 0);
    if (!future_is_pending(opening->lookup)) {
        take_addresses(opening);
        return &opening->future;
    }
    future_attach(loop, opening->lookup, &opening->found);
    lookup_on_half(opening->lookup, &opening->half);
    if (!begin_limit(opening))
        fail(opening, NULL);
    return &opening->future;
}

static async_future *open_to(async_loop *loop, async_value *address, const async_socket_options *options)
{
    struct opening *opening = make(loop, NULL, 0, options);

    if (!opening)
        return future_failed(ASYNC_ENOMEM);
    if (opening_arrange_one(opening, address))
        opening_race(opening);
    else
        fail(opening, NULL);
    return &opening->future;
}

/* Where nobody can listen: port 0, and the name of a Unix socket that has none. */
static bool leads_somewhere(const async_value *address)
{
    if (async_address_family(address) == ASYNC_UNIX)
        return *async_address_path(address);
    return async_address_port(address) > 0;
}

async_future *async_open_connection_to(async_loop *loop, const async_value *address,
                                       const async_socket_options *options)
{
    int error = loop_enter(loop);

    if (error)
        return future_failed(error);
    if (!async_address_family(address))
        return future_failed_saying(loop, ASYNC_EINVAL, "open_connection_to: the value is no address");
    if (!leads_somewhere(address))
        return future_failed_saying(loop, ASYNC_EINVAL, "%s: nobody can listen there", async_address_text(address));
    return open_to(loop, (async_value *)address, options);
}

async_future *async_open_unix_connection(async_loop *loop, const char *path, const async_socket_options *options)
{
    int error = loop_enter(loop);
    union socket_address address;
    async_value *value;
    async_future *future;
    socklen_t size;

    if (error)
        return future_failed(error);
    size = path ? address_of_path(path, &address) : 0;
    if (!size)
        return path_refusal(loop, path);
    value = address_new(&address, size, ASYNC_STREAM);
    if (!value)
        return future_failed(ASYNC_ENOMEM);
    future = open_to(loop, value, options);
    async_value_unref(value);
    return future;
}
