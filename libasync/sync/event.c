#include "libasync/event.h"
#include "libasync/sync/internal.h"

struct async_event {
    struct sync sync;
    struct node line;
    bool set;
};

static const struct future_class event_class = {.size = sizeof(async_event)};

/* Nothing is taken, so a set ends the waiters at once: they need not run. */
static const struct future_class waiter_class = {
    .node.end_at_close = waiter_end_at_close,
    .size = sizeof(struct waiter),
    .cancel = waiter_cancel,
};

async_event *async_event_new(async_loop *loop)
{
    async_event *event = sync_new(loop, true, &event_class, async_bool(true));

    if (event) {
        list_init(&event->line);
        event->set = false;
    }
    return event;
}

async_event *async_event_ref(async_event *event)
{
    async_future_ref((async_future *)event);
    return event;
}

async_event *async_event_unref(async_event *taken)
{
    async_future_unref((async_future *)taken);
    return NULL;
}

int async_event_set(async_event *event)
{
    int error = sync_visit(event);

    if (error)
        return error;
    event->set = true;
    line_succeed_all(&event->line, async_bool(true));
    return 0;
}

int async_event_clear(async_event *event)
{
    int error = sync_visit(event);

    if (!error)
        event->set = false;
    return error;
}

bool async_event_is_set(const async_event *event)
{
    return sync_visit(event) == 0 && event->set;
}

async_future *async_event_wait(async_event *event)
{
    int error = sync_enter(event);

    if (error)
        return sync_refuse(event, "event", error);
    if (event->set)
        return sync_done(&event->sync);
    return line_wait(&event->line, &event->sync, &waiter_class);
}
