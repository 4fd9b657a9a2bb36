#include "libasync/io/wait.h"

static void on_ready(async_loop *loop, struct watch *watch, int events)
{
    struct wait *wait = container_of(watch, struct wait, watch);

    watch_set(loop, watch, 0);
    loop_queue(loop, &wait->future.node);
}

void *wait_new(async_loop *loop, int descriptor, const struct future_class *class)
{
    async_future *future = future_new(loop, class);
    struct wait *wait;

    if (!future)
        return NULL;
    wait = container_of(future, struct wait, future);
    future->spare[0] = (uint32_t)descriptor;
    watch_init(&wait->watch, descriptor, on_ready);
    wait->next = wait->previous = NULL;
    return wait;
}

static struct wait **place_of(const struct wait *wait)
{
    return &wait->future.loop->watched[wait_descriptor(wait)].waits;
}

static void join(struct wait *wait)
{
    struct wait **first = place_of(wait);

    if (!*first) {
        *first = wait->next = wait->previous = wait;
        return;
    }
    wait->next = *first;
    wait->previous = (*first)->previous;
    wait->previous->next = wait->next->previous = wait;
}

static void leave(struct wait *wait)
{
    struct wait **first = place_of(wait);

    if (*first == wait)
        *first = wait->next == wait ? NULL : wait->next;
    wait->previous->next = wait->next;
    wait->next->previous = wait->previous;
    watch_set(wait->future.loop, &wait->watch, 0);
    if (node_is_linked(&wait->future.node))
        node_unlink(&wait->future.node);
}

bool wait_begin(struct wait *wait, int events)
{
    if (!watched_reach(wait->future.loop, wait_descriptor(wait)))
        return false;
    future_hold(&wait->future);
    join(wait);
    watch_set(wait->future.loop, &wait->watch, events);
    return true;
}

async_future *wait_give_up(struct wait *wait)
{
    future_fail(&wait->future, NULL);
    future_excuse(&wait->future);
    future_drop(&wait->future);
    return future_failed(ASYNC_ENOMEM);
}

void wait_settle(struct wait *wait, async_value *taken)
{
    if (value_is_error(taken))
        future_fail(&wait->future, taken);
    else
        future_succeed(&wait->future, taken);
}

void wait_end(struct wait *wait, async_value *taken)
{
    leave(wait);
    wait_settle(wait, taken);
    future_drop(&wait->future);
}

void wait_finish(struct wait *wait, async_value *taken)
{
    async_loop *loop = wait->future.loop;
    struct node *follower = future_take_follower(&wait->future);

    wait_end(wait, taken);
    if (!follower)
        return;
    loop->ran++;
    follower->ops->run(loop, follower);
}

bool wait_cancel(async_future *future, async_value *error)
{
    wait_end(container_of(future, struct wait, future), async_value_ref(error));
    return true;
}

/* One that failed before it began is done, and stands nowhere. */
void wait_close(async_loop *loop, struct node *node)
{
    struct wait *wait = wait_of(node);

    if (!future_is_pending(&wait->future))
        return;
    future_excuse(&wait->future);
    wait_end(wait, error_static(ASYNC_ECLOSED));
}

void wait_end_all(async_loop *loop, int descriptor)
{
    struct wait **first;

    if ((size_t)descriptor >= loop->watched_capacity)
        return;
    first = &loop->watched[descriptor].waits;
    while (*first)
        wait_close(loop, &(*first)->future.node);
}
