/**
 * @file
 * Futures made of futures: gather their values, wait for them without minding how they end, take them as they end,
 * limit the time of one or protect it from a cancel.
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

/**
 * Wait until every future is done; the loop keeps running meanwhile. A future given twice is awaited once and listed
 * twice. Cancelling the gather cancels those that still run, and it ends when the first of them was cancelled or, where
 * errors are kept, when all have ended.
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
 * Wait for futures without minding how they end; a failure among them stays unread. Neither a cancel of the wait nor
 * its time limit touches them.
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

/**
 * Wait for a future, but not longer than a time. When that has passed the future is cancelled, and the wait ends when
 * it has ended; one that ends otherwise in spite of the cancel passes that on.
 *
 * @param loop             the loop (lent)
 * @param taken            the future (taken)
 * @param timeout_seconds  time limit from now, finite and not negative, 0 for no wait; ASYNC_FOREVER for none
 * @return future that ends as the awaited one does (given)
 * @error  ASYNC_ETIMEDOUT when the limit was reached; ASYNC_EINVAL for NULL or an impossible limit, ASYNC_EFOREIGN
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_future *async_wait_for(async_loop *loop, async_future *taken, double timeout_seconds);

/**
 * Wait for a future until a deadline, which several operations may share; otherwise as async_wait_for.
 *
 * @param loop   the loop (lent)
 * @param taken  the future (taken)
 * @param when   a time of async_loop_time's clock, finite; one that has passed means no wait
 * @return future that ends as the awaited one does (given)
 * @error  as async_wait_for
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_future *async_wait_until(async_loop *loop, async_future *taken, double when);

/**
 * Protect a future from the cancel of whoever waits for it: the answer is cancelled, the future runs on.
 *
 * @param loop   the loop (lent)
 * @param taken  the future (taken)
 * @return future that ends as the protected one does; one that is done is given back itself (given)
 * @error  ASYNC_EINVAL for NULL, ASYNC_EFOREIGN, ASYNC_ENOMEM
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_future *async_shield(async_loop *loop, async_future *taken);

/**
 * Take futures in the order in which they end, through async_completions_next.
 *
 * @param loop             loop that all of them belong to (lent)
 * @param taken            the futures (taken)
 * @param count            how many
 * @param timeout_seconds  time limit for all of them, finite; ASYNC_FOREVER for none
 * @return the row of them; NULL for NULL, a future of another loop, an impossible limit, no memory, a closed loop or a
 *         wrong thread: async_completions_next of NULL tells nothing more (given)
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_completions *async_as_completed(async_loop *loop, async_future *const *taken, size_t count,
                                                double timeout_seconds);

/**
 * Wait for the next of them to end, however it does. Several may wait at once; they are served in order.
 *
 * @param completions  the row (lent)
 * @return future of an int: the place, from 0, of the one that ended (given)
 * @error  ASYNC_ETIMEDOUT when the time limit is reached, ASYNC_ESTATE when every one was handed out; ASYNC_EINVAL for
 *         NULL, ASYNC_ECLOSED, ASYNC_ETHREAD, ASYNC_ENOMEM
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_future *async_completions_next(async_completions *completions);

/**
 * One of the futures, by its place.
 *
 * @param completions  the row (lent)
 * @param index        from 0
 * @return the future, or NULL when there is none (lent by the row)
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_future *async_completions_item(const async_completions *completions, size_t index);

/**
 * How many were not handed out yet.
 *
 * @param completions  the row (lent)
 * @return the number; 0 for NULL
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API size_t async_completions_left(const async_completions *completions);

/**
 * One more reference.
 *
 * @param completions  a row, or NULL (lent)
 * @return the same (given)
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_completions *async_completions_ref(async_completions *completions);

/**
 * One reference less. It cancels none of the futures.
 *
 * @param taken  a row, or NULL (taken)
 * @return NULL
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_completions *async_completions_unref(async_completions *taken);

#ifdef __cplusplus
}
#endif

#endif
