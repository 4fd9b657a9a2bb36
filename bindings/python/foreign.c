/* Where two worlds meet: a future that is not ours awaited by a task on our loop, and our tasks on a loop that is not
   ours, which runs their steps through its call_soon. */
#include "bindings/python/native.h"

/* Hears that a future not ours is done, and completes the C promise that our task waits for in its place. */
struct wakeup {
    PyObject_HEAD
    async_future *promise;
};

static void wakeup_fire(struct wakeup *wakeup)
{
    if (wakeup->promise)
        async_future_resolve(wakeup->promise, async_none());
    wakeup->promise = async_future_unref(wakeup->promise);
}

static PyObject *wakeup_call(PyObject *self, PyObject *args, PyObject *kwargs)
{
    wakeup_fire((struct wakeup *)self);
    Py_RETURN_NONE;
}

static void wakeup_dealloc(PyObject *self)
{
    async_future_unref(((struct wakeup *)self)->promise);
    Py_TYPE(self)->tp_free(self);
}

PyTypeObject wakeup_type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "libasync.Wakeup",
    .tp_basicsize = sizeof(struct wakeup),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_call = wakeup_call,
    .tp_dealloc = wakeup_dealloc,
};

/* A wakeup that some future queues with our call_soon is fired at once: its task is queued in the very same place. */
bool foreign_wakeup(PyObject *callback)
{
    if (Py_TYPE(callback) != &wakeup_type)
        return false;
    wakeup_fire((struct wakeup *)callback);
    return true;
}

static int wakeup_register(PyObject *future, PyObject *callback, PyObject *context)
{
    PyObject *args[] = { future, callback, context };
    PyObject *answer = PyObject_VectorcallMethod(words.add_done_callback, args, 2, words.only_context);

    Py_XDECREF(answer);
    return answer ? 0 : -1;
}

static async_future *promise_for(struct task *task, PyObject *future)
{
    struct wakeup *wakeup = PyObject_New(struct wakeup, &wakeup_type);
    async_future *promise;
    int error;

    if (!wakeup)
        return NULL;
    promise = async_future_new(((struct loop *)task->future.loop)->handle);
    wakeup->promise = async_future_ref(promise);
    error = wakeup_register(future, (PyObject *)wakeup, task->context);
    Py_DECREF(wakeup);
    return error ? async_future_unref(promise) : promise;
}

/* 1 when it is a future that was yielded by an await, 0 when it is anything else, -1 with an exception raised. */
static int blocking_taken(PyObject *yielded, struct task *task)
{
    PyObject *blocking = PyObject_GetAttr(yielded, words.blocking);
    int truth = blocking && blocking != Py_None ? PyObject_IsTrue(blocking) : -1;

    if (!blocking && !PyErr_ExceptionMatches(PyExc_AttributeError))
        return -1;
    PyErr_Clear();
    Py_XDECREF(blocking);
    if (truth > 0)
        return PyObject_SetAttr(yielded, words.blocking, Py_False) ? -1 : 1;
    if (truth == 0)
        PyErr_Format(PyExc_RuntimeError, "yield was used instead of yield from in task %R with %R", task, yielded);
    else if (PyGen_CheckExact(yielded))
        PyErr_Format(PyExc_RuntimeError, "yield was used instead of yield from for generator in task %R with %R", task,
                     yielded);
    else
        PyErr_Format(PyExc_RuntimeError, "Task got bad yield: %R", yielded);
    return -1;
}

int foreign_check(struct task *task, PyObject *awaited)
{
    PyObject *loop;

    if (blocking_taken(awaited, task) < 0)
        return -1;
    loop = PyObject_CallMethodNoArgs(awaited, words.get_loop);
    if (!loop)
        return -1;
    Py_DECREF(loop);
    if (loop != task->future.loop) {
        PyErr_Format(PyExc_RuntimeError, "Task %R got Future %R attached to a different loop", task, awaited);
        return -1;
    }
    if (awaited == (PyObject *)task) {
        PyErr_Format(PyExc_RuntimeError, "Task cannot await on itself: %R", task);
        return -1;
    }
    return 0;
}

/* What our task on our loop waits for while the future that is not ours is pending (given), or NULL. */
async_future *foreign_wait(struct task *task, PyObject *awaited)
{
    return foreign_check(task, awaited) ? NULL : promise_for(task, awaited);
}

static bool waiter_is_pending(PyObject *waiter)
{
    PyObject *done = PyObject_CallMethodNoArgs(waiter, words.done);
    bool pending = done == Py_False;

    Py_XDECREF(done);
    return pending;
}

/* A cancel that came from C ended the promise; the future itself hears of it here, and may still say no. */
bool foreign_goes_on(struct task *task, async_task *handle, async_next *verdict)
{
    async_future *promise = NULL;
    PyObject *waiter = task->waiter;

    if (!async_caught(handle) || task->throwing || waiter == Py_None || Py_TYPE(waiter) == &coroutine_type
        || future_check(waiter))
        return false;
    if (waiter_is_pending(waiter) && waiter_cancel(waiter, NULL) > 0 && waiter_is_pending(waiter))
        promise = promise_for(task, waiter);
    if (PyErr_Occurred())
        PyErr_Clear();
    if (promise)
        *verdict = async_try(handle, promise, task_step);
    return promise;
}

