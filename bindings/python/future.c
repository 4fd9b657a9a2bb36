/* The outcome of a future, kept in Python and told to C.
 *
 * Three kinds share one struct. A promise made in Python has no C handle until C must know of it: when a task waits or
 * a callback is registered. A wrapped C future, and a promise that was handed out, is completed by C: its outcome is
 * looked up there when asked for. On a foreign loop there is no handle at all. */
#include "bindings/python/native.h"

/* Looks at C without fetching what is there: only reading a failure counts as reading it. */
bool future_is_done(struct future *future)
{
    if (future->state != PENDING)
        return true;
    if (!future->handle || !async_future_is_done(future->handle))
        return false;
    future->state = async_future_is_cancelled(future->handle) ? CANCELLED : FINISHED;
    return true;
}

static PyObject *error_child(PyObject *child)
{
    struct future *future = (struct future *)child;
    PyObject *result;

    if (!future_result(future, &result))
        return result;
    return raised_take();
}

static PyObject *gather_results(struct gather *gather)
{
    Py_ssize_t count = PyTuple_GET_SIZE(gather->children);
    PyObject *list = PyList_New(count);

    for (Py_ssize_t i = 0; list && i < count; i++) {
        PyObject *item = error_child(PyTuple_GET_ITEM(gather->children, i));

        if (!item)
            Py_CLEAR(list);
        else
            PyList_SET_ITEM(list, i, item);
    }
    return list;
}

/* Brings an outcome over that C has. */
static int future_fetch(struct future *future)
{
    async_value *value;

    if (future->result || future->state != FINISHED)
        return 0;
    value = async_future_value(future->handle);
    future->failed = !value;
    if (!value)
        future->result = failure_to_python(async_future_failure(future->handle));
    else if (future->gathers)
        future->result = gather_results((struct gather *)future);
    else
        future->result = value_to_python(value);
    if (!future->result)
        return -1;
    if (future->failed)
        future->traceback = PyException_GetTraceback(future->result);
    /* The C value would keep alive, unseen by the collector, what is ours to hold from now on. */
    future->handle = async_future_unref(future->handle);
    if (future->gathers)
        Py_CLEAR(((struct gather *)future)->children);
    return 0;
}

static const char *message_text(PyObject *message)
{
    const char *text = message && PyUnicode_Check(message) ? PyUnicode_AsUTF8(message) : NULL;

    if (PyErr_Occurred())
        PyErr_Clear();
    return text;
}

static int publish(struct future *future)
{
    async_loop *loop = ((struct loop *)future->loop)->handle;

    if (future->state == CANCELLED)
        return async_future_cancel(future->handle, message_text(future->message));
    if (!future->failed)
        return async_future_resolve(future->handle, value_from_python(loop, future, future->result));
    if (!future->unread)
        async_future_mark_read(future->handle);
    return async_future_fail_with(future->handle, failure_from_python(loop, future, future->result));
}

/* The C side of a future, made now if there is none yet (lent). */
async_future *future_handle(struct future *future)
{
    async_future *handle;
    int error;

    if (future->handle)
        return future->handle;
    if (!future->native) {
        PyErr_SetString(PyExc_RuntimeError, "the future belongs to a loop that is not libasync's");
        return NULL;
    }
    handle = async_future_new(((struct loop *)future->loop)->handle);
    if (async_future_is_done(handle)) {
        raise_error(async_future_error(handle), NULL);
        async_future_unref(handle);
        return NULL;
    }
    future->handle = handle;
    if (future->state == PENDING)
        return handle;
    error = publish(future);
    if (error) {
        raise_error(error, NULL);
        return NULL;
    }
    return handle;
}

/* The C side, for others than us to keep: from now on C may complete the future, and its callbacks must not depend on
   the Python object being held (lent). */
async_future *future_share(struct future *future)
{
    async_future *handle = future_handle(future);

    if (!handle || future->state != PENDING)
        return handle;
    callbacks_hold(future);
    if (PyObject_TypeCheck((PyObject *)future, &task_type))
        task_introduce((struct task *)future);
    future->shared = true;
    return handle;
}

/* Keep an outcome, without telling anybody. */
void future_note(struct future *future, enum outcome state, bool failed, PyObject *taken_result)
{
    future->state = state;
    future->failed = failed;
    future->unread = failed;
    Py_XSETREF(future->result, taken_result);
    if (failed)
        Py_XSETREF(future->traceback, PyException_GetTraceback(taken_result));
}

static int refused(struct future *future, int error)
{
    future->state = PENDING;
    future->failed = future->unread = false;
    Py_CLEAR(future->result);
    Py_CLEAR(future->traceback);
    if (error == ASYNC_EINVAL)
        PyErr_SetString(PyExc_RuntimeError, "the outcome of this future is its operation's to set");
    else
        raise_error(error, NULL);
    return -1;
}

/* Complete a future that is no task. A loop that is closed has ended what was pending; there is nobody left to tell. */
int future_finish(struct future *future, enum outcome state, bool failed, PyObject *taken_result)
{
    int error = 0;

    Py_INCREF(future);
    future_note(future, state, failed, taken_result);
    if (future->handle)
        error = publish(future);
    if (error == ASYNC_EINVAL || error == ASYNC_ETHREAD) {
        error = refused(future, error);
    } else {
        callbacks_schedule(future);
        error = 0;
    }
    Py_DECREF(future);
    return error;
}

/* One exception object serves one reader, as in asyncio: its traceback grows with each frame that it passes. */
PyObject *future_cancelled_error(struct future *future)
{
    PyObject *exception = future->result;

    future->result = NULL;
    if (exception)
        return exception;
    if (future->message || !future->handle || !async_future_is_cancelled(future->handle))
        return cancelled_error_new(future->message);
    return error_to_python(ASYNC_ECANCELED, async_future_message(future->handle));
}

static int raise_cancelled(struct future *future)
{
    PyObject *exception = future_cancelled_error(future);

    if (exception) {
        raise_object(exception);
        Py_DECREF(exception);
    }
    return -1;
}

static void future_mark_read(struct future *future)
{
    if (future->unread && future->handle)
        async_future_mark_read(future->handle);
    future->unread = false;
}

/* 0 and a new reference, or -1 with the failure raised. */
int future_result(struct future *future, PyObject **result)
{
    if (!future_is_done(future)) {
        PyErr_SetString(words.invalid_state_error, "Result is not set.");
        return -1;
    }
    if (future->state == CANCELLED)
        return raise_cancelled(future);
    if (future_fetch(future))
        return -1;
    future_mark_read(future);
    if (!future->failed) {
        *result = Py_NewRef(future->result);
        return 0;
    }
    PyException_SetTraceback(future->result, future->traceback ? future->traceback : Py_None);
    raise_object(future->result);
    return -1;
}

/* The exception, or None; a new reference. NULL with an exception raised when it is too early or was cancelled. */
PyObject *future_exception(struct future *future)
{
    if (!future_is_done(future)) {
        PyErr_SetString(words.invalid_state_error, "Exception is not set.");
        return NULL;
    }
    if (future->state == CANCELLED) {
        raise_cancelled(future);
        return NULL;
    }
    if (future_fetch(future))
        return NULL;
    future_mark_read(future);
    if (!future->failed)
        return Py_NewRef(Py_None);
    PyException_SetTraceback(future->result, future->traceback ? future->traceback : Py_None);
    return Py_NewRef(future->result);
}

/* 1 when the cancel was taken, 0 when it is done already, -1 with an exception raised. */
int future_cancel(struct future *future, PyObject *message)
{
    int error;

    future_mark_read(future);
    if (future_is_done(future))
        return 0;
    Py_XSETREF(future->message, message == Py_None ? NULL : Py_XNewRef(message));
    if (!future->shared)
        return future_finish(future, CANCELLED, false, NULL) ? -1 : 1;
    error = async_future_cancel(future->handle, message_text(future->message));
    return !error || error == ASYNC_ENOMEM;
}

/* `loop` is lent: a loop of ours, or one that has call_soon. */
int future_init(struct future *future, PyObject *loop)
{
    Py_XSETREF(future->loop, Py_NewRef(loop));
    future->native = loop_check(loop);
    future->debug = future->native && ((struct loop *)loop)->debug;
    return 0;
}

int future_traverse(struct future *future, visitproc visit, void *arg)
{
    Py_VISIT(future->dict);
    Py_VISIT(future->loop);
    Py_VISIT(future->result);
    Py_VISIT(future->traceback);
    Py_VISIT(future->message);
    return callbacks_traverse(future, visit, arg);
}

/* The handle goes first, for with it goes, as a rule, the only one who would still read the result. */
void future_clear(struct future *future)
{
    callbacks_release(future);
    future->handle = async_future_unref(future->handle);
    box_release(future);
    Py_CLEAR(future->dict);
    Py_CLEAR(future->loop);
    Py_CLEAR(future->result);
    Py_CLEAR(future->traceback);
    Py_CLEAR(future->message);
}

static void report_unread(struct future *future)
{
    PyObject *loop = future->loop, *context, *answer;

    context = PyObject_CallMethod(words.helpers, "unread_context", "O", future);
    answer = context ? PyObject_CallMethodObjArgs(loop, words.call_exception_handler, context, NULL) : NULL;
    if (!answer)
        PyErr_WriteUnraisable((PyObject *)future);
    Py_XDECREF(answer);
    Py_XDECREF(context);
}

/* A failure that nobody read is reported by the C side, which alone knows whether a waiter there did; see loop.c. */
void future_finalize(PyObject *self)
{
    struct future *future = (struct future *)self;
    async_future *handle = future->handle;
    PyObject *raised;

    if (!future->unread)
        return;
    raised = raised_take();
    future->unread = false;
    future->handle = NULL;
    if (handle)
        box_keep_owner(future);
    else
        report_unread(future);
    async_future_unref(handle);
    raised_put_back(raised);
}
