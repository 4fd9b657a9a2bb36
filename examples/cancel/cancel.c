/* A task that would wait for an hour is cancelled: it hears of that where it waits, tidies up and passes it on. */
#include <libasync/async.h>
#include <libasync/coroutine.h>
#include <stdio.h>

static async_next keep_watch(async_task *task, void *state)
{
    ASYNC_BEGIN(task);
    puts("the watchman keeps watch");
    ASYNC_TRY(task, async_sleep(async_task_loop(task), 3600.0));
    if (async_caught(task) == ASYNC_ECANCELED) {
        puts("the watchman locks the door");
        return async_fail_with(task, async_value_ref(async_task_failure(task)));
    }
    puts("the watchman has seen nothing");
    ASYNC_END(task);
}

static async_next go_home(async_task *task, void *state)
{
    async_loop *loop = async_task_loop(task);
    async_future **watchman = state;

    ASYNC_BEGIN(task);
    *watchman = async_create_task(loop, keep_watch, NULL, NULL);
    ASYNC_AWAIT(task, async_sleep(loop, 1.0));
    async_future_cancel(*watchman, NULL);
    puts("we are told to go home");
    ASYNC_TRY(task, *watchman);
    if (async_caught(task) == ASYNC_ECANCELED)
        puts("everybody has gone home");
    ASYNC_END(task);
}

int main(void)
{
    async_future *watchman;

    return async_run(go_home, &watchman, NULL, NULL) != ASYNC_OK;
}
