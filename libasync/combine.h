/**
 * @file
 * Many futures as one: gather their values, or wait for them without minding how they end.
 */
#ifndef LIBASYNC_COMBINE_H
#define LIBASYNC_COMBINE_H

#include "libasync/api.h"

#ifdef __cplusplus
extern "C" {
#endif

/** List failures as error values beside the values, instead of failing with the first. */
#define ASYNC_GATHER_KEEP_ERRORS 1u

/** Wait until every one is done. */
#define ASYNC_ALL_COMPLETED 0u
/** Wait until at least one is done. */
#define ASYNC_FIRST_COMPLETED 1u
/** Wait until at least one has failed, or every one is done. */
#define ASYNC_FIRST_EXCEPTION 2u
/** As a time limit: none. */
#define ASYNC_FOREVER (-1.0)

/**
 * Wait until every future is done; the loop keeps running meanwhile. A future given twice is awaited once and listed
 * twice. Cancelling the gather cancels those that still run, and it ends when they have ended.
 *
 * @param loop   loop that all of them belong to (lent)
 * @param taken  the futures, in the order wanted for the answers (taken)
 * @param count  how many; with none, the answer is an empty list
 * @param flags  0, or ASYNC_GATHER_KEEP_ERRORS to list failures beside the values instead of failing
 * @return future of a list of their values, in the order given (given)
 * @error  the first failure, at once; the others run on, as in asyncio: use a task group where none may outlive it.
 *         ASYNC_EINVAL for NULL or unknown flags, ASYNC_EFOREIGN for a future of another loop, ASYNC_ENOMEM
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_future *async_gather(async_loop *loop, async_future *const *taken, size_t count, uint32_t flags);

/**
 * Wait for futures without minding how they end; a failure among them stays unread. Neither a cancel of the wait nor its
 * time limit touches them.
 *
 * @param loop             loop that all of them belong to (lent)
 * @param taken            the futures (taken)
 * @param count            how many, at least one
 * @param when             ASYNC_ALL_COMPLETED, ASYNC_FIRST_COMPLETED or ASYNC_FIRST_EXCEPTION
 * @param timeout_seconds  time limit, finite; ASYNC_FOREVER for none. Reaching it is no error
 * @return future of a list of bools, in the order given: whether each is done (given)
 * @error  ASYNC_EINVAL for NULL, no futures, an unknown `when` or an impossible limit, ASYNC_EFOREIGN, ASYNC_ENOMEM
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_future *async_wait(async_loop *loop, async_future *const *taken, size_t count, uint32_t when,
                                   double timeout_seconds);

#ifdef __cplusplus
}
#endif

#endif
