/**
 * @file
 * A semaphore: a number of tokens; who takes one when there is none stands in line, first in, first out.
 */
#ifndef LIBASYNC_SEMAPHORE_H
#define LIBASYNC_SEMAPHORE_H

#include "libasync/api.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A number of tokens that the tasks of one loop take and give back. */
typedef struct async_semaphore async_semaphore;

/**
 * Make a semaphore. It may be released more often than it was acquired, which adds tokens.
 *
 * @param loop   the loop it belongs to (lent)
 * @param value  how many tokens there are to begin with, not negative
 * @return the semaphore, or NULL, and errno tells: EINVAL for a NULL loop or a negative value, ENOMEM, EPERM for a
 *         closed loop or one that another thread runs (given)
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_semaphore *async_semaphore_new(async_loop *loop, int64_t value);

/**
 * Make a semaphore that never has more tokens than it began with, so that one release too many is an error.
 *
 * @param loop   the loop it belongs to (lent)
 * @param value  how many tokens there are, not negative
 * @return as async_semaphore_new (given)
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_semaphore *async_semaphore_new_bounded(async_loop *loop, int64_t value);

/**
 * One more reference.
 *
 * @param semaphore  a semaphore, or NULL (lent)
 * @return the same (given)
 * @thread any
 * @since  0.1
 */
ASYNC_API async_semaphore *async_semaphore_ref(async_semaphore *semaphore);

/**
 * One reference less. Those that wait hold it too.
 *
 * @param taken  a semaphore, or NULL (taken)
 * @return NULL
 * @thread any
 * @since  0.1
 */
ASYNC_API async_semaphore *async_semaphore_unref(async_semaphore *taken);

/**
 * Take a token, at once when there is one and nobody stands in line. A cancel is told in the next turn, as in asyncio;
 * a waiter that was woken already then passes the token on to the next in line.
 *
 * @param semaphore  the semaphore (lent)
 * @return future of true, done once the token is taken (given)
 * @error  ASYNC_EINVAL for NULL, ASYNC_ENOMEM, ASYNC_ECLOSED, ASYNC_ETHREAD: then none is taken
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_future *async_semaphore_acquire(async_semaphore *semaphore);

/**
 * Give a token back, or a new one; the first in line is woken.
 *
 * @param semaphore  the semaphore (lent)
 * @return 0; ASYNC_ESTATE when a bounded one has all its tokens, ASYNC_EINVAL for NULL, ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_semaphore_release(async_semaphore *semaphore);

/**
 * Whether who asks for a token now would have to wait.
 *
 * @param semaphore  a semaphore (lent)
 * @return true when there is no token or somebody stands in line; false for NULL
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API bool async_semaphore_is_locked(const async_semaphore *semaphore);

#ifdef __cplusplus
}
#endif

#endif
