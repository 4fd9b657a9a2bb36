/* Servers: what C calls for each connection. */
#include "bindings/python/stream.h"

/* What a server calls for each connection, and with what. */
struct acceptor {
    struct loop *loop;
    PyObject *function;
    PyObject *context;
    Py_ssize_t limit;
};

static void acceptor_free(void *user)
{
    struct acceptor *acceptor = user;
    PyGILState_STATE state;

    if (!Py_IsInitialized())
        return;
    state = PyGILState_Ensure();
    Py_DECREF(acceptor->context);
    Py_DECREF(acceptor->function);
    Py_DECREF(acceptor->loop);
    PyMem_Free(acceptor);
    PyGILState_Release(state);
}

static struct acceptor *acceptor_new(struct loop *loop, PyObject *function, Py_ssize_t limit)
{
    struct acceptor *acceptor = PyMem_Malloc(sizeof *acceptor);
    PyObject *context = acceptor ? PyContext_CopyCurrent() : PyErr_NoMemory();

    if (!context) {
        PyMem_Free(acceptor);
        return NULL;
    }
    *acceptor = (struct acceptor){ (struct loop *)Py_NewRef((PyObject *)loop), Py_NewRef(function), context, limit };
    return acceptor;
}

/* The C future of the task that serves a connection (given), or NULL when the function was no coroutine's. */
static async_future *task_for(struct acceptor *acceptor, PyObject *answer)
{
    PyObject *task;
    async_future *handle = NULL;

    if (!coroutine_check(answer))
        return NULL;
    task = PyObject_CallMethodOneArg((PyObject *)acceptor->loop, words.create_task, answer);
    if (task && PyObject_TypeCheck(task, &task_type)) {
        ((struct task *)task)->serves = true;
        handle = async_future_ref(future_share((struct future *)task));
    }
    Py_XDECREF(task);
    return handle;
}

static async_future *serve(struct acceptor *acceptor, async_stream *stream)
{
    PyObject *pair = stream_faces(acceptor->loop, stream, acceptor->limit), *answer = NULL;
    async_future *handle = NULL;

    if (pair && !PyContext_Enter(acceptor->context)) {
        answer = PyObject_Call(acceptor->function, pair, NULL);
        if (answer)
            handle = task_for(acceptor, answer);
        PyContext_Exit(acceptor->context);
    }
    if (PyErr_Occurred()) {
        loop_caught(acceptor->loop, "Exception in client_connected_cb %R", acceptor->function, NULL, NULL);
        async_stream_close(stream);
    }
    Py_XDECREF(answer);
    Py_XDECREF(pair);
    return handle;
}

static async_future *on_connected(async_stream *taken, void *user)
{
    PyGILState_STATE state = PyGILState_Ensure();
    struct loop *loop = ((struct acceptor *)user)->loop, *previous = loop_enter(loop);
    async_future *handle = serve(user, taken);

    async_stream_unref(taken);
    loop_leave(loop, previous);
    PyGILState_Release(state);
    return handle;
}

/* _start_server(loop, callback, limit, options, host, port): a future of a server. The host is bytes, or None for all
   addresses; without a port, which is -1, it is the path of a Unix socket. */
PyObject *function_start_server(PyObject *module, PyObject *args)
{
    PyObject *loop, *function, *options, *given;
    struct acceptor *acceptor;
    async_future *server;
    async_loop *handle;
    const char *host;
    Py_ssize_t limit;
    int port;

    if (!PyArg_ParseTuple(args, "O!OnOOi", &loop_type, &loop, &function, &limit, &options, &given, &port))
        return NULL;
    host = given == Py_None ? NULL : PyBytes_AsString(given);
    if (PyErr_Occurred())
        return NULL;
    acceptor = acceptor_new((struct loop *)loop, function, limit);
    if (!acceptor)
        return NULL;
    handle = ((struct loop *)loop)->handle;
    server = port < 0 ? async_start_unix_server(handle, host, on_connected, acceptor, acceptor_free,
                                                options_of_proxy(options))
                      : async_start_server(handle, host, port, on_connected, acceptor, acceptor_free,
                                           options_of_proxy(options));
    return future_wrap((struct loop *)loop, server);
}

/* _adopt_server(loop, callback, limit, options, descriptor): a server, as a value. */
PyObject *function_adopt_server(PyObject *module, PyObject *args)
{
    PyObject *loop, *function, *options, *proxy;
    struct acceptor *acceptor;
    async_server *server;
    async_value *value;
    Py_ssize_t limit;
    int descriptor;

    if (!PyArg_ParseTuple(args, "O!OnOi", &loop_type, &loop, &function, &limit, &options, &descriptor))
        return NULL;
    acceptor = acceptor_new((struct loop *)loop, function, limit);
    if (!acceptor)
        return NULL;
    server = async_server_adopt(((struct loop *)loop)->handle, descriptor, on_connected, acceptor, acceptor_free,
                                options_of_proxy(options));
    if (!server)
        return PyErr_SetFromErrno(PyExc_OSError);
    value = async_server_value(server);
    proxy = value ? proxy_of_value(value) : PyErr_NoMemory();
    async_value_unref(value);
    async_server_unref(server);
    return proxy;
}
