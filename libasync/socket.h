/**
 * @file
 * Raw sockets by their descriptors, asyncio's sock_* functions: for who needs the calls of the system as they are. The
 * sockets are the caller's, must be non-blocking, and may be of any kind. Streams and datagrams are the comfortable way.
 */
#ifndef LIBASYNC_SOCKET_H
#define LIBASYNC_SOCKET_H

#include "libasync/api.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Open a non-blocking socket, closed on exec.
 *
 * @param family  ASYNC_IPV4, ASYNC_IPV6 or ASYNC_UNIX
 * @param type    ASYNC_STREAM or ASYNC_DATAGRAM
 * @return the descriptor (the caller's to close with async_socket_close); ASYNC_EINVAL, or ASYNC_EOS, and errno tells
 * @thread any
 * @since  0.1
 */
ASYNC_API int async_socket_open(int family, int type);

/**
 * Bind a socket to an address of this machine (bind(2)).
 *
 * @param descriptor  the socket
 * @param address     an async_address (lent)
 * @return 0; ASYNC_EINVAL for what is no address, ASYNC_EINUSE, ASYNC_EACCESS, ASYNC_EOS, and errno tells
 * @thread any
 * @since  0.1
 */
ASYNC_API int async_socket_bind(int descriptor, const async_value *address);

/**
 * Have a socket listen (listen(2)).
 *
 * @param descriptor  the socket
 * @param backlog     how many connections may wait to be accepted
 * @return 0; ASYNC_EINUSE, ASYNC_EOS, and errno tells
 * @thread any
 * @since  0.1
 */
ASYNC_API int async_socket_listen(int descriptor, int backlog);

/**
 * The address that a socket is bound to (getsockname(2)).
 *
 * @param descriptor  the socket
 * @return the address; NULL, and errno tells (given)
 * @thread any
 * @since  0.1
 */
ASYNC_API async_value *async_socket_address(int descriptor);

/**
 * Close a socket. Who waits for it in a sock_* function is told ASYNC_ECLOSED.
 *
 * @param loop        the loop in which somebody may wait; NULL when nobody does (lent)
 * @param descriptor  the socket
 * @return 0; ASYNC_EINVAL for what is not open, ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_socket_close(async_loop *loop, int descriptor);

/**
 * Connect (connect(2)).
 *
 * @param loop        the loop (lent)
 * @param descriptor  a socket
 * @param address     to whom, an async_address (lent)
 * @return future of none (given)
 * @error  ASYNC_EREFUSED, ASYNC_EUNREACHABLE, ASYNC_ETIMEDOUT, ASYNC_EOS, each naming the address; ASYNC_EINVAL,
 *         ASYNC_ECLOSED, ASYNC_ENOMEM, ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_future *async_sock_connect(async_loop *loop, int descriptor, const async_value *address);

/**
 * Accept a connection (accept4(2)).
 *
 * @param loop        the loop (lent)
 * @param descriptor  a socket that listens
 * @return future of a list of two: the new descriptor, non-blocking, the caller's to close, and the peer's address; a
 *         connection that nobody took from the future is closed with it (given)
 * @error  ASYNC_EOS, ASYNC_EINVAL, ASYNC_ECLOSED, ASYNC_ENOMEM, ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_future *async_sock_accept(async_loop *loop, int descriptor);

/**
 * Receive (recv(2)).
 *
 * @param loop        the loop (lent)
 * @param descriptor  a socket
 * @param most        how many bytes at most, at least 1
 * @return future of bytes; none of them at a stream's end (given)
 * @error  ASYNC_ERESET, ASYNC_EREFUSED, ASYNC_EOS, ASYNC_EINVAL, ASYNC_ECLOSED, ASYNC_ENOMEM, ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_future *async_sock_recv(async_loop *loop, int descriptor, size_t most);

/**
 * Receive into the caller's memory.
 *
 * @param loop        the loop (lent)
 * @param descriptor  a socket
 * @param buffer      room for the bytes; it must stay there until the future is done
 * @param size        how many bytes at most, at least 1
 * @return future of how many came (given)
 * @error  as async_sock_recv
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_future *async_sock_recv_into(async_loop *loop, int descriptor, void *buffer, size_t size);

/**
 * Receive a datagram with its sender (recvfrom(2)).
 *
 * @param loop        the loop (lent)
 * @param descriptor  a socket
 * @param most        how many bytes at most; a longer datagram is cut
 * @return future of a list of two: the bytes, and the sender's address or none (given)
 * @error  as async_sock_recv
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_future *async_sock_recvfrom(async_loop *loop, int descriptor, size_t most);

/**
 * Send all of it, however often that takes (send(2)).
 *
 * @param loop        the loop (lent)
 * @param descriptor  a socket
 * @param bytes       the first (lent), copied where it must wait
 * @param size        how many
 * @return future of none (given)
 * @error  ASYNC_ERESET, ASYNC_EOS, ASYNC_EINVAL, ASYNC_ECLOSED, ASYNC_ENOMEM, ASYNC_ETHREAD; how much was sent before a
 *         failure or a cancel is not known
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_future *async_sock_sendall(async_loop *loop, int descriptor, const void *bytes, size_t size);

/**
 * Send a datagram (sendto(2)).
 *
 * @param loop        the loop (lent)
 * @param descriptor  a socket
 * @param bytes       the first byte (lent), copied where it must wait
 * @param size        how many
 * @param address     to whom, an async_address (lent)
 * @return future of how many bytes were sent (given)
 * @error  as async_sock_sendall; ASYNC_ELIMIT for a datagram too long to be sent
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_future *async_sock_sendto(async_loop *loop, int descriptor, const void *bytes, size_t size,
                                          const async_value *address);

#ifdef __cplusplus
}
#endif

#endif
