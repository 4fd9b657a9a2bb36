/* wait, as asyncio's: it reads nobody's failure, cancels nobody, and a time limit is no error. */
#include "libasync/combine/internal.h"

/* The future's own timer is the time limit's. */
struct waiting {
    async_future future;
    struct children children;
    uint32_t when;
};

static struct waiting *waiting_of(async_future *future)
{
    return container_of(future, struct waiting, future);
}

/* Lets go of all but the caller's references. */
static void let_go(struct waiting *waiting)
{
    timer_stop(waiting->future.loop, &waiting->future.timer);
    children_detach(&waiting->children);
    children_free(&waiting->children);    /* last: a report of a failure that only this had waited for runs a handler */
    future_drop(&waiting->future);
}

static async_value *collect(const struct waiting *waiting)
{
    size_t count = waiting->children.count, size = count * sizeof(async_value *);
    async_value **done = memory_allocate(size), *list;

    if (!done)
        return NULL;
    for (size_t i = 0; i < count; i++)
        done[i] = async_bool(!future_is_pending(waiting->children.items[i].future));
    list = async_list(done, count);
    memory_release(done, size);
    return list;
}

static void answer(struct waiting *waiting)
{
    future_succeed(&waiting->future, collect(waiting));
    let_go(waiting);
}

static void child_done(async_loop *loop, struct node *node)
{
    struct child *child = container_of(node, struct child, node);
    struct waiting *waiting = waiting_of(child->parent);

    waiting->children.left--;
    if (waiting->children.left == 0 || waiting->when == ASYNC_FIRST_COMPLETED ||
        (waiting->when == ASYNC_FIRST_EXCEPTION && future_state(child->future) == FUTURE_FAILED))
        answer(waiting);
}

static const struct node_ops child_ops = {.run = child_done};

static void on_time_limit(async_loop *loop, struct node *node)
{
    answer(container_of(node, struct waiting, future.node));
}

static bool cancel(async_future *future, async_value *error)
{
    future_fail(future, async_value_ref(error));
    let_go(waiting_of(future));
    return true;
}

static void end_at_close(async_loop *loop, struct node *node)
{
    struct waiting *waiting = container_of(node, struct waiting, future.node);

    if (future_end_closed(&waiting->future))
        let_go(waiting);
}

static const struct future_class waiting_class = {
    .node = {.run = on_time_limit, .end_at_close = end_at_close},
    .size = sizeof(struct waiting),
    .cancel = cancel,
};

static async_value *check(size_t count, uint32_t when, double timeout_seconds)
{
    if (!count)
        return combine_refusal(ASYNC_EINVAL, "wait: there are no futures to wait for");
    if (when > ASYNC_FIRST_EXCEPTION)
        return combine_refusal(ASYNC_EINVAL, "wait: `when` is unknown");
    if (!is_time_limit(timeout_seconds))
        return combine_refusal(ASYNC_EINVAL, "wait: timeout_seconds must be finite and not negative, or ASYNC_FOREVER");
    return NULL;
}

/* False without memory for the timer. */
static bool start(struct waiting *waiting, double timeout_seconds)
{
    async_loop *loop = waiting->future.loop;

    if (timeout_seconds != ASYNC_FOREVER &&
        !timer_start(loop, &waiting->future.timer, loop_now(loop) + timeout_seconds))
        return false;
    for (size_t i = 0; i < waiting->children.count; i++)
        future_attach(loop, waiting->children.items[i].future, &waiting->children.items[i].node);
    return true;
}

async_future *async_wait(async_loop *loop, async_future *const *taken, size_t count, uint32_t when,
                         double timeout_seconds)
{
    int error = loop_enter(loop);
    async_future *future = error ? NULL : future_new(loop, &waiting_class);
    struct waiting *waiting;
    async_value *refusal;

    if (!future) {
        children_drop(taken, count);
        return future_failed(error ? error : ASYNC_ENOMEM);
    }
    waiting = waiting_of(future);
    waiting->when = when;
    refusal = children_take(&waiting->children, loop, future, taken, count, &child_ops, "wait");
    if (!refusal) {
        refusal = check(count, when, timeout_seconds);
        if (!refusal && !start(waiting, timeout_seconds))
            refusal = error_static(ASYNC_ENOMEM);
        if (refusal)
            children_free(&waiting->children);
    }
    if (refusal)
        future_fail(future, refusal);
    else
        future_hold(future);
    return future;
}
