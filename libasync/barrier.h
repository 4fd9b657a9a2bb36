/**
 * @file
 * A barrier: tasks wait at it until so many have come, then all go on together, and it can be used again.
 */
#ifndef LIBASYNC_BARRIER_H
#define LIBASYNC_BARRIER_H

#include "libasync/api.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A place where a fixed number of tasks of one loop wait for each other. */
typedef struct async_barrier async_barrier;

/**
 * Make a barrier.
 *
 * @param loop     the loop it belongs to (lent)
 * @param parties  how many must come, at least 1
 * @return the barrier, or NULL, and errno tells: EINVAL for a NULL loop or fewer parties than 1, ENOMEM, EPERM for a
 *         closed loop or one that another thread runs (given)
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_barrier *async_barrier_new(async_loop *loop, int64_t parties);

/**
 * One more reference.
 *
 * @param barrier  a barrier, or NULL (lent)
 * @return the same (given)
 * @thread any
 * @since  0.1
 */
ASYNC_API async_barrier *async_barrier_ref(async_barrier *barrier);

/**
 * One reference less. Those that wait hold it too.
 *
 * @param taken  a barrier, or NULL (taken)
 * @return NULL
 * @thread any
 * @since  0.1
 */
ASYNC_API async_barrier *async_barrier_unref(async_barrier *taken);

/**
 * Come to the barrier and wait for the others. The last to come does not wait. Who comes while those before are still
 * leaving waits for them first. Who is cancelled does not count as come.
 *
 * @param barrier  the barrier (lent)
 * @return future of an int from 0 to parties - 1, different for each: the order of their coming (given)
 * @error  ASYNC_EBROKEN when it is reset or aborted meanwhile, or was aborted before; ASYNC_EINVAL for NULL,
 *         ASYNC_ENOMEM, ASYNC_ECLOSED, ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_future *async_barrier_wait(async_barrier *barrier);

/**
 * Make it as good as new, an aborted one too. Who waits at it fails with ASYNC_EBROKEN.
 *
 * @param barrier  the barrier (lent)
 * @return 0; ASYNC_EINVAL for NULL, ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_barrier_reset(async_barrier *barrier);

/**
 * Break it, as when one of the parties will not come. Who waits at it, and who comes later, fails with ASYNC_EBROKEN.
 *
 * @param barrier  the barrier (lent)
 * @return 0; ASYNC_EINVAL for NULL, ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_barrier_abort(async_barrier *barrier);

/**
 * How many must come.
 *
 * @param barrier  a barrier (lent)
 * @return the number it was made with; 0 for NULL
 * @thread any
 * @since  0.1
 */
ASYNC_API int64_t async_barrier_parties(const async_barrier *barrier);

/**
 * How many wait at it for the others.
 *
 * @param barrier  a barrier (lent)
 * @return the number; 0 while those of the last time are leaving, when it is broken, and for NULL
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int64_t async_barrier_waiting(const async_barrier *barrier);

/**
 * Whether it was aborted.
 *
 * @param barrier  a barrier (lent)
 * @return true from async_barrier_abort to async_barrier_reset; false for NULL
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API bool async_barrier_is_broken(const async_barrier *barrier);

#ifdef __cplusplus
}
#endif

#endif
