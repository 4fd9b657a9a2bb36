/* What `await future` drives: it yields the future until that is done, then answers with its result. */
#include "bindings/python/native.h"

struct iterator {
    PyObject_HEAD
    struct future *future;
};

#define SPARES 64
static struct iterator *spares[SPARES];
static int spare_count;

PyObject *future_iterator_new(struct future *future)
{
    struct iterator *iterator;

    if (spare_count) {
        iterator = spares[--spare_count];
        PyObject_Init((PyObject *)iterator, &future_iterator_type);
    } else {
        iterator = PyObject_GC_New(struct iterator, &future_iterator_type);
        if (!iterator)
            return NULL;
    }
    iterator->future = (struct future *)Py_NewRef((PyObject *)future);
    PyObject_GC_Track(iterator);
    return (PyObject *)iterator;
}

/* Yields the future while it is pending, then answers with its result. */
PySendResult future_send(struct future *future, PyObject **result)
{
    if (future_is_done(future))
        return future_result(future, result) ? PYGEN_ERROR : PYGEN_RETURN;
    if (future->blocking) {
        PyErr_SetString(PyExc_RuntimeError, "await wasn't used with future");
        return PYGEN_ERROR;
    }
    future->blocking = true;
    *result = Py_NewRef((PyObject *)future);
    return PYGEN_NEXT;
}

static PySendResult send_iterator(PyObject *self, PyObject *value, PyObject **result)
{
    struct iterator *iterator = (struct iterator *)self;
    struct future *future = iterator->future;
    PySendResult sent;

    *result = NULL;
    if (!future) {
        *result = Py_NewRef(Py_None);
        return PYGEN_RETURN;
    }
    sent = future_send(future, result);
    if (sent != PYGEN_NEXT)
        Py_CLEAR(iterator->future);
    return sent;
}

static PyObject *next(PyObject *self)
{
    PyObject *result;
    PySendResult sent = send_iterator(self, Py_None, &result);

    return sent == PYGEN_RETURN ? stop_iteration_raise(result) : result;
}

static PyObject *method_send(PyObject *self, PyObject *value)
{
    PyObject *result = next(self);

    if (!result && !PyErr_Occurred())
        PyErr_SetNone(PyExc_StopIteration);
    return result;
}

static PyObject *method_throw(PyObject *self, PyObject *args)
{
    Py_CLEAR(((struct iterator *)self)->future);
    return throw_arguments(args);
}

static PyObject *method_close(PyObject *self, PyObject *unused)
{
    Py_CLEAR(((struct iterator *)self)->future);
    Py_RETURN_NONE;
}

static int traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(((struct iterator *)self)->future);
    return 0;
}

static int clear(PyObject *self)
{
    Py_CLEAR(((struct iterator *)self)->future);
    return 0;
}

static void dealloc(PyObject *self)
{
    PyObject_GC_UnTrack(self);
    Py_CLEAR(((struct iterator *)self)->future);
    if (spare_count < SPARES)
        spares[spare_count++] = (struct iterator *)self;
    else
        PyObject_GC_Del(self);
}

static PyMethodDef methods[] = {
    { "send", method_send, METH_O, NULL },
    { "throw", method_throw, METH_VARARGS, NULL },
    { "close", method_close, METH_NOARGS, NULL },
    { NULL, NULL, 0, NULL },
};

#if PY_VERSION_HEX >= 0x030A0000
static PyAsyncMethods as_async = { .am_send = send_iterator };
#endif

PyTypeObject future_iterator_type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "libasync.FutureIterator",
    .tp_basicsize = sizeof(struct iterator),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .tp_dealloc = dealloc,
    .tp_traverse = traverse,
    .tp_clear = clear,
    .tp_iter = PyObject_SelfIter,
    .tp_iternext = next,
    .tp_methods = methods,
#if PY_VERSION_HEX >= 0x030A0000
    .tp_as_async = &as_async,
#endif
};
