/* A Python task is one C step: it resumes the coroutine and awaits what that yields. The results stay in Python: the
   coroutine's own `await` takes them out of the future it yielded; the step only throws what cannot come that way. */
#include "bindings/python/coroutine.h"

static async_task_options *usual, *eager;

/* asyncio's tasks see a cancel even before their first step, so that step must run. */
int task_setup(void)
{
    usual = async_task_options_new();
    eager = async_task_options_new();
    if (!usual || !eager) {
        PyErr_NoMemory();
        return -1;
    }
    async_task_options_set_trying(usual, true);
    async_task_options_set_trying(eager, true);
    return async_task_options_set_eager(eager, true);
}

/* Only what fails or is handed out pays for a name and an origin on the C side. */
void task_introduce(struct task *task)
{
    PyObject *name = task_name(task), *origin = name ? task_origin(task) : NULL;

    if (name)
        async_future_set_name(task->future.handle, PyUnicode_AsUTF8(name));
    if (origin && origin != Py_None)
        async_future_set_origin(task->future.handle, PyUnicode_AsUTF8(origin));
    if (PyErr_Occurred())
        PyErr_Clear();
    Py_XDECREF(name);
    Py_XDECREF(origin);
}

/* The cancel as this task is to see it: with its message, which may be any object if it was asked for in Python. */
static PyObject *cancel_delivered(struct task *task, async_task *handle)
{
    PyObject *message = task->future.message, *exception;

    task->future.message = NULL;
    if (!message)
        return failure_to_python(async_task_failure(handle));
    exception = cancelled_error_new(message);
    Py_DECREF(message);
    return exception;
}

/* What the coroutine must be told by an exception: a new reference, or NULL when its await knows by itself. */
static PyObject *exception_to_throw(struct task *task, async_task *handle)
{
    struct future *waiter = task->waiter && future_check(task->waiter) ? (struct future *)task->waiter : NULL;
    PyObject *throwing = task->throwing;
    int error = async_caught(handle);

    task->throwing = NULL;
    if (error == ASYNC_ECANCELED && !(waiter && future_is_done(waiter) && waiter->state == CANCELLED)) {
        Py_XDECREF(throwing);
        return cancel_delivered(task, handle);
    }
    if (throwing || !error || (waiter && future_is_done(waiter)))
        return throwing;
    return failure_to_python(async_task_failure(handle));
}

static PySendResult task_throw(struct task *task, PyObject *exception, PyObject **result)
{
    if (Py_IS_TYPE(task->coroutine, &coroutine_type))
        return coroutine_throw(task->coroutine, exception, result);
    *result = PyObject_CallMethodOneArg(task->coroutine, words.throw, exception);
    if (*result)
        return PYGEN_NEXT;
    *result = PyErr_ExceptionMatches(PyExc_StopIteration) ? stop_iteration_value() : NULL;
    return *result ? PYGEN_RETURN : PYGEN_ERROR;
}

/* Run the coroutine up to its next await, with an exception if there is one (taken). */
PySendResult task_resume(struct task *task, PyObject *exception, PyObject **result)
{
    PySendResult sent;

    *result = NULL;
    Py_CLEAR(task->waiter);
    if (!exception)
        return send_to(task->coroutine, Py_None, result);
    sent = task_throw(task, exception, result);
    Py_DECREF(exception);
    return sent;
}

static PySendResult resume_in_context(struct task *task, PyObject *exception, PyObject **result)
{
    PySendResult sent;

    if (PyContext_Enter(task->context)) {
        Py_XDECREF(exception);
        return PYGEN_ERROR;
    }
    sent = task_resume(task, exception, result);
    PyContext_Exit(task->context);
    return sent;
}

static const char *cancel_text(PyObject *exception)
{
    PyObject *args = ((PyBaseExceptionObject *)exception)->args;
    PyObject *first = args && PyTuple_GET_SIZE(args) ? PyTuple_GET_ITEM(args, 0) : NULL;
    const char *text = first && PyUnicode_Check(first) ? PyUnicode_AsUTF8(first) : NULL;

    if (PyErr_Occurred())
        PyErr_Clear();
    return text;
}

static async_next task_end_cancelled(struct task *task, async_task *handle, PyObject *taken_exception)
{
    Py_CLEAR(task->future.message);
    future_note(&task->future, CANCELLED, false, taken_exception);
    callbacks_schedule(&task->future);
    return async_fail(handle, ASYNC_ECANCELED, cancel_text(taken_exception));
}

static async_next task_end_failed(struct task *task, async_task *handle)
{
    struct loop *loop = (struct loop *)task->future.loop;
    PyObject *exception = raised_take();

    if (PyErr_GivenExceptionMatches(exception, words.cancelled_error))
        return task_end_cancelled(task, handle, exception);
    future_note(&task->future, FINISHED, true, exception);
    callbacks_schedule(&task->future);
    loop_fatal(loop, exception);
    task_introduce(task);
    return async_fail_with(handle, failure_from_python(loop->handle, &task->future, exception));
}

static async_next task_end_returned(struct task *task, async_task *handle, PyObject *value)
{
    struct loop *loop = (struct loop *)task->future.loop;

    /* A cancel that came during the last step finds nothing to interrupt; the task counts as cancelled all the same. */
    if (async_future_must_cancel(task->future.handle)) {
        PyObject *exception = cancelled_error_new(task->future.message);

        Py_DECREF(value);
        return exception ? task_end_cancelled(task, handle, exception) : task_end_failed(task, handle);
    }
    future_note(&task->future, FINISHED, false, value);
    callbacks_schedule(&task->future);
    return async_return(handle, value_from_python(loop->handle, &task->future, value));
}

/* The checks that asyncio makes of a future it is to wait for; NULL with an exception raised. */
static async_future *future_to_wait_for(struct task *task, struct future *awaited)
{
    if (!awaited->blocking) {
        PyErr_Format(PyExc_RuntimeError, "yield was used instead of yield from in task %R with %R", task, awaited);
        return NULL;
    }
    awaited->blocking = false;
    if (awaited->loop != task->future.loop) {
        PyErr_Format(PyExc_RuntimeError, "Task %R got Future %R attached to a different loop", task, awaited);
        return NULL;
    }
    if (awaited == &task->future) {
        PyErr_Format(PyExc_RuntimeError, "Task cannot await on itself: %R", task);
        return NULL;
    }
    return async_future_ref(future_handle(awaited));
}

static async_future *to_wait_for(struct task *task, PyObject *yielded)
{
    PyTypeObject *type = Py_TYPE(yielded);
    async_future *handle;

    if (yielded == Py_None)
        return async_sleep(((struct loop *)task->future.loop)->handle, 0);
    if (type == &coroutine_type && (handle = coroutine_take_handle(yielded)))
        return handle;
    if (future_check(yielded))
        return future_to_wait_for(task, (struct future *)yielded);
    return foreign_wait(task, yielded);
}

static async_next task_wait(struct task *task, async_task *handle, PyObject *yielded)
{
    async_future *awaited = to_wait_for(task, yielded);

    if (!awaited) {
        task->throwing = raised_take();
        awaited = async_sleep(((struct loop *)task->future.loop)->handle, 0);
    }
    task->waiter = yielded;
    return async_try(handle, awaited, task_step);
}

async_next task_step(async_task *handle, void *state)
{
    struct task *task = state, *outer;
    struct loop *loop = (struct loop *)task->future.loop, *previous = loop_enter(loop);
    PyObject *result;
    PySendResult sent;
    async_next verdict;

    if (!task->future.handle)
        task->future.handle = async_future_ref(async_task_future(handle));
    if (task->waiter && foreign_goes_on(task, handle, &verdict)) {
        loop_leave(loop, previous);
        return verdict;
    }
    outer = loop->stepping;
    loop->stepping = task;
    sent = resume_in_context(task, exception_to_throw(task, handle), &result);
    loop_step_over(loop, outer);
    if (sent == PYGEN_NEXT)
        verdict = task_wait(task, handle, result);
    else if (sent == PYGEN_RETURN)
        verdict = task_end_returned(task, handle, result);
    else
        verdict = task_end_failed(task, handle);
    loop_leave(loop, previous);
    return verdict;
}

/* C has no further use for the task: it ended, or its loop was closed over it. */
static void task_drop(void *state)
{
    struct task *task = state;

    task->started = false;
    Py_CLEAR(task->waiter);
    context_end(task->context);
    if (Py_REFCNT(task) > 1 && !PyObject_GC_IsTracked((PyObject *)task))
        PyObject_GC_Track(task);
    Py_DECREF(task);
}

int task_start(struct task *task, bool eagerly)
{
    struct loop *loop = (struct loop *)task->future.loop;
    async_future *handle;

    /* What C holds is no garbage, nor is what hangs on it: the collector need not look at it before it ends. */
    PyObject_GC_UnTrack(task);
    Py_INCREF(task);
    task->started = true;
    handle = async_create_task_with(loop->handle, task_step, task, task_drop, eagerly ? eager : usual);
    /* Its first step has taken one already if that ran inside the call. */
    if (task->future.handle)
        async_future_unref(handle);
    else
        task->future.handle = handle;
    if (task->started)
        return 0;
    if (task->future.state != PENDING) {
        Py_CLEAR(task->coroutine);
        return 0;
    }
    raise_error(async_future_error(task->future.handle), NULL);
    task->future.handle = async_future_unref(task->future.handle);
    return -1;
}

/* Whether what a task awaits has been cancelled already: of two cancels delivered as one, the first is told. */
static bool is_told(PyObject *waiting)
{
    async_future *handle = ((struct future *)waiting)->handle;

    return future_is_done((struct future *)waiting) || async_future_is_cancelled(async_future_awaiting(handle));
}

/* An object message travels along the chain of awaits beside the text that C passes on. */
static void spread_message(struct task *task, PyObject *message)
{
    PyObject *next = (PyObject *)task;

    while (next && future_check(next) && !is_told(next)) {
        Py_XSETREF(((struct future *)next)->message, Py_NewRef(message));
        next = PyObject_TypeCheck(next, &task_type) ? ((struct task *)next)->waiter : NULL;
    }
}

static bool cancels_by_itself(PyObject *waiter)
{
    return waiter && waiter != Py_None && Py_TYPE(waiter) != &future_type && Py_TYPE(waiter) != &task_type
        && Py_TYPE(waiter) != &gather_type && Py_TYPE(waiter) != &coroutine_type;
}

int waiter_cancel(PyObject *waiter, PyObject *message)
{
    PyObject *name = PyUnicode_FromString("msg"), *names = name ? PyTuple_Pack(1, name) : NULL;
    PyObject *args[] = { waiter, message ? message : Py_None }, *answer;
    int taken;

    Py_XDECREF(name);
    answer = names ? PyObject_VectorcallMethod(words.cancel, args, 1, names) : NULL;
    Py_XDECREF(names);
    taken = answer ? PyObject_IsTrue(answer) : -1;
    Py_XDECREF(answer);
    return taken;
}

/* 1 when the cancel was taken, 0 when the task is done, -1 with an exception raised. */
int task_cancel(struct task *task, PyObject *message)
{
    struct future *future = &task->future;
    const char *text = message && PyUnicode_Check(message) ? PyUnicode_AsUTF8(message) : NULL;
    int error;

    if (future_is_done(future))
        return 0;
    if (!future->native)
        return foreign_cancel(task, message);
    if (!task->throwing && cancels_by_itself(task->waiter)) {
        PyObject *waiter = Py_NewRef(task->waiter);
        int taken = waiter_cancel(waiter, message);

        Py_DECREF(waiter);
        if (taken) {
            task->cancels += taken > 0;
            return taken;
        }
    }
    if (message && message != Py_None)
        spread_message(task, message);
    error = async_future_cancel(future->handle, text);
    return !error || error == ASYNC_ENOMEM;
}
