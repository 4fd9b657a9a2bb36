/* A whole program in one call. */
#include "libasync/task/internal.h"

#include <errno.h>

/* As asyncio's run: all are asked to end at once, then each is given the time it needs. Failures that nobody reads are
 * reported as their references go. */
static void finish_others(async_loop *loop)
{
    size_t capacity = async_all_tasks(loop, NULL, 0), count;
    async_future **tasks = capacity ? memory_allocate(capacity * sizeof *tasks) : NULL;

    if (!tasks)
        return;    /* the close will cancel them, with less patience */
    count = async_all_tasks(loop, tasks, capacity);
    for (size_t i = 0; i < count; i++)
        async_future_cancel(tasks[i], NULL);
    for (size_t i = 0; i < count; i++) {
        if (future_is_pending(tasks[i]))
            future_run_until(loop, tasks[i]);
        async_future_unref(tasks[i]);
    }
    memory_release(tasks, capacity * sizeof *tasks);
}

static int refuse(async_future *failed, int error, void *state, async_destroy *destroy, async_future **done)
{
    if (destroy)
        destroy(state);
    if (done)
        *done = failed;
    return error;
}

int async_run(async_step *first, void *state, async_destroy *destroy, async_future **done)
{
    async_future *main_task;
    async_loop *loop;
    int error;

    if (!first)
        return refuse(future_failed_null("first step"), ASYNC_EINVAL, state, destroy, done);
    if (loop_runs_here())
        return refuse(future_failed(ASYNC_ERUNNING), ASYNC_ERUNNING, state, destroy, done);
    loop = async_loop_new();
    if (!loop) {
        error = errno == ENOMEM ? ASYNC_ENOMEM : ASYNC_EOS;
        return refuse(future_failed(error), error, state, destroy, done);
    }

    main_task = async_create_task(loop, first, state, destroy);
    error = async_loop_run_until(loop, main_task);
    finish_others(loop);
    async_loop_close(loop);
    async_loop_unref(loop);
    if (done)
        *done = main_task;
    else
        async_future_unref(main_task);
    return error;
}
