/*
 * Sleeping tasks, through the public interface, beside libuv's timers; and how late a short sleep is.
 *
 * A million sleep for a time between one second and two, in steps of a millisecond because libuv has no finer ones.
 * When all of them are due, the loop is run and wakes them.
 */
#include "bench/bench.h"
#include "libasync/async.h"

#include <stdlib.h>
#include <time.h>
#include <uv.h>

#define SLEEPERS 1000000
#define SHORTEST_MS 1000
#define SPREAD_MS 1000
#define NAPS 1001
#define NAP_SECONDS 100e-6

static async_loop *loop;
static size_t woken;

/* The last fell asleep just now. */
static void wait_until_due(void)
{
    struct timespec pause = {(SHORTEST_MS + SPREAD_MS + 5) / 1000, (SHORTEST_MS + SPREAD_MS + 5) % 1000 * 1000000};

    if (woken)
        abort();    /* the machine was too slow to have all of them sleep at once */
    nanosleep(&pause, NULL);
}

static async_next wake(async_task *task, void *state)
{
    if (++woken == SLEEPERS)
        async_loop_stop(loop);
    return async_return(task, async_none());
}

static async_next fall_asleep(async_task *task, void *state)
{
    return async_await(task, async_sleep(loop, (SHORTEST_MS + random_below(SPREAD_MS)) / 1e3), wake);
}

static void put_tasks_to_sleep(void)
{
    woken = 0;
    for (size_t i = 0; i < SLEEPERS; i++)
        async_future_unref(async_create_task(loop, fall_asleep, NULL, NULL));
    async_loop_stop(loop);
    async_loop_run(loop);
}

static void sleep_in_tasks(double *figures)
{
    double start = spent_ns();

    put_tasks_to_sleep();
    figures[0] = (spent_ns() - start) / SLEEPERS;

    wait_until_due();
    start = spent_ns();
    async_loop_run(loop);
    figures[1] = (spent_ns() - start) / SLEEPERS;
}

static double growth_of_tasks(void)
{
    double before = resident_bytes();

    put_tasks_to_sleep();
    return (resident_bytes() - before) / SLEEPERS;
}

static void on_closed(uv_handle_t *handle)
{
    free(handle);
}

static void on_timer(uv_timer_t *timer)
{
    woken++;
    uv_close((uv_handle_t *)timer, on_closed);
}

static void put_handles_to_sleep(void)
{
    woken = 0;
    uv_update_time(uv_default_loop());
    for (size_t i = 0; i < SLEEPERS; i++) {
        uv_timer_t *timer = malloc(sizeof *timer);

        uv_timer_init(uv_default_loop(), timer);
        uv_timer_start(timer, on_timer, SHORTEST_MS + random_below(SPREAD_MS), 0);
    }
}

static void sleep_in_handles(double *figures)
{
    double start = spent_ns();

    put_handles_to_sleep();
    figures[0] = (spent_ns() - start) / SLEEPERS;

    wait_until_due();
    start = spent_ns();
    uv_run(uv_default_loop(), UV_RUN_DEFAULT);
    figures[1] = (spent_ns() - start) / SLEEPERS;
}

static double growth_of_handles(void)
{
    double before = resident_bytes();

    put_handles_to_sleep();
    return (resident_bytes() - before) / SLEEPERS;
}

static void measure_sleepers(void)
{
    struct contender all[] = {{.run = sleep_in_tasks}, {.run = sleep_in_handles}};
    double ours = growth_in_child(growth_of_tasks), theirs = growth_in_child(growth_of_handles);

    print_row("a sleeping task, of a million: memory", ours, "B", "libuv", theirs, "<=192");
    measure(all, 2);
    print_row("a sleeping task, of a million: created", all[0].medians[0], "ns", "libuv", all[1].medians[0], "<=100");
    print_row("a sleeping task, of a million: woken", all[0].medians[1], "ns", "libuv", all[1].medians[1], "<=400");
}

/* One task naps again and again, and notes how much later than asked it woke. The kernel alone is the floor. */
static struct {
    double late[NAPS], due;
    size_t count;
} naps;

static async_next nap(async_task *task, void *state);

static async_next note_lateness(async_task *task, void *state)
{
    naps.late[naps.count++] = (now_ns() - naps.due) / 1e3;
    return nap(task, state);
}

static async_next nap(async_task *task, void *state)
{
    if (naps.count == NAPS)
        return async_return(task, async_none());
    naps.due = now_ns() + NAP_SECONDS * 1e9;
    return async_await(task, async_sleep(loop, NAP_SECONDS), note_lateness);
}

static double kernel_lateness(void)
{
    static double late[NAPS];
    struct timespec pause = {0, (long)(NAP_SECONDS * 1e9)};

    for (size_t i = 0; i < NAPS; i++) {
        double due = now_ns() + NAP_SECONDS * 1e9;

        nanosleep(&pause, NULL);
        late[i] = (now_ns() - due) / 1e3;
    }
    return median(late, NAPS);
}

static void measure_lateness(void)
{
    async_future *task = async_create_task(loop, nap, NULL, NULL);

    async_loop_run_until(loop, task);
    async_future_unref(task);
    print_row("a sleep of 100 us is late by", median(naps.late, NAPS), "us", "nanosleep", kernel_lateness(), "<=100");
}

int main(void)
{
    loop = async_loop_new();
    if (!loop)
        return 1;
    measure_sleepers();
    measure_lateness();
    async_loop_close(loop);
    async_loop_unref(loop);
    return 0;
}
