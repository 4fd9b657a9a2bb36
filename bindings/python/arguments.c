/* Arguments of the calls that are too frequent for the interpreter's own parser. */
#include "bindings/python/native.h"

static int keyword_index(const char *const *keywords, int total, PyObject *name)
{
    for (int i = 0; i < total; i++)
        if (PyUnicode_CompareWithASCIIString(name, keywords[i]) == 0)
            return i;
    return -1;
}

/* Fills `found`, which holds the defaults; the first `required` keywords must be given. */
int arguments_parse(const char *function, const char *const *keywords, int total, int required, PyObject *const *args,
                    Py_ssize_t count, PyObject *names, PyObject **found)
{
    if (count > total) {
        PyErr_Format(PyExc_TypeError, "%s() takes at most %d arguments (%zd given)", function, total, count);
        return -1;
    }
    for (Py_ssize_t i = 0; i < count; i++)
        found[i] = args[i];
    for (Py_ssize_t i = 0; names && i < PyTuple_GET_SIZE(names); i++) {
        int at = keyword_index(keywords, total, PyTuple_GET_ITEM(names, i));

        if (at < 0 || at < count) {
            PyErr_Format(PyExc_TypeError, at < 0 ? "%s() got an unexpected keyword argument '%U'"
                                                 : "%s() got multiple values for argument '%U'",
                         function, PyTuple_GET_ITEM(names, i));
            return -1;
        }
        found[at] = args[count + i];
    }
    for (int i = 0; i < required; i++) {
        if (!found[i]) {
            PyErr_Format(PyExc_TypeError, "%s() missing required argument '%s'", function, keywords[i]);
            return -1;
        }
    }
    return 0;
}

/* The same for an __init__. */
int arguments_unpack(const char *function, const char *const *keywords, int total, int required, PyObject *args,
                     PyObject *kwargs, PyObject **found)
{
    Py_ssize_t count = PyTuple_GET_SIZE(args), named = kwargs ? PyDict_GET_SIZE(kwargs) : 0, at = 0;
    PyObject *given[8] = { NULL }, *names = NULL, *name, *value;
    int error;

    if (count + named > 8) {
        PyErr_Format(PyExc_TypeError, "%s() takes at most %d arguments (%zd given)", function, total, count + named);
        return -1;
    }
    for (Py_ssize_t i = 0; i < count; i++)
        given[i] = PyTuple_GET_ITEM(args, i);
    if (named && !(names = PyTuple_New(named)))
        return -1;
    for (Py_ssize_t i = 0; named && PyDict_Next(kwargs, &at, &name, &value); i++) {
        PyTuple_SET_ITEM(names, i, Py_NewRef(name));
        given[count + i] = value;
    }
    error = arguments_parse(function, keywords, total, required, given, count, names, found);
    Py_XDECREF(names);
    return error;
}

/* Raises what `throw(exception)` or the older `throw(type, value, traceback)` names; always NULL. */
PyObject *throw_arguments(PyObject *args)
{
    PyObject *type, *value = NULL, *traceback = NULL;

    if (!PyArg_UnpackTuple(args, "throw", 1, 3, &type, &value, &traceback))
        return NULL;
    /* Before 3.12 the interpreter itself calls with three. */
    if (PY_VERSION_HEX >= 0x030C0000 && value
        && PyErr_WarnEx(PyExc_DeprecationWarning, "the (type, exc, tb) signature of throw() is deprecated, use the "
                                                  "single-arg signature instead.", 1))
        return NULL;
    if (value == Py_None)
        value = NULL;
    if (traceback == Py_None)
        traceback = NULL;
    if (traceback && !PyTraceBack_Check(traceback)) {
        PyErr_SetString(PyExc_TypeError, "throw() third argument must be a traceback");
        return NULL;
    }
    if (PyExceptionInstance_Check(type)) {
        if (value) {
            PyErr_SetString(PyExc_TypeError, "instance exception may not have a separate value");
            return NULL;
        }
        value = type;
        type = (PyObject *)Py_TYPE(type);
    } else if (!PyExceptionClass_Check(type)) {
        PyErr_Format(PyExc_TypeError, "exceptions must be classes or instances deriving from BaseException, not %s",
                     Py_TYPE(type)->tp_name);
        return NULL;
    }
    traceback = traceback || !value || !PyExceptionInstance_Check(value) ? Py_XNewRef(traceback)
                                                                         : PyException_GetTraceback(value);
    PyErr_Restore(Py_NewRef(type), Py_XNewRef(value), traceback);
    return NULL;
}
