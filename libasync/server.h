/**
 * @file
 * Servers: a task for each connection, with asyncio's words. A server accepts as many connections as come in a turn, up to
 * its limit; where the process runs out of descriptors it pauses and tries again, and loses nobody.
 */
#ifndef LIBASYNC_SERVER_H
#define LIBASYNC_SERVER_H

#include "libasync/api.h"
#include "libasync/socket_options.h"
#include "libasync/stream.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A server: its listening sockets and the connections that it accepted. */
typedef struct async_server async_server;

/**
 * Somebody has connected. Answer with what serves it, mostly `async_create_task(loop, first, stream, destroy)`.
 *
 * When that ends with a failure, it goes to the loop's exception handler and the stream is closed; after a success the
 * stream is as the task left it.
 *
 * @param taken  the new connection (taken)
 * @param user   as given with the callback
 * @return future of what serves the connection, which the server waits for and cancels when it is stopped; NULL when the
 *         connection is served some other way (given)
 */
typedef async_future *async_client_connected(async_stream *taken, void *user);

/**
 * Listen on a host's port, on each of its addresses, and serve who connects.
 *
 * @param loop       the loop (lent)
 * @param host       name or address of this machine (lent); NULL or "" for all its addresses
 * @param port       0 … 65535; 0 lets the system choose one, the same for all addresses
 * @param connected  called for each connection
 * @param user       passed to it
 * @param destroy    cleans `user` up when the server is closed and its last connection has ended; may be NULL
 * @param options    settings, or NULL (lent)
 * @return future of a server, which listens already; read it with async_value_server (given)
 * @error  ASYNC_EINUSE, ASYNC_EACCESS, ASYNC_EOS, ASYNC_ENONAME, ASYNC_EDNS, each naming host and port; ASYNC_EINVAL for
 *         NULL or a port that is none; ASYNC_ECLOSED, ASYNC_ENOMEM, ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_future *async_start_server(async_loop *loop, const char *host, int port,
                                           async_client_connected *connected, void *user, async_destroy *destroy,
                                           const async_socket_options *options);

/**
 * Listen on a Unix socket. A socket that a former server left at the path is replaced; whatever else stands there is not.
 * The path is removed when the server closes, if it is still its own.
 *
 * @param loop       the loop (lent)
 * @param path       where (lent); "@name" is an abstract one
 * @param connected  called for each connection
 * @param user       passed to it
 * @param destroy    cleans `user` up, as for async_start_server; may be NULL
 * @param options    settings, or NULL (lent)
 * @return future of a server (given)
 * @error  ASYNC_EINUSE, ASYNC_EACCESS, ASYNC_EOS, each naming the path; ASYNC_EINVAL for NULL or a path of more than 107
 *         bytes; ASYNC_ECLOSED, ASYNC_ENOMEM, ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_future *async_start_unix_server(async_loop *loop, const char *path, async_client_connected *connected,
                                                void *user, async_destroy *destroy,
                                                const async_socket_options *options);

/**
 * Serve on a socket that listens already, or is bound: one that a service manager hands over.
 *
 * @param loop        the loop (lent)
 * @param descriptor  the socket, the server's from now on; the caller's still when the call fails
 * @param connected   called for each connection
 * @param user        passed to it
 * @param destroy     cleans `user` up, as for async_start_server; may be NULL
 * @param options     settings, or NULL (lent)
 * @return the server; NULL, and errno tells: EINVAL for a NULL loop or what is no stream socket, EBADF, ENOMEM, EPERM for a
 *         closed loop or another thread (given)
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_server *async_server_adopt(async_loop *loop, int descriptor, async_client_connected *connected,
                                           void *user, async_destroy *destroy, const async_socket_options *options);

/**
 * The server in a value, such as what async_start_server gives.
 *
 * @param value  a value (lent)
 * @return the server (lent by the value); NULL when it is none
 * @thread any
 * @since  0.1
 */
ASYNC_API async_server *async_value_server(const async_value *value);

/**
 * A server as a value.
 *
 * @param server  the server (lent)
 * @return the value, or NULL when there is no memory (given)
 * @thread any
 * @since  0.1
 */
ASYNC_API async_value *async_server_value(async_server *server);

/**
 * One more reference.
 *
 * @param server  a server, or NULL (lent)
 * @return the same (given)
 * @thread any
 * @since  0.1
 */
ASYNC_API async_server *async_server_ref(async_server *server);

/**
 * One reference less. A server lives, and serves, until it is closed: dropping its handle stops nothing.
 *
 * @param taken  a server, or NULL (taken)
 * @return NULL
 * @thread any
 * @since  0.1
 */
ASYNC_API async_server *async_server_unref(async_server *taken);

/**
 * The loop of a server.
 *
 * @param server  a server, or NULL (lent)
 * @return its loop (lent by the server), or NULL
 * @thread any
 * @since  0.1
 */
ASYNC_API async_loop *async_server_loop(const async_server *server);

/**
 * The addresses it listens on.
 *
 * @param server  a server (lent)
 * @return a list of addresses, empty once it is closed; NULL when there is no memory (given)
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_value *async_server_addresses(const async_server *server);

/**
 * The descriptor of one of its listening sockets, which stays the server's.
 *
 * @param server  a server (lent)
 * @param index   which, as in async_server_addresses
 * @return the descriptor; -1 when there is none
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_server_descriptor(const async_server *server, size_t index);

/**
 * How many connections are being served.
 *
 * @param server  a server (lent)
 * @return the count; 0 for NULL
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API size_t async_server_connections(const async_server *server);

/**
 * Stop listening. Connections go on; those that the system has completed and the server not accepted yet are reset.
 *
 * @param server  the server (lent)
 * @return 0, also the second time and after the loop's close; ASYNC_EINVAL for NULL, ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_server_close(async_server *server);

/**
 * Stop gracefully: no new connections, wait for those that are there, then cancel what is left and wait for that too.
 *
 * @param server   the server (lent)
 * @param seconds  how long to wait before the cancel, finite and not negative; ASYNC_FOREVER for ever
 * @return future of how many were cancelled meanwhile, done when the last connection has ended (given)
 * @error  ASYNC_EINVAL, ASYNC_ENOMEM, ASYNC_ETHREAD. Cancelling this future leaves the server closed and the connections
 *         alone.
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_future *async_server_stop(async_server *server, double seconds);

/**
 * Wait until it is closed and what served its connections has ended.
 *
 * @param server  the server (lent)
 * @return future of none (given)
 * @error  ASYNC_ECLOSED at the loop's close; ASYNC_EINVAL, ASYNC_ENOMEM, ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_future *async_server_wait_closed(async_server *server);

/**
 * Serve until cancelled: asyncio's serve_forever.
 *
 * @param server  the server (lent)
 * @return future that ends only with the server's close, or by a cancel, which closes it first and is then done when its
 *         connections have ended (given)
 * @error  ASYNC_ECANCELED; ASYNC_ECLOSED when the server was closed; ASYNC_EINVAL, ASYNC_ENOMEM, ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_future *async_server_serve_forever(async_server *server);

/**
 * Close the streams of its connections, as async_stream_close does: asyncio's close_clients.
 *
 * @param server  the server (lent)
 * @return 0; ASYNC_EINVAL for NULL, ASYNC_ECLOSED, ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_server_close_clients(async_server *server);

/**
 * Abort the streams of its connections, as async_stream_abort does: asyncio's abort_clients.
 *
 * @param server  the server (lent)
 * @return as async_server_close_clients
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_server_abort_clients(async_server *server);

#ifdef __cplusplus
}
#endif

#endif
