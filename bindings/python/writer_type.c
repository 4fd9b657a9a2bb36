/* StreamWriter as Python sees it. */
#include "bindings/python/stream.h"

#include <stddef.h>
#include <structmember.h>

struct writer *writer_new(struct loop *loop, async_stream *stream, struct reader *reader)
{
    struct writer *writer = (struct writer *)writer_type.tp_alloc(&writer_type, 0);

    if (!writer)
        return NULL;
    writer->loop = Py_NewRef((PyObject *)loop);
    writer->stream = async_stream_ref(stream);
    writer->reader = (struct reader *)Py_XNewRef((PyObject *)reader);
    return writer;
}

static PyObject *done(int error)
{
    return error ? NULL : Py_NewRef(Py_None);
}

static PyObject *method_write(PyObject *self, PyObject *data)
{
    return done(writer_write((struct writer *)self, data));
}

static PyObject *method_writelines(PyObject *self, PyObject *data)
{
    return done(writer_write_all((struct writer *)self, data));
}

static PyObject *method_drain(PyObject *self, PyObject *unused)
{
    return writer_is_calm((struct writer *)self) ? coroutine_empty() : coroutine_new(&drain_kind, self, NULL);
}

static PyObject *method_write_eof(PyObject *self, PyObject *unused)
{
    int error = async_stream_write_eof(((struct writer *)self)->stream);

    return done(error && error != ASYNC_ECLOSED ? raise_error(error, NULL) : 0);
}

static PyObject *method_can_write_eof(PyObject *self, PyObject *unused)
{
    return PyBool_FromLong(async_stream_can_write_eof(((struct writer *)self)->stream));
}

/* The kernel forgets our address with the descriptor; asyncio remembers it. */
static void note_address(struct writer *writer)
{
    if (!writer->local)
        writer->local = async_stream_local(writer->stream);
}

static int close_socket(struct writer *writer)
{
    PyObject *given = writer->socket, *answer = given ? PyObject_CallMethod(given, "close", NULL) : Py_NewRef(Py_None);

    writer->socket = NULL;
    Py_XDECREF(given);
    Py_XDECREF(answer);
    return answer ? 0 : -1;
}

static PyObject *end(PyObject *self, int (*how)(async_stream *stream))
{
    struct writer *writer = (struct writer *)self;

    note_address(writer);
    if (how(writer->stream) == ASYNC_ETHREAD)
        return done(raise_error(ASYNC_ETHREAD, NULL));
    return done(close_socket(writer));
}

static PyObject *method_close(PyObject *self, PyObject *unused)
{
    return end(self, async_stream_close);
}

static PyObject *method_abort(PyObject *self, PyObject *unused)
{
    return end(self, async_stream_abort);
}

static PyObject *method_is_closing(PyObject *self, PyObject *unused)
{
    return PyBool_FromLong(async_stream_is_closing(((struct writer *)self)->stream));
}

static PyObject *method_wait_closed(PyObject *self, PyObject *unused)
{
    return coroutine_new(&wait_closed_kind, self, NULL);
}

static PyObject *unix_address(const char *path)
{
    if (*path == '@')
        return PyBytes_FromFormat("%c%s", 0, path + 1);
    return PyUnicode_DecodeFSDefault(path);
}

/* An address as the socket module has it (taken); NULL gives NULL. */
static PyObject *address_to_python(async_value *taken)
{
    PyObject *address = NULL;

    switch (async_address_family(taken)) {
    case ASYNC_IPV4:
        address = Py_BuildValue("si", async_address_host(taken), async_address_port(taken));
        break;
    case ASYNC_IPV6:
        address = Py_BuildValue("siiI", async_address_host(taken), async_address_port(taken), 0,
                                (unsigned int)async_address_scope(taken));
        break;
    case ASYNC_UNIX:
        address = unix_address(async_address_path(taken));
        break;
    }
    async_value_unref(taken);
    return address;
}

static PyObject *address_called(struct writer *writer, PyObject *name)
{
    if (PyUnicode_CompareWithASCIIString(name, "peername") == 0)
        return address_to_python(async_stream_peer(writer->stream));
    if (PyUnicode_CompareWithASCIIString(name, "sockname") == 0)
        return address_to_python(writer->local ? async_value_ref(writer->local) : async_stream_local(writer->stream));
    return NULL;
}

static PyObject *method_get_extra_info(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    static const char *const keywords[] = { "name", "default" };
    PyObject *found[2] = { NULL, Py_None }, *address = NULL;

    if (arguments_parse("get_extra_info", keywords, 2, 1, args, count, names, found))
        return NULL;
    if (PyUnicode_Check(found[0]))
        address = address_called((struct writer *)self, found[0]);
    if (address || PyErr_Occurred())
        return address;
    return PyObject_CallMethod(words.helpers, "extra_info", "OOO", self, found[0], found[1]);
}

/* What the transport is made of. */

static PyObject *method_fileno(PyObject *self, PyObject *unused)
{
    return PyLong_FromLong(async_stream_descriptor(((struct writer *)self)->stream));
}

static PyObject *method_unsent(PyObject *self, PyObject *unused)
{
    return PyLong_FromSize_t(async_stream_unsent(((struct writer *)self)->stream));
}

static PyObject *method_set_marks(PyObject *self, PyObject *args)
{
    Py_ssize_t high, low;
    int error;

    if (!PyArg_ParseTuple(args, "nn", &high, &low))
        return NULL;
    error = async_stream_set_water_marks(((struct writer *)self)->stream, (size_t)high, (size_t)low);
    return done(error && error != ASYNC_ECLOSED ? raise_error(error, NULL) : 0);
}

static PyObject *method_sendfile(PyObject *self, PyObject *args)
{
    struct writer *writer = (struct writer *)self;
    long long offset, count;
    int file;

    if (!PyArg_ParseTuple(args, "iLL", &file, &offset, &count))
        return NULL;
    return future_wrap((struct loop *)writer->loop, async_stream_sendfile(writer->stream, file, offset, count));
}

/* The same one for as long as somebody holds it; it holds us. */
static PyObject *get_transport(PyObject *self, void *unused)
{
    struct writer *writer = (struct writer *)self;
    PyObject *transport = writer->transport ? PyObject_CallNoArgs(writer->transport) : Py_NewRef(Py_None);

    if (transport != Py_None)
        return transport;
    Py_DECREF(transport);
    transport = PyObject_CallMethod(words.helpers, "transport", "O", self);
    Py_XSETREF(writer->transport, transport ? PyWeakref_NewRef(transport, NULL) : NULL);
    return transport;
}

static PyObject *repr(PyObject *self)
{
    PyObject *peer = address_to_python(async_stream_peer(((struct writer *)self)->stream));
    PyObject *text = PyErr_Occurred() ? NULL : PyObject_CallMethod(words.helpers, "writer_repr", "OO", self,
                                                                   peer ? peer : Py_None);

    Py_XDECREF(peer);
    return text;
}

/* Nobody can write or close any more. */
static void finalize(PyObject *self)
{
    struct writer *writer = (struct writer *)self;
    PyObject *raised;
    int error;

    if (!writer->stream || async_stream_is_closing(writer->stream))
        return;
    raised = raised_take();
    if (async_loop_is_closed(((struct loop *)writer->loop)->handle)) {
        error = PyErr_WarnEx(PyExc_ResourceWarning, "loop is closed", 1);
    } else {
        error = PyErr_ResourceWarning(self, 1, "unclosed %R", self);
        async_stream_close(writer->stream);
    }
    if (close_socket(writer) || error)
        PyErr_WriteUnraisable(self);
    raised_put_back(raised);
}

static int traverse(PyObject *self, visitproc visit, void *arg)
{
    struct writer *writer = (struct writer *)self;

    Py_VISIT(writer->dict);
    Py_VISIT(writer->loop);
    Py_VISIT(writer->reader);
    Py_VISIT(writer->socket);
    return 0;
}

static int clear(PyObject *self)
{
    struct writer *writer = (struct writer *)self;

    Py_CLEAR(writer->dict);
    Py_CLEAR(writer->reader);
    Py_CLEAR(writer->socket);
    return 0;
}

static void dealloc(PyObject *self)
{
    struct writer *writer = (struct writer *)self;

    if (PyObject_CallFinalizerFromDealloc(self))
        return;
    PyObject_GC_UnTrack(self);
    if (writer->weakrefs)
        PyObject_ClearWeakRefs(self);
    clear(self);
    Py_CLEAR(writer->transport);
    Py_CLEAR(writer->loop);
    writer->local = async_value_unref(writer->local);
    writer->stream = async_stream_unref(writer->stream);
    Py_TYPE(self)->tp_free(self);
}

#define FAST(function) (PyCFunction)(void (*)(void))(function), METH_FASTCALL | METH_KEYWORDS

static PyMethodDef methods[] = {
    { "write", method_write, METH_O, "Write bytes: at once what can be sent at once, the rest as the peer takes it." },
    { "writelines", method_writelines, METH_O, "Write several pieces as one." },
    { "drain", method_drain, METH_NOARGS, "Wait until there is room for more." },
    { "write_eof", method_write_eof, METH_NOARGS, "End our half, behind what was written." },
    { "can_write_eof", method_can_write_eof, METH_NOARGS, "Whether write_eof can be." },
    { "close", method_close, METH_NOARGS, "Close, once what was written is sent." },
    { "is_closing", method_is_closing, METH_NOARGS, "Whether it was closed." },
    { "wait_closed", method_wait_closed, METH_NOARGS, "Wait until it is closed and all is sent." },
    { "get_extra_info", FAST(method_get_extra_info), "What is known by a name: peername, sockname, socket." },
    { "_abort", method_abort, METH_NOARGS, NULL },
    { "_fileno", method_fileno, METH_NOARGS, NULL },
    { "_unsent", method_unsent, METH_NOARGS, NULL },
    { "_set_marks", method_set_marks, METH_VARARGS, NULL },
    { "_sendfile", method_sendfile, METH_VARARGS, NULL },
    { NULL, NULL, 0, NULL },
};

static PyMemberDef members[] = {
    { "_loop", T_OBJECT, offsetof(struct writer, loop), READONLY, NULL },
    { "_reader", T_OBJECT, offsetof(struct writer, reader), READONLY, NULL },
    { "_socket", T_OBJECT, offsetof(struct writer, socket), 0, NULL },
    { NULL, 0, 0, 0, NULL },
};

static PyGetSetDef getset[] = {
    { "transport", get_transport, NULL, "What asyncio's programs reach for: limits, abort.", NULL },
    { "_transport", get_transport, NULL, NULL, NULL },
    { NULL, NULL, NULL, NULL, NULL },
};

PyTypeObject writer_type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "libasync.StreamWriter",
    .tp_doc = "What takes bytes for a stream.",
    .tp_basicsize = sizeof(struct writer),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .tp_dealloc = dealloc,
    .tp_finalize = finalize,
    .tp_traverse = traverse,
    .tp_clear = clear,
    .tp_repr = repr,
    .tp_methods = methods,
    .tp_members = members,
    .tp_getset = getset,
    .tp_dictoffset = offsetof(struct writer, dict),
    .tp_weaklistoffset = offsetof(struct writer, weakrefs),
};
