/* add_done_callback. On a loop of ours each callback is registered with the C future, so that Python callbacks, Python
   tasks and C waiters hear of the end in the order they asked; the future lists them too, newest first, so that the
   collector sees what they hold. On a foreign loop the list is all there is, and its call_soon runs them. */
#include "bindings/python/native.h"

#include <stddef.h>

static void callback_list(struct future *future, struct callback *callback)
{
    callback->next = future->callbacks;
    if (callback->next)
        callback->next->back = &callback->next;
    callback->back = &future->callbacks;
    future->callbacks = callback;
}

static void callback_unlist(struct callback *callback)
{
    if (!callback->back)
        return;
    *callback->back = callback->next;
    if (callback->next)
        callback->next->back = callback->back;
    callback->back = NULL;
}

static void callback_hold(struct callback *callback)
{
    if (!callback->holds)
        Py_INCREF(callback->future);
    callback->holds = true;
}

static void callback_free(void *user)
{
    struct callback *callback = user;

    callback_unlist(callback);
    Py_DECREF(callback->function);
    if (callback->ran)
        context_drop_used(callback->context);
    else
        Py_DECREF(callback->context);
    if (callback->holds)
        Py_DECREF(callback->future);
    PyMem_Free(callback);
}

static struct callback *callback_new(struct future *future, PyObject *function, PyObject *context)
{
    struct callback *callback = PyMem_Malloc(sizeof *callback);

    if (!callback) {
        PyErr_NoMemory();
        return NULL;
    }
    context = context_for(context);
    if (!context) {
        PyMem_Free(callback);
        return NULL;
    }
    *callback = (struct callback){ .function = Py_NewRef(function), .context = context, .future = future };
    return callback;
}

static void callback_run(struct callback *callback)
{
    struct loop *loop = (struct loop *)callback->future->loop, *previous = loop_enter(loop);
    PyObject *answer = NULL;

    callback->ran = true;
    if (!PyContext_Enter(callback->context)) {
        answer = PyObject_CallOneArg(callback->function, (PyObject *)callback->future);
        PyContext_Exit(callback->context);
    }
    if (!answer)
        loop_caught(loop, "Exception in callback %R", callback->function, NULL, NULL);
    Py_XDECREF(answer);
    loop_leave(loop, previous);
}

static void on_done(async_future *handle, void *user)
{
    struct callback *callback = user;

    callback_hold(callback);
    callback_unlist(callback);
    callback_run(callback);
}

static void on_turn(async_loop *handle, void *user)
{
    callback_run(user);
}

static int foreign_call_soon(PyObject *loop, PyObject *function, PyObject *future, PyObject *context)
{
    PyObject *args[] = { loop, function, future, context };
    PyObject *handle = PyObject_VectorcallMethod(words.call_soon, args, 3, words.only_context);

    Py_XDECREF(handle);
    return handle ? 0 : -1;
}

static int soon(struct future *future, PyObject *function, PyObject *context)
{
    struct callback *callback = callback_new(future, function, context);
    int error;

    if (!callback)
        return -1;
    callback_hold(callback);
    if (!future->native) {
        error = foreign_call_soon(future->loop, function, (PyObject *)future, callback->context);
        callback_free(callback);
        return error;
    }
    error = async_loop_call_soon(((struct loop *)future->loop)->handle, on_turn, callback, callback_free);
    return error ? raise_error(error, NULL) : 0;
}

int callback_add(struct future *future, PyObject *function, PyObject *context)
{
    struct callback *callback;
    async_future *handle = NULL;
    int error;

    if (future_is_done(future))
        return soon(future, function, context);
    if (future->native && !(handle = future_handle(future)))
        return -1;
    callback = callback_new(future, function, context);
    if (!callback)
        return -1;
    callback_list(future, callback);
    if (!handle)
        return 0;
    if (future->shared)
        callback_hold(callback);
    error = async_future_on_done(handle, on_done, callback, callback_free);
    return error ? raise_error(error, NULL) : 0;
}

static void callback_drop(struct future *future, struct callback *callback)
{
    callback_unlist(callback);
    if (!future->native)
        callback_free(callback);
    else
        async_future_remove_done(future->handle, on_done, callback);
}

/* Comparing runs Python code, which may change the list: so first compare, then take out what was found. */
Py_ssize_t callback_remove(struct future *future, PyObject *function)
{
    PyObject *listed = callbacks_list(future);
    Py_ssize_t removed = 0;

    if (!listed || listed == Py_None) {
        Py_XDECREF(listed);
        return listed ? 0 : -1;
    }
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(listed); i++) {
        PyObject *candidate = PyTuple_GET_ITEM(PyList_GET_ITEM(listed, i), 0);
        int equal = PyObject_RichCompareBool(candidate, function, Py_EQ);

        if (equal < 0) {
            Py_DECREF(listed);
            return -1;
        }
        for (struct callback *at = future->callbacks, *next; equal && at; at = next) {
            next = at->next;
            if (at->function != candidate)
                continue;
            callback_drop(future, at);
            removed++;
            break;
        }
    }
    Py_DECREF(listed);
    return removed;
}

/* The future goes: callbacks that were not queued go with it. */
void callbacks_release(struct future *future)
{
    while (future->callbacks)
        callback_drop(future, future->callbacks);
}

static void schedule_foreign(struct future *future)
{
    PyObject *listed = callbacks_list(future);

    callbacks_release(future);
    for (Py_ssize_t i = 0; listed && listed != Py_None && i < PyList_GET_SIZE(listed); i++) {
        PyObject *entry = PyList_GET_ITEM(listed, i);

        if (foreign_call_soon(future->loop, PyTuple_GET_ITEM(entry, 0), (PyObject *)future, PyTuple_GET_ITEM(entry, 1)))
            break;
    }
    Py_XDECREF(listed);
}

/* The future is done: from now on the queue, not the future, keeps its callbacks alive, and they keep it. */
void callbacks_schedule(struct future *future)
{
    if (!future->native) {
        schedule_foreign(future);
        return;
    }
    while (future->callbacks) {
        struct callback *callback = future->callbacks;

        callback_hold(callback);
        callback_unlist(callback);
    }
}

/* C may complete the future now: whoever waits for its callbacks no longer has to hold it. */
void callbacks_hold(struct future *future)
{
    for (struct callback *at = future->callbacks; at; at = at->next)
        callback_hold(at);
}

/* As asyncio shows them: a list of (function, context) in the order registered, or None. */
PyObject *callbacks_list(struct future *future)
{
    PyObject *list;

    if (!future->callbacks)
        return Py_NewRef(Py_None);
    list = PyList_New(0);
    for (struct callback *at = future->callbacks; list && at; at = at->next) {
        PyObject *entry = PyTuple_Pack(2, at->function, at->context);

        if (!entry || PyList_Append(list, entry))
            Py_CLEAR(list);
        Py_XDECREF(entry);
    }
    if (list && PyList_Reverse(list))
        Py_CLEAR(list);
    return list;
}

int callbacks_traverse(struct future *future, visitproc visit, void *arg)
{
    for (struct callback *at = future->callbacks; at; at = at->next) {
        Py_VISIT(at->function);
        Py_VISIT(at->context);
    }
    return 0;
}
