/* The wrapped C interface as a script uses it: its callables as callbacks and steps, its sequences as arrays. */
#ifndef LIBASYNC_PYTHON_SCRIPT_H
#define LIBASYNC_PYTHON_SCRIPT_H

#include "bindings/python/native.h"

typedef void *script_convert(PyObject *object);

async_callback script_on_turn;
async_done_callback script_on_done;
async_exception_handler script_on_exception;
async_client_connected script_on_connected;
async_destroy script_drop, script_steps_drop;
async_step script_step;

void *script_steps(PyObject *first);
int script_next(async_task *task, PyObject *next);
PyObject *script_text(const async_value *value, const char *text, size_t size);
void **script_array(PyObject *sequence, script_convert *convert, size_t *count);
async_loop *script_async_loop(PyObject *object);
async_future *script_async_future(PyObject *object);
async_value *script_async_value(PyObject *object);

/* Those that know SWIG's types stand in python.i. */
PyObject *proxy_of_task(async_task *task);
PyObject *proxy_of_stream(async_stream *taken);
async_next verdict_of_proxy(PyObject *object);

#endif
