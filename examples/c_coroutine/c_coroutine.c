/* Awaits a coroutine that is written in C, and stands in a shared object of its own. */
#include "greet.h"

#include <libasync/coroutine.h>
#include <stdio.h>

static async_next host(async_task *task, void *state)
{
    async_loop *loop = async_task_loop(task);

    ASYNC_BEGIN(task);
    async_future *greetings[] = {greet(loop, "Ada"), greet(loop, "Bob")};
    ASYNC_AWAIT(task, async_gather(loop, greetings, 2, 0));
    for (size_t i = 0; i < 2; i++)
        puts(async_value_text(async_value_item(async_awaited(task), i), NULL));
    ASYNC_END(task);
}

int main(void)
{
    return async_run(host, NULL, NULL, NULL) != ASYNC_OK;
}
