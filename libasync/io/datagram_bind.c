/*
 * Datagram sockets by host and port. The name is looked up, and the first of its addresses for which the system gives a
 * socket serves; of a host there may be some that this machine has no way to.
 */
#include "libasync/dns.h"
#include "libasync/io/datagram.h"
#include "libasync/io/trouble.h"

#include <errno.h>
#include <stdio.h>

struct binding {
    async_future future;             /* its node waits for the look-up */
    async_future *lookup;            /* held; NULL once it ended */
    async_socket_options *options;   /* a copy */
    char *host;
    int port;
    bool connects;
};

static void release(async_future *future)
{
    struct binding *binding = container_of(future, struct binding, future);

    async_socket_options_unref(binding->options);
    memory_release_text(binding->host);
}

static void end_binding(struct binding *binding, async_value *taken)
{
    async_future *lookup = binding->lookup;

    binding->lookup = NULL;
    if (async_value_error(taken) == ASYNC_ECLOSED)
        future_excuse(&binding->future);
    if (value_is_error(taken))
        future_fail(&binding->future, taken);
    else
        future_succeed(&binding->future, taken);
    future_drop(lookup);
    future_drop(&binding->future);
}

/* The socket as a value, which is then its only holder; or the error, with host and port. */
static async_value *wrap(async_datagram *taken, const char *host, int port)
{
    async_value *value;
    char subject[300];
    int number = errno;

    if (taken) {
        value = async_datagram_value(taken);
        if (!value)
            async_datagram_close(taken);
        async_datagram_unref(taken);
        return value;
    }
    if (host && *host)
        snprintf(subject, sizeof subject, "host '%.250s', port %d", host, port);
    else
        snprintf(subject, sizeof subject, "port %d", port);
    return number == ENOMEM ? NULL : socket_error(number, subject);
}

static async_datagram *open_one(const struct binding *binding, const async_value *address)
{
    async_loop *loop = binding->future.loop;

    if (binding->connects)
        return async_datagram_open(loop, binding->options->local, address, binding->options);
    return async_datagram_open(loop, address, NULL, binding->options);
}

static async_value *binding_error(const struct binding *binding, async_value *failure)
{
    if (async_value_error(failure) == ASYNC_ECLOSED)
        return async_value_ref(failure);
    return trouble_with_lookup(binding->host, binding->port, failure);
}

static void on_found(async_loop *loop, struct node *node)
{
    struct binding *binding = container_of(node, struct binding, future.node);
    async_value *failure = future_read_failure(binding->lookup), *found = binding->lookup->outcome;
    async_datagram *datagram = NULL;

    if (!failure && loop_enter(loop) != 0)
        failure = error_static(ASYNC_ECLOSED);    /* the loop is at its end, and opens nothing more */
    if (failure) {
        end_binding(binding, binding_error(binding, failure));
        return;
    }
    for (size_t i = 0; !datagram && i < async_value_count(found); i++)
        datagram = open_one(binding, async_value_item(found, i));
    end_binding(binding, wrap(datagram, binding->host, binding->port));
}

static void stop_lookup(struct binding *binding)
{
    future_detach(binding->lookup, &binding->future.node);
    if (!future_is_pending(binding->lookup)) {
        future_read_failure(binding->lookup);
        return;
    }
    future_excuse(binding->lookup);
    future_cancel(binding->lookup, error_static(ASYNC_ECANCELED));
}

static bool cancel_binding(async_future *future, async_value *error)
{
    struct binding *binding = container_of(future, struct binding, future);

    stop_lookup(binding);
    end_binding(binding, async_value_ref(error));
    return true;
}

static void end_at_close(async_loop *loop, struct node *node)
{
    struct binding *binding = container_of(node, struct binding, future.node);

    if (!future_is_pending(&binding->future) || !binding->lookup)
        return;
    future_detach(binding->lookup, node);
    end_binding(binding, error_static(ASYNC_ECLOSED));
}

static const struct future_class binding_class = {
    .node = {.run = on_found, .end_at_close = end_at_close},
    .size = sizeof(struct binding),
    .cancel = cancel_binding,
    .release = release,
};

static struct binding *binding_new(async_loop *loop, const char *host, int port, const async_socket_options *options,
                                   bool connects)
{
    async_future *future = future_new(loop, &binding_class);
    struct binding *binding;

    if (!future)
        return NULL;
    binding = container_of(future, struct binding, future);
    binding->lookup = NULL;
    binding->options = async_socket_options_new();
    binding->host = memory_copy_text(host);
    binding->port = port;
    binding->connects = connects;
    if (binding->options && (!host || binding->host)) {
        *binding->options = *options;
        async_value_ref(binding->options->local);
        return binding;
    }
    future_excuse(future);
    future_fail(future, NULL);
    future_drop(future);
    return NULL;
}

/* Every address of this machine: one IPv6 socket for both families, where the system has IPv6. */
static async_value *bind_everywhere(async_loop *loop, int port, const async_socket_options *options)
{
    async_datagram *datagram = NULL;
    static const char *const hosts[] = {"::", "0.0.0.0"};

    for (int i = options->family == ASYNC_IPV4; !datagram && i < (options->family == ASYNC_IPV6 ? 1 : 2); i++) {
        async_value *address = async_address(hosts[i], port);

        datagram = async_datagram_open(loop, address, NULL, options);
        if (!datagram && errno != EAFNOSUPPORT && errno != EADDRNOTAVAIL)
            i = 2;
        async_value_unref(address);
    }
    return wrap(datagram, NULL, port);
}

static async_future *begin(async_loop *loop, const char *host, int port, const async_socket_options *options,
                           bool connects)
{
    struct binding *binding = binding_new(loop, host, port, options, connects);
    char service[8];

    if (!binding)
        return future_failed(ASYNC_ENOMEM);
    if (!host || !*host) {
        async_value *value = bind_everywhere(loop, port, options);

        if (value_is_error(value))
            future_fail(&binding->future, value);
        else
            future_succeed(&binding->future, value);
        return &binding->future;
    }
    snprintf(service, sizeof service, "%d", port);
    binding->lookup = async_getaddrinfo(loop, host, service, options->family, ASYNC_DATAGRAM, 0);
    future_hold(&binding->future);
    future_attach(loop, binding->lookup, &binding->future.node);
    return &binding->future;
}

async_future *async_bind_datagram(async_loop *loop, const char *host, int port, const async_socket_options *options)
{
    int error = loop_enter(loop);

    if (error)
        return future_failed(error);
    if (port < 0 || port > 65535)
        return future_failed_saying(loop, ASYNC_EINVAL, "host '%.255s', port %d: ports are 0 to 65535",
                                    host ? host : "", port);
    return begin(loop, host, port, options_or_default(options), false);
}

async_future *async_connect_datagram(async_loop *loop, const char *host, int port,
                                     const async_socket_options *options)
{
    int error = loop_enter(loop);

    if (error)
        return future_failed(error);
    if (!host || !*host)
        return future_failed_saying(loop, ASYNC_EINVAL, "connect_datagram: host is NULL or empty");
    if (port < 1 || port > 65535)
        return future_failed_saying(loop, ASYNC_EINVAL, "host '%.255s', port %d: ports are 1 to 65535", host, port);
    return begin(loop, host, port, options_or_default(options), true);
}
