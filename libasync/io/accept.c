/*
 * Accepting, and what serves those who were accepted. Who cannot be accepted now stays in the kernel's queue: a server
 * that is full, or has run out of descriptors or memory, no longer watches its listeners. It goes on when one of its
 * connections ends, or after a moment, since somebody else may have given back what it lacks.
 */
#include "libasync/io/serving.h"
#include "libasync/io/trouble.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#define MOST_AT_ONCE 64    /* from one listener in a turn, for others wait for the turn's end */
#define PAUSE_SECONDS 0.1

static bool is_full(const async_server *server)
{
    int most = server_options(server)->most_connections;

    return most && server->connections >= (size_t)most;
}

void server_watch(async_server *server)
{
    int events = server->paused || is_full(server) ? 0 : WATCH_READ;

    for (uint32_t i = 0; i < server->listener_count; i++)
        watch_set(server_loop(server), &server->listeners[i].watch, events);
}

static async_server *server_of(const async_stream *stream)
{
    const struct node_ops *ops = stream->service.ops;

    return ops ? container_of(ops, async_server, service) : NULL;
}

static void report(async_server *server, async_future *source, int code, const char *name, const char *what)
{
    char message[1024];

    snprintf(message, sizeof message, "%s: %s", name, what);
    loop_report(server_loop(server), source, code, message);
}

/* Told once, until it has caught up. The handler may close the server. */
static void tell_pause(async_server *server, int number)
{
    char name[ADDRESS_TEXT_SIZE] = "a server", what[256], text[128];
    union socket_address address;
    socklen_t size = sizeof address;

    if (server->told)
        return;
    server->told = true;
    if (getsockname(server->listeners->descriptor, &address.any, &size) == 0)
        address_write_text(&address, size, name);
    snprintf(what, sizeof what, "the server cannot accept now, and those who connect have to wait: %s",
             strerror_r(number, text, sizeof text));
    report(server, NULL, error_of_errno(number), name, what);
}

/* Without memory for the timer only the end of a connection ends the pause; so there is none when there are none. */
static void pause_accepting(async_server *server, int number)
{
    async_loop *loop = server_loop(server);

    server->paused = timer_start(loop, &server->sync.done.timer, loop_now(loop) + PAUSE_SECONDS) ||
                     server->connections > 0;
    tell_pause(server, number);
}

static void resume_accepting(async_server *server)
{
    async_loop *loop = server_loop(server);

    timer_stop(loop, &server->sync.done.timer);
    loop_queue(loop, &server->sync.done.node);
}

static void end_connection(async_server *server, async_stream *stream)
{
    bool was_full = is_full(server);

    stream->service.ops = NULL;
    server->connections--;
    server->dismissed &= server->connections > 0;
    if (was_full)
        server_watch(server);
    server_end_if_over(server);
}

/* What served it has failed. A cancel is nobody's fault, and nor is it to find the stream closed by the server. */
static void tell_failure(async_server *server, async_stream *stream, async_future *source, async_value *failure)
{
    int code = async_value_error(failure);
    char name[STREAM_NAME_SIZE], what[DESCRIPTION_SIZE + 256], description[DESCRIPTION_SIZE];
    bool closed = server->dismissed || server->overdue || atomic_load(&server_loop(server)->closing);

    if (code == ASYNC_ECANCELED || (code == ASYNC_ECLOSED && closed))
        return;
    stream_name(stream, name);
    if (source && future_class(source)->is_task) {
        future_describe(source, description);
        snprintf(what, sizeof what, "what served the connection was %s which failed: %s", description,
                 async_value_message(failure));
    } else {
        snprintf(what, sizeof what, "what served the connection failed: %s", async_value_message(failure));
    }
    report(server, source, code, name, what);
}

/* It was held for as long as it was served, and closing it may be its end. */
static void let_stream_go(async_server *server, async_stream *stream)
{
    if (stream->descriptor < 0 && stream->service.ops)
        end_connection(server, stream);
    future_drop(&stream->closed);
}

static void end_service(async_server *server, async_stream *stream, async_value *failure)
{
    stream_set_server_future(stream, NULL);
    if (server->overdue)
        async_stream_abort(stream);
    else if (failure)
        async_stream_close(stream);
    let_stream_go(server, stream);
}

void server_connection_done(async_loop *loop, struct node *node)
{
    async_stream *stream = container_of(node, async_stream, service);
    async_server *server = server_of(stream);
    async_future *future = stream_server_future(stream);
    async_value *failure = future_read_failure(future);

    future_hold(&server->sync.done);
    if (failure)
        tell_failure(server, stream, future, failure);
    end_service(server, stream, failure);
    async_future_unref(future);
    future_drop(&server->sync.done);
}

static void refuse_service(async_server *server, async_stream *stream, async_future *taken)
{
    async_value *error = async_error(ASYNC_EFOREIGN, "the future belongs to another loop");

    tell_failure(server, stream, NULL, error);
    async_future_unref(taken);
    end_service(server, stream, error);
    async_value_unref(error);
}

/* Until the callback has answered, a done future stands for what it may answer: it may well close the stream. It may
 * also stop the server, without patience for what it answers then. */
static void serve(async_server *server, async_stream *stream)
{
    async_loop *loop = server_loop(server);
    async_future *future;

    server->connections++;
    stream->service = (struct node){.ops = &server->service};
    stream_set_server_future(stream, &future_none);
    future_hold(&stream->closed);
    future = server->connected(stream, server->user);
    if (future && future->loop && future->loop != loop) {
        refuse_service(server, stream, future);
        return;
    }
    stream_set_server_future(stream, future);
    if (future)
        future_attach(loop, future, &stream->service);
    if (server->overdue)
        server_cancel_connection(server, stream);
    if (!future)
        let_stream_go(server, stream);
}

/* Without memory it is kept for later: it was accepted, and so must not be lost. */
static void take_in(async_server *server, int descriptor, const union socket_address *peer, socklen_t size)
{
    async_stream *stream = stream_new(server_loop(server), descriptor, peer, size, server->options);

    if (stream) {
        serve(server, stream);
        return;
    }
    server->stranded = descriptor;
    pause_accepting(server, ENOMEM);
}

static void take_stranded_in(async_server *server)
{
    union socket_address peer;
    socklen_t size = sizeof peer;
    int descriptor = server->stranded;

    if (descriptor < 0)
        return;
    server->stranded = -1;
    if (getpeername(descriptor, &peer.any, &size) != 0)
        size = 0;
    take_in(server, descriptor, &peer, size);
}

/* The kernel passes on what befell those who were in the queue (accept(2)): the next one may be well. */
static bool is_trouble_of_peer(int number)
{
    switch (number) {
    case EINTR:
    case ECONNABORTED:
    case ECONNRESET:
    case EPROTO:
    case ENETDOWN:
    case ENETUNREACH:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENOPROTOOPT:
#ifdef ENONET
    case ENONET:
#endif
        return true;
    default:
        return false;
    }
}

static bool may_accept(const async_server *server)
{
    return !server->closed && !server->paused && server->stranded < 0 && !is_full(server);
}

static void accept_from(async_server *server, uint32_t place)
{
    int descriptor;

    for (int tries = 0; tries < MOST_AT_ONCE && may_accept(server); tries++) {
        struct listener *listener = &server->listeners[place];
        union socket_address peer;
        socklen_t size = sizeof peer;

        descriptor = accept4(listener->descriptor, &peer.any, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (descriptor >= 0) {
            take_in(server, descriptor, &peer, size);
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            listener->is_ready = server->told = false;
            return;
        } else if (!is_trouble_of_peer(errno)) {
            pause_accepting(server, errno);
        }
    }
}

void server_accept(async_loop *loop, struct node *node)
{
    async_server *server = container_of(node, async_server, sync.done.node);

    future_hold(&server->sync.done);
    server->paused = false;
    take_stranded_in(server);
    for (uint32_t place = 0; place < server->listener_count; place++)
        if (server->listeners[place].is_ready)
            accept_from(server, place);
    server_watch(server);
    if (server->stranded >= 0 && !server->paused && !server->closed)
        loop_queue(loop, node);    /* no timer and no connection will have it taken in */
    future_drop(&server->sync.done);
}

void server_stream_closed(async_stream *stream)
{
    async_server *server = server_of(stream);

    if (server->paused && !server->closed)
        resume_accepting(server);
    if (!stream_server_future(stream))
        end_connection(server, stream);
}

/* What served it was ended by the loop's close, which runs nothing any more. */
void server_drop_stream(async_stream *stream)
{
    async_server *server = server_of(stream);
    async_future *future = stream_server_future(stream);

    if (node_is_linked(&stream->service))
        future_detach(future, &stream->service);
    stream_set_server_future(stream, NULL);
    async_future_unref(future);
    let_stream_go(server, stream);
}

struct walk {
    async_server *server;
    void (*visit)(async_server *server, async_stream *stream);
};

/* What holds it last may end by the visit. */
static void visit_own(void *object, void *user)
{
    struct node *node = object;
    struct walk *walk = user;
    async_stream *stream = container_of(node, async_stream, closed.node);

    if (node->ops != &stream_class.node || stream->service.ops != &walk->server->service)
        return;
    future_hold(&stream->closed);
    walk->visit(walk->server, stream);
    future_drop(&stream->closed);
}

void server_walk(async_server *server, void (*visit)(async_server *server, async_stream *stream))
{
    future_hold(&server->sync.done);
    slab_walk(loop_slab(server_loop(server), sizeof(async_stream)), visit_own, &(struct walk){server, visit});
    future_drop(&server->sync.done);
}
