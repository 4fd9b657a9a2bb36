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
    int error = loop_enter(loop);
    struct wait *wait;

    if (error)
        return future_failed(error);
    if (!watch_can_stand_on(descriptor))
        return future_failed_saying(loop, ASYNC_EINVAL, "%s: %d is no open descriptor that can be waited for", call,
                                    descriptor);
    wait = wait_new(loop, descriptor, &wait_class);
    if (!wait)
        return future_failed(ASYNC_ENOMEM);
    return wait_begin(wait, event) ? &wait->future : wait_give_up(wait);
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
