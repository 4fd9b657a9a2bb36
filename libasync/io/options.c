/* Settings that several sockets may be made with, and what of them is the kernel's. */
#include "libasync/io/internal.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <netinet/tcp.h>

#define MOST_KEEPALIVE 32767    /* Linux knows no longer time */

const async_socket_options default_socket_options = {
    .connect_timeout = ASYNC_FOREVER,
    .attempt_delay = 0.25,
    .nodelay = true,
    .reuse_address = -1,
    .backlog = 4096,
    .limit = 65536,
    .high = 65536,
    .low = 16384,
    .read_seconds = ASYNC_FOREVER,
    .write_seconds = ASYNC_FOREVER,
};

async_socket_options *async_socket_options_new(void)
{
    async_socket_options *options = memory_allocate(sizeof *options);

    if (options)
        *options = default_socket_options;
    return options;
}

async_socket_options *options_copy(const async_socket_options *options)
{
    async_socket_options *copy = options ? memory_allocate(sizeof *copy) : NULL;

    if (!copy)
        return NULL;
    *copy = *options;
    async_value_ref(copy->local);
    return copy;
}

async_socket_options *async_socket_options_unref(async_socket_options *taken)
{
    if (taken) {
        async_value_unref(taken->local);
        memory_release(taken, sizeof *taken);
    }
    return NULL;
}

bool timeout_is_good(double seconds)
{
    return seconds == ASYNC_FOREVER || (seconds >= 0 && isfinite(seconds));
}

bool keepalive_is_good(double seconds)
{
    return seconds >= 0 && seconds <= MOST_KEEPALIVE;
}

int async_socket_options_set_family(async_socket_options *options, int family)
{
    if (!options || (family != ASYNC_ANY && family != ASYNC_IPV4 && family != ASYNC_IPV6))
        return ASYNC_EINVAL;
    options->family = family;
    return 0;
}

int async_socket_options_set_local(async_socket_options *options, async_value *address)
{
    if (!options || (address && !async_address_family(address)))
        return ASYNC_EINVAL;
    async_value_ref(address);
    async_value_unref(options->local);
    options->local = address;
    return 0;
}

int async_socket_options_set_connect_timeout(async_socket_options *options, double seconds)
{
    if (!options || !timeout_is_good(seconds))
        return ASYNC_EINVAL;
    options->connect_timeout = seconds;
    return 0;
}

int async_socket_options_set_attempt_delay(async_socket_options *options, double seconds)
{
    if (!options || !timeout_is_good(seconds))
        return ASYNC_EINVAL;
    options->attempt_delay = seconds;
    return 0;
}

int async_socket_options_set_nodelay(async_socket_options *options, bool nodelay)
{
    if (!options)
        return ASYNC_EINVAL;
    options->nodelay = nodelay;
    return 0;
}

int async_socket_options_set_keepalive(async_socket_options *options, double seconds)
{
    if (!options || !keepalive_is_good(seconds))
        return ASYNC_EINVAL;
    options->keepalive = seconds;
    return 0;
}

int async_socket_options_set_reuse_address(async_socket_options *options, bool reuse)
{
    if (!options)
        return ASYNC_EINVAL;
    options->reuse_address = reuse;
    return 0;
}

int async_socket_options_set_reuse_port(async_socket_options *options, bool reuse)
{
    if (!options)
        return ASYNC_EINVAL;
    options->reuse_port = reuse;
    return 0;
}

int async_socket_options_set_broadcast(async_socket_options *options, bool broadcast)
{
    if (!options)
        return ASYNC_EINVAL;
    options->broadcast = broadcast;
    return 0;
}

int async_socket_options_set_backlog(async_socket_options *options, int count)
{
    if (!options || count < 1)
        return ASYNC_EINVAL;
    options->backlog = count;
    return 0;
}

int async_socket_options_set_most_connections(async_socket_options *options, int count)
{
    if (!options || count < 0)
        return ASYNC_EINVAL;
    options->most_connections = count;
    return 0;
}

int async_socket_options_set_limit(async_socket_options *options, size_t size)
{
    if (!options || !size)
        return ASYNC_EINVAL;
    options->limit = size;
    return 0;
}

int async_socket_options_set_water_marks(async_socket_options *options, size_t high, size_t low)
{
    if (!options || low > high)
        return ASYNC_EINVAL;
    options->high = high;
    options->low = low;
    return 0;
}

int async_socket_options_set_timeouts(async_socket_options *options, double read_seconds, double write_seconds)
{
    if (!options || !timeout_is_good(read_seconds) || !timeout_is_good(write_seconds))
        return ASYNC_EINVAL;
    options->read_seconds = read_seconds;
    options->write_seconds = write_seconds;
    return 0;
}

int async_socket_options_set_buffers(async_socket_options *options, size_t receive, size_t send)
{
    if (!options || receive > INT_MAX || send > INT_MAX)
        return ASYNC_EINVAL;
    options->receive_buffer = receive;
    options->send_buffer = send;
    return 0;
}

static int set_int(int descriptor, int level, int name, int value)
{
    return setsockopt(descriptor, level, name, &value, sizeof value) == 0 ? 0 : errno;
}

int socket_set_nodelay(int descriptor, bool nodelay)
{
    return set_int(descriptor, IPPROTO_TCP, TCP_NODELAY, nodelay);
}

/* A part of a second asks after a whole one, since 0 would be never. Not by ceil, which would need a library more. */
int socket_set_keepalive(int descriptor, double seconds)
{
    int whole = (int)seconds + ((int)seconds < seconds), error = 0;

#ifdef TCP_KEEPIDLE
    if (whole)
        error = set_int(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, whole);
    if (whole && !error)
        error = set_int(descriptor, IPPROTO_TCP, TCP_KEEPINTVL, whole);
#endif
    return error ? error : set_int(descriptor, SOL_SOCKET, SO_KEEPALIVE, whole > 0);
}

/* Connected or not. */
bool socket_is_tcp(int descriptor)
{
    union socket_address address;
    socklen_t size = sizeof address;

    return getsockname(descriptor, &address.any, &size) == 0 &&
           (address.any.sa_family == AF_INET || address.any.sa_family == AF_INET6);
}

void options_apply(const async_socket_options *options, int descriptor, bool is_tcp)
{
    options = options_or_default(options);
    if (options->receive_buffer)
        set_int(descriptor, SOL_SOCKET, SO_RCVBUF, (int)options->receive_buffer);
    if (options->send_buffer)
        set_int(descriptor, SOL_SOCKET, SO_SNDBUF, (int)options->send_buffer);
    if (is_tcp && options->nodelay)
        socket_set_nodelay(descriptor, true);
    if (is_tcp && options->keepalive > 0)
        socket_set_keepalive(descriptor, options->keepalive);
}
