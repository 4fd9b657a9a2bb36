/*
 * Biased counting (Choi, Shull and Torrellas, "Biased reference counting", 2018): the owner's thread counts plainly in
 * `life`, others add atomically to `foreign`. The object lives while the sum is not 0. Others never subtract: they send
 * their last word home, and the owner counts it. Once the loop is closed nobody owns it: the owner's count then stands
 * still and all subtract from `foreign`, under the lock that the marks in `life` are set under.
 */
#include "libasync/future/value.h"

#include <stdio.h>

async_future *future_new(async_loop *loop, const struct future_class *class)
{
    async_future *future = loop_allocate(loop, class->size);

    if (unlikely(!future))
        return NULL;
    future_init(future, loop, class, 1);
    return future;
}

async_future *async_future_ref(async_future *future)
{
    if (!future || !future->loop)
        return future;
    if (likely(loop_is_owned(future->loop)))
        future->life += LIFE_REFERENCE;
    else
        atomic_fetch_add_explicit(&future->foreign, 1, memory_order_relaxed);
    return future;
}

/* The owner subtracts one, from wherever there is one; true when none is left. */
static bool subtract(async_future *future)
{
    if (likely(future->life >= LIFE_REFERENCE))
        future->life -= LIFE_REFERENCE;
    else
        atomic_fetch_sub_explicit(&future->foreign, 1, memory_order_acq_rel);
    return future->life < LIFE_REFERENCE && atomic_load_explicit(&future->foreign, memory_order_acquire) == 0;
}

/* The same once nobody owns the loop. */
static bool subtract_unowned(async_future *future)
{
    int64_t left;

    loop_lock(future->loop);
    left = (int64_t)(future->life / LIFE_REFERENCE) + atomic_fetch_sub(&future->foreign, 1) - 1;
    loop_unlock(future->loop);
    return left == 0;
}

void future_describe(const async_future *future, char *text)
{
    if (future_class(future)->describe)
        future_class(future)->describe(future, text, DESCRIPTION_SIZE);
    else
        snprintf(text, DESCRIPTION_SIZE, "a future");
}

rarely static void report_unread(async_future *future)
{
    char description[DESCRIPTION_SIZE], message[2 * DESCRIPTION_SIZE];

    future_describe(future, description);
    snprintf(message, sizeof message, "%s failed and nobody read it: %s", description,
             async_value_message(future->outcome));
    loop_report(future->loop, future, async_value_error(future->outcome), message);
}

static struct slab *slab_of(async_future *future)
{
    return future_class(future)->is_task ? &future->loop->tasks : loop_slab(future->loop, future_class(future)->size);
}

/* Nobody else can reach it. For the report it is held once more: its handler may ask it this and that, and keep it. */
static bool survives_report(async_future *future)
{
    bool owned = loop_is_owned(future->loop);

    future->life &= ~LIFE_UNREAD;
    if (owned)
        future->life += LIFE_REFERENCE;
    else
        atomic_fetch_add(&future->foreign, 1);
    report_unread(future);
    return owned ? !subtract(future) : !subtract_unowned(future);
}

static void free_future(async_future *future)
{
    if (unlikely(future->life & LIFE_UNREAD) && survives_report(future))
        return;
    if (future_class(future)->release)
        future_class(future)->release(future);
    if (!future_is_pending(future) && value_is_counted(future->outcome))
        async_value_unref(future->outcome);
    loop_free_anywhere(future->loop, slab_of(future), future);
}

void future_drop_last(async_future *future)
{
    if (subtract(future))
        free_future(future);
}

static void unref_at_home(void *user)
{
    async_future_unref(user);
}

rarely static void unref_elsewhere(async_future *taken)
{
    if (!loop_post_home(taken->loop, unref_at_home, taken) && subtract_unowned(taken))
        free_future(taken);
}

async_future *async_future_unref(async_future *taken)
{
    if (taken && taken->loop) {
        if (likely(loop_is_owned(taken->loop)))
            future_drop(taken);
        else
            unref_elsewhere(taken);
    }
    return NULL;
}
