/*
 * Callbacks for readable and writable descriptors: one caller for each descriptor and direction, found by number. A
 * caller whose descriptor is ready is queued once; it stays until it is removed. While its callback runs it may be
 * removed: `calling` keeps it and its user alive.
 */
#include "libasync/loop/internal.h"

struct caller {
    struct node node;
    struct watch watch;
    async_loop *loop;
    int descriptor, event;
    async_callback *callback;
    void *user;
    async_destroy *destroy;
    bool calling, removed;
};

/* The user's clean-up comes last: it may watch the same descriptor anew. */
static void free_caller(struct caller *caller)
{
    async_destroy *destroy = caller->destroy;
    void *user = caller->user;

    loop_free(caller->loop, caller, sizeof *caller);
    if (destroy)
        destroy(user);
}

static void call_back(async_loop *loop, struct node *node)
{
    struct caller *caller = container_of(node, struct caller, node);

    caller->calling = true;
    caller->callback(loop, caller->user);
    caller->calling = false;
    if (caller->removed)
        free_caller(caller);
}

static struct caller **place_of(async_loop *loop, int descriptor, int event)
{
    return &loop->watched[descriptor].by_direction[event == WATCH_WRITE];
}

static void end_caller(struct caller *caller)
{
    struct caller **place = place_of(caller->loop, caller->descriptor, caller->event);

    if (*place == caller)
        *place = NULL;    /* or else its successor stands there */
    watch_set(caller->loop, &caller->watch, 0);
    if (node_is_linked(&caller->node))
        node_unlink(&caller->node);
    if (caller->calling)
        caller->removed = true;
    else
        free_caller(caller);
}

static void close_caller(async_loop *loop, struct node *node)
{
    end_caller(container_of(node, struct caller, node));
}

static const struct node_ops caller_ops = {.run = call_back, .drop_at_close = close_caller};

static void on_ready(async_loop *loop, struct watch *watch, int events)
{
    struct caller *caller = container_of(watch, struct caller, watch);

    if (!node_is_linked(&caller->node))
        loop_queue(loop, &caller->node);
}

bool watched_reach(async_loop *loop, int descriptor)
{
    size_t wanted = loop->watched_capacity ? loop->watched_capacity : 32, item = sizeof *loop->watched;
    struct watched *grown;

    if ((size_t)descriptor < loop->watched_capacity)
        return true;
    while (wanted <= (size_t)descriptor)
        wanted *= 2;
    grown = memory_grow(loop->watched, loop->watched_capacity * item, loop->watched_capacity * item, wanted * item);
    if (!grown)
        return false;
    for (size_t i = loop->watched_capacity; i < wanted; i++)
        grown[i] = (struct watched){.waits = NULL};
    loop->watched = grown;
    loop->watched_capacity = wanted;
    return true;
}

static int add(async_loop *loop, int descriptor, int event, const struct caller *settings)
{
    int error = settings->callback ? loop_enter(loop) : ASYNC_EINVAL;
    struct caller *caller, *former;

    if (!error && !watch_can_stand_on(descriptor))
        error = ASYNC_EINVAL;
    if (error)
        return error;
    caller = watched_reach(loop, descriptor) ? loop_allocate(loop, sizeof *caller) : NULL;
    if (!caller)
        return ASYNC_ENOMEM;

    *caller = *settings;
    former = *place_of(loop, descriptor, event);
    *place_of(loop, descriptor, event) = caller;
    watch_init(&caller->watch, descriptor, on_ready);
    watch_set(loop, &caller->watch, event);
    if (former)
        end_caller(former);
    return 0;
}

static int add_or_destroy(async_loop *loop, int descriptor, int event, async_callback *callback, void *user,
                          async_destroy *destroy)
{
    int error = add(loop, descriptor, event,
                    &(struct caller){.node.ops = &caller_ops, .loop = loop, .descriptor = descriptor, .event = event,
                                     .callback = callback, .user = user, .destroy = destroy});

    if (error && destroy)
        destroy(user);
    return error;
}

static int remove_caller(async_loop *loop, int descriptor, int event)
{
    int error = loop_enter(loop);

    if (error)
        return error;
    if (descriptor < 0 || (size_t)descriptor >= loop->watched_capacity || !*place_of(loop, descriptor, event))
        return ASYNC_ESTATE;
    end_caller(*place_of(loop, descriptor, event));
    return 0;
}

int async_loop_add_reader(async_loop *loop, int descriptor, async_callback *callback, void *user,
                          async_destroy *destroy)
{
    return add_or_destroy(loop, descriptor, WATCH_READ, callback, user, destroy);
}

int async_loop_remove_reader(async_loop *loop, int descriptor)
{
    return remove_caller(loop, descriptor, WATCH_READ);
}

int async_loop_add_writer(async_loop *loop, int descriptor, async_callback *callback, void *user,
                          async_destroy *destroy)
{
    return add_or_destroy(loop, descriptor, WATCH_WRITE, callback, user, destroy);
}

int async_loop_remove_writer(async_loop *loop, int descriptor)
{
    return remove_caller(loop, descriptor, WATCH_WRITE);
}
