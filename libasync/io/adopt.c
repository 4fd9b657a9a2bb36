/* Streams on descriptors that are there: somebody else's, a pair's, the program's own. */
#include "libasync/io/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

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

static async_stream *on_socket(async_loop *loop, int descriptor, const async_socket_options *options)
{
    union socket_address peer;
    socklen_t size = sizeof peer;
    async_stream *stream;

    if (!is_stream_socket(descriptor))
        return refuse(EINVAL);
    if (getpeername(descriptor, &peer.any, &size) != 0)
        size = 0;
    stream = stream_new(loop, descriptor, &peer, size, options);
    return stream ? stream : refuse(ENOMEM);
}

static async_stream *on_other(async_loop *loop, int descriptor, int flags, enum stream_kind kind)
{
    async_stream *stream = stream_of_kind(loop, descriptor, kind);

    if (!stream)
        return refuse(ENOMEM);
    stream->can_read = (flags & O_ACCMODE) != O_WRONLY;
    stream->can_write = (flags & O_ACCMODE) != O_RDONLY;
    return stream;
}

/* What the program was started with may also be a file, and its flags are not ours to change. */
static async_stream *stream_on(async_loop *loop, int descriptor, bool is_standard, const async_socket_options *options)
{
    int flags = fcntl(descriptor, F_GETFL);
    struct stat status;

    if (flags < 0 || fstat(descriptor, &status) != 0)
        return NULL;
    switch (status.st_mode & S_IFMT) {
    case S_IFSOCK:
        return on_socket(loop, descriptor, options);
    case S_IFIFO:
        return on_other(loop, descriptor, flags, is_standard ? STREAM_DEVICE : STREAM_PIPE);
    case S_IFCHR:
        return on_other(loop, descriptor, flags, STREAM_DEVICE);
    case S_IFREG:
        return is_standard ? on_other(loop, descriptor, flags, STREAM_FILE) : refuse(EINVAL);
    default:
        return refuse(EINVAL);
    }
}

async_stream *async_stream_adopt(async_loop *loop, int descriptor, const async_socket_options *options)
{
    int error = loop_enter(loop);
    async_stream *stream = error ? refuse_entry(error) : stream_on(loop, descriptor, false, options);

    if (!stream)
        return NULL;
    if (stream->kind <= STREAM_SOCKET)
        options_apply(options, descriptor, socket_is_tcp(descriptor));
    if (stream->kind != STREAM_DEVICE)
        fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK);
    return stream;
}

async_stream *async_stream_standard(async_loop *loop, int descriptor)
{
    int error = descriptor >= 0 && descriptor <= 2 ? loop_enter(loop) : ASYNC_EINVAL;
    async_stream *stream = error ? refuse_entry(error) : stream_on(loop, descriptor, true, NULL);

    if (stream)
        stream->is_lent = true;
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
