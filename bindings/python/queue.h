/* queue.c: putting and getting; queue_kinds.c: what the items are kept in. */
#ifndef LIBASYNC_PYTHON_QUEUE_H
#define LIBASYNC_PYTHON_QUEUE_H

#include "bindings/python/waiting.h"

/* What differs between the three kinds of queue: what holds the items, and which one is next. */
struct queue_kind {
    PyObject *(*items_new)(void);
    int (*put)(PyObject *items, PyObject *item);
    PyObject *(*take)(PyObject *items);
};

struct queue {
    struct place place;    /* whose line is of those that join */
    const struct queue_kind *kind;
    PyObject *items;
    PyObject *getters;
    PyObject *putters;
    PyObject *capacity;
    double limit;          /* the capacity as a number */
    Py_ssize_t unfinished;
    char is_shutdown;
};

extern PyTypeObject queue_type, lifo_queue_type, priority_queue_type;

const struct queue_kind *queue_kind_of(PyTypeObject *type);
int queue_put(struct queue *queue, PyObject *item);
PyObject *queue_take(struct queue *queue);
PyObject *queue_method_init(PyObject *self, PyObject *capacity);
PyObject *queue_method_put(PyObject *self, PyObject *item);
PyObject *queue_method_get(PyObject *self, PyObject *unused);
int queue_setup(void);

#endif
