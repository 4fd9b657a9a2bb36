/*
 * Tokens. Who releases one takes it out again for the first in line, so that nobody can overtake a waiter that was
 * woken; the waiter has it once it runs. A new one that comes meanwhile stands in line even where tokens are left, and
 * those who ran see to it that all whose turn it is are woken: asyncio's Semaphore since 3.13.
 *
 * Its Lock is orderly: the first in line, once cancelled, still keeps his place until he runs, and only then the next
 * one is woken. Cancelled ones behind him are passed over.
 */
#include "libasync/sync/internal.h"

bool tokens_grant(struct tokens *tokens)
{
    struct waiter *first = line_first(&tokens->line);

    if (tokens->free <= 0 || tokens->leaving || !first)
        return false;
    tokens->free--;
    tokens->granted++;
    first->granted = true;
    waiter_wake(first);
    return true;
}

void tokens_note_cancel(struct tokens *tokens, struct waiter *waiter)
{
    if (!tokens->orderly || line_first(&tokens->line) != waiter)
        return;
    waiter->leaving = true;
    tokens->leaving++;
}

void tokens_settle(struct tokens *tokens, struct waiter *waiter, bool hand_back)
{
    tokens->leaving -= waiter->leaving;
    tokens->granted -= waiter->granted;
    tokens->free += waiter->granted && hand_back;
    waiter->granted = waiter->leaving = false;
    while (tokens_grant(tokens))
        ;
}

static struct tokens *tokens_of(const struct waiter *waiter)
{
    return container_of(waiter->sync, struct tokens, sync);
}

static void take(async_loop *loop, struct node *node)
{
    struct waiter *waiter = waiter_of(node);

    tokens_settle(tokens_of(waiter), waiter, waiter->cancel);
    if (waiter->cancel)
        waiter_fail(waiter, async_value_ref(waiter->cancel));
    else
        waiter_succeed(waiter, async_bool(true));
}

static bool cancel(async_future *future, async_value *error)
{
    struct waiter *waiter = container_of(future, struct waiter, future);

    tokens_note_cancel(tokens_of(waiter), waiter);
    return waiter_cancel_when_run(future, error);
}

static const struct future_class waiter_class = {
    .node = {.run = take, .end_at_close = waiter_end_at_close},
    .size = sizeof(struct waiter),
    .cancel = cancel,
};

async_future *tokens_wait(struct tokens *tokens)
{
    return line_wait(&tokens->line, &tokens->sync, &waiter_class);
}
