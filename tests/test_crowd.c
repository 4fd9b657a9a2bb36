/* A million tasks asleep at once, woken and cancelled; the fixture sees to it that nothing of them is left. */
#include "libasync/future/internal.h"
#include "tests/support/internal.h"
#include "tests/support/support.h"

#include <stdio.h>
#include <stdlib.h>

/* Where each object is an allocation of its own, and under a sanitizer, fewer tell as much. */
#define CROWD (slab_one_object_chunks ? 10000 : 1000000)
#define LONGEST_SECONDS 1000

static size_t woken, ended;

static async_next wake(async_task *task, void *state)
{
    woken++;
    return async_return(task, async_none());
}

static async_next fall_asleep(async_task *task, void *state)
{
    return async_await(task, async_sleep(loop, 1 + (double)((uintptr_t)state % LONGEST_SECONDS)), wake);
}

static void count_end(void *state)
{
    ended++;
}

/* They lie down in the first turn, at a time of a clock that jumps, so that nobody wakes before all sleep. */
static async_future **send_to_sleep(void)
{
    size_t crowd = (size_t)CROWD;
    async_future **tasks = malloc(crowd * sizeof *tasks);
    size_t before = memory_bytes();

    woken = ended = 0;
    async_loop_set_clock(loop, ASYNC_CLOCK_JUMPING);
    for (uintptr_t i = 0; i < crowd; i++)
        tasks[i] = async_create_task(loop, fall_asleep, (void *)i, count_end);
    turn();
    ck_assert_uint_eq(async_all_tasks(loop, NULL, 0), crowd);
    printf("%zu tasks asleep: %.0f bytes each\n", crowd, (double)(memory_bytes() - before) / (double)crowd);
    return tasks;
}

static void drop(async_future **tasks)
{
    for (size_t i = 0; i < (size_t)CROWD; i++)
        async_future_unref(tasks[i]);
    free(tasks);
    ck_assert_uint_eq(async_all_tasks(loop, NULL, 0), 0);
    ck_assert_uint_eq(ended, (size_t)CROWD);
}

START_TEST(a_crowd_is_woken_to_the_last)
{
    async_future **tasks = send_to_sleep();

    ck_assert_int_eq(finish(async_sleep(loop, LONGEST_SECONDS + 1)), 0);
    ck_assert_uint_eq(woken, (size_t)CROWD);
    for (size_t i = 0; i < (size_t)CROWD; i++)
        ck_assert(async_future_error(tasks[i]) == 0);
    drop(tasks);
}
END_TEST

START_TEST(a_crowd_is_cancelled_to_the_last)
{
    async_future **tasks = send_to_sleep();

    for (size_t i = 0; i < (size_t)CROWD; i++)
        async_future_cancel(tasks[i], NULL);
    turn();
    ck_assert_uint_eq(woken, 0);
    ck_assert_uint_eq(loop->timers.count, 0);
    for (size_t i = 0; i < (size_t)CROWD; i++)
        if (!async_future_is_cancelled(tasks[i]))
            ck_abort_msg("task %zu was not cancelled", i);
    drop(tasks);
}
END_TEST

int main(void)
{
    return RUN_TESTS("crowd", a_crowd_is_woken_to_the_last, a_crowd_is_cancelled_to_the_last);
}
