/* Datagram sockets, opened by address or taken over. */
#include "libasync/io/datagram.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* An address as the system has it. */
struct place {
    union socket_address address;
    socklen_t size;    /* 0: none */
};

static bool read_place(const async_value *value, struct place *place)
{
    *place = (struct place){.size = 0};    /* so that a path ends with a zero byte, as some systems want */
    return !value || address_read(value, &place->address, &place->size);
}

/* Marks and limits that are not the usual ones, and the path. */
static bool keep_extras(async_datagram *datagram, const async_socket_options *options, const async_value *path)
{
    const async_socket_options *usual = &default_socket_options;
    struct datagram_extras *extras;
    struct stat status;

    if (!path && options->high == usual->high && options->low == usual->low &&
        options->read_seconds == ASYNC_FOREVER && options->write_seconds == ASYNC_FOREVER)
        return true;
    extras = datagram->extras = memory_allocate(sizeof *extras);
    if (!extras)
        return false;
    *extras = (struct datagram_extras){.high = options->high, .low = options->low,
                                       .read_seconds = options->read_seconds,
                                       .write_seconds = options->write_seconds};
    if (path && lstat(async_address_path(path), &status) == 0) {
        extras->path = async_value_ref((async_value *)path);
        extras->device = status.st_dev;
        extras->file = status.st_ino;
    }
    return true;
}

static async_datagram *refuse(int error)
{
    errno = error;
    return NULL;
}

/* On an open socket that does not block, its own from now on. NULL and errno: then it is still the caller's. */
static async_datagram *new_datagram(async_loop *loop, int descriptor, const async_socket_options *options,
                                    const async_value *path)
{
    async_datagram *datagram = (async_datagram *)future_new(loop, &datagram_class);
    struct place peer = {.size = sizeof peer.address};

    if (!datagram)
        return refuse(ENOMEM);
    memset((char *)datagram + sizeof datagram->closed, 0, sizeof *datagram - sizeof datagram->closed);
    watch_init(&datagram->watch, descriptor, datagram_on_ready);
    timer_init(&datagram->pause, &datagram_pause_ops);
    list_init(&datagram->drains);
    datagram->descriptor = -1;
    if (getpeername(descriptor, &peer.address.any, &peer.size) == 0) {
        datagram->peer = address_new(&peer.address, peer.size, ASYNC_ANY);
        if (!datagram->peer)
            goto no_memory;
    }
    if (!keep_extras(datagram, options, path))
        goto no_memory;
    datagram->descriptor = descriptor;
    return datagram;

no_memory:
    future_drop(&datagram->closed);
    return refuse(ENOMEM);
}

static void set(int descriptor, int level, int name, int value)
{
    setsockopt(descriptor, level, name, &value, sizeof value);
}

/* What the system refuses is left as it was. */
static void apply(int descriptor, const async_socket_options *options)
{
    if (options->receive_buffer)
        set(descriptor, SOL_SOCKET, SO_RCVBUF, (int)options->receive_buffer);
    if (options->send_buffer)
        set(descriptor, SOL_SOCKET, SO_SNDBUF, (int)options->send_buffer);
    if (options->broadcast)
        set(descriptor, SOL_SOCKET, SO_BROADCAST, 1);
    if (options->reuse_address > 0)
        set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1);
#ifdef SO_REUSEPORT
    if (options->reuse_port)
        set(descriptor, SOL_SOCKET, SO_REUSEPORT, 1);
#endif
}

static int family_of(const struct place *local, const struct place *peer)
{
    return local->size ? local->address.any.sa_family : peer->address.any.sa_family;
}

/* Without a name a Unix socket could not be answered; Linux finds one where none is given. Elsewhere it has none. */
static bool bind_to(int descriptor, const struct place *local, const struct place *peer)
{
    static const struct sockaddr unnamed = {.sa_family = AF_UNIX};

    if (local->size > offsetof(struct sockaddr_un, sun_path))
        return bind(descriptor, &local->address.any, local->size) == 0;
    if (family_of(local, peer) == AF_UNIX)
        bind(descriptor, &unnamed, offsetof(struct sockaddr_un, sun_path));
    return true;
}

static int open_socket(const struct place *local, const struct place *peer, const async_socket_options *options)
{
    int family = family_of(local, peer), error;
    int descriptor = socket_open(family, SOCK_DGRAM);

    if (descriptor < 0)
        return -1;
    apply(descriptor, options);
    if (family == AF_INET6)
        set(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, options->family == ASYNC_IPV6);
    if (bind_to(descriptor, local, peer) &&
        (!peer->size || connect(descriptor, &peer->address.any, peer->size) == 0))
        return descriptor;
    error = errno;
    close(descriptor);
    errno = error;
    return -1;
}

static bool is_any_ipv6(const struct place *place)
{
    return place->size && place->address.any.sa_family == AF_INET6 &&
           IN6_IS_ADDR_UNSPECIFIED(&place->address.ipv6.sin6_addr);
}

/* An abstract name has no file. */
static bool has_path(const struct place *place)
{
    return place->size > offsetof(struct sockaddr_un, sun_path) && place->address.any.sa_family == AF_UNIX &&
           *place->address.local.sun_path;
}

async_datagram *async_datagram_open(async_loop *loop, const async_value *local_address,
                                    const async_value *peer_address, const async_socket_options *options)
{
    int error = loop_enter(loop), descriptor;
    struct place local, peer;
    async_datagram *datagram;

    if (error)
        return refuse(error == ASYNC_EINVAL ? EINVAL : EPERM);
    options = options_or_default(options);
    if (!read_place(local_address, &local) || !read_place(peer_address, &peer) || (!local.size && !peer.size) ||
        (local.size && peer.size && local.address.any.sa_family != peer.address.any.sa_family))
        return refuse(EINVAL);
    descriptor = open_socket(&local, &peer, options);
    if (descriptor < 0)
        return NULL;
    datagram = new_datagram(loop, descriptor, options, has_path(&local) ? local_address : NULL);
    if (datagram) {
        datagram->family = (uint8_t)family_of(&local, &peer);
        datagram->speaks_both = is_any_ipv6(&local) && options->family != ASYNC_IPV6 && !peer.size;
        return datagram;
    }
    if (has_path(&local))
        unlink(local.address.local.sun_path);
    close(descriptor);
    return refuse(ENOMEM);
}

async_datagram *async_datagram_adopt(async_loop *loop, int descriptor, const async_socket_options *options)
{
    int error = loop_enter(loop), type = 0, flags = fcntl(descriptor, F_GETFL);
    struct place local = {.size = sizeof local.address};
    socklen_t size = sizeof type;
    async_datagram *datagram;

    if (error)
        return refuse(error == ASYNC_EINVAL ? EINVAL : EPERM);
    if (flags < 0)
        return NULL;
    if (getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_DGRAM ||
        getsockname(descriptor, &local.address.any, &local.size) != 0)
        return refuse(EINVAL);
    options = options_or_default(options);
    datagram = new_datagram(loop, descriptor, options, NULL);
    if (datagram) {
        datagram->family = (uint8_t)local.address.any.sa_family;
        apply(descriptor, options);
        fcntl(descriptor, F_SETFL, flags | O_NONBLOCK);
    }
    return datagram;
}
