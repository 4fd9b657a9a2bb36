/*
 * Settings that are not the defaults, and time limits. A stream has one timer, set for the earliest of what it waits
 * for. Progress only notes a later time: the timer that fires too early is set anew then, so that a read with a time
 * limit does not touch the heap of timers.
 */
#include "libasync/io/internal.h"

#include <errno.h>

#define NAP_SECONDS 0.01

static const struct node_ops timer_ops;

struct stream_settings *stream_settings(async_stream *stream)
{
    const async_socket_options *defaults = &default_socket_options;
    struct stream_settings *settings = stream->settings;

    if (settings)
        return settings;
    settings = memory_allocate(sizeof *settings);
    if (!settings)
        return NULL;
    *settings = (struct stream_settings){.stream = stream, .limit = defaults->limit, .high = usual_high(stream),
                                         .low = usual_low(stream), .read_seconds = defaults->read_seconds,
                                         .write_seconds = defaults->write_seconds};
    timer_init(&settings->timer, &timer_ops);
    stream->settings = settings;
    return settings;
}

static bool are_default(const async_socket_options *options)
{
    const async_socket_options *defaults = &default_socket_options;

    return options->limit == defaults->limit && options->high == defaults->high && options->low == defaults->low &&
           options->read_seconds == defaults->read_seconds && options->write_seconds == defaults->write_seconds;
}

bool settings_apply(async_stream *stream, const async_socket_options *options)
{
    struct stream_settings *settings;

    if (!options || are_default(options))
        return true;
    settings = stream_settings(stream);
    if (!settings)
        return false;
    settings->limit = options->limit;
    settings->high = options->high;
    settings->low = options->low;
    settings->read_seconds = options->read_seconds;
    settings->write_seconds = options->write_seconds;
    return true;
}

void settings_stop(async_stream *stream)
{
    if (stream->settings)
        timer_stop(stream_loop(stream), &stream->settings->timer);
}

void settings_drop(async_stream *stream)
{
    if (!stream->settings)
        return;
    settings_stop(stream);
    memory_release(stream->settings, sizeof *stream->settings);
    stream->settings = NULL;
}

static double earlier(double one, double other)
{
    if (one == 0 || other == 0)
        return one + other;
    return one < other ? one : other;
}

static bool arm(struct stream_settings *settings)
{
    async_loop *loop = stream_loop(settings->stream);
    double when = earlier(earlier(settings->read_by, settings->write_by), settings->nap_by);

    if (when == 0 || (settings->timer.index && settings->armed <= when))
        return true;
    timer_stop(loop, &settings->timer);
    settings->armed = when;
    return timer_start(loop, &settings->timer, when);
}

static double by(const struct stream_settings *settings, double seconds)
{
    return seconds >= 0 ? loop_now(stream_loop(settings->stream)) + seconds : 0;
}

bool settings_start_read(struct stream_settings *settings)
{
    settings->read_by = by(settings, settings->read_seconds);
    return arm(settings);
}

bool settings_start_write(struct stream_settings *settings)
{
    settings->write_by = by(settings, settings->write_seconds);
    return arm(settings);
}

bool stream_nap(async_stream *stream)
{
    struct stream_settings *settings = stream_settings(stream);

    if (!settings)
        return false;
    stream_unwatch(stream, WATCH_WRITE);
    settings->nap_by = by(settings, NAP_SECONDS);
    return arm(settings);
}

static void end_nap(async_stream *stream)
{
    stream->settings->nap_by = 0;
    if (stream->output)
        stream_watch(stream, WATCH_WRITE);
}

/* What the peer did not take in time is lost, and so nothing can follow it. */
static void time_out_write(async_stream *stream)
{
    stream->settings->write_by = 0;
    if (!stream->output)
        return;
    stream_keep_failure(stream, stream_error(stream, ASYNC_ETIMEDOUT, "the peer took nothing for too long"),
                        ASYNC_ETIMEDOUT);
    stream_fail_writing(stream, stream->failure);
}

static void time_out_read(async_stream *stream)
{
    stream->settings->read_by = 0;
    if (stream->reader)
        read_fail(stream, stream_error(stream, ASYNC_ETIMEDOUT, "the peer was silent for too long"));
}

static bool is_due(double when, double now)
{
    return when > 0 && when <= now;
}

/* Times of what no longer waits are forgotten here. The read comes last: who waits for it goes on in it. Without memory
 * to set the timer anew, its time is up at once. */
static void fire(async_loop *loop, struct node *node)
{
    struct stream_settings *settings = container_of(node, struct stream_settings, timer.node);
    async_stream *stream = settings->stream;
    double now = loop_now(loop);
    bool read_is_due = is_due(settings->read_by, now);

    future_hold(&stream->closed);
    if (!stream->reader || read_is_due)
        settings->read_by = 0;
    if (!stream->output)
        settings->write_by = settings->nap_by = 0;
    if (is_due(settings->nap_by, now))
        end_nap(stream);
    if (is_due(settings->write_by, now))
        time_out_write(stream);
    if (!arm(settings) || read_is_due)
        time_out_read(stream);
    future_drop(&stream->closed);
}

static const struct node_ops timer_ops = {.run = fire};

static int may_set(async_stream *stream, bool arguments_are_good)
{
    int error = arguments_are_good ? stream_enter(stream) : ASYNC_EINVAL;

    return !error && stream->is_closing ? ASYNC_ECLOSED : error;
}

static int may_set_own(async_stream *stream, bool arguments_are_good)
{
    int error = may_set(stream, arguments_are_good);

    return error || stream_settings(stream) ? error : ASYNC_ENOMEM;
}

int async_stream_set_limit(async_stream *stream, size_t size)
{
    int error = may_set_own(stream, size > 0);

    if (!error)
        stream->settings->limit = size;
    return error;
}

int async_stream_set_water_marks(async_stream *stream, size_t high, size_t low)
{
    int error = may_set_own(stream, low <= high);

    if (error)
        return error;
    stream->settings->high = high;
    stream->settings->low = low;
    stream_look_at_marks(stream);
    return 0;
}

int async_stream_set_timeouts(async_stream *stream, double read_seconds, double write_seconds)
{
    int error = may_set_own(stream, timeout_is_good(read_seconds) && timeout_is_good(write_seconds));

    if (error)
        return error;
    stream->settings->read_seconds = read_seconds;
    stream->settings->write_seconds = write_seconds;
    return stream->output && !settings_start_write(stream->settings) ? ASYNC_ENOMEM : 0;
}

static int may_set_tcp(async_stream *stream, bool arguments_are_good)
{
    int error = may_set(stream, arguments_are_good);

    return !error && stream->kind != STREAM_TCP ? ASYNC_EINVAL : error;
}

static int code_of(int number)
{
    return number ? error_of_errno(number) : 0;
}

int async_stream_set_nodelay(async_stream *stream, bool nodelay)
{
    int error = may_set_tcp(stream, true);

    return error ? error : code_of(socket_set_nodelay(stream->descriptor, nodelay));
}

int async_stream_set_keepalive(async_stream *stream, double seconds)
{
    int error = may_set_tcp(stream, keepalive_is_good(seconds));

    return error ? error : code_of(socket_set_keepalive(stream->descriptor, seconds));
}
