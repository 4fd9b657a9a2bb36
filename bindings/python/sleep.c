/* sleep. In a task of ours it yields itself, and the task waits for the C future that it made; elsewhere a coroutine
   written in Python does it. */
#include "bindings/python/coroutine.h"

#include <math.h>

static PySendResult start(struct coroutine *self, PyObject **result)
{
    struct loop *loop = running_loop;
    double seconds = PyFloat_AsDouble(self->argument);

    if (seconds == -1.0 && PyErr_Occurred())
        return PYGEN_ERROR;
    if (isnan(seconds)) {
        PyErr_SetString(PyExc_ValueError, "Invalid delay: NaN (not a number)");
        return PYGEN_ERROR;
    }
    if (seconds <= 0) {
        *result = Py_NewRef(Py_None);
        return PYGEN_NEXT;
    }
    if (!loop || !loop->stepping)
        return coroutine_await_taken(self, PyObject_CallMethod(words.helpers, "sleep", "d", seconds));
    self->extra = isinf(seconds) ? async_future_new(loop->handle) : async_sleep(loop->handle, seconds);
    *result = Py_NewRef((PyObject *)self);
    return PYGEN_NEXT;
}

static PySendResult resume(struct coroutine *self, PyObject *awaited, PyObject *value, PyObject **result)
{
    if (!value)
        return PYGEN_ERROR;
    Py_DECREF(value);
    *result = Py_NewRef(self->subject);
    return PYGEN_RETURN;
}

static const struct coroutine_kind kind = { "sleep", start, resume, coroutine_drop_handle };

PyObject *function_sleep(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    static const char *const keywords[] = { "delay", "result" };
    PyObject *found[2] = { NULL, Py_None };

    if (!names && count == 1)
        return coroutine_new(&kind, Py_None, args[0]);
    if (arguments_parse("sleep", keywords, 2, 1, args, count, names, found))
        return NULL;
    return coroutine_new(&kind, found[1], found[0]);
}
