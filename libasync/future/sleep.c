/* A sleep is a future with a timer. The running timer holds a reference, so a sleep nobody awaits ends tidily too. */
#include "libasync/future/internal.h"

#include <math.h>

static const struct future_class sleeper_class;

/* Who waits was last touched when it fell asleep. Let memory fetch it for a later sleeper, a task's two lines, while
 * this one wakes: of a million, each wakes a third sooner. The queue's own node has no ops and is no sleeper. */
static void prefetch_waiter(const async_loop *loop)
{
    const struct node *later = loop->batch.next->next->next;
    const char *waiter = NULL;

    if (later->ops == &sleeper_class.node)
        waiter = (const char *)container_of(later, const async_future, node)->waiters;
    if (waiter) {
        __builtin_prefetch(waiter, 1);
        __builtin_prefetch(waiter + 64, 1);
    }
}

static void wake(async_loop *loop, struct node *node)
{
    async_future *sleeper = container_of(node, async_future, node);

    prefetch_waiter(loop);
    future_succeed(sleeper, async_none());
    future_drop(sleeper);
}

static void end_early(async_future *sleeper, async_value *taken)
{
    timer_stop(sleeper->loop, &sleeper->timer);
    future_fail(sleeper, taken);
    future_drop(sleeper);
}

static bool cancel_sleep(async_future *sleeper, async_value *error)
{
    end_early(sleeper, async_value_ref(error));
    return true;
}

static void end_sleep(async_loop *loop, struct node *node)
{
    async_future *sleeper = container_of(node, async_future, node);

    if (future_end_closed(sleeper)) {
        timer_stop(loop, &sleeper->timer);
        future_drop(sleeper);
    }
}

static const struct future_class sleeper_class = {
    .node = {.run = wake, .end_at_close = end_sleep},
    .size = sizeof(async_future),
    .cancel = cancel_sleep,
};

/*
 * What sleep(0) gives: a future that is done, one for each loop. Awaiting what is done goes on at once; awaiting this
 * one lets the queue have its turn first, as the bare yield in asyncio's sleep(0) does.
 */
static void release_yielded(async_future *future)
{
    future->loop->yielded = NULL;
}

static const struct future_class yielded_class = {.size = sizeof(async_future), .release = release_yielded};

static async_future *yield(async_loop *loop)
{
    async_future *future = loop->yielded;

    if (future)
        return future_hold(future);
    future = future_new(loop, &yielded_class);
    if (!future)
        return future_failed(ASYNC_ENOMEM);
    future_succeed(future, async_none());
    loop->yielded = future;
    return future;
}

async_future *async_sleep(async_loop *loop, double seconds)
{
    int error = loop_enter(loop);
    async_future *sleeper;

    if (unlikely(error))
        return future_failed(error);
    if (unlikely(!(seconds >= 0) || isinf(seconds)))
        return future_failed_saying(loop, ASYNC_EINVAL, "sleep: seconds must be finite and not negative, not %g",
                                    seconds);
    if (seconds == 0)
        return yield(loop);
    sleeper = future_new(loop, &sleeper_class);
    if (unlikely(!sleeper))
        return future_failed(ASYNC_ENOMEM);

    /* Counted from now, not from the loop's last look: after a long step that would already lie in the past. */
    future_hold(sleeper);
    if (likely(timer_start(loop, &sleeper->timer, loop_now(loop) + seconds)))
        return sleeper;
    future_fail(sleeper, NULL);
    future_excuse(sleeper);
    future_drop(sleeper);
    future_drop(sleeper);
    return future_failed(ASYNC_ENOMEM);
}
