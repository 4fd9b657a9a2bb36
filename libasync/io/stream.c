/* Streams: made, counted, asked. Reading, writing and closing have files of their own. */
#include "libasync/io/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static void on_ready(async_loop *loop, struct watch *watch, int events)
{
    async_stream *stream = container_of(watch, async_stream, watch);

    stream->ready |= (uint8_t)events;
    if (!node_is_linked(&stream->closed.node))
        loop_queue(loop, &stream->closed.node);
}

/* To read comes last, for whoever reads goes on in it. A stream that only writes may be let go of by that. */
static void run(async_loop *loop, struct node *node)
{
    async_stream *stream = container_of(node, async_stream, closed.node);
    int ready = stream->ready;

    stream->ready = 0;
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

/* Nobody can close it any more. A loop that closes has closed it already. */
static void release(async_future *future)
{
    async_stream *stream = container_of(future, async_stream, closed);

    if (stream->descriptor >= 0) {
        char name[STREAM_NAME_SIZE], message[STREAM_NAME_SIZE + 64];

        stream_name(stream, name);
        snprintf(message, sizeof message, "%s: the stream was dropped without a close", name);
        stream_end(stream);
        loop_report(future->loop, NULL, ASYNC_ESTATE, message);
    }
    async_value_unref(stream->failure);
    peer_clear(&stream->peer);
}

static bool refuse_cancel(async_future *future, async_value *error)
{
    return false;
}

const struct future_class stream_class = {
    .node = {.run = run, .end_at_close = stream_end_at_close},
    .size = sizeof(async_stream),
    .cancel = refuse_cancel,
    .release = release,
};

static async_stream *new_stream(async_loop *loop, int descriptor, enum stream_kind kind)
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
    async_stream *stream = new_stream(loop, descriptor, is_tcp ? STREAM_TCP : STREAM_SOCKET);

    if (!stream)
        return NULL;
    if (peer_set(&stream->peer, peer, size))
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

static void *refuse(int error)
{
    errno = error;
    return NULL;
}

static void *refuse_entry(int error)
{
    return refuse(error == ASYNC_EINVAL ? EINVAL : EPERM);
}

/* What cannot be a stream: a socket of another type, or one that listens. */
static bool is_stream_socket(int descriptor)
{
    int type = 0, listens = 0;
    socklen_t size = sizeof type;

    if (getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_STREAM)
        return false;
    size = sizeof listens;
    return getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0 || !listens;
}

static async_stream *adopt_socket(async_loop *loop, int descriptor, const async_socket_options *options)
{
    union socket_address peer;
    socklen_t size = sizeof peer;
    async_stream *stream;

    if (!is_stream_socket(descriptor))
        return refuse(EINVAL);
    if (getpeername(descriptor, &peer.any, &size) != 0)
        size = 0;
    stream = stream_new(loop, descriptor, &peer, size, options);
    if (!stream)
        return refuse(ENOMEM);
    options_apply(options, descriptor);
    return stream;
}

static async_stream *adopt_other(async_loop *loop, int descriptor, int flags, enum stream_kind kind)
{
    async_stream *stream = new_stream(loop, descriptor, kind);

    if (!stream)
        return refuse(ENOMEM);
    stream->can_read = (flags & O_ACCMODE) != O_WRONLY;
    stream->can_write = (flags & O_ACCMODE) != O_RDONLY;
    return stream;
}

async_stream *async_stream_adopt(async_loop *loop, int descriptor, const async_socket_options *options)
{
    int error = loop_enter(loop), flags;
    async_stream *stream;
    struct stat status;

    if (error)
        return refuse_entry(error);
    flags = fcntl(descriptor, F_GETFL);
    if (flags < 0 || fstat(descriptor, &status) != 0)
        return NULL;
    if (S_ISSOCK(status.st_mode))
        stream = adopt_socket(loop, descriptor, options);
    else if (S_ISFIFO(status.st_mode))
        stream = adopt_other(loop, descriptor, flags, STREAM_PIPE);
    else if (S_ISCHR(status.st_mode))
        stream = adopt_other(loop, descriptor, flags, STREAM_DEVICE);
    else
        return refuse(EINVAL);
    if (stream && stream->kind != STREAM_DEVICE)
        fcntl(descriptor, F_SETFL, flags | O_NONBLOCK);
    return stream;
}

/* A pair of descriptors becomes one of streams; all or nothing. */
static int adopt_both(async_loop *loop, const int descriptors[2], async_stream *streams[2])
{
    for (int i = 0; i < 2; i++)
        streams[i] = async_stream_adopt(loop, descriptors[i], NULL);
    if (streams[0] && streams[1])
        return 0;
    for (int i = 0; i < 2; i++) {
        if (streams[i])
            stream_discard(streams[i]);
        streams[i] = NULL;
        close(descriptors[i]);
    }
    return ASYNC_ENOMEM;
}

static int make_both(async_loop *loop, int (*make)(int descriptors[2]), async_stream **one, async_stream **other)
{
    int error = one && other ? loop_enter(loop) : ASYNC_EINVAL, descriptors[2];
    async_stream *streams[2] = {NULL, NULL};

    if (!error && make(descriptors) != 0)
        error = error_of_errno(errno);
    if (!error)
        error = adopt_both(loop, descriptors, streams);
    if (one)
        *one = streams[0];
    if (other)
        *other = streams[1];
    return error;
}

static int make_pair(int descriptors[2])
{
    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, descriptors);
}

static int make_pipe(int descriptors[2])
{
    return pipe2(descriptors, O_NONBLOCK | O_CLOEXEC);
}

int async_stream_pair(async_loop *loop, async_stream **one, async_stream **other)
{
    return make_both(loop, make_pair, one, other);
}

int async_stream_pipe(async_loop *loop, async_stream **reader, async_stream **writer)
{
    return make_both(loop, make_pipe, reader, writer);
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
