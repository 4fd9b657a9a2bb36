/* The verbs: a step's last words. They only note the verdict; what follows from it, step.c does after the step. */
#include "libasync/task/internal.h"

/* The step that runs, if it is this task's and so in this thread. */
static struct running *running_of(const async_task *task)
{
    struct running *running = task && loop_is_owned(task->future.loop) ? task->future.loop->current : NULL;

    return running && running->task == task ? running : NULL;
}

/* The token is the task itself: no other step's verdict equals it, and a stray pointer hardly does. */
static async_next verdict_of(async_task *task)
{
    return (async_next)task;
}

/* What cannot be awaited becomes a failed future that says so. */
static async_future *check_awaited(async_task *task, async_future *taken, async_step *next)
{
    async_loop *loop = task->future.loop;
    int error = 0;

    if (!taken)
        return future_failed_saying(loop, ASYNC_EINVAL, "await: the future is NULL");
    if (!next) {
        async_future_unref(taken);
        return future_failed_saying(loop, ASYNC_EINVAL, "await: the next step is NULL");
    }
    if (unlikely(taken->loop != loop && taken->loop))
        error = ASYNC_EFOREIGN;
    else if (unlikely(taken == &task->future))
        error = ASYNC_EDEADLOCK;
    if (likely(!error))
        return taken;
    async_future_unref(taken);
    return future_failed(error);
}

static async_next await(async_task *task, async_future *taken, async_step *next, int line, bool trying)
{
    struct running *running = running_of(task);

    if (unlikely(!running || running->verbs++)) {
        async_future_unref(taken);
        return running ? verdict_of(task) : NULL;
    }
    running->verdict = VERDICT_AWAIT;
    running->future = check_awaited(task, taken, next);
    running->next = next;
    running->line = (uint32_t)line;
    running->trying = trying && next;
    return verdict_of(task);
}

static async_next end(async_task *task, enum verdict verdict, async_value *taken)
{
    struct running *running = running_of(task);

    if (unlikely(!running || running->verbs++)) {
        async_value_unref(taken);
        return running ? verdict_of(task) : NULL;
    }
    running->verdict = verdict;
    running->value = taken;
    return verdict_of(task);
}

async_next async_await(async_task *task, async_future *taken, async_step *next)
{
    return await(task, taken, next, 0, false);
}

async_next async_try(async_task *task, async_future *taken, async_step *next)
{
    return await(task, taken, next, 0, true);
}

async_next async_await_at(async_task *task, async_future *taken, int line)
{
    return await(task, taken, task ? task->step : NULL, line, false);
}

async_next async_try_at(async_task *task, async_future *taken, int line)
{
    return await(task, taken, task ? task->step : NULL, line, true);
}

async_next async_return(async_task *task, async_value *taken)
{
    return end(task, VERDICT_RETURN, taken);
}

async_next async_fail(async_task *task, int error, const char *message)
{
    return end(task, VERDICT_FAIL, async_error(error < 0 ? error : ASYNC_EINVAL, message));
}

async_next async_fail_with(async_task *task, async_value *taken)
{
    return end(task, VERDICT_FAIL, taken);
}

async_value *async_awaited(async_task *task)
{
    struct running *running = running_of(task);

    return running ? running->awaited : NULL;
}

async_value *async_task_failure(async_task *task)
{
    struct running *running = running_of(task);

    return running ? running->failure : NULL;
}

int async_caught(async_task *task)
{
    async_value *failure = async_task_failure(task);

    return failure ? async_value_error(failure) : 0;
}

int async_task_line(const async_task *task)
{
    return task ? (int)task->line : 0;
}

async_loop *async_task_loop(async_task *task)
{
    return task ? task->future.loop : NULL;
}

async_future *async_task_future(async_task *task)
{
    return task ? &task->future : NULL;
}
