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

/* Takes the futures over. NULL, or the error that the parent is to fail with (given): then they are dropped. */
async_value *children_take(struct children *children, async_loop *loop, void *parent, async_future *const *taken,
                           size_t count, const struct node_ops *ops);
void children_drop(async_future *const *taken, size_t count);
/* Whether a time limit is finite and not negative, or ASYNC_FOREVER. */
bool is_time_limit(double timeout_seconds);
/* Ends `future` as `other`, which is done, has ended. */
void end_alike(async_future *future, async_future *other);

/* Takes back the nodes that have not run. */
void children_detach(struct children *children);
void children_free(struct children *children);

#endif
