/* The loop as Python sees it: the part that must be quick or must touch C. The class `libasync.Loop` adds the rest. */
#include "bindings/python/native.h"

__thread struct loop *running_loop;

bool loop_check(PyObject *object)
{
    return PyObject_TypeCheck(object, &loop_type);
}

static void switch_running(struct loop *loop)
{
    PyObject *raised = raised_take(), *answer;

    running_loop = loop;
    answer = PyObject_CallFunctionObjArgs(words.set_running_loop, loop ? (PyObject *)loop : Py_None, NULL);
    if (!answer)
        PyErr_WriteUnraisable((PyObject *)loop);
    Py_XDECREF(answer);
    raised_put_back(raised);
}

/* Python code is about to run on a loop, which C or another language may have started. */
struct loop *loop_enter(struct loop *loop)
{
    struct loop *previous = running_loop;

    if (previous != loop)
        switch_running(loop);
    return previous;
}

void loop_leave(struct loop *loop, struct loop *previous)
{
    if (previous != loop)
        switch_running(previous);
}

/* asyncio keeps the task that runs in a dict with the loops as keys, too slow to be told at every step. But whoever
   looks there must hash the loop: so our hash is where the dict is brought up to date. */
static void tell_current_task(struct loop *loop)
{
    struct task *stepping = loop->stepping;

    if (loop->told == stepping || !words.current_tasks)
        return;
    loop->told = stepping;
    if (stepping ? PyDict_SetItem(words.current_tasks, (PyObject *)loop, (PyObject *)stepping)
                 : PyDict_DelItem(words.current_tasks, (PyObject *)loop))
        PyErr_Clear();
}

static Py_hash_t loop_hash(PyObject *self)
{
    tell_current_task((struct loop *)self);
    return (Py_hash_t)((uintptr_t)self >> 4);
}

void loop_step_over(struct loop *loop, struct task *outer)
{
    loop->stepping = outer;
    if (loop->told) {
        PyObject *raised = raised_take();

        tell_current_task(loop);
        raised_put_back(raised);
    }
}

static void loop_stop_with(struct loop *loop, PyObject *exception)
{
    if (!loop->fatal)
        loop->fatal = Py_NewRef(exception);
    async_loop_stop(loop->handle);
}

/* What must end the program stops the loop and is raised outside. */
bool loop_fatal(struct loop *loop, PyObject *exception)
{
    if (!PyErr_GivenExceptionMatches(exception, PyExc_KeyboardInterrupt)
        && !PyErr_GivenExceptionMatches(exception, PyExc_SystemExit))
        return false;
    loop_stop_with(loop, exception);
    return true;
}

static void loop_report(struct loop *loop, PyObject *context)
{
    PyObject *answer = NULL;

    if (context)
        answer = PyObject_CallMethodOneArg((PyObject *)loop, words.call_exception_handler, context);

    if (!answer) {
        PyObject *exception = raised_take();

        if (!loop_fatal(loop, exception)) {
            raise_object(exception);
            PyErr_WriteUnraisable((PyObject *)loop);
        }
        Py_DECREF(exception);
    }
    Py_XDECREF(answer);
}

/* A callback raised, and nobody but the exception handler can hear of it. */
void loop_caught(struct loop *loop, const char *format, PyObject *subject, const char *key, PyObject *source)
{
    PyObject *exception = raised_take(), *message, *context;

    if (loop_fatal(loop, exception)) {
        Py_DECREF(exception);
        return;
    }
    message = PyUnicode_FromFormat(format, subject);
    if (!message) {
        PyErr_Clear();
        message = PyUnicode_FromString("Exception in callback");
    }
    context = Py_BuildValue("{s:N,s:N}", "message", message, "exception", exception);
    if (context && key)
        PyDict_SetItemString(context, key, source);
    loop_report(loop, context);
    Py_XDECREF(context);
}

static PyObject *source_of(async_future *source, PyObject **exception)
{
    struct future *owner = NULL;
    void *state;

    *exception = NULL;
    if (!source)
        return NULL;
    state = async_future_state(source, task_step);
    if (state)
        return state;
    if (async_future_is_done(source))
        owner = box_owner(async_future_failure(source), exception);
    return (PyObject *)owner;
}

/* What C found that nobody can receive. The task may be gone; then its C side still has a name and an origin. The loop
   may be gone too, and with it the handler that somebody set. */
static void report(struct loop *loop, async_future *source, const char *message)
{
    PyObject *exception, *subject = source_of(source, &exception), *context, *answer;

    context = PyObject_CallMethod(words.helpers, "context_of", "sOO", message, subject ? subject : Py_None,
                                  exception ? exception : Py_None);
    if (loop) {
        loop_report(loop, context);
    } else {
        answer = context ? PyObject_CallMethod(words.helpers, "log_context", "O", context) : NULL;
        if (!answer)
            PyErr_WriteUnraisable(NULL);
        Py_XDECREF(answer);
    }
    Py_XDECREF(context);
}

/* That a future was pending when its loop closed is no error in asyncio; that a task was is told as its destruction. */
static void on_exception(async_loop *handle, async_future *source, int error, const char *message, void *user)
{
    PyGILState_STATE state;
    PyObject *raised;

    if (!Py_IsInitialized() || (error == ASYNC_ECLOSED && source && async_future_is_done(source)))
        return;
    state = PyGILState_Ensure();
    raised = raised_take();
    report(user, source, message);
    raised_put_back(raised);
    PyGILState_Release(state);
}

static void on_block(async_loop *handle, void *user)
{
    struct loop *loop = user;

    loop->blocked = PyGILState_Check() ? PyEval_SaveThread() : NULL;
}

static void on_wake(async_loop *handle, void *user)
{
    struct loop *loop = user;

    if (!loop->blocked)
        return;
    PyEval_RestoreThread(loop->blocked);
    loop->blocked = NULL;
    if (PyErr_CheckSignals()) {
        PyObject *exception = raised_take();

        loop_stop_with(loop, exception);
        Py_DECREF(exception);
    }
}

static struct loop *loops;

/* The Python side of a C loop, if it has one (lent). */
struct loop *loop_of(const async_loop *handle)
{
    struct loop *loop = handle ? loops : NULL;

    while (loop && loop->handle != handle)
        loop = loop->next;
    return loop;
}

static int adopt(struct loop *loop, async_loop *handle)
{
    int error = loop->guest ? 0 : async_loop_set_exception_handler(handle, on_exception, loop, NULL);

    loop->handle = handle;
    loop->next = loops;
    loops = loop;
    if (!error)
        error = async_loop_set_block_hooks(handle, on_block, on_wake, loop);
    return error ? raise_error(error, NULL) : 0;
}

static void forget(struct loop *loop)
{
    struct loop **at = &loops;

    while (*at != loop)
        at = &(*at)->next;
    *at = loop->next;
    if (!loop->guest)
        async_loop_set_exception_handler(loop->handle, on_exception, NULL, NULL);
    async_loop_set_block_hooks(loop->handle, NULL, NULL, NULL);
    loop->handle = async_loop_unref(loop->handle);
}

static async_loop *loop_argument_handle(PyObject *given)
{
    async_loop *handle = loop_of_handle(given);

    if (!handle && !PyErr_Occurred())
        PyErr_SetString(PyExc_ValueError, "the handle is NULL");
    else if (loop_of(handle))
        PyErr_SetString(PyExc_RuntimeError, "the loop has a Python object already: Loop.from_handle gives it");
    return PyErr_Occurred() ? NULL : async_loop_ref(handle);
}

static int init(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = { "handle", NULL };
    struct loop *loop = (struct loop *)self;
    PyObject *given = Py_None, *method;
    async_loop *handle;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|O:Loop", names, &given))
        return -1;
    if (loop->handle) {
        PyErr_SetString(PyExc_RuntimeError, "the loop is made already");
        return -1;
    }
    loop->guest = given != Py_None;
    handle = loop->guest ? loop_argument_handle(given) : async_loop_new();
    if (!handle) {
        if (!PyErr_Occurred())
            PyErr_SetFromErrno(PyExc_OSError);
        return -1;
    }
    method = _PyType_Lookup(Py_TYPE(self), words.create_task);
    loop->plain = method && Py_IS_TYPE(method, &PyMethodDescr_Type);
    return adopt(loop, handle);
}

static void dealloc(PyObject *self)
{
    struct loop *loop = (struct loop *)self;

    PyObject_GC_UnTrack(self);
    if (loop->handle)
        forget(loop);
    Py_CLEAR(loop->fatal);
    Py_CLEAR(loop->task_factory);
    Py_TYPE(self)->tp_free(self);
}

static int traverse(PyObject *self, visitproc visit, void *arg)
{
    struct loop *loop = (struct loop *)self;

    Py_VISIT(loop->fatal);
    Py_VISIT(loop->task_factory);
    return 0;
}

static int clear(PyObject *self)
{
    struct loop *loop = (struct loop *)self;

    Py_CLEAR(loop->fatal);
    Py_CLEAR(loop->task_factory);
    return 0;
}

PyTypeObject loop_type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "libasync._core.Loop",
    .tp_doc = "The native part of libasync.Loop.",
    .tp_basicsize = sizeof(struct loop),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .tp_new = PyType_GenericNew,
    .tp_init = init,
    .tp_dealloc = dealloc,
    .tp_traverse = traverse,
    .tp_clear = clear,
    .tp_hash = loop_hash,
    .tp_methods = loop_methods,
    .tp_getset = loop_getset,
};
