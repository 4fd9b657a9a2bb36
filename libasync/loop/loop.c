/* Life and turns of a loop. Closing stands in close.c. */
#include "libasync/loop/internal.h"

#include <assert.h>
#include <errno.h>
#include <math.h>

/* Work between two looks at the kernel, as a time: long enough that the look costs little, short enough that no timer
 * or descriptor notices. The callbacks that fill it are counted, at the pace of those before, to save reading a clock;
 * only so many, as they may grow slow without warning. */
#define LOOK_SECONDS 100e-6
#define TIDY_SECONDS 1.0
#define BUDGET_MOST 64

/* What became ready one after the other was often made so too, and lies so in memory: of a burst the nodes to come are
 * fetched while others run. Half a page, because the processor's own guesses end with a page. */
#define FETCH_AHEAD 2048

/* The loop that this thread runs. It serves only to refuse a run inside a run. */
static _Thread_local async_loop *running_here;

async_loop *async_loop_new(void)
{
    async_loop *loop = memory_allocate(sizeof *loop);

    errno = ENOMEM;    /* unless the kernel says otherwise below */
    if (!loop)
        return NULL;
    *loop = (async_loop){.owner = thread_self(), .references = 1, .budget = BUDGET_MOST};
    list_init(&loop->ready);
    list_init(&loop->batch);
    for (size_t i = 0; i < SLAB_CLASSES; i++)
        slab_init(&loop->slabs[i], (i + 1) * SLAB_STEP);
    slab_init(&loop->tasks, TASK_SIZE);

    if (!inbox_init(loop))
        goto no_inbox;
    loop->poller = poller_new(loop);
    if (!loop->poller)
        goto no_poller;
    return loop;

no_poller:
    inbox_free(loop);
no_inbox:
    memory_release(loop, sizeof *loop);
    return NULL;
}

async_loop *async_loop_ref(async_loop *loop)
{
    if (loop)
        atomic_fetch_add_explicit(&loop->references, 1, memory_order_relaxed);
    return loop;
}

/* A running loop holds a reference to itself, so the last one is dropped on a loop that stands still. */
async_loop *async_loop_unref(async_loop *taken)
{
    uint32_t count = taken ? atomic_load(&taken->references) : 0;

    while (count > 1)
        if (atomic_compare_exchange_weak(&taken->references, &count, count - 1))
            return NULL;
    if (taken) {
        async_loop_abandon(taken);
        loop_drop_last(taken);
    }
    return NULL;
}

int loop_visit_slowly(async_loop *loop)
{
    uintptr_t owner;

    if (!loop)
        return ASYNC_EINVAL;
    owner = atomic_load(&loop->owner);
    if (owner == thread_self() || owner == OWNER_NONE)
        return 0;
    if (atomic_load(&loop->running))
        return ASYNC_ETHREAD;
    atomic_store(&loop->owner, thread_self());
    return 0;
}

int loop_enter_slowly(async_loop *loop)
{
    int error = loop_visit_slowly(loop);

    if (error)
        return error;
    return atomic_load(&loop->closing) ? ASYNC_ECLOSED : 0;
}

bool async_loop_is_closed(const async_loop *loop)
{
    return !loop || atomic_load(&loop->closing);
}

bool async_loop_is_running(const async_loop *loop)
{
    return loop && atomic_load(&loop->running);
}

double async_loop_time(async_loop *loop)
{
    return loop ? loop_now(loop) : clock_now();
}

bool loop_runs_here(void)
{
    return running_here;
}

int loop_may_run(async_loop *loop)
{
    if (!loop)
        return ASYNC_EINVAL;
    return running_here ? ASYNC_ERUNNING : loop_enter(loop);
}

void loop_begin(async_loop *loop)
{
    loop->outer = running_here;
    running_here = async_loop_ref(loop);
    atomic_store(&loop->running, true);
    loop->looked = loop_now(loop);
    loop->polled = -INFINITY;
    loop_look_soon(loop);
}

void loop_end(async_loop *loop)
{
    running_here = loop->outer;
    loop->stopping = false;
    atomic_store(&loop->running, false);
    async_loop_unref(loop);
}

static void run_turn(async_loop *loop)
{
    list_splice(&loop->batch, &loop->ready);
    while (!list_is_empty(&loop->batch)) {
        struct node *node = loop->batch.next;

        node_unlink(node);
        loop->ran++;
        __builtin_prefetch((const void *)((uintptr_t)node + FETCH_AHEAD), 1);
        node->ops->run(loop, node);
    }
}

void loop_drain(async_loop *loop)
{
    while (!list_is_empty(&loop->ready) || !list_is_empty(&loop->batch))
        run_turn(loop);
}

/* The pace of the callbacks since the last look tells how many fit before the next one. */
static void set_budget(async_loop *loop, double now)
{
    double pace = loop->ran ? (now - loop->looked) / loop->ran : 0;

    if (pace * BUDGET_MOST <= LOOK_SECONDS)
        loop->budget = BUDGET_MOST;
    else
        loop->budget = pace >= LOOK_SECONDS ? 1 : (uint32_t)(LOOK_SECONDS / pace);
    loop->ran = 0;
}

/* Memory that a wave of tasks left behind goes back once no other wave has needed it for a while. */
static void tidy(async_loop *loop, double now)
{
    loop->tidied = now;
    slab_tidy(&loop->tasks);
    for (size_t i = 0; i < SLAB_CLASSES; i++)
        slab_tidy(&loop->slabs[i]);
}

double loop_tidy_time(const async_loop *loop)
{
    uint32_t empties = loop->tasks.empties;

    for (size_t i = 0; i < SLAB_CLASSES; i++)
        empties += loop->slabs[i].empties;
    return empties ? loop->tidied + TIDY_SECONDS : 0;
}

static bool has_posts(const async_loop *loop)
{
    return atomic_load_explicit(&loop->inbox.filled, memory_order_relaxed);
}

/* A clock that jumps never sleeps while timers are set: it moves to the first of them when nothing else is to do. */
static double jump(async_loop *loop)
{
    poller_poll(loop, loop->test_time, false);
    if (list_is_empty(&loop->ready) && !has_posts(loop) && loop->timers.entries[0].when > loop->test_time)
        loop->test_time = loop->timers.entries[0].when;
    return loop->test_time;
}

/* The kernel is asked when nothing else is to do, else at intervals. A test clock knows no intervals. */
static void poll(async_loop *loop, double now, bool may_block)
{
    loop->looked = now;
    if (!list_is_empty(&loop->ready) && now < loop->polled + LOOK_SECONDS && loop->clock == ASYNC_CLOCK_REAL)
        return;
    loop->looked = poller_poll(loop, now, may_block);
    loop->polled = loop->looked;
}

/* At the clock, and at the kernel where it is time. */
static void look(async_loop *loop, bool may_block)
{
    double now = loop_now(loop);

    set_budget(loop, now);
    if (now >= loop->tidied + TIDY_SECONDS)
        tidy(loop, now);
    if (unlikely(may_block && loop->clock == ASYNC_CLOCK_JUMPING && loop->timers.count))
        loop->looked = jump(loop);
    else
        poll(loop, now, may_block);
    timers_expire(loop, loop->looked);
}

void loop_settle(async_loop *loop)
{
    do {
        if (has_posts(loop))
            inbox_drain(loop);
        look(loop, false);
        run_turn(loop);
    } while (!loop->stopping && (!list_is_empty(&loop->ready) || has_posts(loop)));
}

void loop_run(async_loop *loop)
{
    assert(running_here == loop);
    do {
        if (has_posts(loop))
            inbox_drain(loop);
        if (list_is_empty(&loop->ready))
            look(loop, !loop->stopping);
        else if (loop->ran >= loop->budget)
            look(loop, false);
        run_turn(loop);
    } while (!loop->stopping);
}

int async_loop_run(async_loop *loop)
{
    int error = loop_may_run(loop);

    if (error)
        return error;
    loop_begin(loop);
    loop_run(loop);
    loop_end(loop);
    return 0;
}

int async_loop_stop(async_loop *loop)
{
    int error = loop_enter(loop);

    if (!error)
        loop->stopping = true;
    return error;
}

int async_loop_set_block_hooks(async_loop *loop, async_callback *on_block, async_callback *on_wake, void *user)
{
    int error = loop_visit(loop);

    if (error)
        return error;
    loop->on_block = on_block;
    loop->on_wake = on_wake;
    loop->block_user = user;
    return 0;
}
