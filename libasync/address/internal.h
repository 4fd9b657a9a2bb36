/* Addresses as the layers above see them: as the system has them, in values that own a copy. */
#ifndef LIBASYNC_ADDRESS_INTERNAL_H
#define LIBASYNC_ADDRESS_INTERNAL_H

#include "libasync/address.h"
#include "libasync/future/internal.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

union socket_address {
    struct sockaddr any;
    struct sockaddr_in ipv4;
    struct sockaddr_in6 ipv6;
    struct sockaddr_un local;
};

/* Enough for each text below. */
#define ADDRESS_TEXT_SIZE 128

/* How much of the union an IPv4 or IPv6 address takes. */
static inline socklen_t address_size(const union socket_address *address)
{
    return address->any.sa_family == AF_INET6 ? sizeof address->ipv6 : sizeof address->ipv4;
}

/* NULL without memory. The type is ASYNC_ANY but for what a look-up found. */
async_value *address_new(const union socket_address *address, socklen_t size, int type);
/* False for a value that is no address. */
bool address_read(const async_value *value, union socket_address *address, socklen_t *size);
/* As async_address_text and async_address_host write it. */
void address_write_text(const union socket_address *address, socklen_t size, char *text);
void address_write_host(const union socket_address *address, char *text);

/* Reads "127.0.0.1", "::1" or "fe80::1%eth0", without a port; false when the host is no such text. A scope that does not
 * exist is read as 0, and `scope` tells that there was one; else it is set to NULL. */
bool address_parse(const char *host, union socket_address *address, const char **scope);
void address_set_port(union socket_address *address, int port);
/* The address of a Unix socket's path, where "@name" is an abstract one; 0 when that does not fit. */
socklen_t address_of_path(const char *path, union socket_address *address);

#endif
