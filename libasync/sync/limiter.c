/* A limiter is a semaphore whose number of tokens may change: then less than none may be free. */
#include "libasync/limiter.h"
#include "libasync/sync/internal.h"

struct async_limiter {
    struct tokens tokens;
    int64_t total;
};

static const struct future_class limiter_class = {.size = sizeof(async_limiter)};

async_limiter *async_limiter_new(async_loop *loop, int64_t tokens)
{
    async_limiter *limiter = sync_new(loop, tokens >= 0, &limiter_class, async_bool(true));

    if (limiter) {
        tokens_init(&limiter->tokens, tokens, false);
        limiter->total = tokens;
    }
    return limiter;
}

async_limiter *async_limiter_ref(async_limiter *limiter)
{
    async_future_ref((async_future *)limiter);
    return limiter;
}

async_limiter *async_limiter_unref(async_limiter *taken)
{
    async_future_unref((async_future *)taken);
    return NULL;
}

async_future *async_limiter_acquire(async_limiter *limiter)
{
    int error = sync_enter(limiter);

    return likely(!error) ? tokens_acquire(&limiter->tokens) : sync_refuse(limiter, "limiter", error);
}

static int64_t borrowed(const async_limiter *limiter)
{
    return limiter->total - limiter->tokens.free;
}

int async_limiter_release(async_limiter *limiter)
{
    int error = sync_visit(limiter);

    if (unlikely(error))
        return error;
    if (unlikely(borrowed(limiter) - limiter->tokens.granted <= 0))
        return ASYNC_ESTATE;
    tokens_release(&limiter->tokens);
    return 0;
}

int async_limiter_set_tokens(async_limiter *limiter, int64_t tokens)
{
    int error = tokens >= 0 ? sync_visit(limiter) : ASYNC_EINVAL;

    if (error)
        return error;
    limiter->tokens.free = tokens - borrowed(limiter);
    limiter->total = tokens;
    while (tokens_grant(&limiter->tokens))
        ;
    return 0;
}

int64_t async_limiter_tokens(const async_limiter *limiter)
{
    return sync_visit(limiter) == 0 ? limiter->total : 0;
}

int64_t async_limiter_borrowed(const async_limiter *limiter)
{
    return sync_visit(limiter) == 0 ? borrowed(limiter) : 0;
}

int64_t async_limiter_available(const async_limiter *limiter)
{
    return sync_visit(limiter) == 0 ? limiter->tokens.free : 0;
}

size_t async_limiter_waiting(const async_limiter *limiter)
{
    size_t count = 0;

    if (sync_visit(limiter))
        return 0;
    for (const struct node *node = limiter->tokens.line.next; node != &limiter->tokens.line; node = node->next)
        count++;
    return count;
}
