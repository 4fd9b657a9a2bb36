/*
 * Task-local values. What is set makes up a context: an array that is never changed, so that a new task inherits it by
 * one more reference, and setting a variable copies it. Contexts belong to the loop's thread; variables to any.
 */
#include "libasync/task/internal.h"

#include "libasync/local.h"

struct async_local {
    _Atomic uint32_t references;
    char *name;
    async_value *start;
};

struct binding {
    async_local *local;
    async_value *value;
};

struct context {
    uint32_t references;
    size_t count;
    struct binding bindings[];
};

async_local *async_local_new(const char *name, async_value *taken)
{
    async_local *local = name ? memory_allocate(sizeof *local) : NULL;

    if (local) {
        *local = (async_local){.references = 1, .name = memory_copy_text(name), .start = taken};
        if (local->name)
            return local;
    }
    async_value_unref(taken);
    memory_release(local, sizeof *local);
    return NULL;
}

async_local *async_local_ref(async_local *local)
{
    if (local)
        atomic_fetch_add_explicit(&local->references, 1, memory_order_relaxed);
    return local;
}

async_local *async_local_unref(async_local *taken)
{
    if (taken && atomic_fetch_sub_explicit(&taken->references, 1, memory_order_acq_rel) == 1) {
        async_value_unref(taken->start);
        memory_release_text(taken->name);
        memory_release(taken, sizeof *taken);
    }
    return NULL;
}

const char *async_local_name(const async_local *local)
{
    return local ? local->name : "";
}

static size_t size_of(size_t count)
{
    return sizeof(struct context) + count * sizeof(struct binding);
}

void context_drop(struct context *context)
{
    if (!context || --context->references > 0)
        return;
    for (size_t i = 0; i < context->count; i++) {
        async_local_unref(context->bindings[i].local);
        async_value_unref(context->bindings[i].value);
    }
    memory_release(context, size_of(context->count));
}

/* A copy in which one variable has another value; NULL without memory. */
static struct context *with(const struct context *context, async_local *local, async_value *value)
{
    size_t count = context ? context->count : 0, place = 0;
    struct context *changed;

    while (place < count && context->bindings[place].local != local)
        place++;
    changed = memory_allocate(size_of(place == count ? count + 1 : count));
    if (!changed)
        return NULL;
    changed->references = 1;
    changed->count = place == count ? count + 1 : count;
    for (size_t i = 0; i < changed->count; i++) {
        bool is_set = i == place;

        changed->bindings[i].local = async_local_ref(is_set ? local : context->bindings[i].local);
        changed->bindings[i].value = async_value_ref(is_set ? value : context->bindings[i].value);
    }
    return changed;
}

static int set(async_loop *loop, async_local *local, async_value *value)
{
    struct running *running = loop->current;
    struct task_extras *extras = running ? task_extras(running->task) : NULL;
    struct context *former, *changed;

    if (!running)
        return ASYNC_ESTATE;
    changed = extras && value ? with(extras->context, local, value) : NULL;
    if (!changed)
        return ASYNC_ENOMEM;
    /* In this order: the clean-up of a host's value may well use the variable. */
    former = extras->context;
    extras->context = changed;
    context_drop(former);
    return 0;
}

int async_local_set(async_loop *loop, async_local *local, async_value *taken)
{
    int error = local ? loop_enter(loop) : ASYNC_EINVAL;

    if (!error)
        error = set(loop, local, taken);
    async_value_unref(taken);
    return error;
}

async_value *async_local_get(async_loop *loop, async_local *local)
{
    const struct context *context;

    if (!local || loop_visit(loop))
        return NULL;
    context = task_current_context(loop);
    for (size_t i = 0; context && i < context->count; i++)
        if (context->bindings[i].local == local)
            return context->bindings[i].value;
    return local->start;
}

void task_forget_locals(async_task *task)
{
    struct context *context = task->extras->context;

    task->extras->context = NULL;
    context_drop(context);
}

bool task_inherit(async_task *task)
{
    struct context *context = task_current_context(task->future.loop);
    struct task_extras *extras;

    if (likely(!context))
        return true;
    extras = task_extras(task);
    if (extras) {
        context->references++;
        extras->context = context;
    }
    return extras;
}
