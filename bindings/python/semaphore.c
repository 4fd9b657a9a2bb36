/* Semaphore, with a bound if it is given one: asyncio's rules and messages, 3.13's. */
#include "bindings/python/waiting.h"

#include <stddef.h>
#include <structmember.h>

struct semaphore {
    struct place place;
    Py_ssize_t value;
    Py_ssize_t bound;     /* PY_SSIZE_T_MAX for none */
};

/* Whoever was woken has a place already, though it has not taken it yet: 1, 0 or -1. */
static int is_locked(struct semaphore *semaphore)
{
    int idle = semaphore->value == 0 ? 0 : line_idle(semaphore->place.waiters);

    return idle < 0 ? -1 : !idle;
}

static int wake_next(struct semaphore *semaphore)
{
    int woken = line_wake_pending(semaphore->place.waiters);

    if (woken > 0)
        semaphore->value--;
    return woken;
}

int semaphore_release(PyObject *self)
{
    struct semaphore *semaphore = (struct semaphore *)self;

    if (semaphore->value >= semaphore->bound) {
        PyErr_SetString(PyExc_ValueError, "BoundedSemaphore released too many times");
        return -1;
    }
    semaphore->value++;
    return wake_next(semaphore) < 0 ? -1 : 0;
}

static PySendResult taken(struct coroutine *self, PyObject **result)
{
    *result = Py_NewRef(self->kind == &semaphore_enter ? Py_None : Py_True);
    return PYGEN_RETURN;
}

static PySendResult acquire_start(struct coroutine *self, PyObject **result)
{
    struct semaphore *semaphore = (struct semaphore *)self->subject;
    int locked = is_locked(semaphore);

    if (locked < 0)
        return PYGEN_ERROR;
    if (locked)
        return line_wait(self, &semaphore->place.waiters);
    semaphore->value--;
    return taken(self, result);
}

static PySendResult acquire_resume(struct coroutine *self, PyObject *awaited, PyObject *value, PyObject **result)
{
    struct semaphore *semaphore = (struct semaphore *)self->subject;
    struct future *waiter = (struct future *)awaited;
    PyObject *raised = value ? NULL : raised_take();

    Py_XDECREF(value);
    if (line_leave(semaphore->place.waiters, awaited))
        PyErr_Clear();
    /* Woken and cancelled at once: the place goes back. */
    if (raised && PyErr_GivenExceptionMatches(raised, words.cancelled_error) && future_is_done(waiter)
        && waiter->state != CANCELLED)
        semaphore->value++;
    /* Several may have been released for while nobody looked. */
    while (semaphore->value > 0 && wake_next(semaphore) > 0)
        continue;
    raised_put_back(raised);
    return raised || PyErr_Occurred() ? PYGEN_ERROR : taken(self, result);
}

static const struct coroutine_kind acquire_kind = { "Semaphore.acquire", acquire_start, acquire_resume, NULL };
const struct coroutine_kind semaphore_enter = { "Semaphore.__aenter__", acquire_start, acquire_resume, NULL };

static PyObject *method_acquire(PyObject *self, PyObject *unused)
{
    return coroutine_new(&acquire_kind, self, NULL);
}

static PyObject *method_release(PyObject *self, PyObject *unused)
{
    if (semaphore_release(self))
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *method_locked(PyObject *self, PyObject *unused)
{
    int locked = is_locked((struct semaphore *)self);

    return locked < 0 ? NULL : PyBool_FromLong(locked);
}

static PyObject *repr(PyObject *self)
{
    struct semaphore *semaphore = (struct semaphore *)self;
    int locked = is_locked(semaphore);

    if (locked < 0)
        return NULL;
    return place_repr(self, locked ? PyUnicode_FromString("locked")
                                   : PyUnicode_FromFormat("unlocked, value:%zd", semaphore->value));
}

static int init(PyObject *object, PyObject *args, PyObject *kwargs)
{
    static const char *const keywords[] = { "value" };
    struct semaphore *self = (struct semaphore *)object;
    PyObject *given = NULL;

    if (arguments_unpack("Semaphore.__init__", keywords, 1, 0, args, kwargs, &given))
        return -1;
    self->bound = PY_SSIZE_T_MAX;
    self->value = given ? PyNumber_AsSsize_t(given, NULL) : 1;
    if (self->value >= 0)
        return 0;
    if (!PyErr_Occurred())
        PyErr_SetString(PyExc_ValueError, "Semaphore initial value must be >= 0");
    return -1;
}

static PyMemberDef members[] = {
    { "_value", T_PYSSIZET, offsetof(struct semaphore, value), 0, NULL },
    { "_bound_value", T_PYSSIZET, offsetof(struct semaphore, bound), 0, NULL },
    { NULL, 0, 0, 0, NULL },
};

static PyMethodDef methods[] = {
    { "acquire", method_acquire, METH_NOARGS, "Take a place, as soon as one is free and nobody stands before." },
    { "release", method_release, METH_NOARGS, "Give a place back, or a new one; the first in line is woken." },
    { "locked", method_locked, METH_NOARGS, "Whether who asks now would have to wait." },
    { NULL, NULL, 0, NULL },
};

PyTypeObject semaphore_type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "libasync._core.Semaphore",
    .tp_base = &place_type,
    .tp_basicsize = sizeof(struct semaphore),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .tp_new = place_new,
    .tp_init = init,
    .tp_dealloc = place_dealloc,
    .tp_traverse = place_traverse,
    .tp_clear = place_clear,
    .tp_repr = repr,
    .tp_methods = methods,
    .tp_members = members,
    .tp_dictoffset = offsetof(struct place, dict),
    .tp_weaklistoffset = offsetof(struct place, weakrefs),
};
