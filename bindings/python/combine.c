/* gather and wait, handed to the core: its futures of the children in, one future out. The results of a gather are
   read from the children themselves, so that each comes back as the very object that its task returned. */
#include "bindings/python/native.h"

#include <stddef.h>

/* Any awaitable as a future of this loop: a new reference. */
static PyObject *future_ensure(struct loop *loop, PyObject *awaitable)
{
    if (future_check(awaitable)) {
        if (((struct future *)awaitable)->loop == (PyObject *)loop)
            return Py_NewRef(awaitable);
        PyErr_SetString(PyExc_ValueError,
                        "The future belongs to a different loop than the one specified as the loop argument");
        return NULL;
    }
    if (PyCoro_CheckExact(awaitable) && loop->plain && !loop->task_factory)
        return task_new_native(loop, awaitable, NULL, NULL);
    return PyObject_CallMethod(words.helpers, "ensure_future", "OO", awaitable, loop);
}

/* A coroutine given twice becomes one task, listed twice. */
static PyObject *ensure_once(struct loop *loop, PyObject *awaitable, PyObject *seen)
{
    PyObject *child;

    if (future_check(awaitable))
        return future_ensure(loop, awaitable);
    child = PyDict_GetItemWithError(seen, awaitable);
    if (child || PyErr_Occurred())
        return Py_XNewRef(child);
    child = future_ensure(loop, awaitable);
    if (child && PyDict_SetItem(seen, awaitable, child))
        Py_CLEAR(child);
    return child;
}

static PyObject *children_new(struct loop *loop, PyObject *const *args, Py_ssize_t count)
{
    PyObject *children = PyTuple_New(count), *seen = PyDict_New();

    for (Py_ssize_t i = 0; children && i < count; i++) {
        PyObject *child = seen ? ensure_once(loop, args[i], seen) : NULL;

        if (!child)
            Py_CLEAR(children);
        else
            PyTuple_SET_ITEM(children, i, child);
    }
    Py_XDECREF(seen);
    return children;
}

/* References for the core to take. A child that is not on a loop of ours has none: TypeError. */
static async_future **handles_new(PyObject *children, size_t *count)
{
    Py_ssize_t total = PyTuple_GET_SIZE(children);
    async_future **handles = PyMem_Calloc(total ? (size_t)total : 1, sizeof *handles);

    if (!handles)
        PyErr_NoMemory();
    for (*count = 0; handles && *count < (size_t)total; ++*count) {
        PyObject *child = PyTuple_GET_ITEM(children, *count);
        async_future *handle = NULL;

        if (future_check(child))
            handle = future_handle((struct future *)child);
        else
            PyErr_Format(PyExc_TypeError, "a libasync future was expected, got %R", child);
        if (!handle) {
            while (*count)
                async_future_unref(handles[--*count]);
            PyMem_Free(handles);
            return NULL;
        }
        handles[*count] = async_future_ref(handle);
    }
    return handles;
}

PyObject *gather_new(struct loop *loop, PyObject *const *args, Py_ssize_t count, bool keep_errors)
{
    struct gather *gather = NULL;
    PyObject *children = children_new(loop, args, count);
    async_future **handles;
    size_t total;

    if (!children)
        return NULL;
    handles = handles_new(children, &total);
    if (handles)
        gather = (struct gather *)gather_type.tp_alloc(&gather_type, 0);
    if (!gather) {
        while (handles && total)
            async_future_unref(handles[--total]);
        PyMem_Free(handles);
        Py_DECREF(children);
        return NULL;
    }
    future_init(&gather->future, (PyObject *)loop);
    gather->future.shared = gather->future.gathers = true;
    gather->children = children;
    gather->future.handle = async_gather(loop->handle, handles, total, keep_errors ? ASYNC_GATHER_KEEP_ERRORS : 0);
    PyMem_Free(handles);
    return (PyObject *)gather;
}

/* A future of the C wait for a tuple of our futures. */
PyObject *wait_new(struct loop *loop, PyObject *futures, unsigned when, double timeout)
{
    size_t count;
    async_future **handles = handles_new(futures, &count), *handle;

    if (!handles)
        return NULL;
    handle = async_wait(loop->handle, handles, count, when, timeout);
    PyMem_Free(handles);
    return future_wrap(loop, handle);
}

static int traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(((struct gather *)self)->children);
    return future_traverse((struct future *)self, visit, arg);
}

static int clear(PyObject *self)
{
    future_clear((struct future *)self);
    Py_CLEAR(((struct gather *)self)->children);
    return 0;
}

static void dealloc(PyObject *self)
{
    PyObject_GC_UnTrack(self);
    if (((struct future *)self)->weakrefs)
        PyObject_ClearWeakRefs(self);
    clear(self);
    Py_TYPE(self)->tp_free(self);
}

static PyObject *get_children(PyObject *self, void *unused)
{
    PyObject *children = ((struct gather *)self)->children;

    return children ? PySequence_List(children) : PyList_New(0);
}

static PyGetSetDef getset[] = {
    { "_children", get_children, NULL, NULL, NULL },
    { NULL, NULL, NULL, NULL, NULL },
};

PyTypeObject gather_type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "libasync.GatheringFuture",
    .tp_doc = "The future of many results.",
    .tp_base = &future_type,
    .tp_basicsize = sizeof(struct gather),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .tp_new = NULL,
    .tp_dealloc = dealloc,
    .tp_traverse = traverse,
    .tp_clear = clear,
    .tp_getset = getset,
    .tp_dictoffset = offsetof(struct future, dict),
    .tp_weaklistoffset = offsetof(struct future, weakrefs),
};
