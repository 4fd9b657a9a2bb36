/* Values between C and Python. Plain ones are read on either side; any other Python object travels in a box, which C
   code can pass on and which comes back to Python as the same object. */
#include "bindings/python/native.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>

static async_type *python_type;

/* The last reference may go in a thread that does not hold the interpreter, or after the interpreter ended. */
static void box_free(void *pointer)
{
    struct box *box = pointer;
    PyGILState_STATE state;

    if (!Py_IsInitialized())
        return;
    state = PyGILState_Ensure();
    if (box->owner)
        box->owner->box = NULL;
    if (box->keeps_owner)
        Py_DECREF(box->owner);
    if (!box->owner)
        Py_DECREF(box->object);
    PyMem_Free(box);
    PyGILState_Release(state);
}

static async_value *read_items(PyObject *sequence)
{
    Py_ssize_t count = PySequence_Fast_GET_SIZE(sequence);
    async_value **items = PyMem_Calloc(count ? (size_t)count : 1, sizeof *items), *list;

    if (!items)
        return NULL;
    for (Py_ssize_t i = 0; i < count; i++)
        items[i] = value_from_python(NULL, NULL, PySequence_Fast_GET_ITEM(sequence, i));
    list = async_list(items, (size_t)count);
    PyMem_Free(items);
    return list;
}

static async_value *box_read(void *pointer)
{
    PyObject *object = ((struct box *)pointer)->object;
    PyGILState_STATE state = PyGILState_Ensure();
    async_value *value = NULL;
    Py_ssize_t size;

    if (PyUnicode_Check(object)) {
        const char *text = PyUnicode_AsUTF8AndSize(object, &size);

        if (text)
            value = async_text_sized(text, (size_t)size);
        else
            PyErr_Clear();
    } else if (PyBytes_Check(object)) {
        value = async_bytes(PyBytes_AS_STRING(object), (size_t)PyBytes_GET_SIZE(object));
    } else if (PyByteArray_Check(object)) {
        value = async_bytes(PyByteArray_AS_STRING(object), (size_t)PyByteArray_GET_SIZE(object));
    } else if (PyList_Check(object) || PyTuple_Check(object)) {
        value = read_items(object);
    }
    PyGILState_Release(state);
    return value;
}

int value_setup(void)
{
    python_type = async_type_new("Python object", NULL, box_free);
    if (!python_type) {
        PyErr_NoMemory();
        return -1;
    }
    return async_type_set_reader(python_type, box_read);
}

static async_value *box_new(async_loop *loop, struct future *owner, PyObject *object)
{
    struct box *box = PyMem_Malloc(sizeof *box);
    async_value *value;

    if (!box)
        return NULL;
    value = async_object(loop, python_type, box);
    if (!value) {
        PyMem_Free(box);
        return NULL;
    }
    *box = (struct box){ .object = object, .owner = owner };
    if (owner)
        owner->box = box;
    else
        Py_INCREF(object);
    return value;
}

/* The owner is about to go unread. It stays for as long as C may have to report it, and no longer holds the C side. */
void box_keep_owner(struct future *owner)
{
    if (owner->box && !owner->box->keeps_owner)
        owner->box->keeps_owner = Py_NewRef((PyObject *)owner) != NULL;
}

/* The owner is about to go or to forget its result: what C still holds must hold the object itself. */
void box_release(struct future *owner)
{
    if (!owner->box)
        return;
    Py_INCREF(owner->box->object);
    owner->box->owner = NULL;
    owner->box = NULL;
}

async_value *value_from_python(async_loop *loop, struct future *owner, PyObject *object)
{
    if (object == Py_None)
        return async_none();
    if (PyBool_Check(object))
        return async_bool(object == Py_True);
    if (PyLong_CheckExact(object)) {
        int overflow;
        long long number = PyLong_AsLongLongAndOverflow(object, &overflow);

        if (!overflow)
            return async_int(number);
    }
    if (PyFloat_CheckExact(object))
        return async_double(PyFloat_AS_DOUBLE(object));
    return box_new(loop, owner, object);
}

/* "ValueError: what it says", for the languages that cannot read the exception itself. */
static PyObject *exception_text(PyObject *exception)
{
    PyObject *text = PyObject_Str(exception), *line;
    const char *name = Py_TYPE(exception)->tp_name, *dot = strrchr(name, '.');

    name = dot ? dot + 1 : name;
    if (!text) {
        PyErr_Clear();
        return PyUnicode_FromString(name);
    }
    line = PyUnicode_GET_LENGTH(text) ? PyUnicode_FromFormat("%s: %U", name, text) : PyUnicode_FromString(name);
    Py_DECREF(text);
    return line;
}

async_value *failure_from_python(async_loop *loop, struct future *owner, PyObject *exception)
{
    PyObject *text = exception_text(exception);
    const char *message = text ? PyUnicode_AsUTF8(text) : NULL;
    async_value *failure = async_error_caused(ASYNC_EHOST, message, box_new(loop, owner, exception));

    if (PyErr_Occurred())
        PyErr_Clear();
    Py_XDECREF(text);
    return failure;
}

/* The Python exception that a failure carries, and the future it still lives in. */
struct future *box_owner(const async_value *failure, PyObject **object)
{
    struct box *box = async_value_pointer(async_value_cause(failure), python_type);

    *object = box ? box->object : NULL;
    return box ? box->owner : NULL;
}

static PyObject *list_to_python(async_value *value)
{
    Py_ssize_t count = (Py_ssize_t)async_value_count(value);
    PyObject *list = PyList_New(count);

    for (Py_ssize_t i = 0; list && i < count; i++) {
        PyObject *item = value_to_python(async_value_item(value, (size_t)i));

        if (!item)
            Py_CLEAR(list);
        else
            PyList_SET_ITEM(list, i, item);
    }
    return list;
}

/* An object of another language is read where its type can; otherwise Python gets the value's own proxy. */
PyObject *value_to_python(async_value *value)
{
    struct box *box = async_value_pointer(value, python_type);
    const char *text;
    size_t size;

    if (box)
        return Py_NewRef(box->object);
    switch (async_value_kind(value)) {
    case ASYNC_NONE:
        return Py_NewRef(Py_None);
    case ASYNC_BOOL:
        return PyBool_FromLong(async_value_bool(value));
    case ASYNC_INT:
        return PyLong_FromLongLong(async_value_int(value));
    case ASYNC_DOUBLE:
        return PyFloat_FromDouble(async_value_double(value));
    case ASYNC_TEXT:
        text = async_value_text(value, &size);
        return PyUnicode_DecodeUTF8(text, (Py_ssize_t)size, "surrogateescape");
    case ASYNC_BYTES:
        text = async_value_text(value, &size);
        return PyBytes_FromStringAndSize(text, (Py_ssize_t)size);
    case ASYNC_LIST:
        return list_to_python(value);
    case ASYNC_ERROR:
        return failure_to_python(value);
    default:
        return proxy_of_value(value);
    }
}

PyObject *cancelled_error_new(PyObject *message)
{
    return message && message != Py_None ? PyObject_CallOneArg(words.cancelled_error, message)
                                         : PyObject_CallNoArgs(words.cancelled_error);
}

static PyObject *cancelled_error(const char *message)
{
    if (!strcmp(message, async_error_text(ASYNC_ECANCELED)))
        return cancelled_error_new(NULL);
    return PyObject_CallFunction(words.cancelled_error, "s", message);
}

/* Python chooses the subclass by the number: ConnectionRefusedError and so on. */
static PyObject *os_error(int number, const char *message)
{
    return PyObject_CallFunction(PyExc_OSError, "is", number, message);
}

/* A code as the exception that a Python programmer expects for it. */
PyObject *error_to_python(int error, const char *message)
{
    if (!message)
        message = async_error_text(error);
    switch (error) {
    case ASYNC_ECANCELED:
        return cancelled_error(message);
    case ASYNC_ENOMEM:
        return PyObject_CallFunction(PyExc_MemoryError, "s", message);
    case ASYNC_EINVAL:
        return PyObject_CallFunction(PyExc_ValueError, "s", message);
    case ASYNC_ETIMEDOUT:
        return PyObject_CallFunction(words.timeout_error, "s", message);
    case ASYNC_ESTATE:
        return PyObject_CallFunction(words.invalid_state_error, "s", message);
    case ASYNC_ECLOSED:
        return PyObject_CallFunction(PyExc_RuntimeError, "s",
                                     strcmp(message, async_error_text(error)) ? message : "Event loop is closed");
    case ASYNC_ENONAME:
        return PyObject_CallFunction(words.gaierror, "is", EAI_NONAME, message);
    case ASYNC_ESERVICE:
        return PyObject_CallFunction(words.gaierror, "is", EAI_SERVICE, message);
    case ASYNC_EDNS:
        return PyObject_CallFunction(words.gaierror, "is", EAI_AGAIN, message);
    case ASYNC_EREFUSED:
        return os_error(ECONNREFUSED, message);
    case ASYNC_ERESET:
        return os_error(ECONNRESET, message);
    case ASYNC_EUNREACHABLE:
        return os_error(EHOSTUNREACH, message);
    case ASYNC_EINUSE:
        return os_error(EADDRINUSE, message);
    case ASYNC_EACCESS:
        return os_error(EACCES, message);
    default:
        return PyObject_CallFunction(words.error, "is", error, message);
    }
}

PyObject *failure_to_python(async_value *failure)
{
    struct box *box = async_value_pointer(async_value_cause(failure), python_type);
    int error = async_value_error(failure);
    const char *message = async_value_message(failure);

    if (box)
        return Py_NewRef(box->object);
    if (async_value_os(failure))
        return os_error(async_value_os(failure), message);
    return error_to_python(error, message);
}

/* Raise what a code means; the answer of the function that failed. */
int raise_error(int error, const char *message)
{
    PyObject *exception = error_to_python(error, message);

    if (exception) {
        raise_object(exception);
        Py_DECREF(exception);
    }
    return -1;
}
