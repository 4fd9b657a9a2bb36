/* What the native types add to the module that SWIG generates. */
#include "bindings/python/queue.h"
#include "bindings/python/stream.h"

struct words words;

static struct {
    PyObject **word;
    const char *text;
} interned[] = {
    { &words.call_soon, "call_soon" },
    { &words.call_exception_handler, "call_exception_handler" },
    { &words.create_task, "create_task" },
    { &words.get_loop, "get_loop" },
    { &words.throw, "throw" },
    { &words.cancel, "cancel" },
    { &words.add_done_callback, "add_done_callback" },
    { &words.blocking, "_asyncio_future_blocking" },
    { &words.done, "done" },
    { &words.cancelled, "cancelled" },
    { &words.acquire, "acquire" },
    { &words.release, "release" },
    { &words.put_nowait, "put_nowait" },
    { &words.get_nowait, "get_nowait" },
    { &words.qsize, "qsize" },
    { &words.empty, "empty" },
    { &words.full, "full" },
    { &words.init_items, "_init" },
    { &words.put_item, "_put" },
    { &words.take_item, "_get" },
    { &words.result, "result" },
    { &words.set_result, "set_result" },
    { &words.readline, "readline" },
    { &words.connection_lost, "Connection lost" },
};

static struct {
    PyObject **word;
    const char *module, *name;
} imported[] = {
    { &words.cancelled_error, "asyncio", "CancelledError" },
    { &words.invalid_state_error, "asyncio", "InvalidStateError" },
    { &words.timeout_error, "asyncio", "TimeoutError" },
    { &words.gaierror, "socket", "gaierror" },
    { &words.deque, "collections", "deque" },
    { &words.all_completed, "asyncio", "ALL_COMPLETED" },
    { &words.queue_empty, "asyncio", "QueueEmpty" },
    { &words.queue_full, "asyncio", "QueueFull" },
    { &words.incomplete_read_error, "asyncio", "IncompleteReadError" },
    { &words.limit_overrun_error, "asyncio", "LimitOverrunError" },
    { &words.set_running_loop, "asyncio", "_set_running_loop" },
    { &words.get_running_loop, "asyncio", "_get_running_loop" },
    { &words.current_task, "asyncio", "current_task" },
    { &words.register_task, "asyncio", "_register_task" },
    { &words.enter_task, "asyncio", "_enter_task" },
    { &words.leave_task, "asyncio", "_leave_task" },
};

static PyObject *import_name(const char *module, const char *name)
{
    PyObject *from = PyImport_ImportModule(module), *object = from ? PyObject_GetAttrString(from, name) : NULL;

    Py_XDECREF(from);
    return object;
}

static int words_setup(void)
{
    for (size_t i = 0; i < sizeof interned / sizeof *interned; i++)
        if (!(*interned[i].word = PyUnicode_InternFromString(interned[i].text)))
            return -1;
    for (size_t i = 0; i < sizeof imported / sizeof *imported; i++)
        if (!(*imported[i].word = import_name(imported[i].module, imported[i].name)))
            return -1;
    words.only_context = Py_BuildValue("(s)", "context");
    words.newline = PyBytes_FromString("\n");
    words.deque_append = PyObject_GetAttrString(words.deque, "append");
    words.deque_remove = PyObject_GetAttrString(words.deque, "remove");
    words.deque_popleft = PyObject_GetAttrString(words.deque, "popleft");
    words.current_tasks = import_name("asyncio.tasks", "_current_tasks");
    if (words.current_tasks && !PyDict_CheckExact(words.current_tasks))
        Py_CLEAR(words.current_tasks);
    PyErr_Clear();
    return words.only_context && words.newline ? 0 : -1;
}

/* The loop that runs: ours, else asyncio's; NULL with RuntimeError raised when there is none. */
PyObject *loop_running(void)
{
    PyObject *loop;

    if (running_loop)
        return Py_NewRef((PyObject *)running_loop);
    loop = PyObject_CallNoArgs(words.get_running_loop);
    if (loop != Py_None)
        return loop;
    Py_DECREF(loop);
    PyErr_SetString(PyExc_RuntimeError, "no running event loop");
    return NULL;
}

static PyObject *get_running_loop(PyObject *module, PyObject *unused)
{
    return loop_running();
}

static PyObject *get_running_loop_or_none(PyObject *module, PyObject *unused)
{
    return running_loop ? Py_NewRef((PyObject *)running_loop) : PyObject_CallNoArgs(words.get_running_loop);
}

static PyObject *create_task(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    PyObject *loop, *method, *answer;

    if (running_loop && running_loop->plain)
        return loop_create_task((PyObject *)running_loop, args, count, names);
    loop = loop_running();
    method = loop ? PyObject_GetAttr(loop, words.create_task) : NULL;
    answer = method ? PyObject_Vectorcall(method, args, (size_t)count, names) : NULL;
    Py_XDECREF(method);
    Py_XDECREF(loop);
    return answer;
}

/* The Python side of the loop that a handle belongs to; an immortal failed future belongs to whichever is meant. */
static struct loop *loop_for(PyObject *loop, async_future *handle)
{
    struct loop *owner = loop_of(async_future_loop(handle));

    if (loop && loop != Py_None && !loop_check(loop))
        PyErr_Format(PyExc_TypeError, "a libasync loop was expected, got %R", loop);
    else if (owner && loop && loop != Py_None && owner != (struct loop *)loop)
        PyErr_SetString(PyExc_ValueError, "the handle belongs to a different loop");
    else if (owner)
        return owner;
    else if (async_future_loop(handle))
        PyErr_SetString(PyExc_ValueError, "the handle's loop is not known here: see Loop.from_handle");
    else if (loop && loop != Py_None)
        return (struct loop *)loop;
    else if (running_loop)
        return running_loop;
    else
        PyErr_SetString(PyExc_RuntimeError, "no running event loop");
    return NULL;
}

/* A C future as a Python one. An address is a reference given to us; a proxy keeps its own. */
static PyObject *wrap_handle(PyObject *module, PyObject *args, PyObject *kwargs)
{
    static char *names[] = { "handle", "loop", NULL };
    PyObject *given, *loop = NULL, *task;
    async_future *handle;
    struct loop *owner;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|$O:wrap_handle", names, &given, &loop))
        return NULL;
    handle = future_of_handle(given);
    owner = handle ? loop_for(loop, handle) : NULL;
    if (!owner) {
        async_future_unref(handle);
        return NULL;
    }
    if (!async_future_is_task(handle))
        return future_wrap(owner, handle);
    task = async_future_state(handle, task_step);
    if (!task)
        return task_wrap(owner, handle);
    Py_INCREF(task);
    async_future_unref(handle);
    return task;
}

/* (loop, object): an object as a value of C, for Python's half of the binding. */
static PyObject *value_of(PyObject *module, PyObject *args)
{
    PyObject *loop, *object, *proxy;
    async_value *value;

    if (!PyArg_ParseTuple(args, "O!O", &loop_type, &loop, &object))
        return NULL;
    value = value_from_python(((struct loop *)loop)->handle, NULL, object);
    proxy = value ? proxy_of_value(value) : PyErr_NoMemory();
    async_value_unref(value);
    return proxy;
}

/* What a function of the C interface answered, raised if it is an error, in the words given. */
static PyObject *check(PyObject *module, PyObject *args)
{
    const char *message = NULL;
    int error;

    if (!PyArg_ParseTuple(args, "i|s", &error, &message) || (error && raise_error(error, message)))
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *find_loop(PyObject *module, PyObject *given)
{
    struct loop *loop = loop_of(loop_of_handle(given));

    if (PyErr_Occurred())
        return NULL;
    return Py_NewRef(loop ? (PyObject *)loop : Py_None);
}

static PyObject *handle_of(PyObject *module, PyObject *object)
{
    async_future *handle;

    if (loop_check(object))
        return PyLong_FromVoidPtr(((struct loop *)object)->handle);
    if (!future_check(object)) {
        PyErr_Format(PyExc_TypeError, "a libasync future or loop was expected, got %R", object);
        return NULL;
    }
    handle = future_share((struct future *)object);
    return handle ? PyLong_FromVoidPtr(handle) : NULL;
}

#define FAST(function) (PyCFunction)(void (*)(void))(function), METH_FASTCALL | METH_KEYWORDS

static PyMethodDef functions[] = {
    { "sleep", FAST(function_sleep),
      "sleep(delay, result=None)\n--\n\nA coroutine that ends after a delay in seconds." },
    { "create_task", FAST(create_task), "create_task(coro, *, name=None, context=None)\n--\n\nStart a coroutine." },
    { "get_running_loop", get_running_loop, METH_NOARGS, "The loop that runs in this thread." },
    { "_get_running_loop", get_running_loop_or_none, METH_NOARGS, "The loop that runs in this thread, or None." },
    { "gather", FAST(function_gather),
      "gather(*aws, return_exceptions=False)\n--\n\nA future of the list of all results, in the order given; the first "
      "failure is its failure, at once." },
    { "wait_for", FAST(function_wait_for),
      "wait_for(fut, timeout)\n--\n\nWait for an awaitable so long and no longer: then it is cancelled, and TimeoutError "
      "raised once it has ended." },
    { "wait_until", FAST(function_wait_until),
      "wait_until(fut, when)\n--\n\nThe same until a time of the loop's clock, which several awaits may share." },
    { "wait", FAST(function_wait),
      "wait(fs, *, timeout=None, return_when=ALL_COMPLETED)\n--\n\nWait for futures without minding how they end; the "
      "sets (done, pending)." },
    { "wrap_handle", (PyCFunction)(void (*)(void))wrap_handle, METH_VARARGS | METH_KEYWORDS,
      "wrap_handle(handle, *, loop=None)\n--\n\nA C future as a Python one: its address, with a reference, or its "
      "proxy." },
    { "handle", handle_of, METH_O,
      "handle(object)\n--\n\nThe address of the C future or loop behind a Python one, lent while that lives." },
    { NULL, NULL, 0, NULL },
};

static int types_setup(PyObject *module)
{
    PyTypeObject *types[] = { &loop_type,  &handle_type, &timer_handle_type, &future_type, &future_iterator_type,
                              &task_type, &gather_type, &coroutine_type, &wakeup_type, &place_type, &lock_type,
                              &event_type, &semaphore_type, &scope_method_type, &scope_bound_type,
                              &queue_type, &lifo_queue_type, &priority_queue_type, &group_type,
                              &reader_type, &writer_type };

    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (PyType_Ready(types[i])
            || PyModule_AddObject(module, strrchr(types[i]->tp_name, '.') + 1, Py_NewRef((PyObject *)types[i])))
            return -1;
    }
    return scope_methods_add(&lock_type, &lock_enter, lock_release)
        || scope_methods_add(&semaphore_type, &semaphore_enter, semaphore_release);
}

/* Python's half of the binding is loaded after us and tells us what to call. */
static PyObject *set_helpers(PyObject *module, PyObject *args)
{
    if (!PyArg_ParseTuple(args, "OOO", &words.helpers, &words.error, &words.queue_shut_down))
        return NULL;
    Py_INCREF(words.helpers);
    Py_INCREF(words.error);
    Py_INCREF(words.queue_shut_down);
    Py_RETURN_NONE;
}

static PyMethodDef setup_functions[] = {
    { "_find_loop", find_loop, METH_O, NULL },
    { "_check", check, METH_VARARGS, NULL },
    { "_value", value_of, METH_VARARGS, NULL },
    { "_open_stream", function_open_stream, METH_VARARGS, NULL },
    { "_start_server", function_start_server, METH_VARARGS, NULL },
    { "_adopt_server", function_adopt_server, METH_VARARGS, NULL },
    { "_set_helpers", set_helpers, METH_VARARGS, NULL },
    { NULL, NULL, 0, NULL },
};

int native_setup(PyObject *module)
{
    if (words_setup() || value_setup() || task_setup() || queue_setup() || types_setup(module))
        return -1;
    return PyModule_AddFunctions(module, functions) || PyModule_AddFunctions(module, setup_functions) ? -1 : 0;
}
