/*
 * A wait goes from the condition's line to the loop's queue when it is notified, and from there, unless the lock is
 * free, to the lock's line and through the queue once more. A cancel on that way is told at its end, the lock held; as
 * asyncio's does, it costs the wait its place in the lock's line.
 */
#include "libasync/condition.h"
#include "libasync/sync/internal.h"

struct async_condition {
    struct sync sync;
    async_lock *lock;
    struct node line;
};

struct reacquirer {
    struct waiter waiter;
    async_value *failure;    /* of a cancel it was told of on its way, or NULL (held) */
};

static void release_condition(async_future *future)
{
    async_lock_unref(((async_condition *)future)->lock);
}

static const struct future_class condition_class = {.size = sizeof(async_condition), .release = release_condition};

static bool belongs_elsewhere(const async_lock *lock, const async_loop *loop)
{
    return lock && lock->tokens.sync.done.loop != loop;
}

async_condition *async_condition_new(async_loop *loop, async_lock *lock)
{
    async_lock *own = lock ? async_lock_ref(lock) : async_lock_new(loop);
    async_condition *condition = NULL;

    if (own)
        condition = sync_new(loop, !belongs_elsewhere(lock, loop), &condition_class, async_bool(true));
    if (!condition) {
        async_lock_unref(own);
        return NULL;
    }
    condition->lock = own;
    list_init(&condition->line);
    return condition;
}

async_condition *async_condition_ref(async_condition *condition)
{
    async_future_ref((async_future *)condition);
    return condition;
}

async_condition *async_condition_unref(async_condition *taken)
{
    async_future_unref((async_future *)taken);
    return NULL;
}

async_lock *async_condition_lock(const async_condition *condition)
{
    return condition ? condition->lock : NULL;
}

async_future *async_condition_acquire(async_condition *condition)
{
    return condition ? async_lock_acquire(condition->lock) : sync_refuse(NULL, "condition", ASYNC_EINVAL);
}

int async_condition_release(async_condition *condition)
{
    return async_lock_release(async_condition_lock(condition));
}

bool async_condition_is_locked(const async_condition *condition)
{
    return async_lock_is_locked(async_condition_lock(condition));
}

static void notify(async_condition *condition, size_t count)
{
    while (count-- > 0 && !list_is_empty(&condition->line))
        line_wake_first(&condition->line);
}

/* The lock is held. A wait that failed may have been notified: then that goes to another. */
static void end_wait(struct reacquirer *reacquirer)
{
    async_condition *condition = container_of(reacquirer->waiter.sync, async_condition, sync);
    async_value *failure = reacquirer->failure;

    reacquirer->failure = NULL;
    if (!failure) {
        waiter_succeed(&reacquirer->waiter, async_bool(true));
        return;
    }
    notify(condition, 1);
    waiter_fail(&reacquirer->waiter, failure);
}

static struct tokens *lock_of(const struct waiter *waiter)
{
    return &container_of(waiter->sync, async_condition, sync)->lock->tokens;
}

/* Runs when it was notified, granted the lock or cancelled. */
static void reacquire(async_loop *loop, struct node *node)
{
    struct waiter *waiter = waiter_of(node);
    struct reacquirer *reacquirer = container_of(waiter, struct reacquirer, waiter);
    struct tokens *lock = lock_of(waiter);
    bool held = waiter->granted && !waiter->cancel;

    tokens_settle(lock, waiter, !held);
    if (waiter->cancel) {
        async_value_unref(reacquirer->failure);
        reacquirer->failure = waiter->cancel;
        waiter->cancel = NULL;
    }
    if (!held && tokens_are_out(lock)) {
        waiter_join(waiter, &lock->line);
        return;
    }
    lock->free -= !held;
    end_wait(reacquirer);
}

static bool cancel(async_future *future, async_value *error)
{
    struct waiter *waiter = container_of(future, struct waiter, future);

    tokens_note_cancel(lock_of(waiter), waiter);
    return waiter_cancel_when_run(future, error);
}

static void release_reacquirer(async_future *future)
{
    async_value_unref(((struct reacquirer *)future)->failure);
}

static const struct future_class reacquirer_class = {
    .node = {.run = reacquire, .end_at_close = waiter_end_at_close},
    .size = sizeof(struct reacquirer),
    .cancel = cancel,
    .release = release_reacquirer,
};

async_future *async_condition_wait(async_condition *condition)
{
    int error = sync_enter(condition);
    struct waiter *waiter;

    if (error)
        return sync_refuse(condition, "condition", error);
    if (!async_lock_is_locked(condition->lock))
        return future_failed_saying(condition->sync.done.loop, ASYNC_ESTATE, "condition: wait needs its lock held");
    waiter = waiter_new(&condition->sync, &reacquirer_class);
    if (!waiter)
        return future_failed(ASYNC_ENOMEM);
    container_of(waiter, struct reacquirer, waiter)->failure = NULL;
    tokens_release(&condition->lock->tokens);
    waiter_join(waiter, &condition->line);
    return &waiter->future;
}

int async_condition_notify(async_condition *condition, size_t count)
{
    int error = sync_visit(condition);

    if (error)
        return error;
    if (!async_lock_is_locked(condition->lock))
        return ASYNC_ESTATE;
    notify(condition, count);
    return 0;
}

int async_condition_notify_all(async_condition *condition)
{
    return async_condition_notify(condition, SIZE_MAX);
}
