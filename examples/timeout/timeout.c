/* Each dish may take so long and no longer; one that takes too long is given up, and the cook goes on. */
#include <libasync/async.h>
#include <libasync/coroutine.h>
#include <stdio.h>

struct dish {
    const char *name;
    double seconds;
    async_timeout *limit;
};

static async_next cook(async_task *task, void *state)
{
    async_loop *loop = async_task_loop(task);
    struct dish *dish = state;
    int error;

    ASYNC_BEGIN(task);
    dish->limit = async_timeout_open(task, 0.8);
    ASYNC_TRY(task, async_sleep(loop, 0.1));
    if (async_caught(task) == ASYNC_OK) {
        printf("%s: in the oven\n", dish->name);
        ASYNC_TRY(task, async_sleep(loop, dish->seconds));
    }
    error = async_timeout_close(dish->limit, task);
    if (error == ASYNC_ETIMEDOUT)
        printf("%s: takes too long\n", dish->name);
    else if (error)
        return async_fail_with(task, async_value_ref(async_task_failure(task)));
    else
        printf("%s: ready\n", dish->name);
    ASYNC_END(task);
}

static async_next dine(async_task *task, void *state)
{
    static struct dish pie = {"pie", 0.1, NULL}, roast = {"roast", 60.0, NULL};
    async_loop *loop = async_task_loop(task);

    ASYNC_BEGIN(task);
    ASYNC_AWAIT(task, async_create_task(loop, cook, &pie, NULL));
    ASYNC_AWAIT(task, async_create_task(loop, cook, &roast, NULL));
    puts("dinner is over");
    ASYNC_END(task);
}

int main(void)
{
    return async_run(dine, NULL, NULL, NULL) != ASYNC_OK;
}
