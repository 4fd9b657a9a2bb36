#include "tests/support/support.h"

pthread_t thread_start(void *(*function)(void *), void *user)
{
    pthread_t thread;

    ck_assert_int_eq(pthread_create(&thread, NULL, function, user), 0);
    return thread;
}

void threads_join(pthread_t *threads, size_t count)
{
    while (count > 0)
        ck_assert_int_eq(pthread_join(threads[--count], NULL), 0);
}

static void say_running(async_loop *from, void *user)
{
    sem_post(&((struct runner *)user)->running);
}

static void *run_loop(void *user)
{
    struct runner *runner = user;

    async_loop_call_soon(runner->loop, say_running, runner, NULL);
    async_loop_run(runner->loop);
    return NULL;
}

void runner_start(struct runner *runner)
{
    runner->loop = loop;
    sem_init(&runner->running, 0, 0);
    runner->thread = thread_start(run_loop, runner);
    sem_wait(&runner->running);
}

static void stop(async_loop *from, void *user)
{
    async_loop_stop(from);
}

void runner_stop(struct runner *runner)
{
    ck_assert_int_eq(async_loop_call_soon_threadsafe(loop, stop, NULL, NULL), 0);
    threads_join(&runner->thread, 1);
    sem_destroy(&runner->running);
}
