/*
 * What a child costs in a gather, a wait and a task group, through the public interface: few children and many, since
 * the cost of one must not grow with their number. The futures that are gathered exist before; completing them counts,
 * and so do the tasks of a group.
 */
#include "bench/bench.h"
#include "libasync/async.h"

#include <stdlib.h>

#define FEW 1000
#define MANY 100000

static async_loop *loop;
static async_future *promises[MANY];

static void make_promises(size_t count)
{
    for (size_t i = 0; i < count; i++)
        promises[i] = async_future_new(loop);
}

static void complete_promises(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        async_future_resolve(promises[i], async_int((int64_t)i));
        async_future_unref(promises[i]);
    }
}

static void run_to_end(async_future *taken)
{
    if (async_loop_run_until(loop, taken) != 0)
        abort();
    async_future_unref(taken);
}

static async_future **hold_promises(size_t count)
{
    for (size_t i = 0; i < count; i++)
        async_future_ref(promises[i]);
    return promises;
}

static async_future *gather(size_t count)
{
    return async_gather(loop, hold_promises(count), count, 0);
}

static async_future *wait_for_all(size_t count)
{
    return async_wait(loop, hold_promises(count), count, ASYNC_ALL_COMPLETED, ASYNC_FOREVER);
}

static double cost_of_combining(async_future *(*combine)(size_t count), size_t count)
{
    double start;
    async_future *all;

    make_promises(count);
    start = spent_ns();
    all = combine(count);
    complete_promises(count);
    run_to_end(all);
    return (spent_ns() - start) / (double)count;
}

static async_next end_at_once(async_task *task, void *state)
{
    return async_return(task, async_none());
}

static double cost_of_grouping(size_t count)
{
    double start = spent_ns();
    async_task_group *group = async_task_group_new(loop, NULL);

    for (size_t i = 0; i < count; i++)
        async_future_unref(async_task_group_create_task(group, end_at_once, NULL, NULL));
    run_to_end(async_task_group_join(group));
    async_task_group_unref(group);
    return (spent_ns() - start) / (double)count;
}

/* A hundred times few, once many: each figure stands on the same number of children. */
static void run_few(double *figures)
{
    for (size_t figure = 0; figure < 3; figure++)
        figures[figure] = 0;
    for (size_t i = 0; i < MANY / FEW; i++) {
        figures[0] += cost_of_combining(gather, FEW) * FEW / MANY;
        figures[1] += cost_of_combining(wait_for_all, FEW) * FEW / MANY;
        figures[2] += cost_of_grouping(FEW) * FEW / MANY;
    }
}

static void run_many(double *figures)
{
    figures[0] = cost_of_combining(gather, MANY);
    figures[1] = cost_of_combining(wait_for_all, MANY);
    figures[2] = cost_of_grouping(MANY);
}

int main(void)
{
    struct contender all[] = {{.run = run_few}, {.run = run_many}};
    const char *rows[][2] = {
        {"a future in a gather of a thousand", "a future in a gather of a hundred thousand"},
        {"a future in a wait of a thousand", "a future in a wait of a hundred thousand"},
        {"a task in a group of a thousand", "a task in a group of a hundred thousand"},
    };

    loop = async_loop_new();
    if (!loop)
        return 1;
    measure(all, 2);
    for (size_t size = 0; size < 2; size++)
        for (size_t row = 0; row < 3; row++)
            print_row(rows[row][size], all[size].medians[row], "ns", NULL, 0, "<=40");
    async_loop_close(loop);
    async_loop_unref(loop);
    return 0;
}
