/* What the programs here end with. */
#ifndef TESTS_NETWORK_RUN_H
#define TESTS_NETWORK_RUN_H

#include "libasync/async.h"

#include <stdio.h>

/* Runs a task to its end; what `main` returns. A failure is printed. */
static inline int run(async_step *first)
{
    async_future *done;
    int error = async_run(first, NULL, NULL, &done);

    if (error)
        puts(async_future_message(done));
    async_future_unref(done);
    return error != ASYNC_OK;
}

#endif
