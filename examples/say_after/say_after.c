/* Two tasks sleep at the same time, so that both together take no longer than the longer one. */
#include <libasync/async.h>
#include <libasync/coroutine.h>
#include <stdio.h>

struct saying {
    double delay_seconds;
    const char *what;
};

struct program {
    double started;
    async_future *hello, *world;
};

static async_next say_after(async_task *task, void *state)
{
    const struct saying *saying = state;

    ASYNC_BEGIN(task);
    ASYNC_AWAIT(task, async_sleep(async_task_loop(task), saying->delay_seconds));
    puts(saying->what);
    ASYNC_END(task);
}

static async_next say_both(async_task *task, void *state)
{
    static struct saying hello = {1.0, "hello"}, world = {2.0, "world"};
    async_loop *loop = async_task_loop(task);
    struct program *program = state;

    ASYNC_BEGIN(task);
    program->started = async_loop_time(loop);
    program->hello = async_create_task(loop, say_after, &hello, NULL);
    program->world = async_create_task(loop, say_after, &world, NULL);
    ASYNC_AWAIT(task, program->hello);
    ASYNC_AWAIT(task, program->world);
    printf("took %.0f seconds\n", async_loop_time(loop) - program->started);
    ASYNC_END(task);
}

int main(void)
{
    struct program program;

    return async_run(say_both, &program, NULL, NULL) != ASYNC_OK;
}
