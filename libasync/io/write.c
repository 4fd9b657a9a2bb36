/*
 * Writing: sent at once as far as the kernel takes it. The rest is kept in segments, and only then is the watch set
 * for writing. While anything is kept the stream holds itself: it is sent even if nobody else holds the stream.
 */
#include "libasync/io/internal.h"

#include <errno.h>

#define SEGMENT_SIZE 4096    /* small writes share a segment */
#define MOST_PIECES 64       /* sent by one call */

struct segment {
    struct segment *next;
    size_t capacity;         /* of the bytes behind */
    size_t begin, behind;    /* what of them is unsent */
    char bytes[];
};

struct output {
    struct segment *first, *last;
    size_t unsent;
};

static void free_segment(struct segment *segment)
{
    memory_release(segment, sizeof *segment + segment->capacity);
}

static void free_output(async_stream *stream)
{
    struct output *output = stream->output;

    while (output->first) {
        struct segment *segment = output->first;

        output->first = segment->next;
        free_segment(segment);
    }
    memory_release(output, sizeof *output);
    stream->output = NULL;
    stream_unwatch(stream, WATCH_WRITE);
    future_drop(&stream->closed);
}

static struct output *open_output(async_stream *stream)
{
    if (stream->output)
        return stream->output;
    stream->output = memory_allocate(sizeof *stream->output);
    if (!stream->output)
        return NULL;
    *stream->output = (struct output){0};
    future_hold(&stream->closed);
    return stream->output;
}

static struct segment *add_segment(struct output *output, size_t size)
{
    size_t capacity = size < SEGMENT_SIZE ? SEGMENT_SIZE : size;
    struct segment *segment = memory_allocate(sizeof *segment + capacity);

    if (!segment)
        return NULL;
    *segment = (struct segment){.capacity = capacity};
    if (output->last)
        output->last->next = segment;
    else
        output->first = segment;
    output->last = segment;
    return segment;
}

/* Keeps what could not be sent; false without memory. */
static bool keep(async_stream *stream, const char *bytes, size_t size)
{
    struct output *output = open_output(stream);
    struct segment *last = output ? output->last : NULL;

    if (output && (!last || last->capacity - last->behind < size))
        last = add_segment(output, size);
    if (!last) {
        if (output && !output->first)
            free_output(stream);
        return false;
    }
    memcpy(last->bytes + last->behind, bytes, size);
    last->behind += size;
    output->unsent += size;
    stream_watch(stream, WATCH_WRITE);
    return true;
}

void stream_drop_output(async_stream *stream)
{
    if (!stream->output)
        return;
    stream->lost = true;
    free_output(stream);
}

void stream_fail_writing(async_stream *stream, async_value *error)
{
    stream->write_failed = true;
    stream_drop_output(stream);
    if (stream->is_closing && stream->descriptor >= 0)
        stream_finish(stream);
}

static void skip(struct output *output, size_t sent)
{
    output->unsent -= sent;
    while (sent) {
        struct segment *first = output->first;
        size_t size = first->behind - first->begin;

        if (sent < size) {
            first->begin += sent;
            return;
        }
        sent -= size;
        output->first = first->next;
        if (!output->first)
            output->last = NULL;
        free_segment(first);
    }
}

/* True when the kernel took all that it was given, so that it may take more. */
static bool send_some(async_stream *stream)
{
    struct iovec pieces[MOST_PIECES];
    size_t size = 0;
    ssize_t sent;
    int count = 0;

    for (struct segment *segment = stream->output->first; segment && count < MOST_PIECES; segment = segment->next) {
        pieces[count] = (struct iovec){segment->bytes + segment->begin, segment->behind - segment->begin};
        size += pieces[count++].iov_len;
    }
    sent = stream_send_pieces(stream, pieces, count);
    if (sent < 0) {
        if (errno != EAGAIN)
            stream_fail_writing(stream, stream_fail_with(stream, errno));
        return false;
    }
    skip(stream->output, (size_t)sent);
    return (size_t)sent == size;
}

void stream_write_ready(async_stream *stream)
{
    while (stream->output && stream->output->first && send_some(stream))
        ;
    if (!stream->output || stream->output->first)
        return;
    free_output(stream);
    if (stream->is_closing)
        stream_finish(stream);
}

static int may_write(async_stream *stream, bool arguments_are_good)
{
    int error = arguments_are_good ? stream_enter(stream) : ASYNC_EINVAL;

    if (unlikely(error))
        return error;
    if (unlikely(stream->is_closing))
        return ASYNC_ECLOSED;
    if (unlikely(stream->write_failed))
        return async_value_error(stream->failure);
    return likely(stream->can_write) ? 0 : ASYNC_EINVAL;
}

/* Nothing can follow what was sent in part and could not be kept. */
rarely static int lose(async_stream *stream, bool was_begun)
{
    if (was_begun) {
        stream->lost = true;
        stream_fail_writing(stream, stream_fail_with(stream, ENOMEM));
    }
    return ASYNC_ENOMEM;
}

static int fail(async_stream *stream, int number)
{
    async_value *failure = stream_fail_with(stream, number);

    stream->lost = true;
    stream_fail_writing(stream, failure);
    return async_value_error(failure);
}

int async_stream_write(async_stream *stream, const void *bytes, size_t size)
{
    int error = may_write(stream, bytes || !size);
    ssize_t sent = 0;

    if (unlikely(error || !size))
        return error;
    if (likely(!stream->output)) {
        sent = stream_send(stream, bytes, size);
        if (likely(sent == (ssize_t)size))
            return 0;
        if (sent < 0 && errno != EAGAIN)
            return fail(stream, errno);
        if (sent < 0)
            sent = 0;
    }
    if (keep(stream, (const char *)bytes + sent, size - (size_t)sent))
        return 0;
    return lose(stream, sent > 0);
}

size_t async_stream_unsent(const async_stream *stream)
{
    return stream_visit(stream) == 0 && stream->output ? stream->output->unsent : 0;
}
