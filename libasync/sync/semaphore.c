#include "libasync/semaphore.h"
#include "libasync/sync/internal.h"

struct async_semaphore {
    struct tokens tokens;
    int64_t bound;    /* how many tokens there may be: of one without a bound, as many as can be counted */
};

static const struct future_class semaphore_class = {.size = sizeof(async_semaphore)};

static async_semaphore *make(async_loop *loop, int64_t value, int64_t bound)
{
    async_semaphore *semaphore = sync_new(loop, value >= 0, &semaphore_class, async_bool(true));

    if (semaphore) {
        tokens_init(&semaphore->tokens, value, false);
        semaphore->bound = bound;
    }
    return semaphore;
}

async_semaphore *async_semaphore_new(async_loop *loop, int64_t value)
{
    return make(loop, value, INT64_MAX);
}

async_semaphore *async_semaphore_new_bounded(async_loop *loop, int64_t value)
{
    return make(loop, value, value);
}

async_semaphore *async_semaphore_ref(async_semaphore *semaphore)
{
    async_future_ref((async_future *)semaphore);
    return semaphore;
}

async_semaphore *async_semaphore_unref(async_semaphore *taken)
{
    async_future_unref((async_future *)taken);
    return NULL;
}

async_future *async_semaphore_acquire(async_semaphore *semaphore)
{
    int error = sync_enter(semaphore);

    return likely(!error) ? tokens_acquire(&semaphore->tokens) : sync_refuse(semaphore, "semaphore", error);
}

int async_semaphore_release(async_semaphore *semaphore)
{
    int error = sync_visit(semaphore);

    if (unlikely(error))
        return error;
    if (unlikely(semaphore->tokens.free >= semaphore->bound))
        return ASYNC_ESTATE;
    tokens_release(&semaphore->tokens);
    return 0;
}

bool async_semaphore_is_locked(const async_semaphore *semaphore)
{
    return sync_visit(semaphore) == 0 && tokens_are_out(&semaphore->tokens);
}
