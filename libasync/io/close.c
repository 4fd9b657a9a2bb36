/* The end of a stream. What was written is sent first; only then does the descriptor go. */
#include "libasync/io/output.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

/* What nobody closes, the system does; of a descriptor that is everybody's, only the stream ends. */
static void close_descriptor(async_stream *stream)
{
    if (!stream->is_lent)
        close(stream->descriptor);
    stream->descriptor = -1;
}

void stream_end(async_stream *stream)
{
    stream->is_closing = true;
    watch_set(stream_loop(stream), &stream->watch, 0);
    if (node_is_linked(&stream->closed.node))
        node_unlink(&stream->closed.node);
    stream_end_read(stream, error_static(ASYNC_ECLOSED));
    stream_discard_unread(stream);
    close_descriptor(stream);
    input_drop(stream);
    stream_drop_output(stream, error_static(ASYNC_ECLOSED));
    settings_stop(stream);
    future_excuse(&stream->closed);
    if (stream->lost && stream->failure && !stream->is_refusal)
        future_fail(&stream->closed, async_value_ref(stream->failure));
    else
        future_succeed(&stream->closed, async_none());
    if (stream->service.ops)
        server_stream_closed(stream);
}

/* What waits and what is unsent may have held it last. */
void stream_finish(async_stream *stream)
{
    future_hold(&stream->closed);
    stream_end(stream);
    future_drop(&stream->closed);
}

int async_stream_close(async_stream *stream)
{
    int error = stream_visit(stream);

    if (error || stream->is_closing)
        return error;
    stream->is_closing = true;
    stream_end_read(stream, error_static(ASYNC_ECLOSED));
    input_drop(stream);
    stream_unwatch(stream, WATCH_READ);
    if (!stream->output)
        stream_finish(stream);
    return 0;
}

/* A reset, so that the peer does not take a part for the whole. */
static void reset(async_stream *stream)
{
    struct linger at_once = {.l_onoff = 1};

    if (stream->output && stream->kind == STREAM_TCP)
        setsockopt(stream->descriptor, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

int async_stream_abort(async_stream *stream)
{
    int error = stream_visit(stream);

    if (error || stream->descriptor < 0)
        return error;
    reset(stream);
    stream_finish(stream);
    return 0;
}

bool async_stream_is_closing(const async_stream *stream)
{
    return stream_visit(stream) != 0 || stream->is_closing;
}

async_future *async_stream_wait_closed(async_stream *stream)
{
    int error = stream_visit(stream);

    if (error)
        return operation_refuse(stream, error, NULL);
    future_hold(&stream->closed);
    if (!future_is_pending(&stream->closed))
        return &stream->closed;
    return async_shield(stream_loop(stream), &stream->closed);    /* a cancel is that of the wait alone */
}

static void write_loss(const async_stream *stream, size_t unsent, char *message, size_t size)
{
    char name[STREAM_NAME_SIZE];

    stream_name(stream, name);
    snprintf(message, size, "%s: %zu byte%s written and not sent when the loop was closed", name, unsent,
             unsent == 1 ? " was" : "s were");
}

/* What is unsent is told by a report, for who wrote it is mostly gone; of a file, sendfile tells. The report comes last:
 * its handler is anybody's code, which may let go of the stream. */
void stream_end_at_close(async_loop *loop, struct node *node)
{
    async_stream *stream = container_of(node, async_stream, closed.node);
    char message[STREAM_NAME_SIZE + 96];
    size_t unsent;

    if (stream->descriptor < 0)
        return;
    unsent = stream->output ? stream->output->unsent : 0;
    if (unsent)
        write_loss(stream, unsent, message, sizeof message);
    if (stream->output) {
        reset(stream);
        stream_keep_failure(stream, NULL, ASYNC_ECLOSED);
    }
    stream_finish(stream);
    if (unsent)
        loop_report(loop, NULL, ASYNC_ECLOSED, message);
}

void stream_drop_at_close(async_loop *loop, struct node *node)
{
    async_stream *stream = container_of(node, async_stream, closed.node);

    if (stream->service.ops)
        server_drop_stream(stream);
}
