/* A program of somebody else's, outside the tree: it knows the installed headers and pkg-config only. */
#include <libasync/async.h>
#include <libasync/coroutine.h>
#include <stdio.h>

static async_next answer(async_task *task, void *state)
{
    ASYNC_BEGIN(task);
    ASYNC_AWAIT(task, async_sleep(async_task_loop(task), 0.001));
    ASYNC_AWAIT(task, async_getaddrinfo(async_task_loop(task), "127.0.0.1", "80", ASYNC_ANY, ASYNC_STREAM, 0));
    return async_return(task, async_int(async_address_port(async_value_item(async_awaited(task), 0))));
    ASYNC_END(task);
}

int main(void)
{
    async_future *done;
    int error = async_run(answer, NULL, NULL, &done);

    printf("%s %s %d\n", async_version(), async_error_name(error), (int)async_value_int(async_future_value(done)));
    async_future_unref(done);
    return 0;
}
