/*
 * A task is a future with a step to run. Pending, it is either queued, or attached to what it awaits, or in its step;
 * it then holds a reference to itself, and `awaiting` stands where the outcome will: the future of its last verdict,
 * which it holds until the next one so that its value can be lent.
 */
#ifndef LIBASYNC_TASK_INTERNAL_H
#define LIBASYNC_TASK_INTERNAL_H

#include "libasync/future/internal.h"
#include "libasync/task.h"

/* What few tasks have. */
struct task_extras {
    char *name, *origin;
    async_value *cancel;        /* the error of a cancel that was not delivered yet */
    struct context *context;    /* its task-local values: local.c */
};

struct async_task {
    union {
        async_future future;
        struct {
            struct node node;
            uint32_t line;              /* where the step goes on */
            uint32_t cancels : 24;      /* asked for, less those taken back */
            uint32_t must_cancel : 1;   /* the next step is told of a cancel */
            uint32_t trying : 1;        /* the next step wants to see failures */
            uint32_t on_path : 1;       /* a cancel that is under way came through here */
            uint32_t closed : 1;        /* the loop's close has cancelled it */
            uint32_t cancel_later : 1;  /* the outcome of what it awaits is told before any cancel */
        };
    };
    async_step *step;
    void *state;
    async_destroy *destroy;
    struct task_extras *extras;
};
_Static_assert(sizeof(async_task) == TASK_SIZE, "the loop keeps a slab for tasks");

/* A step that runs: what it is told, and what it says. It stands on the C stack, so that tasks need not carry it. */
enum verdict { VERDICT_AWAIT, VERDICT_RETURN, VERDICT_FAIL };
struct running {
    async_task *task;
    async_value *awaited;    /* lent to the step: a value, or NULL beside a failure */
    async_value *failure;

    unsigned verbs;    /* how many verdicts it made */
    enum verdict verdict;
    async_future *future;    /* taken, of an await */
    async_value *value;      /* taken, of an end */
    async_step *next;
    uint32_t line;
    bool trying;
};

struct async_task_options {
    char *name;
    bool trying, eager;
};

extern const struct future_class task_class;

static inline async_task *task_of(const async_future *future)
{
    return container_of(future, async_task, future);
}

#define MOST_CANCELS ((1u << 24) - 1)

/* The values of the running task, or NULL. */
static inline struct context *task_current_context(const async_loop *loop)
{
    const struct running *running = loop->current;

    return running && running->task->extras ? running->task->extras->context : NULL;
}

/* local.c: takes over the creator's values; false without memory. */
bool task_inherit(async_task *task);
void context_drop(struct context *context);
/* At the end of a task that has extras: what it shares with others belongs to the loop's thread. */
void task_forget_locals(async_task *task);

/* cancel.c: the class's cancel. */
bool task_cancel(async_future *future, async_value *error);
/* The same for every task at the loop's close: each is visited once, however many lead to it. */
void task_cancel_at_close(async_task *task);
/* Of a task that awaits `awaited`, or runs: a cancel that is outstanding does not take the place of that future's
 * outcome, but is told, again if need be, where the task waits next. */
void task_cancel_later(async_future *future, const async_future *awaited);

/* step.c: runs the first step now. */
void task_start_now(async_task *task);

/* extras.c */
struct task_extras *task_extras(async_task *task);    /* made on first need; NULL without memory */
void task_release(async_future *future);
void task_describe(const async_future *future, char *text, size_t size);
void task_keep_cancel(async_task *task, async_value *error);    /* without memory, a cancel without its message */

#endif
