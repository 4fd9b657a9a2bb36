/*
 * Watched descriptors: one object for each descriptor and direction, found by number. A watch whose descriptor is ready
 * is queued once; it stays until it is removed. While its callback runs it may be removed: `calling` keeps it and its
 * user alive.
 */
#include "libasync/loop/poll.h"

#include <sys/stat.h>

struct watch {
    struct node node;
    ev_io io;
    async_loop *loop;
    async_callback *callback;
    void *user;
    async_destroy *destroy;
    bool calling, removed;
};

/* The user's clean-up comes last: it may watch the same descriptor anew. */
static void free_watch(struct watch *watch)
{
    async_destroy *destroy = watch->destroy;
    void *user = watch->user;

    loop_free(watch->loop, watch, sizeof *watch);
    if (destroy)
        destroy(user);
}

static void call_watch(async_loop *loop, struct node *node)
{
    struct watch *watch = container_of(node, struct watch, node);

    watch->calling = true;
    watch->callback(loop, watch->user);
    watch->calling = false;
    if (watch->removed)
        free_watch(watch);
}

static struct watch **place_of(async_loop *loop, int descriptor, int event)
{
    return &loop->watched[descriptor].by_direction[event == EV_WRITE];
}

static void end_watch(struct watch *watch)
{
    struct watch **place = place_of(watch->loop, watch->io.fd, watch->io.events & (EV_READ | EV_WRITE));

    if (*place == watch)
        *place = NULL;    /* or else its successor stands there */
    watch->loop->watches--;
    ev_io_stop(poller_backend(watch->loop), &watch->io);
    if (node_is_linked(&watch->node))
        node_unlink(&watch->node);
    if (watch->calling)
        watch->removed = true;
    else
        free_watch(watch);
}

static void close_watch(async_loop *loop, struct node *node)
{
    end_watch(container_of(node, struct watch, node));
}

static const struct node_ops watch_ops = {.run = call_watch, .drop_at_close = close_watch};

static void on_ready(struct ev_loop *backend, ev_io *io, int events)
{
    struct watch *watch = io->data;

    if (!node_is_linked(&watch->node))
        loop_queue(watch->loop, &watch->node);
}

/* Regular files are always ready to the kernel, so waiting for one would spin. */
static bool can_be_watched(int descriptor)
{
    struct stat status;

    return descriptor >= 0 && fstat(descriptor, &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

static bool make_room(async_loop *loop, int descriptor)
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
        grown[i] = (struct watched){{NULL, NULL}};
    loop->watched = grown;
    loop->watched_capacity = wanted;
    return true;
}

static int add(async_loop *loop, int descriptor, int event, const struct watch *settings)
{
    int error = settings->callback ? loop_enter(loop) : ASYNC_EINVAL;
    struct watch *watch, *former;

    if (!error && !can_be_watched(descriptor))
        error = ASYNC_EINVAL;
    if (error)
        return error;
    watch = make_room(loop, descriptor) ? loop_allocate(loop, sizeof *watch) : NULL;
    if (!watch)
        return ASYNC_ENOMEM;

    *watch = *settings;
    former = *place_of(loop, descriptor, event);
    *place_of(loop, descriptor, event) = watch;
    loop->watches++;
    ev_io_init(&watch->io, on_ready, descriptor, event);
    watch->io.data = watch;
    ev_io_start(poller_backend(loop), &watch->io);
    if (former)
        end_watch(former);
    return 0;
}

static int add_or_destroy(async_loop *loop, int descriptor, int event, async_callback *callback, void *user,
                          async_destroy *destroy)
{
    int error = add(loop, descriptor, event,
                    &(struct watch){.node.ops = &watch_ops, .loop = loop, .callback = callback, .user = user,
                                    .destroy = destroy});

    if (error && destroy)
        destroy(user);
    return error;
}

static int remove_watch(async_loop *loop, int descriptor, int event)
{
    int error = loop_enter(loop);

    if (error)
        return error;
    if (descriptor < 0 || (size_t)descriptor >= loop->watched_capacity || !*place_of(loop, descriptor, event))
        return ASYNC_ESTATE;
    end_watch(*place_of(loop, descriptor, event));
    return 0;
}

int async_loop_add_reader(async_loop *loop, int descriptor, async_callback *callback, void *user,
                          async_destroy *destroy)
{
    return add_or_destroy(loop, descriptor, EV_READ, callback, user, destroy);
}

int async_loop_remove_reader(async_loop *loop, int descriptor)
{
    return remove_watch(loop, descriptor, EV_READ);
}

int async_loop_add_writer(async_loop *loop, int descriptor, async_callback *callback, void *user,
                          async_destroy *destroy)
{
    return add_or_destroy(loop, descriptor, EV_WRITE, callback, user, destroy);
}

int async_loop_remove_writer(async_loop *loop, int descriptor)
{
    return remove_watch(loop, descriptor, EV_WRITE);
}
