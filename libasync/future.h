/**
 * @file
 * Futures: results that are there or will be. One makes them by hand as promises; operations and tasks are futures too.
 *
 * What starts work always gives a future. If it cannot start, the future has already failed; where not even a future
 * can be made (no memory, no loop, wrong thread), it is an immortal failed one that any loop may await.
 */
#ifndef LIBASYNC_FUTURE_H
#define LIBASYNC_FUTURE_H

#include "libasync/api.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Hears that a future is done; always from the loop's queue, never inside the call that completed it. */
typedef void async_done_callback(async_future *future, void *user);

/**
 * Make a promise: a future that you will resolve, fail or cancel.
 *
 * @param loop  the loop it belongs to (lent)
 * @return a pending future, or a failed one: ASYNC_EINVAL, ASYNC_ENOMEM, ASYNC_ECLOSED, ASYNC_ETHREAD (given)
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_future *async_future_new(async_loop *loop);

/**
 * One more reference.
 *
 * @param future  a future, or NULL (lent)
 * @return the same (given)
 * @thread any
 * @since  0.1
 */
ASYNC_API async_future *async_future_ref(async_future *future);

/**
 * One reference less. It never cancels: what is under way goes on to its end.
 *
 * @param taken  a future, or NULL (taken)
 * @return NULL, so that `future = async_future_unref(future)` leaves no dangling pointer
 * @thread any
 * @since  0.1
 */
ASYNC_API async_future *async_future_unref(async_future *taken);

/**
 * Complete a promise with a value.
 *
 * @param future  a promise of yours (lent)
 * @param taken   the value; NULL fails it with ASYNC_ENOMEM (taken)
 * @return 0; ASYNC_ESTATE when it is done already, ASYNC_EINVAL for NULL or a future that is no promise, ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_future_resolve(async_future *future, async_value *taken);

/**
 * Complete a promise with a failure.
 *
 * @param future   a promise of yours (lent)
 * @param error    a negative ASYNC_E… code; ASYNC_ECANCELED is what async_future_cancel does
 * @param message  UTF-8, copied (lent); NULL for the code's own text
 * @return 0; ASYNC_EINVAL for a code that is not negative, else as async_future_resolve
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_future_fail(async_future *future, int error, const char *message);

/**
 * Complete a promise with a failure that is already a value.
 *
 * @param future  a promise of yours (lent)
 * @param taken   an error value; NULL fails it with ASYNC_ENOMEM (taken)
 * @return 0; ASYNC_EINVAL when the value is no error, else as async_future_resolve
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_future_fail_with(async_future *future, async_value *taken);

/**
 * Cancel: a promise or an operation ends at once with ASYNC_ECANCELED; a task is asked to, and hears of it where it
 * waits, the innermost operation first; gather and wait_for pass it on to what they wait for, as asyncio's do.
 *
 * @param future   the future (lent)
 * @param message  why, copied (lent); may be NULL
 * @return 0 when the cancel was taken; ASYNC_ESTATE when it is done already, ASYNC_EINVAL for NULL, ASYNC_ETHREAD,
 *         ASYNC_ENOMEM when the message could not be kept (it is cancelled without one)
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_future_cancel(async_future *future, const char *message);

/**
 * Whether the outcome is there.
 *
 * @param future  a future (lent)
 * @return true once it has a value, failed or was cancelled; false for NULL
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API bool async_future_is_done(const async_future *future);

/**
 * Whether it ended by a cancel.
 *
 * @param future  a future (lent)
 * @return true when it is done and was cancelled
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API bool async_future_is_cancelled(const async_future *future);

/**
 * The value of a future that succeeded.
 *
 * @param future  a future (lent)
 * @return the value; NULL when it is pending or failed: async_future_error tells (lent by the future)
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_value *async_future_value(async_future *future);

/**
 * How a future ended. Reading an error marks it as read.
 *
 * @param future  a future (lent)
 * @return 0 for success; ASYNC_ESTATE while it is pending, ASYNC_EINVAL for NULL, ASYNC_ETHREAD; else its error
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_future_error(async_future *future);

/**
 * The message of a failure. Reading it marks the failure as read.
 *
 * @param future  a future (lent)
 * @return its message; "" when it succeeded; a sentence that says so while it is pending (lent by the future)
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API const char *async_future_message(async_future *future);

/**
 * The failure as a value, with the host's own error if it carries one. Reading it marks the failure as read.
 *
 * @param future  a future (lent)
 * @return an error value, or NULL when the future is pending or succeeded (lent by the future)
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_value *async_future_failure(async_future *future);

/**
 * Declare a failure as read, now or to come: it is not reported when the last reference goes.
 *
 * @param future  a future (lent)
 * @return 0; ASYNC_EINVAL for NULL, ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_future_mark_read(async_future *future);

/**
 * The loop a future belongs to.
 *
 * @param future  a future (lent)
 * @return its loop, also after that was closed; NULL for an immortal failed future (lent by the future)
 * @thread any
 * @since  0.1
 */
ASYNC_API async_loop *async_future_loop(const async_future *future);

/**
 * Call back once the future is done; if it is done already, in the next turn. Callbacks run in the order registered.
 *
 * @param future    the future (lent)
 * @param callback  what to call
 * @param user      passed to it
 * @param destroy   cleans `user` up after the call, or when it will not come; may be NULL
 * @return 0; ASYNC_EINVAL for NULL or a future without a loop, ASYNC_ENOMEM, ASYNC_ECLOSED, ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_future_on_done(async_future *future, async_done_callback *callback, void *user,
                                   async_destroy *destroy);

/**
 * Take callbacks back that have not been queued yet. Their `destroy` runs in this call.
 *
 * @param future    the future (lent)
 * @param callback  as registered
 * @param user      as registered
 * @return how many were removed; ASYNC_EINVAL for NULL, ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_future_remove_done(async_future *future, async_done_callback *callback, void *user);

/**
 * Run the loop until a future is done.
 *
 * @param loop    the loop (lent)
 * @param future  a future of this loop, or an immortal failed one (lent)
 * @return 0 when it succeeded, else its error; ASYNC_ESTOPPED when the loop was stopped first, ASYNC_EFOREIGN for a
 *         future of another loop, otherwise as async_loop_run
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_loop_run_until(async_loop *loop, async_future *future);

/**
 * A future that succeeds with none after a time. The loop keeps running meanwhile. Cancelling it stops its timer.
 *
 * @param loop     the loop (lent)
 * @param seconds  finite and not negative; 0 lets everything that is ready have one turn
 * @return the future, failed with ASYNC_EINVAL for a delay that is negative, infinite or not a number (given)
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_future *async_sleep(async_loop *loop, double seconds);

#ifdef __cplusplus
}
#endif

#endif
