/* What few tasks have: a name, an origin, the message of a cancel, task-local values. */
#include "libasync/task/internal.h"

#include <stdio.h>

struct task_extras *task_extras(async_task *task)
{
    if (!task->extras) {
        task->extras = memory_allocate(sizeof *task->extras);
        if (task->extras)
            *task->extras = (struct task_extras){0};
    }
    return task->extras;
}

void task_release(async_future *future)
{
    struct task_extras *extras = task_of(future)->extras;

    if (!extras)
        return;
    task_of(future)->extras = NULL;    /* the clean-up of its value may still ask for it */
    memory_release_text(extras->name);
    memory_release_text(extras->origin);
    async_value_unref(extras->cancel);
    context_drop(extras->context);    /* set by a clean-up, after the end */
    memory_release(extras, sizeof *extras);
}

void task_describe(const async_future *future, char *text, size_t size)
{
    const async_task *task = task_of(future);
    const char *name = async_future_name(future), *origin = task->extras ? task->extras->origin : NULL;
    int written;

    if (*name)
        written = snprintf(text, size, "task '%s'", name);
    else
        written = snprintf(text, size, "the task at step %p", (void *)(uintptr_t)task->step);
    if (origin && written > 0 && (size_t)written < size)
        snprintf(text + written, size - (size_t)written, ", created at %s,", origin);
}

void task_keep_cancel(async_task *task, async_value *error)
{
    if (error == error_static(ASYNC_ECANCELED) && !task->extras)
        return;
    if (!task_extras(task))
        return;
    async_value_unref(task->extras->cancel);
    task->extras->cancel = async_value_ref(error);
}

/* The place of a text among the extras of a task; NULL without memory. */
static int set_text(async_future *future, const char *text, size_t offset)
{
    int error = async_future_is_task(future) ? future_visit(future) : ASYNC_EINVAL;
    struct task_extras *extras;
    char *copy, **place;

    if (error)
        return error;
    extras = task_extras(task_of(future));
    copy = memory_copy_text(text);
    if (!extras || (text && !copy)) {
        memory_release_text(copy);
        return ASYNC_ENOMEM;
    }
    place = (char **)((char *)extras + offset);
    memory_release_text(*place);
    *place = copy;
    return 0;
}

int async_future_set_name(async_future *future, const char *name)
{
    return set_text(future, name, offsetof(struct task_extras, name));
}

int async_future_set_origin(async_future *future, const char *origin)
{
    return set_text(future, origin, offsetof(struct task_extras, origin));
}

const char *async_future_name(const async_future *future)
{
    const struct task_extras *extras = async_future_is_task(future) ? task_of(future)->extras : NULL;

    return extras && extras->name ? extras->name : "";
}
