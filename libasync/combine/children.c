#include "libasync/combine/internal.h"

#include <math.h>
#include <stdio.h>

void children_drop(async_future *const *taken, size_t count)
{
    for (size_t i = 0; taken && i < count; i++)
        async_future_unref(taken[i]);
}

static async_value *check(async_loop *loop, async_future *const *taken, size_t count)
{
    char message[64];

    if (count && !taken)
        return async_error(ASYNC_EINVAL, "the futures are NULL");
    if (count > SIZE_MAX / sizeof(struct child))
        return error_static(ASYNC_ENOMEM);
    for (size_t i = 0; i < count; i++) {
        if (taken[i] && (!taken[i]->loop || taken[i]->loop == loop))
            continue;
        snprintf(message, sizeof message, "future %zu %s", i, taken[i] ? "belongs to another loop" : "is NULL");
        return async_error(taken[i] ? ASYNC_EFOREIGN : ASYNC_EINVAL, message);
    }
    return NULL;
}

async_value *children_take(struct children *children, async_loop *loop, void *parent, async_future *const *taken,
                           size_t count, const struct node_ops *ops)
{
    async_value *error = check(loop, taken, count);

    *children = (struct children){0};
    if (!error && count) {
        children->items = memory_allocate(count * sizeof *children->items);
        error = children->items ? NULL : error_static(ASYNC_ENOMEM);
    }
    if (error) {
        children_drop(taken, count);
        return error;
    }
    children->count = children->left = count;
    for (size_t i = 0; i < count; i++)
        children->items[i] = (struct child){.node.ops = ops, .future = taken[i], .parent = parent};
    return NULL;
}

void children_detach(struct children *children)
{
    for (size_t i = 0; i < children->count; i++) {
        struct child *child = &children->items[i];

        if (node_is_linked(&child->node))
            future_detach(child->future, &child->node);
    }
    children->left = 0;
}

void children_free(struct children *children)
{
    for (size_t i = 0; i < children->count; i++)
        async_future_unref(children->items[i].future);    /* perhaps after the loop's close */
    memory_release(children->items, children->count * sizeof *children->items);
    *children = (struct children){0};
}

bool is_time_limit(double timeout_seconds)
{
    return timeout_seconds == ASYNC_FOREVER || (timeout_seconds >= 0 && !isinf(timeout_seconds));
}

void end_alike(async_future *future, async_future *other)
{
    async_value *failure = future_read_failure(other);

    if (failure)
        future_fail(future, async_value_ref(failure));
    else
        future_succeed(future, async_value_ref(other->outcome));
}
