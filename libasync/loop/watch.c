/* Watches: libev's own, under a handler that is told of the loop. */
#include "libasync/loop/poll.h"

#include <sys/stat.h>

_Static_assert(sizeof(ev_io) <= sizeof(struct watch), "a watch is libev's");
_Static_assert(WATCH_READ == EV_READ && WATCH_WRITE == EV_WRITE, "events are libev's");

static ev_io *io_of(const struct watch *watch)
{
    return (ev_io *)watch->io;
}

/* The handler stands in the word that libev leaves to its user. A pointer to a function fits there, as POSIX has it. */
static void on_ready(struct ev_loop *backend, ev_io *io, int events)
{
    union {
        void *word;
        watch_ready *ready;
    } handler = {.word = io->data};

    handler.ready(ev_userdata(backend), (struct watch *)io, events & (EV_READ | EV_WRITE));
}

void watch_init(struct watch *watch, int descriptor, watch_ready *ready)
{
    ev_io *io = io_of(watch);
    union {
        void *word;
        watch_ready *ready;
    } handler = {.ready = ready};

    ev_io_init(io, on_ready, descriptor, 0);
    io->data = handler.word;
}

/* The mark that libev has on a new watch stays: by it the kernel is told anew of a number that was used before. */
void watch_set(async_loop *loop, struct watch *watch, int events)
{
    ev_io *io = io_of(watch);
    int former = watch_events(watch);

    if (events == former)
        return;
    loop->watches += !former;
    loop->watches -= !events;
    ev_io_stop(poller_backend(loop), io);
    ev_io_modify(io, events);
    if (events)
        ev_io_start(poller_backend(loop), io);
}

int watch_events(const struct watch *watch)
{
    return io_of(watch)->events & (EV_READ | EV_WRITE);
}

bool watch_can_stand_on(int descriptor)
{
    struct stat status;

    return descriptor >= 0 && fstat(descriptor, &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}
