/* A task of ours on a loop that is not ours: the same object, its steps run by that loop's call_soon. */
#include "bindings/python/native.h"

static PyObject *step(PyObject *self, PyObject *args);
static PyObject *wakeup(PyObject *self, PyObject *future);

static PyMethodDef step_method = { "task_step", step, METH_VARARGS, NULL };
static PyMethodDef wakeup_method = { "task_wakeup", wakeup, METH_O, NULL };

static int schedule(struct task *task, PyObject *exception)
{
    PyObject *function = PyCFunction_New(&step_method, (PyObject *)task), *handle;
    PyObject *args[] = { task->future.loop, function, exception ? exception : task->context, task->context };

    if (!function)
        return -1;
    handle = PyObject_VectorcallMethod(words.call_soon, args, exception ? 3 : 2, words.only_context);
    Py_DECREF(function);
    Py_XDECREF(handle);
    return handle ? 0 : -1;
}

/* 1 when the cancel was taken, 0 when the task is done, -1 with an exception raised. */
int foreign_cancel(struct task *task, PyObject *message)
{
    int taken = 0;

    task->cancels++;
    if (task->waiter) {
        PyObject *waiter = Py_NewRef(task->waiter);

        taken = waiter_cancel(waiter, message);
        Py_DECREF(waiter);
    }
    if (taken)
        return taken;
    task->must_cancel = true;
    Py_XSETREF(task->future.message, message == Py_None ? NULL : Py_XNewRef(message));
    return 1;
}

static PyObject *exception_for(struct task *task, PyObject *exception)
{
    if (!task->must_cancel)
        return Py_XNewRef(exception);
    task->must_cancel = false;
    if (exception && PyErr_GivenExceptionMatches(exception, words.cancelled_error))
        return Py_NewRef(exception);
    return cancelled_error_new(task->future.message);
}

static int wait_for(struct task *task, PyObject *awaited)
{
    PyObject *function, *args[] = { awaited, NULL, task->context }, *answer;
    int taken;

    if (awaited == Py_None)
        return schedule(task, NULL);
    if (foreign_check(task, awaited))
        return -1;
    args[1] = function = PyCFunction_New(&wakeup_method, (PyObject *)task);
    answer = function ? PyObject_VectorcallMethod(words.add_done_callback, args, 2, words.only_context) : NULL;
    Py_XDECREF(function);
    if (!answer)
        return -1;
    Py_DECREF(answer);
    task->waiter = Py_NewRef(awaited);
    if (!task->must_cancel)
        return 0;
    taken = waiter_cancel(awaited, task->future.message);
    task->must_cancel = taken <= 0;
    return taken < 0 ? -1 : 0;
}

static int end_failed(struct task *task)
{
    PyObject *exception = raised_take();

    if (PyErr_GivenExceptionMatches(exception, words.cancelled_error)) {
        Py_CLEAR(task->future.message);
        return future_finish(&task->future, CANCELLED, false, exception);
    }
    Py_INCREF(exception);
    if (future_finish(&task->future, FINISHED, true, exception)) {
        Py_DECREF(exception);
        return -1;
    }
    if (PyErr_GivenExceptionMatches(exception, PyExc_KeyboardInterrupt)
        || PyErr_GivenExceptionMatches(exception, PyExc_SystemExit))
        raise_object(exception);
    Py_DECREF(exception);
    return PyErr_Occurred() ? -1 : 0;
}

static int end_returned(struct task *task, PyObject *taken_value)
{
    PyObject *exception;

    if (!task->must_cancel)
        return future_finish(&task->future, FINISHED, false, taken_value);
    task->must_cancel = false;
    Py_DECREF(taken_value);
    exception = cancelled_error_new(task->future.message);
    return exception ? future_finish(&task->future, CANCELLED, false, exception) : -1;
}

static int turn(struct task *task, PyObject *exception)
{
    PyObject *result, *raised;
    PySendResult sent = task_resume(task, exception_for(task, exception), &result);
    int error;

    if (sent == PYGEN_ERROR)
        return end_failed(task);
    if (sent == PYGEN_RETURN)
        return end_returned(task, result);
    error = wait_for(task, result);
    Py_DECREF(result);
    if (!error)
        return 0;
    raised = raised_take();
    error = schedule(task, raised);
    Py_DECREF(raised);
    return error;
}

static int step_with(struct task *task, PyObject *exception)
{
    PyObject *entered, *left, *raised;
    int error;

    if (task->future.state != PENDING) {
        PyErr_Format(words.invalid_state_error, "step(): already done: %R, %R", task, exception ? exception : Py_None);
        return -1;
    }
    entered = PyObject_CallFunctionObjArgs(words.enter_task, task->future.loop, task, NULL);
    if (!entered)
        return -1;
    Py_DECREF(entered);
    Py_INCREF(task);
    error = turn(task, exception);
    raised = raised_take();
    left = PyObject_CallFunctionObjArgs(words.leave_task, task->future.loop, task, NULL);
    Py_DECREF(task);
    Py_XDECREF(left);
    raised_put_back(raised);
    return error || !left ? -1 : 0;
}

static PyObject *step(PyObject *self, PyObject *args)
{
    PyObject *exception = NULL;

    if (!PyArg_UnpackTuple(args, "task_step", 0, 1, &exception)
        || step_with((struct task *)self, exception == Py_None ? NULL : exception))
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *wakeup(PyObject *self, PyObject *future)
{
    PyObject *result = PyObject_CallMethodNoArgs(future, words.result), *exception = result ? NULL : raised_take();
    int error = step_with((struct task *)self, exception);

    Py_XDECREF(result);
    Py_XDECREF(exception);
    if (error)
        return NULL;
    Py_RETURN_NONE;
}

static int tell_loop(PyObject *function, struct task *task, PyObject *current)
{
    PyObject *answer = PyObject_CallFunctionObjArgs(function, task->future.loop, current, NULL);

    Py_XDECREF(answer);
    return answer ? 0 : -1;
}

static int in_context(struct task *task)
{
    int error;

    if (PyContext_Enter(task->context))
        return -1;
    error = step_with(task, NULL);
    PyContext_Exit(task->context);
    return error;
}

/* The first step at once, in the middle of the step of whichever task creates this one. */
static int start_eagerly(struct task *task)
{
    PyObject *current = PyObject_CallFunctionObjArgs(words.current_task, task->future.loop, NULL);
    int error;

    if (!current)
        return -1;
    error = current != Py_None && tell_loop(words.leave_task, task, current);
    if (!error)
        error = in_context(task);
    if (!error && current != Py_None)
        error = tell_loop(words.enter_task, task, current);
    Py_DECREF(current);
    return error;
}

int foreign_start(struct task *task, bool eagerly)
{
    PyObject *running = PyObject_CallMethod(task->future.loop, "is_running", NULL), *answer;
    bool at_once = eagerly && running == Py_True;

    /* A foreign loop may lose its tasks, and then they are garbage. */
    context_track(task->context);
    Py_XDECREF(running);
    if (!running || (at_once ? start_eagerly(task) : schedule(task, NULL)))
        return -1;
    if (task->future.state != PENDING)
        return 0;
    answer = PyObject_CallFunctionObjArgs(words.register_task, task, NULL);
    Py_XDECREF(answer);
    return answer ? 0 : -1;
}
