/* Listening sockets: of a host's addresses, of a Unix socket's path, or of somebody else's making. */
#include "libasync/io/serving.h"
#include "libasync/io/trouble.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where the system chooses the port it is one that is free on the first address; on another it may be taken. */
#define PORTS_TO_TRY 16

/* A socket's file, and how to tell it from another that somebody may put in its place. */
struct own_path {
    union socket_address address;
    dev_t device;
    ino_t inode;
};

static bool is_same_file(const struct stat *status, dev_t device, ino_t inode)
{
    return S_ISSOCK(status->st_mode) && status->st_dev == device && status->st_ino == inode;
}

/* While the descriptor is open the file's number is nobody else's. */
static void remove_path(struct own_path *path)
{
    struct stat status;

    if (lstat(path->address.local.sun_path, &status) == 0 && is_same_file(&status, path->device, path->inode))
        unlink(path->address.local.sun_path);
    memory_release(path, sizeof *path);
}

static void close_listener(struct listener *listener)
{
    watch_set(server_loop(listener->server), &listener->watch, 0);
    if (listener->path)
        remove_path(listener->path);
    close(listener->descriptor);
}

void server_close_listeners(async_server *server)
{
    for (uint32_t i = 0; i < server->listener_count; i++)
        close_listener(&server->listeners[i]);
    memory_release(server->listeners, server->listener_count * sizeof *server->listeners);
    server->listeners = NULL;
    server->listener_count = 0;
}

static void on_ready(async_loop *loop, struct watch *watch, int events)
{
    struct listener *listener = container_of(watch, struct listener, watch);
    struct node *node = &listener->server->sync.done.node;

    listener->is_ready = true;
    if (!node_is_linked(node))
        loop_queue(loop, node);
}

static bool add(async_server *server, int descriptor)
{
    size_t item = sizeof *server->listeners, count = server->listener_count;
    struct listener *grown = memory_grow(server->listeners, count * item, count * item, (count + 1) * item);

    if (!grown)
        return false;
    grown[count] = (struct listener){.server = server, .descriptor = descriptor};
    watch_init(&grown[count].watch, descriptor, on_ready);
    server->listeners = grown;
    server->listener_count++;
    return true;
}

static void set_flag(int descriptor, int level, int name)
{
    int yes = 1;

    setsockopt(descriptor, level, name, &yes, sizeof yes);
}

/* What TCP connections inherit is set here, once for all of them. An IPv6 socket takes no IPv4 connections, for those
 * have one of their own. */
static void configure(const async_socket_options *options, int descriptor, int family)
{
    options_apply(options, descriptor, family != AF_UNIX);
    options = options_or_default(options);
    if (options->reuse_address && family != AF_UNIX)
        set_flag(descriptor, SOL_SOCKET, SO_REUSEADDR);
#ifdef SO_REUSEPORT
    if (options->reuse_port)
        set_flag(descriptor, SOL_SOCKET, SO_REUSEPORT);
#endif
    if (family == AF_INET6)
        set_flag(descriptor, IPPROTO_IPV6, IPV6_V6ONLY);
}

/* 0 and one listener more, or an errno. */
static int listen_at(async_server *server, const union socket_address *address, socklen_t size)
{
    int descriptor = socket(address->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), number = 0;

    if (descriptor < 0)
        return errno;
    configure(server->options, descriptor, address->any.sa_family);
    if (bind(descriptor, &address->any, size) != 0 || listen(descriptor, server_options(server)->backlog) != 0)
        number = errno;
    else if (!add(server, descriptor))
        number = ENOMEM;
    if (number)
        close(descriptor);
    return number;
}

static int port_of(const struct listener *listener)
{
    union socket_address address;
    socklen_t size = sizeof address;

    if (getsockname(listener->descriptor, &address.any, &size) != 0)
        return 0;
    return ntohs(address.any.sa_family == AF_INET6 ? address.ipv6.sin6_port : address.ipv4.sin_port);
}

/* The hosts file may name an address twice. */
static bool is_repeated(const async_value *addresses, size_t place)
{
    union socket_address one, other;
    socklen_t size, other_size;

    address_read(async_value_item(addresses, place), &one, &size);
    for (size_t i = 0; i < place; i++) {
        address_read(async_value_item(addresses, i), &other, &other_size);
        if (size == other_size && memcmp(&one, &other, size) == 0)
            return true;
    }
    return false;
}

/* This machine may not speak a family that its hosts file knows: that is no trouble while another works. */
static bool is_missing_family(int number)
{
    return number == EAFNOSUPPORT || number == EADDRNOTAVAIL;
}

/* Listens at each; true unless some reason in `trouble` forbids it. */
static bool listen_at_all(async_server *server, const async_value *addresses, int port, struct trouble *trouble)
{
    for (size_t i = 0; i < async_value_count(addresses); i++) {
        async_value *value = async_value_item(addresses, i);
        union socket_address address;
        socklen_t size;
        int number;

        if (is_repeated(addresses, i))
            continue;
        address_read(value, &address, &size);
        address_set_port(&address, port || !server->listener_count ? port : port_of(server->listeners));
        number = listen_at(server, &address, size);
        if (number)
            trouble_add_number(trouble, value, number);
        if (number && !is_missing_family(number))
            return false;
    }
    return server->listener_count > 0;
}

async_value *server_listen(async_server *server, const async_value *addresses, const char *host, int port)
{
    int tries = port ? 1 : PORTS_TO_TRY;
    struct trouble trouble;

    do {
        trouble_begin(&trouble, host, port);
        if (listen_at_all(server, addresses, port, &trouble))
            return NULL;
        server_close_listeners(server);
    } while (--tries && trouble.number == EADDRINUSE);
    return trouble_error(&trouble);
}

/*
 * Whether the socket at a path is a dead server's. A living one answers, or has so many to accept that it cannot; one of
 * another type lives too.
 */
static bool is_dead(const union socket_address *address, socklen_t size)
{
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    bool refused;

    if (descriptor < 0)
        return false;
    refused = connect(descriptor, &address->any, size) != 0 && errno == ECONNREFUSED;
    close(descriptor);
    return refused;
}

/* Looked at before and after it was asked, so that no other is removed that took its place meanwhile. */
static bool remove_dead(const union socket_address *address, socklen_t size)
{
    const char *path = address->local.sun_path;
    struct stat before, after;

    return *path && lstat(path, &before) == 0 && S_ISSOCK(before.st_mode) && is_dead(address, size) &&
           lstat(path, &after) == 0 && is_same_file(&after, before.st_dev, before.st_ino) && unlink(path) == 0;
}

/* 0, or ENOMEM: then it is gone again. */
static int remember_path(async_server *server, const union socket_address *address)
{
    struct own_path *path = *address->local.sun_path ? memory_allocate(sizeof *path) : NULL;
    struct stat status;

    if (!*address->local.sun_path || lstat(address->local.sun_path, &status) != 0) {
        memory_release(path, sizeof *path);
        return 0;
    }
    if (!path) {
        unlink(address->local.sun_path);
        return ENOMEM;
    }
    *path = (struct own_path){*address, status.st_dev, status.st_ino};
    server->listeners->path = path;
    return 0;
}

async_value *server_listen_unix(async_server *server, const char *path)
{
    union socket_address address;
    socklen_t size = address_of_path(path, &address);
    struct trouble trouble;
    int number = listen_at(server, &address, size);

    if (number == EADDRINUSE && remove_dead(&address, size))
        number = listen_at(server, &address, size);
    if (!number)
        number = remember_path(server, &address);
    if (!number)
        return NULL;
    server_close_listeners(server);
    trouble_begin(&trouble, NULL, 0);
    trouble_add_path(&trouble, path, number);
    return trouble_error(&trouble);
}

static int int_option(int descriptor, int name)
{
    int value = 0;
    socklen_t size = sizeof value;

    return getsockopt(descriptor, SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
}

int server_listen_on(async_server *server, int descriptor)
{
    int flags = fcntl(descriptor, F_GETFL), type = int_option(descriptor, SO_TYPE);

    if (flags < 0)
        return errno;
    if (type != SOCK_STREAM)
        return EINVAL;
    options_apply(server->options, descriptor, socket_is_tcp(descriptor));
    if (int_option(descriptor, SO_ACCEPTCONN) <= 0 && listen(descriptor, server_options(server)->backlog) != 0)
        return errno;
    if (!add(server, descriptor))
        return ENOMEM;
    fcntl(descriptor, F_SETFL, flags | O_NONBLOCK);
    return 0;
}
