/* Inside loop/ alone: who touches libev. */
#ifndef LIBASYNC_LOOP_POLL_H
#define LIBASYNC_LOOP_POLL_H

#include "libasync/loop/internal.h"

#include <ev.h>

struct ev_loop *poller_backend(async_loop *loop);

#endif
