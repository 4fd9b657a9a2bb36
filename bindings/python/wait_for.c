/* wait_for and wait_until: as asyncio since 3.12, a timeout scope around an await. In a task of ours, for a coroutine or
   a future of ours, the scope is here; everything else is written in Python. */
#include "bindings/python/coroutine.h"

#include <math.h>

/* Held by the coroutine and by its timer, for either may go first. */
struct limit {
    int holders;
    int cancelling;        /* how many cancels the task had to begin with */
    bool over;
    bool expired;
    struct task *task;
    async_timer *timer;
};

static void limit_unref(void *user)
{
    struct limit *limit = user;

    if (--limit->holders)
        return;
    Py_DECREF(limit->task);
    async_timer_unref(limit->timer);
    PyMem_Free(limit);
}

static void on_limit(async_loop *handle, void *user)
{
    struct limit *limit = user;
    struct loop *loop = (struct loop *)limit->task->future.loop, *previous;

    if (limit->over)
        return;
    previous = loop_enter(loop);
    limit->expired = true;
    if (task_cancel(limit->task, NULL) < 0)
        loop_caught(loop, "Exception in the time limit of %R", (PyObject *)limit->task, NULL, NULL);
    loop_leave(loop, previous);
}

static int limit_open(struct coroutine *self, struct loop *loop, double seconds)
{
    struct limit *limit = PyMem_Malloc(sizeof *limit);
    int error;

    if (!limit) {
        PyErr_NoMemory();
        return -1;
    }
    *limit = (struct limit){ .holders = 1, .task = (struct task *)Py_NewRef((PyObject *)loop->stepping) };
    limit->cancelling = task_cancelling(limit->task);
    self->extra = limit;
    if (isinf(seconds))
        return 0;
    limit->holders++;
    error = async_loop_call_later(loop->handle, seconds, on_limit, limit, limit_unref, &limit->timer);
    return error ? raise_error(error, NULL) : 0;
}

static void limit_close(struct limit *limit)
{
    limit->over = true;
    if (limit->timer)
        async_timer_cancel(limit->timer);
}

static void drop(struct coroutine *self)
{
    limit_close(self->extra);
    limit_unref(self->extra);
    self->extra = NULL;
}

/* What was given as a limit in seconds, infinity for none; NAN with an exception raised. */
static double seconds_of(PyObject *given)
{
    double seconds = given == Py_None ? INFINITY : PyFloat_AsDouble(given);

    if (isnan(seconds))
        PyErr_SetString(PyExc_ValueError, "Invalid delay: NaN (not a number)");
    return PyErr_Occurred() ? NAN : seconds;
}

static PySendResult await_within(struct coroutine *self, double seconds)
{
    PyObject *awaitable = self->subject, *slow;
    PySendResult sent;

    if (isnan(seconds))
        return PYGEN_ERROR;
    if (seconds > 0 && running_loop && running_loop->stepping
        && (PyCoro_CheckExact(awaitable) || Py_IS_TYPE(awaitable, &coroutine_type) || future_check(awaitable)))
        return limit_open(self, running_loop, seconds) ? PYGEN_ERROR : coroutine_await(self, awaitable);
    slow = PyObject_CallMethod(words.helpers, "wait_for", "Od", awaitable, seconds);
    sent = slow ? coroutine_await(self, slow) : PYGEN_ERROR;
    Py_XDECREF(slow);
    return sent;
}

static PySendResult start_for(struct coroutine *self, PyObject **result)
{
    return await_within(self, seconds_of(self->argument));
}

static PySendResult start_until(struct coroutine *self, PyObject **result)
{
    double when = seconds_of(self->argument), now = 0;

    if (isfinite(when)) {
        PyObject *loop = loop_running(), *time = loop ? PyObject_CallMethod(loop, "time", NULL) : NULL;

        now = time ? PyFloat_AsDouble(time) : NAN;
        Py_XDECREF(time);
        Py_XDECREF(loop);
    }
    return await_within(self, when - now);
}

/* The time was up: what is raised is told as TimeoutError if it is our cancel, and nobody else asked for one. */
static void tell_limit(void)
{
    PyObject *raised = raised_take(), *limit, *answer;

    if (PyErr_GivenExceptionMatches(raised, words.cancelled_error)) {
        limit = PyObject_CallNoArgs(words.timeout_error);
        if (limit) {
            PyException_SetContext(limit, Py_NewRef(raised));
            PyException_SetCause(limit, raised);
            raised_put_back(limit);
        }
        return;
    }
    answer = PyObject_CallMethod(words.helpers, "note_timeout", "O", raised);
    if (!answer)
        PyErr_Clear();
    Py_XDECREF(answer);
    raised_put_back(raised);
}

static PySendResult resume(struct coroutine *self, PyObject *awaited, PyObject *value, PyObject **result)
{
    struct limit *limit = self->extra;

    *result = value;
    if (limit)
        limit_close(limit);
    if (limit && limit->expired && task_uncancel(limit->task) <= limit->cancelling && !value)
        tell_limit();
    return value ? PYGEN_RETURN : PYGEN_ERROR;
}

static const struct coroutine_kind for_kind = { "wait_for", start_for, resume, drop };
static const struct coroutine_kind until_kind = { "wait_until", start_until, resume, drop };

PyObject *function_wait_for(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    static const char *const keywords[] = { "fut", "timeout" };
    PyObject *found[2] = { NULL, NULL };

    if (arguments_parse("wait_for", keywords, 2, 2, args, count, names, found))
        return NULL;
    return coroutine_new(&for_kind, found[0], found[1]);
}

PyObject *function_wait_until(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    static const char *const keywords[] = { "fut", "when" };
    PyObject *found[2] = { NULL, NULL };

    if (arguments_parse("wait_until", keywords, 2, 2, args, count, names, found))
        return NULL;
    return coroutine_new(&until_kind, found[0], found[1]);
}
