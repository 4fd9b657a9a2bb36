#include "bindings/python/waiting.h"

#include <stddef.h>
#include <structmember.h>

/* The loop it belongs to from the first wait on (lent). */
static PyObject *bound_loop(struct place *place)
{
    PyObject *loop = loop_running();

    if (!loop)
        return NULL;
    if (!place->loop)
        place->loop = Py_NewRef(loop);
    Py_DECREF(loop);
    if (place->loop == loop)
        return loop;
    PyErr_Format(PyExc_RuntimeError, "%R is bound to a different event loop", place);
    return NULL;
}

/* Stand in line: what start and resume answer with. */
PySendResult line_wait(struct coroutine *self, PyObject **line)
{
    PyObject *loop = bound_loop((struct place *)self->subject), *waiter, *args[2], *answer;

    if (!loop)
        return PYGEN_ERROR;
    if (!*line || *line == Py_None)
        Py_XSETREF(*line, PyObject_CallNoArgs(words.deque));
    if (!*line)
        return PYGEN_ERROR;
    waiter = future_new_future(loop);
    if (!waiter)
        return PYGEN_ERROR;
    args[0] = *line;
    args[1] = waiter;
    answer = PyObject_Vectorcall(words.deque_append, args, 2, NULL);
    if (!answer) {
        Py_DECREF(waiter);
        return PYGEN_ERROR;
    }
    Py_DECREF(answer);
    return coroutine_await_taken(self, waiter);
}

/* 0, or -1 with ValueError raised when the waiter is not in line any more. */
int line_leave(PyObject *line, PyObject *waiter)
{
    PyObject *args[] = { line, waiter }, *answer = PyObject_Vectorcall(words.deque_remove, args, 2, NULL);

    Py_XDECREF(answer);
    return answer ? 0 : -1;
}

/* The first, taken out of a line that is not empty. */
PyObject *line_pop(PyObject *line)
{
    return PyObject_Vectorcall(words.deque_popleft, &line, 1, NULL);
}

/* Whether the answer to words.done or words.cancelled is yes: 1, 0 or -1. */
int waiter_is(PyObject *waiter, PyObject *question)
{
    PyObject *answer;
    int truth;

    if (future_check(waiter)) {
        struct future *future = (struct future *)waiter;

        return future_is_done(future) && (question == words.done || future->state == CANCELLED);
    }
    answer = PyObject_CallMethodNoArgs(waiter, question);
    truth = answer ? PyObject_IsTrue(answer) : -1;
    Py_XDECREF(answer);
    return truth;
}

int waiter_wake(PyObject *waiter, PyObject *value)
{
    PyObject *answer;

    if (future_check(waiter))
        return future_finish((struct future *)waiter, FINISHED, false, Py_NewRef(value));
    answer = PyObject_CallMethodOneArg(waiter, words.set_result, value);
    Py_XDECREF(answer);
    return answer ? 0 : -1;
}

/* The first of whom the answer is no: a new reference, or NULL, perhaps with an exception raised. */
static PyObject *line_find(PyObject *line, PyObject *question)
{
    PyObject *iterator = line_length(line) ? PyObject_GetIter(line) : NULL, *waiter = NULL;

    while (iterator && (waiter = PyIter_Next(iterator))) {
        int truth = waiter_is(waiter, question);

        if (truth == 0)
            break;
        Py_CLEAR(waiter);
        if (truth < 0)
            break;
    }
    Py_XDECREF(iterator);
    return waiter;
}

int line_idle_look(PyObject *line)
{
    PyObject *waiter = line_find(line, words.cancelled);

    Py_XDECREF(waiter);
    return waiter ? 0 : PyErr_Occurred() ? -1 : 1;
}

/* Wake the first in line, unless he was woken or cancelled already. */
int line_wake_first(PyObject *line)
{
    PyObject *waiter = line_length(line) ? PySequence_GetItem(line, 0) : NULL;
    int truth, error;

    if (!waiter)
        return PyErr_Occurred() ? -1 : 0;
    truth = waiter_is(waiter, words.done);
    error = truth < 0 || (!truth && waiter_wake(waiter, Py_True));
    Py_DECREF(waiter);
    return error ? -1 : 0;
}

/* Wake the first who still waits: 1, 0 when nobody does, or -1. */
int line_wake_pending(PyObject *line)
{
    PyObject *waiter = line_find(line, words.done);
    int error;

    if (!waiter)
        return PyErr_Occurred() ? -1 : 0;
    error = waiter_wake(waiter, Py_True);
    Py_DECREF(waiter);
    return error ? -1 : 1;
}

int line_wake_all(PyObject *line)
{
    PyObject *iterator = line_length(line) ? PyObject_GetIter(line) : NULL, *waiter;

    while (iterator && (waiter = PyIter_Next(iterator))) {
        int truth = waiter_is(waiter, words.done);

        if (truth == 0)
            waiter_wake(waiter, Py_True);
        Py_DECREF(waiter);
        if (PyErr_Occurred())
            break;
    }
    Py_XDECREF(iterator);
    return PyErr_Occurred() ? -1 : 0;
}

/* Whether a class has a method of its own where the native type that it derives from has one. */
bool place_overridden(PyTypeObject *type, PyObject *name)
{
    PyTypeObject *native = type;

    for (Py_ssize_t i = 0; native->tp_flags & Py_TPFLAGS_HEAPTYPE; i++)
        native = (PyTypeObject *)PyTuple_GET_ITEM(type->tp_mro, i);
    return _PyType_Lookup(type, name) != _PyType_Lookup(native, name);
}

PyObject *place_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    struct place *place = (struct place *)type->tp_alloc(type, 0);

    if (place)
        place->plain = !place_overridden(type, words.acquire) && !place_overridden(type, words.release);
    return (PyObject *)place;
}

/* "<libasync.locks.Lock object at 0x… [unlocked, waiters:1]>" */
PyObject *place_repr(PyObject *self, PyObject *taken_state)
{
    PyObject *whole = PyBaseObject_Type.tp_repr(self), *inner = NULL, *text = NULL;
    Py_ssize_t count = line_length(((struct place *)self)->waiters);

    if (whole)
        inner = PyUnicode_Substring(whole, 1, PyUnicode_GET_LENGTH(whole) - 1);
    if (inner && taken_state)
        text = count ? PyUnicode_FromFormat("<%U [%U, waiters:%zd]>", inner, taken_state, count)
                     : PyUnicode_FromFormat("<%U [%U]>", inner, taken_state);
    Py_XDECREF(inner);
    Py_XDECREF(whole);
    Py_XDECREF(taken_state);
    return text;
}

int place_traverse(PyObject *self, visitproc visit, void *arg)
{
    struct place *place = (struct place *)self;

    Py_VISIT(place->dict);
    Py_VISIT(place->loop);
    Py_VISIT(place->waiters);
    return 0;
}

int place_clear(PyObject *self)
{
    struct place *place = (struct place *)self;

    Py_CLEAR(place->dict);
    Py_CLEAR(place->loop);
    Py_CLEAR(place->waiters);
    return 0;
}

void place_dealloc(PyObject *self)
{
    PyObject_GC_UnTrack(self);
    if (((struct place *)self)->weakrefs)
        PyObject_ClearWeakRefs(self);
    Py_TYPE(self)->tp_clear(self);
    Py_TYPE(self)->tp_free(self);
}

static PyMemberDef members[] = {
    { "_loop", T_OBJECT, offsetof(struct place, loop), 0, NULL },
    { "_waiters", T_OBJECT, offsetof(struct place, waiters), 0, NULL },
    { NULL, 0, 0, 0, NULL },
};

PyTypeObject place_type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "libasync._core.Place",
    .tp_basicsize = sizeof(struct place),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .tp_dealloc = place_dealloc,
    .tp_traverse = place_traverse,
    .tp_clear = place_clear,
    .tp_members = members,
    .tp_dictoffset = offsetof(struct place, dict),
    .tp_weaklistoffset = offsetof(struct place, weakrefs),
};
