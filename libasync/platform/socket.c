/* Where the system cannot make a socket as it should be in one call, it is made so afterwards. */
#include "libasync/platform/internal.h"

#include <fcntl.h>
#include <sys/socket.h>

#if defined SOCK_NONBLOCK && defined SOCK_CLOEXEC

int socket_open(int family, int type)
{
    return socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

int socket_accept(int listener, struct sockaddr *address, socklen_t *size)
{
    return accept4(listener, address, size, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

#else

static int prepare(int descriptor)
{
    if (descriptor >= 0) {
        fcntl(descriptor, F_SETFD, FD_CLOEXEC);
        fcntl(descriptor, F_SETFL, O_NONBLOCK);
    }
    return descriptor;
}

int socket_open(int family, int type)
{
    return prepare(socket(family, type, 0));
}

int socket_accept(int listener, struct sockaddr *address, socklen_t *size)
{
    return prepare(accept(listener, address, size));
}

#endif
