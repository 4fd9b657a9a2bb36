/**
 * @file
 * A flag to wait for: those that wait go on once somebody sets it, and nobody waits while it is set.
 */
#ifndef LIBASYNC_EVENT_H
#define LIBASYNC_EVENT_H

#include "libasync/api.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A flag that tasks of one loop wait for. */
typedef struct async_event async_event;

/**
 * Make an event that is not set.
 *
 * @param loop  the loop it belongs to (lent)
 * @return the event, or NULL, and errno tells: EINVAL for a NULL loop, ENOMEM, EPERM for a closed loop
 *         or one that another thread runs (given)
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_event *async_event_new(async_loop *loop);

/**
 * One more reference.
 *
 * @param event  an event, or NULL (lent)
 * @return the same (given)
 * @thread any
 * @since  0.1
 */
ASYNC_API async_event *async_event_ref(async_event *event);

/**
 * One reference less. Those that wait hold it too.
 *
 * @param taken  an event, or NULL (taken)
 * @return NULL
 * @thread any
 * @since  0.1
 */
ASYNC_API async_event *async_event_unref(async_event *taken);

/**
 * Set the flag: everybody who waits goes on, in the order of their coming, also if it is cleared again at once.
 *
 * @param event  the event (lent)
 * @return 0, also when it is set already; ASYNC_EINVAL for NULL, ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_event_set(async_event *event);

/**
 * Take the flag back: who waits from now on waits for the next set.
 *
 * @param event  the event (lent)
 * @return 0, also when it is not set; ASYNC_EINVAL for NULL, ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_event_clear(async_event *event);

/**
 * Whether the flag is set.
 *
 * @param event  an event (lent)
 * @return true when it is; false for NULL
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API bool async_event_is_set(const async_event *event);

/**
 * Wait until the flag is set.
 *
 * @param event  the event (lent)
 * @return future of true, done already while the flag is set (given)
 * @error  ASYNC_EINVAL for NULL, ASYNC_ENOMEM, ASYNC_ECLOSED, ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_future *async_event_wait(async_event *event);

#ifdef __cplusplus
}
#endif

#endif
