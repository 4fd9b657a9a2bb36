/* What a TaskGroup does for each task: asyncio's rules and messages, 3.13's. The scope itself, which each group has but
   once, is written in Python. */
#include "bindings/python/waiting.h"

#include <stddef.h>
#include <structmember.h>

struct group {
    PyObject_HEAD
    PyObject *dict;
    PyObject *weakrefs;
    PyObject *loop;        /* from the entry on */
    PyObject *woken;       /* the future for which the end of the scope waits */
    struct child *first;   /* those that have not ended, in the order of their creation */
    struct child **end;
    Py_ssize_t count;
    char entered;
    char exiting;
    char aborting;
};

/* Held by the callback of its task, and so until that has run or will not come any more. The collector need not see what
   a callback that is due holds. */
struct child {
    struct child *next;
    struct child **back;   /* what points here; NULL once it has ended */
    struct group *group;
    PyObject *task;
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
    if (group->exiting && group->count == 0)
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

static struct child *child_new(struct group *group, PyObject *task)
{
    struct child *child = PyMem_Malloc(sizeof *child);

    if (!child) {
        PyErr_NoMemory();
        return NULL;
    }
    child->next = NULL;
    child->back = group->end;
    child->group = (struct group *)Py_NewRef((PyObject *)group);
    child->task = Py_NewRef(task);
    *group->end = child;
    group->end = &child->next;
    group->count++;
    return child;
}

static void child_unlink(struct child *child)
{
    if (!child->back)
        return;
    *child->back = child->next;
    if (child->next)
        child->next->back = child->back;
    else
        child->group->end = child->back;
    child->back = NULL;
    child->group->count--;
}

static void child_free(void *user)
{
    struct child *child = user;

    child_unlink(child);
    Py_DECREF(child->task);
    Py_DECREF(child->group);
    PyMem_Free(child);
}

static int wake_scope(struct group *group)
{
    PyObject *woken = group->woken;

    if (!woken || !future_check(woken) || future_is_done((struct future *)woken))
        return 0;
    return future_finish((struct future *)woken, FINISHED, false, Py_NewRef(Py_True));
}

/* Only what did not simply return is a matter for the scope. */
static PyObject *task_ended(struct group *group, PyObject *task)
{
    struct future *future = (struct future *)task;

    if (future_check(task) && future_is_done(future) && future->state == FINISHED && future->result && !future->failed)
        Py_RETURN_NONE;
    return PyObject_CallMethod((PyObject *)group, "_on_end", "O", task);
}

static PyObject *child_ended(struct child *child)
{
    child_unlink(child);
    return child->group->count == 0 && wake_scope(child->group) ? NULL : task_ended(child->group, child->task);
}

/* A task of a loop of ours is listened to in C, where that costs no context. */
static void on_done(async_future *handle, void *user)
{
    struct child *child = user;
    struct loop *loop = (struct loop *)((struct future *)child->task)->loop, *previous = loop_enter(loop);
    PyObject *answer = child_ended(child);

    if (!answer)
        loop_caught(loop, "Exception in callback of %R", (PyObject *)child->group, NULL, NULL);
    Py_XDECREF(answer);
    loop_leave(loop, previous);
}

static int listen_in_c(struct child *child)
{
    async_future *handle = future_handle((struct future *)child->task);
    int error;

    if (!handle) {
        child_free(child);
        return -1;
    }
    error = async_future_on_done(handle, on_done, child, child_free);
    return error ? raise_error(error, NULL) : 0;
}

static PyObject *on_foreign_done(PyObject *capsule, PyObject *task)
{
    return child_ended(PyCapsule_GetPointer(capsule, NULL));
}

static void capsule_free(PyObject *capsule)
{
    child_free(PyCapsule_GetPointer(capsule, NULL));
}

static int listen_in_python(struct child *child)
{
    static PyMethodDef method = { "_on_task_done", on_foreign_done, METH_O, NULL };
    PyObject *capsule = PyCapsule_New(child, NULL, capsule_free), *callback, *answer;

    if (!capsule) {
        child_free(child);
        return -1;
    }
    callback = PyCFunction_New(&method, capsule);
    answer = callback ? PyObject_CallMethodOneArg(child->task, words.add_done_callback, callback) : NULL;
    Py_XDECREF(answer);
    Py_XDECREF(callback);
    Py_DECREF(capsule);
    return answer ? 0 : -1;
}

static int listen(struct group *group, PyObject *task)
{
    struct child *child = child_new(group, task);

    if (!child)
        return -1;
    return future_check(task) && ((struct future *)task)->native ? listen_in_c(child) : listen_in_python(child);
}

/* An eager task may have ended already. */
static int admit(struct group *group, PyObject *task)
{
    int done = waiter_is(task, words.done);
    PyObject *answer;

    if (done <= 0)
        return done < 0 ? -1 : listen(group, task);
    answer = task_ended(group, task);
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

static PyObject *get_tasks(PyObject *self, void *unused)
{
    struct group *group = (struct group *)self;
    PyObject *tasks = PyList_New(0);

    for (struct child *at = group->first; tasks && at; at = at->next)
        if (PyList_Append(tasks, at->task))
            Py_CLEAR(tasks);
    return tasks;
}

static PyObject *group_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    struct group *group = (struct group *)type->tp_alloc(type, 0);

    if (group)
        group->end = &group->first;
    return (PyObject *)group;
}

static int traverse(PyObject *self, visitproc visit, void *arg)
{
    struct group *group = (struct group *)self;

    Py_VISIT(group->dict);
    Py_VISIT(group->loop);
    Py_VISIT(group->woken);
    return 0;
}

static int clear(PyObject *self)
{
    struct group *group = (struct group *)self;

    Py_CLEAR(group->dict);
    Py_CLEAR(group->loop);
    Py_CLEAR(group->woken);
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
    { "_woken", T_OBJECT, offsetof(struct group, woken), 0, NULL },
    { "_entered", T_BOOL, offsetof(struct group, entered), 0, NULL },
    { "_exiting", T_BOOL, offsetof(struct group, exiting), 0, NULL },
    { "_aborting", T_BOOL, offsetof(struct group, aborting), 0, NULL },
    { NULL, 0, 0, 0, NULL },
};

static PyGetSetDef getset[] = {
    { "_tasks", get_tasks, NULL, NULL, NULL },
    { NULL, NULL, NULL, NULL, NULL },
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
    .tp_new = group_new,
    .tp_dealloc = dealloc,
    .tp_traverse = traverse,
    .tp_clear = clear,
    .tp_methods = methods,
    .tp_members = members,
    .tp_getset = getset,
    .tp_dictoffset = offsetof(struct group, dict),
    .tp_weaklistoffset = offsetof(struct group, weakrefs),
};
