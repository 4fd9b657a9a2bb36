/* The end of a loop. Whatever lives in its slabs is told; nobody keeps lists for that. */
#include "libasync/loop/internal.h"

static void cancel(void *object, void *user)
{
    struct node *node = object;

    if (node->ops->cancel_at_close)
        node->ops->cancel_at_close(user, node);
}

static void end(void *object, void *user)
{
    struct node *node = object;

    if (node->ops->end_at_close)
        node->ops->end_at_close(user, node);
}

static void drop(void *object, void *user)
{
    struct node *node = object;

    if (node->ops->drop_at_close)
        node->ops->drop_at_close(user, node);
}

/* Tasks first: their clean-up decides what happens to the operations they wait for. */
static void tell(async_loop *loop, void (*phase)(void *object, void *user))
{
    slab_walk(&loop->tasks, phase, loop);
    for (size_t i = 0; i < SLAB_CLASSES; i++)
        slab_walk(&loop->slabs[i], phase, loop);
}

static void release_arrays(async_loop *loop)
{
    timers_release(&loop->timers);
    memory_release(loop->watched, loop->watched_capacity * sizeof *loop->watched);
    loop->watched = NULL;
    loop->watched_capacity = 0;
}

static int close_loop(async_loop *loop, bool drain)
{
    int error = loop_visit(loop);

    if (error || atomic_load(&loop->closing))
        return error;
    if (atomic_load(&loop->running))
        return ASYNC_ERUNNING;

    loop_begin(loop);
    atomic_store(&loop->closing, true);
    if (drain) {
        inbox_drain(loop);
        tell(loop, cancel);
        loop_drain(loop);
    }
    tell(loop, end);
    if (drain)
        loop_drain(loop);
    tell(loop, drop);
    inbox_close(loop);    /* before the poller goes: other threads wake it until then */
    poller_free(loop->poller);
    release_arrays(loop);
    loop_end(loop);
    return 0;
}

int async_loop_close(async_loop *loop)
{
    return close_loop(loop, true);
}

int async_loop_abandon(async_loop *loop)
{
    return close_loop(loop, false);
}

static bool nothing_lives(async_loop *loop)
{
    bool empty = atomic_load(&loop->holders) == 0 && slab_is_empty(&loop->tasks);

    for (size_t i = 0; i < SLAB_CLASSES; i++)
        empty &= slab_is_empty(&loop->slabs[i]);
    return empty;
}

static void free_loop(async_loop *loop)
{
    if (loop->exception_destroy)
        loop->exception_destroy(loop->exception_user);
    inbox_free(loop);
    memory_release(loop, sizeof *loop);
}

void loop_hold(async_loop *loop)
{
    atomic_fetch_add_explicit(&loop->holders, 1, memory_order_relaxed);
}

/* While the loop has an owner it has references. */
void loop_let_go(async_loop *loop)
{
    bool last;

    if (likely(loop_is_owned(loop))) {
        atomic_fetch_sub_explicit(&loop->holders, 1, memory_order_relaxed);
        return;
    }
    loop_lock(loop);
    atomic_fetch_sub(&loop->holders, 1);
    last = atomic_load(&loop->references) == 0 && nothing_lives(loop);
    loop_unlock(loop);
    if (last)
        free_loop(loop);
}

void loop_drop_last(async_loop *loop)
{
    bool last;

    loop_lock(loop);
    last = atomic_fetch_sub(&loop->references, 1) == 1 && nothing_lives(loop);
    loop_unlock(loop);
    if (last)
        free_loop(loop);
}

void loop_free_unowned(async_loop *loop, struct slab *slab, void *object)
{
    bool last;

    loop_lock(loop);
    slab_free(slab, object);
    last = atomic_load(&loop->references) == 0 && nothing_lives(loop);
    loop_unlock(loop);
    if (last)
        free_loop(loop);
}
