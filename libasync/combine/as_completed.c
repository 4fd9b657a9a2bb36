/*
 * Futures in the order they end. Those that have ended and those that ask for the next stand in two rows, one of which
 * is always empty. Its timer is the time limit's.
 */
#include "libasync/combine/internal.h"

struct async_completions {
    struct timer timer;
    async_loop *loop;
    uint32_t references;
    bool expired;
    struct children children;
    size_t *ended;           /* places, in the order they ended */
    size_t ended_count;
    size_t handed_out;
    size_t asking_count;
    struct node asking;      /* pending futures of async_completions_next, by their own nodes */
};

/* A future of async_completions_next holds the row and, while it is pending, itself: dropped by its caller it still
 * stands in the list, and the next place is its. */
struct asking {
    async_future future;
    async_completions *completions;
};

static struct asking *asking_of(async_future *future)
{
    return container_of(future, struct asking, future);
}

/* The last thing an asking future does with the row, which may end by it. */
static void end_asking(struct asking *asking)
{
    async_completions *completions = asking->completions;

    if (node_is_linked(&asking->future.node)) {
        node_unlink(&asking->future.node);
        completions->asking_count--;
    }
    future_drop(&asking->future);
    async_completions_unref(completions);
}

static bool cancel_asking(async_future *future, async_value *error)
{
    future_fail(future, async_value_ref(error));
    end_asking(asking_of(future));
    return true;
}

static void close_asking(async_loop *loop, struct node *node)
{
    async_future *future = container_of(node, async_future, node);

    if (future_end_closed(future))
        end_asking(asking_of(future));
}

static const struct future_class asking_class = {
    .node.end_at_close = close_asking,
    .size = sizeof(struct asking),
    .cancel = cancel_asking,
};

static async_value *next_place(async_completions *completions)
{
    return async_int((int64_t)completions->ended[completions->handed_out++]);
}

static void child_done(async_loop *loop, struct node *node)
{
    struct child *child = container_of(node, struct child, node);
    async_completions *completions = child->parent;

    completions->ended[completions->ended_count++] = (size_t)(child - completions->children.items);
    if (completions->ended_count == completions->children.count)
        timer_stop(loop, &completions->timer);
    if (!list_is_empty(&completions->asking)) {
        async_future *first = container_of(completions->asking.next, async_future, node);

        future_succeed(first, next_place(completions));
        end_asking(asking_of(first));
    }
}

static const struct node_ops child_ops = {.run = child_done};

/* The row is held meanwhile: the last of those that ask may let go of it. */
static void fail_asking(async_completions *completions, int error)
{
    async_completions_ref(completions);
    while (!list_is_empty(&completions->asking)) {
        async_future *first = container_of(completions->asking.next, async_future, node);

        future_fail(first, error_static(error));
        end_asking(asking_of(first));
    }
    async_completions_unref(completions);
}

static void on_time_limit(async_loop *loop, struct node *node)
{
    async_completions *completions = container_of(node, async_completions, timer.node);

    completions->expired = true;
    children_detach(&completions->children);
    fail_asking(completions, ASYNC_ETIMEDOUT);
}

static void end_at_close(async_loop *loop, struct node *node)
{
    async_completions *completions = container_of(node, async_completions, timer.node);

    children_detach(&completions->children);
    timer_stop(loop, &completions->timer);
}

static const struct node_ops completions_ops = {.run = on_time_limit, .end_at_close = end_at_close};

static void free_completions(async_completions *completions)
{
    timer_stop(completions->loop, &completions->timer);
    children_detach(&completions->children);
    memory_release(completions->ended, completions->children.count * sizeof *completions->ended);
    children_free(&completions->children);
    loop_free_anywhere(completions->loop, loop_slab(completions->loop, sizeof *completions), completions);
}

static bool start(async_completions *completions, size_t count, double timeout_seconds)
{
    async_loop *loop = completions->loop;

    completions->ended = count ? memory_allocate(count * sizeof *completions->ended) : NULL;
    if (count && !completions->ended)
        return false;
    if (timeout_seconds != ASYNC_FOREVER && !timer_start(loop, &completions->timer, loop_now(loop) + timeout_seconds))
        return false;
    for (size_t i = 0; i < count; i++)
        future_attach(loop, completions->children.items[i].future, &completions->children.items[i].node);
    return true;
}

async_completions *async_as_completed(async_loop *loop, async_future *const *taken, size_t count,
                                      double timeout_seconds)
{
    bool possible = is_time_limit(timeout_seconds) && loop_enter(loop) == 0;
    async_completions *completions = possible ? loop_allocate(loop, sizeof *completions) : NULL;
    async_value *refusal;

    if (!completions) {
        children_drop(taken, count);
        return NULL;
    }
    *completions = (async_completions){.loop = loop, .references = 1};
    timer_init(&completions->timer, &completions_ops);
    list_init(&completions->asking);
    refusal = children_take(&completions->children, loop, completions, taken, count, &child_ops, "as_completed");
    if (!refusal && start(completions, count, timeout_seconds))
        return completions;
    async_value_unref(refusal);
    free_completions(completions);
    return NULL;
}

async_future *async_completions_next(async_completions *completions)
{
    int error = completions ? loop_enter(completions->loop) : ASYNC_EINVAL;
    async_future *future = error ? NULL : future_new(completions->loop, &asking_class);

    if (!completions)
        return future_failed_null("completions");
    if (!future)
        return future_failed(error ? error : ASYNC_ENOMEM);
    asking_of(future)->completions = async_completions_ref(completions);
    future_hold(future);
    if (completions->handed_out < completions->ended_count) {
        future_succeed(future, next_place(completions));
    } else if (async_completions_left(completions) == 0) {
        future_fail(future, async_error(ASYNC_ESTATE, "as_completed: every future was handed out"));
    } else if (completions->expired) {
        future_fail(future, error_static(ASYNC_ETIMEDOUT));
    } else {
        list_insert_before(&completions->asking, &future->node);
        completions->asking_count++;
        return future;
    }
    end_asking(asking_of(future));
    return future;
}

async_future *async_completions_item(const async_completions *completions, size_t index)
{
    return completions && index < completions->children.count ? completions->children.items[index].future : NULL;
}

/* Those that ask already will be handed the next ones. */
size_t async_completions_left(const async_completions *completions)
{
    if (!completions)
        return 0;
    return completions->children.count - completions->handed_out - completions->asking_count;
}

async_completions *async_completions_ref(async_completions *completions)
{
    if (completions)
        completions->references++;
    return completions;
}

async_completions *async_completions_unref(async_completions *taken)
{
    if (taken && --taken->references == 0)
        free_completions(taken);
    return NULL;
}
