/* What gather and wait share: futures that one future waits for, each through a node of its own. */
#ifndef LIBASYNC_COMBINE_INTERNAL_H
#define LIBASYNC_COMBINE_INTERNAL_H

#include "libasync/combine.h"
#include "libasync/future/internal.h"

struct child {
    struct node node;        /* attached to the future, then queued once */
    async_future *future;    /* held */
    void *parent;            /* lent: whose child it is; outlives the node */
};

struct children {
    struct child *items;
    size_t count;
    size_t left;    /* whose node has not run yet */
};

/* Takes the futures over. NULL, or the error that the parent is to fail with (given): then they are dropped. Its
 * message begins with the verb, "gather". */
async_value *children_take(struct children *children, async_loop *loop, void *parent, async_future *const *taken,
                           size_t count, const struct node_ops *ops, const char *verb);
async_value *children_take_one(struct children *children, async_loop *loop, void *parent, async_future *taken,
                               const struct node_ops *ops, const char *verb);
void children_drop(async_future *const *taken, size_t count);
/* The error of a call that cannot be done; never NULL. */
async_value *combine_refusal(int error, const char *message);
/* Whether a time limit is finite and not negative, or ASYNC_FOREVER. */
bool is_time_limit(double timeout_seconds);

/*
 * A future that passes a cancel on to all it waits for: a gather, a wait_for. These nest as deep as users like, so a
 * cancel walks them without recursion, in the order of recursion, and each keeps its own place in the walk.
 */
struct relay {
    async_future future;
    struct children children;
    struct relay_walk {
        struct relay *above;    /* that the cancel came from; NULL for the first */
        size_t next;            /* the child that it goes to next */
        bool under_way;
        bool taken;             /* by some child, however deep */
    } walk;
    bool cancelled;             /* a cancel was taken once */
};

static inline struct relay *relay_of(async_future *future)
{
    return container_of(future, struct relay, future);
}

/* After future_new, which leaves what is the class's own as it was. */
void relay_init(struct relay *relay);
/* The class's cancel. True when anybody took it. */
bool relay_cancel(async_future *future, async_value *error);

/* Takes back the nodes that have not run. */
void children_detach(struct children *children);
void children_free(struct children *children);

#endif
