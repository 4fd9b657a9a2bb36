#include "bindings/python/script.h"

/* Nobody can receive what a callback of the plain C interface raises. */
static void finish(PyObject *function, PyObject *answer)
{
    if (!answer)
        PyErr_WriteUnraisable(function);
    Py_XDECREF(answer);
}

void script_on_turn(async_loop *loop, void *user)
{
    PyGILState_STATE state = PyGILState_Ensure();

    finish(user, PyObject_CallNoArgs(user));
    PyGILState_Release(state);
}

void script_on_done(async_future *future, void *user)
{
    PyGILState_STATE state = PyGILState_Ensure();
    PyObject *proxy = proxy_of_future(future);

    finish(user, proxy ? PyObject_CallOneArg(user, proxy) : NULL);
    Py_XDECREF(proxy);
    PyGILState_Release(state);
}

void script_on_exception(async_loop *loop, async_future *source, int error, const char *message, void *user)
{
    PyGILState_STATE state = PyGILState_Ensure();
    PyObject *proxy = source ? proxy_of_future(source) : Py_NewRef(Py_None);

    finish(user, proxy ? PyObject_CallFunction(user, "Ois", proxy, error, message) : NULL);
    Py_XDECREF(proxy);
    PyGILState_Release(state);
}

/* What serves the connection, or None where that is nobody's affair. */
async_future *script_on_connected(async_stream *taken, void *user)
{
    PyGILState_STATE state = PyGILState_Ensure();
    PyObject *proxy = proxy_of_stream(taken), *answer = proxy ? PyObject_CallOneArg(user, proxy) : NULL;
    async_future *serving = NULL;

    if (answer && answer != Py_None) {
        serving = async_future_ref(script_async_future(answer));
        if (!serving)
            Py_CLEAR(answer);
    }
    Py_XDECREF(proxy);
    finish(user, answer);
    PyGILState_Release(state);
    return serving;
}

void script_drop(void *user)
{
    PyGILState_STATE state = PyGILState_Ensure();

    Py_DECREF((PyObject *)user);
    PyGILState_Release(state);
}

/* The state of a coroutine in steps is the callable that comes next. */
void *script_steps(PyObject *first)
{
    PyObject **state = PyCallable_Check(first) ? PyMem_RawMalloc(sizeof *state) : NULL;

    if (state)
        *state = Py_NewRef(first);
    else
        PyErr_SetString(PyExc_TypeError, "a callable step was expected");
    return state;
}

void script_steps_drop(void *user)
{
    PyObject **state = user;

    script_drop(*state);
    PyMem_RawFree(state);
}

int script_next(async_task *task, PyObject *next)
{
    PyObject **state = async_future_state(async_task_future(task), script_step);

    if (state && PyCallable_Check(next)) {
        Py_XSETREF(*state, Py_NewRef(next));
        return 0;
    }
    PyErr_SetString(PyExc_TypeError, state ? "a callable step was expected" : "the task is not made of Python's steps");
    return -1;
}

/* A step that raises fails its task with the very exception. */
static async_next step_raised(async_task *task)
{
    PyObject *exception = raised_take();
    async_next verdict = async_fail_with(task, failure_from_python(async_task_loop(task), NULL, exception));

    Py_DECREF(exception);
    return verdict;
}

async_next script_step(async_task *task, void *user)
{
    PyGILState_STATE state = PyGILState_Ensure();
    PyObject *step = Py_NewRef(*(PyObject **)user), *proxy = proxy_of_task(task);
    PyObject *answer = proxy ? PyObject_CallOneArg(step, proxy) : NULL;
    async_next verdict = answer ? verdict_of_proxy(answer) : step_raised(task);

    Py_XDECREF(answer);
    Py_XDECREF(proxy);
    Py_DECREF(step);
    PyErr_Clear();
    PyGILState_Release(state);
    return verdict;
}

PyObject *script_text(const async_value *value, const char *text, size_t size)
{
    if (!text)
        Py_RETURN_NONE;
    if (async_value_kind(value) == ASYNC_BYTES)
        return PyBytes_FromStringAndSize(text, (Py_ssize_t)size);
    return PyUnicode_DecodeUTF8(text, (Py_ssize_t)size, "surrogateescape");
}

/* Lent handles: the call takes references of its own only once every argument is known to be good. */
void **script_array(PyObject *sequence, script_convert *convert, size_t *count)
{
    PyObject *items = PySequence_Fast(sequence, "a sequence of handles was expected");
    void **handles;

    if (!items)
        return NULL;
    *count = (size_t)PySequence_Fast_GET_SIZE(items);
    handles = PyMem_Calloc(*count + 1, sizeof *handles);
    for (size_t i = 0; handles && i < *count; i++) {
        handles[i] = convert(PySequence_Fast_GET_ITEM(items, (Py_ssize_t)i));
        if (!handles[i]) {
            PyMem_Free(handles);
            handles = NULL;
        }
    }
    Py_DECREF(items);
    return handles;
}

static void *refuse(const char *wanted, PyObject *object)
{
    if (!PyErr_Occurred() && object != Py_None)
        PyErr_Format(PyExc_TypeError, "%s was expected, got %R", wanted, object);
    return NULL;
}

async_loop *script_async_loop(PyObject *object)
{
    async_loop *loop = loop_check(object) ? ((struct loop *)object)->handle : loop_of_proxy(object);

    return loop ? loop : refuse("a loop", object);
}

async_future *script_async_future(PyObject *object)
{
    async_future *future = future_check(object) ? future_share((struct future *)object) : future_of_proxy(object);

    return future ? future : refuse("a future", object);
}

async_value *script_async_value(PyObject *object)
{
    async_value *value = value_of_proxy(object);

    return value ? value : refuse("a value", object);
}

/* An address, as ctypes, cffi and C code know it, is lent for a loop ... */
async_loop *loop_of_handle(PyObject *object)
{
    return PyLong_Check(object) ? PyLong_AsVoidPtr(object) : script_async_loop(object);
}

/* ... and brings its reference for a future; a proxy or a native future keeps its own. */
async_future *future_of_handle(PyObject *object)
{
    async_future *future;

    if (!PyLong_Check(object))
        return async_future_ref(script_async_future(object));
    future = PyLong_AsVoidPtr(object);
    if (!future && !PyErr_Occurred())
        PyErr_SetString(PyExc_ValueError, "the handle is NULL");
    return future;
}
