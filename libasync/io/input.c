/* What came and was not read yet, and the loop's own place to receive into. */
#include "libasync/io/internal.h"

#define WORTH_GIVING 4096    /* what is smaller is copied */

static void free_input(struct input *input, async_loop *loop)
{
    async_value_unref(input->block);
    loop_free(loop, input, sizeof *input);
}

/* Only the loop's own is still there by then: the streams have ended. */
static void drop_at_close(async_loop *loop, struct node *node)
{
    if (loop->input == node) {
        loop->input = NULL;
        free_input(container_of(node, struct input, node), loop);
    }
}

static const struct node_ops input_ops = {.drop_at_close = drop_at_close};

static struct input *new_input(async_loop *loop, size_t capacity)
{
    struct input *input = loop_allocate(loop, sizeof *input);

    if (!input)
        return NULL;
    *input = (struct input){.node.ops = &input_ops, .capacity = capacity};
    input->block = bytes_new(capacity, &input->bytes);
    if (input->block)
        return input;
    loop_free(loop, input, sizeof *input);
    return NULL;
}

struct input *input_at_hand(async_loop *loop)
{
    if (unlikely(!loop->input))
        loop->input = new_input(loop, INPUT_SIZE);
    return loop->input;
}

/* A small rest moves to a block of its own size, if there is memory for that. */
void input_keep(async_stream *stream, size_t begin, size_t behind)
{
    async_loop *loop = stream_loop(stream);
    struct input *received = loop->input, *small;
    size_t size = behind - begin;

    if (begin == behind)
        return;
    small = size < received->capacity / 4 ? new_input(loop, size) : NULL;
    if (small) {
        memcpy(small->bytes, received->bytes + begin, size);
        small->behind = size;
        stream->input = small;
        return;
    }
    received->begin = begin;
    received->behind = behind;
    stream->input = received;
    loop->input = NULL;
}

void input_drop(async_stream *stream)
{
    if (stream->input)
        free_input(stream->input, stream_loop(stream));
    stream->input = NULL;
}

static void skip(async_stream *stream, size_t size)
{
    struct input *input = stream->input;

    input->begin += size;
    input->searched = 0;
    if (input->begin == input->behind)
        input_drop(stream);
}

bool input_make_room(async_stream *stream, size_t size)
{
    async_loop *loop = stream_loop(stream);
    struct input *former = stream->input, *larger;
    size_t kept = input_size(stream);

    if (former && former->capacity - former->behind >= size)
        return true;
    larger = new_input(loop, kept + size);
    if (!larger)
        return former && former->capacity > former->behind;
    if (former) {
        memcpy(larger->bytes, former->bytes + former->begin, kept);
        larger->behind = kept;
        larger->searched = former->searched;
        free_input(former, loop);
    }
    stream->input = larger;
    return true;
}

void input_take(async_stream *stream, void *bytes, size_t size)
{
    memcpy(bytes, stream->input->bytes + stream->input->begin, size);
    skip(stream, size);
}

/* All of a large input goes as it stands. */
static async_value *take_whole(async_stream *stream)
{
    struct input *input = stream->input;
    async_value *value = bytes_fit(input->block, input->behind);

    if (!value)
        return NULL;
    stream->input = NULL;
    loop_free(stream_loop(stream), input, sizeof *input);
    return value;
}

async_value *input_take_value(async_stream *stream, size_t size)
{
    struct input *input = stream->input;
    async_value *value;

    if (input->begin == 0 && size == input->behind && size >= WORTH_GIVING)
        return take_whole(stream);
    value = async_bytes(input->bytes + input->begin, size);
    if (value)
        skip(stream, size);
    return value;
}
