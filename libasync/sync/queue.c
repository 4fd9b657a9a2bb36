/*
 * A queue, as asyncio's. A value that is put wakes the first who waits to get, and stays in the queue until that one
 * runs; then he takes it, or, if another was quicker, stands in line again.
 */
#include "libasync/queue.h"
#include "libasync/sync/internal.h"

#define INCOMPARABLE_VALUE "queue: the value cannot be compared with those in it"

struct async_queue {
    struct sync sync;
    struct store store;
    int64_t capacity;
    uint64_t unfinished;    /* put in and not told to be worked off */
    bool shut;
    struct node getters, putters, joiners;
};

struct putter {
    struct waiter waiter;
    async_value *value;    /* held */
};

static void release_queue(async_future *future)
{
    store_clear(&((async_queue *)future)->store);
}

static const struct future_class queue_class = {.size = sizeof(async_queue), .release = release_queue};

async_queue *async_queue_new(async_loop *loop, int64_t capacity, int kind)
{
    bool good = capacity >= 0 && kind >= ASYNC_QUEUE_FIFO && kind <= ASYNC_QUEUE_PRIORITY;
    async_queue *queue = sync_new(loop, good, &queue_class, async_none());

    if (!queue)
        return NULL;
    store_init(&queue->store, kind);
    queue->capacity = capacity;
    queue->unfinished = 0;
    queue->shut = false;
    list_init(&queue->getters);
    list_init(&queue->putters);
    list_init(&queue->joiners);
    return queue;
}

async_queue *async_queue_ref(async_queue *queue)
{
    async_future_ref((async_future *)queue);
    return queue;
}

async_queue *async_queue_unref(async_queue *taken)
{
    async_future_unref((async_future *)taken);
    return NULL;
}

static async_queue *queue_of(const struct waiter *waiter)
{
    return container_of(waiter->sync, async_queue, sync);
}

static bool is_empty(const async_queue *queue)
{
    return queue->store.count == 0;
}

static bool is_full(const async_queue *queue)
{
    return queue->capacity && queue->store.count >= (uint64_t)queue->capacity;
}

/* The value is taken unless the answer is an error. */
static int put_in(async_queue *queue, async_value *value)
{
    int error = value ? 0 : ASYNC_ENOMEM;

    if (unlikely(!error && queue->shut))
        error = ASYNC_ESHUTDOWN;
    if (!error && is_full(queue))
        error = ASYNC_EFULL;
    if (!error)
        error = store_put(&queue->store, value);
    if (error)
        return error;
    queue->unfinished++;
    line_wake_first(&queue->getters);
    return 0;
}

static async_value *take_out(async_queue *queue)
{
    async_value *value = store_take(&queue->store);

    line_wake_first(&queue->putters);
    return value;
}

/* One that was cancelled wakes the next one, for what he was woken for is still there. */
static void get(async_loop *loop, struct node *node)
{
    struct waiter *waiter = waiter_of(node);
    async_queue *queue = queue_of(waiter);

    if (waiter->cancel) {
        if (!is_empty(queue))
            line_wake_first(&queue->getters);
        waiter_fail(waiter, async_value_ref(waiter->cancel));
    } else if (!is_empty(queue)) {
        waiter_succeed(waiter, take_out(queue));
    } else if (queue->shut) {
        waiter_fail(waiter, error_static(ASYNC_ESHUTDOWN));
    } else {
        waiter_join(waiter, &queue->getters);
    }
}

static void put(async_loop *loop, struct node *node)
{
    struct waiter *waiter = waiter_of(node);
    struct putter *putter = container_of(waiter, struct putter, waiter);
    async_queue *queue = queue_of(waiter);
    int error;

    if (waiter->cancel) {
        if (!is_full(queue))
            line_wake_first(&queue->putters);
        waiter_fail(waiter, async_value_ref(waiter->cancel));
        return;
    }
    error = put_in(queue, putter->value);
    if (error == ASYNC_EFULL) {
        waiter_join(waiter, &queue->putters);
    } else if (error) {
        waiter_fail(waiter, async_error(error, error == ASYNC_EINVAL ? INCOMPARABLE_VALUE : NULL));
    } else {
        putter->value = NULL;
        waiter_succeed(waiter, async_none());
    }
}

static void release_putter(async_future *future)
{
    async_value_unref(((struct putter *)future)->value);
}

static const struct future_class getter_class = {
    .node = {.run = get, .end_at_close = waiter_end_at_close},
    .size = sizeof(struct waiter),
    .cancel = waiter_cancel,
};

static const struct future_class putter_class = {
    .node = {.run = put, .end_at_close = waiter_end_at_close},
    .size = sizeof(struct putter),
    .cancel = waiter_cancel,
    .release = release_putter,
};

static const struct future_class joiner_class = {
    .node.end_at_close = waiter_end_at_close,
    .size = sizeof(struct waiter),
    .cancel = waiter_cancel,
};

/* What a get gives that finds a value. */
static const struct future_class got_class = {.size = sizeof(async_future)};

static async_future *wait_to_put(async_queue *queue, async_value *taken)
{
    struct waiter *waiter = waiter_new(&queue->sync, &putter_class);

    if (!waiter) {
        async_value_unref(taken);
        return future_failed(ASYNC_ENOMEM);
    }
    container_of(waiter, struct putter, waiter)->value = taken;
    waiter_join(waiter, &queue->putters);
    return &waiter->future;
}

async_future *async_queue_put(async_queue *queue, async_value *taken)
{
    int error = sync_enter(queue);

    if (unlikely(error)) {
        async_value_unref(taken);
        return sync_refuse(queue, "queue", error);
    }
    error = put_in(queue, taken);
    if (likely(!error))
        return sync_done(&queue->sync);
    if (error == ASYNC_EFULL)
        return wait_to_put(queue, taken);
    async_value_unref(taken);
    if (error == ASYNC_EINVAL)
        return future_failed_saying(queue->sync.done.loop, error, "%s", INCOMPARABLE_VALUE);
    return future_failed(error);
}

int async_queue_put_nowait(async_queue *queue, async_value *taken)
{
    int error = sync_enter(queue);

    if (!error)
        error = put_in(queue, taken);
    if (error)
        async_value_unref(taken);
    return error;
}

/* The future is made first: a value that was taken out could not be put back in its place. */
static async_future *get_at_once(async_queue *queue)
{
    async_future *future = future_new(queue->sync.done.loop, &got_class);

    if (unlikely(!future))
        return future_failed(ASYNC_ENOMEM);
    future_succeed(future, take_out(queue));
    return future;
}

async_future *async_queue_get(async_queue *queue)
{
    int error = sync_enter(queue);

    if (unlikely(error))
        return sync_refuse(queue, "queue", error);
    if (!is_empty(queue))
        return get_at_once(queue);
    if (queue->shut)
        return future_failed(ASYNC_ESHUTDOWN);
    return line_wait(&queue->getters, &queue->sync, &getter_class);
}

int async_queue_get_nowait(async_queue *queue, async_value **value)
{
    int error = value ? sync_visit(queue) : ASYNC_EINVAL;

    if (!error && is_empty(queue))
        error = queue->shut ? ASYNC_ESHUTDOWN : ASYNC_EEMPTY;
    if (value)
        *value = error ? NULL : take_out(queue);
    return error;
}

size_t async_queue_size(const async_queue *queue)
{
    return sync_visit(queue) == 0 ? queue->store.count : 0;
}

int64_t async_queue_capacity(const async_queue *queue)
{
    return queue ? queue->capacity : 0;
}

bool async_queue_is_empty(const async_queue *queue)
{
    return sync_visit(queue) != 0 || is_empty(queue);
}

bool async_queue_is_full(const async_queue *queue)
{
    return sync_visit(queue) == 0 && is_full(queue);
}

static void finish(async_queue *queue, uint64_t count)
{
    queue->unfinished -= count < queue->unfinished ? count : queue->unfinished;
    if (!queue->unfinished)
        line_succeed_all(&queue->joiners, async_none());
}

int async_queue_task_done(async_queue *queue)
{
    int error = sync_visit(queue);

    if (error)
        return error;
    if (!queue->unfinished)
        return ASYNC_ESTATE;
    finish(queue, 1);
    return 0;
}

async_future *async_queue_join(async_queue *queue)
{
    int error = sync_enter(queue);

    if (error)
        return sync_refuse(queue, "queue", error);
    if (!queue->unfinished)
        return sync_done(&queue->sync);
    return line_wait(&queue->joiners, &queue->sync, &joiner_class);
}

int async_queue_shutdown(async_queue *queue, bool immediate)
{
    int error = sync_visit(queue);
    size_t count;

    if (error)
        return error;
    count = queue->store.count;
    queue->shut = true;
    if (immediate) {
        store_clear(&queue->store);
        finish(queue, count);
    }
    line_wake_all(&queue->getters);
    line_wake_all(&queue->putters);
    return 0;
}
