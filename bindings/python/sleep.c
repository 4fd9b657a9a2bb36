/* sleep: a coroutine object written in C, which starts when first awaited. Under a task of ours it yields itself, and
   the task waits for the C future it made; under any other driver it hands over to a coroutine written in Python. */
#include "bindings/python/native.h"

#include <math.h>

enum stage { NEW, WAITING, DELEGATED, OVER };

struct sleep {
    PyObject_HEAD
    PyObject *delay;
    PyObject *result;
    PyObject *inner;
    async_future *handle;
    enum stage stage;
};

#define SPARES 256
static struct sleep *spares[SPARES];
static int spare_count;

static struct sleep *sleep_new(PyObject *delay, PyObject *result)
{
    struct sleep *sleep;

    if (spare_count) {
        sleep = spares[--spare_count];
        PyObject_Init((PyObject *)sleep, &sleep_type);
    } else {
        sleep = PyObject_GC_New(struct sleep, &sleep_type);
        if (!sleep)
            return NULL;
    }
    sleep->delay = Py_NewRef(delay);
    sleep->result = Py_NewRef(result);
    sleep->inner = NULL;
    sleep->handle = NULL;
    sleep->stage = NEW;
    PyObject_GC_Track(sleep);
    return sleep;
}

PyObject *function_sleep(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    static const char *const keywords[] = { "delay", "result" };
    PyObject *found[2] = { NULL, Py_None };

    if (!names && count == 1)
        return (PyObject *)sleep_new(args[0], Py_None);
    if (arguments_parse("sleep", keywords, 2, 1, args, count, names, found))
        return NULL;
    return (PyObject *)sleep_new(found[0], found[1]);
}

/* The C future that the yielding sleep waits for (given), or NULL when this is not its own task's turn. */
async_future *sleep_take_handle(PyObject *self)
{
    struct sleep *sleep = (struct sleep *)self;
    async_future *handle = sleep->handle;

    sleep->handle = NULL;
    return handle;
}

static PySendResult delegate(struct sleep *sleep, PyObject *value, PyObject **result)
{
    PySendResult sent = send_to(sleep->inner, value, result);

    if (sent != PYGEN_NEXT)
        sleep->stage = OVER;
    return sent;
}

static PySendResult start(struct sleep *sleep, PyObject **result)
{
    struct loop *loop = running_loop;
    double seconds = PyFloat_AsDouble(sleep->delay);

    sleep->stage = OVER;
    if (seconds == -1.0 && PyErr_Occurred())
        return PYGEN_ERROR;
    if (isnan(seconds)) {
        PyErr_SetString(PyExc_ValueError, "Invalid delay: NaN (not a number)");
        return PYGEN_ERROR;
    }
    if (seconds <= 0) {
        sleep->stage = WAITING;
        *result = Py_NewRef(Py_None);
        return PYGEN_NEXT;
    }
    if (!loop || !loop->stepping) {
        sleep->inner = PyObject_CallMethod(words.helpers, "sleep", "dO", seconds, sleep->result);
        if (!sleep->inner)
            return PYGEN_ERROR;
        sleep->stage = DELEGATED;
        return delegate(sleep, Py_None, result);
    }
    sleep->handle = isinf(seconds) ? async_future_new(loop->handle) : async_sleep(loop->handle, seconds);
    sleep->stage = WAITING;
    *result = Py_NewRef((PyObject *)sleep);
    return PYGEN_NEXT;
}

static PySendResult send_sleep(PyObject *self, PyObject *value, PyObject **result)
{
    struct sleep *sleep = (struct sleep *)self;

    *result = NULL;
    switch (sleep->stage) {
    case NEW:
        if (value == Py_None)
            return start(sleep, result);
        PyErr_SetString(PyExc_TypeError, "can't send non-None value to a just-started coroutine");
        return PYGEN_ERROR;
    case WAITING:
        sleep->stage = OVER;
        *result = Py_NewRef(sleep->result);
        return PYGEN_RETURN;
    case DELEGATED:
        return delegate(sleep, value, result);
    default:
        PyErr_SetString(PyExc_RuntimeError, "cannot reuse already awaited coroutine");
        return PYGEN_ERROR;
    }
}

static PyObject *send_or_stop(PyObject *self, PyObject *value)
{
    PyObject *result;

    if (send_sleep(self, value, &result) != PYGEN_RETURN)
        return result;
    stop_iteration_raise(result);
    if (!PyErr_Occurred())
        PyErr_SetNone(PyExc_StopIteration);
    return NULL;
}

static PyObject *next(PyObject *self)
{
    PyObject *result;

    return send_sleep(self, Py_None, &result) == PYGEN_RETURN ? stop_iteration_raise(result) : result;
}

static PyObject *method_throw(PyObject *self, PyObject *args)
{
    struct sleep *sleep = (struct sleep *)self;
    PyObject *method, *answer;

    if (sleep->stage != DELEGATED) {
        sleep->stage = OVER;
        sleep->handle = async_future_unref(sleep->handle);
        return throw_arguments(args);
    }
    method = PyObject_GetAttr(sleep->inner, words.throw);
    answer = method ? PyObject_CallObject(method, args) : NULL;
    Py_XDECREF(method);
    if (!answer)
        sleep->stage = OVER;
    return answer;
}

static PyObject *method_close(PyObject *self, PyObject *unused)
{
    struct sleep *sleep = (struct sleep *)self;

    sleep->stage = OVER;
    sleep->handle = async_future_unref(sleep->handle);
    if (sleep->inner)
        return PyObject_CallMethod(sleep->inner, "close", NULL);
    Py_RETURN_NONE;
}

static int traverse(PyObject *self, visitproc visit, void *arg)
{
    struct sleep *sleep = (struct sleep *)self;

    Py_VISIT(sleep->delay);
    Py_VISIT(sleep->result);
    Py_VISIT(sleep->inner);
    return 0;
}

static int clear(PyObject *self)
{
    struct sleep *sleep = (struct sleep *)self;

    Py_CLEAR(sleep->delay);
    Py_CLEAR(sleep->result);
    Py_CLEAR(sleep->inner);
    sleep->handle = async_future_unref(sleep->handle);
    return 0;
}

static void warn_never_awaited(void)
{
    PyObject *raised = raised_take();

    if (PyErr_WarnEx(PyExc_RuntimeWarning, "coroutine 'sleep' was never awaited", 1))
        PyErr_WriteUnraisable(Py_None);
    if (raised) {
        raise_object(raised);
        Py_DECREF(raised);
    }
}

static void dealloc(PyObject *self)
{
    struct sleep *sleep = (struct sleep *)self;

    PyObject_GC_UnTrack(self);
    if (sleep->stage == NEW)
        warn_never_awaited();
    clear(self);
    if (spare_count < SPARES)
        spares[spare_count++] = sleep;
    else
        PyObject_GC_Del(self);
}

static PyObject *repr(PyObject *self)
{
    return PyUnicode_FromFormat("<coroutine object sleep at %p>", (void *)self);
}

static PyMethodDef methods[] = {
    { "send", send_or_stop, METH_O, NULL },
    { "throw", method_throw, METH_VARARGS, NULL },
    { "close", method_close, METH_NOARGS, NULL },
    { NULL, NULL, 0, NULL },
};

static PyAsyncMethods as_async = {
    .am_await = PyObject_SelfIter,
#if PY_VERSION_HEX >= 0x030A0000
    .am_send = send_sleep,
#endif
};

PyTypeObject sleep_type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "libasync.sleep",
    .tp_basicsize = sizeof(struct sleep),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .tp_dealloc = dealloc,
    .tp_traverse = traverse,
    .tp_clear = clear,
    .tp_repr = repr,
    .tp_iternext = next,
    .tp_as_async = &as_async,
    .tp_methods = methods,
};
