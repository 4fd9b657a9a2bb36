/**
 * @file
 * Datagrams: UDP and Unix, connected or not, sent and received in batches (recvmmsg(2), sendmmsg(2)).
 *
 * What is sent within a turn leaves together at its end. Receiving pulls, one receive at a time; what nobody asks for
 * waits in the kernel, which drops what it has no room for, as datagrams may be dropped.
 */
#ifndef LIBASYNC_DATAGRAM_H
#define LIBASYNC_DATAGRAM_H

#include "libasync/api.h"
#include "libasync/socket_options.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A datagram socket. */
typedef struct async_datagram async_datagram;

/**
 * A socket that receives at an address of this machine: asyncio's create_datagram_endpoint with a local address.
 *
 * @param loop     the loop (lent)
 * @param host     name or address of this machine (lent); NULL or "" for all its addresses
 * @param port     0 … 65535; 0 lets the system choose one
 * @param options  settings, or NULL (lent)
 * @return future of a datagram socket; read it with async_value_datagram (given)
 * @error  ASYNC_EINUSE, ASYNC_EACCESS, ASYNC_EOS, ASYNC_ENONAME, ASYNC_EDNS, each naming host and port; ASYNC_EINVAL,
 *         ASYNC_ECLOSED, ASYNC_ENOMEM, ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_future *async_bind_datagram(async_loop *loop, const char *host, int port,
                                            const async_socket_options *options);

/**
 * A socket that talks to one peer: asyncio's create_datagram_endpoint with a remote address.
 *
 * @param loop     the loop (lent)
 * @param host     the peer's name or address (lent)
 * @param port     1 … 65535
 * @param options  settings, or NULL (lent)
 * @return future of a datagram socket (given)
 * @error  ASYNC_EUNREACHABLE, ASYNC_EOS, ASYNC_ENONAME, ASYNC_EDNS, each naming host and port; ASYNC_EINVAL,
 *         ASYNC_ECLOSED, ASYNC_ENOMEM, ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_future *async_connect_datagram(async_loop *loop, const char *host, int port,
                                               const async_socket_options *options);

/**
 * A datagram socket of given addresses, Unix ones too. A Unix path that it is bound to is removed when it closes.
 *
 * @param loop     the loop (lent)
 * @param local    where to receive, an async_address; NULL for the system's choice (lent)
 * @param peer     the one to talk to, an async_address; NULL for anybody (lent)
 * @param options  settings, or NULL (lent)
 * @return the socket; NULL, and errno tells: EINVAL for a NULL loop, no address at all or two families; EPERM for a closed
 *         loop or another thread; ENOMEM, and what socket(2), bind(2) and connect(2) say (given)
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_datagram *async_datagram_open(async_loop *loop, const async_value *local, const async_value *peer,
                                              const async_socket_options *options);

/**
 * A datagram socket that somebody else opened. The handle closes it.
 *
 * @param loop        the loop (lent)
 * @param descriptor  the socket, the handle's from now on; the caller's still when the call fails
 * @param options     settings, or NULL (lent)
 * @return the socket; NULL, and errno tells: EINVAL for a NULL loop or what is no datagram socket, EBADF, ENOMEM, EPERM for
 *         a closed loop or another thread (given)
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_datagram *async_datagram_adopt(async_loop *loop, int descriptor, const async_socket_options *options);

/**
 * The datagram socket in a value, such as what async_bind_datagram gives.
 *
 * @param value  a value (lent)
 * @return the socket (lent by the value); NULL when it is none
 * @thread any
 * @since  0.1
 */
ASYNC_API async_datagram *async_value_datagram(const async_value *value);

/**
 * A datagram socket as a value.
 *
 * @param datagram  the socket (lent)
 * @return the value, or NULL when there is no memory (given)
 * @thread any
 * @since  0.1
 */
ASYNC_API async_value *async_datagram_value(async_datagram *datagram);

/**
 * One more reference.
 *
 * @param datagram  a socket, or NULL (lent)
 * @return the same (given)
 * @thread any
 * @since  0.1
 */
ASYNC_API async_datagram *async_datagram_ref(async_datagram *datagram);

/**
 * One reference less. A socket that nobody closed is closed with its last one, and the loop's exception handler is told.
 *
 * @param taken  a socket, or NULL (taken)
 * @return NULL
 * @thread any
 * @since  0.1
 */
ASYNC_API async_datagram *async_datagram_unref(async_datagram *taken);

/**
 * The loop of a socket.
 *
 * @param datagram  a socket, or NULL (lent)
 * @return its loop (lent by the socket), or NULL
 * @thread any
 * @since  0.1
 */
ASYNC_API async_loop *async_datagram_loop(const async_datagram *datagram);

/**
 * The descriptor, for socket options that have no function here. It stays the handle's.
 *
 * @param datagram  a socket (lent)
 * @return the descriptor; -1 when it is closed, or for NULL
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_datagram_descriptor(const async_datagram *datagram);

/**
 * Our own address.
 *
 * @param datagram  a socket (lent)
 * @return the address; NULL once it is closed (given)
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_value *async_datagram_local(const async_datagram *datagram);

/**
 * The address of the one peer that it talks to.
 *
 * @param datagram  a socket (lent)
 * @return the address; NULL for a socket that is not connected (given)
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_value *async_datagram_peer(const async_datagram *datagram);

/**
 * Receive the next datagram.
 *
 * @param datagram  the socket (lent)
 * @return future of a list of two: its bytes, whole, and the sender's address, none where it has no name (given)
 * @error  ASYNC_EREFUSED when a connected peer's host said that nobody listens, naming the peer; ASYNC_ESTATE while another
 *         receive waits; ASYNC_ECLOSED when it is closed, before or meanwhile; ASYNC_ETIMEDOUT by the settings' read time;
 *         ASYNC_EOS, ASYNC_ENOMEM, ASYNC_ETHREAD, ASYNC_EINVAL
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_future *async_datagram_receive(async_datagram *datagram);

/**
 * Receive what is there: wait for the first datagram, and take those that came with it. Read them with
 * async_datagram_bytes and async_datagram_sender until the next receive; async_datagram_reply answers one.
 *
 * @param datagram  the socket (lent)
 * @param most      how many at most, 1 … 1024
 * @return future of how many came (given)
 * @error  as async_datagram_receive
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_future *async_datagram_receive_batch(async_datagram *datagram, int most);

/**
 * A datagram of the last batch.
 *
 * @param datagram  the socket (lent)
 * @param index     which, from 0
 * @param length    set to the number of bytes; may be NULL
 * @return the first byte; NULL, with length 0, when there is no such one (lent until the next receive)
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API const void *async_datagram_bytes(const async_datagram *datagram, int index, size_t *length);

/**
 * Who sent a datagram of the last batch.
 *
 * @param datagram  the socket (lent)
 * @param index     which, from 0
 * @return the address; NULL when there is no such one, it has no name or there is no memory (given)
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_value *async_datagram_sender(const async_datagram *datagram, int index);

/**
 * Send a datagram to the peer of a connected socket. It leaves at the turn's end, with the others of the turn.
 *
 * @param datagram  the socket (lent)
 * @param bytes     the first byte (lent), copied
 * @param size      how many, at most 65,507 over UDP; none is a datagram too
 * @return 0; ASYNC_ESTATE when it is not connected, ASYNC_EFULL when more is unsent than the high mark, ASYNC_ELIMIT for one
 *         too long to be sent, ASYNC_ECLOSED, ASYNC_ENOMEM, ASYNC_EINVAL, ASYNC_ETHREAD. async_datagram_message has the
 *         words. What the network says later, the next receive tells.
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_datagram_send(async_datagram *datagram, const void *bytes, size_t size);

/**
 * Send a datagram to an address.
 *
 * @param datagram  the socket (lent)
 * @param bytes     the first byte (lent), copied
 * @param size      how many
 * @param address   to whom, an async_address (lent)
 * @return as async_datagram_send; ASYNC_EINVAL for what is no address of the socket's family
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_datagram_send_to(async_datagram *datagram, const void *bytes, size_t size,
                                     const async_value *address);

/**
 * Answer a datagram of the last batch: send to whom it came from.
 *
 * @param datagram  the socket (lent)
 * @param index     which, from 0
 * @param bytes     the first byte (lent), copied; those of async_datagram_bytes may be sent back
 * @param size      how many
 * @return as async_datagram_send; ASYNC_EINVAL when there is no such one, or it has no name
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_datagram_reply(async_datagram *datagram, int index, const void *bytes, size_t size);

/**
 * Wait until there is room to send: done at once while less is unsent than the high mark, else when no more is unsent than
 * the low one.
 *
 * @param datagram  the socket (lent)
 * @return future of none (given)
 * @error  ASYNC_ETIMEDOUT by the settings' write time, ASYNC_ECLOSED, ASYNC_ENOMEM, ASYNC_ETHREAD, ASYNC_EINVAL
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_future *async_datagram_drain(async_datagram *datagram);

/**
 * Receive what is sent to a multicast group (RFC 1112, RFC 3493 section 5.2).
 *
 * @param datagram   the socket (lent)
 * @param group      the group, an async_address (lent)
 * @param interface  name of an interface, such as "eth0"; NULL for the system's choice (lent)
 * @return 0; ASYNC_EINVAL for what is no group of the socket's family or no interface, ASYNC_EOS, ASYNC_ECLOSED,
 *         ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_datagram_join(async_datagram *datagram, const async_value *group, const char *interface);

/**
 * No longer receive what is sent to a multicast group.
 *
 * @param datagram   the socket (lent)
 * @param group      the group, an async_address (lent)
 * @param interface  as given to async_datagram_join
 * @return as async_datagram_join; ASYNC_EOS when it was no member
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_datagram_leave(async_datagram *datagram, const async_value *group, const char *interface);

/**
 * How what this socket sends to multicast groups travels.
 *
 * @param datagram   the socket (lent)
 * @param interface  name of the interface it leaves by; NULL for the system's choice (lent)
 * @param hops       how many routers it may pass, 0 … 255; the system's default is 1
 * @param loopback   whether members on this machine hear it too
 * @return 0; ASYNC_EINVAL, ASYNC_EOS, ASYNC_ECLOSED, ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_datagram_set_multicast(async_datagram *datagram, const char *interface, int hops, bool loopback);

/**
 * The words of the last send, send_to or reply that was refused.
 *
 * @param datagram  a socket (lent)
 * @return one line that names whom it was about, such as "127.0.0.1:80: a datagram of 70000 bytes, and the longest has
 *         65507"; "" when none was refused (lent until the socket's next call)
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API const char *async_datagram_message(const async_datagram *datagram);

/**
 * Close: who receives is told ASYNC_ECLOSED, and what was sent leaves if the kernel takes it now.
 *
 * @param datagram  the socket (lent)
 * @return 0, also the second time and after the loop's close; ASYNC_EINVAL for NULL, ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_datagram_close(async_datagram *datagram);

/**
 * Whether it was closed.
 *
 * @param datagram  a socket (lent)
 * @return true once it is, and for NULL
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API bool async_datagram_is_closed(const async_datagram *datagram);

#ifdef __cplusplus
}
#endif

#endif
