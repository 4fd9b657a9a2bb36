/* States and outcomes. Counting stands in count.c, callbacks in done.c. */
#include "libasync/future/internal.h"

void future_fail(async_future *future, async_value *taken)
{
    async_value *error = error_or_substitute(taken);

    if (async_value_error(error) == ASYNC_ECANCELED)
        future_complete(future, FUTURE_CANCELLED, error);
    else
        future_fail_uncancelled(future, error);
}

void future_fail_uncancelled(async_future *future, async_value *taken)
{
    future_complete(future, FUTURE_FAILED, error_or_substitute(taken));
    if (!(future->life & LIFE_EXCUSED))
        future->life |= LIFE_UNREAD;
}

bool future_end_closed(async_future *future)
{
    if (!future_is_pending(future))
        return false;
    future_excuse(future);
    future_fail(future, error_static(ASYNC_ECLOSED));
    return true;
}

bool future_cancel(async_future *future, async_value *error)
{
    return future_is_pending(future) && future->loop && future_class(future)->cancel(future, error);
}

void future_detach(async_future *future, struct node *node)
{
    if (future_is_pending(future) && future->waiters == node)
        future->waiters = node->next == node ? NULL : node->next;
    node_unlink(node);
}

static bool cancel_promise(async_future *future, async_value *error)
{
    future_fail(future, async_value_ref(error));
    return true;
}

static void end_promise(async_loop *loop, struct node *node)
{
    async_future *future = container_of(node, async_future, node);

    future_end_closed(future);
}

static const struct future_class promise_class = {
    .node.end_at_close = end_promise,
    .size = sizeof(async_future),
    .cancel = cancel_promise,
    .is_promise = true,
};

async_future *async_future_new(async_loop *loop)
{
    int error = loop_enter(loop);
    async_future *future = error ? NULL : future_new(loop, &promise_class);

    return future ? future : future_failed(error ? error : ASYNC_ENOMEM);
}

/* Promises only: how an operation or a task ends is its own affair. */
static int may_complete(async_future *future)
{
    int error = future_visit(future);

    if (error)
        return error;
    if (!future->loop || !future_class(future)->is_promise)
        return ASYNC_EINVAL;
    return future_is_pending(future) ? 0 : ASYNC_ESTATE;
}

int async_future_resolve(async_future *future, async_value *taken)
{
    int error = may_complete(future);

    if (error)
        async_value_unref(taken);
    else
        future_succeed(future, taken);
    return error;
}

int async_future_fail(async_future *future, int error, const char *message)
{
    int refused = error < 0 ? may_complete(future) : ASYNC_EINVAL;

    if (!refused)
        future_fail(future, async_error(error, message));
    return refused;
}

int async_future_fail_with(async_future *future, async_value *taken)
{
    int refused = !taken || value_is_error(taken) ? may_complete(future) : ASYNC_EINVAL;

    if (refused)
        async_value_unref(taken);
    else
        future_fail(future, taken);
    return refused;
}

int async_future_cancel(async_future *future, const char *message)
{
    int refused = future_visit(future);
    async_value *error;

    if (refused)
        return refused;
    if (!future_is_pending(future))
        return ASYNC_ESTATE;
    error = cancel_error(message);
    if (!error)
        refused = ASYNC_ENOMEM;
    if (!future_cancel(future, error ? error : error_static(ASYNC_ECANCELED)))
        refused = ASYNC_ESTATE;
    async_value_unref(error);
    return refused;
}

bool async_future_is_done(const async_future *future)
{
    return future_visit(future) == 0 && !future_is_pending(future);
}

bool async_future_is_cancelled(const async_future *future)
{
    return future_visit(future) == 0 && future_state(future) == FUTURE_CANCELLED;
}

async_value *async_future_value(async_future *future)
{
    return future_visit(future) == 0 && future_state(future) == FUTURE_SUCCEEDED ? future->outcome : NULL;
}

async_value *async_future_failure(async_future *future)
{
    return future_visit(future) == 0 && !future_is_pending(future) ? future_read_failure(future) : NULL;
}

int async_future_error(async_future *future)
{
    int error = future_visit(future);

    if (error)
        return error;
    if (future_is_pending(future))
        return ASYNC_ESTATE;
    return future_state(future) == FUTURE_SUCCEEDED ? 0 : async_value_error(future_read_failure(future));
}

const char *async_future_message(async_future *future)
{
    int error = future_visit(future);

    if (error)
        return async_error_text(error);
    if (future_is_pending(future))
        return "the future is not done yet";
    return async_value_message(future_read_failure(future));
}

/* Of a closed loop's future other threads read the same word as they count. */
void future_mark_read(async_future *future)
{
    if (likely(loop_is_owned(future->loop))) {
        future_excuse(future);
        return;
    }
    loop_lock(future->loop);
    future_excuse(future);
    loop_unlock(future->loop);
}

int async_future_mark_read(async_future *future)
{
    int error = future_visit(future);

    if (error || !future->loop)
        return error;
    future_mark_read(future);
    return 0;
}

async_loop *async_future_loop(const async_future *future)
{
    return future ? future->loop : NULL;
}
