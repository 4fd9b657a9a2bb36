/* __aenter__ and __aexit__ of what `async with` takes all day. The interpreter binds both anew for each scope, and the
   bound methods that it makes of C functions cost more than a lock does: so these bind themselves. What leaves a scope
   never waits: it is done by the call, and what is awaited then is the same coroutine for all, that does nothing. */
#include "bindings/python/waiting.h"

#include <stddef.h>

struct scope_method {
    PyObject_HEAD
    PyTypeObject *owner;
    const struct coroutine_kind *enter;      /* NULL in what leaves */
    int (*leave)(PyObject *self);
};

struct bound {
    PyObject_HEAD
    vectorcallfunc call;
    struct scope_method *method;
    PyObject *self;
};

#define SPARES 16
static struct bound *spares[SPARES];
static int spare_count;

static PySendResult enter_by_name(struct coroutine *self, PyObject **result)
{
    PyObject *awaitable = PyObject_CallMethodNoArgs(self->subject, words.acquire);
    PySendResult sent = awaitable ? coroutine_await(self, awaitable) : PYGEN_ERROR;

    Py_XDECREF(awaitable);
    return sent;
}

static PySendResult entered(struct coroutine *self, PyObject *awaited, PyObject *value, PyObject **result)
{
    if (!value)
        return PYGEN_ERROR;
    Py_DECREF(value);
    *result = Py_NewRef(Py_None);
    return PYGEN_RETURN;
}

static const struct coroutine_kind enter_kind = { "__aenter__", enter_by_name, entered, NULL };

static PyObject *exit_scope(struct scope_method *method, PyObject *self, bool plain)
{
    PyObject *answer;

    if (plain)
        return method->leave(self) ? NULL : coroutine_empty();
    answer = PyObject_CallMethodNoArgs(self, words.release);
    Py_XDECREF(answer);
    return answer ? coroutine_empty() : NULL;
}

/* A class in Python may have methods of its own, and then goes by their names. */
static PyObject *start(struct scope_method *method, PyObject *self)
{
    bool plain = ((struct place *)self)->plain;

    return method->enter ? coroutine_new(plain ? method->enter : &enter_kind, self, NULL) : exit_scope(method, self, plain);
}

static PyObject *bound_call(PyObject *bound, PyObject *const *args, size_t count, PyObject *names)
{
    return start(((struct bound *)bound)->method, ((struct bound *)bound)->self);
}

static int bound_traverse(PyObject *bound, visitproc visit, void *arg)
{
    Py_VISIT(((struct bound *)bound)->self);
    return 0;
}

static void bound_dealloc(PyObject *object)
{
    struct bound *bound = (struct bound *)object;

    PyObject_GC_UnTrack(object);
    Py_DECREF(bound->method);
    Py_DECREF(bound->self);
    if (spare_count < SPARES)
        spares[spare_count++] = bound;
    else
        PyObject_GC_Del(object);
}

PyTypeObject scope_bound_type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "libasync._core.bound_scope_method",
    .tp_basicsize = sizeof(struct bound),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL,
    .tp_vectorcall_offset = offsetof(struct bound, call),
    .tp_call = PyVectorcall_Call,
    .tp_dealloc = bound_dealloc,
    .tp_traverse = bound_traverse,
};

static PyObject *bind(PyObject *method, PyObject *self, PyObject *type)
{
    struct bound *bound;

    if (!self || self == Py_None)
        return Py_NewRef(method);
    if (spare_count) {
        bound = spares[--spare_count];
        PyObject_Init((PyObject *)bound, &scope_bound_type);
    } else {
        bound = PyObject_GC_New(struct bound, &scope_bound_type);
        if (!bound)
            return NULL;
    }
    bound->call = bound_call;
    bound->method = (struct scope_method *)Py_NewRef(method);
    bound->self = Py_NewRef(self);
    PyObject_GC_Track(bound);
    return (PyObject *)bound;
}

/* Taken from the class and called with the object, as AsyncExitStack does. */
static PyObject *call(PyObject *object, PyObject *args, PyObject *kwargs)
{
    struct scope_method *method = (struct scope_method *)object;
    PyObject *self = PyTuple_GET_SIZE(args) ? PyTuple_GET_ITEM(args, 0) : NULL;

    if (self && PyObject_TypeCheck(self, method->owner))
        return start(method, self);
    PyErr_Format(PyExc_TypeError, "an object of %s was expected", method->owner->tp_name);
    return NULL;
}

PyTypeObject scope_method_type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "libasync._core.scope_method",
    .tp_basicsize = sizeof(struct scope_method),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_descr_get = bind,
    .tp_call = call,
};

static int add(PyTypeObject *owner, const char *name, const struct coroutine_kind *enter, int (*leave)(PyObject *))
{
    struct scope_method *method = PyObject_New(struct scope_method, &scope_method_type);
    int error;

    if (!method)
        return -1;
    method->owner = owner;
    method->enter = enter;
    method->leave = leave;
    error = PyDict_SetItemString(owner->tp_dict, name, (PyObject *)method);
    Py_DECREF(method);
    PyType_Modified(owner);
    return error;
}

/* Makes a type that is ready one for `async with`. */
int scope_methods_add(PyTypeObject *owner, const struct coroutine_kind *enter, int (*leave)(PyObject *self))
{
    return add(owner, "__aenter__", enter, NULL) || add(owner, "__aexit__", NULL, leave) ? -1 : 0;
}
