/*
 * Reading: one at a time. Bytes that are at hand are given at once. Otherwise the read waits until the stream's node
 * runs with something to receive, which goes straight to where it was asked for.
 */
#include "libasync/io/internal.h"

#include <errno.h>

static async_future *take_reader(async_stream *stream)
{
    async_future *reader = stream->reader;

    stream->reader = NULL;
    if (unlikely(stream->reading == READ_UNTIL))
        memory_release(stream->into, stream->wanted);
    return reader;
}

static bool cancel_read(async_future *reader, async_value *error)
{
    take_reader(operation_stream(reader));
    operation_fail(reader, async_value_ref(error));
    return true;
}

static void describe_read(const async_future *reader, char *text, size_t size)
{
    strncpy(text, "a read", size);
}

static const struct future_class read_class = {
    .node.end_at_close = operation_end_at_close,
    .size = sizeof(async_future),
    .cancel = cancel_read,
    .describe = describe_read,
};

void read_succeed(async_stream *stream, async_value *taken)
{
    operation_succeed_now(take_reader(stream), taken);
}

void read_fail(async_stream *stream, async_value *taken)
{
    operation_fail_now(take_reader(stream), taken);
}

void stream_end_read(async_stream *stream, async_value *error)
{
    if (stream->reader)
        cancel_read(stream->reader, error);
}

/* A reset that a write met first, the kernel does not tell a second time: it shows as an orderly end. */
static bool is_reset(const async_stream *stream)
{
    return stream->write_failed && async_value_os(stream->failure) == ECONNRESET;
}

static void meet_end(async_stream *stream)
{
    stream_unwatch(stream, WATCH_READ);
    if (is_reset(stream))
        stream->read_failed = true;
    else
        stream->at_end = true;
}

static void meet_error(async_stream *stream, int number)
{
    stream_unwatch(stream, WATCH_READ);
    stream_fail_with(stream, number);
    stream->read_failed = true;
    stream_fail_writing(stream, stream->failure);
}

size_t read_receive(async_stream *stream, void *buffer, size_t size)
{
    ssize_t count = stream_receive(stream, buffer, size);

    if (likely(count > 0))
        return (size_t)count;
    if (count == 0)
        meet_end(stream);
    else if (errno != EAGAIN)
        meet_error(stream, errno);
    return 0;
}

/* What a read gives when nothing is left: an empty value, or none beside a failure. */
static async_value *nothing(const async_stream *stream)
{
    return stream->reading == READ_INTO ? async_int(0) : async_bytes("", 0);
}

static void end_with_nothing(async_stream *stream)
{
    if (stream->read_failed)
        read_fail(stream, async_value_ref(stream->failure));
    else if (stream->at_end)
        read_succeed(stream, nothing(stream));
}

static void read_into(async_stream *stream)
{
    size_t count = read_receive(stream, stream->into, stream->wanted);

    if (likely(count))
        read_succeed(stream, async_int((int64_t)count));
    else
        end_with_nothing(stream);
}

static void read_small(async_stream *stream)
{
    struct input *input = input_at_hand(stream_loop(stream));
    async_value *value;
    size_t count;

    if (!input) {
        read_fail(stream, NULL);
        return;
    }
    count = read_receive(stream, input->bytes, least(stream->wanted, input->capacity));
    if (!count) {
        end_with_nothing(stream);
        return;
    }
    stream->brought = (uint32_t)count;
    value = async_bytes(input->bytes, count);
    if (unlikely(!value)) {
        input_keep(stream, 0, count);
        read_fail(stream, NULL);
        return;
    }
    read_succeed(stream, value);
}

static void read_large(async_stream *stream)
{
    size_t size = least(stream->wanted, INPUT_SIZE), count;
    char *bytes;
    async_value *value = bytes_new(size, &bytes);

    if (!value) {
        read_small(stream);
        return;
    }
    count = read_receive(stream, bytes, size);
    if (!count) {
        async_value_unref(value);
        end_with_nothing(stream);
        return;
    }
    stream->brought = (uint32_t)count;
    read_succeed(stream, bytes_fit(value, count));    /* fits: what is cut off is less than 64 KiB */
}

void stream_read_ready(async_stream *stream)
{
    if (unlikely(!stream->reader))
        stream_unwatch(stream, WATCH_READ);
    else if (stream->reading == READ_INTO)
        read_into(stream);
    else if (stream->reading == READ_NOTHING)
        read_succeed(stream, async_none());
    else if (stream->reading >= READ_EXACTLY)
        collect_ready(stream);
    else if (stream->brought < LARGE_READ)
        read_small(stream);
    else
        read_large(stream);
}

async_future *read_refusal(async_stream *stream, const char *fault)
{
    int error = stream_enter(stream);

    if (unlikely(error))
        return operation_refuse(stream, error, NULL);
    if (unlikely(fault))
        return operation_refuse(stream, ASYNC_EINVAL, fault);
    if (unlikely(stream->is_closing))
        return operation_refuse(stream, ASYNC_ECLOSED, "the stream is closed");
    if (unlikely(stream->reader))
        return operation_refuse(stream, ASYNC_ESTATE, "another read is waiting");
    if (unlikely(!stream->can_read))
        return operation_refuse(stream, ASYNC_EINVAL, "it is open for writing only");
    return NULL;
}

/* Nobody has seen it yet. */
rarely static void abandon(async_future *reader)
{
    future_excuse(reader);
    operation_fail(reader, NULL);
    future_drop(reader);
}

async_future *read_wait(async_stream *stream, enum reading reading, void *into, size_t wanted)
{
    async_future *reader = operation_new(stream, &read_class);

    if (unlikely(!reader || !stream_start_read(stream))) {
        if (reader)
            abandon(reader);
        return future_failed(ASYNC_ENOMEM);
    }
    stream->reader = reader;
    stream->reading = reading;
    stream->into = into;
    stream->wanted = wanted;
    stream_watch(stream, WATCH_READ);
    return reader;
}

static async_future *read_nothing(async_stream *stream)
{
    if (stream->read_failed)
        return operation_done(stream, async_value_ref(stream->failure));
    return operation_done(stream, nothing(stream));
}

/* The future comes first: bytes that were taken out could not be put back. */
static async_future *take_value(async_stream *stream, size_t size)
{
    async_future *future = operation_begin(stream);

    if (!future)
        return future_failed(ASYNC_ENOMEM);
    future_succeed(future, input_take_value(stream, size));
    return future;
}

async_future *async_stream_read(async_stream *stream, size_t most)
{
    async_future *refusal = read_refusal(stream, most ? NULL : "a read of 0 bytes");

    if (unlikely(refusal))
        return refusal;
    if (stream->input)
        return take_value(stream, least(most, input_size(stream)));
    stream->reading = READ_BYTES;
    if (unlikely(read_is_over(stream)))
        return read_nothing(stream);
    return read_wait(stream, READ_BYTES, NULL, most);
}

static async_future *take_into(async_stream *stream, void *buffer, size_t size)
{
    async_future *future = operation_begin(stream);

    if (!future)
        return future_failed(ASYNC_ENOMEM);
    input_take(stream, buffer, size);
    future_succeed(future, async_int((int64_t)size));
    return future;
}

async_future *async_stream_read_into(async_stream *stream, void *buffer, size_t size)
{
    async_future *refusal = read_refusal(stream, buffer && size ? NULL : "a read needs room for a byte");

    if (unlikely(refusal))
        return refusal;
    if (stream->input)
        return take_into(stream, buffer, least(size, input_size(stream)));
    stream->reading = READ_INTO;
    if (unlikely(read_is_over(stream)))
        return read_nothing(stream);
    return read_wait(stream, READ_INTO, buffer, size);
}

async_future *async_stream_wait_readable(async_stream *stream)
{
    async_future *refusal = read_refusal(stream, NULL);

    if (unlikely(refusal))
        return refusal;
    if (unlikely(stream->input || read_is_over(stream)))
        return &future_none;
    return read_wait(stream, READ_NOTHING, NULL, 0);
}

static int may_read_now(const async_stream *stream, bool arguments_are_good)
{
    int error = arguments_are_good ? stream_enter(stream) : ASYNC_EINVAL;

    if (unlikely(error))
        return error;
    if (unlikely(stream->is_closing))
        return ASYNC_ECLOSED;
    if (unlikely(stream->reader))
        return ASYNC_ESTATE;
    return likely(stream->can_read) ? 0 : ASYNC_EINVAL;
}

int64_t async_stream_read_now(async_stream *stream, void *buffer, size_t size)
{
    int error = may_read_now(stream, buffer && size);
    size_t count;

    if (unlikely(error))
        return error;
    if (unlikely(stream->input)) {
        count = least(size, input_size(stream));
        input_take(stream, buffer, count);
        return (int64_t)count;
    }
    count = read_is_over(stream) ? 0 : read_receive(stream, buffer, size);
    if (likely(count))
        return (int64_t)count;
    if (stream->read_failed)
        return async_value_error(stream->failure);
    return stream->at_end ? 0 : ASYNC_EEMPTY;
}

bool async_stream_at_eof(const async_stream *stream)
{
    return stream_visit(stream) != 0 || (stream->at_end && !stream->input);
}
