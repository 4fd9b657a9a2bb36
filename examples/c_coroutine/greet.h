/* A coroutine in a shared object of its own. Whatever language calls greet can await the future that it gives. */
#ifndef GREET_H
#define GREET_H

#include <libasync/async.h>

async_future *greet(async_loop *loop, const char *name);

#endif
