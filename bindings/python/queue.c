/* Putting into a queue and getting out of it: asyncio's rules and messages, 3.13's. A class in Python may have methods of
   its own for whatever asyncio's queues call by name; then we do, too. */
#include "bindings/python/queue.h"

#include <stddef.h>
#include <structmember.h>

static PyObject *raise_word(PyObject *exception)
{
    PyErr_SetNone(exception);
    return NULL;
}

/* The answer of a method that asks: 1, 0 or -1. */
static int ask(struct queue *queue, PyObject *question)
{
    PyObject *answer = PyObject_CallMethodNoArgs((PyObject *)queue, question);
    int truth = answer ? PyObject_IsTrue(answer) : -1;

    Py_XDECREF(answer);
    return truth;
}

static Py_ssize_t size(struct queue *queue)
{
    if (queue->items)
        return PyObject_Size(queue->items);
    PyErr_SetString(PyExc_AttributeError, "the queue has no attribute '_queue'");
    return -1;
}

static int is_empty(struct queue *queue)
{
    Py_ssize_t count = queue->place.plain ? size(queue) : !ask(queue, words.empty);

    return PyErr_Occurred() ? -1 : count == 0;
}

static int is_full(struct queue *queue)
{
    Py_ssize_t count;

    if (!queue->place.plain)
        return ask(queue, words.full);
    if (queue->limit <= 0)
        return 0;
    count = size(queue);
    return count < 0 ? -1 : (double)count >= queue->limit;
}

/* Wake the next in line who still waits; he leaves the line with that. */
static int wake_next(PyObject *line)
{
    while (line_length(line) > 0) {
        PyObject *waiter = line_pop(line);
        int truth = waiter ? waiter_is(waiter, words.done) : -1;
        int error = truth < 0 || (!truth && waiter_wake(waiter, Py_None));

        Py_XDECREF(waiter);
        if (error || !truth)
            return error ? -1 : 0;
    }
    return 0;
}

static PyObject *put_now(struct queue *queue, PyObject *item)
{
    int full;

    if (queue->is_shutdown)
        return raise_word(words.queue_shut_down);
    full = is_full(queue);
    if (full)
        return full < 0 ? NULL : raise_word(words.queue_full);
    if (queue_put(queue, item))
        return NULL;
    queue->unfinished++;
    return wake_next(queue->getters) ? NULL : Py_NewRef(Py_None);
}

static PyObject *get_now(struct queue *queue)
{
    int empty = is_empty(queue);
    PyObject *item;

    if (empty)
        return empty < 0 ? NULL : raise_word(queue->is_shutdown ? words.queue_shut_down : words.queue_empty);
    item = queue_take(queue);
    if (item && wake_next(queue->putters))
        Py_CLEAR(item);
    return item;
}

static PySendResult put_start(struct coroutine *self, PyObject **result)
{
    struct queue *queue = (struct queue *)self->subject;
    int full = is_full(queue);

    if (full < 0)
        return PYGEN_ERROR;
    if (full && !queue->is_shutdown)
        return line_wait(self, &queue->putters);
    if (full)
        raise_word(words.queue_shut_down);
    else
        *result = queue->place.plain ? put_now(queue, self->argument)
                                     : PyObject_CallMethodOneArg(self->subject, words.put_nowait, self->argument);
    return *result ? PYGEN_RETURN : PYGEN_ERROR;
}

static PySendResult get_start(struct coroutine *self, PyObject **result)
{
    struct queue *queue = (struct queue *)self->subject;
    int empty = is_empty(queue);

    if (empty < 0)
        return PYGEN_ERROR;
    if (empty && !queue->is_shutdown)
        return line_wait(self, &queue->getters);
    if (empty)
        raise_word(words.queue_shut_down);
    else
        *result = queue->place.plain ? get_now(queue) : PyObject_CallMethodNoArgs(self->subject, words.get_nowait);
    return *result ? PYGEN_RETURN : PYGEN_ERROR;
}

/* Who leaves the line after he was woken wakes the next one. */
static PySendResult line_left(PyObject *line, struct future *waiter, struct queue *queue, int (*blocked)(struct queue *))
{
    PyObject *raised = raised_take();
    int is_blocked;

    future_cancel(waiter, NULL);
    if (line_leave(line, (PyObject *)waiter))
        PyErr_Clear();
    is_blocked = blocked(queue);
    if (is_blocked == 0 && waiter->state != CANCELLED)
        wake_next(line);
    raised_put_back(raised);
    return PYGEN_ERROR;
}

static PySendResult put_resume(struct coroutine *self, PyObject *awaited, PyObject *value, PyObject **result)
{
    struct queue *queue = (struct queue *)self->subject;

    Py_XDECREF(value);
    return value ? put_start(self, result) : line_left(queue->putters, (struct future *)awaited, queue, is_full);
}

static PySendResult get_resume(struct coroutine *self, PyObject *awaited, PyObject *value, PyObject **result)
{
    struct queue *queue = (struct queue *)self->subject;

    Py_XDECREF(value);
    return value ? get_start(self, result) : line_left(queue->getters, (struct future *)awaited, queue, is_empty);
}

static PySendResult join_start(struct coroutine *self, PyObject **result)
{
    struct queue *queue = (struct queue *)self->subject;

    if (queue->unfinished > 0)
        return line_wait(self, &queue->place.waiters);
    *result = Py_NewRef(Py_None);
    return PYGEN_RETURN;
}

static PySendResult join_resume(struct coroutine *self, PyObject *awaited, PyObject *value, PyObject **result)
{
    PyObject *raised = value ? NULL : raised_take();

    Py_XDECREF(value);
    if (line_leave(((struct place *)self->subject)->waiters, awaited))
        PyErr_Clear();
    raised_put_back(raised);
    if (raised)
        return PYGEN_ERROR;
    *result = Py_NewRef(Py_None);
    return PYGEN_RETURN;
}

static const struct coroutine_kind put_kind = { "Queue.put", put_start, put_resume, NULL };
static const struct coroutine_kind get_kind = { "Queue.get", get_start, get_resume, NULL };
static const struct coroutine_kind join_kind = { "Queue.join", join_start, join_resume, NULL };

static PyObject *method_put(PyObject *self, PyObject *item)
{
    return coroutine_new(&put_kind, self, item);
}

static PyObject *method_get(PyObject *self, PyObject *unused)
{
    return coroutine_new(&get_kind, self, NULL);
}

static PyObject *method_join(PyObject *self, PyObject *unused)
{
    return coroutine_new(&join_kind, self, NULL);
}

static PyObject *method_put_nowait(PyObject *self, PyObject *item)
{
    return put_now((struct queue *)self, item);
}

static PyObject *method_get_nowait(PyObject *self, PyObject *unused)
{
    return get_now((struct queue *)self);
}

static PyObject *method_task_done(PyObject *self, PyObject *unused)
{
    struct queue *queue = (struct queue *)self;

    if (queue->unfinished <= 0) {
        PyErr_SetString(PyExc_ValueError, "task_done() called too many times");
        return NULL;
    }
    if (--queue->unfinished == 0 && line_wake_all(queue->place.waiters))
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *method_qsize(PyObject *self, PyObject *unused)
{
    Py_ssize_t count = size((struct queue *)self);

    return count < 0 ? NULL : PyLong_FromSsize_t(count);
}

static PyObject *method_empty(PyObject *self, PyObject *unused)
{
    PyObject *items = ((struct queue *)self)->items;
    int truth = items ? PyObject_IsTrue(items) : (int)size((struct queue *)self);

    return truth < 0 ? NULL : PyBool_FromLong(!truth);
}

static PyObject *method_full(PyObject *self, PyObject *unused)
{
    double limit = ((struct queue *)self)->limit, number;
    PyObject *count;

    if (limit <= 0)
        Py_RETURN_FALSE;
    count = PyObject_CallMethod(self, "qsize", NULL);
    number = count ? PyFloat_AsDouble(count) : -1;
    Py_XDECREF(count);
    return PyErr_Occurred() ? NULL : PyBool_FromLong(number >= limit);
}

static PyObject *const *const hooks[] = { &words.init_items, &words.put_item, &words.take_item, &words.put_nowait,
                                          &words.get_nowait, &words.qsize, &words.empty, &words.full };

static PyObject *queue_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    struct queue *queue = (struct queue *)type->tp_alloc(type, 0);

    if (!queue)
        return NULL;
    queue->kind = queue_kind_of(type);
    queue->place.plain = true;
    for (size_t i = 0; i < sizeof hooks / sizeof *hooks; i++)
        if (place_overridden(type, *hooks[i]))
            queue->place.plain = false;
    return (PyObject *)queue;
}

static int init(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static const char *const keywords[] = { "maxsize" };
    struct queue *queue = (struct queue *)self;
    PyObject *given = NULL, *answer;

    if (arguments_unpack("Queue.__init__", keywords, 1, 0, args, kwargs, &given))
        return -1;
    Py_XSETREF(queue->capacity, given ? Py_NewRef(given) : PyLong_FromLong(0));
    queue->limit = queue->capacity ? PyFloat_AsDouble(queue->capacity) : 0;
    if (PyErr_Occurred())
        return -1;
    Py_XSETREF(queue->getters, PyObject_CallNoArgs(words.deque));
    Py_XSETREF(queue->putters, PyObject_CallNoArgs(words.deque));
    if (!queue->getters || !queue->putters)
        return -1;
    answer = PyObject_CallMethodOneArg(self, words.init_items, queue->capacity);
    Py_XDECREF(answer);
    return answer ? 0 : -1;
}

static int traverse(PyObject *self, visitproc visit, void *arg)
{
    struct queue *queue = (struct queue *)self;

    Py_VISIT(queue->items);
    Py_VISIT(queue->getters);
    Py_VISIT(queue->putters);
    Py_VISIT(queue->capacity);
    return place_traverse(self, visit, arg);
}

static int clear(PyObject *self)
{
    struct queue *queue = (struct queue *)self;

    Py_CLEAR(queue->items);
    Py_CLEAR(queue->getters);
    Py_CLEAR(queue->putters);
    Py_CLEAR(queue->capacity);
    return place_clear(self);
}

static PyMemberDef members[] = {
    { "maxsize", T_OBJECT, offsetof(struct queue, capacity), READONLY, "How many it holds at most, 0 for no limit." },
    { "_queue", T_OBJECT_EX, offsetof(struct queue, items), 0, NULL },
    { "_getters", T_OBJECT, offsetof(struct queue, getters), 0, NULL },
    { "_putters", T_OBJECT, offsetof(struct queue, putters), 0, NULL },
    { "_unfinished_tasks", T_PYSSIZET, offsetof(struct queue, unfinished), 0, NULL },
    { "_is_shutdown", T_BOOL, offsetof(struct queue, is_shutdown), 0, NULL },
    { NULL, 0, 0, 0, NULL },
};

static PyMethodDef methods[] = {
    { "_init", queue_method_init, METH_O, NULL },
    { "_put", queue_method_put, METH_O, NULL },
    { "_get", queue_method_get, METH_NOARGS, NULL },
    { "put", method_put, METH_O, "Put an item in, as soon as there is room." },
    { "put_nowait", method_put_nowait, METH_O, "Put an item in now, or raise QueueFull." },
    { "get", method_get, METH_NOARGS, "Get the next item, as soon as there is one." },
    { "get_nowait", method_get_nowait, METH_NOARGS, "Get the next item now, or raise QueueEmpty." },
    { "task_done", method_task_done, METH_NOARGS, "Tell that an item is worked off, once for each." },
    { "join", method_join, METH_NOARGS, "Wait until everything that was put in is worked off." },
    { "qsize", method_qsize, METH_NOARGS, "How many items are in it." },
    { "empty", method_empty, METH_NOARGS, "Whether nothing is in it." },
    { "full", method_full, METH_NOARGS, "Whether there is no room in it." },
    { NULL, NULL, 0, NULL },
};

PyTypeObject queue_type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "libasync._core.Queue",
    .tp_base = &place_type,
    .tp_basicsize = sizeof(struct queue),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .tp_new = queue_new,
    .tp_init = init,
    .tp_dealloc = place_dealloc,
    .tp_traverse = traverse,
    .tp_clear = clear,
    .tp_methods = methods,
    .tp_members = members,
    .tp_dictoffset = offsetof(struct place, dict),
    .tp_weaklistoffset = offsetof(struct place, weakrefs),
};
