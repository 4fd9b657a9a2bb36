/* Raw sockets: the calls that never wait. */
#include "libasync/address/internal.h"
#include "libasync/descriptor.h"
#include "libasync/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int async_socket_open(int family, int type)
{
    static const int families[] = {[ASYNC_UNIX] = AF_UNIX, [ASYNC_IPV4] = AF_INET, [ASYNC_IPV6] = AF_INET6};
    static const int types[] = {[ASYNC_STREAM] = SOCK_STREAM, [ASYNC_DATAGRAM] = SOCK_DGRAM};
    int descriptor;

    if ((family != ASYNC_UNIX && family != ASYNC_IPV4 && family != ASYNC_IPV6) ||
        (type != ASYNC_STREAM && type != ASYNC_DATAGRAM)) {
        errno = EINVAL;
        return ASYNC_EINVAL;
    }
    descriptor = socket_open(families[family], types[type]);
    return descriptor < 0 ? ASYNC_EOS : descriptor;
}

int async_socket_bind(int descriptor, const async_value *address)
{
    union socket_address local;
    socklen_t size;

    if (!address_read(address, &local, &size)) {
        errno = EINVAL;
        return ASYNC_EINVAL;
    }
    return bind(descriptor, &local.any, size) == 0 ? 0 : error_of_errno(errno);
}

int async_socket_listen(int descriptor, int backlog)
{
    return listen(descriptor, backlog) == 0 ? 0 : error_of_errno(errno);
}

async_value *async_socket_address(int descriptor)
{
    union socket_address address;
    socklen_t size = sizeof address;
    async_value *value;

    if (getsockname(descriptor, &address.any, &size) != 0)
        return NULL;
    value = address_new(&address, size, ASYNC_ANY);
    if (!value)
        errno = ENOMEM;
    return value;
}

/* Closed it is also on a loop that is closed, where nobody waits any more. */
int async_socket_close(async_loop *loop, int descriptor)
{
    int error = 0;

    if (fcntl(descriptor, F_GETFD) == -1)
        return ASYNC_EINVAL;
    if (loop)
        error = async_notify_closing(loop, descriptor);
    if (error && error != ASYNC_ECLOSED)
        return error;
    close(descriptor);
    return 0;
}
