/* The driver: runs a task's steps, does what their verdicts say, and delivers what was awaited. */
#include "libasync/task/internal.h"

#include <stdio.h>

/* Destroys the state before anyone can see the task done, then lets go of what it held, itself included. */
static void finish(async_task *task, bool success, async_value *taken)
{
    async_future *awaited = task->future.awaiting;

    task->future.awaiting = NULL;
    if (task->destroy)
        task->destroy(task->state);
    if (unlikely(task->extras))
        task_forget_locals(task);
    if (success)
        future_succeed(&task->future, taken);
    else
        future_fail(&task->future, taken);
    if (awaited)
        future_drop(awaited);
    future_drop(&task->future);
}

/* A step that broke law 1. The message names the step by its address; a debugger or addr2line knows its name. */
rarely static void finish_faulty(async_task *task, struct running *running)
{
    const char *fault = running->verbs ? "made two verdicts" : "ended without a verdict";
    char message[96];

    if (running->verbs == 1)
        fault = "made a verdict and returned something else";
    if (running->verbs && running->verdict == VERDICT_AWAIT)
        async_future_unref(running->future);
    else if (running->verbs)
        async_value_unref(running->value);
    snprintf(message, sizeof message, "the step at %p %s", (void *)(uintptr_t)task->step, fault);
    finish(task, false, async_error(ASYNC_EINVAL, message));
}

/* What the next step will be told. */
static void receive(async_task *task, struct running *running)
{
    async_future *awaited = task->future.awaiting;

    running->failure = awaited ? future_read_failure(awaited) : NULL;
    if (unlikely(running->failure))
        running->awaited = NULL;
    else
        running->awaited = awaited ? awaited->outcome : async_none();
}

static async_value *cancel_of(const async_task *task)
{
    return task->extras && task->extras->cancel ? task->extras->cancel : error_static(ASYNC_ECANCELED);
}

/* A cancel that waits takes the place of the outcome, unless that is a cancel itself. */
rarely static void receive_cancel(async_task *task, struct running *running)
{
    if (task->cancel_later) {
        task->cancel_later = false;
        task->must_cancel = task->cancels > 0;
        return;
    }
    task->must_cancel = false;
    if (running->failure && async_value_error(running->failure) == ASYNC_ECANCELED)
        return;
    running->failure = cancel_of(task);
    running->awaited = NULL;
}

/* Attaches the task to what it awaits. A cancel that came during the step itself is passed on to that. */
static void wait_for(async_loop *loop, async_task *task, async_future *awaited)
{
    if (unlikely(awaited == loop->yielded)) {
        loop_queue(loop, &task->node);
        return;
    }
    future_attach(loop, awaited, &task->node);
    if (unlikely(task->must_cancel) && future_cancel(awaited, cancel_of(task)))
        task->must_cancel = false;
}

/* Takes over an await. True when its outcome is there already, so that the task goes on at once, as in asyncio. */
static bool await_verdict(async_loop *loop, async_task *task, struct running *running)
{
    async_future *former = task->future.awaiting;

    task->future.awaiting = running->future;
    task->step = running->next ? running->next : task->step;
    task->line = running->line;
    task->trying = running->trying;
    if (former)
        future_drop(former);
    if (future_is_over(loop, running->future))
        return true;
    wait_for(loop, task, running->future);
    return false;
}

static void report_destroyed(async_task *task)
{
    char description[DESCRIPTION_SIZE], message[2 * DESCRIPTION_SIZE];

    future_describe(&task->future, description);
    snprintf(message, sizeof message, "%s was destroyed while pending: its loop was closed", description);
    loop_report(task->future.loop, &task->future, ASYNC_ECLOSED, message);
}

rarely static void destroy_pending(async_task *task)
{
    report_destroyed(task);
    future_excuse(&task->future);
    finish(task, false, error_static(ASYNC_ECLOSED));
}

/* A cancel that came in the last step takes the place of its value, as in asyncio, but not of its failure. */
static void finish_as_said(async_task *task, struct running *running)
{
    bool success = running->verdict == VERDICT_RETURN;

    if (unlikely(task->must_cancel) && success) {
        async_value_unref(running->value);
        finish(task, false, async_value_ref(cancel_of(task)));
        return;
    }
    finish(task, success, running->value);
}

/* False when the task is over or waits. */
static bool run_step(async_loop *loop, async_task *task, struct running *running)
{
    async_next said;

    if (unlikely(running->failure) && !task->trying) {
        finish(task, false, async_value_ref(running->failure));
        return false;
    }
    running->verbs = 0;
    said = task->step(task, task->state);
    if (unlikely(said != (async_next)task || running->verbs != 1)) {
        finish_faulty(task, running);
        return false;
    }
    if (running->verdict != VERDICT_AWAIT) {
        finish_as_said(task, running);
        return false;
    }
    if (unlikely(atomic_load_explicit(&loop->closing, memory_order_relaxed))) {
        async_future_unref(running->future);
        destroy_pending(task);    /* told once of the close, it would wait again */
        return false;
    }
    if (!await_verdict(loop, task, running))
        return false;
    receive(task, running);
    return true;
}

static void resume(async_loop *loop, struct node *node)
{
    async_task *task = container_of(node, async_task, node);
    struct running running, *outer = loop->current;

    running.task = task;    /* the rest is set where it is due: by receive, and by the verbs */
    loop->current = &running;
    receive(task, &running);
    if (unlikely(task->must_cancel || task->cancel_later))
        receive_cancel(task, &running);
    while (run_step(loop, task, &running))
        ;
    loop->current = outer;    /* that of the creator, when the task was started eagerly */
}

static void cancel_at_close(async_loop *loop, struct node *node)
{
    async_task *task = container_of(node, async_task, node);

    if (future_is_pending(&task->future))
        task_cancel_at_close(task);
}

static void end_at_close(async_loop *loop, struct node *node)
{
    async_task *task = container_of(node, async_task, node);

    if (!future_is_pending(&task->future))
        return;
    if (task->future.awaiting)
        future_detach(task->future.awaiting, node);
    else
        node_unlink(node);
    destroy_pending(task);
}

const struct future_class task_class = {
    .node = {.run = resume, .cancel_at_close = cancel_at_close, .end_at_close = end_at_close, .follows = true},
    .size = sizeof(async_task),
    .cancel = task_cancel,
    .release = task_release,
    .describe = task_describe,
    .is_task = true,
};

void task_start_now(async_task *task)
{
    resume(task->future.loop, &task->node);
}
