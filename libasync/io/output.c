/* Sending what was kept, as the peer takes it. */
#include "libasync/io/output.h"

#include <errno.h>

#define SEGMENT_SIZE 4096    /* small writes share a segment */
#define MOST_PIECES 64       /* sent by one call */

static size_t high_mark(const async_stream *stream)
{
    return stream->settings ? stream->settings->high : usual_high(stream);
}

static size_t low_mark(const async_stream *stream)
{
    return stream->settings ? stream->settings->low : usual_low(stream);
}

static void free_segment(struct segment *segment)
{
    async_value_unref(segment->value);
    if (segment->file)
        memory_release(segment->file, sizeof *segment->file);
    memory_release(segment, sizeof *segment + segment->capacity);
}

struct output *output_open(async_stream *stream)
{
    struct output *output = stream->output;

    if (output)
        return output;
    output = memory_allocate(sizeof *output);
    if (!output)
        return NULL;
    *output = (struct output){0};
    list_init(&output->drains);
    stream->output = output;
    future_hold(&stream->closed);
    return output;
}

static void end_drains(struct output *output, async_value *error)
{
    while (!list_is_empty(&output->drains)) {
        async_future *drain = container_of(output->drains.next, async_future, node);

        node_unlink(&drain->node);
        if (error)
            operation_fail(drain, async_value_ref(error));
        else
            operation_succeed(drain, async_none());
    }
}

/* With an error (lent) it ends before all was sent. */
static void free_output(async_stream *stream, async_value *error)
{
    struct output *output = stream->output;

    stream->output = NULL;
    stream_unwatch(stream, WATCH_WRITE);
    while (output->first) {
        struct segment *segment = output->first;

        output->first = segment->next;
        if (segment->file)
            file_end(segment->file, error);
        free_segment(segment);
    }
    end_drains(output, error);
    memory_release(output, sizeof *output);
    future_drop(&stream->closed);
}

void output_settle(async_stream *stream)
{
    if (stream->output && !stream->output->first)
        free_output(stream, NULL);
}

struct segment *output_add(struct output *output, size_t capacity)
{
    struct segment *segment = memory_allocate(sizeof *segment + capacity);

    if (!segment)
        return NULL;
    *segment = (struct segment){.capacity = capacity};
    segment->bytes = segment->own;
    if (output->last)
        output->last->next = segment;
    else
        output->first = segment;
    output->last = segment;
    return segment;
}

void stream_look_at_marks(async_stream *stream)
{
    struct output *output = stream->output;

    if (!output)
        return;
    if (output->unsent > high_mark(stream))
        output->is_high = true;
    if (output->unsent > low_mark(stream))
        return;
    output->is_high = false;
    end_drains(output, NULL);
}

/* The kernel is to tell when it takes more, from the first time that it took too little. */
static void note_more(async_stream *stream, size_t size)
{
    struct output *output = stream->output;

    if (!output->unsent)
        stream_start_write(stream);
    output->unsent += size;
    output->is_high |= output->unsent > high_mark(stream);
    stream_watch(stream, WATCH_WRITE);
}

char *output_reserve(async_stream *stream, size_t size)
{
    struct output *output = output_open(stream);
    struct segment *last = output ? output->last : NULL;
    char *place;

    if (output && (!last || last->capacity - last->behind < size || last->value || last->file))
        last = output_add(output, size < SEGMENT_SIZE ? SEGMENT_SIZE : size);
    if (!last) {
        output_settle(stream);
        return NULL;
    }
    place = last->own + last->behind;
    last->behind += size;
    note_more(stream, size);
    return place;
}

bool output_add_value(async_stream *stream, async_value *value, const char *bytes, size_t size)
{
    struct output *output = output_open(stream);
    struct segment *segment = output ? output_add(output, 0) : NULL;

    if (!segment) {
        output_settle(stream);
        return false;
    }
    segment->bytes = bytes;
    segment->behind = size;
    segment->value = async_value_ref(value);
    note_more(stream, size);
    return true;
}

void output_remove(async_stream *stream, struct segment *segment)
{
    struct output *output = stream->output;
    struct segment **place = &output->first, *previous = NULL;

    while (*place != segment) {
        previous = *place;
        place = &previous->next;
    }
    *place = segment->next;
    if (output->last == segment)
        output->last = previous;
    output->unsent -= segment->behind - segment->begin;
    free_segment(segment);
}

static void skip(async_stream *stream, size_t sent)
{
    struct output *output = stream->output;

    while (sent) {
        struct segment *first = output->first;
        size_t size = first->behind - first->begin;

        if (sent < size) {
            first->begin += sent;
            output->unsent -= sent;
            return;
        }
        sent -= size;
        output_remove(stream, first);
    }
}

static void fail_sending(async_stream *stream, int number)
{
    stream_fail_writing(stream, stream_fail_with(stream, number));
}

/* Where memory is short and yet there is room, or so the kernel says, asking at once would be asking all the time. */
static enum progress explain(async_stream *stream, int number)
{
    if (number == EAGAIN)
        return PROGRESS_BLOCKED;
    if ((number == ENOBUFS || number == ENOMEM) && stream_nap(stream))
        return PROGRESS_BLOCKED;
    fail_sending(stream, number);
    return PROGRESS_FAILED;
}

static enum progress send_bytes(async_stream *stream)
{
    struct iovec pieces[MOST_PIECES];
    struct segment *segment = stream->output->first;
    size_t size = 0;
    ssize_t sent;
    int count = 0;

    for (; segment && !segment->file && count < MOST_PIECES; segment = segment->next) {
        pieces[count] = (struct iovec){(char *)segment->bytes + segment->begin, segment->behind - segment->begin};
        size += pieces[count++].iov_len;
    }
    sent = stream_send_pieces(stream, pieces, count);
    if (sent < 0)
        return explain(stream, errno);
    skip(stream, (size_t)sent);
    stream_start_write(stream);
    return (size_t)sent == size ? PROGRESS_DONE : PROGRESS_BLOCKED;
}

static enum progress send_file(async_stream *stream)
{
    struct segment *segment = stream->output->first;
    enum progress progress = file_send(stream, segment->file);

    if (progress == PROGRESS_FAILED)
        return explain(stream, errno);
    if (progress == PROGRESS_DONE) {
        file_end(segment->file, NULL);
        output_remove(stream, segment);
    }
    return progress;
}

/* A file goes in parts, so that the others of the loop have their turns between them. */
bool output_flush(async_stream *stream)
{
    enum progress progress = PROGRESS_DONE;

    while (progress == PROGRESS_DONE && stream->output->first)
        progress = stream->output->first->file ? send_file(stream) : send_bytes(stream);
    if (progress == PROGRESS_FAILED)
        return false;
    stream_look_at_marks(stream);
    if (stream->output->first)
        return false;
    free_output(stream, NULL);
    return true;
}

/* What is waited for at the end of all that was written. */
static void finish_written(async_stream *stream)
{
    if (stream->is_closing)
        stream_finish(stream);
    else if (stream->is_ending)
        shutdown(stream->descriptor, SHUT_WR);
}

void stream_write_ready(async_stream *stream)
{
    if (!stream->output)
        stream_unwatch(stream, WATCH_WRITE);
    else if (output_flush(stream))
        finish_written(stream);
    else if (stream->kind == STREAM_FILE && stream->output)
        stream_watch(stream, WATCH_WRITE);    /* no kernel tells when a file is ready: it always is */
}

void stream_drop_output(async_stream *stream, async_value *error)
{
    if (!stream->output)
        return;
    stream->lost = true;
    free_output(stream, error);
}

void stream_fail_writing(async_stream *stream, async_value *error)
{
    stream->write_failed = true;
    stream_drop_output(stream, error);
    if (stream->is_closing && stream->descriptor >= 0)
        stream_finish(stream);
}

size_t async_stream_unsent(const async_stream *stream)
{
    return stream_visit(stream) == 0 && stream->output ? stream->output->unsent : 0;
}
