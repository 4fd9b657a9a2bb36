/*
 * Files on their way out, by the kernel alone where it can. Where it cannot (a file system or a device without
 * sendfile(2)) they are read and sent: what was read and not sent is read again.
 */
#include "libasync/io/output.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#define PART (1 << 20)       /* goes out in one turn */
#define BLOCK 65536          /* is read at a time where the kernel does not send */

static struct segment *segment_of(const async_stream *stream, const async_future *sender)
{
    struct segment *segment = stream->output->first;

    while (!segment->file || segment->file->sender != sender)
        segment = segment->next;
    return segment;
}

/* What is behind it goes on as soon as the kernel says that there is room, which it does at once if there is. */
static bool cancel_file(async_future *sender, async_value *error)
{
    async_stream *stream = operation_stream(sender);
    struct segment *segment = segment_of(stream, sender);

    file_end(segment->file, error);
    output_remove(stream, segment);
    return true;
}

static void describe_file(const async_future *sender, char *text, size_t size)
{
    strncpy(text, "a sendfile", size);
}

static const struct future_class sender_class = {
    .node.end_at_close = operation_end_at_close,
    .size = sizeof(async_future),
    .cancel = cancel_file,
    .describe = describe_file,
};

void file_end(struct file *file, async_value *error)
{
    if (error)
        operation_fail(file->sender, async_value_ref(error));
    else
        operation_succeed(file->sender, async_int(file->sent));
}

static size_t part_of(const struct file *file, size_t most)
{
    return file->left >= 0 && (uint64_t)file->left < most ? (size_t)file->left : most;
}

static ssize_t read_and_send(const async_stream *stream, const struct file *file)
{
    size_t size = part_of(file, BLOCK);
    char *block = memory_allocate(size);
    ssize_t count = block ? pread(file->descriptor, block, size, file->offset) : -1;
    int error = block ? errno : ENOMEM;

    if (count > 0) {
        count = stream_send(stream, block, (size_t)count);
        error = errno;
    }
    memory_release(block, size);
    errno = error;
    return count;
}

static bool kernel_cannot(int number)
{
    return number == EINVAL || number == ENOSYS || number == EOPNOTSUPP;
}

static ssize_t send_part(const async_stream *stream, const struct file *file)
{
    ssize_t count = -1;

    errno = ENOSYS;
    if (stream->kind <= STREAM_PIPE && !stream->is_lent)
        count = stream_send_file(stream, file->descriptor, file->offset, part_of(file, PART));
    return count < 0 && kernel_cannot(errno) ? read_and_send(stream, file) : count;
}

enum progress file_send(async_stream *stream, struct file *file)
{
    ssize_t count = file->left ? send_part(stream, file) : 0;

    if (count < 0)
        return errno == EAGAIN ? PROGRESS_BLOCKED : PROGRESS_FAILED;
    if (count == 0)
        return PROGRESS_DONE;
    file->offset += count;
    file->sent += count;
    if (file->left > 0)
        file->left -= count;
    stream_start_write(stream);
    return file->left ? PROGRESS_MORE : PROGRESS_DONE;
}

static bool is_on_its_way(const async_stream *stream)
{
    struct segment *segment = stream->output ? stream->output->first : NULL;

    while (segment && !segment->file)
        segment = segment->next;
    return segment;
}

static bool is_file(int descriptor)
{
    struct stat status;

    return fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
}

static async_future *refusal(async_stream *stream, int file, int64_t offset)
{
    int error = stream_enter(stream);

    if (error)
        return operation_refuse(stream, error, NULL);
    if (stream->is_closing)
        return operation_refuse(stream, ASYNC_ECLOSED, "the stream is closed");
    if (stream->write_failed)
        return operation_done(stream, async_value_ref(stream->failure));
    if (stream->is_ending)
        return operation_refuse(stream, ASYNC_ESTATE, "our half has ended");
    if (!stream->can_write)
        return operation_refuse(stream, ASYNC_EINVAL, "it is open for reading only");
    if (is_on_its_way(stream))
        return operation_refuse(stream, ASYNC_ESTATE, "another file is on its way");
    if (offset < 0 || !is_file(file))
        return operation_refuse(stream, ASYNC_EINVAL, "what is to be sent is no file");
    return NULL;
}

static struct segment *add_file(async_stream *stream)
{
    struct output *output = output_open(stream);
    struct segment *segment = output ? output_add(output, 0) : NULL;

    if (segment)
        segment->file = memory_allocate(sizeof *segment->file);
    if (segment && segment->file)
        return segment;
    if (segment)
        output_remove(stream, segment);
    output_settle(stream);
    return NULL;
}

static async_future *begin(async_stream *stream, const struct file *file)
{
    struct segment *segment = add_file(stream);

    if (segment) {
        *segment->file = *file;
        segment->file->sender = operation_new(stream, &sender_class);
        if (segment->file->sender)
            return segment->file->sender;
        output_remove(stream, segment);
        output_settle(stream);
    }
    return NULL;
}

async_future *async_stream_sendfile(async_stream *stream, int file, int64_t offset, int64_t count)
{
    struct file made = {.descriptor = file, .offset = offset, .left = count < 0 ? -1 : count};
    async_future *refused = refusal(stream, file, offset), *sender;
    bool was_idle;

    if (refused)
        return refused;
    was_idle = !stream->output;
    sender = begin(stream, &made);
    if (!sender)
        return future_failed(ASYNC_ENOMEM);
    stream_start_write(stream);
    if (was_idle)
        stream_write_ready(stream);
    if (stream->output)
        stream_watch(stream, WATCH_WRITE);
    return sender;
}
