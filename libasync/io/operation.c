/* What is waited for at a stream: futures that hold it until they are done. */
#include "libasync/io/internal.h"

async_future *operation_new(async_stream *stream, const struct future_class *class)
{
    async_future *operation = future_new(stream_loop(stream), class);

    if (unlikely(!operation))
        return NULL;
    operation_set_stream(operation, stream);
    future_hold(operation);
    future_hold(&stream->closed);
    return operation;
}

static void let_go(async_future *operation)
{
    async_stream *stream = operation_stream(operation);

    future_drop(operation);
    future_drop(&stream->closed);
}

void operation_succeed(async_future *operation, async_value *taken)
{
    future_succeed(operation, taken);
    let_go(operation);
}

void operation_fail(async_future *operation, async_value *taken)
{
    if (async_value_error(taken) == ASYNC_ECLOSED)
        future_excuse(operation);    /* somebody closed it on purpose */
    future_fail(operation, taken);
    let_go(operation);
}

static void run_follower(async_loop *loop, struct node *follower)
{
    if (!follower)
        return;
    loop->ran++;
    follower->ops->run(loop, follower);
}

void operation_succeed_now(async_future *operation, async_value *taken)
{
    async_loop *loop = operation->loop;
    struct node *follower = future_take_follower(operation);

    operation_succeed(operation, taken);
    run_follower(loop, follower);
}

void operation_fail_now(async_future *operation, async_value *taken)
{
    async_loop *loop = operation->loop;
    struct node *follower = future_take_follower(operation);

    operation_fail(operation, taken);
    run_follower(loop, follower);
}

void operation_end_at_close(async_loop *loop, struct node *node)
{
    async_future *operation = container_of(node, async_future, node);

    future_cancel(operation, error_static(ASYNC_ECLOSED));
}

static const struct future_class done_class = {.size = sizeof(async_future)};

async_future *operation_begin(async_stream *stream)
{
    return future_new(stream_loop(stream), &done_class);
}

async_future *operation_done(async_stream *stream, async_value *taken)
{
    async_future *future = operation_begin(stream);

    if (unlikely(!future)) {
        async_value_unref(taken);
        return future_failed(ASYNC_ENOMEM);
    }
    if (value_is_error(taken))
        future_fail(future, taken);
    else
        future_succeed(future, taken);
    return future;
}

async_future *operation_refuse(async_stream *stream, int error, const char *words)
{
    if (!stream)
        return future_failed_null("stream");
    return words ? operation_done(stream, stream_error(stream, error, words)) : future_failed(error);
}
