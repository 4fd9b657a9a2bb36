/**
 * @file
 * The loop: a first-in first-out queue of callbacks, timers and watched descriptors, with asyncio's words.
 *
 * A loop belongs to the thread that runs it while it runs, and to one thread at a time, by the caller's care, while it
 * stands still. Calls marked "the loop's" fail with ASYNC_ETHREAD in any other thread of a running loop. Every
 * registration takes a `destroy` for its `user` pointer, which runs exactly once, also when the registration fails.
 *
 * To hand over a loop that stands still, stop using it and what belongs to it, references included, until the other
 * thread runs it; from then on whatever any thread may do is possible again.
 */
#ifndef LIBASYNC_LOOP_H
#define LIBASYNC_LOOP_H

#include "libasync/api.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Hears of errors that nobody else can receive: a failure nobody read, a task destroyed while pending.
 *
 * @param loop     where it happened (lent)
 * @param source   the future or task concerned, or NULL (lent)
 * @param error    a negative ASYNC_E… code
 * @param message  one line that names the task and tells what happened (lent)
 * @param user     as given with the handler
 */
typedef void async_exception_handler(async_loop *loop, async_future *source, int error, const char *message,
                                     void *user);

/**
 * Make a loop. It holds a few descriptors until it is closed.
 *
 * @return the loop, or NULL when there is no memory or no descriptor; errno tells (given)
 * @thread any
 * @since  0.1
 */
ASYNC_API async_loop *async_loop_new(void);

/**
 * One more reference.
 *
 * @param loop  a loop, or NULL (lent)
 * @return the same (given)
 * @thread any
 * @since  0.1
 */
ASYNC_API async_loop *async_loop_ref(async_loop *loop);

/**
 * One reference less. A loop nobody closed is abandoned with its last reference; see async_loop_abandon.
 *
 * @param taken  a loop, or NULL (taken)
 * @return NULL
 * @thread any
 * @since  0.1
 */
ASYNC_API async_loop *async_loop_unref(async_loop *taken);

/**
 * Close: refuse new work, cancel every task, turn the queue until it is empty, then end what is pending with
 * ASYNC_ECLOSED. A task that awaits once more after its cancel is dropped and its state destroyed. Handles that are
 * still held stay readable. Closing a closed loop does nothing.
 *
 * @param loop  the loop (lent)
 * @return 0; ASYNC_EINVAL for NULL, ASYNC_ERUNNING while it runs, ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_loop_close(async_loop *loop);

/**
 * Close without running a single step or callback: asyncio's loop.close(). Tasks that have not ended are reported to
 * the exception handler as destroyed while pending, and their states destroyed.
 *
 * @param loop  the loop (lent)
 * @return as async_loop_close
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_loop_abandon(async_loop *loop);

/**
 * Whether the loop was closed.
 *
 * @param loop  a loop (lent)
 * @return true once a close has begun, and for NULL
 * @thread any
 * @since  0.1
 */
ASYNC_API bool async_loop_is_closed(const async_loop *loop);

/**
 * Whether the loop is running, in any thread.
 *
 * @param loop  a loop (lent)
 * @return true between the begin and the end of a run
 * @thread any
 * @since  0.1
 */
ASYNC_API bool async_loop_is_running(const async_loop *loop);

/**
 * Run until async_loop_stop, also when there is nothing to do: asyncio's run_forever.
 *
 * @param loop  the loop (lent)
 * @return 0 when stopped; ASYNC_EINVAL for NULL, ASYNC_ECLOSED, ASYNC_ERUNNING when this loop or another one runs in
 *         this thread, ASYNC_ETHREAD when it runs in another
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_loop_run(async_loop *loop);

/**
 * End the run after the turn in progress: what is ready now still runs. Stopping a loop that stands still makes its
 * next run one turn long.
 *
 * @param loop  the loop (lent)
 * @return 0; ASYNC_EINVAL for NULL, ASYNC_ECLOSED, ASYNC_ETHREAD: post a callback that stops it instead
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_loop_stop(async_loop *loop);

/**
 * The clock that timers go by.
 *
 * @param loop  the loop (lent)
 * @return seconds of a monotonic clock, read now, of NULL too; or of the test clock
 * @thread any
 * @since  0.1
 */
ASYNC_API double async_loop_time(async_loop *loop);

/** As a time limit: none. */
#define ASYNC_FOREVER (-1.0)

/** A clock: the system's monotonic one. */
#define ASYNC_CLOCK_REAL 0
/** A clock that stands still until async_loop_advance moves it: for tests. */
#define ASYNC_CLOCK_MANUAL 1
/** A clock that jumps to the next timer when there is nothing else to do, so that sleeps take no time: for tests. */
#define ASYNC_CLOCK_JUMPING 2

/**
 * Choose the clock that a loop goes by. A test clock begins at 0, whole and exact.
 *
 * @param loop   the loop, before its first timer (lent)
 * @param clock  ASYNC_CLOCK_REAL, ASYNC_CLOCK_MANUAL or ASYNC_CLOCK_JUMPING
 * @return 0; ASYNC_EINVAL for NULL or another clock, ASYNC_ESTATE while timers are set, ASYNC_ECLOSED, ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_loop_set_clock(async_loop *loop, int clock);

/**
 * Move a test clock on. On a loop that stands still this also runs it: what is ready, then each timer that falls due,
 * in order and at its own time, with all that follows from it. Inside a run the clock only moves; what has fallen due
 * follows.
 *
 * @param loop     the loop (lent)
 * @param seconds  by how much, finite and not negative
 * @return 0; ASYNC_ESTOPPED when async_loop_stop ended it, the clock then stands where that was; ASYNC_EINVAL,
 *         ASYNC_ESTATE when the loop has a real clock, ASYNC_ERUNNING when this thread runs another loop,
 *         ASYNC_ECLOSED, ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_loop_advance(async_loop *loop, double seconds);

/**
 * Call back in the next turn.
 *
 * @param loop      the loop (lent)
 * @param callback  what to call
 * @param user      passed to it
 * @param destroy   cleans `user` up after the call, or when it will not come; may be NULL
 * @return 0; ASYNC_EINVAL for NULL, ASYNC_ENOMEM, ASYNC_ECLOSED, ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_loop_call_soon(async_loop *loop, async_callback *callback, void *user, async_destroy *destroy);

/**
 * Call back on the loop's thread, soon, waking the loop if it sleeps. Calls from one thread keep their order.
 *
 * @param loop      the loop (lent)
 * @param callback  what to call
 * @param user      passed to it
 * @param destroy   cleans `user` up, on the loop's thread, or in this call if it fails; may be NULL
 * @return 0; ASYNC_EINVAL for NULL, ASYNC_ENOMEM, ASYNC_ECLOSED
 * @thread any
 * @since  0.1
 */
ASYNC_API int async_loop_call_soon_threadsafe(async_loop *loop, async_callback *callback, void *user,
                                              async_destroy *destroy);

/**
 * Call back after a time. Equal times call in the order asked for.
 *
 * @param loop      the loop (lent)
 * @param seconds   delay from now, finite and not negative
 * @param callback  what to call
 * @param user      passed to it
 * @param destroy   cleans `user` up after the call, or when it will not come; may be NULL
 * @param timer     set to a handle that can cancel it (given), or to NULL when the call fails; may be NULL
 * @return 0; ASYNC_EINVAL for a delay that is negative, infinite or not a number, or for NULL; ASYNC_ENOMEM,
 *         ASYNC_ECLOSED, ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_loop_call_later(async_loop *loop, double seconds, async_callback *callback, void *user,
                                    async_destroy *destroy, async_timer **timer);

/**
 * Call back at a time of async_loop_time's clock; a time that has passed means the next turn.
 *
 * @param loop      the loop (lent)
 * @param seconds   when, finite
 * @param callback  what to call
 * @param user      passed to it
 * @param destroy   cleans `user` up after the call, or when it will not come; may be NULL
 * @param timer     set to a handle that can cancel it (given), or to NULL when the call fails; may be NULL
 * @return as async_loop_call_later
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_loop_call_at(async_loop *loop, double seconds, async_callback *callback, void *user,
                                 async_destroy *destroy, async_timer **timer);

/**
 * Call off a timer. Its `destroy` runs in this call.
 *
 * @param timer  the timer (lent)
 * @return 0; ASYNC_ESTATE when it has fired or was cancelled; ASYNC_EINVAL for NULL, ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_timer_cancel(async_timer *timer);

/**
 * When a timer is due.
 *
 * @param timer  the timer (lent)
 * @return seconds of async_loop_time's clock, also after it fired; 0 for NULL
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API double async_timer_when(const async_timer *timer);

/**
 * One more reference.
 *
 * @param timer  a timer, or NULL (lent)
 * @return the same (given)
 * @thread any
 * @since  0.1
 */
ASYNC_API async_timer *async_timer_ref(async_timer *timer);

/**
 * One reference less. Dropping the handle does not cancel the timer.
 *
 * @param taken  a timer, or NULL (taken)
 * @return NULL
 * @thread any
 * @since  0.1
 */
ASYNC_API async_timer *async_timer_unref(async_timer *taken);

/**
 * Call back each time a descriptor can be read, until it is removed; replaces an earlier one. Remove it before the
 * descriptor is closed. Regular files cannot be watched.
 *
 * @param loop        the loop (lent)
 * @param descriptor  an open descriptor
 * @param callback    what to call, at most once a turn
 * @param user        passed to it
 * @param destroy     cleans `user` up when the watch ends; may be NULL
 * @return 0; ASYNC_EINVAL for NULL or a descriptor that is not open or cannot be watched, ASYNC_ENOMEM, ASYNC_ECLOSED,
 *         ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_loop_add_reader(async_loop *loop, int descriptor, async_callback *callback, void *user,
                                    async_destroy *destroy);

/**
 * End a watch for reading.
 *
 * @param loop        the loop (lent)
 * @param descriptor  the descriptor
 * @return 0; ASYNC_ESTATE when there was none; ASYNC_EINVAL for NULL, ASYNC_ECLOSED, ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_loop_remove_reader(async_loop *loop, int descriptor);

/**
 * Call back each time a descriptor can be written, until it is removed; otherwise as async_loop_add_reader.
 *
 * @param loop        the loop (lent)
 * @param descriptor  an open descriptor
 * @param callback    what to call, at most once a turn
 * @param user        passed to it
 * @param destroy     cleans `user` up when the watch ends; may be NULL
 * @return as async_loop_add_reader
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_loop_add_writer(async_loop *loop, int descriptor, async_callback *callback, void *user,
                                    async_destroy *destroy);

/**
 * End a watch for writing.
 *
 * @param loop        the loop (lent)
 * @param descriptor  the descriptor
 * @return as async_loop_remove_reader
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_loop_remove_writer(async_loop *loop, int descriptor);

/**
 * Say who hears of errors that nobody can receive. Without a handler each is one line on stderr.
 *
 * @param loop     the loop (lent)
 * @param handler  the new handler; NULL for the default
 * @param user     passed to it
 * @param destroy  cleans `user` up when another handler comes or the loop is gone; may be NULL
 * @return 0; ASYNC_EINVAL for NULL, ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_loop_set_exception_handler(async_loop *loop, async_exception_handler *handler, void *user,
                                               async_destroy *destroy);

/**
 * Report an error to the loop's exception handler: for callbacks whose own error nobody can receive.
 *
 * @param loop     the loop (lent)
 * @param source   the future or task concerned; may be NULL (lent)
 * @param error    a negative ASYNC_E… code
 * @param message  one line (lent); NULL for the code's own text
 * @return 0; ASYNC_EINVAL for a NULL loop, ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_loop_call_exception_handler(async_loop *loop, async_future *source, int error, const char *message);

/**
 * Be told when the loop is about to sleep in the kernel and when it woke, so that a host can let go of its own lock
 * meanwhile and look at its signals after. Not called where the loop polls without sleeping.
 *
 * @param loop      the loop (lent)
 * @param on_block  called just before; may be NULL
 * @param on_wake   called right after, before anything runs; it may stop the loop; may be NULL
 * @param user      passed to both
 * @return 0, also when the loop is closed; ASYNC_EINVAL for NULL, ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_loop_set_block_hooks(async_loop *loop, async_callback *on_block, async_callback *on_wake,
                                         void *user);

#ifdef __cplusplus
}
#endif

#endif
