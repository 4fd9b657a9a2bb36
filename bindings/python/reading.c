/* The coroutines that read: asyncio's rules and messages, 3.13's. Each tries with what lies in the reader, has a look at
   the kernel where that may help, and waits. */
#include "bindings/python/stream.h"

/* How much a task may take in before others have their turn. */
#define UNASKED (256 * 1024)

/* Who sends just as much as is asked for, each time, is looked at in vain: not more often than this. */
#define DOUBTS 16

/* 1 with the answer, 0 when more is needed, and how much of it is wanted, -1 with an exception raised. */
typedef int attempt_function(struct coroutine *self, struct reader *reader, Py_ssize_t *wanted, PyObject **result);

static int answer(PyObject *taken, PyObject **result)
{
    *result = taken;
    return taken ? 1 : -1;
}

static int take(struct reader *reader, Py_ssize_t size, PyObject **result)
{
    return answer(reader_take(reader, size), result);
}

static int attempt_some(struct coroutine *self, struct reader *reader, Py_ssize_t *wanted, PyObject **result)
{
    Py_ssize_t most = PyLong_AsSsize_t(self->argument), size = reader_size(reader);

    if (size || most == 0 || reader->eof)
        return take(reader, Py_MIN(most, size), result);
    *wanted = most;
    return 0;
}

static int attempt_all(struct coroutine *self, struct reader *reader, Py_ssize_t *wanted, PyObject **result)
{
    if (reader->eof)
        return take(reader, reader_size(reader), result);
    *wanted = PY_SSIZE_T_MAX;
    return 0;
}

/* Raises IncompleteReadError, which takes what there is. */
static int raise_incomplete(struct reader *reader, PyObject *expected)
{
    PyObject *partial = reader_take(reader, reader_size(reader));
    PyObject *error = partial ? PyObject_CallFunctionObjArgs(words.incomplete_read_error, partial, expected, NULL) : NULL;

    if (error)
        raise_object(error);
    Py_XDECREF(error);
    Py_XDECREF(partial);
    return -1;
}

static int attempt_exactly(struct coroutine *self, struct reader *reader, Py_ssize_t *wanted, PyObject **result)
{
    Py_ssize_t count = PyLong_AsSsize_t(self->argument), size = reader_size(reader);

    if (size >= count)
        return take(reader, count, result);
    if (reader->eof)
        return raise_incomplete(reader, self->argument);
    *wanted = count - size;
    return 0;
}

struct match {
    const char *bytes;             /* where to search */
    Py_ssize_t size;
    Py_ssize_t begin, behind;      /* of the separator that ends first; -1 for none */
    Py_ssize_t longest, shortest;
};

static void match_one(struct match *match, Py_ssize_t from, const char *separator, Py_ssize_t size)
{
    const char *found = NULL;

    if (match->size - from >= size)
        found = size == 1 ? memchr(match->bytes + from, *separator, (size_t)(match->size - from))
                          : memmem(match->bytes + from, (size_t)(match->size - from), separator, (size_t)size);
    if (found && (match->behind < 0 || found + size - match->bytes < match->behind)) {
        match->begin = found - match->bytes;
        match->behind = match->begin + size;
    }
}

static void match_any(struct match *match, Py_ssize_t from, PyObject *separators)
{
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(separators); i++) {
        PyObject *separator = PyTuple_GET_ITEM(separators, i);

        match_one(match, from, PyBytes_AS_STRING(separator), PyBytes_GET_SIZE(separator));
    }
}

/* `separators` is a tuple, or NULL for the end of a line. */
static struct match match_in(struct reader *reader, PyObject *separators)
{
    struct match match = { reader_bytes(reader), reader_size(reader), -1, -1, 1, 1 };

    if (separators) {
        match.shortest = PyBytes_GET_SIZE(PyTuple_GET_ITEM(separators, 0));
        match.longest = PyBytes_GET_SIZE(PyTuple_GET_ITEM(separators, PyTuple_GET_SIZE(separators) - 1));
        match_any(&match, reader->scanned, separators);
    } else {
        match_one(&match, reader->scanned, "\n", 1);
    }
    return match;
}

/* What is too long stays where it is. */
static int raise_overrun(struct reader *reader, const char *message, Py_ssize_t consumed)
{
    PyObject *error;

    if (reader_settle(reader))
        return -1;
    error = PyObject_CallFunction(words.limit_overrun_error, "sn", message, consumed);
    if (error)
        raise_object(error);
    Py_XDECREF(error);
    return -1;
}

static int attempt_until(struct coroutine *self, struct reader *reader, Py_ssize_t *wanted, PyObject **result)
{
    struct match match = match_in(reader, self->argument);

    if (match.behind >= 0) {
        if (match.begin > reader->limit)
            return raise_overrun(reader, "Separator is found, but chunk is longer than limit", match.begin);
        return take(reader, match.behind, result);
    }
    if (match.size - reader->scanned >= match.shortest) {
        reader->scanned = Py_MAX(0, match.size + 1 - match.longest);
        if (reader->scanned > reader->limit)
            return raise_overrun(reader, "Separator is not found, and chunk exceed the limit", reader->scanned);
    }
    if (reader->eof)
        return raise_incomplete(reader, Py_None);
    *wanted = 0;
    return 0;
}

/* A line that is too long goes, as far as it has come. */
static int raise_too_long(struct reader *reader, const char *message, Py_ssize_t size)
{
    if (!reader_skip(reader, size))
        PyErr_SetString(PyExc_ValueError, message);
    return -1;
}

static int attempt_line(struct coroutine *self, struct reader *reader, Py_ssize_t *wanted, PyObject **result)
{
    struct match match = match_in(reader, NULL);

    if (match.behind >= 0) {
        if (match.begin > reader->limit)
            return raise_too_long(reader, "Separator is found, but chunk is longer than limit", match.behind);
        return take(reader, match.behind, result);
    }
    if (match.size > reader->limit)
        return raise_too_long(reader, "Separator is not found, and chunk exceed the limit", match.size);
    if (reader->eof)
        return take(reader, match.size, result);
    reader->scanned = match.size;
    *wanted = 0;
    return 0;
}

static int attempt_next(struct coroutine *self, struct reader *reader, Py_ssize_t *wanted, PyObject **result)
{
    int found = attempt_line(self, reader, wanted, result);

    if (found <= 0 || PyBytes_GET_SIZE(*result))
        return found;
    Py_CLEAR(*result);
    PyErr_SetNone(PyExc_StopAsyncIteration);
    return -1;
}

/* The others' driver. */

static PySendResult refuse_second(struct coroutine *self)
{
    const char *name = self->kind == &read_exactly_kind ? "readexactly"
                     : self->kind == &read_kind || self->kind == &read_all_kind ? "read" : "readuntil";

    PyErr_Format(PyExc_RuntimeError, "%s() called while another coroutine is already waiting for incoming data", name);
    return PYGEN_ERROR;
}

static PySendResult wait_to_be_fed(struct coroutine *self, struct reader *reader)
{
    if (reader->paused) {
        PyObject *resumed = PyObject_CallMethod(reader->transport, "resume_reading", NULL);

        reader->paused = false;
        if (!resumed)
            return PYGEN_ERROR;
        Py_DECREF(resumed);
    }
    reader->waiter = future_new_future(reader->loop);
    if (!reader->waiter)
        return PYGEN_ERROR;
    reader->waiting = true;
    return coroutine_await_taken(self, Py_NewRef(reader->waiter));
}

static PySendResult wait_for_more(struct coroutine *self, struct reader *reader, PyObject **result)
{
    if (reader->waiting)
        return refuse_second(self);
    if (!reader->stream)
        return wait_to_be_fed(self, reader);
    reader->waiting = true;
    reader->unasked = 0;
    return coroutine_await_handle(self, reader->loop, async_stream_wait_readable(reader->stream), result);
}

/* Wakes the coroutine that waits to be fed. */
int reader_wake(struct reader *reader)
{
    PyObject *waiter = reader->waiter;
    int error = 0;

    reader->waiter = NULL;
    if (waiter && !future_is_done((struct future *)waiter))
        error = future_finish((struct future *)waiter, FINISHED, false, Py_NewRef(Py_None));
    Py_XDECREF(waiter);
    return error;
}

static PySendResult raise_kept(PyObject *exception)
{
    raise_object(exception);
    return PYGEN_ERROR;
}

/* `news` says that the kernel has some: it is worth a look. Without, it is only where the last look found more than it
   had room for. */
static PySendResult go_on(struct coroutine *self, attempt_function *attempt, bool news, PyObject **result)
{
    struct reader *reader = (struct reader *)self->subject;
    Py_ssize_t wanted = 0, size;
    int found;

    for (;;) {
        if (reader->exception)
            return raise_kept(reader->exception);
        if (reader->stream && !reader->eof && async_stream_is_closing(reader->stream))
            reader->eof = true;
        found = attempt(self, reader, &wanted, result);
        if (found)
            return found > 0 ? PYGEN_RETURN : PYGEN_ERROR;
        if (reader_settle(reader))
            return PYGEN_ERROR;
        if (reader->failure)
            return raise_kept(reader->failure);
        if (!news && !(reader->more && reader->unasked < UNASKED))
            return wait_for_more(self, reader, result);
        size = reader_size(reader);
        if (reader_look(reader, wanted))
            return PYGEN_ERROR;
        if (!news && reader_size(reader) == size)
            reader->doubts = DOUBTS;
        news = false;
    }
}

/* The stream was closed under the one that waited: to asyncio that is the end. */
static bool closed_meanwhile(struct reader *reader)
{
    if (!reader->stream || !async_stream_is_closing(reader->stream) || !PyErr_ExceptionMatches(PyExc_RuntimeError))
        return false;
    PyErr_Clear();
    return true;
}

static PySendResult waited(struct coroutine *self, PyObject *value, attempt_function *attempt, PyObject **result)
{
    struct reader *reader = (struct reader *)self->subject;

    reader->waiting = false;
    Py_CLEAR(reader->waiter);
    if (!value && !closed_meanwhile(reader))
        return PYGEN_ERROR;
    Py_XDECREF(value);
    return go_on(self, attempt, reader->stream, result);
}

/* Defines a kind by its first part and what it tries. */
#define KIND(word, start, attempt, title)                                                                              \
    static PySendResult word##_resume(struct coroutine *self, PyObject *awaited, PyObject *value, PyObject **result)   \
    {                                                                                                                  \
        return waited(self, value, attempt, result);                                                                   \
    }                                                                                                                  \
    const struct coroutine_kind word##_kind = { title, start, word##_resume, coroutine_drop_handle };

static PySendResult start_some(struct coroutine *self, PyObject **result)
{
    return go_on(self, attempt_some, false, result);
}

static PySendResult start_all(struct coroutine *self, PyObject **result)
{
    return go_on(self, attempt_all, false, result);
}

static PySendResult start_exactly(struct coroutine *self, PyObject **result)
{
    Py_ssize_t count = PyLong_AsSsize_t(self->argument);

    if (count < 0) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_ValueError, "readexactly size can not be less than zero");
        return PYGEN_ERROR;
    }
    return go_on(self, attempt_exactly, false, result);
}

static PySendResult start_until(struct coroutine *self, PyObject **result)
{
    PyObject *separators = PyObject_CallMethod(words.helpers, "separators", "(O)", self->argument);

    if (!separators)
        return PYGEN_ERROR;
    Py_SETREF(self->argument, separators);
    ((struct reader *)self->subject)->scanned = 0;
    return go_on(self, attempt_until, false, result);
}

static PySendResult start_line(struct coroutine *self, PyObject **result)
{
    ((struct reader *)self->subject)->scanned = 0;
    return go_on(self, attempt_line, false, result);
}

static PySendResult start_next(struct coroutine *self, PyObject **result)
{
    ((struct reader *)self->subject)->scanned = 0;
    return go_on(self, attempt_next, false, result);
}

KIND(read, start_some, attempt_some, "StreamReader.read")
KIND(read_all, start_all, attempt_all, "StreamReader.read")
KIND(read_exactly, start_exactly, attempt_exactly, "StreamReader.readexactly")
KIND(read_until, start_until, attempt_until, "StreamReader.readuntil")
KIND(read_line, start_line, attempt_line, "StreamReader.readline")
KIND(next_line, start_next, attempt_next, "StreamReader.__anext__")

/* Of a class that has a readline of its own. */
static PySendResult start_by_name(struct coroutine *self, PyObject **result)
{
    PyObject *line = PyObject_CallMethodNoArgs(self->subject, words.readline);
    PySendResult sent = line ? coroutine_await(self, line) : PYGEN_ERROR;

    Py_XDECREF(line);
    return sent;
}

static PySendResult named(struct coroutine *self, PyObject *awaited, PyObject *value, PyObject **result)
{
    if (!value)
        return PYGEN_ERROR;
    *result = value;
    if (PyObject_Size(value))
        return PYGEN_RETURN;
    Py_CLEAR(*result);
    PyErr_SetNone(PyExc_StopAsyncIteration);
    return PYGEN_ERROR;
}

const struct coroutine_kind next_by_name_kind = { "StreamReader.__anext__", start_by_name, named, NULL };
