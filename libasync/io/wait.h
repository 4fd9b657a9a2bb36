/*
 * Inside io/: waiting for a descriptor that is somebody else's. Those who wait for one stand in a ring, found by its
 * number, so that its owner can tell them all that he is about to close it. A wait that has become ready stays in the
 * ring until it runs: until then the closing comes first.
 */
#ifndef LIBASYNC_IO_WAIT_H
#define LIBASYNC_IO_WAIT_H

#include "libasync/future/internal.h"

struct wait {
    async_future future;    /* its node is queued when the descriptor is ready; spare[0] is that */
    struct watch watch;
    struct wait *next, *previous;
};

static inline struct wait *wait_of(struct node *node)
{
    return container_of(node, struct wait, future.node);
}
static inline int wait_descriptor(const struct wait *wait)
{
    return (int)wait->future.spare[0];
}

/* Made: a wait that has not begun, of a class whose objects begin so; with one reference, the caller's. NULL without
 * memory. */
void *wait_new(async_loop *loop, int descriptor, const struct future_class *class);
/* Has its node run when the descriptor, which must be open, is ready for one of these events. Until its end it holds
 * itself. False without memory: wait_give_up then drops it and tells what to give instead. */
bool wait_begin(struct wait *wait, int events);
async_future *wait_give_up(struct wait *wait);
/* Has it run once more, from its run. */
static inline void wait_again(struct wait *wait, int events)
{
    watch_set(wait->future.loop, &wait->watch, events);
}

/* Ends one that never began, with a value or an error; both are taken. */
void wait_settle(struct wait *wait, async_value *taken);
/* Ends one that has begun, with a value or an error; both are taken. */
void wait_end(struct wait *wait, async_value *taken);
/* The same from its run, as the last thing that it does: who alone awaits it goes on in this turn. */
void wait_finish(struct wait *wait, async_value *taken);

/* What a cancel and the loop's close mean to one. */
bool wait_cancel(async_future *future, async_value *error);
void wait_close(async_loop *loop, struct node *node);

/* Ends all that wait for a descriptor with ASYNC_ECLOSED. */
void wait_end_all(async_loop *loop, int descriptor);

#endif
