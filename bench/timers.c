/*
 * The loop's own timers beside bare libev's and libuv's: structures of the caller's, no allocation in any of them, the
 * same times in the same order for all. This program sees the inside of the library and links it statically.
 *
 * Times rise from timer to timer (in order) or are shuffled (at random), in steps of a microsecond; libuv knows whole
 * milliseconds only and gets those. For firing, the program waits until all are due. A sleep is added and fires as an
 * internal timer does, and is a future too.
 */
#include "bench/bench.h"
#include "libasync/future.h"
#include "libasync/loop/internal.h"

#include <ev.h>
#include <stdlib.h>
#include <time.h>
#include <uv.h>

#define TIMERS 100000

enum figure { ADD_IN_ORDER, ADD_AT_RANDOM, FIRE_IN_ORDER, FIRE_AT_RANDOM, CANCEL_IN_ORDER, CANCEL_AT_RANDOM, FIGURES };

static const struct {
    const char *what, *against_libuv;
} rows[FIGURES] = {
    [ADD_IN_ORDER] = {"a timer is added, in order", ">=4x"},
    [ADD_AT_RANDOM] = {"a timer is added, at random", ">=4x"},
    [FIRE_IN_ORDER] = {"a timer fires, added in order", ">=4x"},
    [FIRE_AT_RANDOM] = {"a timer fires, added at random", ">=4x"},
    [CANCEL_IN_ORDER] = {"a timer is cancelled, in order", ">=1x"},
    [CANCEL_AT_RANDOM] = {"a timer is cancelled, at random", ">=4x"},
};


/* Offsets of the timers' times in microseconds, and the order in which they are cancelled. */
static uint32_t rising[TIMERS], shuffled[TIMERS], shuffled_anew[TIMERS];
static size_t fired;

/* Later than the slowest of the adding is over, so that none is due by then. */
#define SHORTEST_SECONDS 0.05

static double delay_seconds(uint32_t offset)
{
    return SHORTEST_SECONDS + offset * 1e-6;
}

static void wait_until_due(void)
{
    struct timespec pause = {0, (long)((delay_seconds(TIMERS) + 0.005) * 1e9)};

    nanosleep(&pause, NULL);
}

static void check_fired(void)
{
    if (fired != TIMERS)
        abort();
    fired = 0;
}

/* What each of the contenders can do with all its timers. */
struct kind {
    void (*add)(const uint32_t *offsets);
    void (*cancel)(const uint32_t *order);
    void (*fire)(void);
};

static double cost_of_adding(const struct kind *kind, const uint32_t *offsets)
{
    double start = spent_ns();

    kind->add(offsets);
    return (spent_ns() - start) / TIMERS;
}

static double cost_of_cancelling(const struct kind *kind, const uint32_t *order)
{
    double start = spent_ns();

    kind->cancel(order);
    return (spent_ns() - start) / TIMERS;
}

static double cost_of_firing(const struct kind *kind)
{
    double start;

    wait_until_due();
    start = spent_ns();
    kind->fire();
    start = (spent_ns() - start) / TIMERS;
    check_fired();
    return start;
}

static void run_kind(const struct kind *kind, double *figures)
{
    figures[ADD_IN_ORDER] = cost_of_adding(kind, rising);
    figures[CANCEL_IN_ORDER] = cost_of_cancelling(kind, rising);
    figures[ADD_AT_RANDOM] = cost_of_adding(kind, shuffled);
    figures[CANCEL_AT_RANDOM] = cost_of_cancelling(kind, shuffled_anew);
    kind->add(rising);
    figures[FIRE_IN_ORDER] = cost_of_firing(kind);
    kind->add(shuffled);
    figures[FIRE_AT_RANDOM] = cost_of_firing(kind);
}

static async_loop *loop;
static struct timer our_timers[TIMERS];

static void on_our_timer(async_loop *here, struct node *node)
{
    if (++fired == TIMERS)
        async_loop_stop(loop);
}

static const struct node_ops our_ops = {.run = on_our_timer};

static void add_ours(const uint32_t *offsets)
{
    double now = clock_now();

    for (size_t i = 0; i < TIMERS; i++) {
        timer_init(&our_timers[i], &our_ops);
        timer_start(loop, &our_timers[i], now + delay_seconds(offsets[i]));
    }
}

static void cancel_ours(const uint32_t *order)
{
    for (size_t i = 0; i < TIMERS; i++)
        timer_stop(loop, &our_timers[order[i]]);
}

static void fire_ours(void)
{
    async_loop_run(loop);
}

static const struct kind ours = {add_ours, cancel_ours, fire_ours};

static void run_ours(double *figures)
{
    run_kind(&ours, figures);
}

static struct ev_loop *ev;
static ev_timer ev_timers[TIMERS];

static void on_ev_timer(struct ev_loop *here, ev_timer *timer, int events)
{
    fired++;
}

static void add_libev(const uint32_t *offsets)
{
    ev_now_update(ev);
    for (size_t i = 0; i < TIMERS; i++) {
        ev_timer_init(&ev_timers[i], on_ev_timer, delay_seconds(offsets[i]), 0);
        ev_timer_start(ev, &ev_timers[i]);
    }
}

static void cancel_libev(const uint32_t *order)
{
    for (size_t i = 0; i < TIMERS; i++)
        ev_timer_stop(ev, &ev_timers[order[i]]);
}

static void fire_libev(void)
{
    ev_run(ev, EVRUN_NOWAIT);
}

static const struct kind libev = {add_libev, cancel_libev, fire_libev};

static void run_libev(double *figures)
{
    run_kind(&libev, figures);
}

static uv_timer_t uv_timers[TIMERS];

static void on_uv_timer(uv_timer_t *timer)
{
    fired++;
}

static void add_libuv(const uint32_t *offsets)
{
    uv_update_time(uv_default_loop());
    for (size_t i = 0; i < TIMERS; i++)
        uv_timer_start(&uv_timers[i], on_uv_timer, (uint64_t)(delay_seconds(offsets[i]) * 1e3), 0);
}

static void cancel_libuv(const uint32_t *order)
{
    for (size_t i = 0; i < TIMERS; i++)
        uv_timer_stop(&uv_timers[order[i]]);
}

static void fire_libuv(void)
{
    uv_run(uv_default_loop(), UV_RUN_NOWAIT);
}

static const struct kind libuv = {add_libuv, cancel_libuv, fire_libuv};

static void run_libuv(double *figures)
{
    run_kind(&libuv, figures);
}

static async_future *sleeps[TIMERS];

static void add_sleeps(const uint32_t *offsets)
{
    for (size_t i = 0; i < TIMERS; i++)
        sleeps[i] = async_sleep(loop, delay_seconds(offsets[i]));
}

static void stop(async_loop *here, void *user)
{
    async_loop_stop(here);
}

/* All are due; a timer of now comes behind them. */
static void fire_sleeps(void)
{
    async_loop_call_later(loop, 0, stop, NULL, NULL, NULL);
    async_loop_run(loop);
    for (size_t i = 0; i < TIMERS; i++) {
        fired += async_future_is_done(sleeps[i]);
        async_future_unref(sleeps[i]);
    }
}

static const struct kind sleeping = {.add = add_sleeps, .fire = fire_sleeps};

static void run_sleeps(double *figures)
{
    figures[ADD_IN_ORDER] = cost_of_adding(&sleeping, rising);
    figures[FIRE_IN_ORDER] = cost_of_firing(&sleeping);
    figures[ADD_AT_RANDOM] = cost_of_adding(&sleeping, shuffled);
    figures[FIRE_AT_RANDOM] = cost_of_firing(&sleeping);
}

static double add_and_fire(const struct contender *contender, enum figure add, enum figure fire)
{
    return contender->medians[add] + contender->medians[fire];
}

static void print_rows(const struct contender *all)
{
    for (size_t row = 0; row < FIGURES; row++) {
        print_row(rows[row].what, all[0].medians[row], "ns", all[1].name, all[1].medians[row], "<=1.2x");
        print_row(rows[row].what, all[0].medians[row], "ns", all[2].name, all[2].medians[row], rows[row].against_libuv);
    }
    print_row("async_sleep, added and done, in order", add_and_fire(&all[3], ADD_IN_ORDER, FIRE_IN_ORDER), "ns",
              "an internal timer", add_and_fire(&all[0], ADD_IN_ORDER, FIRE_IN_ORDER), "<=+60");
    print_row("async_sleep, added and done, at random", add_and_fire(&all[3], ADD_AT_RANDOM, FIRE_AT_RANDOM), "ns",
              "an internal timer", add_and_fire(&all[0], ADD_AT_RANDOM, FIRE_AT_RANDOM), "<=+60");
}

int main(void)
{
    struct contender all[] = {
        {.name = "libasync", .run = run_ours}, {.name = "libev", .run = run_libev},
        {.name = "libuv", .run = run_libuv}, {.name = "async_sleep", .run = run_sleeps},
    };

    for (uint32_t i = 0; i < TIMERS; i++) {
        rising[i] = i;
        uv_timer_init(uv_default_loop(), &uv_timers[i]);
    }
    shuffle(shuffled, TIMERS);
    shuffle(shuffled_anew, TIMERS);
    loop = async_loop_new();
    ev = ev_loop_new(EVFLAG_NOENV);
    if (!loop || !ev)
        return 1;
    measure(all, sizeof all / sizeof all[0]);
    print_rows(all);
    ev_loop_destroy(ev);
    async_loop_close(loop);
    async_loop_unref(loop);
    return 0;
}
