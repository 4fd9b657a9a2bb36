/* Streams as they come from C. */
#include "bindings/python/stream.h"

/* The exception for what a look at the kernel met. Another read meets it again, and knows its errno. */
PyObject *stream_error(async_stream *stream, int error)
{
    async_future *read = async_stream_read(stream, 1);
    PyObject *exception;

    if (async_future_is_done(read) && async_future_error(read)) {
        exception = failure_to_python(async_future_failure(read));
    } else {
        async_future_cancel(read, NULL);
        exception = error_to_python(error, NULL);
    }
    async_future_unref(read);
    return exception;
}

/* Both faces of a stream. */
PyObject *stream_faces(struct loop *loop, async_stream *stream, Py_ssize_t limit)
{
    struct reader *reader = reader_new(loop, stream, limit);
    struct writer *writer = reader ? writer_new(loop, stream, reader) : NULL;
    PyObject *pair = writer ? PyTuple_Pack(2, reader, writer) : NULL;

    Py_XDECREF(writer);
    Py_XDECREF(reader);
    return pair;
}

/* _open_stream(loop, stream, limit, mode): the reader and the writer of a stream given by a proxy, or only one of them,
   where the mode is "r" or "w". */
PyObject *function_open_stream(PyObject *module, PyObject *args)
{
    PyObject *loop, *given;
    struct reader *reader;
    async_stream *stream;
    Py_ssize_t limit;
    int mode;

    if (!PyArg_ParseTuple(args, "O!OnC", &loop_type, &loop, &given, &limit, &mode))
        return NULL;
    stream = stream_of_proxy(given);
    if (!stream) {
        PyErr_Format(PyExc_TypeError, "a stream was expected, got %R", given);
        return NULL;
    }
    if (mode == 'w')
        return (PyObject *)writer_new((struct loop *)loop, stream, NULL);
    if (mode != 'r')
        return stream_faces((struct loop *)loop, stream, limit);
    reader = reader_new((struct loop *)loop, stream, limit);
    if (reader)
        reader->owner = true;
    return (PyObject *)reader;
}
