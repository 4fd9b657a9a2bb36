/* A lock is one token. It is held when that is neither free nor on its way to a waiter. */
#include "libasync/lock.h"
#include "libasync/sync/internal.h"

static const struct future_class lock_class = {.size = sizeof(async_lock)};

async_lock *async_lock_new(async_loop *loop)
{
    async_lock *lock = sync_new(loop, true, &lock_class, async_bool(true));

    if (lock)
        tokens_init(&lock->tokens, 1, true);
    return lock;
}

async_lock *async_lock_ref(async_lock *lock)
{
    async_future_ref((async_future *)lock);
    return lock;
}

async_lock *async_lock_unref(async_lock *taken)
{
    async_future_unref((async_future *)taken);
    return NULL;
}

async_future *async_lock_acquire(async_lock *lock)
{
    int error = sync_enter(lock);

    return likely(!error) ? tokens_acquire(&lock->tokens) : sync_refuse(lock, "lock", error);
}

static bool is_held(const async_lock *lock)
{
    return !lock->tokens.free && !lock->tokens.granted;
}

int async_lock_release(async_lock *lock)
{
    int error = sync_visit(lock);

    if (unlikely(error))
        return error;
    if (unlikely(!is_held(lock)))
        return ASYNC_ESTATE;
    tokens_release(&lock->tokens);
    return 0;
}

bool async_lock_is_locked(const async_lock *lock)
{
    return sync_visit(lock) == 0 && is_held(lock);
}
