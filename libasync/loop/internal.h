/*
 * The loop as the layers above see it: a queue of nodes, objects that start with a node, timers, and who owns it.
 *
 * Whatever the loop has to call is a node, embedded as the first member of the object concerned. A node is in at most
 * one list at a time: the loop's queue, or the list of those that wait for a future. The queue runs in turns, as
 * asyncio's does: a turn is what was ready when it began.
 */
#ifndef LIBASYNC_LOOP_INTERNAL_H
#define LIBASYNC_LOOP_INTERNAL_H

#include "libasync/loop.h"
#include "libasync/platform/internal.h"

#include <stdatomic.h>

/* The class of a node. `run` finds the node out of every list. */
struct node;
struct node_ops {
    void (*run)(async_loop *loop, struct node *node);
    /* The phases of a close, each told to every object in the loop's slabs; what has nothing to do in one has NULL. */
    void (*cancel_at_close)(async_loop *loop, struct node *node);    /* a task is asked to end by itself */
    void (*end_at_close)(async_loop *loop, struct node *node);       /* what is pending ends with ASYNC_ECLOSED */
    void (*drop_at_close)(async_loop *loop, struct node *node);      /* nothing runs any more: clean up */
    bool follows;    /* may go on in the very turn in which what it waits for ends: future_take_follower */
};

/* Third in the node stands the mark of life that slabs look for. */
struct node {
    struct node *next, *previous;
    const struct node_ops *ops;
};

static inline void list_init(struct node *head)
{
    head->next = head->previous = head;
}

static inline bool list_is_empty(const struct node *head)
{
    return head->next == head;
}

static inline void list_insert_before(struct node *position, struct node *node)
{
    node->next = position;
    node->previous = position->previous;
    position->previous->next = node;
    position->previous = node;
}

/* Moves what stands in `from` to the end of `to`. */
static inline void list_splice(struct node *to, struct node *from)
{
    if (list_is_empty(from))
        return;
    from->next->previous = to->previous;
    to->previous->next = from->next;
    from->previous->next = to;
    to->previous = from->previous;
    list_init(from);
}

/* Out of a list, the node points nowhere: node_is_linked. */
static inline void node_unlink(struct node *node)
{
    node->previous->next = node->next;
    node->next->previous = node->previous;
    node->next = node->previous = NULL;
}

static inline bool node_is_linked(const struct node *node)
{
    return node->next;
}

/* A timer: a node that is queued when its time has come. `index` is its place in the heap, counted from 1. */
struct timer {
    struct node node;
    uint32_t index;
    uint32_t sequence;    /* of equal times, the lower one fires first */
};

struct timer_entry {
    double when;
    struct timer *timer;
};

struct timers {
    struct timer_entry *entries;    /* a 4-ary heap */
    uint32_t count, capacity;
    uint32_t next_sequence;
};

/* Calls from other threads, kept by value so that draining them allocates nothing. */
struct posting {
    async_callback *callback;
    void *user;
    async_destroy *destroy;
};

struct postings {
    struct posting *items;
    size_t count, capacity;
};

struct inbox {
    struct node node;    /* queued when there is something in it */
    pthread_mutex_t lock;
    struct postings postings;
    _Atomic bool filled;
};

struct poller;    /* libev's side: poll.c */

/* Whether a descriptor can be read or written, told to the object that the watch is part of. Any number may stand on one
 * descriptor. What is told runs inside the poll: it queues nodes and runs nobody's code. watch.c */
struct watch {
    uint64_t io[6];    /* libev's: poll.h */
};
typedef void watch_ready(async_loop *loop, struct watch *watch, int events);
#define WATCH_READ 1
#define WATCH_WRITE 2
void watch_init(struct watch *watch, int descriptor, watch_ready *ready);
/* For what to watch, of the two; 0 ends it, which must come before the descriptor is closed. The kernel hears of it at
 * the next poll, and only if the descriptor's watches as a whole then want something else than before. */
void watch_set(async_loop *loop, struct watch *watch, int events);
int watch_events(const struct watch *watch);
/* What no watch can wait for, regular files above all: those are always ready to the kernel. */
bool watch_can_stand_on(int descriptor);

/* Who async_loop_add_reader and _add_writer gave a descriptor: reader.c. */
struct caller;
struct wait;
struct watched {
    struct caller *by_direction[2];
    struct wait *waits;    /* the io layer's: who awaits it */
};
/* Has the loop's table reach to a descriptor that is no less than 0; false without memory. */
bool watched_reach(async_loop *loop, int descriptor);

#define SLAB_STEP 32
#define SLAB_CLASSES 8
#define TASK_SIZE 96    /* the task layer asserts it */

/* Whose loop it is when it is closed: then no thread counts plainly any more, all count under the inbox's lock. */
#define OWNER_NONE ((uintptr_t)1)

struct async_loop {
    _Atomic uintptr_t owner;
    _Atomic bool running, closing;
    bool stopping;
    uint8_t clock;
    double test_time;     /* what a test clock shows */
    struct node ready;
    struct node batch;    /* the rest of the turn in progress */
    uint32_t ran;         /* callbacks since the last look at the clock */
    uint32_t budget;      /* how many may run before the next */
    double looked;        /* when that was */
    double polled;        /* when the kernel was last asked */
    double tidied;        /* when empty memory was last given back */

    void *current;        /* the task layer's: the step that runs */
    void *cancelling;     /* the task layer's: the cancel that is under way */
    uint32_t eager;       /* the task layer's: how deep first steps run in each other */
    void *yielded;        /* the future layer's: what async_sleep(0) gives */
    void *resolver;       /* the dns layer's */
    void *input;          /* the io layer's: what streams receive into */

    async_loop *outer;    /* what this thread ran before this run or close began */
    struct timers timers;
    struct poller *poller;
    struct watched *watched;    /* by descriptor */
    size_t watched_capacity, watches;
    struct inbox inbox;
    struct slab slabs[SLAB_CLASSES];    /* objects of up to 32, 64, … bytes */
    struct slab tasks;                  /* of their own, so that all_tasks can walk them */

    _Atomic uint32_t references;
    _Atomic uint32_t holders;           /* values that need the loop's memory, but let it be abandoned */
    async_exception_handler *on_exception;
    void *exception_user;
    async_destroy *exception_destroy;
    async_callback *on_block, *on_wake;
    void *block_user;
};

/* Entry of every call that belongs to the loop's thread: 0, or the error to answer with. A thread that finds the loop
 * standing still becomes its owner; a loop that closes refuses with ASYNC_ECLOSED. */
static inline bool loop_is_open_here(const async_loop *loop)
{
    return likely(loop && atomic_load_explicit(&loop->owner, memory_order_relaxed) == thread_self() &&
                  !atomic_load_explicit(&loop->closing, memory_order_relaxed));
}
int loop_enter_slowly(async_loop *loop);
static inline int loop_enter(async_loop *loop)
{
    return loop_is_open_here(loop) ? 0 : loop_enter_slowly(loop);
}

/* The same for calls that stay possible while the loop closes and after: 0 or ASYNC_EINVAL, ASYNC_ETHREAD. */
int loop_visit_slowly(async_loop *loop);
static inline int loop_visit(async_loop *loop)
{
    if (likely(loop && atomic_load_explicit(&loop->owner, memory_order_relaxed) == thread_self()))
        return 0;
    return loop_visit_slowly(loop);
}

static inline bool loop_is_owned(const async_loop *loop)
{
    return atomic_load_explicit(&loop->owner, memory_order_relaxed) == thread_self();
}

/* The time that timers go by. */
static inline double loop_now(const async_loop *loop)
{
    return likely(loop->clock == ASYNC_CLOCK_REAL) ? clock_now() : loop->test_time;
}

/* Objects of up to 256 bytes that start with a node. The ops must be set before anything else is called. */
static inline struct slab *loop_slab(async_loop *loop, size_t size)
{
    return &loop->slabs[(size - 1) / SLAB_STEP];
}
static inline void *loop_allocate(async_loop *loop, size_t size)
{
    return slab_allocate(loop_slab(loop, size));
}
static inline void loop_free(async_loop *loop, void *object, size_t size)
{
    slab_free(loop_slab(loop, size), object);
}

static inline void loop_queue(async_loop *loop, struct node *node)
{
    list_insert_before(&loop->ready, node);
}

/* The same, but next in the turn in progress. */
static inline void loop_queue_next(async_loop *loop, struct node *node)
{
    list_insert_before(loop->batch.next, node);
}

/* Clean-up from a thread that does not own the loop: `unref(user)` runs on the owner's soon. False when the loop is
 * closed: the caller then does it here, under loop_lock. Without memory for the note the object leaks: there is no
 * place left to keep it. */
bool loop_post_home(async_loop *loop, async_destroy *unref, void *user);

/* Objects outlive a closed loop while somebody holds them; then counting and freeing happen under this lock. */
static inline void loop_lock(async_loop *loop)
{
    pthread_mutex_lock(&loop->inbox.lock);
}
static inline void loop_unlock(async_loop *loop)
{
    pthread_mutex_unlock(&loop->inbox.lock);
}
/* Frees an object in any phase of the loop; the last reference or object to go frees the loop itself. */
void loop_free_unowned(async_loop *loop, struct slab *slab, void *object);
static inline void loop_free_anywhere(async_loop *loop, struct slab *slab, void *object)
{
    if (likely(loop_is_owned(loop)))
        slab_free(slab, object);
    else
        loop_free_unowned(loop, slab, object);
}
void loop_drop_last(async_loop *loop);
/* Any thread: keeps the loop's memory, and no more. */
void loop_hold(async_loop *loop);
void loop_let_go(async_loop *loop);

/* Runs turns until the loop is told to stop; what async_loop_run does, and run_until. */
void loop_run(async_loop *loop);
/* Runs turns until the queue is empty, without a look at the kernel. */
void loop_drain(async_loop *loop);
/* Runs turns until there is nothing to do but to wait, or the loop is told to stop. */
void loop_settle(async_loop *loop);
/* Whether this thread runs a loop. */
bool loop_runs_here(void);
/* 0 when this thread may run the loop, else the error to answer with. */
int loop_may_run(async_loop *loop);
/* Around each run and close: the loop is this thread's alone. */
void loop_begin(async_loop *loop);
void loop_end(async_loop *loop);
/* Has the next turn begin with a look at the clock. */
static inline void loop_look_soon(async_loop *loop)
{
    loop->ran = loop->budget;
}

/* When a loop that sleeps should wake up to give memory back; 0 for never. */
double loop_tidy_time(const async_loop *loop);

/* Reports to the exception handler; `source` may be NULL. */
void loop_report(async_loop *loop, async_future *source, int error, const char *message);

/* timers.c */
bool timer_start(async_loop *loop, struct timer *timer, double when);    /* false without memory */
void timer_stop(async_loop *loop, struct timer *timer);                  /* also when it is queued already */
void timers_expire(async_loop *loop, double now);
void timers_release(struct timers *timers);
static inline void timer_init(struct timer *timer, const struct node_ops *ops)
{
    timer->node = (struct node){.ops = ops};
    timer->index = 0;
}

/* poll.c: queues the descriptors that are ready, after a sleep in the kernel if it may block; gives the time after. */
struct poller *poller_new(async_loop *loop);
void poller_free(struct poller *poller);
double poller_poll(async_loop *loop, double now, bool may_block);
void poller_wake(async_loop *loop);    /* any thread */

/* inbox.c */
bool inbox_init(async_loop *loop);
void inbox_drain(async_loop *loop);    /* queues its node if anything was posted */
void inbox_close(async_loop *loop);    /* ends the loop's ownership, then cleans up what was posted and never ran */
void inbox_free(async_loop *loop);

#endif
