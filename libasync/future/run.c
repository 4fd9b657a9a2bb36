/* Running a loop until a future is done: what needs both. */
#include "libasync/future/internal.h"

struct goal {
    struct node node;
    bool reached;
};

static void reach(async_loop *loop, struct node *node)
{
    container_of(node, struct goal, node)->reached = true;
    loop->stopping = true;
}

static const struct node_ops goal_ops = {.run = reach};

bool future_run_until(async_loop *loop, async_future *future)
{
    struct goal goal = {.node.ops = &goal_ops};
    bool done;

    future_hold(future);
    loop_begin(loop);
    future_attach(loop, future, &goal.node);
    loop_run(loop);
    if (!goal.reached)
        future_detach(future, &goal.node);
    loop_end(loop);
    done = !future_is_pending(future);    /* perhaps in the turn that a stop let end */
    future_drop(future);
    return done;
}

int async_loop_run_until(async_loop *loop, async_future *future)
{
    int error = future ? loop_may_run(loop) : ASYNC_EINVAL;

    if (error)
        return error;
    if (future->loop && future->loop != loop)
        return ASYNC_EFOREIGN;
    return future_run_until(loop, future) ? async_future_error(future) : ASYNC_ESTOPPED;
}
