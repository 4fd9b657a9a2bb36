/* Addresses in the little room that a stream has for its peer's. */
#include "libasync/io/internal.h"

bool peer_set(struct peer *peer, const union socket_address *address, socklen_t size)
{
    *peer = (struct peer){.family = size ? address->any.sa_family : 0};
    switch (peer->family) {
    case AF_INET:
        memcpy(peer->host, &address->ipv4.sin_addr, sizeof address->ipv4.sin_addr);
        peer->port = address->ipv4.sin_port;
        return true;
    case AF_INET6:
        memcpy(peer->host, &address->ipv6.sin6_addr, sizeof address->ipv6.sin6_addr);
        peer->port = address->ipv6.sin6_port;
        peer->scope = address->ipv6.sin6_scope_id;
        return true;
    case AF_UNIX:
        peer->path = size > offsetof(struct sockaddr_un, sun_path) ? address_new(address, size, ASYNC_ANY) : NULL;
        return peer->path || size <= offsetof(struct sockaddr_un, sun_path);
    default:
        peer->family = 0;
        return true;
    }
}

void peer_clear(struct peer *peer)
{
    if (peer->family == AF_UNIX)
        async_value_unref(peer->path);
    peer->family = 0;
}

socklen_t peer_read(const struct peer *peer, union socket_address *address)
{
    *address = (union socket_address){.any.sa_family = peer->family};
    if (peer->family == AF_INET) {
        memcpy(&address->ipv4.sin_addr, peer->host, sizeof address->ipv4.sin_addr);
        address->ipv4.sin_port = peer->port;
        return sizeof address->ipv4;
    }
    if (peer->family == AF_INET6) {
        memcpy(&address->ipv6.sin6_addr, peer->host, sizeof address->ipv6.sin6_addr);
        address->ipv6.sin6_port = peer->port;
        address->ipv6.sin6_scope_id = peer->scope;
        return sizeof address->ipv6;
    }
    return peer->family ? offsetof(struct sockaddr_un, sun_path) : 0;    /* one that has no name */
}

async_value *peer_address(const struct peer *peer)
{
    union socket_address address;
    socklen_t size;

    if (peer->family == AF_UNIX && peer->path)
        return async_value_ref(peer->path);
    size = peer_read(peer, &address);
    return size ? address_new(&address, size, ASYNC_STREAM) : NULL;
}
