/**
 * @file
 * Settings of connections, servers and datagram sockets. Those that do not concern what they are given to are ignored.
 */
#ifndef LIBASYNC_SOCKET_OPTIONS_H
#define LIBASYNC_SOCKET_OPTIONS_H

#include "libasync/api.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Settings for async_open_connection, async_start_server, async_bind_datagram and their like; lent to each, and one
 *  may serve many. */
typedef struct async_socket_options async_socket_options;

/**
 * Settings, all at their defaults.
 *
 * @return the settings, or NULL when there is no memory; setters then answer ASYNC_EINVAL (given)
 * @thread any
 * @since  0.1
 */
ASYNC_API async_socket_options *async_socket_options_new(void);

/**
 * Drop the settings. What was made with them goes on.
 *
 * @param taken  settings, or NULL (taken)
 * @return NULL
 * @thread the settings'
 * @since  0.1
 */
ASYNC_API async_socket_options *async_socket_options_unref(async_socket_options *taken);

/**
 * Use one family of addresses only.
 *
 * @param options  the settings (lent)
 * @param family   ASYNC_ANY, the default, ASYNC_IPV4 or ASYNC_IPV6
 * @return 0; ASYNC_EINVAL for NULL settings or another family
 * @thread the settings'
 * @since  0.1
 */
ASYNC_API int async_socket_options_set_family(async_socket_options *options, int family);

/**
 * Connect from an address of this machine.
 *
 * @param options  the settings (lent)
 * @param address  what to bind to, an async_address; NULL for the system's choice, the default (lent)
 * @return 0; ASYNC_EINVAL for NULL settings or what is no address
 * @thread the settings'
 * @since  0.1
 */
ASYNC_API int async_socket_options_set_local(async_socket_options *options, async_value *address);

/**
 * Give up connecting, look-up included, after a time.
 *
 * @param options  the settings (lent)
 * @param seconds  finite and not negative; ASYNC_FOREVER, the default, leaves it to the system
 * @return 0; ASYNC_EINVAL for NULL settings or another time
 * @thread the settings'
 * @since  0.1
 */
ASYNC_API int async_socket_options_set_connect_timeout(async_socket_options *options, double seconds);

/**
 * How long to wait for one address of a host before the next is tried beside it: Happy Eyeballs (RFC 8305).
 *
 * @param options  the settings (lent)
 * @param seconds  0.25 by default, as its section 5 recommends; finite and not negative; ASYNC_FOREVER tries each
 *                 address only after the one before it has failed
 * @return 0; ASYNC_EINVAL for NULL settings or another time
 * @thread the settings'
 * @since  0.1
 */
ASYNC_API int async_socket_options_set_attempt_delay(async_socket_options *options, double seconds);

/**
 * Send small writes of a TCP stream at once rather than gather them (TCP_NODELAY).
 *
 * @param options  the settings (lent)
 * @param nodelay  true by default
 * @return 0; ASYNC_EINVAL for NULL settings
 * @thread the settings'
 * @since  0.1
 */
ASYNC_API int async_socket_options_set_nodelay(async_socket_options *options, bool nodelay);

/**
 * Ask a TCP peer that says nothing whether it is still there (SO_KEEPALIVE, TCP_KEEPIDLE).
 *
 * @param options  the settings (lent)
 * @param seconds  silence before the first question and between questions, whole seconds count; 0, the default: never
 *                 ask
 * @return 0; ASYNC_EINVAL for NULL settings or a time below 0 or above 32767
 * @thread the settings'
 * @since  0.1
 */
ASYNC_API int async_socket_options_set_keepalive(async_socket_options *options, double seconds);

/**
 * Let a server listen on an address that connections of a former one still hold (SO_REUSEADDR).
 *
 * @param options  the settings (lent)
 * @param reuse    true by default for servers; datagram sockets need it to share a multicast port
 * @return 0; ASYNC_EINVAL for NULL settings
 * @thread the settings'
 * @since  0.1
 */
ASYNC_API int async_socket_options_set_reuse_address(async_socket_options *options, bool reuse);

/**
 * Let several sockets, of several processes too, share an address, and the kernel share the load out (SO_REUSEPORT).
 *
 * @param options  the settings (lent)
 * @param reuse    false by default
 * @return 0; ASYNC_EINVAL for NULL settings
 * @thread the settings'
 * @since  0.1
 */
ASYNC_API int async_socket_options_set_reuse_port(async_socket_options *options, bool reuse);

/**
 * Let a datagram socket send to broadcast addresses (SO_BROADCAST).
 *
 * @param options    the settings (lent)
 * @param broadcast  false by default
 * @return 0; ASYNC_EINVAL for NULL settings
 * @thread the settings'
 * @since  0.1
 */
ASYNC_API int async_socket_options_set_broadcast(async_socket_options *options, bool broadcast);

/**
 * How many connections the kernel may keep that a server has not accepted yet; the system has a limit of its own.
 *
 * @param options  the settings (lent)
 * @param count    at least 1; 4096 by default
 * @return 0; ASYNC_EINVAL for NULL settings or a lower count
 * @thread the settings'
 * @since  0.1
 */
ASYNC_API int async_socket_options_set_backlog(async_socket_options *options, int count);

/**
 * How many connections a server serves at once. Further ones wait in the kernel until one ends.
 *
 * @param options  the settings (lent)
 * @param count    at least 1; 0, the default: no limit
 * @return 0; ASYNC_EINVAL for NULL settings or a lower count
 * @thread the settings'
 * @since  0.1
 */
ASYNC_API int async_socket_options_set_most_connections(async_socket_options *options, int count);

/**
 * How much a stream takes in ahead of its reader, and so the longest line.
 *
 * @param options  the settings (lent)
 * @param size     bytes, at least 1; 65,536 by default
 * @return 0; ASYNC_EINVAL for NULL settings or no size
 * @thread the settings'
 * @since  0.1
 */
ASYNC_API int async_socket_options_set_limit(async_socket_options *options, size_t size);

/**
 * How much unsent data makes async_stream_drain wait, and how little lets it go on.
 *
 * @param options  the settings (lent)
 * @param high     bytes; 65,536 by default
 * @param low      bytes, at most as many; 16,384 by default
 * @return 0; ASYNC_EINVAL for NULL settings, or a low mark above the high one
 * @thread the settings'
 * @since  0.1
 */
ASYNC_API int async_socket_options_set_water_marks(async_socket_options *options, size_t high, size_t low);

/**
 * Give up on a peer that says nothing while somebody waits for it, or takes nothing while there is data for it.
 *
 * @param options        the settings (lent)
 * @param read_seconds   longest silence within a read; ASYNC_FOREVER, the default, for no limit
 * @param write_seconds  longest time without progress while data is unsent; ASYNC_FOREVER, the default
 * @return 0; ASYNC_EINVAL for NULL settings, or times that are not finite, or negative
 * @thread the settings'
 * @since  0.1
 */
ASYNC_API int async_socket_options_set_timeouts(async_socket_options *options, double read_seconds,
                                                double write_seconds);

/**
 * The kernel's buffers (SO_RCVBUF, SO_SNDBUF).
 *
 * @param options  the settings (lent)
 * @param receive  bytes; 0, the default, for the system's choice
 * @param send     bytes; 0, the default, for the system's choice
 * @return 0; ASYNC_EINVAL for NULL settings, or sizes of 2 GiB or more
 * @thread the settings'
 * @since  0.1
 */
ASYNC_API int async_socket_options_set_buffers(async_socket_options *options, size_t receive, size_t send);

#ifdef __cplusplus
}
#endif

#endif
