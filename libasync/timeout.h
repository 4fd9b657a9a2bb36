/**
 * @file
 * A time limit on part of a task: a scope that several awaits share. For the limit on one future see async_wait_for.
 *
 * A step opens the scope and ends in async_try; the step that this leads to closes it and hears whether time was up:
 *
 *     scope->limit = async_timeout_open(task, 1.0);
 *     return async_try(task, fetch(scope), finish);
 *     ...
 *     error = async_timeout_close(scope->limit, task);    // ASYNC_ETIMEDOUT, or what async_caught tells
 */
#ifndef LIBASYNC_TIMEOUT_H
#define LIBASYNC_TIMEOUT_H

#include "libasync/api.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A scope with a time limit. */
typedef struct async_timeout async_timeout;

/**
 * Open a scope: when the time is up, the task is cancelled, once.
 *
 * @param task     the running task (lent)
 * @param seconds  time limit from now, finite and not negative; ASYNC_FOREVER for none yet
 * @return the scope, to be closed in the same task; NULL for NULL or an impossible limit, or without memory (given)
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_timeout *async_timeout_open(async_task *task, double seconds);

/**
 * Move the limit.
 *
 * @param timeout  the scope (lent)
 * @param when     a time of async_loop_time's clock; one that has passed means the next turn; ASYNC_FOREVER for none
 * @return 0; ASYNC_EINVAL for NULL or a time that is not finite, ASYNC_ESTATE when the limit was reached, ASYNC_ENOMEM,
 *         ASYNC_ECLOSED, ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_timeout_reschedule(async_timeout *timeout, double when);

/**
 * When the limit is.
 *
 * @param timeout  the scope (lent)
 * @return a time of async_loop_time's clock; ASYNC_FOREVER when there is none, and for NULL
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API double async_timeout_when(const async_timeout *timeout);

/**
 * Whether the limit was reached.
 *
 * @param timeout  the scope (lent)
 * @return true from then on
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API bool async_timeout_is_expired(const async_timeout *timeout);

/**
 * Close a scope and tell how what was tried in it ended. Its own cancel is taken back; one that somebody else asked for
 * as well stays a cancel, as in asyncio.
 *
 * @param taken  the scope; NULL counts as one without a limit (taken)
 * @param task   the running task (lent); NULL in a clean-up, where nobody asks for the answer
 * @return 0, or what async_caught tells, with ASYNC_ETIMEDOUT in place of the cancel that the limit caused
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_timeout_close(async_timeout *taken, async_task *task);

#ifdef __cplusplus
}
#endif

#endif
