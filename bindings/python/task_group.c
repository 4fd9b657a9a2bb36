/* What a TaskGroup does for each task: asyncio's rules and messages, 3.13's. The scope itself, which each group has but
   once, is written in Python. */
#include "bindings/python/native.h"

#include <stddef.h>
#include <structmember.h>

struct group {
    PyObject_HEAD
    PyObject *dict;
    PyObject *weakrefs;
    PyObject *loop;        /* from the entry on */
    PyObject *tasks;       /* those that have not ended: the keys of a dict, which keeps their order */
    PyObject *woken;       /* the future for which the end of the scope waits */
    PyObject *on_done;     /* the callback of tasks that C does not know, while there are tasks */
    char entered;
    char exiting;
    char aborting;
};

static int raise_state(PyObject *group, PyObject *coroutine, const char *format)
{
    PyObject *answer = PyObject_CallMethod(coroutine, "close", NULL);

    if (!answer)
        return -1;
    Py_DECREF(answer);
    PyErr_Format(PyExc_RuntimeError, format, group);
    return -1;
}

static int check_open(struct group *group, PyObject *coroutine)
{
    PyObject *self = (PyObject *)group;

    if (!group->entered)
        return raise_state(self, coroutine, "TaskGroup %R has not been entered");
    if (group->exiting && PyDict_GET_SIZE(group->tasks) == 0)
        return raise_state(self, coroutine, "TaskGroup %R is finished");
    if (group->aborting)
        return raise_state(self, coroutine, "TaskGroup %R is shutting down");
    return 0;
}

static PyObject *task_new(struct group *group, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    PyObject *method, *task;

    if (loop_check(group->loop) && ((struct loop *)group->loop)->plain)
        return loop_create_task(group->loop, args, count, names);
    method = PyObject_GetAttr(group->loop, words.create_task);
    task = method ? PyObject_Vectorcall(method, args, (size_t)count, names) : NULL;
    Py_XDECREF(method);
    return task;
}

static int wake_scope(struct group *group)
{
    struct future *woken = (struct future *)group->woken;

    Py_CLEAR(group->on_done);
    if (!woken || (PyObject *)woken == Py_None || !future_check(group->woken) || future_is_done(woken))
        return 0;
    return future_finish(woken, FINISHED, false, Py_NewRef(Py_True));
}

/* Whether the task simply returned. */
static bool has_returned(PyObject *task)
{
    struct future *future = (struct future *)task;

    return future_check(task) && future_is_done(future) && future->state == FINISHED && future->result
        && !future->failed;
}

static PyObject *on_done(PyObject *self, PyObject *task)
{
    struct group *group = (struct group *)self;
    bool returned = has_returned(task);
    PyObject *answer = NULL;

    Py_INCREF(task);
    if (PyDict_DelItem(group->tasks, task))
        PyErr_Clear();
    if (PyDict_GET_SIZE(group->tasks) > 0 || !wake_scope(group))
        answer = returned ? Py_NewRef(Py_None) : PyObject_CallMethod(self, "_on_end", "O", task);
    Py_DECREF(task);
    return answer;
}

static PyMethodDef on_done_method = { "_on_task_done", on_done, METH_O, NULL };

/* A task of a loop of ours is listened to in C, where that costs no context. The group holds its task until then. */
struct child {
    struct group *group;
    PyObject *task;
};

static void on_child_done(async_future *handle, void *user)
{
    struct child *child = user;
    struct loop *loop = (struct loop *)((struct future *)child->task)->loop, *previous = loop_enter(loop);
    PyObject *answer = on_done((PyObject *)child->group, child->task);

    if (!answer)
        loop_caught(loop, "Exception in callback of %R", (PyObject *)child->group, NULL, NULL);
    Py_XDECREF(answer);
    loop_leave(loop, previous);
}

static void child_free(void *user)
{
    struct child *child = user;

    Py_DECREF(child->group);
    PyMem_Free(child);
}

static int listen_in_c(struct group *group, struct future *task)
{
    async_future *handle = future_handle(task);
    struct child *child = handle ? PyMem_Malloc(sizeof *child) : NULL;
    int error;

    if (!child) {
        if (handle)
            PyErr_NoMemory();
        return -1;
    }
    *child = (struct child){ (struct group *)Py_NewRef((PyObject *)group), (PyObject *)task };
    error = async_future_on_done(handle, on_child_done, child, child_free);
    return error ? raise_error(error, NULL) : 0;
}

static int listen(struct group *group, PyObject *task)
{
    PyObject *answer;

    if (future_check(task) && ((struct future *)task)->native)
        return listen_in_c(group, (struct future *)task);
    if (!group->on_done && !(group->on_done = PyCFunction_New(&on_done_method, (PyObject *)group)))
        return -1;
    answer = PyObject_CallMethodOneArg(task, words.add_done_callback, group->on_done);
    Py_XDECREF(answer);
    return answer ? 0 : -1;
}

/* An eager task may have ended already. */
static int admit(struct group *group, PyObject *task)
{
    PyObject *answer, *done = future_check(task) ? PyBool_FromLong(future_is_done((struct future *)task))
                                                 : PyObject_CallMethodNoArgs(task, words.done);

    Py_XDECREF(done);
    if (!done)
        return -1;
    if (done == Py_False)
        return PyDict_SetItem(group->tasks, task, Py_None) || listen(group, task) ? -1 : 0;
    answer = on_done((PyObject *)group, task);
    Py_XDECREF(answer);
    return answer ? 0 : -1;
}

static PyObject *method_create_task(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    static const char *const keywords[] = { "coro", "name", "context" };
    struct group *group = (struct group *)self;
    PyObject *found[3] = { NULL }, *task;

    if (arguments_parse("create_task", keywords, 3, 1, args, count, names, found) || check_open(group, found[0]))
        return NULL;
    task = task_new(group, args, count, names);
    if (task && admit(group, task))
        Py_CLEAR(task);
    return task;
}

static int init(PyObject *self, PyObject *args, PyObject *kwargs)
{
    struct group *group = (struct group *)self;

    if (arguments_unpack("TaskGroup.__init__", NULL, 0, 0, args, kwargs, NULL))
        return -1;
    Py_XSETREF(group->tasks, PyDict_New());
    return group->tasks ? 0 : -1;
}

static int traverse(PyObject *self, visitproc visit, void *arg)
{
    struct group *group = (struct group *)self;

    Py_VISIT(group->dict);
    Py_VISIT(group->loop);
    Py_VISIT(group->tasks);
    Py_VISIT(group->woken);
    Py_VISIT(group->on_done);
    return 0;
}

static int clear(PyObject *self)
{
    struct group *group = (struct group *)self;

    Py_CLEAR(group->dict);
    Py_CLEAR(group->loop);
    Py_CLEAR(group->tasks);
    Py_CLEAR(group->woken);
    Py_CLEAR(group->on_done);
    return 0;
}

static void dealloc(PyObject *self)
{
    PyObject_GC_UnTrack(self);
    if (((struct group *)self)->weakrefs)
        PyObject_ClearWeakRefs(self);
    clear(self);
    Py_TYPE(self)->tp_free(self);
}

static PyMemberDef members[] = {
    { "_loop", T_OBJECT, offsetof(struct group, loop), 0, NULL },
    { "_tasks", T_OBJECT, offsetof(struct group, tasks), READONLY, NULL },
    { "_woken", T_OBJECT, offsetof(struct group, woken), 0, NULL },
    { "_entered", T_BOOL, offsetof(struct group, entered), 0, NULL },
    { "_exiting", T_BOOL, offsetof(struct group, exiting), 0, NULL },
    { "_aborting", T_BOOL, offsetof(struct group, aborting), 0, NULL },
    { NULL, 0, 0, 0, NULL },
};

static PyMethodDef methods[] = {
    { "create_task", (PyCFunction)(void (*)(void))method_create_task, METH_FASTCALL | METH_KEYWORDS,
      "Start a coroutine in the group." },
    { NULL, NULL, 0, NULL },
};

PyTypeObject group_type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "libasync._core.TaskGroup",
    .tp_basicsize = sizeof(struct group),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .tp_new = PyType_GenericNew,
    .tp_init = init,
    .tp_dealloc = dealloc,
    .tp_traverse = traverse,
    .tp_clear = clear,
    .tp_methods = methods,
    .tp_members = members,
    .tp_dictoffset = offsetof(struct group, dict),
    .tp_weaklistoffset = offsetof(struct group, weakrefs),
};
