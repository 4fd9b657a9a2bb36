/* Three work in a group, which ends when all of them have: one breaks down, and so the others need not go on. */
#include <libasync/async.h>
#include <libasync/coroutine.h>
#include <stdio.h>

struct worker {
    const char *name;
    double seconds;
    bool breaks_down;
};

static async_next work(async_task *task, void *state)
{
    const struct worker *worker = state;
    char message[64];

    ASYNC_BEGIN(task);
    ASYNC_TRY(task, async_sleep(async_task_loop(task), worker->seconds));
    if (async_caught(task) == ASYNC_ECANCELED) {
        printf("%s stops\n", worker->name);
        return async_fail_with(task, async_value_ref(async_task_failure(task)));
    }
    if (worker->breaks_down) {
        snprintf(message, sizeof message, "%s breaks down", worker->name);
        return async_fail(task, ASYNC_EINVAL, message);
    }
    printf("%s is done\n", worker->name);
    ASYNC_END(task);
}

static void print_failures(async_value *failure)
{
    async_value *failures = async_value_cause(failure);

    for (size_t i = 0; i < async_value_count(failures); i++)
        printf("failed: %s\n", async_value_message(async_value_item(failures, i)));
}

static async_next work_together(async_task *task, void *state)
{
    static struct worker workers[] = {{"Ada", 0.5, false}, {"Bob", 1.0, true}, {"Cyd", 60.0, false}};
    async_task_group **group = state;

    ASYNC_BEGIN(task);
    *group = async_task_group_new(async_task_loop(task), async_task_future(task));
    for (int i = 0; i < 3; i++)
        async_future_unref(async_task_group_create_task(*group, work, &workers[i], NULL));
    puts("all are at work");
    ASYNC_TRY(task, async_task_group_join(*group));
    async_task_group_unref(*group);
    if (async_caught(task) == ASYNC_EGROUP)
        print_failures(async_task_failure(task));
    ASYNC_END(task);
}

int main(void)
{
    async_task_group *group;

    return async_run(work_together, &group, NULL, NULL) != ASYNC_OK;
}
