/* StreamReader as Python sees it. */
#include "bindings/python/stream.h"
#include "bindings/python/waiting.h"

#include <stddef.h>
#include <structmember.h>

#define LIMIT 65536

static int set_limit(struct reader *reader, PyObject *limit)
{
    Py_ssize_t size = PyNumber_AsSsize_t(limit, PyExc_OverflowError);

    if (size == -1 && PyErr_Occurred())
        return -1;
    if (size <= 0) {
        PyErr_SetString(PyExc_ValueError, "Limit cannot be <= 0");
        return -1;
    }
    reader->limit = size;
    return 0;
}

/* For a stream (taken); NULL frees that, too. */
struct reader *reader_new(struct loop *loop, async_stream *stream, Py_ssize_t limit)
{
    struct reader *reader = (struct reader *)reader_type.tp_alloc(&reader_type, 0);

    if (!reader)
        return NULL;
    reader->loop = Py_NewRef((PyObject *)loop);
    reader->stream = async_stream_ref(stream);
    reader->limit = limit;
    reader->plain = true;
    return reader;
}

static int init(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static const char *const keywords[] = { "limit", "loop" };
    struct reader *reader = (struct reader *)self;
    PyObject *found[2] = { NULL, NULL }, *loop;

    reader->limit = LIMIT;
    if (arguments_unpack("StreamReader.__init__", keywords, 2, 0, args, kwargs, found)
        || (found[0] && set_limit(reader, found[0])))
        return -1;
    loop = loop_argument(found[1]);
    if (!loop)
        return -1;
    Py_XSETREF(reader->loop, loop);
    reader->plain = !place_overridden(Py_TYPE(self), words.readline);
    return 0;
}

/* Reading */

/* A plain int, for between a look at the kernel and its answer no code of the caller's may run. */
static PyObject *counted(const struct coroutine_kind *kind, PyObject *self, PyObject *count)
{
    PyObject *number = PyNumber_Index(count), *coroutine = number ? coroutine_new(kind, self, number) : NULL;

    Py_XDECREF(number);
    return coroutine;
}

static PyObject *method_read(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    static const char *const keywords[] = { "n" };
    PyObject *most = NULL;
    Py_ssize_t size = -1;

    if (count == 1 && !names)
        most = args[0];
    else if (arguments_parse("read", keywords, 1, 0, args, count, names, &most))
        return NULL;
    if (most && (size = PyNumber_AsSsize_t(most, PyExc_OverflowError)) == -1 && PyErr_Occurred())
        return NULL;
    return size < 0 ? coroutine_new(&read_all_kind, self, NULL) : counted(&read_kind, self, most);
}

static PyObject *method_readexactly(PyObject *self, PyObject *count)
{
    return counted(&read_exactly_kind, self, count);
}

static PyObject *method_readuntil(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    static const char *const keywords[] = { "separator" };
    PyObject *separator = words.newline;

    if (arguments_parse("readuntil", keywords, 1, 0, args, count, names, &separator))
        return NULL;
    return coroutine_new(&read_until_kind, self, separator);
}

static PyObject *method_readline(PyObject *self, PyObject *unused)
{
    return coroutine_new(&read_line_kind, self, NULL);
}

static PyObject *next_line(PyObject *self)
{
    return coroutine_new(((struct reader *)self)->plain ? &next_line_kind : &next_by_name_kind, self, NULL);
}

static PyObject *method_at_eof(PyObject *self, PyObject *unused)
{
    struct reader *reader = (struct reader *)self;
    bool over = reader->eof || (reader->stream && async_stream_is_closing(reader->stream));

    return PyBool_FromLong(over && !reader_size(reader));
}

static PyObject *method_exception(PyObject *self, PyObject *unused)
{
    struct reader *reader = (struct reader *)self;

    return Py_NewRef(reader->exception ? reader->exception : reader->failure ? reader->failure : Py_None);
}

/* Feeding */

static PyObject *done(int error)
{
    return error ? NULL : Py_NewRef(Py_None);
}

static PyObject *method_feed_data(PyObject *self, PyObject *data)
{
    struct reader *reader = (struct reader *)self;
    Py_buffer buffer;
    int error;

    if (reader->eof) {
        PyErr_SetString(PyExc_AssertionError, "feed_data after feed_eof");
        return NULL;
    }
    if (PyObject_GetBuffer(data, &buffer, PyBUF_SIMPLE))
        return NULL;
    error = reader_append(reader, buffer.buf, buffer.len);
    PyBuffer_Release(&buffer);
    if (error || !buffer.len)
        return done(error);
    return done(reader_wake(reader) || reader_pause(reader));
}

static PyObject *method_feed_eof(PyObject *self, PyObject *unused)
{
    ((struct reader *)self)->eof = true;
    return done(reader_wake((struct reader *)self));
}

static PyObject *method_set_exception(PyObject *self, PyObject *exception)
{
    Py_XSETREF(((struct reader *)self)->exception, exception == Py_None ? NULL : Py_NewRef(exception));
    return done(reader_wake((struct reader *)self));
}

static PyObject *method_set_transport(PyObject *self, PyObject *transport)
{
    struct reader *reader = (struct reader *)self;

    if (reader->transport) {
        PyErr_SetString(PyExc_AssertionError, "Transport already set");
        return NULL;
    }
    reader->transport = Py_NewRef(transport);
    Py_RETURN_NONE;
}

static PyObject *repr(PyObject *self)
{
    return PyObject_CallMethod(words.helpers, "reader_repr", "O", self);
}

static PyObject *get_buffer(PyObject *self, void *unused)
{
    struct reader *reader = (struct reader *)self;

    return PyByteArray_FromStringAndSize(reader_bytes(reader), reader_size(reader));
}

/* asyncio's protocols look for it. */
static PyObject *get_source(PyObject *self, void *unused)
{
    Py_RETURN_NONE;
}

static int traverse(PyObject *self, visitproc visit, void *arg)
{
    struct reader *reader = (struct reader *)self;

    Py_VISIT(reader->dict);
    Py_VISIT(reader->loop);
    Py_VISIT(reader->exception);
    Py_VISIT(reader->failure);
    Py_VISIT(reader->waiter);
    Py_VISIT(reader->transport);
    return 0;
}

static int clear(PyObject *self)
{
    struct reader *reader = (struct reader *)self;

    Py_CLEAR(reader->dict);
    Py_CLEAR(reader->loop);
    Py_CLEAR(reader->exception);
    Py_CLEAR(reader->failure);
    Py_CLEAR(reader->waiter);
    Py_CLEAR(reader->transport);
    return 0;
}

static void dealloc(PyObject *self)
{
    struct reader *reader = (struct reader *)self;

    PyObject_GC_UnTrack(self);
    if (reader->weakrefs)
        PyObject_ClearWeakRefs(self);
    if (reader->owner)
        async_stream_close(reader->stream);
    reader->stream = async_stream_unref(reader->stream);
    Py_CLEAR(reader->store);
    clear(self);
    Py_TYPE(self)->tp_free(self);
}

#define FAST(function) (PyCFunction)(void (*)(void))(function), METH_FASTCALL | METH_KEYWORDS

static PyMethodDef methods[] = {
    { "read", FAST(method_read), "Read what is there, up to n bytes; to the end without a number." },
    { "readexactly", method_readexactly, METH_O, "Read just so many bytes." },
    { "readuntil", FAST(method_readuntil), "Read to a separator, or to the first of several." },
    { "readline", method_readline, METH_NOARGS, "Read a line." },
    { "at_eof", method_at_eof, METH_NOARGS, "Whether the end has been read." },
    { "exception", method_exception, METH_NOARGS, "The error that it met, or None." },
    { "feed_data", method_feed_data, METH_O, "Add bytes by hand." },
    { "feed_eof", method_feed_eof, METH_NOARGS, "Add the end by hand." },
    { "set_exception", method_set_exception, METH_O, "Have each read raise this." },
    { "set_transport", method_set_transport, METH_O, "Name the transport that feeds it, to be paused." },
    { NULL, NULL, 0, NULL },
};

static PyMemberDef members[] = {
    { "_loop", T_OBJECT, offsetof(struct reader, loop), READONLY, NULL },
    { "_limit", T_PYSSIZET, offsetof(struct reader, limit), READONLY, NULL },
    { "_eof", T_BOOL, offsetof(struct reader, eof), READONLY, NULL },
    { "_paused", T_BOOL, offsetof(struct reader, paused), READONLY, NULL },
    { "_exception", T_OBJECT, offsetof(struct reader, exception), READONLY, NULL },
    { "_waiter", T_OBJECT, offsetof(struct reader, waiter), 0, NULL },
    { "_transport", T_OBJECT, offsetof(struct reader, transport), 0, NULL },
    { NULL, 0, 0, 0, NULL },
};

static PyGetSetDef getset[] = {
    { "_buffer", get_buffer, NULL, NULL, NULL },
    { "_source_traceback", get_source, NULL, NULL, NULL },
    { NULL, NULL, NULL, NULL, NULL },
};

static PyAsyncMethods as_async = { .am_aiter = PyObject_SelfIter, .am_anext = next_line };

PyTypeObject reader_type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "libasync.StreamReader",
    .tp_doc = "What a stream gives; iterate over it for its lines.",
    .tp_basicsize = sizeof(struct reader),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .tp_new = PyType_GenericNew,
    .tp_init = init,
    .tp_dealloc = dealloc,
    .tp_traverse = traverse,
    .tp_clear = clear,
    .tp_repr = repr,
    .tp_as_async = &as_async,
    .tp_methods = methods,
    .tp_members = members,
    .tp_getset = getset,
    .tp_dictoffset = offsetof(struct reader, dict),
    .tp_weaklistoffset = offsetof(struct reader, weakrefs),
};
