/* gather, handed to the core: its futures of the children in, one future out. The results of a gather are
   read from the children themselves, so that each comes back as the very object that its task returned. */
#include "bindings/python/native.h"

#include <stddef.h>

/* Which of the awaitables were made tasks already: a coroutine given twice becomes one task, listed twice. A table of
   indices by address, because a dict of ten thousand would cost more than the tasks. */
struct seen {
    Py_ssize_t *slots;    /* index + 1, 0 for none */
    size_t mask;
};

static int seen_init(struct seen *seen, Py_ssize_t count)
{
    size_t size = 8;

    while (size < (size_t)count * 2)
        size *= 2;
    seen->mask = size - 1;
    seen->slots = PyMem_Calloc(size, sizeof *seen->slots);
    if (seen->slots)
        return 0;
    PyErr_NoMemory();
    return -1;
}

/* The index at which the awaitable was seen first, which is `index` if that is now. */
static Py_ssize_t seen_at(struct seen *seen, PyObject *const *args, Py_ssize_t index)
{
    size_t at = ((uintptr_t)args[index] >> 4) * 0x9E3779B1u & seen->mask;

    while (seen->slots[at]) {
        if (args[seen->slots[at] - 1] == args[index])
            return seen->slots[at] - 1;
        at = (at + 1) & seen->mask;
    }
    seen->slots[at] = index + 1;
    return index;
}

static PyObject *child_new(struct loop *loop, PyObject *awaitable)
{
    if (PyCoro_CheckExact(awaitable) && loop->plain && !loop->task_factory)
        return task_new_native(loop, awaitable, NULL, NULL);
    if (!future_check(awaitable))
        return PyObject_CallMethod(words.helpers, "gather_child", "OO", awaitable, loop);
    if (((struct future *)awaitable)->loop == (PyObject *)loop)
        return Py_NewRef(awaitable);
    PyErr_SetString(PyExc_ValueError,
                    "The future belongs to a different loop than the one specified as the loop argument");
    return NULL;
}

static PyObject *children_new(struct loop *loop, PyObject *const *args, Py_ssize_t count)
{
    PyObject *children = PyTuple_New(count);
    struct seen seen;

    if (!children || seen_init(&seen, count)) {
        Py_XDECREF(children);
        return NULL;
    }
    for (Py_ssize_t i = 0; children && i < count; i++) {
        Py_ssize_t first = seen_at(&seen, args, i);
        PyObject *child = first < i ? Py_NewRef(PyTuple_GET_ITEM(children, first)) : child_new(loop, args[i]);

        if (!child)
            Py_CLEAR(children);
        else
            PyTuple_SET_ITEM(children, i, child);
    }
    PyMem_Free(seen.slots);
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

static PyObject *gather_new(struct loop *loop, PyObject *const *args, Py_ssize_t count, bool keep_errors)
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

/* The loop of the first future among them, else the one that runs (lent); NULL when it is none of ours. */
static struct loop *gather_loop(PyObject *const *args, Py_ssize_t count)
{
    for (Py_ssize_t i = 0; i < count; i++) {
        if (future_check(args[i])) {
            struct future *future = (struct future *)args[i];

            return future->native ? (struct loop *)future->loop : NULL;
        }
    }
    return running_loop;
}

PyObject *function_gather(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    static const char *const keywords[] = { "return_exceptions" };
    PyObject *keep = Py_False, *packed, *answer;
    struct loop *loop;
    int keep_errors;

    if (arguments_parse("gather", keywords, 1, 0, args + count, 0, names, &keep))
        return NULL;
    keep_errors = PyObject_IsTrue(keep);
    if (keep_errors < 0)
        return NULL;
    loop = gather_loop(args, count);
    if (loop)
        return gather_new(loop, args, count, keep_errors);
    packed = PyTuple_New(count);
    for (Py_ssize_t i = 0; packed && i < count; i++)
        PyTuple_SET_ITEM(packed, i, Py_NewRef(args[i]));
    answer = packed ? PyObject_CallMethod(words.helpers, "gather", "Oi", packed, keep_errors) : NULL;
    Py_XDECREF(packed);
    return answer;
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
