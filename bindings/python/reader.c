/* What lies in a reader, and looks at the kernel for more. */
#include "bindings/python/stream.h"

/* Small messages are received here, and the answer is a copy that fits: nothing else runs between a look and the copy.
   Where larger ones come, room is made for them beforehand, and what arrives there is the answer. */
#define SCRATCH 65536
#define LARGE 8192
#define LARGEST (256 * 1024)
static char scratch[SCRATCH];

static void drop(struct reader *reader)
{
    Py_CLEAR(reader->store);
    reader->start = reader->end = 0;
}

const char *reader_bytes(const struct reader *reader)
{
    return (reader->store ? PyBytes_AS_STRING(reader->store) : scratch) + reader->start;
}

/* Makes room behind what lies there. */
static int reserve(struct reader *reader, Py_ssize_t more)
{
    Py_ssize_t size = reader_size(reader), capacity;

    if (!reader->store) {
        reader->store = PyBytes_FromStringAndSize(NULL, more);
        return reader->store ? 0 : -1;
    }
    capacity = PyBytes_GET_SIZE(reader->store);
    if (capacity - reader->end >= more)
        return 0;
    memmove(PyBytes_AS_STRING(reader->store), reader_bytes(reader), (size_t)size);
    reader->start = 0;
    reader->end = size;
    if (capacity - size >= more)
        return 0;
    if (!_PyBytes_Resize(&reader->store, Py_MAX(2 * capacity, size + more)))
        return 0;
    drop(reader);
    return -1;
}

int reader_append(struct reader *reader, const char *bytes, Py_ssize_t size)
{
    if (size == 0)
        return 0;
    if (reserve(reader, size))
        return -1;
    memcpy(PyBytes_AS_STRING(reader->store) + reader->end, bytes, (size_t)size);
    reader->end += size;
    return 0;
}

/* What a look brought and nobody took moves out of the scratch. */
int reader_settle(struct reader *reader)
{
    Py_ssize_t start = reader->start, size = reader_size(reader);

    if (reader->store || size == 0)
        return 0;
    reader->start = reader->end = 0;
    return reader_append(reader, scratch + start, size);
}

static int tell_transport(struct reader *reader, const char *method)
{
    PyObject *answer = PyObject_CallMethod(reader->transport, method, NULL);

    Py_XDECREF(answer);
    return answer ? 0 : -1;
}

/* A transport that feeds a reader is paused where it runs ahead of it. */
int reader_pause(struct reader *reader)
{
    if (!reader->transport || reader->paused || reader_size(reader) <= 2 * reader->limit)
        return 0;
    if (!tell_transport(reader, "pause_reading")) {
        reader->paused = true;
        return 0;
    }
    if (!PyErr_ExceptionMatches(PyExc_NotImplementedError))
        return -1;
    PyErr_Clear();
    Py_CLEAR(reader->transport);
    return 0;
}

static int resume(struct reader *reader)
{
    if (!reader->paused || reader_size(reader) > reader->limit)
        return 0;
    reader->paused = false;
    return tell_transport(reader, "resume_reading");
}

/* Without the first so many bytes. */
int reader_skip(struct reader *reader, Py_ssize_t size)
{
    reader->start += size;
    reader->scanned = 0;
    if (reader->start == reader->end)
        drop(reader);
    return reader_settle(reader) ? -1 : resume(reader);
}

/* The first so many bytes: the store itself where that is all there is. */
PyObject *reader_take(struct reader *reader, Py_ssize_t size)
{
    PyObject *bytes;

    if (reader->store && size == reader->end && reader->start == 0 && size >= LARGE) {
        bytes = reader->store;
        reader->store = NULL;
        reader->end = 0;
        _PyBytes_Resize(&bytes, size);
        size = 0;
    } else {
        bytes = PyBytes_FromStringAndSize(reader_bytes(reader), size);
    }
    if (!bytes || reader_skip(reader, size))
        Py_CLEAR(bytes);
    return bytes;
}

/* How many bytes came, or less: then the end or the error is noted, if there is one. */
static Py_ssize_t receive(struct reader *reader, char *room, Py_ssize_t size)
{
    int64_t got = async_stream_read_now(reader->stream, room, (size_t)size);

    reader->large = got >= LARGE;
    reader->more = got == size && !reader->doubts;
    reader->doubts -= got == size && reader->doubts;
    if (got > 0)
        reader->unasked += (Py_ssize_t)got;
    else if (got == 0 || got == ASYNC_ECLOSED)    /* what we closed ourselves has ended, as asyncio sees it */
        reader->eof = true;
    else if (got != ASYNC_EEMPTY)
        Py_XSETREF(reader->failure, stream_error(reader->stream, (int)got));
    return (Py_ssize_t)got;
}

static int look_for_much(struct reader *reader, Py_ssize_t wanted)
{
    Py_ssize_t got;

    if (reserve(reader, wanted))
        return -1;
    got = receive(reader, PyBytes_AS_STRING(reader->store) + reader->end, wanted);
    if (got > 0)
        reader->end += got;
    else if (reader_size(reader) == 0)
        drop(reader);
    return 0;
}

/* Looks for more, of which so much is wanted; perhaps there is nothing yet. Until reader_settle nobody else may look. */
int reader_look(struct reader *reader, Py_ssize_t wanted)
{
    Py_ssize_t size = reader_size(reader), got;

    if (reader->large && wanted >= LARGE)
        return look_for_much(reader, Py_MIN(wanted, LARGEST));
    got = receive(reader, scratch, wanted > LARGE ? Py_MIN(wanted, SCRATCH) : SCRATCH);
    if (PyErr_Occurred())
        return -1;
    if (got > 0 && size == 0)
        reader->end = got;
    else if (got > 0)
        return reader_append(reader, scratch, got);
    return 0;
}
