/* The end of a server: at once, or after its connections, or after some patience with them. */
#include "libasync/io/serving.h"

#include "libasync/combine/internal.h"

#include <unistd.h>

static async_server *server_of(const struct waiter *waiter)
{
    return container_of(waiter->sync, async_server, sync);
}

/* Who served for ever until he was cancelled has waited for the end too. */
static void answer_closing(struct waiter *waiter, void *user)
{
    if (waiter->cancel)
        waiter_fail(waiter, async_value_ref(waiter->cancel));
    else
        waiter_succeed(waiter, async_none());
}

static void answer_serving(struct waiter *waiter, void *user)
{
    future_excuse(&waiter->future);
    waiter_fail(waiter, async_error(ASYNC_ECLOSED, "the server was closed"));
}

struct stopper {
    struct waiter waiter;
    struct timer timer;    /* of its patience */
    size_t cancelled;      /* while it waits */
};

static struct stopper *stopper_of(struct waiter *waiter)
{
    return container_of(waiter, struct stopper, waiter);
}

static void answer_stopping(struct waiter *waiter, void *user)
{
    timer_stop(waiter->future.loop, &stopper_of(waiter)->timer);
    waiter_succeed(waiter, async_int((int64_t)stopper_of(waiter)->cancelled));
}

void server_end_if_over(async_server *server)
{
    if (!server->closed || server->connections || server->over)
        return;
    server->over = true;
    if (server->destroy)
        server->destroy(server->user);
    line_end_all(&server->closing, answer_closing, NULL);
    line_end_all(&server->stopping, answer_stopping, NULL);
    future_drop(&server->sync.done);
}

void server_shut(async_server *server)
{
    if (server->closed)
        return;
    server->closed = true;
    future_hold(&server->sync.done);
    timer_stop(server_loop(server), &server->sync.done.timer);
    if (server->stranded >= 0)
        close(server->stranded);
    server_close_listeners(server);
    line_end_all(&server->serving, answer_serving, NULL);
    server_end_if_over(server);
    future_drop(&server->sync.done);
}

void server_end_at_close(async_loop *loop, struct node *node)
{
    async_server *server = container_of(node, async_server, sync.done.node);

    if (server->begun)
        server_shut(server);
}

int async_server_close(async_server *server)
{
    int error = sync_visit(server);

    if (!error)
        server_shut(server);
    return error;
}

static const struct future_class closer_class = {
    .node.end_at_close = waiter_end_at_close,
    .size = sizeof(struct waiter),
    .cancel = waiter_cancel,
};

async_future *async_server_wait_closed(async_server *server)
{
    int error = sync_visit(server);

    if (error)
        return sync_refuse(server, "server", error);
    return server->over ? sync_done(&server->sync) : line_wait(&server->closing, &server->sync, &closer_class);
}

/* The first cancel closes the server, a second one does not wait for its connections. */
static bool cancel_serving(async_future *future, async_value *error)
{
    struct waiter *waiter = container_of(future, struct waiter, future);
    async_server *server = server_of(waiter);

    node_unlink(&future->node);
    if (waiter->cancel) {
        waiter_fail(waiter, async_value_ref(error));
        return true;
    }
    waiter->cancel = async_value_ref(error);
    waiter_join(waiter, &server->closing);
    server_shut(server);
    return true;
}

static const struct future_class serving_class = {
    .node.end_at_close = waiter_end_at_close,
    .size = sizeof(struct waiter),
    .cancel = cancel_serving,
};

async_future *async_server_serve_forever(async_server *server)
{
    int error = sync_enter(server);

    if (error)
        return sync_refuse(server, "server", error);
    if (server->closed)
        return future_failed_saying(server_loop(server), ASYNC_ECLOSED, "the server was closed");
    return line_wait(&server->serving, &server->sync, &serving_class);
}

void server_cancel_connection(async_server *server, async_stream *stream)
{
    async_future *future = stream_server_future(stream);

    if (future)
        future_cancel(future, error_static(ASYNC_ECANCELED));
    else
        async_stream_abort(stream);
}

/* What serves it may be done and its end not have come round yet. */
static void count_connection(async_server *server, async_stream *stream)
{
    const async_future *future = stream_server_future(stream);

    server->left += stream->descriptor >= 0 || (future && future_is_pending(future));
}

/* Nobody comes any more: those that are cancelled again are some of those that were before. */
static void lose_patience(async_server *server)
{
    server->overdue = true;
    server->left = 0;
    server_walk(server, count_connection);
    for (struct node *node = server->stopping.next; node != &server->stopping; node = node->next) {
        struct stopper *stopper = stopper_of(waiter_of(node));

        if (stopper->cancelled < server->left)
            stopper->cancelled = server->left;
    }
    server_walk(server, server_cancel_connection);
}

static void on_limit(async_loop *loop, struct node *node)
{
    lose_patience(server_of(&container_of(node, struct stopper, timer.node)->waiter));
}

static const struct node_ops limit_ops = {.run = on_limit};

static bool cancel_stop(async_future *future, async_value *error)
{
    struct waiter *waiter = container_of(future, struct waiter, future);

    timer_stop(future->loop, &stopper_of(waiter)->timer);
    return waiter_cancel(future, error);
}

static void end_stop_at_close(async_loop *loop, struct node *node)
{
    if (future_is_pending(&waiter_of(node)->future))
        timer_stop(loop, &stopper_of(waiter_of(node))->timer);
    waiter_end_at_close(loop, node);
}

static const struct future_class stopper_class = {
    .node.end_at_close = end_stop_at_close,
    .size = sizeof(struct stopper),
    .cancel = cancel_stop,
};

static async_future *begin_stop(async_server *server, double seconds)
{
    async_loop *loop = server_loop(server);
    struct waiter *waiter = waiter_new(&server->sync, &stopper_class);
    async_future *future = waiter ? &waiter->future : future_failed(ASYNC_ENOMEM);

    if (!waiter)
        return future;
    timer_init(&stopper_of(waiter)->timer, &limit_ops);
    stopper_of(waiter)->cancelled = 0;
    if (seconds != ASYNC_FOREVER && seconds > 0 &&
        !timer_start(loop, &stopper_of(waiter)->timer, loop_now(loop) + seconds)) {
        waiter_fail(waiter, NULL);
        return future;
    }
    waiter_join(waiter, &server->stopping);
    if (server->over)
        line_end_all(&server->stopping, answer_stopping, NULL);
    else
        server_shut(server);
    if (seconds == 0 && !server->over)
        lose_patience(server);
    return future;
}

async_future *async_server_stop(async_server *server, double seconds)
{
    int error = sync_enter(server);

    if (error)
        return sync_refuse(server, "server", error);
    if (!is_time_limit(seconds))
        return future_failed_saying(server_loop(server), ASYNC_EINVAL,
                                    "stop: seconds must be finite and not negative, or ASYNC_FOREVER");
    return begin_stop(server, seconds);
}

/* Whose stream is closed here may well fail by that: it need not be told. */
static int dismiss(async_server *server, void (*visit)(async_server *server, async_stream *stream))
{
    int error = sync_visit(server);

    if (error)
        return error;
    server->dismissed = server->connections > 0;
    server_walk(server, visit);
    return 0;
}

static void close_client(async_server *server, async_stream *stream)
{
    async_stream_close(stream);
}

static void abort_client(async_server *server, async_stream *stream)
{
    async_stream_abort(stream);
}

int async_server_close_clients(async_server *server)
{
    return dismiss(server, close_client);
}

int async_server_abort_clients(async_server *server)
{
    return dismiss(server, abort_client);
}
