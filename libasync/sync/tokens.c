/*
 * Tokens. Who releases one takes it out again for the first in line, so that nobody can overtake a waiter that was
 * woken; the waiter has it once it runs. A new one that comes meanwhile stands in line even where tokens are left, and
 * those who ran see to it that all whose turn it is are woken: asyncio's Semaphore since 3.13.
 */
#include "libasync/sync/internal.h"

bool tokens_grant(struct tokens *tokens)
{
    struct waiter *first = line_first(&tokens->line);

    if (tokens->free <= 0 || !first)
        return false;
    tokens->free--;
    tokens->granted++;
    first->granted = true;
    waiter_wake(first);
    return true;
}

void tokens_settle(struct tokens *tokens, struct waiter *waiter, bool hand_back)
{
    waiter->granted = false;
    tokens->granted--;
    tokens->free += hand_back;
    while (tokens_grant(tokens))
        ;
}

static void take(async_loop *loop, struct node *node)
{
    struct waiter *waiter = waiter_of(node);

    tokens_settle(container_of(waiter->sync, struct tokens, sync), waiter, waiter->cancel);
    if (waiter->cancel)
        waiter_fail(waiter, async_value_ref(waiter->cancel));
    else
        waiter_succeed(waiter, async_bool(true));
}

static const struct future_class waiter_class = {
    .node = {.run = take, .end_at_close = waiter_end_at_close},
    .size = sizeof(struct waiter),
    .cancel = waiter_cancel,
};

async_future *tokens_wait(struct tokens *tokens)
{
    struct waiter *waiter = waiter_new(&tokens->sync, &waiter_class);

    if (!waiter)
        return future_failed(ASYNC_ENOMEM);
    waiter_join(waiter, &tokens->line);
    return &waiter->future;
}
