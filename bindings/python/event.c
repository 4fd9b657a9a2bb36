/* Event: asyncio's rules and messages, 3.13's. */
#include "bindings/python/waiting.h"

#include <stddef.h>
#include <structmember.h>

struct event {
    struct place place;
    char value;
};

static PySendResult wait_start(struct coroutine *self, PyObject **result)
{
    struct event *event = (struct event *)self->subject;

    if (!event->value)
        return line_wait(self, &event->place.waiters);
    *result = Py_NewRef(Py_True);
    return PYGEN_RETURN;
}

static PySendResult wait_resume(struct coroutine *self, PyObject *awaited, PyObject *value, PyObject **result)
{
    PyObject *raised = value ? NULL : raised_take();

    Py_XDECREF(value);
    if (line_leave(((struct event *)self->subject)->place.waiters, awaited))
        PyErr_Clear();
    raised_put_back(raised);
    if (raised)
        return PYGEN_ERROR;
    *result = Py_NewRef(Py_True);
    return PYGEN_RETURN;
}

static const struct coroutine_kind wait_kind = { "Event.wait", wait_start, wait_resume, NULL };

static PyObject *method_wait(PyObject *self, PyObject *unused)
{
    return coroutine_new(&wait_kind, self, NULL);
}

static PyObject *method_set(PyObject *self, PyObject *unused)
{
    struct event *event = (struct event *)self;

    if (!event->value) {
        event->value = true;
        if (line_wake_all(event->place.waiters))
            return NULL;
    }
    Py_RETURN_NONE;
}

static PyObject *method_clear(PyObject *self, PyObject *unused)
{
    ((struct event *)self)->value = false;
    Py_RETURN_NONE;
}

static PyObject *method_is_set(PyObject *self, PyObject *unused)
{
    return PyBool_FromLong(((struct event *)self)->value);
}

static PyObject *repr(PyObject *self)
{
    return place_repr(self, PyUnicode_FromString(((struct event *)self)->value ? "set" : "unset"));
}

static int init(PyObject *self, PyObject *args, PyObject *kwargs)
{
    if (arguments_unpack("Event.__init__", NULL, 0, 0, args, kwargs, NULL))
        return -1;
    Py_XSETREF(((struct place *)self)->waiters, PyObject_CallNoArgs(words.deque));
    return ((struct place *)self)->waiters ? 0 : -1;
}

static PyMemberDef members[] = {
    { "_value", T_BOOL, offsetof(struct event, value), 0, NULL },
    { NULL, 0, 0, 0, NULL },
};

static PyMethodDef methods[] = {
    { "wait", method_wait, METH_NOARGS, "Wait until the flag is set." },
    { "set", method_set, METH_NOARGS, "Set the flag; everybody who waits goes on." },
    { "clear", method_clear, METH_NOARGS, "Take the flag back." },
    { "is_set", method_is_set, METH_NOARGS, "Whether it is set." },
    { NULL, NULL, 0, NULL },
};

PyTypeObject event_type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "libasync._core.Event",
    .tp_base = &place_type,
    .tp_basicsize = sizeof(struct event),
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
