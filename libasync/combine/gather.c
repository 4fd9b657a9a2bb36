/*
 * gather, as asyncio's. It holds itself until its last child has ended, for two reasons: a failure ends the gather at
 * once but the failures that follow are its to read, and a cancelled gather ends only when its children have.
 */
#include "libasync/combine/internal.h"

struct gather {
    struct relay relay;
    bool keep_errors;
};

static struct gather *gather_of(async_future *future)
{
    return container_of(relay_of(future), struct gather, relay);
}

/* The values in order; with errors kept, their error values among them. NULL without memory. */
static async_value *collect(struct gather *gather)
{
    size_t count = gather->relay.children.count, size = count * sizeof(async_value *);
    async_value **values = count ? memory_allocate(size) : NULL, *list;

    if (count && !values)
        return NULL;
    for (size_t i = 0; i < count; i++)
        values[i] = async_value_ref(gather->relay.children.items[i].future->outcome);
    list = async_list(values, count);
    memory_release(values, size);
    return list;
}

/* Called for each child once, in the order they end. */
static void take_outcome(struct gather *gather, async_future *child)
{
    async_value *failure = future_read_failure(child);

    gather->relay.children.left--;
    if (!future_is_pending(&gather->relay.future))
        return;
    if (failure && !gather->keep_errors) {
        /* A child's cancel does not make the gather count as cancelled: it only fails with that error. */
        future_fail_uncancelled(&gather->relay.future, async_value_ref(failure));
        return;
    }
    if (gather->relay.children.left)
        return;
    if (!gather->relay.cancelled)
        future_succeed(&gather->relay.future, collect(gather));
    else if (future_state(child) == FUTURE_CANCELLED)
        future_fail_uncancelled(&gather->relay.future, async_value_ref(failure));
    else
        future_fail_uncancelled(&gather->relay.future, error_static(ASYNC_ECANCELED));
}

static void let_go_if_over(struct gather *gather)
{
    if (gather->relay.children.left)
        return;
    children_free(&gather->relay.children);
    future_drop(&gather->relay.future);
}

static void child_done(async_loop *loop, struct node *node)
{
    struct child *child = container_of(node, struct child, node);
    struct gather *gather = gather_of(child->parent);

    take_outcome(gather, child->future);
    let_go_if_over(gather);
}

static const struct node_ops child_ops = {.run = child_done};

static void end_at_close(async_loop *loop, struct node *node)
{
    struct gather *gather = container_of(node, struct gather, relay.future.node);

    future_end_closed(&gather->relay.future);
    if (gather->relay.children.left) {
        children_detach(&gather->relay.children);
        let_go_if_over(gather);
    }
}

static const struct future_class gather_class = {
    .node.end_at_close = end_at_close,
    .size = sizeof(struct gather),
    .cancel = relay_cancel,
};

/* Children that are done count at once, as in asyncio since 3.12; the others when their turn has come. */
static void attach(struct gather *gather)
{
    async_loop *loop = gather->relay.future.loop;
    size_t count = gather->relay.children.count;

    for (size_t i = 0; i < count; i++) {
        struct child *child = &gather->relay.children.items[i];

        if (!future_is_over(loop, child->future))
            future_attach(loop, child->future, &child->node);
    }
    for (size_t i = 0; i < count; i++) {
        struct child *child = &gather->relay.children.items[i];

        if (!node_is_linked(&child->node))
            take_outcome(gather, child->future);
    }
    if (!count)
        future_succeed(&gather->relay.future, async_list(NULL, 0));
    let_go_if_over(gather);
}

async_future *async_gather(async_loop *loop, async_future *const *taken, size_t count, uint32_t flags)
{
    int error = loop_enter(loop);
    async_future *future = error ? NULL : future_new(loop, &gather_class);
    struct gather *gather;
    async_value *refusal;

    if (!future) {
        children_drop(taken, count);
        return future_failed(error ? error : ASYNC_ENOMEM);
    }
    gather = gather_of(future);
    gather->keep_errors = flags & ASYNC_GATHER_KEEP_ERRORS;
    relay_init(&gather->relay);
    refusal = children_take(&gather->relay.children, loop, future, taken, count, &child_ops, "gather");
    if (!refusal && flags & ~ASYNC_GATHER_KEEP_ERRORS) {
        children_free(&gather->relay.children);
        refusal = combine_refusal(ASYNC_EINVAL, "gather: the flags are unknown");
    }
    if (refusal) {
        future_fail(future, refusal);
        return future;
    }
    future_hold(future);
    attach(gather);
    return future;
}
