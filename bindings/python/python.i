%module(package="libasync") capi

%{
#include "bindings/python/native.h"
#include "bindings/python/script.h"
%}

/* Functions of a script: one callable stands for callback, user and destroy. */
%typemap(in) (async_callback *callback, void *user, async_destroy *destroy) {
    if (!PyCallable_Check($input))
        SWIG_exception_fail(SWIG_TypeError, "in method '$symname', a callable was expected");
    $1 = script_on_turn;
    $2 = Py_NewRef($input);
    $3 = script_drop;
}
%typemap(in) (async_done_callback *callback, void *user, async_destroy *destroy) {
    if (!PyCallable_Check($input))
        SWIG_exception_fail(SWIG_TypeError, "in method '$symname', a callable was expected");
    $1 = script_on_done;
    $2 = Py_NewRef($input);
    $3 = script_drop;
}
%typemap(in) (async_done_callback *callback, void *user) {
    $1 = script_on_done;
    $2 = $input;
}
%typemap(in) (async_client_connected *connected, void *user, async_destroy *destroy) {
    $1 = script_on_connected;
    $2 = Py_NewRef($input);
    $3 = script_drop;
}
%typemap(in) (async_exception_handler *handler, void *user, async_destroy *destroy) {
    $1 = $input == Py_None ? NULL : script_on_exception;
    $2 = $input == Py_None ? NULL : Py_NewRef($input);
    $3 = $input == Py_None ? NULL : script_drop;
}

/* A coroutine in steps: each callable takes the task and returns the verdict; the state is the next callable. */
%typemap(in) (async_step *first, void *state, async_destroy *destroy) {
    $1 = script_step;
    $2 = script_steps($input);
    $3 = script_steps_drop;
    if (!$2)
        SWIG_fail;
}
%typemap(in) async_step *next {
    if (script_next(arg1, $input))
        SWIG_fail;
    $1 = script_step;
}
%ignore async_future_state;
%ignore async_loop_set_block_hooks;

/* Objects travel as they do from a task: the type is ours. */
%ignore async_object;
%ignore async_type_new;
%ignore async_type_set_reader;
%ignore async_value_pointer;

/* What C returns through a pointer is returned beside the answer. */
%typemap(in, numinputs=0) async_timer **timer (async_timer *made = NULL) "$1 = &made;"
%typemap(argout) async_timer **timer {
    $result = SWIG_Python_AppendOutput($result,
                                       SWIG_NewPointerObj(made$argnum, SWIGTYPE_p_async_timer, SWIG_POINTER_OWN));
}
%typemap(in, numinputs=0) async_value **value (async_value *got = NULL) "$1 = &got;"
%typemap(argout) async_value **value {
    $result = SWIG_Python_AppendOutput($result,
                                       SWIG_NewPointerObj(got$argnum, $descriptor(async_value *), SWIG_POINTER_OWN));
}
%typemap(in, numinputs=0) async_future **done (async_future *made = NULL) "$1 = &made;"
%typemap(argout) async_future **done {
    $result = SWIG_Python_AppendOutput($result,
                                       SWIG_NewPointerObj(made$argnum, SWIGTYPE_p_async_future, SWIG_POINTER_OWN));
}
%typemap(in, numinputs=0) async_stream ** (async_stream *made = NULL) "$1 = &made;"
%typemap(argout) async_stream ** {
    $result = SWIG_Python_AppendOutput($result,
                                       SWIG_NewPointerObj(made$argnum, SWIGTYPE_p_async_stream, SWIG_POINTER_OWN));
}
%typemap(in, numinputs=0) (async_future **tasks, size_t capacity) ""
%typemap(check) (async_future **tasks, size_t capacity) {
    $2 = async_all_tasks(arg1, NULL, 0);
    $1 = PyMem_Calloc($2 + 1, sizeof *$1);
}
%typemap(argout) (async_future **tasks, size_t capacity) {
    Py_ssize_t count = (Py_ssize_t)(result < $2 ? result : $2);

    Py_XDECREF($result);
    $result = PyList_New(count);
    for (Py_ssize_t i = 0; $result && i < count; i++)
        PyList_SET_ITEM($result, i, SWIG_NewPointerObj($1[i], SWIGTYPE_p_async_future, SWIG_POINTER_OWN));
}
%typemap(freearg) (async_future **tasks, size_t capacity) "PyMem_Free($1);"

/* Text and bytes with their size; a text that is read may hold zero bytes. */
%typemap(in, numinputs=0) size_t *size (size_t bytes = 0) "$1 = &bytes;"
%typemap(out) const char *async_value_text ""
%typemap(argout) size_t *size {
    $result = script_text(arg1, result, *$1);
}
%typemap(in, numinputs=0) size_t *length (size_t bytes = 0) "$1 = &bytes;"
%typemap(out) const void *async_datagram_bytes ""
%typemap(argout) size_t *length {
    $result = result ? PyBytes_FromStringAndSize(result, (Py_ssize_t)*$1) : Py_NewRef(Py_None);
}
/* Where only errno tells why there is no handle. */
%define %async_fails_by_errno(FUNCTION)
%exception FUNCTION {
    $action
    if (!result) {
        PyErr_SetFromErrno(PyExc_OSError);
        SWIG_fail;
    }
}
%enddef
%async_fails_by_errno(async_stream_adopt)
%async_fails_by_errno(async_stream_standard)
%async_fails_by_errno(async_datagram_open)
%async_fails_by_errno(async_datagram_adopt)
%typemap(in) (const char *text, size_t size) {
    Py_ssize_t bytes;

    $1 = (char *)PyUnicode_AsUTF8AndSize($input, &bytes);
    if (!$1)
        SWIG_fail;
    $2 = (size_t)bytes;
}
%typemap(in) (const void *bytes, size_t size) (Py_buffer buffer = { NULL }) {
    if (PyObject_GetBuffer($input, &buffer, PyBUF_SIMPLE))
        SWIG_fail;
    $1 = buffer.buf;
    $2 = (size_t)buffer.len;
}
%typemap(freearg) (const void *bytes, size_t size) {
    if (buffer$argnum.obj)
        PyBuffer_Release(&buffer$argnum);
}

/* A sequence of proxies stands for pointer and count; each is given a reference for the call to take. */
%define %async_array(TYPE)
%typemap(in) (TYPE *const *taken, size_t count) {
    $1 = (TYPE **)script_array($input, (script_convert *)script_##TYPE, &$2);
    if (!$1)
        SWIG_fail;
}
%typemap(check) (TYPE *const *taken, size_t count) {
    for (size_t i = 0; i < $2; i++)
        TYPE##_ref($1[i]);
}
%typemap(freearg) (TYPE *const *taken, size_t count) "PyMem_Free((void *)$1);"
%enddef
%async_array(async_future)
%async_array(async_value)

/* Closing a scope ends its proxy too: a second close finds nothing. */
%typemap(in) async_timeout *taken {
    if (!SWIG_IsOK(SWIG_ConvertPtr($input, (void **)&$1, $1_descriptor, SWIG_POINTER_CLEAR)))
        SWIG_exception_fail(SWIG_TypeError, "in method '$symname', a timeout was expected");
}

/* A native loop or future is as good as its proxy. */
%typemap(in) async_loop * {
    $1 = script_async_loop($input);
    if (!$1 && $input != Py_None)
        SWIG_fail;
}
%typemap(in) async_future *, const async_future * {
    $1 = script_async_future($input);
    if (!$1 && $input != Py_None)
        SWIG_fail;
}

%include "bindings/libasync.i"

%wrapper %{
PyObject *proxy_of_value(async_value *lent)
{
    return SWIG_NewPointerObj(async_value_ref(lent), SWIGTYPE_p_async_value, SWIG_POINTER_OWN);
}

PyObject *proxy_of_future(async_future *lent)
{
    return SWIG_NewPointerObj(async_future_ref(lent), SWIGTYPE_p_async_future, SWIG_POINTER_OWN);
}

PyObject *proxy_of_task(async_task *task)
{
    return SWIG_NewPointerObj(task, SWIGTYPE_p_async_task, 0);
}

PyObject *proxy_of_stream(async_stream *taken)
{
    return SWIG_NewPointerObj(taken, SWIGTYPE_p_async_stream, SWIG_POINTER_OWN);
}

static void *pointer_of_proxy(PyObject *object, swig_type_info *type)
{
    void *pointer = NULL;

    return SWIG_IsOK(SWIG_ConvertPtr(object, &pointer, type, 0)) ? pointer : NULL;
}

async_value *value_of_proxy(PyObject *object)
{
    return pointer_of_proxy(object, SWIGTYPE_p_async_value);
}

async_future *future_of_proxy(PyObject *object)
{
    return pointer_of_proxy(object, SWIGTYPE_p_async_future);
}

async_loop *loop_of_proxy(PyObject *object)
{
    return pointer_of_proxy(object, SWIGTYPE_p_async_loop);
}

async_stream *stream_of_proxy(PyObject *object)
{
    return pointer_of_proxy(object, SWIGTYPE_p_async_stream);
}

async_socket_options *options_of_proxy(PyObject *object)
{
    return pointer_of_proxy(object, SWIGTYPE_p_async_socket_options);
}

async_next verdict_of_proxy(PyObject *object)
{
    return pointer_of_proxy(object, SWIGTYPE_p_async_verdict);
}
%}

%init %{
    if (native_setup(m))
        return NULL;
%}

%pythoncode %{
def _same(self, other):
    return type(self) is type(other) and int(self.this) == int(other.this)


for _proxy in (async_loop, async_future, async_value, async_type, async_timer, async_local, async_completions,
               async_task_group, async_event, async_lock, async_condition, async_semaphore, async_barrier, async_queue,
               async_limiter, async_broadcast, async_receiver, async_stream, async_server, async_datagram,
               async_task_options, async_socket_options):
    _proxy.__eq__ = _same
    _proxy.__hash__ = lambda self: hash(int(self.this))

async_future.__await__ = lambda self: _core.wrap_handle(self).__await__()
%}
