/* The one driver of all coroutines that are written in C. */
#include "bindings/python/coroutine.h"

#define SPARES 256
static struct coroutine *spares[SPARES];
static int spare_count;

/* Both arguments are lent; either may be NULL. */
PyObject *coroutine_new(const struct coroutine_kind *kind, PyObject *subject, PyObject *argument)
{
    struct coroutine *self;

    if (spare_count) {
        self = spares[--spare_count];
        PyObject_Init((PyObject *)self, &coroutine_type);
    } else {
        self = PyObject_GC_New(struct coroutine, &coroutine_type);
        if (!self)
            return NULL;
    }
    self->kind = kind;
    self->subject = Py_XNewRef(subject);
    self->argument = Py_XNewRef(argument);
    self->awaited = NULL;
    self->extra = NULL;
    self->stage = NEW;
    self->finalized = false;
    PyObject_GC_Track(self);
    return (PyObject *)self;
}

PyObject *coroutine_empty(void)
{
    static const struct coroutine_kind kind = { "empty", NULL, NULL, NULL };
    static PyObject *empty;

    if (!empty && (empty = coroutine_new(&kind, NULL, NULL)))
        ((struct coroutine *)empty)->stage = EMPTY;
    return Py_XNewRef(empty);
}

/* Wait for `taken`, a future of ours or an iterator. The answer is start's or resume's to give. */
PySendResult coroutine_await_taken(struct coroutine *self, PyObject *taken)
{
    self->awaited = taken;
    return taken ? PYGEN_NEXT : PYGEN_ERROR;
}

/* The same for anything that `await` takes (lent). */
PySendResult coroutine_await(struct coroutine *self, PyObject *awaitable)
{
    PyTypeObject *type = Py_TYPE(awaitable);
    PyObject *iterator;

    if (type == &coroutine_type || PyCoro_CheckExact(awaitable) || type == &future_type || type == &task_type)
        return coroutine_await_taken(self, Py_NewRef(awaitable));
    if (!type->tp_as_async || !type->tp_as_async->am_await)
        return coroutine_await_taken(self, PyObject_CallMethod(words.helpers, "await_iterator", "O", awaitable));
    iterator = type->tp_as_async->am_await(awaitable);
    if (!iterator || PyIter_Check(iterator) || PyCoro_CheckExact(iterator))
        return coroutine_await_taken(self, iterator);
    PyErr_Format(PyExc_TypeError, "__await__() returned non-iterator of type '%s'", Py_TYPE(iterator)->tp_name);
    Py_DECREF(iterator);
    return PYGEN_ERROR;
}

/* The same for a C future, of a kind that drops handles: a task of ours waits for it as it is. */
PySendResult coroutine_await_handle(struct coroutine *self, PyObject *loop, async_future *taken, PyObject **result)
{
    if (!running_loop || !running_loop->stepping || (PyObject *)running_loop != loop)
        return coroutine_await_taken(self, future_wrap((struct loop *)loop, taken));
    self->extra = taken;
    *result = Py_NewRef((PyObject *)self);
    return PYGEN_NEXT;
}

void coroutine_drop_handle(struct coroutine *self)
{
    self->extra = async_future_unref(self->extra);
}

/* The C future that a coroutine which yielded itself waits for (given), or NULL when it did no such thing. */
async_future *coroutine_take_handle(PyObject *yielded)
{
    struct coroutine *self = (struct coroutine *)yielded;
    async_future *handle = self->kind->drop == coroutine_drop_handle ? self->extra : NULL;

    if (handle)
        self->extra = NULL;
    return handle;
}

static PySendResult awaited_send(struct coroutine *self, PyObject *value, PyObject **result)
{
    if (!self->awaited) {
        *result = Py_NewRef(Py_None);
        return PYGEN_RETURN;
    }
    return future_check(self->awaited) ? future_send((struct future *)self->awaited, result)
                                       : send_to(self->awaited, value, result);
}

static PySendResult resume(struct coroutine *self, PySendResult sent, PyObject **result)
{
    PyObject *awaited = self->awaited, *value = sent == PYGEN_RETURN ? *result : NULL;

    if (self->kind->resume) {
        self->awaited = NULL;
        *result = NULL;
        sent = self->kind->resume(self, awaited, value, result);
        Py_XDECREF(awaited);
    }
    return sent;
}

/* On from what start, resume or the awaited has just answered, up to the next wait or the end. */
static PySendResult go_on(struct coroutine *self, PySendResult sent, PyObject **result)
{
    while (sent == PYGEN_NEXT && !*result) {
        sent = awaited_send(self, Py_None, result);
        if (sent != PYGEN_NEXT)
            sent = resume(self, sent, result);
    }
    self->stage = sent == PYGEN_NEXT ? WAITING : OVER;
    if (sent != PYGEN_NEXT)
        Py_CLEAR(self->awaited);
    return sent;
}

static PySendResult refuse(struct coroutine *self)
{
    if (self->stage == RUNNING)
        PyErr_SetString(PyExc_ValueError, "coroutine already executing");
    else
        PyErr_SetString(PyExc_RuntimeError, "cannot reuse already awaited coroutine");
    return PYGEN_ERROR;
}

static PySendResult coroutine_send(PyObject *object, PyObject *value, PyObject **result)
{
    struct coroutine *self = (struct coroutine *)object;
    enum stage stage = self->stage;
    PySendResult sent;

    *result = NULL;
    if (stage == EMPTY) {
        *result = Py_NewRef(Py_None);
        return PYGEN_RETURN;
    }
    if (stage == RUNNING || stage == OVER)
        return refuse(self);
    if (stage == NEW && value != Py_None) {
        PyErr_SetString(PyExc_TypeError, "can't send non-None value to a just-started coroutine");
        return PYGEN_ERROR;
    }
    self->stage = RUNNING;
    if (stage == NEW)
        return go_on(self, self->kind->start(self, result), result);
    sent = awaited_send(self, value, result);
    return go_on(self, sent == PYGEN_NEXT ? sent : resume(self, sent, result), result);
}

/* What is awaited hears of the exception first, if it can. */
static PySendResult awaited_throw(struct coroutine *self, PyObject *args, PyObject **result)
{
    PyObject *awaited = self->awaited, *method = NULL;

    *result = NULL;
    if (awaited && !future_check(awaited))
        method = PyObject_GetAttr(awaited, words.throw);
    if (!method) {
        PyErr_Clear();
        throw_arguments(args);
        return PYGEN_ERROR;
    }
    *result = PyObject_CallObject(method, args);
    Py_DECREF(method);
    if (*result)
        return PYGEN_NEXT;
    *result = PyErr_ExceptionMatches(PyExc_StopIteration) ? stop_iteration_value() : NULL;
    return *result ? PYGEN_RETURN : PYGEN_ERROR;
}

static PySendResult throw_in(struct coroutine *self, PyObject *args, PyObject **result)
{
    PySendResult sent;

    *result = NULL;
    if (self->stage == RUNNING || self->stage == OVER)
        return refuse(self);
    if (self->stage == NEW || self->stage == EMPTY) {
        self->stage = self->stage == NEW ? OVER : EMPTY;
        throw_arguments(args);
        return PYGEN_ERROR;
    }
    self->stage = RUNNING;
    sent = awaited_throw(self, args, result);
    return go_on(self, sent == PYGEN_NEXT ? sent : resume(self, sent, result), result);
}

PySendResult coroutine_throw(PyObject *coroutine, PyObject *exception, PyObject **result)
{
    PyObject *args = PyTuple_Pack(1, exception);
    PySendResult sent;

    *result = NULL;
    if (!args)
        return PYGEN_ERROR;
    sent = throw_in((struct coroutine *)coroutine, args, result);
    Py_DECREF(args);
    return sent;
}

static PyObject *answer_or_stop(PySendResult sent, PyObject *result)
{
    if (sent != PYGEN_RETURN)
        return result;
    stop_iteration_raise(result);
    if (!PyErr_Occurred())
        PyErr_SetNone(PyExc_StopIteration);
    return NULL;
}

static PyObject *method_send(PyObject *self, PyObject *value)
{
    PyObject *result;
    PySendResult sent = coroutine_send(self, value, &result);

    return answer_or_stop(sent, result);
}

static PyObject *method_throw(PyObject *self, PyObject *args)
{
    PyObject *result;
    PySendResult sent = throw_in((struct coroutine *)self, args, &result);

    return answer_or_stop(sent, result);
}

static PyObject *next(PyObject *self)
{
    PyObject *result;

    return coroutine_send(self, Py_None, &result) == PYGEN_RETURN ? stop_iteration_raise(result) : result;
}

static int coroutine_close(struct coroutine *self)
{
    PyObject *result;
    PySendResult sent;

    if (self->stage != WAITING) {
        if (self->stage == NEW)
            self->stage = OVER;
        return self->stage == RUNNING ? refuse(self) : 0;
    }
    sent = coroutine_throw((PyObject *)self, PyExc_GeneratorExit, &result);
    Py_XDECREF(result);
    if (sent == PYGEN_NEXT)
        PyErr_SetString(PyExc_RuntimeError, "coroutine ignored GeneratorExit");
    else if (sent == PYGEN_RETURN || PyErr_ExceptionMatches(PyExc_GeneratorExit))
        PyErr_Clear();
    return PyErr_Occurred() ? -1 : 0;
}

static PyObject *method_close(PyObject *self, PyObject *unused)
{
    if (coroutine_close((struct coroutine *)self))
        return NULL;
    Py_RETURN_NONE;
}

static int traverse(PyObject *self, visitproc visit, void *arg)
{
    struct coroutine *coroutine = (struct coroutine *)self;

    Py_VISIT(coroutine->subject);
    Py_VISIT(coroutine->argument);
    Py_VISIT(coroutine->awaited);
    return 0;
}

static int clear(PyObject *self)
{
    struct coroutine *coroutine = (struct coroutine *)self;

    if (coroutine->extra)
        coroutine->kind->drop(coroutine);
    Py_CLEAR(coroutine->awaited);
    Py_CLEAR(coroutine->subject);
    Py_CLEAR(coroutine->argument);
    return 0;
}

/* Nobody will await it any more: it says so if it never started, and otherwise cleans up where it stands. */
static void finalize(PyObject *self)
{
    struct coroutine *coroutine = (struct coroutine *)self;
    PyObject *raised = raised_take();
    int error;

    coroutine->finalized = true;
    if (coroutine->stage == NEW)
        error = PyErr_WarnFormat(PyExc_RuntimeWarning, 1, "coroutine '%s' was never awaited", coroutine->kind->name);
    else
        error = coroutine_close(coroutine);
    if (error)
        PyErr_WriteUnraisable(self);
    raised_put_back(raised);
}

static void dealloc(PyObject *self)
{
    struct coroutine *coroutine = (struct coroutine *)self;

    if (coroutine->stage != OVER && PyObject_CallFinalizerFromDealloc(self))
        return;
    PyObject_GC_UnTrack(self);
    clear(self);
    if (spare_count < SPARES && !coroutine->finalized)
        spares[spare_count++] = coroutine;
    else
        PyObject_GC_Del(self);
}

static PyObject *repr(PyObject *self)
{
    return PyUnicode_FromFormat("<coroutine object %s at %p>", ((struct coroutine *)self)->kind->name, (void *)self);
}

static PyObject *get_qualname(PyObject *self, void *unused)
{
    return PyUnicode_FromString(((struct coroutine *)self)->kind->name);
}

static PyObject *get_name(PyObject *self, void *unused)
{
    const char *name = ((struct coroutine *)self)->kind->name, *dot = strrchr(name, '.');

    return PyUnicode_FromString(dot ? dot + 1 : name);
}

static PyObject *get_running(PyObject *self, void *unused)
{
    return PyBool_FromLong(((struct coroutine *)self)->stage == RUNNING);
}

static PyObject *get_awaited(PyObject *self, void *unused)
{
    PyObject *awaited = ((struct coroutine *)self)->awaited;

    return Py_NewRef(awaited ? awaited : Py_None);
}

static PyGetSetDef getset[] = {
    { "__name__", get_name, NULL, NULL, NULL },
    { "__qualname__", get_qualname, NULL, NULL, NULL },
    { "cr_running", get_running, NULL, NULL, NULL },
    { "cr_await", get_awaited, NULL, NULL, NULL },
    { NULL, NULL, NULL, NULL, NULL },
};

static PyMethodDef methods[] = {
    { "send", method_send, METH_O, NULL },
    { "throw", method_throw, METH_VARARGS, NULL },
    { "close", method_close, METH_NOARGS, NULL },
    { NULL, NULL, 0, NULL },
};

static PyAsyncMethods as_async = {
    .am_await = PyObject_SelfIter,
#if PY_VERSION_HEX >= 0x030A0000
    .am_send = coroutine_send,
#endif
};

PyTypeObject coroutine_type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "libasync.coroutine",
    .tp_basicsize = sizeof(struct coroutine),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .tp_dealloc = dealloc,
    .tp_finalize = finalize,
    .tp_traverse = traverse,
    .tp_clear = clear,
    .tp_repr = repr,
    .tp_iternext = next,
    .tp_as_async = &as_async,
    .tp_methods = methods,
    .tp_getset = getset,
};
