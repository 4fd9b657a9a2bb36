#include "greet.h"

#include <libasync/coroutine.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static async_next say_hello(async_task *task, void *state)
{
    const char *name = state;
    char text[100];

    ASYNC_BEGIN(task);
    ASYNC_AWAIT(task, async_sleep(async_task_loop(task), 1.0));
    snprintf(text, sizeof text, "hello %s", name);
    return async_return(task, async_text(text));
    ASYNC_END(task);
}

async_future *greet(async_loop *loop, const char *name)
{
    return async_create_task(loop, say_hello, strdup(name), free);
}
