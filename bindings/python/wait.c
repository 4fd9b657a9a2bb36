/* wait: over futures of the loop that runs it is the core's; anything else is written in Python. */
#include "bindings/python/coroutine.h"

#include <math.h>

static const struct {
    const char *name;
    int when;
} conditions[] = {
    { "ALL_COMPLETED", ASYNC_ALL_COMPLETED },
    { "FIRST_COMPLETED", ASYNC_FIRST_COMPLETED },
    { "FIRST_EXCEPTION", ASYNC_FIRST_EXCEPTION },
};

static bool condition_of(PyObject *name, int *when)
{
    for (size_t i = 0; PyUnicode_Check(name) && i < sizeof conditions / sizeof *conditions; i++) {
        *when = conditions[i].when;
        if (!PyUnicode_CompareWithASCIIString(name, conditions[i].name))
            return true;
    }
    return false;
}

static bool limit_of(PyObject *given, double *seconds)
{
    *seconds = given == Py_None ? INFINITY : PyFloat_Check(given) || PyLong_Check(given) ? PyFloat_AsDouble(given) : NAN;
    if (PyErr_Occurred())
        PyErr_Clear();
    if (isinf(*seconds) && *seconds > 0)
        *seconds = ASYNC_FOREVER;
    else if (*seconds < 0)
        *seconds = 0;
    return !isnan(*seconds);
}

/* The set of the futures given, if each is one of ours that the core can wait for; NULL if not. */
static PyObject *set_of_ours(PyObject *given, struct loop *loop)
{
    PyObject *set = PyList_Check(given) || PyTuple_Check(given) || PyAnySet_Check(given) ? PySet_New(given) : NULL;
    PyObject *iterator = set && PySet_GET_SIZE(set) ? PyObject_GetIter(set) : NULL, *each;
    bool ours = iterator;

    while (ours && (each = PyIter_Next(iterator))) {
        ours = future_check(each) && ((struct future *)each)->loop == (PyObject *)loop;
        Py_DECREF(each);
    }
    Py_XDECREF(iterator);
    if (PyErr_Occurred())
        PyErr_Clear();
    if (!ours)
        Py_CLEAR(set);
    return set;
}

/* References for the core to take, or NULL with an exception raised. */
static async_future **handles_of(PyObject *set)
{
    async_future **handles = PyMem_Calloc((size_t)PySet_GET_SIZE(set), sizeof *handles), *handle = NULL;
    PyObject *iterator = handles ? PyObject_GetIter(set) : PyErr_NoMemory(), *each;
    size_t count = 0;

    while (iterator && (each = PyIter_Next(iterator))) {
        handle = future_handle((struct future *)each);
        Py_DECREF(each);
        if (!handle)
            break;
        handles[count++] = async_future_ref(handle);
    }
    Py_XDECREF(iterator);
    if (iterator && handle)
        return handles;
    while (count)
        async_future_unref(handles[--count]);
    PyMem_Free(handles);
    return NULL;
}

static PySendResult wait_in_c(struct coroutine *self, struct loop *loop, int when, double seconds, PyObject **result)
{
    async_future **handles = handles_of(self->subject);

    if (!handles)
        return PYGEN_ERROR;
    self->extra = async_wait(loop->handle, handles, (size_t)PySet_GET_SIZE(self->subject), (uint32_t)when, seconds);
    PyMem_Free(handles);
    *result = Py_NewRef((PyObject *)self);
    return PYGEN_NEXT;
}

static PySendResult start(struct coroutine *self, PyObject **result)
{
    PyObject *timeout = PyTuple_GET_ITEM(self->argument, 0), *condition = PyTuple_GET_ITEM(self->argument, 1);
    PyObject *set = running_loop && running_loop->stepping ? set_of_ours(self->subject, running_loop) : NULL, *slow;
    PySendResult sent;
    double seconds;
    int when;

    if (set && condition_of(condition, &when) && limit_of(timeout, &seconds)) {
        Py_SETREF(self->subject, set);
        return wait_in_c(self, running_loop, when, seconds, result);
    }
    Py_XDECREF(set);
    slow = PyObject_CallMethod(words.helpers, "wait", "OOO", self->subject, timeout, condition);
    Py_CLEAR(self->argument);
    sent = slow ? coroutine_await(self, slow) : PYGEN_ERROR;
    Py_XDECREF(slow);
    return sent;
}

/* (done, pending); as a rule everything is done, and then the one set serves as it is. */
static PyObject *outcome(PyObject *set)
{
    PyObject *pending = PySet_New(NULL), *iterator = PyObject_GetIter(set), *each, *answer = NULL;
    bool failed = !pending || !iterator;

    while (!failed && (each = PyIter_Next(iterator))) {
        failed = !future_is_done((struct future *)each) && PySet_Add(pending, each);
        Py_DECREF(each);
    }
    Py_XDECREF(iterator);
    if (!failed && PySet_GET_SIZE(pending)) {
        PyObject *done = PyNumber_Subtract(set, pending);

        answer = done ? PyTuple_Pack(2, done, pending) : NULL;
        Py_XDECREF(done);
    } else if (!failed) {
        answer = PyTuple_Pack(2, set, pending);
    }
    Py_XDECREF(pending);
    return answer;
}

static PySendResult resume(struct coroutine *self, PyObject *awaited, PyObject *value, PyObject **result)
{
    *result = value;
    if (!awaited && value) {
        Py_DECREF(value);
        *result = outcome(self->subject);
    }
    return *result ? PYGEN_RETURN : PYGEN_ERROR;
}

static const struct coroutine_kind kind = { "wait", start, resume, coroutine_drop_handle };

PyObject *function_wait(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    static const char *const keywords[] = { "fs", "timeout", "return_when" };
    PyObject *found[3] = { NULL, Py_None, words.all_completed }, *options, *coroutine;

    if (count > 1) {
        PyErr_Format(PyExc_TypeError, "wait() takes 1 positional argument but %zd were given", count);
        return NULL;
    }
    if (arguments_parse("wait", keywords, 3, 1, args, count, names, found))
        return NULL;
    options = PyTuple_Pack(2, found[1], found[2]);
    coroutine = options ? coroutine_new(&kind, found[0], options) : NULL;
    Py_XDECREF(options);
    return coroutine;
}
