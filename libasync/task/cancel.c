/*
 * Cancelling goes down to the innermost operation; each task on the way counts it. What cannot be cancelled any more,
 * or has not begun, is told with its next step.
 *
 * Tasks await tasks to any depth, directly or through gather and its like. The way is walked in a loop that calls
 * itself for what an operation cancels in turn, so that all hear in asyncio's order, but not without end: deep down
 * such a cancel only notes its task, to be visited next. And tasks may await each other in a ring, which asyncio's
 * cancel never comes back from; here the task that closes the ring is told, and the ring dissolves.
 */
#include "libasync/task/internal.h"

/* Most ways are short. */
#define SHORT_WAY 32
#define MOST_DEPTH 32
#define LEAVE ((uintptr_t)1)

/* A stack of tasks to visit and, between them, those to leave: marked, a task is on the path that led here. */
struct cancel_walk {
    async_value *error;
    bool closes_ring;    /* the operation just cancelled waits for a task of the path */
    bool closing;        /* no task is visited that another walk of this close has visited */
    unsigned depth;
    size_t count, capacity;
    uintptr_t *items;
    uintptr_t first[SHORT_WAY];
};

static bool grow(struct cancel_walk *walk)
{
    size_t size = walk->capacity * sizeof *walk->items;
    uintptr_t *items = memory_allocate(2 * size);

    if (!items)
        return false;
    for (size_t i = 0; i < walk->count; i++)
        items[i] = walk->items[i];
    if (walk->items != walk->first)
        memory_release(walk->items, size);
    walk->items = items;
    walk->capacity *= 2;
    return true;
}

static bool push(struct cancel_walk *walk, async_task *task, uintptr_t mark)
{
    if (walk->count == walk->capacity && !grow(walk))
        return false;
    walk->items[walk->count++] = (uintptr_t)task | mark;
    return true;
}

/* What an operation noted is visited in its order, as if by recursion. */
static void reverse(struct cancel_walk *walk, size_t begin)
{
    for (size_t end = walk->count; begin + 1 < end; begin++, end--) {
        uintptr_t item = walk->items[begin];

        walk->items[begin] = walk->items[end - 1];
        walk->items[end - 1] = item;
    }
}

static void tell(async_task *task, async_value *error)
{
    task->must_cancel = true;
    task_keep_cancel(task, error);
}

/* Nothing in the ring would ever wake this task, so it goes on without what it awaits. */
static void tell_at_once(async_task *task, async_value *error)
{
    async_future *awaited = task->future.awaiting;

    future_detach(awaited, &task->node);
    task->future.awaiting = NULL;
    tell(task, error);
    loop_queue(task->future.loop, &task->node);
    if (!future_class(awaited)->is_task)
        future_excuse(awaited);
    future_drop(awaited);
}

static bool enter(struct cancel_walk *walk, async_task *task)
{
    if (!push(walk, task, LEAVE))
        return false;
    task->on_path = true;
    return true;
}

static void cancel_operation(struct cancel_walk *walk, async_task *task)
{
    size_t noted = walk->count;
    bool outer_closes_ring = walk->closes_ring;

    walk->closes_ring = false;
    if (!future_cancel(task->future.awaiting, walk->error))
        tell(task, walk->error);
    else if (walk->closes_ring)
        tell_at_once(task, walk->error);
    walk->closes_ring = outer_closes_ring;
    reverse(walk, noted);
}

/* The task to go on with, or NULL. Without memory for the path the cancel goes no further, as if this were its end. */
static async_task *visit(struct cancel_walk *walk, async_task *task)
{
    async_future *awaiting = task->future.awaiting;

    if (walk->closing && task->closed)
        return NULL;
    task->closed |= walk->closing;
    task->cancels += task->cancels < MOST_CANCELS;
    if (!awaiting || !future_is_pending(awaiting)) {
        tell(task, walk->error);
        return NULL;
    }
    if (!enter(walk, task)) {
        tell_at_once(task, walk->error);
        return NULL;
    }
    if (!future_class(awaiting)->is_task)
        cancel_operation(walk, task);
    else if (!task_of(awaiting)->on_path)
        return task_of(awaiting);
    else
        tell_at_once(task, walk->error);
    return NULL;
}

/* Leaves the tasks on top of the stack, down to one that is to be visited; NULL when there is none above `begin`. */
static async_task *next_noted(struct cancel_walk *walk, size_t begin)
{
    while (walk->count > begin) {
        uintptr_t item = walk->items[--walk->count];
        async_task *task = (async_task *)(item & ~LEAVE);

        if (!(item & LEAVE))
            return task;
        task->on_path = false;
    }
    return NULL;
}

static void walk_down(struct cancel_walk *walk, async_task *task)
{
    size_t begin = walk->count;

    walk->depth++;
    do {
        while (task)
            task = visit(walk, task);
        task = next_noted(walk, begin);
    } while (task);
    walk->depth--;
}

static void cancel_within(struct cancel_walk *walk, async_task *task)
{
    if (task->on_path)
        walk->closes_ring = true;
    else if (walk->depth < MOST_DEPTH)
        walk_down(walk, task);
    else if (!push(walk, task, 0))
        tell(task, walk->error);
}

static void cancel_from(async_task *task, async_value *error, bool closing)
{
    async_loop *loop = task->future.loop;
    struct cancel_walk walk;    /* not cleared: its stack is large */

    walk.error = error;
    walk.closes_ring = false;
    walk.closing = closing;
    walk.depth = 0;
    walk.count = 0;
    walk.capacity = SHORT_WAY;
    walk.items = walk.first;
    loop->cancelling = &walk;
    walk_down(&walk, task);
    loop->cancelling = NULL;
    if (walk.items != walk.first)
        memory_release(walk.items, walk.capacity * sizeof *walk.items);
}

bool task_cancel(async_future *future, async_value *error)
{
    if (future->loop->cancelling)
        cancel_within(future->loop->cancelling, task_of(future));
    else
        cancel_from(task_of(future), error, false);
    return true;
}

void task_cancel_at_close(async_task *task)
{
    if (!task->closed)
        cancel_from(task, error_static(ASYNC_ECANCELED), true);
}

void task_cancel_later(async_future *future, const async_future *awaited)
{
    async_task *task = task_of(future);
    const struct running *running = future->loop->current;

    if (!future_is_pending(future))
        return;
    if (future->awaiting == awaited)
        task->cancel_later = true;
    else if (running && running->task == task)
        task->must_cancel = task->cancels > 0;
}
