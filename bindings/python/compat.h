/* What the interpreters from 3.9 on call differently. */
#ifndef LIBASYNC_PYTHON_COMPAT_H
#define LIBASYNC_PYTHON_COMPAT_H

#include <stdbool.h>
#include <frameobject.h>

#if PY_VERSION_HEX < 0x030A0000
typedef enum { PYGEN_RETURN = 0, PYGEN_ERROR = -1, PYGEN_NEXT = 1 } PySendResult;

static inline PyObject *Py_NewRef(PyObject *object)
{
    Py_INCREF(object);
    return object;
}

static inline PyObject *Py_XNewRef(PyObject *object)
{
    Py_XINCREF(object);
    return object;
}
#endif

/* Whatever was raised, with its traceback, no longer raised. */
static inline PyObject *raised_take(void)
{
#if PY_VERSION_HEX >= 0x030C0000
    return PyErr_GetRaisedException();
#else
    PyObject *type, *value, *traceback;

    PyErr_Fetch(&type, &value, &traceback);
    if (!type)
        return NULL;
    PyErr_NormalizeException(&type, &value, &traceback);
    if (traceback)
        PyException_SetTraceback(value, traceback);
    Py_DECREF(type);
    Py_XDECREF(traceback);
    return value;
#endif
}

/* Raised again as it was: nothing is chained to it. NULL, and whatever was raised meanwhile stays raised. */
static inline void raised_put_back(PyObject *taken)
{
    if (!taken)
        return;
#if PY_VERSION_HEX >= 0x030C0000
    PyErr_SetRaisedException(taken);
#else
    PyErr_Restore(Py_NewRef((PyObject *)Py_TYPE(taken)), taken, PyException_GetTraceback(taken));
#endif
}

static inline void raise_object(PyObject *exception)
{
    PyErr_SetObject((PyObject *)Py_TYPE(exception), exception);
}

/* The value that a StopIteration carries, or NULL with another exception raised. */
static inline PyObject *stop_iteration_value(void)
{
    PyObject *stop, *value;

    if (!PyErr_Occurred())
        return Py_NewRef(Py_None);
    if (!PyErr_ExceptionMatches(PyExc_StopIteration))
        return NULL;
    stop = raised_take();
    value = Py_XNewRef(((PyStopIterationObject *)stop)->value);
    Py_DECREF(stop);
    return value ? value : Py_NewRef(Py_None);
}

/* What an iterator without am_send answers when it returns a value. */
static inline PyObject *stop_iteration_raise(PyObject *taken_value)
{
    if (taken_value != Py_None) {
        PyObject *stop = PyObject_CallOneArg(PyExc_StopIteration, taken_value);

        if (stop) {
            raise_object(stop);
            Py_DECREF(stop);
        }
    }
    Py_DECREF(taken_value);
    return NULL;
}

#if PY_VERSION_HEX < 0x030A0000
static inline PySendResult send_to(PyObject *coroutine, PyObject *value, PyObject **result)
{
    _Py_IDENTIFIER(send);

    if (PyGen_CheckExact(coroutine) || PyCoro_CheckExact(coroutine))
        *result = _PyGen_Send((PyGenObject *)coroutine, value);
    else if (value == Py_None && PyIter_Check(coroutine))
        *result = Py_TYPE(coroutine)->tp_iternext(coroutine);
    else
        *result = _PyObject_CallMethodIdOneArg(coroutine, &PyId_send, value);
    if (*result)
        return PYGEN_NEXT;
    *result = stop_iteration_value();
    return *result ? PYGEN_RETURN : PYGEN_ERROR;
}
#else
static inline PySendResult send_to(PyObject *coroutine, PyObject *value, PyObject **result)
{
    return PyIter_Send(coroutine, value, result);
}
#endif

/* The frame that called us: borrowed, NULL when there is none. */
static inline int frame_instruction(PyFrameObject *frame)
{
#if PY_VERSION_HEX >= 0x030B0000
    return PyFrame_GetLasti(frame);
#elif PY_VERSION_HEX >= 0x030A0000
    return frame->f_lasti * (int)sizeof(_Py_CODEUNIT);
#else
    return frame->f_lasti;
#endif
}

#endif
