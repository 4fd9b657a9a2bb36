/* Writing, and waiting for what was written: asyncio's rules and messages, 3.13's. What a write met is told by the next
   drain, and what is written to a stream that is closed is lost, as there. */
#include "bindings/python/stream.h"

static int told(struct writer *writer, int error)
{
    switch (error) {
    case ASYNC_OK:
    case ASYNC_ECLOSED:
        return 0;
    case ASYNC_ESTATE:
        PyErr_SetString(PyExc_RuntimeError, "Cannot call write() after write_eof()");
        return -1;
    case ASYNC_ENOMEM:
    case ASYNC_ETHREAD:
        return raise_error(error, NULL);
    case ASYNC_EINVAL:
        return raise_error(error, async_stream_message(writer->stream));
    default:
        writer->troubled = true;
        return 0;
    }
}

static int acquire(PyObject *data, Py_buffer *buffer)
{
    if (PyBytes_Check(data) || PyByteArray_Check(data) || PyMemoryView_Check(data))
        return PyObject_GetBuffer(data, buffer, PyBUF_SIMPLE);
    PyErr_Format(PyExc_TypeError, "data argument must be a bytes-like object, not '%s'", Py_TYPE(data)->tp_name);
    return -1;
}

int writer_write(struct writer *writer, PyObject *data)
{
    Py_buffer buffer;
    int error;

    if (PyBytes_CheckExact(data))
        return told(writer, async_stream_write(writer->stream, PyBytes_AS_STRING(data), (size_t)PyBytes_GET_SIZE(data)));
    if (acquire(data, &buffer))
        return -1;
    error = async_stream_write(writer->stream, buffer.buf, (size_t)buffer.len);
    PyBuffer_Release(&buffer);
    return told(writer, error);
}

/* Written together, in one call of the system's where it takes so many. */
#define PIECES 64

static int write_pieces(struct writer *writer, PyObject *const *items, size_t count)
{
    Py_buffer buffers[PIECES];
    const void *pieces[PIECES];
    size_t sizes[PIECES], acquired = 0;
    int error = 0;

    while (acquired < count && !(error = acquire(items[acquired], &buffers[acquired]))) {
        pieces[acquired] = buffers[acquired].buf;
        sizes[acquired] = (size_t)buffers[acquired].len;
        acquired++;
    }
    if (!error)
        error = told(writer, async_stream_write_pieces(writer->stream, pieces, sizes, count));
    while (acquired > 0)
        PyBuffer_Release(&buffers[--acquired]);
    return error;
}

int writer_write_all(struct writer *writer, PyObject *data)
{
    PyObject *items = PySequence_Fast(data, "an iterable of bytes-like objects was expected");
    Py_ssize_t count = items ? PySequence_Fast_GET_SIZE(items) : 0;
    int error = items ? 0 : -1;

    for (Py_ssize_t i = 0; !error && i < count; i += PIECES)
        error = write_pieces(writer, PySequence_Fast_ITEMS(items) + i, (size_t)Py_MIN(count - i, PIECES));
    Py_XDECREF(items);
    return error;
}

/* Whether a drain has nothing to wait for and nothing to tell. */
bool writer_is_calm(const struct writer *writer)
{
    struct reader *reader = writer->reader;

    return !writer->troubled && !async_stream_unsent(writer->stream) && !async_stream_is_closing(writer->stream)
        && !(reader && (reader->exception || reader->failure));
}

static PySendResult connection_lost(void)
{
    PyErr_SetObject(PyExc_ConnectionResetError, words.connection_lost);
    return PYGEN_ERROR;
}

/* What a future of the stream's that is done says (taken). */
static PySendResult outcome(async_future *taken, PyObject **result)
{
    PyObject *exception = async_future_error(taken) ? failure_to_python(async_future_failure(taken)) : NULL;

    async_future_unref(taken);
    if (exception)
        raise_object(exception);
    Py_XDECREF(exception);
    if (PyErr_Occurred())
        return PYGEN_ERROR;
    *result = Py_NewRef(Py_None);
    return PYGEN_RETURN;
}

/* In asyncio a connection is lost a turn after its close. */
static PySendResult let_it_be_noticed(PyObject **result)
{
    *result = Py_NewRef(Py_None);
    return PYGEN_NEXT;
}

static PySendResult drain_start(struct coroutine *self, PyObject **result)
{
    struct writer *writer = (struct writer *)self->subject;
    struct reader *reader = writer->reader;
    PyObject *exception = !reader ? NULL : reader->exception ? reader->exception : reader->failure;
    async_future *drained;

    if (exception) {
        raise_object(exception);
        return PYGEN_ERROR;
    }
    if (async_stream_is_closing(writer->stream))
        return let_it_be_noticed(result);
    drained = async_stream_drain(writer->stream);
    return async_future_is_done(drained) ? outcome(drained, result)
                                         : coroutine_await_handle(self, writer->loop, drained, result);
}

/* To asyncio a stream that was closed has lost its connection, once it has sent what it could. */
static PySendResult drain_resume(struct coroutine *self, PyObject *awaited, PyObject *value, PyObject **result)
{
    async_stream *stream = ((struct writer *)self->subject)->stream;
    bool closing = async_stream_is_closing(stream);

    if (!value && !(closing && PyErr_ExceptionMatches(PyExc_RuntimeError)))
        return PYGEN_ERROR;
    PyErr_Clear();
    Py_XDECREF(value);
    if (closing && !async_stream_unsent(stream))
        return connection_lost();
    *result = Py_NewRef(Py_None);
    return PYGEN_RETURN;
}

static PySendResult wait_closed_start(struct coroutine *self, PyObject **result)
{
    struct writer *writer = (struct writer *)self->subject;
    async_future *closed = async_stream_wait_closed(writer->stream);

    if (!async_future_is_done(closed))
        return coroutine_await_handle(self, writer->loop, closed, result);
    async_future_unref(closed);
    return let_it_be_noticed(result);
}

static PySendResult wait_closed_resume(struct coroutine *self, PyObject *awaited, PyObject *value, PyObject **result)
{
    async_future *closed;

    if (!value)
        return PYGEN_ERROR;
    Py_DECREF(value);
    closed = async_stream_wait_closed(((struct writer *)self->subject)->stream);
    return outcome(closed, result);
}

const struct coroutine_kind drain_kind = { "StreamWriter.drain", drain_start, drain_resume, coroutine_drop_handle };
const struct coroutine_kind wait_closed_kind = { "StreamWriter.wait_closed", wait_closed_start, wait_closed_resume,
                                                 coroutine_drop_handle };
