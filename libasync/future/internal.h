/*
 * Futures as the layers above see them. A future is a node with a state, an outcome and a ring of waiting nodes.
 *
 * Its node's ops are its class: what a cancel, a drop and a close mean to it. A class may use the node, and the timer
 * it is part of, as it likes: a sleeper is queued by its timer, a task by what it awaits. A waiting node stands in the
 * ring of the future it waits for; completing the future moves the whole ring to the loop's queue, which allocates
 * nothing.
 */
#ifndef LIBASYNC_FUTURE_INTERNAL_H
#define LIBASYNC_FUTURE_INTERNAL_H

#include "libasync/future.h"
#include "libasync/loop/internal.h"
#include "libasync/value.h"

#include <assert.h>

enum future_state { FUTURE_PENDING, FUTURE_SUCCEEDED, FUTURE_FAILED, FUTURE_CANCELLED };

struct future_class {
    struct node_ops node;
    size_t size;
    /* Asks to cancel a pending future; false when that is already beyond it. `error` is the cancel's (lent). */
    bool (*cancel)(async_future *future, async_value *error);
    /* Releases what the class holds, when the last reference is gone; may be NULL. */
    void (*release)(async_future *future);
    /* Writes what messages call it, such as "task 'fetch'"; NULL: "a future". */
    void (*describe)(const async_future *future, char *text, size_t size);
    bool is_task, is_promise;
};

/* What `life` is made of. Bit-fields would be written as bytes, and the next read of the count would wait for that. */
#define LIFE_STATE 3u
#define LIFE_UNREAD 4u        /* a failure that nobody has seen */
#define LIFE_EXCUSED 8u       /* no failure of it needs to be seen */
#define LIFE_REFERENCE 16u    /* one of the owner's references; see count.c */

struct async_future {
    union {
        struct timer timer;
        struct {
            struct node node;
            uint32_t spare[2];    /* the timer's place and number, for classes that do without a timer */
        };
    };
    async_loop *loop;               /* NULL: immortal */
    uint32_t life;                  /* state, marks and count */
    _Atomic int32_t foreign;        /* references taken by other threads */
    struct node *waiters;           /* first of a ring, or NULL */
    union {
        async_value *outcome;       /* when done; a failure is a value of kind error */
        async_future *awaiting;     /* of a task that is not */
    };
};
_Static_assert(sizeof(async_future) == 64, "a promise is one cache line");

static inline const struct future_class *future_class(const async_future *future)
{
    return container_of(future->node.ops, const struct future_class, node);
}

static inline enum future_state future_state(const async_future *future)
{
    return future->life & LIFE_STATE;
}

static inline bool future_is_pending(const async_future *future)
{
    return future_state(future) == FUTURE_PENDING;
}

/* Nobody will be told of its failure, the one that is there or the one to come. */
static inline void future_excuse(async_future *future)
{
    future->life = (future->life & ~LIFE_UNREAD) | LIFE_EXCUSED;
}
/* The same, also when the loop is closed. */
void future_mark_read(async_future *future);

/* Entry of the calls on a future, as loop_enter and loop_visit; an immortal one lets everybody in. */
static inline int future_visit(const async_future *future)
{
    if (unlikely(!future))
        return ASYNC_EINVAL;
    return future->loop ? loop_visit(future->loop) : 0;
}

/* "task 'fetch'", "a future": how messages begin. */
#define DESCRIPTION_SIZE 256
void future_describe(const async_future *future, char *text);

/* Each word by a store of its own: to clear the whole first, as an initialiser does, takes longer than all the rest. */
static inline void future_init(async_future *future, async_loop *loop, const struct future_class *class,
                               uint32_t references)
{
    timer_init(&future->timer, &class->node);
    future->timer.sequence = 0;
    future->loop = loop;
    future->life = FUTURE_PENDING | references * LIFE_REFERENCE;
    atomic_init(&future->foreign, 0);
    future->waiters = NULL;
    future->outcome = NULL;
}

/* Made: a pending future with one reference, the caller's; NULL without memory. Classes up to 256 bytes. */
async_future *future_new(async_loop *loop, const struct future_class *class);

/* The immortal one that has succeeded with none. */
extern async_future future_none;
/* The immortal failed future of an error, where ASYNC_EINVAL means a loop of NULL. */
async_future *future_failed(int error);
/* The immortal one of a call whose handle is NULL, so that it has no loop: "lock is NULL" for the noun "lock". */
async_future *future_failed_null(const char *noun);
/* A failed future with a message; without memory for it, the immortal one. */
async_future *future_failed_saying(async_loop *loop, int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* For the owner's thread: plain counting. */
static inline async_future *future_hold(async_future *future)
{
    if (likely(future->loop))
        future->life += LIFE_REFERENCE;
    return future;
}
void future_drop_last(async_future *future);
static inline void future_drop(async_future *future)
{
    if (unlikely(!future->loop))
        return;
    if (likely(future->life >= 2 * LIFE_REFERENCE))
        future->life -= LIFE_REFERENCE;
    else
        future_drop_last(future);
}

/* Ends a pending future and queues those that wait: their ring becomes the queue's new end. */
static inline void future_complete(async_future *future, enum future_state state, async_value *outcome)
{
    struct node *first = future->waiters;

    assert(future_is_pending(future));
    future->life |= state;
    future->outcome = outcome;
    if (first) {
        struct node *last = first->previous, *ready = &future->loop->ready;

        first->previous = ready->previous;
        ready->previous->next = first;
        last->next = ready;
        ready->previous = last;
        future->waiters = NULL;
    }
}

/* The same by a value or an error, which is taken; NULL stands for a failure without memory. */
void future_fail(async_future *future, async_value *taken);    /* with ASYNC_ECANCELED it counts as cancelled */
/* The same, but never as cancelled itself: what gather does when one of its children was. */
void future_fail_uncancelled(async_future *future, async_value *taken);

static inline void future_succeed(async_future *future, async_value *taken)
{
    if (likely(taken))
        future_complete(future, FUTURE_SUCCEEDED, taken);
    else
        future_fail(future, NULL);
}

/* At the loop's close: ends a pending future with ASYNC_ECLOSED, which nobody would call a failure of his program.
 * False when it has ended already. */
bool future_end_closed(async_future *future);

/* Cancels a pending future, by its class. */
bool future_cancel(async_future *future, async_value *error);

/* Has a node run once the future is done: in the next turn when it is already. The node must be linked nowhere. */
static inline void future_attach(async_loop *loop, async_future *future, struct node *node)
{
    struct node *first = future->waiters;

    if (!future_is_pending(future)) {
        loop_queue(loop, node);
    } else if (first) {
        list_insert_before(first, node);
    } else {
        list_init(node);
        future->waiters = node;
    }
}
/* Whether who awaits it goes on at once. What async_sleep(0) gives is done, but the queue has its turn first. */
static inline bool future_is_over(const async_loop *loop, const async_future *future)
{
    return !future_is_pending(future) && future != loop->yielded;
}
/*
 * For a class that stands for the inside of a coroutine of asyncio's, such as Lock.acquire: it and the task that awaits
 * it are one there, so nothing, no cancel above all, may come between its end and the task's next step. Called in its
 * own turn, just before it is completed: the only one that waits, if it follows, is the caller's to run in this turn.
 */
static inline struct node *future_take_follower(async_future *future)
{
    struct node *only = future->waiters;

    if (!only || only->next != only || !only->ops->follows)
        return NULL;
    future->waiters = NULL;
    only->next = only->previous = NULL;
    return only;
}
/* Takes a node back that is attached, or queued since. */
void future_detach(async_future *future, struct node *node);

/* Runs the loop until the future is done; false when it was stopped first. What loop_may_run refuses is not asked. */
bool future_run_until(async_loop *loop, async_future *future);

/* The failure, which counts as read from now on; NULL after a success. */
static inline async_value *future_read_failure(async_future *future)
{
    if (likely(future_state(future) == FUTURE_SUCCEEDED))
        return NULL;
    if (future->life & LIFE_UNREAD)    /* an immortal one, which threads share, has it never and is not written to */
        future_mark_read(future);
    return future->outcome;
}

/* The error value of a cancel: with a message, or the immortal one (given; NULL without memory). */
async_value *cancel_error(const char *message);

/* A type of object. The library's own are static: their first reference is never dropped. */
struct async_type {
    _Atomic uint32_t references;
    char *name;
    async_destroy *ref, *unref;
    async_object_read *read;
};

/* value.c: bytes to be written to `bytes` before anybody else sees them; NULL without memory. */
async_value *bytes_new(size_t capacity, char **bytes);
/* Such, filled up to `size` (taken): the same or a copy; NULL without memory, and then they are as they were. */
async_value *bytes_fit(async_value *taken, size_t size);
/* The bytes of a text or of bytes, or of what reads as them, lent; NULL for other values. */
const char *value_bytes(const async_value *value, size_t *size);
/* failure.c: immortal error values, one per code. */
async_value *error_static(int code);
bool value_is_error(const async_value *value);
/* A value that a `taken` argument must be an error: NULL and other kinds become the errors that stand for them. */
async_value *error_or_substitute(async_value *taken);

#endif
