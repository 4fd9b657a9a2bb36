/* Two coroutines run at once; whoever is ready first greets first, and the answers come in the order asked. */
#include <libasync/async.h>
#include <libasync/coroutine.h>
#include <stdio.h>

struct guest {
    const char *name;
    double delay_seconds;
    int seat;
};

static async_next greet(async_task *task, void *state)
{
    const struct guest *guest = state;

    ASYNC_BEGIN(task);
    ASYNC_AWAIT(task, async_sleep(async_task_loop(task), guest->delay_seconds));
    printf("hello %s\n", guest->name);
    return async_return(task, async_int(guest->seat));
    ASYNC_END(task);
}

static int seat_at(async_value *seats, size_t index)
{
    return (int)async_value_int(async_value_item(seats, index));
}

static async_next host(async_task *task, void *state)
{
    static struct guest ada = {"Ada", 2.0, 12}, bob = {"Bob", 1.0, 7};
    async_loop *loop = async_task_loop(task);

    ASYNC_BEGIN(task);
    async_future *greetings[] = {
        async_create_task(loop, greet, &ada, NULL),
        async_create_task(loop, greet, &bob, NULL),
    };
    ASYNC_AWAIT(task, async_gather(loop, greetings, 2, 0));
    async_value *seats = async_awaited(task);
    printf("seats %d and %d\n", seat_at(seats, 0), seat_at(seats, 1));
    ASYNC_END(task);
}

int main(void)
{
    return async_run(host, NULL, NULL, NULL) != ASYNC_OK;
}
