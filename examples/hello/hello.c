/* Prints, sleeps for a second while the loop would run others, and prints again. */
#include <libasync/async.h>
#include <libasync/coroutine.h>
#include <stdio.h>

static async_next hello(async_task *task, void *state)
{
    ASYNC_BEGIN(task);
    puts("hello");
    ASYNC_AWAIT(task, async_sleep(async_task_loop(task), 1.0));
    puts("world");
    ASYNC_END(task);
}

int main(void)
{
    return async_run(hello, NULL, NULL, NULL) != ASYNC_OK;
}
