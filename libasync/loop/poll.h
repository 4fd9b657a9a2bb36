/* Inside loop/ alone: who touches libev. */
#ifndef LIBASYNC_LOOP_POLL_H
#define LIBASYNC_LOOP_POLL_H

#include "libasync/loop/internal.h"

/* libev's initialisers are macros that write through pointers of another type; its own header asks for this. */
#include <ev.h>

struct ev_loop *poller_backend(async_loop *loop);

#endif
