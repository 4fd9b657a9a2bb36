/* What tasks wait at: the base of Lock, Event, Semaphore and Queue, and standing in line. */
#ifndef LIBASYNC_PYTHON_WAITING_H
#define LIBASYNC_PYTHON_WAITING_H

#include "bindings/python/coroutine.h"

/* A line is a deque of futures, as in asyncio, for there are programs that look at it and even put futures of their own
   in; NULL is an empty one. */
struct place {
    PyObject_HEAD
    PyObject *dict;
    PyObject *weakrefs;
    PyObject *loop;       /* the one on which it was first waited for */
    PyObject *waiters;
    char plain;           /* no class in Python overrides what it is made of */
};

extern PyTypeObject place_type, lock_type, event_type, semaphore_type;

PyObject *place_new(PyTypeObject *type, PyObject *args, PyObject *kwargs);
bool place_overridden(PyTypeObject *type, PyObject *name);
int place_traverse(PyObject *self, visitproc visit, void *arg);
int place_clear(PyObject *self);
void place_dealloc(PyObject *self);
PyObject *place_repr(PyObject *self, PyObject *taken_state);

PySendResult line_wait(struct coroutine *self, PyObject **line);
int line_leave(PyObject *line, PyObject *waiter);
int line_idle_look(PyObject *line);
int line_wake_first(PyObject *line);
int line_wake_pending(PyObject *line);
int line_wake_all(PyObject *line);
PyObject *line_pop(PyObject *line);

static inline Py_ssize_t line_length(PyObject *line)
{
    return line && line != Py_None ? PyObject_Size(line) : 0;
}

/* Whether nobody in line still wants his turn: 1, 0 or -1. */
static inline int line_idle(PyObject *line)
{
    return line ? line_idle_look(line) : 1;
}

int waiter_is(PyObject *waiter, PyObject *question);
int waiter_wake(PyObject *waiter, PyObject *value);

/* scope.c */
extern PyTypeObject scope_method_type, scope_bound_type;
int scope_methods_add(PyTypeObject *owner, const struct coroutine_kind *enter, int (*leave)(PyObject *self));

/* What types have for `async with`. */
extern const struct coroutine_kind lock_enter, semaphore_enter;
int lock_release(PyObject *self);
int semaphore_release(PyObject *self);

#endif
