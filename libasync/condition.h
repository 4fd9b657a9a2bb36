/**
 * @file
 * A condition variable: wait, while giving up a lock, until somebody who holds the lock tells of a change.
 *
 * A wait may end without a notify, as when the task that was notified was cancelled; so look at what you wait for in a
 * loop: while it does not hold, wait again.
 */
#ifndef LIBASYNC_CONDITION_H
#define LIBASYNC_CONDITION_H

#include "libasync/api.h"
#include "libasync/lock.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A lock and those who wait for a change of what it guards. */
typedef struct async_condition async_condition;

/**
 * Make a condition.
 *
 * @param loop  the loop it belongs to (lent)
 * @param lock  a lock of that loop, perhaps shared with other conditions (lent; the condition keeps a reference); NULL
 *              for one of its own
 * @return the condition, or NULL, and errno tells: EINVAL for a NULL loop or a lock of another loop, ENOMEM, EPERM for
 *         a closed loop or one that another thread runs (given)
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_condition *async_condition_new(async_loop *loop, async_lock *lock);

/**
 * One more reference.
 *
 * @param condition  a condition, or NULL (lent)
 * @return the same (given)
 * @thread any
 * @since  0.1
 */
ASYNC_API async_condition *async_condition_ref(async_condition *condition);

/**
 * One reference less. Those that wait hold it too.
 *
 * @param taken  a condition, or NULL (taken)
 * @return NULL
 * @thread any
 * @since  0.1
 */
ASYNC_API async_condition *async_condition_unref(async_condition *taken);

/**
 * The lock of a condition.
 *
 * @param condition  a condition (lent)
 * @return its lock; NULL for NULL (lent by the condition)
 * @thread any
 * @since  0.1
 */
ASYNC_API async_lock *async_condition_lock(const async_condition *condition);

/**
 * Take the condition's lock: as async_lock_acquire.
 *
 * @param condition  the condition (lent)
 * @return future of true, done once the lock is held (given)
 * @error  as async_lock_acquire
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_future *async_condition_acquire(async_condition *condition);

/**
 * Let the condition's lock go: as async_lock_release.
 *
 * @param condition  the condition (lent)
 * @return 0; ASYNC_ESTATE when nobody holds it, ASYNC_EINVAL for NULL, ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_condition_release(async_condition *condition);

/**
 * Whether somebody holds the condition's lock.
 *
 * @param condition  a condition (lent)
 * @return true while it is held; false for NULL
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API bool async_condition_is_locked(const async_condition *condition);

/**
 * Let the lock go and wait to be notified. The lock is held again before the wait ends, also when it was cancelled: the
 * cancel is told after that. A notify that met a cancelled wait goes to the next one.
 *
 * @param condition  the condition, its lock held (lent)
 * @return future of true (given)
 * @error  ASYNC_ESTATE when the lock is not held, ASYNC_EINVAL for NULL, ASYNC_ENOMEM, ASYNC_ETHREAD: the lock is then
 *         as it was. ASYNC_ECLOSED also ends a wait: nobody is left to hold the lock
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_future *async_condition_wait(async_condition *condition);

/**
 * Wake some of those that wait. They go on one by one, as they get the lock.
 *
 * @param condition  the condition, its lock held (lent)
 * @param count      at most how many, first come first
 * @return 0, also when nobody waits; ASYNC_ESTATE when the lock is not held, ASYNC_EINVAL for NULL, ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_condition_notify(async_condition *condition, size_t count);

/**
 * Wake all that wait.
 *
 * @param condition  the condition, its lock held (lent)
 * @return as async_condition_notify
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_condition_notify_all(async_condition *condition);

#ifdef __cplusplus
}
#endif

#endif
