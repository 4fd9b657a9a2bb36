/* Locks and queues, through the public interface. */
#include "bench/bench.h"
#include "libasync/async.h"

#include <stdlib.h>

#define ROUNDS 1000000

static async_loop *loop;
static async_lock *lock;
static async_queue *queue;

/* Runs all the tasks to their ends. */
static void run(async_step *const *steps, size_t *const *states, size_t count)
{
    async_future *tasks[2], *all;

    for (size_t i = 0; i < count; i++)
        tasks[i] = async_create_task(loop, steps[i], states[i], NULL);
    all = async_gather(loop, tasks, count, 0);
    if (async_loop_run_until(loop, all) != 0)
        abort();
    async_future_unref(all);
}

static async_next release_and_take(async_task *task, void *state)
{
    size_t *rounds = state;

    if (*rounds && async_lock_release(lock) != 0)
        abort();
    if (++*rounds > ROUNDS)
        return async_return(task, async_none());
    return async_await(task, async_lock_acquire(lock), release_and_take);
}

static void take_a_free_lock(double *figures)
{
    size_t rounds = 0, *state = &rounds;
    async_step *step = release_and_take;
    double start = spent_ns();

    run(&step, &state, 1);
    figures[0] = (spent_ns() - start) / ROUNDS;
}

static async_step take;

/* Whoever has the lock keeps it for a turn, in which the other one comes to wait for it: so it goes to and fro. */
static async_next keep(async_task *task, void *state)
{
    return async_await(task, async_sleep(loop, 0), take);
}

static async_next take(async_task *task, void *state)
{
    size_t *rounds = state;

    if (*rounds && async_lock_release(lock) != 0)
        abort();
    if (++*rounds > ROUNDS)
        return async_return(task, async_none());
    return async_await(task, async_lock_acquire(lock), keep);
}

static void hand_a_lock_over(double *figures)
{
    size_t rounds[2] = {0}, *states[] = {&rounds[0], &rounds[1]};
    async_step *steps[] = {take, take};
    double start = spent_ns();

    run(steps, states, 2);
    figures[0] = (spent_ns() - start) / ROUNDS / 2;
}

static async_next put_one(async_task *task, void *state)
{
    size_t *count = state;

    if (++*count > ROUNDS)
        return async_return(task, async_none());
    return async_await(task, async_queue_put(queue, async_int((int64_t)*count)), put_one);
}

static async_next get_one(async_task *task, void *state)
{
    size_t *count = state;

    if (*count && async_value_int(async_awaited(task)) != (int64_t)*count)
        abort();
    if (++*count > ROUNDS)
        return async_return(task, async_none());
    return async_await(task, async_queue_get(queue), get_one);
}

/* A queue for one value: both tasks wait for each other at every value. */
static void hand_values_over(double *figures)
{
    size_t counts[2] = {0}, *states[] = {&counts[0], &counts[1]};
    async_step *steps[] = {put_one, get_one};
    double start = spent_ns();

    run(steps, states, 2);
    figures[0] = (spent_ns() - start) / ROUNDS;
}

int main(void)
{
    struct contender rows[] = {{.run = take_a_free_lock}, {.run = hand_a_lock_over}, {.run = hand_values_over}};

    loop = async_loop_new();
    lock = async_lock_new(loop);
    queue = async_queue_new(loop, 1, ASYNC_QUEUE_FIFO);
    measure(rows, 3);
    print_row("a free lock taken, awaited and released", rows[0].medians[0], "ns", NULL, 0, "<=10");
    print_row("a lock handed from task to task, kept for a turn", rows[1].medians[0], "ns", NULL, 0, "-");
    print_row("a value handed from task to task by a queue", rows[2].medians[0], "ns", NULL, 0, "<=60");
    async_queue_unref(queue);
    async_lock_unref(lock);
    async_loop_close(loop);
    async_loop_unref(loop);
    return 0;
}
