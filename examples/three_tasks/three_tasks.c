/* Three named tasks start together, work at the same time and finish together; the program waits for all of them. */
#include <libasync/async.h>
#include <libasync/coroutine.h>
#include <stdio.h>

static async_next work(async_task *task, void *state)
{
    const char *name = async_future_name(async_task_future(task));

    ASYNC_BEGIN(task);
    printf("%s starts\n", name);
    ASYNC_AWAIT(task, async_sleep(async_task_loop(task), 1.0));
    printf("%s finishes\n", name);
    ASYNC_END(task);
}

static async_next work_together(async_task *task, void *state)
{
    static const char *const names[] = {"one", "two", "three"};
    async_loop *loop = async_task_loop(task);
    async_future *tasks[3];

    ASYNC_BEGIN(task);
    for (int i = 0; i < 3; i++) {
        tasks[i] = async_create_task(loop, work, NULL, NULL);
        async_future_set_name(tasks[i], names[i]);
    }
    ASYNC_AWAIT(task, async_wait(loop, tasks, 3, ASYNC_ALL_COMPLETED, ASYNC_FOREVER));
    puts("all done");
    ASYNC_END(task);
}

int main(void)
{
    return async_run(work_together, NULL, NULL, NULL) != ASYNC_OK;
}
