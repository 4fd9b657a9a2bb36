/* Callbacks on a future. Each is a node of its own in the ring of those that wait, holding the future until it ran. */
#include "libasync/future/internal.h"

struct done {
    struct node node;
    async_future *future;
    async_done_callback *callback;
    void *user;
    async_destroy *destroy;
};

static void end_done(async_loop *loop, struct done *done, bool run)
{
    struct done copy = *done;

    loop_free(loop, done, sizeof *done);
    if (run)
        copy.callback(copy.future, copy.user);
    if (copy.destroy)
        copy.destroy(copy.user);
    future_drop(copy.future);
}

static void run_done(async_loop *loop, struct node *node)
{
    end_done(loop, container_of(node, struct done, node), true);
}

static void drop_done(async_loop *loop, struct node *node)
{
    struct done *done = container_of(node, struct done, node);

    future_detach(done->future, node);
    end_done(loop, done, false);
}

static const struct node_ops done_ops = {.run = run_done, .drop_at_close = drop_done};

int async_future_on_done(async_future *future, async_done_callback *callback, void *user, async_destroy *destroy)
{
    int error = future && callback ? loop_enter(future->loop) : ASYNC_EINVAL;
    struct done *done = error ? NULL : loop_allocate(future->loop, sizeof *done);

    if (!done) {
        if (destroy)
            destroy(user);
        return error ? error : ASYNC_ENOMEM;
    }
    *done = (struct done){.node.ops = &done_ops, .future = future_hold(future), .callback = callback, .user = user,
                          .destroy = destroy};
    future_attach(future->loop, future, &done->node);
    return 0;
}

/* The ring is walked once; the user's clean-up may change it, so those found are first moved to a list of their own. */
int async_future_remove_done(async_future *future, async_done_callback *callback, void *user)
{
    int error = future_visit(future), count = 0;
    struct node found, *node, *next, *last;

    if (error)
        return error;
    list_init(&found);
    node = future_is_pending(future) ? future->waiters : NULL;
    last = node ? node->previous : NULL;
    for (bool more = node; more; node = next) {
        struct done *done = node->ops == &done_ops ? container_of(node, struct done, node) : NULL;

        more = node != last;
        next = node->next;
        if (done && done->callback == callback && done->user == user) {
            future_detach(future, node);
            list_insert_before(&found, node);
        }
    }
    for (; !list_is_empty(&found); count++) {
        node = found.next;
        node_unlink(node);
        end_done(future->loop, container_of(node, struct done, node), false);
    }
    return count;
}
