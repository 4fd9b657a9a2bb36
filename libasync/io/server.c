/* Servers: made, counted, asked. */
#include "libasync/io/serving.h"
#include "libasync/io/trouble.h"

#include "libasync/dns.h"

#include <errno.h>
#include <stdio.h>

/* A server that never began, for it could not. */
static void release(async_future *future)
{
    async_server *server = container_of(future, async_server, sync.done);

    if (!server->over && server->destroy)
        server->destroy(server->user);
    async_socket_options_unref(server->options);
}

static const struct future_class server_class = {
    .node = {.run = server_accept, .end_at_close = server_end_at_close},
    .size = sizeof(async_server),
    .release = release,
};

/* Who is to be served, and how; what every start is given. */
struct service {
    async_client_connected *connected;
    void *user;
    async_destroy *destroy;
    const async_socket_options *options;
};

static void drop_service(const struct service *service)
{
    if (service->destroy)
        service->destroy(service->user);
}

/* With one reference, which is the caller's. NULL without memory: the service is dropped then. */
static async_server *make(async_loop *loop, const struct service *service)
{
    async_server *server = (async_server *)future_new(loop, &server_class);

    if (!server) {
        drop_service(service);
        return NULL;
    }
    memset((char *)server + sizeof server->sync, 0, sizeof *server - sizeof server->sync);
    future_succeed(&server->sync.done, async_none());
    server->service = (struct node_ops){.run = server_connection_done, .follows = true};
    server->stranded = -1;
    server->connected = service->connected;
    server->user = service->user;
    server->destroy = service->destroy;
    server->options = options_copy(service->options);
    list_init(&server->closing);
    list_init(&server->stopping);
    list_init(&server->serving);
    if (!service->options || server->options)
        return server;
    future_drop(&server->sync.done);
    return NULL;
}

static async_server *begin(async_server *server)
{
    future_hold(&server->sync.done);
    server->begun = true;
    server_watch(server);
    return server;
}

static void ref_server(void *pointer)
{
    async_server_ref(pointer);
}

static void unref_server(void *pointer)
{
    async_server_unref(pointer);
}

static async_type server_type = {.references = 1, .name = "server", .ref = ref_server, .unref = unref_server};

/* The value of a server that has just begun, or the error that it did not begin with. */
static async_value *begin_as_value(async_server *server, async_value *trouble)
{
    async_value *value = trouble ? NULL : async_server_value(server);

    if (trouble)
        return trouble;
    if (value)
        begin(server);
    else
        server_close_listeners(server);
    return value ? value : error_static(ASYNC_ENOMEM);
}

/* A start that waits for its look-up. Pending, it holds itself. */
struct start {
    async_future future;
    struct node found;
    async_future *lookup;    /* held */
    async_server *server;    /* held */
    char *host;              /* NULL: every address */
    int port;
};

static struct start *start_of(async_future *future)
{
    return container_of(future, struct start, future);
}

static void let_go(struct start *start)
{
    if (node_is_linked(&start->found))
        future_detach(start->lookup, &start->found);
    if (start->lookup)
        future_cancel(start->lookup, error_static(ASYNC_ECANCELED));
    start->lookup = async_future_unref(start->lookup);
    start->server = async_server_unref(start->server);
    future_drop(&start->future);
}

static void end_start(struct start *start, async_value *taken)
{
    if (value_is_error(taken))
        future_fail(&start->future, taken);
    else
        future_succeed(&start->future, taken);
    let_go(start);
}

static bool cancel_start(async_future *future, async_value *error)
{
    end_start(start_of(future), async_value_ref(error));
    return true;
}

static void end_start_at_close(async_loop *loop, struct node *node)
{
    async_future *future = container_of(node, async_future, node);

    if (future_end_closed(future))
        let_go(start_of(future));
}

static void release_start(async_future *future)
{
    memory_release_text(start_of(future)->host);
}

static const struct future_class start_class = {
    .node.end_at_close = end_start_at_close,
    .size = sizeof(struct start),
    .cancel = cancel_start,
    .release = release_start,
};

static void listen_at_found(struct start *start)
{
    async_value *failure = future_read_failure(start->lookup), *trouble;

    if (failure)
        trouble = trouble_with_lookup(start->host ? start->host : "", start->port, failure);
    else
        trouble = server_listen(start->server, start->lookup->outcome, start->host, start->port);
    end_start(start, begin_as_value(start->server, trouble));
}

static void on_found(async_loop *loop, struct node *node)
{
    listen_at_found(container_of(node, struct start, found));
}

static const struct node_ops found_ops = {.run = on_found, .follows = true};

/* A future of a server that could not be made, or whose start cannot wait: for it needs memory too. */
static struct start *make_start(async_server *taken, const char *host, int port)
{
    async_loop *loop = server_loop(taken);
    async_future *future = future_new(loop, &start_class);
    struct start *start = future ? start_of(future) : NULL;

    if (!start) {
        async_server_unref(taken);
        return NULL;
    }
    start->found = (struct node){.ops = &found_ops};
    start->lookup = NULL;
    start->server = taken;
    start->host = memory_copy_text(host);
    start->port = port;
    future_hold(future);
    if (!host || start->host)
        return start;
    end_start(start, NULL);
    async_future_mark_read(future);
    async_future_unref(future);
    return NULL;
}

/* A refusal before anything was begun: NULL, or the failed future. */
static async_future *refuse(async_loop *loop, const struct service *service, const char *call)
{
    int error = loop_enter(loop);

    if (error)
        return future_failed(error);
    if (!service->connected)
        return future_failed_saying(loop, ASYNC_EINVAL, "%s: the callback is NULL", call);
    return NULL;
}

static async_future *look_up(struct start *start)
{
    async_loop *loop = start->future.loop;
    char text[8];

    snprintf(text, sizeof text, "%d", start->port);
    start->lookup = async_getaddrinfo(loop, start->host, text, server_options(start->server)->family, ASYNC_STREAM,
                                      ASYNC_DNS_PASSIVE);
    if (future_is_pending(start->lookup))
        future_attach(loop, start->lookup, &start->found);
    else
        listen_at_found(start);
    return &start->future;
}

async_future *async_start_server(async_loop *loop, const char *host, int port, async_client_connected *connected,
                                 void *user, async_destroy *destroy, const async_socket_options *options)
{
    struct service service = {connected, user, destroy, options};
    async_future *refusal = refuse(loop, &service, "start_server");
    async_server *server;
    struct start *start;

    host = host && *host ? host : NULL;
    if (!refusal && (port < 0 || port > 65535))
        refusal = future_failed_saying(loop, ASYNC_EINVAL, "host '%.255s', port %d: ports are 0 to 65535",
                                       host ? host : "", port);
    if (refusal) {
        drop_service(&service);
        return refusal;
    }
    server = make(loop, &service);
    start = server ? make_start(server, host, port) : NULL;
    return start ? look_up(start) : future_failed(ASYNC_ENOMEM);
}

async_future *async_start_unix_server(async_loop *loop, const char *path, async_client_connected *connected,
                                      void *user, async_destroy *destroy, const async_socket_options *options)
{
    struct service service = {connected, user, destroy, options};
    async_future *refusal = refuse(loop, &service, "start_unix_server");
    union socket_address address;
    async_server *server;
    struct start *start;

    if (!refusal && !(path && address_of_path(path, &address)))
        refusal = path_refusal(loop, path);
    if (refusal) {
        drop_service(&service);
        return refusal;
    }
    server = make(loop, &service);
    start = server ? make_start(server, NULL, 0) : NULL;
    if (!start)
        return future_failed(ASYNC_ENOMEM);
    end_start(start, begin_as_value(server, server_listen_unix(server, path)));
    return &start->future;
}

static async_server *refuse_adoption(const struct service *service, int number)
{
    drop_service(service);
    errno = number;
    return NULL;
}

async_server *async_server_adopt(async_loop *loop, int descriptor, async_client_connected *connected, void *user,
                                 async_destroy *destroy, const async_socket_options *options)
{
    struct service service = {connected, user, destroy, options};
    int error = connected ? loop_enter(loop) : ASYNC_EINVAL, number;
    async_server *server;

    if (error)
        return refuse_adoption(&service, error == ASYNC_EINVAL ? EINVAL : EPERM);
    server = make(loop, &service);
    number = server ? server_listen_on(server, descriptor) : ENOMEM;
    if (!number)
        return begin(server);
    async_server_unref(server);
    errno = number;
    return NULL;
}

async_server *async_value_server(const async_value *value)
{
    return async_value_pointer(value, &server_type);
}

async_value *async_server_value(async_server *server)
{
    return server ? async_object(NULL, &server_type, server) : NULL;
}

async_server *async_server_ref(async_server *server)
{
    async_future_ref((async_future *)server);
    return server;
}

async_server *async_server_unref(async_server *taken)
{
    async_future_unref((async_future *)taken);
    return NULL;
}

async_loop *async_server_loop(const async_server *server)
{
    return server ? server_loop(server) : NULL;
}

static async_value *address_of(const struct listener *listener)
{
    union socket_address address;
    socklen_t size = sizeof address;

    return getsockname(listener->descriptor, &address.any, &size) == 0 ? address_new(&address, size, ASYNC_STREAM)
                                                                       : NULL;
}

async_value *async_server_addresses(const async_server *server)
{
    size_t count = sync_visit(server) == 0 ? server->listener_count : 0;
    async_value **values = count ? memory_allocate(count * sizeof *values) : NULL, *list;

    if (count && !values)
        return NULL;
    for (size_t i = 0; i < count; i++)
        values[i] = address_of(&server->listeners[i]);
    list = async_list(values, count);
    memory_release(values, count * sizeof *values);
    return list;
}

int async_server_descriptor(const async_server *server, size_t index)
{
    return sync_visit(server) == 0 && index < server->listener_count ? server->listeners[index].descriptor : -1;
}

size_t async_server_connections(const async_server *server)
{
    return sync_visit(server) == 0 ? server->connections : 0;
}
