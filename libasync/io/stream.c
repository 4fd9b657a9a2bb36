/* Streams: what they are told and asked, and how they are counted. Reading, writing and closing have files of their
 * own. */
#include "libasync/io/internal.h"

#include <stdio.h>

static void on_ready(async_loop *loop, struct watch *watch, int events)
{
    async_stream *stream = container_of(watch, async_stream, watch);

    stream->ready |= (uint8_t)events;
    __builtin_prefetch(stream->reader, 1);
    __builtin_prefetch(&stream->input, 1);
    if (!node_is_linked(&stream->closed.node))
        loop_queue(loop, &stream->closed.node);
}

/* Of a burst, who reads from a later stream is fetched from memory while this one runs. */
static void prefetch_reader(const async_loop *loop)
{
    const struct node *later = loop->batch.next;
    const async_future *reader = NULL;

    if (later->ops == &stream_class.node)
        reader = container_of(later, const async_stream, closed.node)->reader;
    if (reader) {
        __builtin_prefetch(reader->waiters, 1);
        __builtin_prefetch((const char *)reader->waiters + 64, 1);
    }
}

/* To read comes last, for whoever reads goes on in it. A stream that only writes may be let go of by that. */
static void run(async_loop *loop, struct node *node)
{
    async_stream *stream = container_of(node, async_stream, closed.node);
    int ready = stream->ready;

    stream->ready = 0;
    prefetch_reader(loop);
    if (likely(ready == WATCH_READ)) {
        stream_read_ready(stream);
        return;
    }
    future_hold(&stream->closed);
    stream_write_ready(stream);
    if (ready & WATCH_READ && stream->descriptor >= 0)
        stream_read_ready(stream);
    future_drop(&stream->closed);
}

static void report_open(const async_stream *stream)
{
    char name[STREAM_NAME_SIZE], message[STREAM_NAME_SIZE + 64];

    stream_name(stream, name);
    snprintf(message, sizeof message, "%s: the stream was dropped without a close", name);
    loop_report(stream_loop(stream), NULL, ASYNC_ESTATE, message);
}

/* Nobody can close it any more. A loop that closes ends what it has without a word. */
static void release(async_future *future)
{
    async_stream *stream = container_of(future, async_stream, closed);

    if (stream->descriptor >= 0) {
        stream_end(stream);
        if (!atomic_load(&future->loop->closing))
            report_open(stream);
    }
    settings_drop(stream);
    async_value_unref(stream->failure);
    peer_clear(&stream->peer);
}

static bool refuse_cancel(async_future *future, async_value *error)
{
    return false;
}

const struct future_class stream_class = {
    .node = {.run = run, .end_at_close = stream_end_at_close, .drop_at_close = stream_drop_at_close},
    .size = sizeof(async_stream),
    .cancel = refuse_cancel,
    .release = release,
};

void stream_watch_more(async_stream *stream, int events)
{
    if (stream->kind == STREAM_FILE)
        on_ready(stream_loop(stream), &stream->watch, events);
    else
        watch_set(stream_loop(stream), &stream->watch, watch_events(&stream->watch) | events);
}

async_stream *stream_of_kind(async_loop *loop, int descriptor, enum stream_kind kind)
{
    async_stream *stream = (async_stream *)future_new(loop, &stream_class);

    if (!stream)
        return NULL;
    memset((char *)stream + sizeof stream->closed, 0, sizeof *stream - sizeof stream->closed);
    watch_init(&stream->watch, descriptor, on_ready);
    stream->descriptor = descriptor;
    stream->kind = (uint8_t)kind;
    stream->can_read = stream->can_write = true;
    return stream;
}

async_stream *stream_new(async_loop *loop, int descriptor, const union socket_address *peer, socklen_t size,
                         const async_socket_options *options)
{
    bool is_tcp = size && (peer->any.sa_family == AF_INET || peer->any.sa_family == AF_INET6);
    async_stream *stream = stream_of_kind(loop, descriptor, is_tcp ? STREAM_TCP : STREAM_SOCKET);

    if (!stream)
        return NULL;
    if (peer_set(&stream->peer, peer, size) && settings_apply(stream, options))
        return stream;
    stream_discard(stream);
    return NULL;
}

/* The descriptor stays its maker's. */
void stream_discard(async_stream *stream)
{
    stream->descriptor = -1;
    future_drop(&stream->closed);
}

async_stream *async_stream_ref(async_stream *stream)
{
    async_future_ref((async_future *)stream);
    return stream;
}

async_stream *async_stream_unref(async_stream *taken)
{
    async_future_unref((async_future *)taken);
    return NULL;
}

static void ref_stream(void *pointer)
{
    async_stream_ref(pointer);
}

static void unref_stream(void *pointer)
{
    async_stream_unref(pointer);
}

static async_type stream_type = {.references = 1, .name = "stream", .ref = ref_stream, .unref = unref_stream};

async_stream *async_value_stream(const async_value *value)
{
    return async_value_pointer(value, &stream_type);
}

async_value *async_stream_value(async_stream *stream)
{
    return stream ? async_object(NULL, &stream_type, stream) : NULL;
}

async_loop *async_stream_loop(const async_stream *stream)
{
    return stream ? stream_loop(stream) : NULL;
}

int async_stream_descriptor(const async_stream *stream)
{
    return stream_visit(stream) == 0 ? stream->descriptor : -1;
}

async_value *async_stream_peer(const async_stream *stream)
{
    return stream_visit(stream) == 0 ? peer_address(&stream->peer) : NULL;
}

async_value *async_stream_local(const async_stream *stream)
{
    union socket_address address;
    socklen_t size = sizeof address;

    if (stream_visit(stream) != 0 || stream->descriptor < 0 || stream->kind > STREAM_SOCKET ||
        getsockname(stream->descriptor, &address.any, &size) != 0)
        return NULL;
    return address_new(&address, size, ASYNC_STREAM);
}
