#include "libasync/combine/internal.h"

void relay_init(struct relay *relay)
{
    relay->walk = (struct relay_walk){0};
    relay->cancelled = false;
}

static bool is_unvisited_relay(async_future *future)
{
    return future_is_pending(future) && future_class(future)->cancel == relay_cancel &&
           !relay_of(future)->walk.under_way;
}

/* The relay to go on with: the same, or a child. One that is under way is met again only through a ring of tasks. */
static struct relay *cancel_next(struct relay *relay, async_value *error)
{
    async_future *child = relay->children.items[relay->walk.next++].future;

    if (is_unvisited_relay(child)) {
        relay_of(child)->walk = (struct relay_walk){.above = relay, .under_way = true};
        return relay_of(child);
    }
    relay->walk.taken |= future_cancel(child, error);
    return relay;
}

static struct relay *leave(struct relay *relay)
{
    struct relay *above = relay->walk.above;

    relay->cancelled |= relay->walk.taken;
    relay->walk.under_way = false;
    if (above)
        above->walk.taken |= relay->walk.taken;
    return above;
}

bool relay_cancel(async_future *future, async_value *error)
{
    struct relay *first = relay_of(future), *relay = first;
    struct relay_walk outer = first->walk;
    bool taken;

    first->walk = (struct relay_walk){.under_way = true};
    while (relay)
        relay = relay->walk.next < relay->children.count ? cancel_next(relay, error) : leave(relay);
    taken = first->walk.taken;
    first->walk = outer;
    return taken;
}
