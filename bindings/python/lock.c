/* Lock: asyncio's rules and messages, 3.13's. */
#include "bindings/python/waiting.h"

#include <stddef.h>
#include <structmember.h>

struct lock {
    struct place place;
    char locked;
};

int lock_release(PyObject *self)
{
    struct lock *lock = (struct lock *)self;

    if (!lock->locked) {
        PyErr_SetString(PyExc_RuntimeError, "Lock is not acquired.");
        return -1;
    }
    lock->locked = false;
    return lock->place.waiters ? line_wake_first(lock->place.waiters) : 0;
}

static PySendResult taken(struct coroutine *self, PyObject **result)
{
    ((struct lock *)self->subject)->locked = true;
    *result = Py_NewRef(self->kind == &lock_enter ? Py_None : Py_True);
    return PYGEN_RETURN;
}

static PySendResult acquire_start(struct coroutine *self, PyObject **result)
{
    struct lock *lock = (struct lock *)self->subject;
    int idle = lock->locked ? 0 : line_idle(lock->place.waiters);

    if (idle < 0)
        return PYGEN_ERROR;
    return idle ? taken(self, result) : line_wait(self, &lock->place.waiters);
}

static PySendResult acquire_resume(struct coroutine *self, PyObject *awaited, PyObject *value, PyObject **result)
{
    struct lock *lock = (struct lock *)self->subject;
    PyObject *raised = value ? NULL : raised_take();

    Py_XDECREF(value);
    if (line_leave(lock->place.waiters, awaited))
        PyErr_Clear();
    if (!raised)
        return taken(self, result);
    /* It may have been woken and cancelled at once: then the lock is the next one's. */
    if (!lock->locked && PyErr_GivenExceptionMatches(raised, words.cancelled_error))
        line_wake_first(lock->place.waiters);
    raised_put_back(raised);
    return PYGEN_ERROR;
}

static const struct coroutine_kind acquire_kind = { "Lock.acquire", acquire_start, acquire_resume, NULL };
const struct coroutine_kind lock_enter = { "Lock.__aenter__", acquire_start, acquire_resume, NULL };

static PyObject *method_acquire(PyObject *self, PyObject *unused)
{
    return coroutine_new(&acquire_kind, self, NULL);
}

static PyObject *method_release(PyObject *self, PyObject *unused)
{
    if (lock_release(self))
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *method_locked(PyObject *self, PyObject *unused)
{
    return PyBool_FromLong(((struct lock *)self)->locked);
}

static PyObject *repr(PyObject *self)
{
    return place_repr(self, PyUnicode_FromString(((struct lock *)self)->locked ? "locked" : "unlocked"));
}

static int init(PyObject *self, PyObject *args, PyObject *kwargs)
{
    return arguments_unpack("Lock.__init__", NULL, 0, 0, args, kwargs, NULL);
}

static PyMemberDef members[] = {
    { "_locked", T_BOOL, offsetof(struct lock, locked), 0, NULL },
    { NULL, 0, 0, 0, NULL },
};

static PyMethodDef methods[] = {
    { "acquire", method_acquire, METH_NOARGS, "Take the lock, as soon as it is free and nobody stands before." },
    { "release", method_release, METH_NOARGS, "Let it go; the first in line is woken." },
    { "locked", method_locked, METH_NOARGS, "Whether somebody holds it." },
    { NULL, NULL, 0, NULL },
};

PyTypeObject lock_type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "libasync._core.Lock",
    .tp_base = &place_type,
    .tp_basicsize = sizeof(struct lock),
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
