/* Writing: sent at once as far as the kernel takes it; the rest is kept, and only then does the stream watch for
 * room. */
#include "libasync/io/output.h"

#include <errno.h>

#define MOST_PIECES 64       /* sent by one call */
#define WORTH_HOLDING 1024   /* a value whose rest is smaller is copied */

static int may_write(async_stream *stream, bool arguments_are_good)
{
    int error = stream_enter(stream);

    if (unlikely(error))
        return error;
    if (unlikely(!arguments_are_good))
        return stream_refuse(stream, ASYNC_EINVAL, "a write needs bytes");
    if (unlikely(stream->is_closing))
        return stream_refuse(stream, ASYNC_ECLOSED, "the stream is closed");
    if (unlikely(stream->write_failed))
        return async_value_error(stream->failure);
    if (unlikely(stream->is_ending))
        return stream_refuse(stream, ASYNC_ESTATE, "our half has ended");
    if (unlikely(!stream->can_write))
        return stream_refuse(stream, ASYNC_EINVAL, "it is open for reading only");
    return 0;
}

static int fail(async_stream *stream, int number)
{
    async_value *failure = stream_fail_with(stream, number);

    stream->lost = true;
    stream_fail_writing(stream, failure);
    return async_value_error(failure);
}

/* What could not be kept. If a part of the write went out before, nothing can follow it any more. */
rarely static int lose(async_stream *stream, bool was_begun)
{
    return was_begun ? fail(stream, ENOMEM) : ASYNC_ENOMEM;
}

/* The kernel has no room now, or no memory, which it may have later. */
static bool is_passing(int number)
{
    return number == EAGAIN || number == ENOBUFS || number == ENOMEM;
}

/* What is written: memory of the caller's, or of a value, which is held rather than copied if it must be kept. */
struct piece {
    const char *bytes;
    size_t size;
    async_value *value;    /* lent, or NULL */
};

static bool keep_piece(async_stream *stream, const struct piece *piece)
{
    char *place;

    if (piece->value && piece->size >= WORTH_HOLDING)
        return output_add_value(stream, piece->value, piece->bytes, piece->size);
    place = output_reserve(stream, piece->size);
    if (place)
        memcpy(place, piece->bytes, piece->size);
    return place;
}

/* After an attempt to send it that ended with so many bytes, or with -1 and an errno. */
static int keep_rest(async_stream *stream, const struct piece *piece, ssize_t sent)
{
    int number = sent < 0 ? errno : 0;
    size_t done = sent < 0 ? 0 : (size_t)sent;
    struct piece rest = {piece->bytes + done, piece->size - done, piece->value};

    if (number && !is_passing(number))
        return fail(stream, number);
    if (!keep_piece(stream, &rest))
        return lose(stream, done > 0);
    if (number && number != EAGAIN && !stream_nap(stream))
        return lose(stream, true);
    return 0;
}

static int write_piece(async_stream *stream, const struct piece *piece)
{
    int error = may_write(stream, piece->bytes || !piece->size);
    ssize_t sent = 0;

    if (unlikely(error || !piece->size))
        return error;
    if (likely(!stream->output)) {
        sent = stream_send(stream, piece->bytes, piece->size);
        if (likely(sent == (ssize_t)piece->size))
            return 0;
    }
    return keep_rest(stream, piece, sent);
}

int async_stream_write(async_stream *stream, const void *bytes, size_t size)
{
    return write_piece(stream, &(struct piece){.bytes = bytes, .size = size});
}

/* Several pieces: what gives them out by their index. */
typedef bool piece_at(const void *user, size_t index, struct piece *piece);    /* false: it is none */

struct pieces {
    piece_at *at;
    const void *user;
    size_t count;
    size_t index, offset;    /* how far they are sent or kept */
    bool was_begun;
};

/* The piece at the place that was reached, from there on; false behind the last. */
static bool next_piece(struct pieces *pieces, struct piece *piece)
{
    while (pieces->index < pieces->count) {
        pieces->at(pieces->user, pieces->index, piece);
        if (pieces->offset < piece->size) {
            piece->bytes += pieces->offset;
            piece->size -= pieces->offset;
            return true;
        }
        pieces->index++;
        pieces->offset = 0;
    }
    return false;
}

static void advance(struct pieces *pieces, size_t size)
{
    struct piece piece;

    pieces->was_begun |= size > 0;
    while (size && next_piece(pieces, &piece)) {
        size_t step = size < piece.size ? size : piece.size;

        pieces->offset += step;
        size -= step;
    }
}

static int gather(const struct pieces *pieces, struct iovec *vector, size_t *total)
{
    struct pieces ahead = *pieces;
    struct piece piece;
    int count = 0;

    *total = 0;
    while (count < MOST_PIECES && next_piece(&ahead, &piece)) {
        vector[count++] = (struct iovec){(char *)piece.bytes, piece.size};
        *total += piece.size;
        ahead.offset += piece.size;
    }
    return count;
}

/* 0, and the place to go on at; or an errno. */
static int send_pieces(async_stream *stream, struct pieces *pieces)
{
    struct iovec vector[MOST_PIECES];
    size_t total;
    int count;

    while ((count = gather(pieces, vector, &total)) > 0) {
        ssize_t sent = stream_send_pieces(stream, vector, count);

        if (sent < 0)
            return errno;
        advance(pieces, (size_t)sent);
        if ((size_t)sent < total)
            return EAGAIN;
    }
    return 0;
}

static int write_all(async_stream *stream, struct pieces *pieces)
{
    int number = stream->output ? EAGAIN : send_pieces(stream, pieces);
    struct piece piece;

    if (number && !is_passing(number))
        return fail(stream, number);
    while (next_piece(pieces, &piece)) {
        if (!keep_piece(stream, &piece))
            return lose(stream, pieces->was_begun);
        advance(pieces, piece.size);
    }
    if (number && number != EAGAIN && stream->output && !stream_nap(stream))
        return lose(stream, true);
    return 0;
}

/* All are looked at first: nothing is sent of what cannot be sent as a whole. */
static int write_pieces(async_stream *stream, piece_at *at, const void *user, size_t count)
{
    struct pieces pieces = {.at = at, .user = user, .count = count};
    int error = may_write(stream, true);
    struct piece piece;

    for (size_t i = 0; !error && i < count; i++)
        if (!at(user, i, &piece))
            error = stream_refuse(stream, ASYNC_EINVAL, "a write needs bytes");
    return error ? error : write_all(stream, &pieces);
}

struct memory {
    const void *const *pieces;
    const size_t *sizes;
};

static bool memory_at(const void *user, size_t index, struct piece *piece)
{
    const struct memory *memory = user;

    *piece = (struct piece){.bytes = memory->pieces[index], .size = memory->sizes[index]};
    return piece->bytes || !piece->size;
}

int async_stream_write_pieces(async_stream *stream, const void *const *pieces, const size_t *sizes, size_t count)
{
    struct memory memory = {pieces, sizes};

    if (count && (!pieces || !sizes))
        return may_write(stream, false);
    return write_pieces(stream, memory_at, &memory, count);
}

static bool read_piece(async_value *value, struct piece *piece)
{
    piece->value = value;
    piece->bytes = value_bytes(value, &piece->size);
    return piece->bytes;
}

static bool item_at(const void *user, size_t index, struct piece *piece)
{
    return read_piece(async_value_item(user, index), piece);
}

int async_stream_write_value(async_stream *stream, async_value *taken)
{
    struct piece piece;
    int error;

    if (likely(read_piece(taken, &piece)))
        error = write_piece(stream, &piece);
    else if (async_value_kind(taken) == ASYNC_LIST)
        error = write_pieces(stream, item_at, taken, async_value_count(taken));
    else
        error = taken ? may_write(stream, false) : ASYNC_ENOMEM;
    async_value_unref(taken);
    return error;
}

static bool cancel_drain(async_future *drain, async_value *error)
{
    node_unlink(&drain->node);
    operation_fail(drain, async_value_ref(error));
    return true;
}

static void describe_drain(const async_future *drain, char *text, size_t size)
{
    strncpy(text, "a drain", size);
}

static const struct future_class drain_class = {
    .node.end_at_close = operation_end_at_close,
    .size = sizeof(async_future),
    .cancel = cancel_drain,
    .describe = describe_drain,
};

async_future *async_stream_drain(async_stream *stream)
{
    int error = stream_enter(stream);
    async_future *drain;

    if (unlikely(error))
        return operation_refuse(stream, error, NULL);
    if (unlikely(stream->write_failed))
        return operation_done(stream, async_value_ref(stream->failure));
    if (unlikely(stream->is_closing))
        return operation_refuse(stream, ASYNC_ECLOSED, "the stream is closed");
    if (likely(!stream->output || !stream->output->is_high))
        return &future_none;
    drain = operation_new(stream, &drain_class);
    if (!drain)
        return future_failed(ASYNC_ENOMEM);
    list_insert_before(&stream->output->drains, &drain->node);
    return drain;
}

bool async_stream_can_write_eof(const async_stream *stream)
{
    return stream && stream->can_write && stream->kind <= STREAM_PIPE;
}

/* A pipe's writing end has no other half, so its end is the stream's. */
int async_stream_write_eof(async_stream *stream)
{
    int error = stream_enter(stream);

    if (error)
        return error;
    if (!async_stream_can_write_eof(stream))
        return stream_refuse(stream, ASYNC_EINVAL, "it has no half that could end");
    if (stream->is_ending)
        return 0;
    if (stream->is_closing)
        return stream_refuse(stream, ASYNC_ECLOSED, "the stream is closed");
    if (stream->kind == STREAM_PIPE)
        return async_stream_close(stream);
    stream->is_ending = true;
    if (!stream->output)
        shutdown(stream->descriptor, SHUT_WR);
    return 0;
}
