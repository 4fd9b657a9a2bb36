/* Errors of streams: they name who was at the other end. */
#include "libasync/io/internal.h"

#include <errno.h>
#include <stdio.h>

static const char *kind_name(const async_stream *stream)
{
    static const char *const kinds[] = {"socket", "socket", "pipe", "device", "file"};
    static const char *const standard[] = {"standard input", "standard output", "standard error"};

    return stream->is_lent && stream->descriptor >= 0 ? standard[stream->descriptor] : kinds[stream->kind];
}

void stream_name(const async_stream *stream, char *text)
{
    const struct peer *peer = &stream->peer;
    union socket_address address;
    socklen_t size = peer_read(peer, &address);

    *text = '\0';
    if (peer->family == AF_UNIX && peer->path)
        snprintf(text, STREAM_NAME_SIZE, "%s", async_address_text(peer->path));
    else if (size)
        address_write_text(&address, size, text);
    if (!*text)
        snprintf(text, STREAM_NAME_SIZE, "%s", kind_name(stream));
}

async_value *stream_error(const async_stream *stream, int code, const char *words)
{
    char name[STREAM_NAME_SIZE], message[STREAM_NAME_SIZE + 128];

    stream_name(stream, name);
    snprintf(message, sizeof message, "%s: %s", name, words);
    return async_error(code, message);
}

/* The words are ours where the system's would need explaining. */
static const char *words_of(int number, char *text, size_t size)
{
    switch (number) {
    case ECONNRESET:
        return "the peer reset the connection";
    case EPIPE:
        return "the peer no longer reads";
    case ETIMEDOUT:
        return "the peer does not answer any more";
    default:
        /* The GNU form may answer with a text of its own instead of filling the buffer. */
        return strerror_r(number, text, size);
    }
}

async_value *stream_error_os(const async_stream *stream, int number)
{
    char name[STREAM_NAME_SIZE], message[STREAM_NAME_SIZE + 128], text[128];

    stream_name(stream, name);
    snprintf(message, sizeof message, "%s: %s", name, words_of(number, text, sizeof text));
    return async_error_os(number, message);
}

/* Without memory for the words the error is the same without them. */
void stream_keep_failure(async_stream *stream, async_value *taken, int code)
{
    async_value_unref(stream->failure);
    stream->failure = taken ? taken : error_static(code);
    stream->is_refusal = false;
}

async_value *stream_fail_with(async_stream *stream, int number)
{
    stream_keep_failure(stream, stream_error_os(stream, number), error_of_errno(number));
    return stream->failure;
}

/* What ended the writing tells more than that it has ended. */
int stream_refuse(async_stream *stream, int code, const char *words)
{
    if (stream->write_failed)
        return code;
    stream_keep_failure(stream, stream_error(stream, code, words), code);
    stream->is_refusal = true;
    return code;
}

const char *async_stream_message(const async_stream *stream)
{
    return stream_visit(stream) == 0 && stream->failure ? async_value_message(stream->failure) : "";
}
