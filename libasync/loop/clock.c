/* Clocks for tests: time that a program moves by hand, or that jumps to where something happens. */
#include "libasync/loop/internal.h"

#include <math.h>

int async_loop_set_clock(async_loop *loop, int clock)
{
    int error = clock >= ASYNC_CLOCK_REAL && clock <= ASYNC_CLOCK_JUMPING ? loop_enter(loop) : ASYNC_EINVAL;

    if (error)
        return error;
    if (loop->timers.count)
        return ASYNC_ESTATE;
    loop->clock = (uint8_t)clock;
    loop->test_time = 0;
    loop->looked = loop_now(loop);
    return 0;
}

static double later(double one, double other)
{
    return one > other ? one : other;
}

static bool has_timer_until(const async_loop *loop, double end)
{
    return loop->timers.count && loop->timers.entries[0].when <= end;
}

/* Each timer at its own time, so that what it starts counts from there. What runs meanwhile may move the clock as well,
 * and further than this: it never goes back. */
static void advance_to(async_loop *loop, double end)
{
    loop_settle(loop);
    while (!loop->stopping && has_timer_until(loop, later(end, loop->test_time))) {
        loop->test_time = later(loop->test_time, loop->timers.entries[0].when);
        loop_settle(loop);
    }
    if (!loop->stopping)
        loop->test_time = later(end, loop->test_time);
}

int async_loop_advance(async_loop *loop, double seconds)
{
    int error = seconds >= 0 && isfinite(seconds) ? loop_enter(loop) : ASYNC_EINVAL;

    if (error)
        return error;
    if (loop->clock == ASYNC_CLOCK_REAL)
        return ASYNC_ESTATE;
    if (!isfinite(loop->test_time + seconds))
        return ASYNC_EINVAL;
    if (atomic_load(&loop->running)) {
        loop->test_time += seconds;
        loop_look_soon(loop);
        return 0;
    }
    if (loop_runs_here())
        return ASYNC_ERUNNING;

    loop_begin(loop);
    advance_to(loop, loop->test_time + seconds);
    error = loop->stopping ? ASYNC_ESTOPPED : 0;
    loop_end(loop);
    return error;
}
