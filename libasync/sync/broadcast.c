/*
 * A broadcast channel: a ring of the last values, each counted down by those who receive it, and a place in it for each
 * receiver. A value is let go when its last receiver has it, or when the ring comes round to its slot: then who has not
 * got it has lost it. Tokio's broadcast does so.
 */
#include "libasync/broadcast.h"
#include "libasync/sync/internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

struct slot {
    async_value *value;
    size_t receivers;    /* who have not got it yet */
};

struct async_broadcast {
    struct sync sync;
    struct slot *slots;    /* NULL once the loop is closed */
    size_t capacity;
    size_t receivers;
    uint64_t sent;         /* the number of the next value */
    bool closed;
    struct node line;      /* of all receivers */
};

struct async_receiver {
    struct sync sync;
    async_broadcast *broadcast;
    uint64_t next;         /* the number of the value it gets next */
    uint64_t missed;
};

static struct slot *slot_of(const async_broadcast *broadcast, uint64_t number)
{
    return &broadcast->slots[number % broadcast->capacity];
}

/* The number of the first value that is still kept. */
static uint64_t oldest(const async_broadcast *broadcast)
{
    return broadcast->sent > broadcast->capacity ? broadcast->sent - broadcast->capacity : 0;
}

/* The receiver's share in a value: a reference of its own, the slot's for the last one (given). */
static async_value *take_share(struct slot *slot)
{
    async_value *value = slot->value;

    if (--slot->receivers > 0)
        return async_value_ref(value);
    slot->value = NULL;
    return value;
}

static void release_slots(async_broadcast *broadcast)
{
    struct slot *slots = broadcast->slots;

    broadcast->slots = NULL;
    for (size_t i = 0; slots && i < broadcast->capacity; i++)
        async_value_unref(slots[i].value);
    memory_release(slots, broadcast->capacity * sizeof *slots);
}

static void release_broadcast(async_future *future)
{
    release_slots((async_broadcast *)future);
}

/* After this nothing in a channel changes any more, so that its receivers may be dropped by any thread. */
static void end_broadcast(async_loop *loop, struct node *node)
{
    async_broadcast *broadcast = container_of(node, async_broadcast, sync.done.node);

    broadcast->closed = true;
    release_slots(broadcast);
}

static const struct future_class broadcast_class = {
    .node.end_at_close = end_broadcast,
    .size = sizeof(async_broadcast),
    .release = release_broadcast,
};

async_broadcast *async_broadcast_new(async_loop *loop, int64_t capacity)
{
    async_broadcast *broadcast = sync_new(loop, capacity > 0, &broadcast_class, async_none());
    size_t count = (size_t)capacity;

    if (!broadcast)
        return NULL;
    broadcast->slots = count <= SIZE_MAX / sizeof(struct slot) ? memory_allocate(count * sizeof(struct slot)) : NULL;
    broadcast->capacity = count;
    broadcast->receivers = 0;
    broadcast->sent = 0;
    broadcast->closed = false;
    list_init(&broadcast->line);
    for (size_t i = 0; broadcast->slots && i < count; i++)
        broadcast->slots[i] = (struct slot){0};
    if (broadcast->slots)
        return broadcast;
    errno = ENOMEM;
    return async_broadcast_unref(broadcast);
}

async_broadcast *async_broadcast_ref(async_broadcast *broadcast)
{
    async_future_ref((async_future *)broadcast);
    return broadcast;
}

async_broadcast *async_broadcast_unref(async_broadcast *taken)
{
    async_future_unref((async_future *)taken);
    return NULL;
}

int async_broadcast_send(async_broadcast *broadcast, async_value *taken)
{
    int error = sync_enter(broadcast);
    async_value *forgotten = taken;

    if (!error && !taken)
        error = ASYNC_ENOMEM;
    if (!error && broadcast->closed)
        error = ASYNC_ECLOSED;
    if (!error && broadcast->receivers) {
        struct slot *slot = slot_of(broadcast, broadcast->sent++);

        forgotten = slot->value;
        *slot = (struct slot){taken, broadcast->receivers};
        line_wake_all(&broadcast->line);
    }
    async_value_unref(forgotten);
    return error;
}

int async_broadcast_close(async_broadcast *broadcast)
{
    int error = sync_visit(broadcast);

    if (error)
        return error;
    broadcast->closed = true;
    line_wake_all(&broadcast->line);
    return 0;
}

/* The clean-up of an object may send on the channel, or close the loop: so each number is looked at anew. */
static void give_up_shares(async_broadcast *broadcast, uint64_t number, uint64_t end)
{
    if (number < oldest(broadcast))
        number = oldest(broadcast);
    for (; number < end; number++)
        if (broadcast->slots && number >= oldest(broadcast))
            async_value_unref(take_share(slot_of(broadcast, number)));
}

static void unsubscribe(async_future *future)
{
    async_receiver *receiver = (async_receiver *)future;
    async_broadcast *broadcast = receiver->broadcast;

    if (broadcast->slots) {
        broadcast->receivers--;
        give_up_shares(broadcast, receiver->next, broadcast->sent);
    }
    async_broadcast_unref(broadcast);
}

static const struct future_class receiver_class = {.size = sizeof(async_receiver), .release = unsubscribe};

async_receiver *async_broadcast_subscribe(async_broadcast *broadcast)
{
    async_loop *loop = broadcast ? broadcast->sync.done.loop : NULL;
    async_receiver *receiver = sync_new(loop, true, &receiver_class, async_none());

    if (!receiver)
        return NULL;
    receiver->broadcast = async_broadcast_ref(broadcast);
    receiver->next = broadcast->sent;
    receiver->missed = 0;
    broadcast->receivers++;
    return receiver;
}

async_receiver *async_receiver_ref(async_receiver *receiver)
{
    async_future_ref((async_future *)receiver);
    return receiver;
}

async_receiver *async_receiver_unref(async_receiver *taken)
{
    async_future_unref((async_future *)taken);
    return NULL;
}

/* What a receiver has lost, as a failure. It goes on with the oldest value that is left. */
static async_value *tell_loss(async_receiver *receiver)
{
    uint64_t lost = oldest(receiver->broadcast) - receiver->next;
    char message[80];

    receiver->next += lost;
    receiver->missed += lost;
    snprintf(message, sizeof message, "the receiver was too slow and missed %" PRIu64 " value%s", lost,
             lost == 1 ? "" : "s");
    return async_error(ASYNC_ELAGGED, message);
}

static bool has_news(const async_receiver *receiver)
{
    return receiver->next < receiver->broadcast->sent;
}

static bool has_lost(const async_receiver *receiver)
{
    return receiver->next < oldest(receiver->broadcast);
}

static async_value *take_next(async_receiver *receiver)
{
    return take_share(slot_of(receiver->broadcast, receiver->next++));
}

static void receive(async_loop *loop, struct node *node)
{
    struct waiter *waiter = waiter_of(node);
    async_receiver *receiver = container_of(waiter->sync, async_receiver, sync);

    if (waiter->cancel)
        waiter_fail(waiter, async_value_ref(waiter->cancel));
    else if (has_lost(receiver))
        waiter_fail(waiter, tell_loss(receiver));
    else if (has_news(receiver))
        waiter_succeed(waiter, take_next(receiver));
    else if (receiver->broadcast->closed)
        waiter_fail(waiter, error_static(ASYNC_ECLOSED));
    else
        waiter_join(waiter, &receiver->broadcast->line);
}

static const struct future_class waiter_class = {
    .node = {.run = receive, .end_at_close = waiter_end_at_close},
    .size = sizeof(struct waiter),
    .cancel = waiter_cancel,
};

/* What one is given who need not wait. */
static const struct future_class received_class = {.size = sizeof(async_future)};

static async_future *receive_at_once(async_receiver *receiver)
{
    async_future *future = future_new(receiver->sync.done.loop, &received_class);

    if (!future)
        return future_failed(ASYNC_ENOMEM);
    if (has_lost(receiver))
        future_fail(future, tell_loss(receiver));
    else
        future_succeed(future, take_next(receiver));
    return future;
}

async_future *async_receiver_next(async_receiver *receiver)
{
    int error = sync_enter(receiver);

    if (error)
        return sync_refuse(receiver, "receiver", error);
    if (has_news(receiver))
        return receive_at_once(receiver);
    if (receiver->broadcast->closed)
        return future_failed(ASYNC_ECLOSED);
    return line_wait(&receiver->broadcast->line, &receiver->sync, &waiter_class);
}

uint64_t async_receiver_missed(const async_receiver *receiver)
{
    return sync_visit(receiver) == 0 ? receiver->missed : 0;
}
