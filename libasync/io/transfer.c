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

static ssize_t write_quietly(int descriptor, const struct iovec *pieces, int count)
{
    static const struct timespec at_once;
    sigset_t signals, former;
    bool was_waiting;
    ssize_t written;
    int error;

    sigemptyset(&signals);
    sigaddset(&signals, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &signals, &former);
    was_waiting = is_waiting(&former);
    written = writev(descriptor, pieces, count);
    error = errno;
    if (written < 0 && error == EPIPE && !was_waiting)
        sigtimedwait(&signals, NULL, &at_once);
    if (!sigismember(&former, SIGPIPE))
        pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
    errno = error;
    return written;
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
        else if (stream->kind == STREAM_PIPE)
            sent = write_quietly(stream->descriptor, pieces, count);
        else
            sent = write_little(stream->descriptor, pieces);
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
 * before. TCP throws away what is there without copying it. */
void stream_discard_unread(const async_stream *stream)
{
#ifdef __linux__
    if (stream->kind == STREAM_TCP && !stream->at_end && !stream->read_failed)
        recv(stream->descriptor, NULL, INT_MAX, MSG_TRUNC | MSG_DONTWAIT);
#endif
}
