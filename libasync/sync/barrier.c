/*
 * A barrier fills until all parties have come, then drains until the last of them has left, so that one round cannot
 * run into the next: who comes while it drains is kept at the door. A reset drains it too, with failures. How a party
 * leaves is decided when it runs, as in asyncio: a reset or an abort that comes just before still counts.
 */
#include "libasync/barrier.h"
#include "libasync/sync/internal.h"

enum state { FILLING, DRAINING, RESETTING, BROKEN };

struct async_barrier {
    struct sync sync;
    struct node line;
    int64_t parties;
    int64_t count;    /* who came and has not left */
    enum state state;
};

struct party {
    struct waiter waiter;
    int64_t index;    /* NOT_COME while it is at the door */
};
#define NOT_COME (-1)

static const struct future_class barrier_class = {.size = sizeof(async_barrier)};

async_barrier *async_barrier_new(async_loop *loop, int64_t parties)
{
    async_barrier *barrier = sync_new(loop, parties > 0, &barrier_class, async_none());

    if (barrier) {
        list_init(&barrier->line);
        barrier->parties = parties;
        barrier->count = 0;
        barrier->state = FILLING;
    }
    return barrier;
}

async_barrier *async_barrier_ref(async_barrier *barrier)
{
    async_future_ref((async_future *)barrier);
    return barrier;
}

async_barrier *async_barrier_unref(async_barrier *taken)
{
    async_future_unref((async_future *)taken);
    return NULL;
}

static bool is_leaving(const async_barrier *barrier)
{
    return barrier->state == DRAINING || barrier->state == RESETTING;
}

/* The place in order of the one who comes now. The last one sets the others free. */
static int64_t come(async_barrier *barrier)
{
    int64_t index = barrier->count++;

    if (barrier->count == barrier->parties) {
        barrier->state = DRAINING;
        line_wake_all(&barrier->line);
    }
    return index;
}

/* The last one to leave opens the door. */
static void leave(async_barrier *barrier)
{
    if (--barrier->count > 0)
        return;
    if (is_leaving(barrier))
        barrier->state = FILLING;
    line_wake_all(&barrier->line);
}

static void enter(async_barrier *barrier, struct party *party)
{
    party->index = come(barrier);
    if (barrier->state == FILLING) {
        waiter_join(&party->waiter, &barrier->line);
        return;
    }
    leave(barrier);
    waiter_succeed(&party->waiter, async_int(party->index));
}

static void try_door(async_barrier *barrier, struct party *party)
{
    if (barrier->state == BROKEN)
        waiter_fail(&party->waiter, error_static(ASYNC_EBROKEN));
    else if (is_leaving(barrier))
        waiter_join(&party->waiter, &barrier->line);
    else
        enter(barrier, party);
}

/* Goes on after it has come, or stands in line again when nothing has changed. */
static void try_to_leave(async_barrier *barrier, struct party *party)
{
    bool released = barrier->state == DRAINING;

    if (barrier->state == FILLING) {
        waiter_join(&party->waiter, &barrier->line);
        return;
    }
    leave(barrier);
    if (released)
        waiter_succeed(&party->waiter, async_int(party->index));
    else
        waiter_fail(&party->waiter, error_static(ASYNC_EBROKEN));
}

/* It may have been woken before it was cancelled, so it wakes another in its place. */
static void give_up(async_barrier *barrier, struct party *party)
{
    line_wake_first(&barrier->line);
    if (party->index != NOT_COME)
        leave(barrier);
    waiter_fail(&party->waiter, async_value_ref(party->waiter.cancel));
}

static void go_on(async_loop *loop, struct node *node)
{
    struct party *party = container_of(waiter_of(node), struct party, waiter);
    async_barrier *barrier = container_of(party->waiter.sync, async_barrier, sync);

    if (party->waiter.cancel)
        give_up(barrier, party);
    else if (party->index == NOT_COME)
        try_door(barrier, party);
    else
        try_to_leave(barrier, party);
}

static const struct future_class party_class = {
    .node = {.run = go_on, .end_at_close = waiter_end_at_close},
    .size = sizeof(struct party),
    .cancel = waiter_cancel_when_run,
};

async_future *async_barrier_wait(async_barrier *barrier)
{
    int error = sync_enter(barrier);
    struct waiter *waiter;
    struct party *party;

    if (error)
        return sync_refuse(barrier, "barrier", error);
    waiter = waiter_new(&barrier->sync, &party_class);
    if (!waiter)
        return future_failed(ASYNC_ENOMEM);
    party = container_of(waiter, struct party, waiter);
    party->index = NOT_COME;
    try_door(barrier, party);
    return &waiter->future;
}

int async_barrier_reset(async_barrier *barrier)
{
    int error = sync_visit(barrier);

    if (error)
        return error;
    barrier->state = barrier->count > 0 ? RESETTING : FILLING;
    line_wake_all(&barrier->line);
    return 0;
}

int async_barrier_abort(async_barrier *barrier)
{
    int error = sync_visit(barrier);

    if (error)
        return error;
    barrier->state = BROKEN;
    line_wake_all(&barrier->line);
    return 0;
}

int64_t async_barrier_parties(const async_barrier *barrier)
{
    return barrier ? barrier->parties : 0;
}

int64_t async_barrier_waiting(const async_barrier *barrier)
{
    return sync_visit(barrier) == 0 && barrier->state == FILLING ? barrier->count : 0;
}

bool async_barrier_is_broken(const async_barrier *barrier)
{
    return sync_visit(barrier) == 0 && barrier->state == BROKEN;
}
