#include "tests/support/support.h"

#include <pthread.h>

struct errand {
    void (*run)(void *user);
    void *user;
};

static void *start(void *argument)
{
    struct errand *errand = argument;

    errand->run(errand->user);
    return NULL;
}

static void run_and_join(async_loop *from, void *argument)
{
    pthread_t thread;

    ck_assert_int_eq(pthread_create(&thread, NULL, start, argument), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
}

void elsewhere(void (*run)(void *user), void *user)
{
    struct errand errand = {run, user};

    if (async_loop_is_closed(loop)) {
        run_and_join(loop, &errand);
        return;
    }
    ck_assert_int_eq(async_loop_call_soon(loop, run_and_join, &errand, NULL), 0);
    turns(2);
}
