/* The loop's methods. */
#include "bindings/python/native.h"

static PyObject *answer(int error)
{
    if (error) {
        raise_error(error, NULL);
        return NULL;
    }
    Py_RETURN_NONE;
}

/* Everything but a coroutine with a name and a context goes through the factory, if there is one. */
static PyObject *make_with_factory(struct loop *loop, PyObject *coroutine, PyObject *name, PyObject *context)
{
    return PyObject_CallMethod(words.helpers, "task_from_factory", "OOOO", loop, coroutine, name ? name : Py_None,
                               context ? context : Py_None);
}

PyObject *loop_create_task(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    static const char *const keywords[] = { "coro", "name", "context" };
    struct loop *loop = (struct loop *)self;
    PyObject *found[3] = { NULL, NULL, NULL };

    if (count == 1 && !names)
        found[0] = args[0];
    else if (arguments_parse("create_task", keywords, 3, 1, args, count, names, found))
        return NULL;
    if (async_loop_is_closed(loop->handle)) {
        raise_error(ASYNC_ECLOSED, NULL);
        return NULL;
    }
    if (loop->task_factory)
        return make_with_factory(loop, found[0], found[1], found[2]);
    return task_new_native(loop, found[0], found[1], found[2]);
}

static PyObject *create_future(PyObject *self, PyObject *unused)
{
    return future_new_future(self);
}

static PyObject *call_soon(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    return handle_soon((struct loop *)self, args, count, names, false);
}

static PyObject *call_soon_threadsafe(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    return handle_soon((struct loop *)self, args, count, names, true);
}

static PyObject *call_later(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    return handle_at((struct loop *)self, args, count, names, true);
}

static PyObject *call_at(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    return handle_at((struct loop *)self, args, count, names, false);
}

static PyObject *add_reader(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    return handle_watch((struct loop *)self, args, count, names, async_loop_add_reader);
}

static PyObject *add_writer(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    return handle_watch((struct loop *)self, args, count, names, async_loop_add_writer);
}

static PyObject *watch_removed(int error)
{
    if (error == ASYNC_ESTATE)
        Py_RETURN_FALSE;
    if (error)
        return answer(error);
    Py_RETURN_TRUE;
}

static PyObject *remove_reader(PyObject *self, PyObject *file)
{
    int descriptor = PyObject_AsFileDescriptor(file);

    return descriptor < 0 ? NULL : watch_removed(async_loop_remove_reader(((struct loop *)self)->handle, descriptor));
}

static PyObject *remove_writer(PyObject *self, PyObject *file)
{
    int descriptor = PyObject_AsFileDescriptor(file);

    return descriptor < 0 ? NULL : watch_removed(async_loop_remove_writer(((struct loop *)self)->handle, descriptor));
}

static PyObject *get_time(PyObject *self, PyObject *unused)
{
    return PyFloat_FromDouble(async_loop_time(((struct loop *)self)->handle));
}

static PyObject *stop(PyObject *self, PyObject *unused)
{
    return answer(async_loop_stop(((struct loop *)self)->handle));
}

static PyObject *is_running(PyObject *self, PyObject *unused)
{
    return PyBool_FromLong(async_loop_is_running(((struct loop *)self)->handle));
}

static PyObject *is_closed(PyObject *self, PyObject *unused)
{
    return PyBool_FromLong(async_loop_is_closed(((struct loop *)self)->handle));
}

static PyObject *get_debug(PyObject *self, PyObject *unused)
{
    return PyBool_FromLong(((struct loop *)self)->debug);
}

static PyObject *set_debug(PyObject *self, PyObject *enabled)
{
    int truth = PyObject_IsTrue(enabled);

    if (truth < 0)
        return NULL;
    ((struct loop *)self)->debug = truth;
    Py_RETURN_NONE;
}

static PyObject *set_task_factory(PyObject *self, PyObject *factory)
{
    if (factory != Py_None && !PyCallable_Check(factory)) {
        PyErr_SetString(PyExc_TypeError, "task factory must be a callable or None");
        return NULL;
    }
    Py_XSETREF(((struct loop *)self)->task_factory, factory == Py_None ? NULL : Py_NewRef(factory));
    Py_RETURN_NONE;
}

static PyObject *get_task_factory(PyObject *self, PyObject *unused)
{
    PyObject *factory = ((struct loop *)self)->task_factory;

    return Py_NewRef(factory ? factory : Py_None);
}

static PyObject *run_error(int error)
{
    if (error == ASYNC_ERUNNING || error == ASYNC_ETHREAD)
        PyErr_SetString(PyExc_RuntimeError, "Cannot run the event loop while another loop is running");
    else
        raise_error(error, NULL);
    return NULL;
}

/* What ended the program inside is raised outside. */
static PyObject *run_over(struct loop *loop, struct loop *previous, int error)
{
    PyObject *fatal = loop->fatal;

    loop_leave(loop, previous);
    loop->fatal = NULL;
    if (!fatal)
        return error ? run_error(error) : Py_NewRef(Py_None);
    raise_object(fatal);
    Py_DECREF(fatal);
    return NULL;
}

static PyObject *run(PyObject *self, PyObject *unused)
{
    struct loop *loop = (struct loop *)self, *previous = loop_enter(loop);

    return run_over(loop, previous, async_loop_run(loop->handle));
}

static PyObject *advance(PyObject *self, PyObject *given)
{
    struct loop *loop = (struct loop *)self, *previous;
    double seconds = PyFloat_AsDouble(given);

    if (seconds == -1.0 && PyErr_Occurred())
        return NULL;
    previous = loop_enter(loop);
    return run_over(loop, previous, async_loop_advance(loop->handle, seconds));
}

static PyObject *abandon(PyObject *self, PyObject *unused)
{
    int error = async_loop_abandon(((struct loop *)self)->handle);

    if (error != ASYNC_ERUNNING)
        return answer(error);
    PyErr_SetString(PyExc_RuntimeError, "Cannot close a running event loop");
    return NULL;
}

static PyObject *drain(PyObject *self, PyObject *unused)
{
    struct loop *loop = (struct loop *)self, *previous = loop_enter(loop);
    int error = async_loop_close(loop->handle);

    loop_leave(loop, previous);
    return answer(error);
}

static PyObject *task_of(struct loop *loop, async_future *taken)
{
    PyObject *task = async_future_state(taken, task_step);

    if (!task)
        return task_wrap(loop, taken);
    Py_INCREF(task);
    async_future_unref(taken);
    return task;
}

/* Every task that has not ended, those of other languages too. */
static PyObject *all_tasks(PyObject *self, PyObject *unused)
{
    struct loop *loop = (struct loop *)self;
    size_t count = async_all_tasks(loop->handle, NULL, 0), there;
    async_future **handles = PyMem_Calloc(count + 1, sizeof *handles);
    PyObject *tasks = handles ? PySet_New(NULL) : PyErr_NoMemory();

    there = tasks ? async_all_tasks(loop->handle, handles, count) : 0;
    for (size_t i = 0; i < count && i < there; i++) {
        PyObject *task = task_of(loop, handles[i]);

        if (tasks && (!task || PySet_Add(tasks, task)))
            Py_CLEAR(tasks);
        Py_XDECREF(task);
    }
    PyMem_Free(handles);
    return tasks;
}

static PyObject *current_task(PyObject *self, PyObject *unused)
{
    struct task *stepping = ((struct loop *)self)->stepping;

    return Py_NewRef(stepping ? (PyObject *)stepping : Py_None);
}

static PyObject *get_handle(PyObject *self, void *unused)
{
    return PyLong_FromVoidPtr(((struct loop *)self)->handle);
}

static PyObject *get_guest(PyObject *self, void *unused)
{
    return PyBool_FromLong(((struct loop *)self)->guest);
}

PyGetSetDef loop_getset[] = {
    { "_guest", get_guest, NULL, NULL, NULL },
    { "handle", get_handle, NULL, "The address of the C loop, for ctypes, cffi and C code.", NULL },
    { NULL, NULL, NULL, NULL, NULL },
};

#define FAST(function) (PyCFunction)(void (*)(void))(function), METH_FASTCALL | METH_KEYWORDS

PyMethodDef loop_methods[] = {
    { "create_task", FAST(loop_create_task), "Start a coroutine." },
    { "create_future", create_future, METH_NOARGS, "A future to complete by hand." },
    { "call_soon", FAST(call_soon), "Call a function in the next turn." },
    { "call_soon_threadsafe", FAST(call_soon_threadsafe), "Call a function soon, from any thread." },
    { "call_later", FAST(call_later), "Call a function after a delay in seconds." },
    { "call_at", FAST(call_at), "Call a function at a time of the loop's clock." },
    { "add_reader", FAST(add_reader), "Call a function each time a descriptor can be read." },
    { "add_writer", FAST(add_writer), "Call a function each time a descriptor can be written." },
    { "remove_reader", remove_reader, METH_O, "End a watch for reading; whether there was one." },
    { "remove_writer", remove_writer, METH_O, "End a watch for writing; whether there was one." },
    { "time", get_time, METH_NOARGS, "The loop's clock, in seconds." },
    { "stop", stop, METH_NOARGS, "End the run after this turn." },
    { "is_running", is_running, METH_NOARGS, "Whether it runs." },
    { "is_closed", is_closed, METH_NOARGS, "Whether it was closed." },
    { "get_debug", get_debug, METH_NOARGS, NULL },
    { "set_debug", set_debug, METH_O, NULL },
    { "set_task_factory", set_task_factory, METH_O, NULL },
    { "get_task_factory", get_task_factory, METH_NOARGS, NULL },
    { "_run", run, METH_NOARGS, NULL },
    { "_advance", advance, METH_O, NULL },
    { "_abandon", abandon, METH_NOARGS, NULL },
    { "_drain", drain, METH_NOARGS, NULL },
    { "_all_tasks", all_tasks, METH_NOARGS, NULL },
    { "_current_task", current_task, METH_NOARGS, NULL },
    { NULL, NULL, 0, NULL },
};
