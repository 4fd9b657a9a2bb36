/*
 * The system's calls that move bytes. Nothing here blocks: sockets are told so in each call, pipes by their flags, and
 * devices, whose flags belong to other programs too, are asked first.
 *
 * A write to a pipe that nobody reads raises SIGPIPE, which ends a program. Sockets can be told not to; for the others
 * the signal is held back during the call and taken away again, in this thread alone, so that the program's own handler
 * never hears of it.
 */
#include "libasync/io/internal.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static bool is_socket(const async_stream *stream)
{
    return stream->kind <= STREAM_SOCKET;
}

static bool is_ready(const async_stream *stream, short event)
{
    struct pollfd question = {.fd = stream->descriptor, .events = event};

    return poll(&question, 1, 0) > 0;
}

ssize_t stream_receive(const async_stream *stream, void *buffer, size_t size)
{
    ssize_t count;

    if (stream->kind == STREAM_DEVICE && !is_ready(stream, POLLIN)) {
        errno = EAGAIN;
        return -1;
    }
    do {
        if (likely(is_socket(stream)))
            count = recv(stream->descriptor, buffer, size, MSG_DONTWAIT);
        else
            count = read(stream->descriptor, buffer, size);
    } while (unlikely(count < 0) && errno == EINTR);
    return count;
}

/* Where the signal was not blocked, none can be waiting either. */
static bool is_waiting(const sigset_t *former)
{
    sigset_t waiting;

    return sigismember(former, SIGPIPE) && sigpending(&waiting) == 0 && sigismember(&waiting, SIGPIPE);
}

struct quiet {
    sigset_t signals, former;
    bool was_waiting;
};

static void begin_quiet(struct quiet *quiet)
{
    sigemptyset(&quiet->signals);
    sigaddset(&quiet->signals, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &quiet->signals, &quiet->former);
    quiet->was_waiting = is_waiting(&quiet->former);
}

/* The call's answer is passed on, and its errno. One that went part of the way and met the end there has raised the
 * signal too, and does not say so. */
static ssize_t end_quiet(const struct quiet *quiet, ssize_t answer, size_t size)
{
    static const struct timespec at_once;
    int error = errno;

    if ((answer < 0 ? error == EPIPE : (size_t)answer < size) && !quiet->was_waiting)
        sigtimedwait(&quiet->signals, NULL, &at_once);
    if (!sigismember(&quiet->former, SIGPIPE))
        pthread_sigmask(SIG_UNBLOCK, &quiet->signals, NULL);
    errno = error;
    return answer;
}

static size_t size_of(const struct iovec *pieces, int count)
{
    size_t size = 0;

    for (int i = 0; i < count; i++)
        size += pieces[i].iov_len;
    return size;
}

static ssize_t write_quietly(int descriptor, const struct iovec *pieces, int count)
{
    struct quiet quiet;

    begin_quiet(&quiet);
    return end_quiet(&quiet, writev(descriptor, pieces, count), size_of(pieces, count));
}

/* Of sockets too the kernel does not know here that we want no signal. */
ssize_t stream_send_file(const async_stream *stream, int file, off_t offset, size_t size)
{
    struct quiet quiet;
    ssize_t sent;

    do {
        begin_quiet(&quiet);
        sent = end_quiet(&quiet, sendfile(stream->descriptor, file, &offset, size), size);
    } while (sent < 0 && errno == EINTR);
    return sent;
}

/* A device that has room for something has room for a little; more might block. */
static ssize_t write_little(int descriptor, const struct iovec *pieces)
{
    struct iovec little = *pieces;

    if (little.iov_len > _POSIX_PIPE_BUF)
        little.iov_len = _POSIX_PIPE_BUF;
    return write_quietly(descriptor, &little, 1);
}

ssize_t stream_send_pieces(const async_stream *stream, struct iovec *pieces, int count)
{
    struct msghdr message = {.msg_iov = pieces, .msg_iovlen = (size_t)count};
    ssize_t sent;

    if (stream->kind == STREAM_DEVICE && !is_ready(stream, POLLOUT)) {
        errno = EAGAIN;
        return -1;
    }
    do {
        if (is_socket(stream))
            sent = sendmsg(stream->descriptor, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        else if (stream->kind == STREAM_DEVICE)
            sent = write_little(stream->descriptor, pieces);
        else
            sent = write_quietly(stream->descriptor, pieces, count);
    } while (sent < 0 && errno == EINTR);
    return sent;
}

ssize_t stream_send(const async_stream *stream, const void *bytes, size_t size)
{
    ssize_t sent;

    if (unlikely(!is_socket(stream)))
        return stream_send_pieces(stream, &(struct iovec){.iov_base = (void *)bytes, .iov_len = size}, 1);
    do
        sent = send(stream->descriptor, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (unlikely(sent < 0) && errno == EINTR);
    return sent;
}

/* The kernel ends a connection by a reset if something came that nobody read, and the peer may then lose what we sent
 * before. Told to cut it off, TCP throws away what is there and writes nothing to memory. */
void stream_discard_unread(const async_stream *stream)
{
#ifdef __linux__
    static char nowhere[1 << 20];

    if (stream->kind == STREAM_TCP && !read_is_over(stream))
        recv(stream->descriptor, nowhere, sizeof nowhere, MSG_TRUNC | MSG_DONTWAIT);
#endif
}
