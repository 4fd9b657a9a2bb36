/**
 * @file
 * A broadcast channel: each value that is sent reaches every receiver that has subscribed, in order.
 *
 * Sending never waits. The channel keeps the last values, as many as its capacity, for receivers that are behind. One
 * that falls behind further loses the oldest: its next receive fails once with ASYNC_ELAGGED, whose message tells how
 * many it missed, and then goes on with the oldest that is still kept.
 */
#ifndef LIBASYNC_BROADCAST_H
#define LIBASYNC_BROADCAST_H

#include "libasync/api.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A channel on which values are sent. */
typedef struct async_broadcast async_broadcast;
/** One who hears what is sent from the moment it subscribed. */
typedef struct async_receiver async_receiver;

/**
 * Make a channel without receivers.
 *
 * @param loop      the loop it belongs to (lent)
 * @param capacity  how many values a receiver may be behind without loss, at least 1
 * @return the channel, or NULL, and errno tells: EINVAL for a NULL loop or a capacity below 1, ENOMEM, EPERM for a
 *         closed loop or one that another thread runs (given)
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_broadcast *async_broadcast_new(async_loop *loop, int64_t capacity);

/**
 * One more reference.
 *
 * @param broadcast  a broadcast, or NULL (lent)
 * @return the same (given)
 * @thread any
 * @since  0.1
 */
ASYNC_API async_broadcast *async_broadcast_ref(async_broadcast *broadcast);

/**
 * One reference less. Receivers hold it too. It never closes the channel.
 *
 * @param taken  a broadcast, or NULL (taken)
 * @return NULL
 * @thread any
 * @since  0.1
 */
ASYNC_API async_broadcast *async_broadcast_unref(async_broadcast *taken);

/**
 * Send a value to all who have subscribed so far. Without any it is dropped.
 *
 * @param broadcast  the channel (lent)
 * @param taken      the value; NULL fails with ASYNC_ENOMEM (taken)
 * @return 0; ASYNC_ECLOSED when the channel or the loop is closed, ASYNC_EINVAL for NULL, ASYNC_ENOMEM, ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_broadcast_send(async_broadcast *broadcast, async_value *taken);

/**
 * Close the channel. Receivers still get what is kept for them, then fail with ASYNC_ECLOSED.
 *
 * @param broadcast  the channel (lent)
 * @return 0, also the second time; ASYNC_EINVAL for NULL, ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_broadcast_close(async_broadcast *broadcast);

/**
 * Receive from now on.
 *
 * @param broadcast  the channel; a closed one too (lent)
 * @return the receiver, or NULL, and errno tells: EINVAL for NULL, ENOMEM, EPERM for a closed loop or one that another
 *         thread runs (given)
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_receiver *async_broadcast_subscribe(async_broadcast *broadcast);

/**
 * One more reference.
 *
 * @param receiver  a receiver, or NULL (lent)
 * @return the same (given)
 * @thread any
 * @since  0.1
 */
ASYNC_API async_receiver *async_receiver_ref(async_receiver *receiver);

/**
 * One reference less. With the last one it unsubscribes. Those that wait hold it too.
 *
 * @param taken  a receiver, or NULL (taken)
 * @return NULL
 * @thread any
 * @since  0.1
 */
ASYNC_API async_receiver *async_receiver_unref(async_receiver *taken);

/**
 * Receive the next value, as soon as it is sent. A receive that is cancelled before that loses nothing.
 *
 * @param receiver  the receiver (lent)
 * @return future of the value, done already when one was kept (given)
 * @error  ASYNC_ELAGGED, once, when values were lost; ASYNC_ECLOSED when the channel is closed and nothing is left, or
 *         the loop is closed; ASYNC_EINVAL for NULL, ASYNC_ENOMEM, ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_future *async_receiver_next(async_receiver *receiver);

/**
 * How many values a receiver has lost because it was too slow, all in all.
 *
 * @param receiver  a receiver (lent)
 * @return the number that it was told of; 0 for NULL
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API uint64_t async_receiver_missed(const async_receiver *receiver);

#ifdef __cplusplus
}
#endif

#endif
