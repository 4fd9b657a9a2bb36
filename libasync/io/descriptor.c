#include "libasync/descriptor.h"
#include "libasync/io/wait.h"

static void be_ready(async_loop *loop, struct node *node)
{
    wait_finish(wait_of(node), async_none());
}

static const struct future_class wait_class = {
    .node = {.run = be_ready, .end_at_close = wait_close},
    .size = sizeof(struct wait),
    .cancel = wait_cancel,
};

static async_future *wait_for(async_loop *loop, int descriptor, int event, const char *call)
{
    async_future *refusal = wait_refuse(loop, descriptor, call);
    struct wait *wait = refusal ? NULL : wait_new(loop, descriptor, &wait_class);

    if (refusal)
        return refusal;
    if (!wait)
        return future_failed(ASYNC_ENOMEM);
    wait_begin(wait, event);
    return &wait->future;
}

async_future *async_wait_readable(async_loop *loop, int descriptor)
{
    return wait_for(loop, descriptor, WATCH_READ, "wait_readable");
}

async_future *async_wait_writable(async_loop *loop, int descriptor)
{
    return wait_for(loop, descriptor, WATCH_WRITE, "wait_writable");
}

int async_notify_closing(async_loop *loop, int descriptor)
{
    int error = descriptor < 0 ? ASYNC_EINVAL : loop_enter(loop);

    if (error)
        return error;
    async_loop_remove_reader(loop, descriptor);
    async_loop_remove_writer(loop, descriptor);
    wait_end_all(loop, descriptor);
    return 0;
}
