/**
 * @file
 * Streams: bytes in order, both ways or one, over TCP, Unix sockets, pipes and terminals, with asyncio's words. Reading
 * pulls: nothing is taken from the kernel that nobody asked for, beyond what a read found behind its answer.
 *
 * What asyncio has as a reader and a writer is one handle here. One read at a time may wait; a second fails with
 * ASYNC_ESTATE. A read that is cancelled, times out or fails has taken nothing: the bytes are there for the next one.
 */
#ifndef LIBASYNC_STREAM_H
#define LIBASYNC_STREAM_H

#include "libasync/api.h"
#include "libasync/socket_options.h"

#ifdef __cplusplus
extern "C" {
#endif

/** An open connection, or one end of a pipe. */
typedef struct async_stream async_stream;

/**
 * Connect to a host: look its name up and try its addresses, a new one each quarter of a second until one answers
 * (Happy Eyeballs, RFC 8305).
 *
 * @param loop     the loop (lent)
 * @param host     name or address (lent)
 * @param port     1 … 65535
 * @param options  settings, or NULL (lent)
 * @return future of a stream; read it with async_value_stream (given)
 * @error  ASYNC_EREFUSED, ASYNC_EUNREACHABLE, ASYNC_ETIMEDOUT, ASYNC_ENONAME, ASYNC_EDNS, ASYNC_EOS, each naming host and
 *         port, and when several addresses failed, each of them; ASYNC_EINVAL for NULL or a port that is none;
 *         ASYNC_ECLOSED, ASYNC_ENOMEM, ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_future *async_open_connection(async_loop *loop, const char *host, int port,
                                              const async_socket_options *options);

/**
 * Connect to an address: an async_address, or one of async_getaddrinfo's.
 *
 * @param loop     the loop (lent)
 * @param address  of a host or of a Unix socket (lent)
 * @param options  settings, or NULL (lent)
 * @return future of a stream (given)
 * @error  as async_open_connection; ASYNC_EINVAL for what is no address
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_future *async_open_connection_to(async_loop *loop, const async_value *address,
                                                 const async_socket_options *options);

/**
 * Connect to a Unix socket.
 *
 * @param loop     the loop (lent)
 * @param path     its path (lent); "@name" is an abstract one
 * @param options  settings, or NULL (lent)
 * @return future of a stream (given)
 * @error  ASYNC_EREFUSED, ASYNC_EOS when there is no such path, each naming the path; ASYNC_EINVAL for NULL or a path of
 *         more than 107 bytes; ASYNC_EACCESS, ASYNC_ECLOSED, ASYNC_ENOMEM, ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_future *async_open_unix_connection(async_loop *loop, const char *path,
                                                   const async_socket_options *options);

/**
 * A stream on a descriptor that somebody else opened: a connected socket, one end of a pipe, a terminal or a FIFO. The
 * stream closes it. A socket or pipe is made non-blocking; a terminal and the standard streams are left as they are,
 * for other processes share them.
 *
 * @param loop        the loop (lent)
 * @param descriptor  an open descriptor, the stream's from now on; the caller's still when the call fails
 * @param options     settings, or NULL (lent)
 * @return the stream; NULL, and errno tells: EINVAL for a NULL loop or what cannot be a stream, EBADF, ENOMEM, EPERM
 *         for a closed loop or another thread (given)
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_stream *async_stream_adopt(async_loop *loop, int descriptor, const async_socket_options *options);

/**
 * Two streams connected to each other (socketpair(2)).
 *
 * @param loop    the loop (lent)
 * @param one     set to one end (given), or to NULL when the call fails
 * @param other   set to the other end (given), or to NULL
 * @return 0; ASYNC_EINVAL for NULL, ASYNC_EOS when there is no descriptor, ASYNC_ENOMEM, ASYNC_ECLOSED, ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_stream_pair(async_loop *loop, async_stream **one, async_stream **other);

/**
 * A pipe: what is written to one end is read from the other (pipe(2)).
 *
 * @param loop    the loop (lent)
 * @param reader  set to the end to read (given), or to NULL when the call fails
 * @param writer  set to the end to write (given), or to NULL
 * @return as async_stream_pair
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_stream_pipe(async_loop *loop, async_stream **reader, async_stream **writer);

/**
 * The program's standard input, output or error as a stream. Its flags stay as they are, and closing the stream leaves
 * the descriptor open, for it is everybody's. Redirected from or to a file, reads and writes take the time that the
 * disk takes. Its water marks are 0: a drain waits until all is sent, so that a program which ends after one loses
 * nothing.
 *
 * @param loop        the loop (lent)
 * @param descriptor  0, 1 or 2
 * @return the stream; NULL, and errno tells, as async_stream_adopt (given)
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_stream *async_stream_standard(async_loop *loop, int descriptor);

/**
 * The stream in a value, such as what async_open_connection gives.
 *
 * @param value  a value (lent)
 * @return the stream (lent by the value); NULL when it is none
 * @thread any
 * @since  0.1
 */
ASYNC_API async_stream *async_value_stream(const async_value *value);

/**
 * A stream as a value, to return it from a task or to put it in a queue.
 *
 * @param stream  the stream (lent)
 * @return the value, or NULL when there is no memory (given)
 * @thread any
 * @since  0.1
 */
ASYNC_API async_value *async_stream_value(async_stream *stream);

/**
 * One more reference.
 *
 * @param stream  a stream, or NULL (lent)
 * @return the same (given)
 * @thread any
 * @since  0.1
 */
ASYNC_API async_stream *async_stream_ref(async_stream *stream);

/**
 * One reference less. A stream that nobody closed is closed with its last one, and the loop's exception handler is told
 * which it was.
 *
 * @param taken  a stream, or NULL (taken)
 * @return NULL
 * @thread any
 * @since  0.1
 */
ASYNC_API async_stream *async_stream_unref(async_stream *taken);

/**
 * The loop of a stream.
 *
 * @param stream  a stream, or NULL (lent)
 * @return its loop (lent by the stream), or NULL
 * @thread any
 * @since  0.1
 */
ASYNC_API async_loop *async_stream_loop(const async_stream *stream);

/**
 * The descriptor, for socket options that have no function here. It stays the stream's.
 *
 * @param stream  a stream (lent)
 * @return the descriptor; -1 when the stream is closed, or for NULL
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_stream_descriptor(const async_stream *stream);

/**
 * The peer's address.
 *
 * @param stream  a stream (lent)
 * @return the address, also after the peer has gone; NULL where there is none, as for a pipe (given)
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_value *async_stream_peer(const async_stream *stream);

/**
 * Our own address.
 *
 * @param stream  a stream (lent)
 * @return the address; NULL where there is none, as for a pipe, and once it is closed (given)
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_value *async_stream_local(const async_stream *stream);

/* Reading */

/**
 * Read what is there: wait for the first bytes, and give what came with them.
 *
 * @param stream  the stream (lent)
 * @param most    how many bytes at most, at least 1
 * @return future of bytes; none of them at the end (given)
 * @error  ASYNC_ERESET, naming the peer; ASYNC_ETIMEDOUT when the settings' time has passed in silence; ASYNC_ESTATE
 *         while another read waits; ASYNC_ECLOSED when the stream is closed, before or meanwhile; ASYNC_EOS,
 *         ASYNC_EINVAL, ASYNC_ENOMEM, ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_future *async_stream_read(async_stream *stream, size_t most);

/**
 * The same, into the caller's memory.
 *
 * @param stream  the stream (lent)
 * @param buffer  room for the bytes; it must stay there until the future is done
 * @param size    how many bytes at most, at least 1
 * @return future of how many came; 0 at the end (given)
 * @error  as async_stream_read
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_future *async_stream_read_into(async_stream *stream, void *buffer, size_t size);

/**
 * Read a number of bytes.
 *
 * @param stream  the stream (lent)
 * @param size    how many, not bound by the limit
 * @return future of just as many bytes (given)
 * @error  ASYNC_EEND when the stream ended first: what came is there for async_stream_read; else as async_stream_read
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_future *async_stream_read_exactly(async_stream *stream, size_t size);

/**
 * Read to a separator, which is part of the answer.
 *
 * @param stream  the stream (lent)
 * @param bytes   the separator (lent), copied
 * @param size    its length, at least 1
 * @return future of the bytes up to the separator's end (given)
 * @error  ASYNC_EEND when the stream ended first, ASYNC_ELIMIT when the limit was reached first: what came is there for
 *         async_stream_read; else as async_stream_read
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_future *async_stream_read_until(async_stream *stream, const void *bytes, size_t size);

/**
 * Read a line with its "\n". The last line of a stream may lack it.
 *
 * @param stream  the stream (lent)
 * @return future of the line; no bytes at the end (given)
 * @error  ASYNC_ELIMIT when the line is longer than the limit: what came is there for async_stream_read; else as
 *         async_stream_read
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_future *async_stream_read_line(async_stream *stream);

/**
 * Read to the end.
 *
 * @param stream  the stream (lent)
 * @return future of all bytes, not bound by the limit (given)
 * @error  as async_stream_read
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_future *async_stream_read_all(async_stream *stream);

/**
 * Wait until async_stream_read_now has something to give: bytes, the end or an error. For hosts that read into memory
 * of their own making.
 *
 * @param stream  the stream (lent)
 * @return future of none; done already when there are bytes at hand (given)
 * @error  ASYNC_ESTATE while another read waits; ASYNC_ETIMEDOUT, ASYNC_ECLOSED, ASYNC_ENOMEM, ASYNC_ETHREAD,
 *         ASYNC_EINVAL
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_future *async_stream_wait_readable(async_stream *stream);

/**
 * Read without waiting: what is at hand, else what the kernel has.
 *
 * @param stream  the stream (lent)
 * @param buffer  room for the bytes
 * @param size    how many bytes at most, at least 1
 * @return how many; 0 at the end; ASYNC_EEMPTY when there is nothing yet, ASYNC_ESTATE while a read waits, and the
 *         errors of async_stream_read, async_stream_message has the words
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int64_t async_stream_read_now(async_stream *stream, void *buffer, size_t size);

/**
 * Whether the end has been read.
 *
 * @param stream  a stream (lent)
 * @return true when no byte is left and none will come, and for NULL
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API bool async_stream_at_eof(const async_stream *stream);

/* Writing */

/**
 * Write: what the kernel takes at once is sent at once, the rest is kept and sent as the peer takes it. Await
 * async_stream_drain between writes, or what is kept grows without limit.
 *
 * @param stream  the stream (lent)
 * @param bytes   the first (lent); what must be kept is copied
 * @param size    how many
 * @return 0; ASYNC_ERESET when the peer is gone, ASYNC_ECLOSED, ASYNC_ESTATE after async_stream_write_eof, ASYNC_EOS,
 *         ASYNC_ENOMEM when there is no room to keep the rest, ASYNC_EINVAL, ASYNC_ETHREAD; async_stream_message has
 *         the words
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_stream_write(async_stream *stream, const void *bytes, size_t size);

/**
 * Write a value's text or bytes; what must be kept is the value, not a copy.
 *
 * @param stream  the stream (lent)
 * @param taken   text, bytes or an object that reads as them, or a list of these, sent together (taken)
 * @return as async_stream_write; ASYNC_EINVAL for other values
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_stream_write_value(async_stream *stream, async_value *taken);

/**
 * Write several pieces as one (writev(2)).
 *
 * @param stream  the stream (lent)
 * @param pieces  the first byte of each (lent)
 * @param sizes   how many bytes each has (lent)
 * @param count   how many pieces
 * @return as async_stream_write
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_stream_write_pieces(async_stream *stream, const void *const *pieces, const size_t *sizes,
                                        size_t count);

/**
 * Wait until there is room for more: done at once while no more is unsent than the high mark, else when no more is
 * unsent than the low one.
 *
 * @param stream  the stream (lent)
 * @return future of none (given)
 * @error  ASYNC_ERESET when the peer is gone; ASYNC_ETIMEDOUT when it took nothing for the settings' time;
 *         ASYNC_ECLOSED, ASYNC_EOS, ASYNC_ENOMEM, ASYNC_ETHREAD, ASYNC_EINVAL
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_future *async_stream_drain(async_stream *stream);

/**
 * How much is written and not sent yet.
 *
 * @param stream  a stream (lent)
 * @return bytes; 0 for NULL
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API size_t async_stream_unsent(const async_stream *stream);

/**
 * Send part of a file, by the kernel alone where it can (sendfile(2)), behind what was written before.
 *
 * @param stream  the stream (lent)
 * @param file    a descriptor of a regular file, open for reading; the caller's, and open until the future is done
 * @param offset  where in the file to begin, not negative
 * @param count   how many bytes; negative for all to the file's end
 * @return future of how many were sent, fewer where the file is shorter (given)
 * @error  ASYNC_ESTATE while another file is on its way; ASYNC_EINVAL for what is no file; else as async_stream_drain.
 *         A cancel stops it where it is.
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_future *async_stream_sendfile(async_stream *stream, int file, int64_t offset, int64_t count);

/**
 * End our half: the peer reads the end once it has read what was written. Reading goes on.
 *
 * @param stream  the stream (lent)
 * @return 0, also the second time; ASYNC_EINVAL where it has no halves, as a terminal; ASYNC_ECLOSED, ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_stream_write_eof(async_stream *stream);

/**
 * Whether async_stream_write_eof can be.
 *
 * @param stream  a stream (lent)
 * @return true for sockets and for the writing end of a pipe
 * @thread any
 * @since  0.1
 */
ASYNC_API bool async_stream_can_write_eof(const async_stream *stream);

/* Settings while it is open */

/**
 * As async_socket_options_set_limit.
 *
 * @param stream  the stream (lent)
 * @param size    bytes, at least 1
 * @return 0; ASYNC_EINVAL, ASYNC_ENOMEM, ASYNC_ECLOSED, ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_stream_set_limit(async_stream *stream, size_t size);

/**
 * As async_socket_options_set_water_marks.
 *
 * @param stream  the stream (lent)
 * @param high    bytes
 * @param low     bytes, at most as many
 * @return 0; ASYNC_EINVAL, ASYNC_ENOMEM, ASYNC_ECLOSED, ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_stream_set_water_marks(async_stream *stream, size_t high, size_t low);

/**
 * As async_socket_options_set_timeouts, for the next read, and from now on for what is unsent.
 *
 * @param stream         the stream (lent)
 * @param read_seconds   longest silence within a read; ASYNC_FOREVER for no limit
 * @param write_seconds  longest time without progress while data is unsent; ASYNC_FOREVER for no limit
 * @return 0; ASYNC_EINVAL, ASYNC_ENOMEM, ASYNC_ECLOSED, ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_stream_set_timeouts(async_stream *stream, double read_seconds, double write_seconds);

/**
 * As async_socket_options_set_nodelay.
 *
 * @param stream   the stream (lent)
 * @param nodelay  whether
 * @return 0; ASYNC_EINVAL for NULL or what is no TCP stream, ASYNC_ECLOSED, ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_stream_set_nodelay(async_stream *stream, bool nodelay);

/**
 * As async_socket_options_set_keepalive.
 *
 * @param stream   the stream (lent)
 * @param seconds  silence before the first question and between questions; 0: never ask
 * @return 0; ASYNC_EINVAL for NULL, another time or what is no TCP stream, ASYNC_ECLOSED, ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_stream_set_keepalive(async_stream *stream, double seconds);

/* The end */

/**
 * Close: who reads is told ASYNC_ECLOSED at once, and no more can be written. What was written is still sent, as the
 * peer takes it, and then the descriptor is closed; async_stream_wait_closed tells when. Set a write time limit for
 * peers that take nothing. What is unsent when the loop closes is lost, and reported to its exception handler.
 *
 * @param stream  the stream (lent)
 * @return 0, also the second time and after the loop's close; ASYNC_EINVAL for NULL, ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_stream_close(async_stream *stream);

/**
 * Close at once: what is unsent is lost, and a TCP peer is told by a reset if there was any.
 *
 * @param stream  the stream (lent)
 * @return as async_stream_close
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_stream_abort(async_stream *stream);

/**
 * Whether async_stream_close or async_stream_abort was called, or the loop closed.
 *
 * @param stream  a stream (lent)
 * @return true from then on, and for NULL
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API bool async_stream_is_closing(const async_stream *stream);

/**
 * Wait until the descriptor is closed and all that could be sent is.
 *
 * @param stream  the stream (lent)
 * @return future of none (given)
 * @error  the error that kept written data from being sent: ASYNC_ERESET, ASYNC_ETIMEDOUT, ASYNC_EOS; ASYNC_ECLOSED
 *         when data was unsent at the loop's close; ASYNC_EINVAL for NULL
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_future *async_stream_wait_closed(async_stream *stream);

/**
 * The words of the error that the stream met last, or of its last refusal of a write, with the peer's address.
 *
 * @param stream  a stream (lent)
 * @return one line, such as "127.0.0.1:80: the peer reset the connection"; "" when there was none (lent until the
 *         stream's next call)
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API const char *async_stream_message(const async_stream *stream);

#ifdef __cplusplus
}
#endif

#endif
