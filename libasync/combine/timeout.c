/*
 * A time limit on part of a task, as asyncio's Timeout: the limit cancels the task and the close of the scope turns
 * that cancel into a timeout. Cancels are counted, so that one of somebody else's in the same moment is not swallowed.
 */
#include "libasync/combine/internal.h"

#include "libasync/task.h"
#include "libasync/timeout.h"

#include <math.h>

struct async_timeout {
    struct timer timer;
    async_loop *loop;
    async_future *task;    /* held */
    double when;
    int cancelling;        /* outstanding when the scope was opened */
    bool expired;
};

static void expire(async_loop *loop, struct node *node)
{
    async_timeout *timeout = container_of(node, async_timeout, timer.node);

    timeout->expired = true;
    future_cancel(timeout->task, error_static(ASYNC_ECANCELED));
}

static void end_at_close(async_loop *loop, struct node *node)
{
    timer_stop(loop, &container_of(node, async_timeout, timer.node)->timer);
}

static const struct node_ops timeout_ops = {.run = expire, .end_at_close = end_at_close};

async_timeout *async_timeout_open(async_task *task, double seconds)
{
    async_loop *loop = async_task_loop(task);
    bool possible = is_time_limit(seconds) && loop_enter(loop) == 0;
    async_timeout *timeout = possible ? loop_allocate(loop, sizeof *timeout) : NULL;

    if (!timeout)
        return NULL;
    *timeout = (async_timeout){.loop = loop, .task = future_hold(async_task_future(task)), .when = ASYNC_FOREVER};
    timeout->cancelling = async_future_cancelling(timeout->task);
    timer_init(&timeout->timer, &timeout_ops);
    if (seconds == ASYNC_FOREVER || async_timeout_reschedule(timeout, loop_now(loop) + seconds) == 0)
        return timeout;
    async_timeout_close(timeout, NULL);
    return NULL;
}

int async_timeout_reschedule(async_timeout *timeout, double when)
{
    int error = timeout && isfinite(when) ? loop_enter(timeout->loop) : ASYNC_EINVAL;

    if (error)
        return error;
    if (timeout->expired)
        return ASYNC_ESTATE;
    timer_stop(timeout->loop, &timeout->timer);
    timeout->when = ASYNC_FOREVER;
    if (when == ASYNC_FOREVER)
        return 0;
    /* What has passed stands in line with what is ready, as in asyncio, and not behind what the next turn brings. */
    if (when <= loop_now(timeout->loop))
        loop_queue(timeout->loop, &timeout->timer.node);
    else if (!timer_start(timeout->loop, &timeout->timer, when))
        return ASYNC_ENOMEM;
    timeout->when = when;
    return 0;
}

double async_timeout_when(const async_timeout *timeout)
{
    return timeout ? timeout->when : ASYNC_FOREVER;
}

bool async_timeout_is_expired(const async_timeout *timeout)
{
    return timeout && timeout->expired;
}

int async_timeout_close(async_timeout *taken, async_task *task)
{
    int error = async_caught(task);

    if (!taken)
        return error;
    timer_stop(taken->loop, &taken->timer);
    if (taken->expired && async_future_uncancel(taken->task) <= taken->cancelling && error == ASYNC_ECANCELED)
        error = ASYNC_ETIMEDOUT;
    async_future_unref(taken->task);
    loop_free_anywhere(taken->loop, loop_slab(taken->loop, sizeof *taken), taken);
    return error;
}
