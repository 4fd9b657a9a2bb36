/* Queue, LifoQueue and PriorityQueue: what they hold their items in, each as asyncio's does, for there are classes that
   derive from them and look at it. */
#include "bindings/python/queue.h"

static PyObject *heap_push, *heap_pop;

static PyObject *deque_new(void)
{
    return PyObject_CallNoArgs(words.deque);
}

static PyObject *list_new(void)
{
    return PyList_New(0);
}

static int answered(PyObject *answer)
{
    Py_XDECREF(answer);
    return answer ? 0 : -1;
}

static int append(PyObject *items, PyObject *item)
{
    PyObject *args[] = { items, item };

    if (PyList_CheckExact(items))
        return PyList_Append(items, item);
    if (Py_TYPE(items) == (PyTypeObject *)words.deque)
        return answered(PyObject_Vectorcall(words.deque_append, args, 2, NULL));
    return answered(PyObject_CallMethod(items, "append", "O", item));
}

static PyObject *take_first(PyObject *items)
{
    if (Py_TYPE(items) == (PyTypeObject *)words.deque)
        return PyObject_Vectorcall(words.deque_popleft, &items, 1, NULL);
    return PyObject_CallMethod(items, "popleft", NULL);
}

static PyObject *take_last(PyObject *items)
{
    return PyObject_CallMethod(items, "pop", NULL);
}

static int push(PyObject *items, PyObject *item)
{
    PyObject *args[] = { items, item };

    return answered(PyObject_Vectorcall(heap_push, args, 2, NULL));
}

static PyObject *take_lowest(PyObject *items)
{
    return PyObject_Vectorcall(heap_pop, &items, 1, NULL);
}

static const struct queue_kind fifo = { deque_new, append, take_first };
static const struct queue_kind lifo = { list_new, append, take_last };
static const struct queue_kind priority = { list_new, push, take_lowest };

const struct queue_kind *queue_kind_of(PyTypeObject *type)
{
    if (PyType_IsSubtype(type, &lifo_queue_type))
        return &lifo;
    return PyType_IsSubtype(type, &priority_queue_type) ? &priority : &fifo;
}

static bool has_items(struct queue *queue)
{
    if (!queue->items)
        PyErr_SetString(PyExc_AttributeError, "the queue has no attribute '_queue'");
    return queue->items;
}

int queue_put(struct queue *queue, PyObject *item)
{
    if (!queue->place.plain)
        return answered(PyObject_CallMethodOneArg((PyObject *)queue, words.put_item, item));
    return has_items(queue) ? queue->kind->put(queue->items, item) : -1;
}

PyObject *queue_take(struct queue *queue)
{
    if (!queue->place.plain)
        return PyObject_CallMethodNoArgs((PyObject *)queue, words.take_item);
    return has_items(queue) ? queue->kind->take(queue->items) : NULL;
}

PyObject *queue_method_init(PyObject *self, PyObject *capacity)
{
    struct queue *queue = (struct queue *)self;

    Py_XSETREF(queue->items, queue->kind->items_new());
    if (!queue->items)
        return NULL;
    Py_RETURN_NONE;
}

PyObject *queue_method_put(PyObject *self, PyObject *item)
{
    struct queue *queue = (struct queue *)self;

    if (!has_items(queue) || queue->kind->put(queue->items, item))
        return NULL;
    Py_RETURN_NONE;
}

PyObject *queue_method_get(PyObject *self, PyObject *unused)
{
    struct queue *queue = (struct queue *)self;

    return has_items(queue) ? queue->kind->take(queue->items) : NULL;
}

PyTypeObject lifo_queue_type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "libasync._core.LifoQueue",
    .tp_base = &queue_type,
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
};

PyTypeObject priority_queue_type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "libasync._core.PriorityQueue",
    .tp_base = &queue_type,
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
};

int queue_setup(void)
{
    PyObject *module = PyImport_ImportModule("heapq");

    heap_push = module ? PyObject_GetAttrString(module, "heappush") : NULL;
    heap_pop = module ? PyObject_GetAttrString(module, "heappop") : NULL;
    Py_XDECREF(module);
    return heap_push && heap_pop ? 0 : -1;
}
