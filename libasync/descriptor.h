/**
 * @file
 * Descriptors of anybody's making, awaited: until one can be read or written. Any number may wait for the same one, and
 * async_loop_add_reader may watch it besides. The descriptor stays its owner's.
 */
#ifndef LIBASYNC_DESCRIPTOR_H
#define LIBASYNC_DESCRIPTOR_H

#include "libasync/api.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Wait until a descriptor can be read without blocking: there is something, the end, an error, or somebody to accept.
 *
 * @param loop        the loop (lent)
 * @param descriptor  an open descriptor, no regular file; the library neither reads nor closes it
 * @return future of none (given)
 * @error  ASYNC_ECLOSED once async_notify_closing was told; ASYNC_EINVAL when it is not open or cannot be waited for,
 *         ASYNC_ENOMEM, ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_future *async_wait_readable(async_loop *loop, int descriptor);

/**
 * Wait until a descriptor can be written without blocking; otherwise as async_wait_readable.
 *
 * @param loop        the loop (lent)
 * @param descriptor  an open descriptor, no regular file
 * @return future of none (given)
 * @error  as async_wait_readable
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_future *async_wait_writable(async_loop *loop, int descriptor);

/**
 * Tell the loop that a descriptor is about to be closed: who waits for it is told ASYNC_ECLOSED, and its watches end.
 * Call it before close(2), for afterwards the number may be somebody else's.
 *
 * @param loop        the loop (lent)
 * @param descriptor  a descriptor; one that nobody waits for is nothing to tell
 * @return 0; ASYNC_EINVAL for NULL or a negative number, ASYNC_ECLOSED, ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_notify_closing(async_loop *loop, int descriptor);

#ifdef __cplusplus
}
#endif

#endif
