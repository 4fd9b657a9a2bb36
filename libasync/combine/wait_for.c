/*
 * wait_for, as asyncio's since 3.12: on time, the awaited future is cancelled and the wait ends when it has ended.
 * Where both happen in one turn the outcome is passed on rather than thrown away.
 */
#include "libasync/combine/internal.h"

#include <math.h>

/* The future's own timer is the time limit's. It has one child. */
struct limited {
    struct relay relay;
    bool now;        /* there was no time at all */
    bool expired;    /* the limit has cancelled what is awaited */
};

static struct limited *limited_of(async_future *future)
{
    return container_of(relay_of(future), struct limited, relay);
}

static async_future *awaited(const struct limited *limited)
{
    return limited->relay.children.items[0].future;
}

static void let_go(struct limited *limited)
{
    timer_stop(limited->relay.future.loop, &limited->relay.future.timer);
    children_detach(&limited->relay.children);
    children_free(&limited->relay.children);
    future_drop(&limited->relay.future);
}

/* A gather that was cancelled is no cancelled future, but fails with that error all the same. And as in asyncio, a
 * cancel by somebody else is not hidden by a limit that was reached besides. */
static bool is_timeout(const struct limited *limited, const async_value *failure)
{
    return limited->expired && !limited->relay.cancelled && failure && async_value_error(failure) == ASYNC_ECANCELED;
}

static void pass_on(struct limited *limited)
{
    async_value *failure = future_read_failure(awaited(limited));

    if (is_timeout(limited, failure))
        future_fail(&limited->relay.future, error_static(ASYNC_ETIMEDOUT));
    else if (failure)
        future_fail(&limited->relay.future, async_value_ref(failure));
    else
        future_succeed(&limited->relay.future, async_value_ref(awaited(limited)->outcome));
    let_go(limited);
}

/* In asyncio wait_for is a coroutine: what it waits for, it and who awaits it go on in one turn. Only without any time
 * does asyncio have something stand in between. */
static void child_done(async_loop *loop, struct node *node)
{
    struct limited *limited = limited_of(container_of(node, struct child, node)->parent);
    struct node *follower = limited->now ? NULL : future_take_follower(&limited->relay.future);

    pass_on(limited);
    if (follower)
        loop_queue_next(loop, follower);
}

static const struct node_ops child_ops = {.run = child_done, .follows = true};

static void expire(struct limited *limited)
{
    limited->expired = future_cancel(awaited(limited), error_static(ASYNC_ECANCELED));
}

static void on_time_limit(async_loop *loop, struct node *node)
{
    expire(container_of(node, struct limited, relay.future.node));
}

static void end_at_close(async_loop *loop, struct node *node)
{
    struct limited *limited = container_of(node, struct limited, relay.future.node);

    if (future_end_closed(&limited->relay.future))
        let_go(limited);
}

static const struct future_class limited_class = {
    .node = {.run = on_time_limit, .end_at_close = end_at_close},
    .size = sizeof(struct limited),
    .cancel = relay_cancel,
};

/* The error that it cannot start with, or NULL. */
static async_value *start(struct limited *limited, double when)
{
    async_loop *loop = limited->relay.future.loop;
    bool limitless = isinf(when), timed;

    limited->now = when <= loop_now(loop);
    timed = !limitless && !limited->now && future_is_pending(awaited(limited));
    if (timed && !timer_start(loop, &limited->relay.future.timer, when)) {
        children_free(&limited->relay.children);
        return error_static(ASYNC_ENOMEM);
    }
    future_hold(&limited->relay.future);
    if (future_is_over(loop, awaited(limited))) {
        pass_on(limited);
        return NULL;
    }
    future_attach(loop, awaited(limited), &limited->relay.children.items[0].node);
    if (limited->now)
        expire(limited);
    return NULL;
}

/* `when` is infinite for no limit. */
static async_future *limit(async_loop *loop, async_future *taken, double when, const char *verb)
{
    int error = loop_enter(loop);
    async_future *future = error ? NULL : future_new(loop, &limited_class);
    struct limited *limited;
    async_value *refusal;

    if (!future) {
        async_future_unref(taken);
        return future_failed(error ? error : ASYNC_ENOMEM);
    }
    limited = limited_of(future);
    relay_init(&limited->relay);
    limited->now = limited->expired = false;
    refusal = children_take_one(&limited->relay.children, loop, future, taken, &child_ops, verb);
    if (!refusal)
        refusal = start(limited, when);
    if (refusal)
        future_fail(future, refusal);
    return future;
}

static async_future *refuse(async_loop *loop, async_future *taken, const char *message)
{
    int error = loop_enter(loop);

    async_future_unref(taken);
    return error ? future_failed(error) : future_failed_saying(loop, ASYNC_EINVAL, "%s", message);
}

async_future *async_wait_for(async_loop *loop, async_future *taken, double timeout_seconds)
{
    bool limitless = timeout_seconds == ASYNC_FOREVER;

    if (!loop || !is_time_limit(timeout_seconds))
        return refuse(loop, taken, "wait_for: timeout_seconds must be finite and not negative, or ASYNC_FOREVER");
    return limit(loop, taken, limitless ? HUGE_VAL : loop_now(loop) + timeout_seconds, "wait_for");
}

async_future *async_wait_until(async_loop *loop, async_future *taken, double when)
{
    if (!isfinite(when))
        return refuse(loop, taken, "wait_until: when must be finite");
    return limit(loop, taken, when, "wait_until");
}
