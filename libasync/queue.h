/**
 * @file
 * Queues: some tasks put values in, others get them out, and who finds it full or empty waits, first in, first out.
 */
#ifndef LIBASYNC_QUEUE_H
#define LIBASYNC_QUEUE_H

#include "libasync/api.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A queue of values between the tasks of one loop. */
typedef struct async_queue async_queue;

/** First in, first out. */
#define ASYNC_QUEUE_FIFO 0
/** Last in, first out. */
#define ASYNC_QUEUE_LIFO 1
/** The lowest first; see async_queue_put for the order. */
#define ASYNC_QUEUE_PRIORITY 2

/**
 * Make an empty queue.
 *
 * @param loop      the loop it belongs to (lent)
 * @param capacity  how many values it holds at most; 0 for no limit
 * @param kind      ASYNC_QUEUE_FIFO, ASYNC_QUEUE_LIFO or ASYNC_QUEUE_PRIORITY
 * @return the queue, or NULL, and errno tells: EINVAL for a NULL loop, a negative capacity or an unknown kind, ENOMEM,
 *         EPERM for a closed loop or one that another thread runs (given)
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_queue *async_queue_new(async_loop *loop, int64_t capacity, int kind);

/**
 * One more reference.
 *
 * @param queue  a queue, or NULL (lent)
 * @return the same (given)
 * @thread any
 * @since  0.1
 */
ASYNC_API async_queue *async_queue_ref(async_queue *queue);

/**
 * One reference less. The values in it go with the last one. Those that wait hold it too.
 *
 * @param taken  a queue, or NULL (taken)
 * @return NULL
 * @thread any
 * @since  0.1
 */
ASYNC_API async_queue *async_queue_unref(async_queue *taken);

/**
 * Put a value in, as soon as there is room. A put that is cancelled before that puts nothing.
 *
 * The order of a priority queue: numbers and bools by size, texts and bytes byte by byte, lists by their first items
 * that differ. Values that are equal leave in the order they came. What cannot be compared with what it meets in the
 * queue (an opaque object with another, a text with a number, not-a-number, an error, lists nested deeper than 64) is
 * refused.
 *
 * @param queue  the queue (lent)
 * @param taken  the value; NULL fails with ASYNC_ENOMEM (taken)
 * @return future of none, done already when there was room (given)
 * @error  ASYNC_ESHUTDOWN when the queue was shut down, ASYNC_EINVAL for NULL or what cannot be compared, ASYNC_ENOMEM,
 *         ASYNC_ECLOSED, ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_future *async_queue_put(async_queue *queue, async_value *taken);

/**
 * Put a value in now.
 *
 * @param queue  the queue (lent)
 * @param taken  the value; NULL fails with ASYNC_ENOMEM (taken)
 * @return 0; ASYNC_EFULL when there is no room, else as async_queue_put
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_queue_put_nowait(async_queue *queue, async_value *taken);

/**
 * Get the next value, as soon as there is one. A get that is cancelled before that takes nothing out.
 *
 * @param queue  the queue (lent)
 * @return future of the value, done already when there was one (given)
 * @error  ASYNC_ESHUTDOWN when the queue was shut down and nothing is left in it, ASYNC_EINVAL for NULL, ASYNC_ENOMEM,
 *         ASYNC_ECLOSED, ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_future *async_queue_get(async_queue *queue);

/**
 * Get the next value now.
 *
 * @param queue  the queue (lent)
 * @param value  set to the value (given), or to NULL when the call fails
 * @return 0; ASYNC_EEMPTY when there is none, ASYNC_ESHUTDOWN when there is none and the queue was shut down,
 *         ASYNC_EINVAL for NULL, ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_queue_get_nowait(async_queue *queue, async_value **value);

/**
 * How many values are in it.
 *
 * @param queue  a queue (lent)
 * @return the number; 0 for NULL
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API size_t async_queue_size(const async_queue *queue);

/**
 * How many values it holds at most.
 *
 * @param queue  a queue (lent)
 * @return the number it was made with, 0 for no limit; 0 for NULL
 * @thread any
 * @since  0.1
 */
ASYNC_API int64_t async_queue_capacity(const async_queue *queue);

/**
 * Whether nothing is in it.
 *
 * @param queue  a queue (lent)
 * @return true when it is empty; true for NULL
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API bool async_queue_is_empty(const async_queue *queue);

/**
 * Whether there is no room in it.
 *
 * @param queue  a queue (lent)
 * @return true when it holds all it can; false for one without a limit and for NULL
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API bool async_queue_is_full(const async_queue *queue);

/**
 * Tell that what was got out of it is worked off, once for each value.
 *
 * @param queue  the queue (lent)
 * @return 0; ASYNC_ESTATE when told more often than values were put in, ASYNC_EINVAL for NULL, ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_queue_task_done(async_queue *queue);

/**
 * Wait until everything that was put in is worked off.
 *
 * @param queue  the queue (lent)
 * @return future of none, done already when nothing is outstanding (given)
 * @error  ASYNC_EINVAL for NULL, ASYNC_ENOMEM, ASYNC_ECLOSED, ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_future *async_queue_join(async_queue *queue);

/**
 * Let nothing more in. Who waits to put fails with ASYNC_ESHUTDOWN, who waits to get once nothing is left.
 *
 * @param queue      the queue (lent)
 * @param immediate  throw away what is in it, as if it were worked off
 * @return 0, also the second time; ASYNC_EINVAL for NULL, ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_queue_shutdown(async_queue *queue, bool immediate);

#ifdef __cplusplus
}
#endif

#endif
