/*
 * libev's side of the loop. Its callbacks only queue nodes; nothing of a user's runs inside ev_run. Timers are our own:
 * libev sees one descriptor, the alarm, that is set to the earliest of them.
 */
#include "libasync/loop/poll.h"

#include <errno.h>

/* Where there is no alarm descriptor, libev's own timer serves, with its steps of a millisecond. libev's own way to
 * wake a loop is not used: it aborts the program when the descriptor table is full. */
struct poller {
    struct ev_loop *backend;
    struct bell bell;
    _Atomic bool asleep;    /* or about to be: who posts then rings */
    ev_io wake, alarm;
    ev_timer coarse;
    double armed;    /* when the alarm goes off; 0: not set */
};

static void on_alarm(struct ev_loop *backend, ev_io *io, int events)
{
    struct poller *poller = io->data;

    /* Read only by its next setting; until then it must not count as set, or it would stay readable. */
    poller->armed = -1;
}

static void on_coarse(struct ev_loop *backend, ev_timer *timer, int events)
{
    struct poller *poller = timer->data;

    poller->armed = 0;
}

/* The inbox tells what there is to do; waking is all. */
static void on_wake(struct ev_loop *backend, ev_io *io, int events)
{
    struct poller *poller = io->data;

    bell_silence(&poller->bell);
}

/* The alarm's descriptor, -1 where the system has none. False when it had to have one and has not. */
static bool open_alarm(int *descriptor)
{
    *descriptor = alarm_open();
    return *descriptor >= 0 || errno == ENOSYS;
}

static void watch_own(struct poller *poller, int alarm)
{
    ev_io_init(&poller->wake, on_wake, poller->bell.listen, EV_READ);
    ev_io_init(&poller->alarm, on_alarm, alarm, EV_READ);
    ev_timer_init(&poller->coarse, on_coarse, 0, 0);
    poller->wake.data = poller->alarm.data = poller->coarse.data = poller;
    ev_io_start(poller->backend, &poller->wake);
    if (alarm >= 0)
        ev_io_start(poller->backend, &poller->alarm);
}

struct poller *poller_new(async_loop *loop)
{
    struct poller *poller = memory_allocate(sizeof *poller);
    int alarm, error;

    if (!poller)
        return NULL;
    *poller = (struct poller){.backend = ev_loop_new(EVFLAG_NOENV)};
    if (!poller->backend)
        goto no_backend;
    ev_set_userdata(poller->backend, loop);
    if (!bell_open(&poller->bell))
        goto no_bell;
    if (!open_alarm(&alarm))
        goto no_alarm;
    watch_own(poller, alarm);
    return poller;

no_alarm:
    error = errno;
    bell_close(&poller->bell);
    errno = error;
no_bell:
    error = errno;
    ev_loop_destroy(poller->backend);
    errno = error;
no_backend:
    memory_release(poller, sizeof *poller);
    return NULL;
}

void poller_free(struct poller *poller)
{
    ev_io_stop(poller->backend, &poller->wake);
    ev_io_stop(poller->backend, &poller->alarm);
    ev_timer_stop(poller->backend, &poller->coarse);
    bell_close(&poller->bell);
    if (poller->alarm.fd >= 0)
        alarm_close(poller->alarm.fd);
    ev_loop_destroy(poller->backend);
    memory_release(poller, sizeof *poller);
}

struct ev_loop *poller_backend(async_loop *loop)
{
    return loop->poller->backend;
}

void poller_wake(async_loop *loop)
{
    if (atomic_load(&loop->poller->asleep))
        bell_ring(&loop->poller->bell);
}

static void set_coarse(struct poller *poller, double delay)
{
    ev_now_update(poller->backend);
    ev_timer_stop(poller->backend, &poller->coarse);
    ev_timer_set(&poller->coarse, delay, 0);
    ev_timer_start(poller->backend, &poller->coarse);
}

/* When to wake up at the latest; 0 for never. A test clock's times are not the alarm's. */
static double next_duty(const async_loop *loop)
{
    double tidy = loop_tidy_time(loop), timer = loop->timers.count ? loop->timers.entries[0].when : 0;

    if (loop->clock != ASYNC_CLOCK_REAL)
        return 0;
    return timer == 0 || (tidy > 0 && tidy < timer) ? tidy : timer;
}

/* An alarm that goes off too early only costs a look, so it is left alone then; too late it must not be. */
static void arm(async_loop *loop, double now)
{
    struct poller *poller = loop->poller;
    double when = next_duty(loop);

    if (poller->armed == when || (poller->armed > now && (when == 0 || when > poller->armed)))
        return;
    if (poller->alarm.fd >= 0)
        alarm_set(poller->alarm.fd, when);
    else if (when > 0)
        set_coarse(poller, when - now);
    poller->armed = when;
}

/* Who posts raises the flag of the inbox and then looks whether anybody sleeps; here it is the other way round. */
static void sleep_until_something(async_loop *loop)
{
    struct poller *poller = loop->poller;

    atomic_store(&poller->asleep, true);
    if (!atomic_load(&loop->inbox.filled)) {
        if (loop->on_block)
            loop->on_block(loop, loop->block_user);
        ev_run(poller->backend, EVRUN_ONCE);
        if (loop->on_wake)
            loop->on_wake(loop, loop->block_user);
    }
    atomic_store(&poller->asleep, false);
}

double poller_poll(async_loop *loop, double now, bool may_block)
{
    bool due = loop->timers.count && loop->timers.entries[0].when <= now;

    if (may_block && !due) {
        arm(loop, now);
        sleep_until_something(loop);
        return loop_now(loop);
    }
    /* Without a watched descriptor the kernel has nothing to tell: posts from other threads raise their own flag. */
    if (loop->watches)
        ev_run(loop->poller->backend, EVRUN_NOWAIT);
    return now;
}
