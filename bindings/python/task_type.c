/* Task as Python sees it. */
#include "bindings/python/native.h"

#include <stddef.h>

static unsigned long task_count;

bool coroutine_check(PyObject *object)
{
    PyObject *answer;
    bool truth;

    if (PyCoro_CheckExact(object) || Py_TYPE(object) == &coroutine_type)
        return true;
    answer = PyObject_CallMethod(words.helpers, "iscoroutine", "O", object);
    truth = answer == Py_True;
    if (!answer)
        PyErr_Clear();
    Py_XDECREF(answer);
    return truth;
}

/* Where the task was created: the line is worked out only when somebody asks. */
static void note_creator(struct task *task)
{
    PyFrameObject *frame = PyEval_GetFrame();

    if (!frame)
        return;
    Py_XSETREF(task->creator, PyFrame_GetCode(frame));
    task->instruction = frame_instruction(frame);
}

PyObject *task_origin(struct task *task)
{
    if (!task->creator)
        Py_RETURN_NONE;
    return PyUnicode_FromFormat("%U:%d", task->creator->co_filename,
                                PyCode_Addr2Line(task->creator, task->instruction));
}

PyObject *task_name(struct task *task)
{
    if (!task->name && task->context)
        task->name = PyUnicode_FromFormat("Task-%lu", task->number);
    if (task->name)
        return Py_NewRef(task->name);
    return PyUnicode_FromString(async_future_name(task->future.handle));
}

static int set_name(struct task *task, PyObject *name)
{
    PyObject *text = PyUnicode_CheckExact(name) ? Py_NewRef(name) : PyObject_Str(name);

    if (!text)
        return -1;
    Py_XSETREF(task->name, text);
    return 0;
}

/* All but the loop's part: every argument is lent. */
static int task_init(struct task *task, PyObject *loop, PyObject *coroutine, PyObject *name, PyObject *context)
{
    if (!coroutine_check(coroutine)) {
        PyErr_Format(PyExc_TypeError, "a coroutine was expected, got %R", coroutine);
        return -1;
    }
    context = context_for_task(context);
    if (!context)
        return -1;
    Py_XSETREF(task->context, context);
    Py_XSETREF(task->coroutine, Py_NewRef(coroutine));
    task->number = ++task_count;
    note_creator(task);
    future_init(&task->future, loop);
    return name && name != Py_None ? set_name(task, name) : 0;
}

static int type_init(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = { "coro", "loop", "name", "context", "eager_start", NULL };
    PyObject *coroutine, *loop = NULL, *name = NULL, *context = NULL;
    struct task *task = (struct task *)self;
    int error, eagerly = 0;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|$OOOp:Task", names, &coroutine, &loop, &name, &context, &eagerly))
        return -1;
    if (task->started) {
        PyErr_SetString(PyExc_RuntimeError, "the task has started already");
        return -1;
    }
    loop = loop_argument(loop);
    if (!loop)
        return -1;
    error = task_init(task, loop, coroutine, name, context) || note_source(&task->future);
    Py_DECREF(loop);
    if (error)
        return -1;
    return task->future.native ? task_start(task, eagerly) : foreign_start(task, eagerly);
}

static PyObject *refuse(const char *operation)
{
    PyErr_Format(PyExc_RuntimeError, "Task does not support %s operation", operation);
    return NULL;
}

static PyObject *method_set_result(PyObject *self, PyObject *unused)
{
    return refuse("set_result");
}

static PyObject *method_set_exception(PyObject *self, PyObject *unused)
{
    return refuse("set_exception");
}

static PyObject *method_get_coro(PyObject *self, PyObject *unused)
{
    struct task *task = (struct task *)self;

    return Py_NewRef(task->coroutine ? task->coroutine : Py_None);
}

static PyObject *method_get_context(PyObject *self, PyObject *unused)
{
    PyObject *context = ((struct task *)self)->context;

    if (!context)
        Py_RETURN_NONE;
    context_track(context);
    return Py_NewRef(context);
}

static PyObject *method_get_name(PyObject *self, PyObject *unused)
{
    return task_name((struct task *)self);
}

static PyObject *method_set_name(PyObject *self, PyObject *name)
{
    if (set_name((struct task *)self, name))
        return NULL;
    Py_RETURN_NONE;
}

int task_cancelling(struct task *task)
{
    return task->cancels + (task->future.handle ? async_future_cancelling(task->future.handle) : 0);
}

/* Take one cancel back; how many are outstanding then. */
int task_uncancel(struct task *task)
{
    if (task->cancels > 0)
        task->cancels--;
    else if (task->future.handle)
        async_future_uncancel(task->future.handle);
    if (!task->future.handle && task->cancels == 0)
        task->must_cancel = false;
    return task_cancelling(task);
}

static PyObject *method_cancelling(PyObject *self, PyObject *unused)
{
    return PyLong_FromLong(task_cancelling((struct task *)self));
}

static PyObject *method_uncancel(PyObject *self, PyObject *unused)
{
    return PyLong_FromLong(task_uncancel((struct task *)self));
}

static PyObject *method_get_stack(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = { "limit", NULL };
    PyObject *limit = Py_None;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|$O:get_stack", names, &limit))
        return NULL;
    return PyObject_CallMethod(words.helpers, "task_stack", "OO", self, limit);
}

static PyObject *method_print_stack(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = { "limit", "file", NULL };
    PyObject *limit = Py_None, *file = Py_None;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|$OO:print_stack", names, &limit, &file))
        return NULL;
    return PyObject_CallMethod(words.helpers, "print_task_stack", "OOO", self, limit, file);
}

static PyObject *task_repr(PyObject *self)
{
    return PyObject_CallMethod(words.helpers, "task_repr", "O", self);
}

static PyObject *get_coroutine(PyObject *self, void *unused)
{
    return method_get_coro(self, NULL);
}

static PyObject *get_waiter(PyObject *self, void *unused)
{
    PyObject *waiter = ((struct task *)self)->waiter;

    return Py_NewRef(waiter ? waiter : Py_None);
}

static PyObject *get_must_cancel(PyObject *self, void *unused)
{
    struct task *task = (struct task *)self;

    if (task->future.state != PENDING)
        Py_RETURN_FALSE;
    return PyBool_FromLong(task->future.handle ? async_future_must_cancel(task->future.handle) : task->must_cancel);
}

static PyObject *get_origin(PyObject *self, void *unused)
{
    return task_origin((struct task *)self);
}

static PyObject *get_log_pending(PyObject *self, void *unused)
{
    return PyBool_FromLong(!((struct task *)self)->unmissed);
}

static int set_log_pending(PyObject *self, PyObject *value, void *unused)
{
    int truth = value ? PyObject_IsTrue(value) : -1;

    if (truth >= 0)
        ((struct task *)self)->unmissed = !truth;
    else if (!value)
        PyErr_SetString(PyExc_AttributeError, "cannot delete attribute");
    return truth < 0 ? -1 : 0;
}

/* On our loops C reports a task that its loop's close destroyed; on a foreign loop nobody but us can tell. */
static void finalize(PyObject *self)
{
    struct task *task = (struct task *)self;
    PyObject *raised, *answer;

    if (task->future.state != PENDING || task->future.native || task->unmissed || !task->coroutine) {
        future_finalize(self);
        return;
    }
    raised = raised_take();
    answer = PyObject_CallMethod(words.helpers, "report_pending", "O", task);
    if (!answer)
        PyErr_WriteUnraisable(self);
    Py_XDECREF(answer);
    raised_put_back(raised);
}

static PyObject *get_serves(PyObject *self, void *unused)
{
    return PyBool_FromLong(((struct task *)self)->serves);
}

static PyGetSetDef getset[] = {
    { "_serves", get_serves, NULL, NULL, NULL },
    { "_log_destroy_pending", get_log_pending, set_log_pending, NULL, NULL },
    { "_coro", get_coroutine, NULL, NULL, NULL },
    { "_fut_waiter", get_waiter, NULL, NULL, NULL },
    { "_must_cancel", get_must_cancel, NULL, NULL, NULL },
    { "created_at", get_origin, NULL, "Where the task was created: \"file:line\", or None.", NULL },
    { NULL, NULL, NULL, NULL, NULL },
};

#define KEYWORDS(function) (PyCFunction)(void (*)(void))(function), METH_VARARGS | METH_KEYWORDS

static PyMethodDef methods[] = {
    { "set_result", method_set_result, METH_O, NULL },
    { "set_exception", method_set_exception, METH_O, NULL },
    { "get_coro", method_get_coro, METH_NOARGS, "The coroutine; None for a task of another language." },
    { "get_context", method_get_context, METH_NOARGS, "The context it runs in." },
    { "get_name", method_get_name, METH_NOARGS, "Its name." },
    { "set_name", method_set_name, METH_O, "Name it." },
    { "cancelling", method_cancelling, METH_NOARGS, "How many cancels are outstanding." },
    { "uncancel", method_uncancel, METH_NOARGS, "Take one cancel back; how many are outstanding then." },
    { "get_stack", KEYWORDS(method_get_stack), "The frames of its coroutine." },
    { "print_stack", KEYWORDS(method_print_stack), "Print the frames of its coroutine." },
    { NULL, NULL, 0, NULL },
};

static int traverse(PyObject *self, visitproc visit, void *arg)
{
    struct task *task = (struct task *)self;

    Py_VISIT(task->coroutine);
    Py_VISIT(task->context);
    Py_VISIT(task->waiter);
    Py_VISIT(task->throwing);
    Py_VISIT(task->name);
    return future_traverse(&task->future, visit, arg);
}

static int clear(PyObject *self)
{
    struct task *task = (struct task *)self;

    future_clear(&task->future);
    Py_CLEAR(task->coroutine);
    context_drop(task->context);
    task->context = NULL;
    Py_CLEAR(task->waiter);
    Py_CLEAR(task->throwing);
    Py_CLEAR(task->name);
    Py_CLEAR(task->creator);
    return 0;
}

/* Tasks come in bursts, and each new object of a collected type brings the next collection nearer, a spare one does
   not: so spares are kept for a burst's worth, linked through their dict. */
#define SPARES 16384
static struct task *spares;
static int spare_count;

static void spare(struct task *task)
{
    task->future.dict = (PyObject *)spares;
    spares = task;
    spare_count++;
}

static void dealloc(PyObject *self)
{
    struct task *task = (struct task *)self;

    if ((task->future.unread || task->future.state == PENDING) && PyObject_CallFinalizerFromDealloc(self))
        return;
    PyObject_GC_UnTrack(self);
    if (task->future.weakrefs)
        PyObject_ClearWeakRefs(self);
    clear(self);
    if (Py_IS_TYPE(self, &task_type) && spare_count < SPARES && !PyObject_GC_IsFinalized(self))
        spare(task);
    else
        Py_TYPE(self)->tp_free(self);
}

static struct task *task_new(void)
{
    struct task *task = spares;

    if (!task)
        return (struct task *)task_type.tp_alloc(&task_type, 0);
    spares = (struct task *)task->future.dict;
    spare_count--;
    memset(&task->future.dict, 0, sizeof *task - offsetof(struct future, dict));
    PyObject_Init((PyObject *)task, &task_type);
    PyObject_GC_Track(task);
    return task;
}

PyObject *task_new_native(struct loop *loop, PyObject *coroutine, PyObject *name, PyObject *context)
{
    struct task *task = task_new();

    if (!task)
        return NULL;
    if (task_init(task, (PyObject *)loop, coroutine, name, context)
        || (task->future.debug && note_source(&task->future)) || task_start(task, false))
        Py_CLEAR(task);
    return (PyObject *)task;
}

/* A task of C or of another language. */
PyObject *task_wrap(struct loop *loop, async_future *taken)
{
    struct task *task = task_new();

    if (!task) {
        async_future_unref(taken);
        return NULL;
    }
    future_init(&task->future, (PyObject *)loop);
    task->future.handle = taken;
    task->future.shared = true;
    return (PyObject *)task;
}

static PyAsyncMethods as_async = { .am_await = future_iterator };

PyTypeObject task_type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "libasync.Task",
    .tp_doc = "A coroutine that runs on the loop; a future of its result.",
    .tp_base = &future_type,
    .tp_basicsize = sizeof(struct task),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .tp_new = PyType_GenericNew,
    .tp_init = type_init,
    .tp_dealloc = dealloc,
    .tp_finalize = finalize,
    .tp_traverse = traverse,
    .tp_clear = clear,
    .tp_repr = task_repr,
    .tp_iter = future_iterator,
    .tp_as_async = &as_async,
    .tp_methods = methods,
    .tp_getset = getset,
    .tp_dictoffset = offsetof(struct future, dict),
    .tp_weaklistoffset = offsetof(struct future, weakrefs),
};
