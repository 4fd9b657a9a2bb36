/**
 * @file
 * A lock for the tasks of one loop: one holds it at a time, the others stand in line, first in, first out.
 *
 * It belongs to nobody in particular: who holds it may have it released by another. It guards what a task does across
 * its awaits; between two awaits nobody interferes anyway. It is no lock between threads.
 */
#ifndef LIBASYNC_LOCK_H
#define LIBASYNC_LOCK_H

#include "libasync/api.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A lock for the tasks of one loop. */
typedef struct async_lock async_lock;

/**
 * Make a lock that is free.
 *
 * @param loop  the loop it belongs to (lent)
 * @return the lock, or NULL, and errno tells: EINVAL for a NULL loop, ENOMEM, EPERM for a closed loop
 *         or one that another thread runs (given)
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_lock *async_lock_new(async_loop *loop);

/**
 * One more reference.
 *
 * @param lock  a lock, or NULL (lent)
 * @return the same (given)
 * @thread any
 * @since  0.1
 */
ASYNC_API async_lock *async_lock_ref(async_lock *lock);

/**
 * One reference less. Those that wait hold it too.
 *
 * @param taken  a lock, or NULL (taken)
 * @return NULL
 * @thread any
 * @since  0.1
 */
ASYNC_API async_lock *async_lock_unref(async_lock *taken);

/**
 * Take the lock, at once when it is free and nobody stands in line. A cancel is told in the next turn, as in asyncio; a
 * waiter that was woken already then passes the lock on to the next in line.
 *
 * @param lock  the lock (lent)
 * @return future of true, done once the lock is held; whoever asked for it must release it (given)
 * @error  ASYNC_EINVAL for NULL, ASYNC_ENOMEM, ASYNC_ECLOSED, ASYNC_ETHREAD: then it is not held
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_future *async_lock_acquire(async_lock *lock);

/**
 * Let the lock go; the first in line is woken.
 *
 * @param lock  the lock (lent)
 * @return 0; ASYNC_ESTATE when nobody holds it, ASYNC_EINVAL for NULL, ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_lock_release(async_lock *lock);

/**
 * Whether somebody holds the lock. Between a release and the turn of the one it woke, nobody does, yet nobody can
 * overtake him.
 *
 * @param lock  a lock (lent)
 * @return true while it is held; false for NULL
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API bool async_lock_is_locked(const async_lock *lock);

#ifdef __cplusplus
}
#endif

#endif
