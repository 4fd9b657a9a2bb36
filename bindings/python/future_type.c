/* Future as Python sees it: asyncio's methods and messages. */
#include "bindings/python/native.h"

#include <stddef.h>

static struct future *ready(PyObject *self)
{
    struct future *future = (struct future *)self;

    if (future->loop)
        return future;
    PyErr_SetString(PyExc_RuntimeError, "Future object is not initialized.");
    return NULL;
}

/* Without a loop given: the running one, else what get_event_loop makes of it. */
PyObject *loop_argument(PyObject *loop)
{
    if (loop && loop != Py_None)
        return Py_NewRef(loop);
    return PyObject_CallMethod(words.helpers, "get_event_loop", NULL);
}

int note_source(struct future *future)
{
    PyObject *debug = future->native ? Py_NewRef(future->debug ? Py_True : Py_False)
                                     : PyObject_CallMethod(future->loop, "get_debug", NULL);
    PyObject *stack;
    int truth = debug ? PyObject_IsTrue(debug) : -1;

    Py_XDECREF(debug);
    if (truth <= 0)
        return truth;
    stack = PyObject_CallMethod(words.helpers, "extract_stack", NULL);
    if (!stack)
        return -1;
    if (!future->dict && !(future->dict = PyDict_New())) {
        Py_DECREF(stack);
        return -1;
    }
    truth = PyDict_SetItemString(future->dict, "_source_traceback", stack);
    Py_DECREF(stack);
    return truth;
}

static int future_type_init(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = { "loop", NULL };
    PyObject *loop = NULL;
    int error;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|$O:Future", names, &loop))
        return -1;
    loop = loop_argument(loop);
    if (!loop)
        return -1;
    error = future_init((struct future *)self, loop);
    Py_DECREF(loop);
    return error ? -1 : note_source((struct future *)self);
}

static PyObject *method_result(PyObject *self, PyObject *unused)
{
    PyObject *result;

    return future_result((struct future *)self, &result) ? NULL : result;
}

static PyObject *method_exception(PyObject *self, PyObject *unused)
{
    return future_exception((struct future *)self);
}

static PyObject *method_set_result(PyObject *self, PyObject *result)
{
    struct future *future = ready(self);

    if (!future)
        return NULL;
    if (future_is_done(future)) {
        PyErr_SetString(words.invalid_state_error, "invalid state");
        return NULL;
    }
    if (future_finish(future, FINISHED, false, Py_NewRef(result)))
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *wrapped_stop_iteration(PyObject *taken)
{
    PyObject *error = PyObject_CallFunction(
        PyExc_RuntimeError, "s", "StopIteration interacts badly with generators and cannot be raised into a Future");

    if (!error) {
        Py_DECREF(taken);
        return NULL;
    }
    PyException_SetContext(error, Py_NewRef(taken));
    PyException_SetCause(error, taken);
    return error;
}

static PyObject *exception_argument(PyObject *exception)
{
    if (PyExceptionClass_Check(exception)) {
        exception = PyObject_CallNoArgs(exception);
        if (!exception)
            return NULL;
    } else {
        Py_INCREF(exception);
    }
    if (!PyExceptionInstance_Check(exception)) {
        Py_DECREF(exception);
        PyErr_SetString(PyExc_TypeError, "invalid exception object");
        return NULL;
    }
    return PyErr_GivenExceptionMatches(exception, PyExc_StopIteration) ? wrapped_stop_iteration(exception) : exception;
}

static PyObject *method_set_exception(PyObject *self, PyObject *argument)
{
    struct future *future = ready(self);
    PyObject *exception;

    if (!future)
        return NULL;
    if (future_is_done(future)) {
        PyErr_SetString(words.invalid_state_error, "invalid state");
        return NULL;
    }
    exception = exception_argument(argument);
    if (!exception)
        return NULL;
    if (future_finish(future, FINISHED, true, exception))
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *method_done(PyObject *self, PyObject *unused)
{
    return PyBool_FromLong(future_is_done((struct future *)self));
}

static PyObject *method_cancelled(PyObject *self, PyObject *unused)
{
    return PyBool_FromLong(future_is_done((struct future *)self) && ((struct future *)self)->state == CANCELLED);
}

static PyObject *method_cancel(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = { "msg", NULL };
    struct future *future = ready(self);
    PyObject *message = NULL;
    int taken;

    if (!future || !PyArg_ParseTupleAndKeywords(args, kwargs, "|O:cancel", names, &message))
        return NULL;
    taken = PyObject_TypeCheck(self, &task_type) ? task_cancel((struct task *)self, message)
                                                 : future_cancel(future, message);
    return taken < 0 ? NULL : PyBool_FromLong(taken);
}

static PyObject *method_add_done_callback(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = { "", "context", NULL };
    struct future *future = ready(self);
    PyObject *function, *context = NULL;

    if (!future || !PyArg_ParseTupleAndKeywords(args, kwargs, "O|$O:add_done_callback", names, &function, &context)
        || callback_add(future, function, context))
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *method_remove_done_callback(PyObject *self, PyObject *function)
{
    struct future *future = ready(self);
    Py_ssize_t removed = future ? callback_remove(future, function) : -1;

    return removed < 0 ? NULL : PyLong_FromSsize_t(removed);
}

static PyObject *method_get_loop(PyObject *self, PyObject *unused)
{
    struct future *future = ready(self);

    return future ? Py_NewRef(future->loop) : NULL;
}

static PyObject *method_make_cancelled_error(PyObject *self, PyObject *unused)
{
    return future_cancelled_error((struct future *)self);
}

static PyObject *future_repr(PyObject *self)
{
    return PyObject_CallMethod(words.helpers, "future_repr", "O", self);
}

PyObject *future_iterator(PyObject *self)
{
    struct future *future = ready(self);

    return future ? future_iterator_new(future) : NULL;
}

static PyObject *get_state(PyObject *self, void *unused)
{
    static const char *const names[] = { [PENDING] = "PENDING", [CANCELLED] = "CANCELLED", [FINISHED] = "FINISHED" };

    future_is_done((struct future *)self);
    return PyUnicode_FromString(names[((struct future *)self)->state]);
}

static PyObject *get_blocking(PyObject *self, void *unused)
{
    return PyBool_FromLong(((struct future *)self)->blocking);
}

static int set_blocking(PyObject *self, PyObject *value, void *unused)
{
    int truth = value ? PyObject_IsTrue(value) : -1;

    if (truth >= 0)
        ((struct future *)self)->blocking = truth;
    else if (!value)
        PyErr_SetString(PyExc_AttributeError, "cannot delete attribute");
    return truth < 0 ? -1 : 0;
}

static PyObject *get_log(PyObject *self, void *unused)
{
    return PyBool_FromLong(((struct future *)self)->unread);
}

static int set_log(PyObject *self, PyObject *value, void *unused)
{
    struct future *future = (struct future *)self;
    int truth = value ? PyObject_IsTrue(value) : -1;

    if (truth > 0)
        PyErr_SetString(PyExc_ValueError, "_log_traceback can only be set to False");
    else if (!value)
        PyErr_SetString(PyExc_AttributeError, "cannot delete attribute");
    if (truth)
        return -1;
    if (future->handle && future->unread)
        async_future_mark_read(future->handle);
    future->unread = false;
    return 0;
}

static PyObject *get_loop(PyObject *self, void *unused)
{
    return Py_NewRef(((struct future *)self)->loop ? ((struct future *)self)->loop : Py_None);
}

static PyObject *get_result(PyObject *self, void *unused)
{
    struct future *future = (struct future *)self;

    return Py_NewRef(future->state == FINISHED && !future->failed && future->result ? future->result : Py_None);
}

static PyObject *get_exception(PyObject *self, void *unused)
{
    struct future *future = (struct future *)self;

    return Py_NewRef(future->failed && future->result ? future->result : Py_None);
}

static PyObject *get_message(PyObject *self, void *unused)
{
    return Py_NewRef(((struct future *)self)->message ? ((struct future *)self)->message : Py_None);
}

static int set_message(PyObject *self, PyObject *message, void *unused)
{
    if (!message) {
        PyErr_SetString(PyExc_AttributeError, "cannot delete attribute");
        return -1;
    }
    Py_XSETREF(((struct future *)self)->message, message == Py_None ? NULL : Py_NewRef(message));
    return 0;
}

static PyObject *get_callbacks(PyObject *self, void *unused)
{
    return callbacks_list((struct future *)self);
}

static PyObject *get_source(PyObject *self, void *unused)
{
    struct future *future = (struct future *)self;
    PyObject *stack = future->dict ? PyDict_GetItemString(future->dict, "_source_traceback") : NULL;

    return Py_NewRef(stack ? stack : Py_None);
}

PyGetSetDef future_getset[] = {
    { "_state", get_state, NULL, NULL, NULL },
    { "_asyncio_future_blocking", get_blocking, set_blocking, NULL, NULL },
    { "_log_traceback", get_log, set_log, NULL, NULL },
    { "_loop", get_loop, NULL, NULL, NULL },
    { "_result", get_result, NULL, NULL, NULL },
    { "_exception", get_exception, NULL, NULL, NULL },
    { "_cancel_message", get_message, set_message, NULL, NULL },
    { "_callbacks", get_callbacks, NULL, NULL, NULL },
    { "_source_traceback", get_source, NULL, NULL, NULL },
    { NULL, NULL, NULL, NULL, NULL },
};

#define KEYWORDS(function) (PyCFunction)(void (*)(void))(function), METH_VARARGS | METH_KEYWORDS

static PyMethodDef methods[] = {
    { "result", method_result, METH_NOARGS, "The value, or the failure raised." },
    { "exception", method_exception, METH_NOARGS, "The failure, or None." },
    { "set_result", method_set_result, METH_O, "Complete with a value." },
    { "set_exception", method_set_exception, METH_O, "Complete with a failure." },
    { "done", method_done, METH_NOARGS, "Whether the outcome is there." },
    { "cancelled", method_cancelled, METH_NOARGS, "Whether it ended by a cancel." },
    { "cancel", KEYWORDS(method_cancel), "Cancel, with a message if given; False when it is done already." },
    { "add_done_callback", KEYWORDS(method_add_done_callback), "Call a function with the future once it is done." },
    { "remove_done_callback", method_remove_done_callback, METH_O, "Take a callback back; how many were removed." },
    { "get_loop", method_get_loop, METH_NOARGS, "The loop it belongs to." },
    { "_make_cancelled_error", method_make_cancelled_error, METH_NOARGS, NULL },
    { "__class_getitem__", Py_GenericAlias, METH_O | METH_CLASS, NULL },
    { NULL, NULL, 0, NULL },
};

static int type_traverse(PyObject *self, visitproc visit, void *arg)
{
    return future_traverse((struct future *)self, visit, arg);
}

static int type_clear(PyObject *self)
{
    future_clear((struct future *)self);
    return 0;
}

#define SPARES 128
static struct future *spares[SPARES];
static int spare_count;

static void dealloc(PyObject *self)
{
    struct future *future = (struct future *)self;

    if (future->unread && PyObject_CallFinalizerFromDealloc(self))
        return;
    PyObject_GC_UnTrack(self);
    if (future->weakrefs)
        PyObject_ClearWeakRefs(self);
    future_clear(future);
    if (Py_IS_TYPE(self, &future_type) && spare_count < SPARES && !PyObject_GC_IsFinalized(self))
        spares[spare_count++] = future;
    else
        Py_TYPE(self)->tp_free(self);
}

static struct future *future_new(void)
{
    struct future *future;

    if (!spare_count)
        return (struct future *)future_type.tp_alloc(&future_type, 0);
    future = spares[--spare_count];
    memset(&future->dict, 0, sizeof *future - offsetof(struct future, dict));
    PyObject_Init((PyObject *)future, &future_type);
    PyObject_GC_Track(future);
    return future;
}

PyObject *future_new_future(PyObject *loop)
{
    struct future *future = future_new();

    if (!future)
        return NULL;
    future_init(future, loop);
    if (future->debug && note_source(future))
        Py_CLEAR(future);
    return (PyObject *)future;
}

/* A future made by C, or by another language. */
PyObject *future_wrap(struct loop *loop, async_future *taken)
{
    struct future *future = future_new();

    if (!future) {
        async_future_unref(taken);
        return NULL;
    }
    future_init(future, (PyObject *)loop);
    future->handle = taken;
    future->shared = true;
    return (PyObject *)future;
}

static PyAsyncMethods as_async = { .am_await = future_iterator };

PyTypeObject future_type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "libasync.Future",
    .tp_doc = "A result that is there or will be.",
    .tp_basicsize = sizeof(struct future),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .tp_new = PyType_GenericNew,
    .tp_init = future_type_init,
    .tp_dealloc = dealloc,
    .tp_finalize = future_finalize,
    .tp_traverse = type_traverse,
    .tp_clear = type_clear,
    .tp_repr = future_repr,
    .tp_iter = future_iterator,
    .tp_as_async = &as_async,
    .tp_methods = methods,
    .tp_getset = future_getset,
    .tp_dictoffset = offsetof(struct future, dict),
    .tp_weaklistoffset = offsetof(struct future, weakrefs),
};
