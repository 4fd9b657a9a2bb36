#include "libasync/combine/internal.h"

#include <math.h>
#include <stdio.h>

void children_drop(async_future *const *taken, size_t count)
{
    for (size_t i = 0; taken && i < count; i++)
        async_future_unref(taken[i]);
}

async_value *combine_refusal(int error, const char *message)
{
    return error_or_substitute(async_error(error, message));
}

static async_value *refuse(const char *verb, const char *which, const async_future *future)
{
    char message[96];

    snprintf(message, sizeof message, "%s: %s %s", verb, which, future ? "belongs to another loop" : "is NULL");
    return combine_refusal(future ? ASYNC_EFOREIGN : ASYNC_EINVAL, message);
}

static bool is_possible(const async_loop *loop, const async_future *future)
{
    return future && (!future->loop || future->loop == loop);
}

static async_value *check(async_loop *loop, async_future *const *taken, size_t count, const char *verb)
{
    char which[32];

    if (count && !taken)
        return refuse(verb, "the array of futures", NULL);
    if (count > SIZE_MAX / sizeof(struct child))
        return error_static(ASYNC_ENOMEM);
    for (size_t i = 0; i < count; i++) {
        if (is_possible(loop, taken[i]))
            continue;
        snprintf(which, sizeof which, "future %zu", i);
        return refuse(verb, which, taken[i]);
    }
    return NULL;
}

async_value *children_take(struct children *children, async_loop *loop, void *parent, async_future *const *taken,
                           size_t count, const struct node_ops *ops, const char *verb)
{
    async_value *error = check(loop, taken, count, verb);

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

async_value *children_take_one(struct children *children, async_loop *loop, void *parent, async_future *taken,
                               const struct node_ops *ops, const char *verb)
{
    async_value *error;

    if (is_possible(loop, taken))
        return children_take(children, loop, parent, &taken, 1, ops, verb);
    error = refuse(verb, "the future", taken);
    async_future_unref(taken);
    *children = (struct children){0};
    return error;
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
