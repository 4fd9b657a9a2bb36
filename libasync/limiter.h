/**
 * @file
 * A capacity limiter: so many may do something at a time, and that number can be changed while they do it.
 */
#ifndef LIBASYNC_LIMITER_H
#define LIBASYNC_LIMITER_H

#include "libasync/api.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A number of tokens that the tasks of one loop borrow. */
typedef struct async_limiter async_limiter;

/**
 * Make a limiter.
 *
 * @param loop    the loop it belongs to (lent)
 * @param tokens  how many may be borrowed at a time, not negative
 * @return the limiter, or NULL, and errno tells: EINVAL for a NULL loop or a negative number, ENOMEM, EPERM for a
 *         closed loop or one that another thread runs (given)
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_limiter *async_limiter_new(async_loop *loop, int64_t tokens);

/**
 * One more reference.
 *
 * @param limiter  a limiter, or NULL (lent)
 * @return the same (given)
 * @thread any
 * @since  0.1
 */
ASYNC_API async_limiter *async_limiter_ref(async_limiter *limiter);

/**
 * One reference less. Those that wait hold it too.
 *
 * @param taken  a limiter, or NULL (taken)
 * @return NULL
 * @thread any
 * @since  0.1
 */
ASYNC_API async_limiter *async_limiter_unref(async_limiter *taken);

/**
 * Borrow a token, at once when one is available and nobody stands in line. A cancel is told in the next turn, as in
 * asyncio; a waiter that was woken already then passes the token on to the next in line.
 *
 * @param limiter  the limiter (lent)
 * @return future of true, done once the token is borrowed (given)
 * @error  ASYNC_EINVAL for NULL, ASYNC_ENOMEM, ASYNC_ECLOSED, ASYNC_ETHREAD: then none is borrowed
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_future *async_limiter_acquire(async_limiter *limiter);

/**
 * Give a token back; the first in line is woken if that makes one available.
 *
 * @param limiter  the limiter (lent)
 * @return 0; ASYNC_ESTATE when none is borrowed, ASYNC_EINVAL for NULL, ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_limiter_release(async_limiter *limiter);

/**
 * Change how many tokens there are. More of them wake those in line; fewer take none away from those who have one, but
 * nobody gets one before enough are given back.
 *
 * @param limiter  the limiter (lent)
 * @param tokens   how many may be borrowed at a time, not negative
 * @return 0; ASYNC_EINVAL for NULL or a negative number, ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_limiter_set_tokens(async_limiter *limiter, int64_t tokens);

/**
 * How many tokens there are.
 *
 * @param limiter  a limiter (lent)
 * @return the number; 0 for NULL
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int64_t async_limiter_tokens(const async_limiter *limiter);

/**
 * How many are borrowed.
 *
 * @param limiter  a limiter (lent)
 * @return the number, those of waiters that were just woken included; 0 for NULL
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int64_t async_limiter_borrowed(const async_limiter *limiter);

/**
 * How many are left.
 *
 * @param limiter  a limiter (lent)
 * @return tokens less borrowed: negative while more are out than there now are; 0 for NULL
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int64_t async_limiter_available(const async_limiter *limiter);

/**
 * How many stand in line.
 *
 * @param limiter  a limiter (lent)
 * @return the number; 0 for NULL
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API size_t async_limiter_waiting(const async_limiter *limiter);

#ifdef __cplusplus
}
#endif

#endif
