/* Streams as asyncio has them: a reader and a writer, the two faces of one C stream.
 *
 * What came and was not asked for yet lies in the reader, in a bytes object that is nobody else's, so that an answer
 * may be that very object. reader.c: what lies there, and looks at the kernel; reading.c: the coroutines that read. */
#ifndef LIBASYNC_PYTHON_STREAM_H
#define LIBASYNC_PYTHON_STREAM_H

#include "bindings/python/coroutine.h"

/* What each read and write needs stands first, for a server with many clients finds little of it in the cache. */
struct reader {
    PyObject_HEAD
    PyObject *loop;
    async_stream *stream;     /* NULL: it is fed by hand */
    PyObject *store;          /* what lies here, from `start` to `end`; NULL with bytes: they are still in the scratch */
    Py_ssize_t start, end;
    Py_ssize_t unasked;       /* taken in since somebody waited */
    PyObject *exception;      /* set by hand: raised before anything is read */
    PyObject *failure;        /* what the stream met: raised when nothing is left to read */
    bool eof;
    bool waiting;             /* a coroutine waits for more */
    bool paused;
    bool large;               /* the last look brought much */
    bool more;                /* it brought all that there was room for: there may be more */
    uint8_t doubts;           /* how often that is not to be believed, for it proved wrong */
    bool owner;               /* there is no writer to close the stream */
    bool plain;               /* no class in Python overrides readline */
    PyObject *waiter;         /* of one that is fed */
    Py_ssize_t scanned;       /* how much of what lies here was searched in vain */
    Py_ssize_t limit;
    PyObject *transport;      /* of one that is fed, to be paused */
    PyObject *dict;
    PyObject *weakrefs;
};

struct writer {
    PyObject_HEAD
    PyObject *loop;
    async_stream *stream;
    struct reader *reader;    /* NULL: it only writes */
    bool troubled;            /* a write failed: drain has the words */
    PyObject *socket;         /* that the stream was made of: closed with it, for its descriptor is another */
    PyObject *transport;      /* a weak reference to the one that was asked for */
    async_value *local;       /* our address, once it is closed */
    PyObject *dict;
    PyObject *weakrefs;
};

extern PyTypeObject reader_type, writer_type;

/* reader.c; what can fail answers -1 or NULL with an exception raised. */
int reader_append(struct reader *reader, const char *bytes, Py_ssize_t size);
PyObject *reader_take(struct reader *reader, Py_ssize_t size);
int reader_skip(struct reader *reader, Py_ssize_t size);
int reader_pause(struct reader *reader);
int reader_settle(struct reader *reader);
int reader_look(struct reader *reader, Py_ssize_t wanted);
const char *reader_bytes(const struct reader *reader);

static inline Py_ssize_t reader_size(const struct reader *reader)
{
    return reader->end - reader->start;
}

/* reading.c */
extern const struct coroutine_kind read_kind, read_all_kind, read_exactly_kind, read_until_kind, read_line_kind,
    next_line_kind, next_by_name_kind;
int reader_wake(struct reader *reader);

/* reader_type.c and writer.c */
struct reader *reader_new(struct loop *loop, async_stream *stream, Py_ssize_t limit);
struct writer *writer_new(struct loop *loop, async_stream *stream, struct reader *reader);

/* writing.c */
extern const struct coroutine_kind drain_kind, wait_closed_kind;
int writer_write(struct writer *writer, PyObject *data);
int writer_write_all(struct writer *writer, PyObject *data);
bool writer_is_calm(const struct writer *writer);

/* stream.c */
PyObject *stream_error(async_stream *stream, int error);
PyObject *stream_faces(struct loop *loop, async_stream *stream, Py_ssize_t limit);
PyObject *function_open_stream(PyObject *module, PyObject *args);

/* server.c */
PyObject *function_start_server(PyObject *module, PyObject *args);
PyObject *function_adopt_server(PyObject *module, PyObject *args);

#endif
