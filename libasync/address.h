/**
 * @file
 * Addresses of sockets: an IPv4 or IPv6 host with its port, or a Unix socket's path. They are values, and may be read in
 * any thread.
 */
#ifndef LIBASYNC_ADDRESS_H
#define LIBASYNC_ADDRESS_H

#include "libasync/api.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Addresses of any family, or sockets of any type. */
#define ASYNC_ANY 0
/** A Unix socket's, on this machine (unix(7)). */
#define ASYNC_UNIX 1
/** IPv4. */
#define ASYNC_IPV4 4
/** IPv6. */
#define ASYNC_IPV6 6
/** A stream socket: TCP, or a Unix stream. */
#define ASYNC_STREAM 1
/** A datagram socket: UDP, or Unix datagrams. */
#define ASYNC_DATAGRAM 2

/**
 * The address of a host in text form; nobody is asked for names.
 *
 * @param host  "127.0.0.1", "::1", or "fe80::1%eth0" with a scope by name or number (lent)
 * @param port  0 … 65535
 * @return the address; NULL, and errno tells: EINVAL for a host that is no address or a port that is none, ENOMEM (given)
 * @thread any
 * @since  0.1
 */
ASYNC_API async_value *async_address(const char *host, int port);

/**
 * The address of a Unix socket.
 *
 * @param bytes  the path (lent); one that begins with a zero byte is an abstract name of Linux
 * @param size   its length, at most 107 bytes, an abstract name with its zero byte 108; 0 for the unnamed address
 * @return the address; NULL, and errno tells: EINVAL for NULL, ENAMETOOLONG, ENOMEM (given)
 * @thread any
 * @since  0.1
 */
ASYNC_API async_value *async_address_unix(const void *bytes, size_t size);

/**
 * The family of an address.
 *
 * @param address  an address (lent)
 * @return ASYNC_IPV4, ASYNC_IPV6 or ASYNC_UNIX; 0 for other values
 * @thread any
 * @since  0.1
 */
ASYNC_API int async_address_family(const async_value *address);

/**
 * The socket type of an address that a look-up gave.
 *
 * @param address  an address (lent)
 * @return ASYNC_STREAM or ASYNC_DATAGRAM; ASYNC_ANY where it serves both, and for other values
 * @thread any
 * @since  0.1
 */
ASYNC_API int async_address_type(const async_value *address);

/**
 * The host of an address, in text form (RFC 5952 for IPv6), without its scope.
 *
 * @param address  an address (lent)
 * @return "127.0.0.1", "::1" and the like; "" for a Unix socket's and for other values (lent by the address)
 * @thread any
 * @since  0.1
 */
ASYNC_API const char *async_address_host(const async_value *address);

/**
 * The port of an address.
 *
 * @param address  an address (lent)
 * @return 0 … 65535; 0 where there is none
 * @thread any
 * @since  0.1
 */
ASYNC_API int async_address_port(const async_value *address);

/**
 * The scope of an IPv6 address: the index of its interface (RFC 4007).
 *
 * @param address  an address (lent)
 * @return the index; 0 where there is none
 * @thread any
 * @since  0.1
 */
ASYNC_API uint32_t async_address_scope(const async_value *address);

/**
 * The path of a Unix socket's address.
 *
 * @param address  an address (lent)
 * @return the path; an abstract name begins with "@" for its zero byte; "" where there is none (lent by the address)
 * @thread any
 * @since  0.1
 */
ASYNC_API const char *async_address_path(const async_value *address);

/**
 * An address as people and messages write it.
 *
 * @param address  an address (lent)
 * @return "127.0.0.1:80", "[::1]:80", "[fe80::1%2]:80", "/run/x.socket", "@name"; "" for other values (lent by the
 *         address)
 * @thread any
 * @since  0.1
 */
ASYNC_API const char *async_address_text(const async_value *address);

#ifdef __cplusplus
}
#endif

#endif
