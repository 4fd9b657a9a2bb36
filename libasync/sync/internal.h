/*
 * What locks, queues and their like share. Each stands on the two things told here, so that the algorithm stands once.
 *
 * A primitive is itself a future, one that is done: it is what those are given who need not wait, so that a free lock
 * allocates nothing; and it is counted, dropped from any thread and kept past its loop's close as futures are.
 *
 * Who has to wait is a waiter: a future whose own node stands in a line of the primitive. To wake it is to move the
 * node to the loop's queue. When the node runs, the waiter takes what it was woken for and ends; or, when it was
 * cancelled in between, passes that on to the next in line. A waiter that one task awaits has that task go on in the
 * same turn: the two are what one coroutine is in asyncio, and nothing can come between taking and having.
 */
#ifndef LIBASYNC_SYNC_INTERNAL_H
#define LIBASYNC_SYNC_INTERNAL_H

#include "libasync/future/internal.h"

struct sync {
    async_future done;
};

struct waiter {
    async_future future;
    struct sync *sync;      /* what it waits at (held) */
    async_value *cancel;    /* the error of a cancel that it is told of when it runs, or NULL (held) */
    bool woken;             /* its node stands in the loop's queue, or runs */
    bool granted;           /* woken with a token, and */
    bool leaving;           /* cancelled as the first in line: tokens.c */
};

/* Makes a primitive, done with a value. NULL, and errno as the headers have it, where that cannot be. */
void *sync_new(async_loop *loop, bool arguments_are_good, const struct future_class *class, async_value *value);

/* Entry of the calls on a primitive, as loop_enter and loop_visit. */
static inline int sync_enter(const void *primitive)
{
    return likely(primitive) ? loop_enter(((const struct sync *)primitive)->done.loop) : ASYNC_EINVAL;
}
static inline int sync_visit(const void *primitive)
{
    return future_visit(primitive);
}
/* For a call that gives a future and was refused entry. */
async_future *sync_refuse(const void *primitive, const char *noun, int error);

static inline async_future *sync_done(struct sync *sync)
{
    return future_hold(&sync->done);
}

static inline struct waiter *waiter_of(struct node *node)
{
    return container_of(node, struct waiter, future.node);
}

static inline struct waiter *line_first(struct node *line)
{
    return list_is_empty(line) ? NULL : waiter_of(line->next);
}

/* Made: a waiter that stands nowhere yet, with one reference that is the line's and one that is the caller's. NULL
 * without memory. */
struct waiter *waiter_new(struct sync *sync, const struct future_class *class);

static inline void waiter_join(struct waiter *waiter, struct node *line)
{
    waiter->woken = false;
    list_insert_before(line, &waiter->future.node);
}

/* What one is given who has to wait in a line and nothing more: such a waiter, or the failure without memory. */
async_future *line_wait(struct node *line, struct sync *sync, const struct future_class *class);

static inline void waiter_wake(struct waiter *waiter)
{
    node_unlink(&waiter->future.node);
    waiter->woken = true;
    loop_queue(waiter->future.loop, &waiter->future.node);
}

static inline void line_wake_first(struct node *line)
{
    if (!list_is_empty(line))
        waiter_wake(waiter_of(line->next));
}
static inline void line_wake_all(struct node *line)
{
    while (!list_is_empty(line))
        waiter_wake(waiter_of(line->next));
}

/* Ends a waiter that stands nowhere. It lets go of the primitive, perhaps with the last reference, and who alone awaits
 * a woken one runs: so this is the last thing that a waiter's run does. */
void waiter_succeed(struct waiter *waiter, async_value *taken);
void waiter_fail(struct waiter *waiter, async_value *taken);
/* Ends all in a line; what the function is given besides is the caller's. */
void line_end_all(struct node *line, void (*end)(struct waiter *waiter, void *user), void *user);
/* The same with a value, at once, where there is nothing to take that could get lost. */
void line_succeed_all(struct node *line, async_value *value);

/* What a cancel means to waiters: to some their end at once, if they were not woken yet; others leave the line and are
 * told when they run, for then they have something to put right. */
bool waiter_cancel(async_future *future, async_value *error);
bool waiter_cancel_when_run(async_future *future, async_value *error);
void waiter_end_at_close(async_loop *loop, struct node *node);

/* What locks, semaphores and limiters are: tokens, and a line of those who want one. */
struct tokens {
    struct sync sync;
    int64_t free;       /* a limiter has less than none while more are out than it should have */
    int64_t granted;    /* taken for waiters that were woken and have not run yet */
    size_t leaving;     /* of an orderly line: those cancelled as the first in line that have not run yet */
    bool orderly;
    struct node line;
};

static inline void tokens_init(struct tokens *tokens, int64_t count, bool orderly)
{
    tokens->free = count;
    tokens->granted = 0;
    tokens->leaving = 0;
    tokens->orderly = orderly;
    list_init(&tokens->line);
}
/* Whether who asks now has to wait: nobody overtakes those in line, nor those who were woken. */
static inline bool tokens_are_out(const struct tokens *tokens)
{
    return tokens->free <= 0 || tokens->granted || !list_is_empty(&tokens->line);
}
async_future *tokens_wait(struct tokens *tokens);
static inline async_future *tokens_acquire(struct tokens *tokens)
{
    if (unlikely(tokens_are_out(tokens)))
        return tokens_wait(tokens);
    tokens->free--;
    return sync_done(&tokens->sync);
}
/* Gives the first in line a token; false when there is no token or nobody in line. */
bool tokens_grant(struct tokens *tokens);
static inline void tokens_release(struct tokens *tokens)
{
    tokens->free++;
    if (!list_is_empty(&tokens->line))
        tokens_grant(tokens);
}
/* A waiter that stands in the line, perhaps, is cancelled. */
void tokens_note_cancel(struct tokens *tokens, struct waiter *waiter);
/* A waiter runs. What it was granted it has now, or hands back. */
void tokens_settle(struct tokens *tokens, struct waiter *waiter, bool hand_back);

/* lock.c, for conditions. */
struct async_lock {
    struct tokens tokens;
};

/* order.c: -1, 0 or 1 as the first value comes before the other, is equal to it or comes after; else INCOMPARABLE. */
#define INCOMPARABLE 2
int value_compare(const async_value *one, const async_value *other);

/* store.c: what a queue holds, of one of the kinds that queue.h names. */
struct entry {
    async_value *value;
    uint64_t order;    /* of its coming */
};
struct store {
    struct entry *entries;
    size_t capacity;    /* a power of two, or 0 */
    size_t head;        /* where the oldest is; 0 for a heap */
    size_t count;
    uint64_t next_order;
    int kind;
};
void store_init(struct store *store, int kind);
/* 0 and the value is taken; else ASYNC_ENOMEM, or ASYNC_EINVAL when it cannot be compared. */
int store_put(struct store *store, async_value *value);
/* The next value, of at least one. */
async_value *store_take(struct store *store);
void store_clear(struct store *store);

#endif
