/*
 * The system calls under c-ares, for the sake of one: a datagram that cannot be sent. On a connected socket a send also
 * tells of an earlier datagram's refusal, and sends nothing then; c-ares would take that for this one's, and wait in
 * vain for news of the earlier. A full queue is no failure either: the datagram counts as lost, and is sent again in
 * time.
 */
#include "libasync/dns/internal.h"

#include <ares.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

/* Answers to a burst of lookups; what is beyond the system's limit is cut to that. */
#define RECEIVE_BUFFER (4 << 20)

static ares_socket_t open_socket(int family, int type, int protocol, void *user)
{
#if defined SOCK_NONBLOCK && defined SOCK_CLOEXEC
    return socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
#else
    int descriptor = socket(family, type, protocol);

    if (descriptor >= 0) {
        fcntl(descriptor, F_SETFD, FD_CLOEXEC);
        fcntl(descriptor, F_SETFL, O_NONBLOCK);
    }
    return descriptor;
#endif
}

static int close_socket(ares_socket_t descriptor, void *user)
{
    return close(descriptor);
}

static int connect_socket(ares_socket_t descriptor, const struct sockaddr *peer, ares_socklen_t size, void *user)
{
    return connect(descriptor, peer, size);
}

static ares_ssize_t receive(ares_socket_t descriptor, void *bytes, size_t size, int flags, struct sockaddr *peer,
                            ares_socklen_t *peer_size, void *user)
{
    return recvfrom(descriptor, bytes, size, flags, peer, peer_size);
}

static bool is_stream(ares_socket_t descriptor)
{
    int type = 0;
    socklen_t size = sizeof type;

    getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &size);
    return type == SOCK_STREAM;
}

static ares_ssize_t send_parts(ares_socket_t descriptor, const struct iovec *parts, int count, void *user)
{
    struct msghdr message = {.msg_iov = (struct iovec *)parts, .msg_iovlen = (size_t)count};
    ssize_t sent = sendmsg(descriptor, &message, MSG_NOSIGNAL), size = 0;

    if (sent < 0 && errno == ECONNREFUSED)
        sent = sendmsg(descriptor, &message, MSG_NOSIGNAL);
    if (sent >= 0 || (errno != EAGAIN && errno != ENOBUFS) || is_stream(descriptor))
        return sent;
    for (int i = 0; i < count; i++)
        size += (ssize_t)parts[i].iov_len;
    return size;
}

const struct ares_socket_functions wire_functions = {
    .asocket = open_socket,
    .aclose = close_socket,
    .aconnect = connect_socket,
    .arecvfrom = receive,
    .asendv = send_parts,
};

int wire_configure(ares_socket_t descriptor, int type, void *user)
{
    int size = RECEIVE_BUFFER;

    setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    return 0;
}
