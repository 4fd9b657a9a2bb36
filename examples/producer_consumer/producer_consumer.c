/* One bakes and two eat, with a shelf for two loaves between them; when all is eaten, the shelf is shut down. */
#include <libasync/async.h>
#include <libasync/coroutine.h>
#include <stdio.h>

struct bakery {
    async_queue *shelf;
    int loaf;
};

struct eater {
    const char *name;
    double seconds;
    async_queue *shelf;
    int loaf;
};

static async_next bake(async_task *task, void *state)
{
    struct bakery *bakery = state;

    ASYNC_BEGIN(task);
    for (bakery->loaf = 1; bakery->loaf <= 6; bakery->loaf++) {
        ASYNC_AWAIT(task, async_queue_put(bakery->shelf, async_int(bakery->loaf)));
        printf("loaf %d is on the shelf\n", bakery->loaf);
    }
    ASYNC_AWAIT(task, async_queue_join(bakery->shelf));
    puts("all is eaten");
    async_queue_shutdown(bakery->shelf, false);
    ASYNC_END(task);
}

static async_next eat(async_task *task, void *state)
{
    struct eater *eater = state;

    ASYNC_BEGIN(task);
    for (;;) {
        ASYNC_TRY(task, async_queue_get(eater->shelf));
        if (async_caught(task) == ASYNC_ESHUTDOWN)
            break;
        if (async_caught(task))
            return async_fail_with(task, async_value_ref(async_task_failure(task)));
        eater->loaf = (int)async_value_int(async_awaited(task));
        printf("%s takes loaf %d\n", eater->name, eater->loaf);
        ASYNC_AWAIT(task, async_sleep(async_task_loop(task), eater->seconds));
        async_queue_task_done(eater->shelf);
    }
    printf("%s goes home\n", eater->name);
    ASYNC_END(task);
}

static async_next open_bakery(async_task *task, void *state)
{
    static struct eater ada = {.name = "Ada", .seconds = 0.25}, bob = {.name = "Bob", .seconds = 0.4};
    async_loop *loop = async_task_loop(task);
    struct bakery *bakery = state;

    ASYNC_BEGIN(task);
    ada.shelf = bob.shelf = bakery->shelf = async_queue_new(loop, 2, ASYNC_QUEUE_FIFO);
    async_future *all[] = {
        async_create_task(loop, bake, bakery, NULL),
        async_create_task(loop, eat, &ada, NULL),
        async_create_task(loop, eat, &bob, NULL),
    };
    ASYNC_AWAIT(task, async_gather(loop, all, 3, 0));
    async_queue_unref(bakery->shelf);
    ASYNC_END(task);
}

int main(void)
{
    struct bakery bakery;

    return async_run(open_bakery, &bakery, NULL, NULL) != ASYNC_OK;
}
