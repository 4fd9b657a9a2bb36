/*
 * Reads whose answer may come in several arrivals. What came stands in the stream's input meanwhile, so that a read
 * that ends early leaves it all to the next one; and what comes behind the answer stays there too, so that of many
 * lines that come together one costs a call of the system's.
 */
#include "libasync/io/internal.h"

#include <stdio.h>

/* More than this is not set aside before it has come. */
#define MOST_AT_ONCE (1 << 20)
/* Room at least for what comes behind an answer. */
#define AHEAD 4096

static bool has_separator(const async_stream *stream)
{
    return stream->reading == READ_UNTIL || stream->reading == READ_LINE;
}

/* How long the answer is, if it stands at the beginning of these bytes, of which some were searched before; else 0. */
static size_t find_separator(const async_stream *stream, const char *bytes, size_t size, size_t searched)
{
    const char *found;

    searched = least(searched, size);    /* the limit may have been lowered since */
    if (stream->wanted == 1) {
        found = memchr(bytes + searched, *stream->into, size - searched);
    } else {
        searched -= least(searched, stream->wanted - 1);
        found = memmem(bytes + searched, size - searched, stream->into, stream->wanted);
    }
    return found ? (size_t)(found - bytes) + stream->wanted : 0;
}

static size_t answer_size(const async_stream *stream, const char *bytes, size_t size, size_t searched)
{
    if (has_separator(stream))
        return find_separator(stream, bytes, least(size, stream_limit(stream)), searched);
    return stream->reading == READ_EXACTLY && size >= stream->wanted ? stream->wanted : 0;
}

static bool is_over_limit(const async_stream *stream)
{
    return has_separator(stream) && input_size(stream) >= stream_limit(stream);
}

/* What a read gives once nothing more will come: a value, or an error. */
static async_value *end_outcome(async_stream *stream)
{
    char words[96];

    if (stream->read_failed)
        return async_value_ref(stream->failure);
    if (stream->reading == READ_UNTIL)
        return stream_error(stream, ASYNC_EEND, "the stream ended before the separator");
    if (stream->reading == READ_EXACTLY) {
        snprintf(words, sizeof words, "the stream ended after %zu of %zu bytes", input_size(stream), stream->wanted);
        return stream_error(stream, ASYNC_EEND, words);
    }
    return stream->input ? input_take_value(stream, input_size(stream)) : async_bytes("", 0);
}

static async_value *limit_outcome(const async_stream *stream)
{
    char words[96];

    snprintf(words, sizeof words, "no %s within the limit of %zu bytes",
             stream->reading == READ_LINE ? "end of line" : "separator", stream_limit(stream));
    return stream_error(stream, ASYNC_ELIMIT, words);
}

/* The outcome of the read that waits, or would, from what the input has; false when it has to wait. A NULL is one too:
 * there was no memory, and nothing is taken. */
static bool find_outcome(async_stream *stream, async_value **outcome)
{
    struct input *input = stream->input;
    size_t size = 0;

    *outcome = NULL;
    if (input)
        size = answer_size(stream, input->bytes + input->begin, input_size(stream), input->searched);
    if (size)
        *outcome = input_take_value(stream, size);
    else if (is_over_limit(stream))
        *outcome = limit_outcome(stream);
    else if (read_is_over(stream))
        *outcome = end_outcome(stream);
    else if (input)
        input->searched = input_size(stream);
    return size || is_over_limit(stream) || read_is_over(stream);
}

static void finish(async_stream *stream, async_value *outcome)
{
    if (outcome && !value_is_error(outcome))
        read_succeed(stream, outcome);
    else
        read_fail(stream, outcome);
}

static void go_on(async_stream *stream)
{
    async_value *outcome;

    if (find_outcome(stream, &outcome))
        finish(stream, outcome);
    else if (!stream_start_read(stream))
        read_fail(stream, NULL);
    else
        stream_watch(stream, WATCH_READ);    /* a file is not watched: it is ready again */
}

static size_t most_ahead(const async_stream *stream)
{
    size_t limit = stream_limit(stream);

    if (stream->reading == READ_ALL)
        return SIZE_MAX;
    return stream->reading == READ_EXACTLY && stream->wanted > limit ? stream->wanted : limit;
}

/* The first arrival goes to the loop's own place. If the answer is there, as it mostly is, it is copied from there. */
static void collect_first(async_stream *stream)
{
    struct input *input = input_at_hand(stream_loop(stream));
    size_t count, size;
    async_value *value;

    if (!input) {
        read_fail(stream, NULL);
        return;
    }
    count = read_receive(stream, input->bytes, least(input->capacity, most_ahead(stream)));
    size = count ? answer_size(stream, input->bytes, count, 0) : 0;
    value = size ? async_bytes(input->bytes, size) : NULL;
    if (count)
        input_keep(stream, value ? size : 0, count);
    if (value)
        read_succeed(stream, value);
    else if (size)
        read_fail(stream, NULL);
    else if (count || read_is_over(stream))
        go_on(stream);
}

static size_t most_of(size_t one, size_t other)
{
    return one > other ? one : other;
}

/* How much more the read may take in: a large answer and no more, else what comes behind it too, up to the limit. */
static size_t room_wanted(const async_stream *stream)
{
    size_t size = input_size(stream), limit = stream_limit(stream), missing = stream->wanted - size;
    size_t ahead = limit > size ? least(limit - size, most_of(size, AHEAD)) : 1;

    if (stream->reading == READ_ALL)
        return most_of(size, INPUT_SIZE);
    if (stream->reading == READ_EXACTLY)
        return missing < LARGE_READ ? most_of(missing, ahead) : least(missing, most_of(size, MOST_AT_ONCE));
    return ahead;
}

static void collect_more(async_stream *stream)
{
    size_t room = room_wanted(stream), count;
    struct input *input;

    if (!input_make_room(stream, room)) {
        read_fail(stream, NULL);
        return;
    }
    input = stream->input;
    count = read_receive(stream, input->bytes + input->behind, least(room, input->capacity - input->behind));
    input->behind += count;
    if (!input_size(stream))
        input_drop(stream);
    if (count || read_is_over(stream))
        go_on(stream);
}

void collect_ready(async_stream *stream)
{
    if (stream->input || (stream->reading == READ_EXACTLY && stream->wanted >= LARGE_READ))
        collect_more(stream);
    else
        collect_first(stream);
}

/* Answered at once from what is there, if that will do. The future comes first: what was taken could not be put
 * back. */
static async_future *collect(async_stream *stream, enum reading reading, void *into, size_t wanted)
{
    async_future *future;
    async_value *outcome;

    stream->reading = reading;
    stream->into = into;
    stream->wanted = wanted;
    if (!stream->input && !read_is_over(stream))
        return read_wait(stream, reading, into, wanted);
    if (stream->input)
        stream->input->searched = 0;    /* what a cancelled read searched it for was something else */
    future = operation_begin(stream);
    if (!future)
        return future_failed(ASYNC_ENOMEM);
    if (!find_outcome(stream, &outcome)) {
        async_future_unref(future);
        return read_wait(stream, reading, into, wanted);
    }
    if (outcome && !value_is_error(outcome))
        future_succeed(future, outcome);
    else
        future_fail(future, outcome);
    return future;
}

async_future *async_stream_read_exactly(async_stream *stream, size_t size)
{
    async_future *refusal = read_refusal(stream, NULL);

    if (refusal)
        return refusal;
    return size ? collect(stream, READ_EXACTLY, NULL, size) : operation_done(stream, async_bytes("", 0));
}

async_future *async_stream_read_line(async_stream *stream)
{
    async_future *refusal = read_refusal(stream, NULL);

    return refusal ? refusal : collect(stream, READ_LINE, "\n", 1);
}

async_future *async_stream_read_until(async_stream *stream, const void *bytes, size_t size)
{
    async_future *refusal = read_refusal(stream, bytes && size ? NULL : "the separator is empty"), *future;
    char *separator;

    if (refusal)
        return refusal;
    separator = memory_allocate(size);
    if (!separator)
        return future_failed(ASYNC_ENOMEM);
    memcpy(separator, bytes, size);
    future = collect(stream, READ_UNTIL, separator, size);
    if (stream->reader != future)
        memory_release(separator, size);
    return future;
}

async_future *async_stream_read_all(async_stream *stream)
{
    async_future *refusal = read_refusal(stream, NULL);

    return refusal ? refusal : collect(stream, READ_ALL, NULL, 0);
}
