/* Making tasks and asking them. */
#include "libasync/task/internal.h"

#define MOST_EAGER 100

rarely static async_future *refuse(async_loop *loop, void *state, async_destroy *destroy, int error)
{
    if (destroy)
        destroy(state);
    if (error)
        return future_failed(error);
    return future_failed_saying(loop, ASYNC_EINVAL, "create_task: the first step is NULL");
}

/* One reference is the caller's and one its own, until it ends. */
static inline async_future *begin(async_task *task, async_loop *loop, async_step *first, void *state,
                                  async_destroy *destroy)
{
    future_init(&task->future, loop, &task_class, 2);
    task->step = first;
    task->state = state;
    task->destroy = destroy;
    task->extras = NULL;
    loop_queue(loop, &task->node);
    return &task->future;
}

/* Whatever async_create_task would have to call others for: a chunk of memory, values to inherit, an error. */
rarely static async_future *create_slowly(async_loop *loop, async_step *first, void *state, async_destroy *destroy)
{
    int error = loop_enter(loop);
    async_task *task;

    if (error || !first)
        return refuse(loop, state, destroy, error);
    task = slab_allocate(&loop->tasks);
    if (!task)
        return refuse(loop, state, destroy, ASYNC_ENOMEM);
    begin(task, loop, first, state, destroy);
    if (task_inherit(task))
        return &task->future;
    node_unlink(&task->node);
    slab_free(&loop->tasks, task);
    return refuse(loop, state, destroy, ASYNC_ENOMEM);
}

/* Calls nothing, so that it need not save a register. */
async_future *async_create_task(async_loop *loop, async_step *first, void *state, async_destroy *destroy)
{
    async_task *task = NULL;

    if (likely(first && loop_is_open_here(loop) && !task_current_context(loop)))
        task = slab_take(&loop->tasks);
    if (likely(task))
        return begin(task, loop, first, state, destroy);
    return create_slowly(loop, first, state, destroy);
}

/* First steps run in each other only so deep: the stack must hold them all. */
static void start_eagerly(async_task *task)
{
    async_loop *loop = task->future.loop;

    if (loop->eager == MOST_EAGER)
        return;
    loop->eager++;
    node_unlink(&task->node);
    task_start_now(task);
    loop->eager--;
}

/* Cannot fail: without memory a task goes without its name. */
static void apply(async_task *task, const async_task_options *options)
{
    task->trying = options->trying;
    if (options->name)
        async_future_set_name(&task->future, options->name);
    if (options->eager && atomic_load_explicit(&task->future.loop->running, memory_order_relaxed))
        start_eagerly(task);
}

async_future *async_create_task_with(async_loop *loop, async_step *first, void *state, async_destroy *destroy,
                                     const async_task_options *options)
{
    async_future *future = async_create_task(loop, first, state, destroy);

    if (options && async_future_is_task(future))
        apply(task_of(future), options);
    return future;
}

async_task_options *async_task_options_new(void)
{
    async_task_options *options = memory_allocate(sizeof *options);

    if (options)
        *options = (async_task_options){0};
    return options;
}

int async_task_options_set_name(async_task_options *options, const char *name)
{
    char *copy = options ? memory_copy_text(name) : NULL;

    if (!options)
        return ASYNC_EINVAL;
    if (name && !copy)
        return ASYNC_ENOMEM;
    memory_release_text(options->name);
    options->name = copy;
    return 0;
}

int async_task_options_set_trying(async_task_options *options, bool trying)
{
    if (!options)
        return ASYNC_EINVAL;
    options->trying = trying;
    return 0;
}

int async_task_options_set_eager(async_task_options *options, bool eager)
{
    if (!options)
        return ASYNC_EINVAL;
    options->eager = eager;
    return 0;
}

async_task_options *async_task_options_unref(async_task_options *taken)
{
    if (taken) {
        memory_release_text(taken->name);
        memory_release(taken, sizeof *taken);
    }
    return NULL;
}

bool async_future_is_task(const async_future *future)
{
    return future && future_class(future)->is_task;
}

/* A task that anyone may ask now. */
static const async_task *visit_task(const async_future *future)
{
    return async_future_is_task(future) && future_visit(future) == 0 ? task_of(future) : NULL;
}

int async_future_cancelling(const async_future *future)
{
    const async_task *task = visit_task(future);

    return task ? (int)task->cancels : 0;
}

int async_future_uncancel(async_future *future)
{
    int error = async_future_is_task(future) ? future_visit(future) : ASYNC_EINVAL;
    async_task *task = error ? NULL : task_of(future);

    if (error)
        return error;
    task->cancels -= task->cancels > 0;
    if (task->cancels == 0)
        task->must_cancel = false;
    return (int)task->cancels;
}

bool async_future_must_cancel(const async_future *future)
{
    const async_task *task = visit_task(future);

    return task && task->must_cancel && future_is_pending(future);
}

async_future *async_future_awaiting(const async_future *future)
{
    const async_task *task = visit_task(future);

    return task && future_is_pending(future) ? task->future.awaiting : NULL;
}

void *async_future_state(const async_future *future, async_step *step)
{
    const async_task *task = visit_task(future);

    return task && future_is_pending(future) && task->step == step ? task->state : NULL;
}

async_future *async_current_task(const async_loop *loop)
{
    struct running *running = loop && loop_is_owned(loop) ? loop->current : NULL;

    return running ? &running->task->future : NULL;
}

struct collection {
    async_future **tasks;
    size_t count, capacity;
};

static void collect(void *object, void *user)
{
    struct collection *collection = user;
    async_task *task = object;

    if (!future_is_pending(&task->future))
        return;
    if (collection->count < collection->capacity)
        collection->tasks[collection->count] = future_hold(&task->future);
    collection->count++;
}

size_t async_all_tasks(async_loop *loop, async_future **tasks, size_t capacity)
{
    struct collection collection = {tasks, 0, tasks ? capacity : 0};

    if (loop_visit(loop) == 0)
        slab_walk(&loop->tasks, collect, &collection);
    return collection.count;
}
