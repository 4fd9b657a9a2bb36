#include "libasync/sync/internal.h"

#include <errno.h>

void *sync_new(async_loop *loop, bool arguments_are_good, const struct future_class *class, async_value *value)
{
    int error = arguments_are_good ? loop_enter(loop) : ASYNC_EINVAL;
    async_future *done = error ? NULL : future_new(loop, class);

    if (done) {
        future_succeed(done, value);
        return done;
    }
    if (!error)
        errno = ENOMEM;
    else
        errno = error == ASYNC_EINVAL ? EINVAL : EPERM;
    return NULL;
}

async_future *sync_refuse(const void *primitive, const char *noun, int error)
{
    return primitive ? future_failed(error) : future_failed_null(noun);
}

struct waiter *waiter_new(struct sync *sync, const struct future_class *class)
{
    async_future *future = future_new(sync->done.loop, class);
    struct waiter *waiter;

    if (unlikely(!future))
        return NULL;
    future_hold(future);
    future_hold(&sync->done);
    waiter = container_of(future, struct waiter, future);
    waiter->sync = sync;
    waiter->cancel = NULL;
    waiter->woken = waiter->granted = waiter->leaving = false;
    return waiter;
}

async_future *line_wait(struct node *line, struct sync *sync, const struct future_class *class)
{
    struct waiter *waiter = waiter_new(sync, class);

    if (!waiter)
        return future_failed(ASYNC_ENOMEM);
    waiter_join(waiter, line);
    return &waiter->future;
}

static void let_go(struct waiter *waiter)
{
    async_value_unref(waiter->cancel);
    future_drop(&waiter->sync->done);
    future_drop(&waiter->future);
}

static inline struct node *take_follower(struct waiter *waiter)
{
    return waiter->woken ? future_take_follower(&waiter->future) : NULL;
}

/* It runs at once rather than from the queue: this is the path of a lock or value that is handed over. */
static inline void run_follower(async_loop *loop, struct node *follower)
{
    if (!follower)
        return;
    loop->ran++;
    follower->ops->run(loop, follower);
}

void waiter_succeed(struct waiter *waiter, async_value *taken)
{
    async_loop *loop = waiter->future.loop;
    struct node *follower = take_follower(waiter);

    future_succeed(&waiter->future, taken);
    let_go(waiter);
    run_follower(loop, follower);
}

void waiter_fail(struct waiter *waiter, async_value *taken)
{
    async_loop *loop = waiter->future.loop;
    struct node *follower = take_follower(waiter);

    future_fail(&waiter->future, taken);
    let_go(waiter);
    run_follower(loop, follower);
}

/* They leave the line first: the last of them may hold the last reference to what it belongs to. */
void line_end_all(struct node *line, void (*end)(struct waiter *waiter, void *user), void *user)
{
    struct node all;

    list_init(&all);
    list_splice(&all, line);
    while (!list_is_empty(&all)) {
        struct node *node = all.next;

        node_unlink(node);
        end(waiter_of(node), user);
    }
}

static void succeed(struct waiter *waiter, void *value)
{
    waiter_succeed(waiter, async_value_ref(value));
}

void line_succeed_all(struct node *line, async_value *value)
{
    line_end_all(line, succeed, value);
}

static void note_cancel(struct waiter *waiter, async_value *error)
{
    async_value_unref(waiter->cancel);
    waiter->cancel = async_value_ref(error);
}

bool waiter_cancel(async_future *future, async_value *error)
{
    struct waiter *waiter = container_of(future, struct waiter, future);

    if (waiter->woken) {
        note_cancel(waiter, error);
        return true;
    }
    node_unlink(&future->node);
    waiter_fail(waiter, async_value_ref(error));
    return true;
}

bool waiter_cancel_when_run(async_future *future, async_value *error)
{
    struct waiter *waiter = container_of(future, struct waiter, future);

    note_cancel(waiter, error);
    if (!waiter->woken)
        waiter_wake(waiter);
    return true;
}

void waiter_end_at_close(async_loop *loop, struct node *node)
{
    struct waiter *waiter = waiter_of(node);

    if (!future_is_pending(&waiter->future))
        return;
    node_unlink(node);
    waiter->woken = false;
    future_excuse(&waiter->future);
    waiter_fail(waiter, error_static(ASYNC_ECLOSED));
}
