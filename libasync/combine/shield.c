/* shield, as asyncio's: a cancel ends the shield alone, and what becomes of the future is no affair of its any more: a
 * failure that nobody else reads is reported. One that was there before the cancel came, the shield has read. */
#include "libasync/combine/internal.h"

struct shield {
    async_future future;
    struct children child;    /* one */
};

static struct shield *shield_of(async_future *future)
{
    return container_of(future, struct shield, future);
}

static void let_go(struct shield *shield)
{
    children_detach(&shield->child);
    children_free(&shield->child);
    future_drop(&shield->future);
}

/* A gather that failed with a cancel is no cancelled future, and nor is its shield. */
static void end_alike(async_future *future, const async_future *other, async_value *failure)
{
    if (!failure)
        future_succeed(future, async_value_ref(other->outcome));
    else if (future_state(other) == FUTURE_CANCELLED)
        future_fail(future, async_value_ref(failure));
    else
        future_fail_uncancelled(future, async_value_ref(failure));
}

static void child_done(async_loop *loop, struct node *node)
{
    struct child *child = container_of(node, struct child, node);
    struct shield *shield = shield_of(child->parent);
    async_value *failure = future_read_failure(child->future);

    if (future_is_pending(&shield->future))
        end_alike(&shield->future, child->future, failure);
    let_go(shield);
}

static const struct node_ops child_ops = {.run = child_done};

static bool cancel(async_future *future, async_value *error)
{
    struct shield *shield = shield_of(future);

    future_fail(future, async_value_ref(error));
    if (future_is_pending(shield->child.items[0].future))
        let_go(shield);
    return true;
}

static void end_at_close(async_loop *loop, struct node *node)
{
    struct shield *shield = container_of(node, struct shield, future.node);

    future_end_closed(&shield->future);
    if (shield->child.count)
        let_go(shield);
}

static const struct future_class shield_class = {
    .node.end_at_close = end_at_close,
    .size = sizeof(struct shield),
    .cancel = cancel,
};

async_future *async_shield(async_loop *loop, async_future *taken)
{
    int error = loop_enter(loop);
    async_future *future;
    struct shield *shield;
    async_value *refusal;

    if (!error && taken && (!taken->loop || taken->loop == loop) && !future_is_pending(taken))
        return taken;
    future = error ? NULL : future_new(loop, &shield_class);
    if (!future) {
        async_future_unref(taken);
        return future_failed(error ? error : ASYNC_ENOMEM);
    }
    shield = shield_of(future);
    refusal = children_take_one(&shield->child, loop, future, taken, &child_ops, "shield");
    if (refusal) {
        future_fail(future, refusal);
        return future;
    }
    future_hold(future);
    future_attach(loop, taken, &shield->child.items[0].node);
    return future;
}
