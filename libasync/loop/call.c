/* Callbacks: in the next turn, or at a time. */
#include "libasync/loop/internal.h"

#include <math.h>

struct call {
    struct node node;
    async_callback *callback;
    void *user;
    async_destroy *destroy;
};

/* The user's functions come last: they may well do anything, closing the loop included. */
static void free_call(async_loop *loop, struct call *call, bool run)
{
    struct call copy = *call;

    loop_free(loop, call, sizeof *call);
    if (run)
        copy.callback(loop, copy.user);
    if (copy.destroy)
        copy.destroy(copy.user);
}

static void run_call(async_loop *loop, struct node *node)
{
    free_call(loop, container_of(node, struct call, node), true);
}

static void close_call(async_loop *loop, struct node *node)
{
    node_unlink(node);
    free_call(loop, container_of(node, struct call, node), false);
}

static const struct node_ops call_ops = {.run = run_call, .drop_at_close = close_call};

static int refuse(int error, void *user, async_destroy *destroy)
{
    if (destroy)
        destroy(user);
    return error;
}

int async_loop_call_soon(async_loop *loop, async_callback *callback, void *user, async_destroy *destroy)
{
    int error = callback ? loop_enter(loop) : ASYNC_EINVAL;
    struct call *call;

    if (error)
        return refuse(error, user, destroy);
    call = loop_allocate(loop, sizeof *call);
    if (!call)
        return refuse(ASYNC_ENOMEM, user, destroy);

    *call = (struct call){.node.ops = &call_ops, .callback = callback, .user = user, .destroy = destroy};
    loop_queue(loop, &call->node);
    return 0;
}

/* One reference is the caller's, if he wanted the handle, and one the running timer's own. */
struct async_timer {
    struct timer timer;
    async_loop *loop;
    _Atomic uint32_t references;
    bool pending;
    double when;
    async_callback *callback;
    void *user;
    async_destroy *destroy;
};

static void fire(async_loop *loop, struct node *node)
{
    async_timer *timer = container_of(node, async_timer, timer.node);

    timer->pending = false;
    timer->callback(loop, timer->user);
    if (timer->destroy)
        timer->destroy(timer->user);
    async_timer_unref(timer);
}

static void call_off(async_timer *timer)
{
    timer->pending = false;
    timer_stop(timer->loop, &timer->timer);
    if (timer->destroy)
        timer->destroy(timer->user);
    async_timer_unref(timer);
}

static void close_timer(async_loop *loop, struct node *node)
{
    async_timer *timer = container_of(node, async_timer, timer.node);

    if (timer->pending)
        call_off(timer);
}

static const struct node_ops timer_ops = {.run = fire, .drop_at_close = close_timer};

int async_loop_call_at(async_loop *loop, double seconds, async_callback *callback, void *user, async_destroy *destroy,
                       async_timer **timer)
{
    int error = callback && isfinite(seconds) ? loop_enter(loop) : ASYNC_EINVAL;
    async_timer *made = error ? NULL : loop_allocate(loop, sizeof *made);

    if (timer)
        *timer = NULL;
    if (!made)
        return refuse(error ? error : ASYNC_ENOMEM, user, destroy);

    *made = (async_timer){.loop = loop, .references = timer ? 2 : 1, .pending = true, .when = seconds,
                          .callback = callback, .user = user, .destroy = destroy};
    timer_init(&made->timer, &timer_ops);
    if (!timer_start(loop, &made->timer, seconds)) {
        loop_free(loop, made, sizeof *made);
        return refuse(ASYNC_ENOMEM, user, destroy);
    }
    if (timer)
        *timer = made;
    return 0;
}

int async_loop_call_later(async_loop *loop, double seconds, async_callback *callback, void *user,
                          async_destroy *destroy, async_timer **timer)
{
    if (!loop || !(seconds >= 0)) {
        if (timer)
            *timer = NULL;
        return refuse(ASYNC_EINVAL, user, destroy);
    }
    return async_loop_call_at(loop, loop_now(loop) + seconds, callback, user, destroy, timer);
}

int async_timer_cancel(async_timer *timer)
{
    int error = timer ? loop_visit(timer->loop) : ASYNC_EINVAL;

    if (error)
        return error;
    if (!timer->pending)
        return ASYNC_ESTATE;
    call_off(timer);
    return 0;
}

double async_timer_when(const async_timer *timer)
{
    return timer ? timer->when : 0;
}

async_timer *async_timer_ref(async_timer *timer)
{
    if (timer)
        atomic_fetch_add_explicit(&timer->references, 1, memory_order_relaxed);
    return timer;
}

static void free_timer(void *user)
{
    async_timer *timer = user;

    loop_free_anywhere(timer->loop, loop_slab(timer->loop, sizeof *timer), timer);
}

async_timer *async_timer_unref(async_timer *taken)
{
    if (taken && atomic_fetch_sub_explicit(&taken->references, 1, memory_order_acq_rel) == 1 &&
        (loop_is_owned(taken->loop) || !loop_post_home(taken->loop, free_timer, taken)))
        free_timer(taken);
    return NULL;
}
