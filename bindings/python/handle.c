/* Handle and TimerHandle: calls that wait for their turn, their time or their descriptor. */
#include "bindings/python/native.h"

#include <math.h>
#include <stddef.h>

struct handle {
    PyObject_HEAD
    PyObject *weakrefs;
    struct loop *loop;
    PyObject *function;
    PyObject *args;      /* a tuple, or NULL for none */
    PyObject *context;
    async_timer *timer;
    double when;
    bool cancelled;
};

#define SPARES 256
static struct handle *spares[SPARES];
static int spare_count;

static struct handle *handle_alloc(PyTypeObject *type)
{
    struct handle *handle;

    if (!spare_count)
        return (struct handle *)type->tp_alloc(type, 0);
    handle = spares[--spare_count];
    memset(&handle->weakrefs, 0, sizeof *handle - offsetof(struct handle, weakrefs));
    PyObject_Init((PyObject *)handle, type);
    PyObject_GC_Track(handle);
    return handle;
}

static PyObject *pack(PyObject *const *args, Py_ssize_t count)
{
    PyObject *tuple = PyTuple_New(count);

    for (Py_ssize_t i = 0; tuple && i < count; i++)
        PyTuple_SET_ITEM(tuple, i, Py_NewRef(args[i]));
    return tuple;
}

/* The one keyword that these functions take. */
static int context_argument(PyObject *const *args, Py_ssize_t count, PyObject *names, PyObject **context)
{
    *context = NULL;
    for (Py_ssize_t i = 0; names && i < PyTuple_GET_SIZE(names); i++) {
        if (PyUnicode_CompareWithASCIIString(PyTuple_GET_ITEM(names, i), "context")) {
            PyErr_Format(PyExc_TypeError, "got an unexpected keyword argument '%U'", PyTuple_GET_ITEM(names, i));
            return -1;
        }
        *context = args[count + i];
    }
    *context = context_for(*context);
    return *context ? 0 : -1;
}

static int check_function(PyObject *function, const char *caller)
{
    if (PyCoro_CheckExact(function))
        PyErr_Format(PyExc_TypeError, "coroutines cannot be used with %s()", caller);
    else if (!PyCallable_Check(function))
        PyErr_Format(PyExc_TypeError, "a callable object was expected by %s(), got %R", caller, function);
    else
        return 0;
    return -1;
}

static struct handle *handle_new(PyTypeObject *type, struct loop *loop, PyObject *const *args, Py_ssize_t count,
                                 Py_ssize_t skipped, PyObject *names, const char *caller)
{
    struct handle *handle;
    PyObject *context;

    if (count <= skipped) {
        PyErr_Format(PyExc_TypeError, "%s() missing required argument", caller);
        return NULL;
    }
    if (async_loop_is_closed(loop->handle)) {
        raise_error(ASYNC_ECLOSED, NULL);
        return NULL;
    }
    if (check_function(args[skipped], caller) || context_argument(args, count, names, &context))
        return NULL;
    handle = handle_alloc(type);
    if (!handle) {
        Py_DECREF(context);
        return NULL;
    }
    handle->loop = (struct loop *)Py_NewRef((PyObject *)loop);
    handle->function = Py_NewRef(args[skipped]);
    handle->context = context;
    if (count == skipped + 1 || (handle->args = pack(args + skipped + 1, count - skipped - 1)))
        return handle;
    Py_DECREF(handle);
    return NULL;
}

static void handle_run(struct handle *handle)
{
    struct loop *loop = handle->loop, *previous;
    PyObject *function = handle->function, *args = handle->args, *context = handle->context, *answer = NULL;

    if (handle->cancelled)
        return;
    previous = loop_enter(loop);
    Py_INCREF(function);
    Py_XINCREF(args);
    Py_INCREF(context);
    if (!PyContext_Enter(context)) {
        answer = args ? PyObject_Vectorcall(function, PySequence_Fast_ITEMS(args), (size_t)PyTuple_GET_SIZE(args), NULL)
                      : PyObject_CallNoArgs(function);
        PyContext_Exit(context);
    }
    if (!answer)
        loop_caught(loop, "Exception in callback %R", function, "handle", (PyObject *)handle);
    Py_XDECREF(answer);
    Py_DECREF(context);
    Py_XDECREF(args);
    Py_DECREF(function);
    loop_leave(loop, previous);
}

static void on_turn(async_loop *loop, void *user)
{
    handle_run(user);
}

/* What C held was no garbage, so if nobody else holds it the context is whole, and may serve again. */
static void drop(void *user)
{
    struct handle *handle = user;

    if (Py_REFCNT(handle) == 1) {
        context_drop_used(handle->context);
        handle->context = NULL;
    }
    Py_DECREF(handle);
}

/* A watch ends with its call taken back, whether it was removed or another one took its place. */
static void drop_watch(void *user)
{
    ((struct handle *)user)->cancelled = true;
    drop(user);
}

/* A call from a thread that holds no loop may be cleaned up by one that does not hold the interpreter. */
static void drop_anywhere(void *user)
{
    PyGILState_STATE state = PyGILState_Ensure();

    drop(user);
    PyGILState_Release(state);
}

static PyObject *handle_started(struct handle *handle, int error)
{
    if (!error)
        return (PyObject *)handle;
    Py_DECREF(handle);
    if (error == ASYNC_ETHREAD)
        PyErr_SetString(PyExc_RuntimeError,
                        "Non-thread-safe operation invoked on an event loop other than the current one");
    else
        raise_error(error, NULL);
    return NULL;
}

PyObject *handle_soon(struct loop *loop, PyObject *const *args, Py_ssize_t count, PyObject *names, bool threadsafe)
{
    struct handle *handle = handle_new(&handle_type, loop, args, count, 0, names,
                                       threadsafe ? "call_soon_threadsafe" : "call_soon");

    if (!handle)
        return NULL;
    if (!threadsafe && foreign_wakeup(handle->function))
        return (PyObject *)handle;
    Py_INCREF(handle);
    if (threadsafe)
        return handle_started(handle, async_loop_call_soon_threadsafe(loop->handle, on_turn, handle, drop_anywhere));
    return handle_started(handle, async_loop_call_soon(loop->handle, on_turn, handle, drop));
}

/* A time as asyncio takes it: the past is now, and what is infinitely far away never comes. */
PyObject *handle_at(struct loop *loop, PyObject *const *args, Py_ssize_t count, PyObject *names, bool later)
{
    struct handle *handle;
    double seconds = 0;

    if (count && args[0] == Py_None) {
        PyErr_SetString(PyExc_TypeError, later ? "delay must not be None" : "when cannot be None");
        return NULL;
    }
    if (count)
        seconds = PyFloat_AsDouble(args[0]);
    if (seconds == -1.0 && PyErr_Occurred())
        return NULL;
    if (isnan(seconds)) {
        PyErr_SetString(PyExc_ValueError, "Invalid delay: NaN (not a number)");
        return NULL;
    }
    handle = handle_new(&timer_handle_type, loop, args, count, 1, names, later ? "call_later" : "call_at");
    if (!handle)
        return NULL;
    handle->when = seconds;
    if (later)
        handle->when = async_loop_time(loop->handle) + (seconds > 0 ? seconds : 0);
    if (isinf(handle->when) && handle->when > 0)
        return (PyObject *)handle;
    if (isinf(handle->when))
        handle->when = 0;
    Py_INCREF(handle);
    return handle_started(handle, async_loop_call_at(loop->handle, handle->when, on_turn, handle, drop,
                                                     &handle->timer));
}

PyObject *handle_watch(struct loop *loop, PyObject *const *args, Py_ssize_t count, PyObject *names,
                       watch_function *watch)
{
    int descriptor = count ? PyObject_AsFileDescriptor(args[0]) : 0;
    struct handle *handle;

    if (descriptor < 0)
        return NULL;
    handle = handle_new(&handle_type, loop, args, count, 1, names, "add_reader");
    if (!handle)
        return NULL;
    Py_INCREF(handle);
    return handle_started(handle, watch(loop->handle, descriptor, on_turn, handle, drop_watch));
}

static PyObject *method_cancel(PyObject *self, PyObject *unused)
{
    struct handle *handle = (struct handle *)self;
    async_timer *timer = handle->timer;

    if (handle->cancelled)
        Py_RETURN_NONE;
    handle->cancelled = true;
    Py_CLEAR(handle->args);
    handle->timer = NULL;
    if (timer)
        async_timer_cancel(timer);
    async_timer_unref(timer);
    Py_RETURN_NONE;
}

static PyObject *method_cancelled(PyObject *self, PyObject *unused)
{
    return PyBool_FromLong(((struct handle *)self)->cancelled);
}

static PyObject *method_get_context(PyObject *self, PyObject *unused)
{
    return Py_NewRef(((struct handle *)self)->context);
}

static PyObject *method_run(PyObject *self, PyObject *unused)
{
    handle_run((struct handle *)self);
    Py_RETURN_NONE;
}

static PyObject *method_when(PyObject *self, PyObject *unused)
{
    return PyFloat_FromDouble(((struct handle *)self)->when);
}

static PyObject *repr(PyObject *self)
{
    struct handle *handle = (struct handle *)self;

    return PyUnicode_FromFormat("<%s%s %R>", strrchr(Py_TYPE(self)->tp_name, '.') + 1,
                                handle->cancelled ? " cancelled" : "", handle->function);
}

static int traverse(PyObject *self, visitproc visit, void *arg)
{
    struct handle *handle = (struct handle *)self;

    Py_VISIT(handle->loop);
    Py_VISIT(handle->function);
    Py_VISIT(handle->args);
    Py_VISIT(handle->context);
    return 0;
}

static int clear(PyObject *self)
{
    struct handle *handle = (struct handle *)self;

    Py_CLEAR(handle->loop);
    Py_CLEAR(handle->function);
    Py_CLEAR(handle->args);
    Py_CLEAR(handle->context);
    return 0;
}

static void dealloc(PyObject *self)
{
    struct handle *handle = (struct handle *)self;

    PyObject_GC_UnTrack(self);
    if (handle->weakrefs)
        PyObject_ClearWeakRefs(self);
    handle->timer = async_timer_unref(handle->timer);
    clear(self);
    if (spare_count < SPARES)
        spares[spare_count++] = handle;
    else
        Py_TYPE(self)->tp_free(self);
}

static PyMethodDef methods[] = {
    { "cancel", method_cancel, METH_NOARGS, "Call it off." },
    { "cancelled", method_cancelled, METH_NOARGS, "Whether it was called off." },
    { "get_context", method_get_context, METH_NOARGS, "The context it runs in." },
    { "_run", method_run, METH_NOARGS, NULL },
    { NULL, NULL, 0, NULL },
};

static PyMethodDef timer_methods[] = {
    { "when", method_when, METH_NOARGS, "When it is due, by the loop's clock." },
    { NULL, NULL, 0, NULL },
};

PyTypeObject handle_type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "libasync.Handle",
    .tp_basicsize = sizeof(struct handle),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .tp_dealloc = dealloc,
    .tp_traverse = traverse,
    .tp_clear = clear,
    .tp_repr = repr,
    .tp_methods = methods,
    .tp_weaklistoffset = offsetof(struct handle, weakrefs),
};

PyTypeObject timer_handle_type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "libasync.TimerHandle",
    .tp_base = &handle_type,
    .tp_basicsize = sizeof(struct handle),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .tp_dealloc = dealloc,
    .tp_traverse = traverse,
    .tp_clear = clear,
    .tp_repr = repr,
    .tp_methods = timer_methods,
    .tp_weaklistoffset = offsetof(struct handle, weakrefs),
};
