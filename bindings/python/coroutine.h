/* Coroutines written in C: objects to await, send to and throw into like those of an `async def`. */
#ifndef LIBASYNC_PYTHON_COROUTINE_H
#define LIBASYNC_PYTHON_COROUTINE_H

#include "bindings/python/native.h"

/* EMPTY is that of the one which has nothing to do, however often it is awaited. */
enum stage { NEW, RUNNING, WAITING, OVER, EMPTY };

struct coroutine;

/* What a coroutine does. Both functions answer as am_send does, with the value in `result` (given). To wait for another
   awaitable they put it in place with coroutine_await and answer what that answers. */
struct coroutine_kind {
    const char *name;
    PySendResult (*start)(struct coroutine *self, PyObject **result);
    /* Goes on after `awaited` (lent): with its value (taken), or with NULL while its failure is raised. Without this
       function the outcome is the coroutine's own. */
    PySendResult (*resume)(struct coroutine *self, PyObject *awaited, PyObject *value, PyObject **result);
    /* Frees `extra`. With coroutine_drop_handle for it, that is a C future: a coroutine that yields itself makes its
       task, which must be one of ours, wait for that. */
    void (*drop)(struct coroutine *self);
};

struct coroutine {
    PyObject_HEAD
    const struct coroutine_kind *kind;
    PyObject *subject;        /* whose method it is; of a function, its first argument */
    PyObject *argument;
    PyObject *awaited;        /* a future of ours, or what another awaitable iterates with */
    void *extra;
    enum stage stage;
    bool finalized;
};

extern PyTypeObject coroutine_type;

PyObject *coroutine_new(const struct coroutine_kind *kind, PyObject *subject, PyObject *argument);
PyObject *coroutine_empty(void);
PySendResult coroutine_await(struct coroutine *self, PyObject *awaitable);
PySendResult coroutine_await_taken(struct coroutine *self, PyObject *taken);
PySendResult coroutine_await_handle(struct coroutine *self, PyObject *loop, async_future *taken, PyObject **result);
void coroutine_drop_handle(struct coroutine *self);
PySendResult coroutine_throw(PyObject *coroutine, PyObject *exception, PyObject **result);

#endif
