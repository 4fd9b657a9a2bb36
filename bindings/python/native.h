/* The native face of the Python binding: the types that the hot path is made of, inside the module that SWIG generates.
 *
 * What the cycle collector must see (coroutine, outcome, callbacks, context) lives in Python objects. A C handle points
 * back at them weakly, or strongly only while the C side has work for them: an unfinished task, a queued callback.
 */
#ifndef LIBASYNC_PYTHON_NATIVE_H
#define LIBASYNC_PYTHON_NATIVE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "bindings/python/compat.h"
#include "libasync/async.h"

enum outcome { PENDING, CANCELLED, FINISHED };

/* How a Python object travels through C. While its future lives the object is borrowed from it, so that the collector
   sees every reference; when the future goes first, the box takes the reference over. A future that goes with a failure
   nobody read is itself kept by the box, in case C has to report it. */
struct box {
    PyObject *object;
    struct future *owner;
    bool keeps_owner;
};

struct loop {
    PyObject_HEAD
    struct loop *next;        /* in the list of all, for each C loop has at most one Python object */
    async_loop *handle;
    struct task *stepping;    /* the task whose step runs now (borrowed) */
    struct task *told;        /* the task that asyncio was told of, see loop_hash */
    PyObject *fatal;          /* what must end the program, raised again outside the run */
    PyObject *task_factory;
    PyThreadState *blocked;   /* the thread that let go of the interpreter to sleep in the kernel */
    bool plain;               /* create_task was not overridden in Python */
    bool debug;
    bool guest;               /* another language made it: its handler and its end are not ours */
};

/* Python callbacks wait in the future for the collector's sake, and in the C future for the order's. */
struct callback {
    struct callback *next;
    struct callback **back;   /* what points here; NULL once it is no longer listed */
    PyObject *function;
    PyObject *context;
    struct future *future;    /* to be passed to the function */
    bool holds;               /* counts a reference to its future */
    bool ran;
};

struct future {
    PyObject_HEAD
    PyObject *dict;
    PyObject *weakrefs;
    PyObject *loop;
    async_future *handle;     /* NULL until C must know of it, and always on a foreign loop */
    PyObject *result;         /* a value, or an exception when `failed` */
    PyObject *traceback;      /* of the exception, as it was when it got here */
    PyObject *message;        /* of the cancel */
    struct callback *callbacks;
    struct box *box;
    unsigned state : 2;
    unsigned failed : 1;
    unsigned unread : 1;      /* a failure to be reported if nobody asks */
    unsigned blocking : 1;    /* asyncio's mark of a future that was yielded by an await */
    unsigned native : 1;      /* on a loop of ours */
    unsigned shared : 1;      /* C can complete it */
    unsigned gathers : 1;     /* a struct gather */
    unsigned debug : 1;
};

struct task {
    struct future future;
    PyObject *coroutine;
    PyObject *context;
    PyObject *waiter;         /* what it awaits */
    PyObject *throwing;       /* to be thrown into the coroutine by the next step */
    PyObject *name;
    PyCodeObject *creator;    /* the code that created it, and where in there */
    unsigned long number;
    int instruction;
    int cancels;              /* those that C did not count */
    unsigned started : 1;     /* C holds a reference */
    unsigned unmissed : 1;    /* that it goes while pending is no news */
    unsigned serves : 1;      /* a server's connection */
    unsigned must_cancel : 1; /* on a foreign loop only: otherwise C knows */
};

struct gather {
    struct future future;
    PyObject *children;
    bool keep_errors;
};

extern PyTypeObject loop_type, handle_type, timer_handle_type, future_type, future_iterator_type, task_type,
    gather_type, coroutine_type, wakeup_type, group_type;
extern PyMethodDef loop_methods[];
extern PyGetSetDef loop_getset[];
extern __thread struct loop *running_loop;

/* Names and objects looked up once. */
struct words {
    PyObject *call_soon, *call_exception_handler, *create_task, *get_loop, *throw, *cancel, *add_done_callback;
    PyObject *blocking, *done, *cancelled, *result, *set_result, *acquire, *release;
    PyObject *put_nowait, *get_nowait, *qsize, *empty, *full, *init_items, *put_item, *take_item;
    PyObject *all_completed;
    PyObject *queue_empty, *queue_full, *queue_shut_down;
    PyObject *deque, *deque_append, *deque_remove, *deque_popleft;
    PyObject *readline, *newline, *connection_lost, *incomplete_read_error, *limit_overrun_error;
    PyObject *only_context;    /* ("context",): the keyword names of a call */
    PyObject *cancelled_error, *invalid_state_error, *timeout_error, *gaierror;
    PyObject *set_running_loop, *get_running_loop, *current_task, *register_task, *enter_task, *leave_task;
    PyObject *current_tasks;
    PyObject *helpers;         /* the module of functions written in Python */
    PyObject *error;           /* libasync.Error */
};
extern struct words words;

/* arguments.c */
int arguments_parse(const char *function, const char *const *keywords, int total, int required, PyObject *const *args,
                    Py_ssize_t count, PyObject *names, PyObject **found);
int arguments_unpack(const char *function, const char *const *keywords, int total, int required, PyObject *args,
                     PyObject *kwargs, PyObject **found);
PyObject *throw_arguments(PyObject *args);

/* value.c */
int value_setup(void);
async_value *value_from_python(async_loop *loop, struct future *owner, PyObject *object);
async_value *failure_from_python(async_loop *loop, struct future *owner, PyObject *exception);
PyObject *value_to_python(async_value *value);
PyObject *failure_to_python(async_value *failure);
PyObject *error_to_python(int error, const char *message);
int raise_error(int error, const char *message);
PyObject *cancelled_error_new(PyObject *message);
struct future *box_owner(const async_value *failure, PyObject **object);
void box_keep_owner(struct future *owner);
void box_release(struct future *owner);

/* python.i and script.c */
PyObject *proxy_of_value(async_value *lent);
PyObject *proxy_of_future(async_future *lent);
async_value *value_of_proxy(PyObject *object);
async_future *future_of_proxy(PyObject *object);
async_stream *stream_of_proxy(PyObject *object);
async_socket_options *options_of_proxy(PyObject *object);
async_loop *loop_of_proxy(PyObject *object);
async_loop *loop_of_handle(PyObject *object);
async_future *future_of_handle(PyObject *object);
int native_setup(PyObject *module);

/* future.c */
int future_init(struct future *future, PyObject *loop);
bool future_is_done(struct future *future);
async_future *future_handle(struct future *future);
async_future *future_share(struct future *future);
void future_note(struct future *future, enum outcome state, bool failed, PyObject *taken_result);
int future_finish(struct future *future, enum outcome state, bool failed, PyObject *taken_result);
int future_result(struct future *future, PyObject **result);
PyObject *future_exception(struct future *future);
PyObject *future_cancelled_error(struct future *future);
int future_cancel(struct future *future, PyObject *message);
int future_traverse(struct future *future, visitproc visit, void *arg);
void future_clear(struct future *future);
void future_finalize(PyObject *self);

/* future_type.c and iterator.c */
PyObject *loop_argument(PyObject *loop);
int note_source(struct future *future);
PyObject *future_new_future(PyObject *loop);
PyObject *future_wrap(struct loop *loop, async_future *taken);
PyObject *future_iterator(PyObject *self);
PyObject *future_iterator_new(struct future *future);
PySendResult future_send(struct future *future, PyObject **result);

static inline bool future_check(PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);

    return type == &task_type || type == &future_type || PyType_IsSubtype(type, &future_type);
}

/* callback.c */
int callback_add(struct future *future, PyObject *function, PyObject *context);
Py_ssize_t callback_remove(struct future *future, PyObject *function);
void callbacks_release(struct future *future);
void callbacks_schedule(struct future *future);
void callbacks_hold(struct future *future);
PyObject *callbacks_list(struct future *future);
int callbacks_traverse(struct future *future, visitproc visit, void *arg);

/* context.c */
PyObject *context_for_task(PyObject *given);
PyObject *context_for(PyObject *given);
void context_track(PyObject *context);
void context_end(PyObject *context);
void context_drop(PyObject *taken);
void context_drop_used(PyObject *taken);

/* task.c */
async_step task_step;
int task_setup(void);
int task_start(struct task *task, bool eagerly);
void task_introduce(struct task *task);
int task_cancel(struct task *task, PyObject *message);
PySendResult task_resume(struct task *task, PyObject *exception, PyObject **result);
int waiter_cancel(PyObject *waiter, PyObject *message);

/* task_type.c */
PyObject *task_new_native(struct loop *loop, PyObject *coroutine, PyObject *name, PyObject *context);
PyObject *task_wrap(struct loop *loop, async_future *taken);
PyObject *task_name(struct task *task);
PyObject *task_origin(struct task *task);
int task_cancelling(struct task *task);
int task_uncancel(struct task *task);
bool coroutine_check(PyObject *object);

/* foreign.c: futures that are not ours in our tasks; foreign_task.c: our tasks on loops that are not */
async_future *foreign_wait(struct task *task, PyObject *awaited);
bool foreign_goes_on(struct task *task, async_task *handle, async_next *verdict);
bool foreign_wakeup(PyObject *callback);
int foreign_check(struct task *task, PyObject *awaited);
int foreign_start(struct task *task, bool eagerly);
int foreign_cancel(struct task *task, PyObject *message);

/* loop.c and loop_methods.c */
bool loop_check(PyObject *object);
struct loop *loop_of(const async_loop *handle);
PyObject *loop_running(void);
struct loop *loop_enter(struct loop *loop);
void loop_leave(struct loop *loop, struct loop *previous);
void loop_step_over(struct loop *loop, struct task *outer);
bool loop_fatal(struct loop *loop, PyObject *exception);
void loop_caught(struct loop *loop, const char *format, PyObject *subject, const char *key, PyObject *source);
PyObject *loop_create_task(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *names);

/* handle.c */
typedef int watch_function(async_loop *loop, int descriptor, async_callback *callback, void *user,
                           async_destroy *destroy);
PyObject *handle_soon(struct loop *loop, PyObject *const *args, Py_ssize_t count, PyObject *names, bool threadsafe);
PyObject *handle_at(struct loop *loop, PyObject *const *args, Py_ssize_t count, PyObject *names, bool later);
PyObject *handle_watch(struct loop *loop, PyObject *const *args, Py_ssize_t count, PyObject *names,
                       watch_function *watch);

/* sleep.c */
PyObject *function_sleep(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names);

/* coroutine.c */
async_future *coroutine_take_handle(PyObject *yielded);

/* wait.c and wait_for.c */
PyObject *function_wait(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names);
PyObject *function_wait_for(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names);
PyObject *function_wait_until(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names);

/* combine.c */
PyObject *function_gather(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names);

#endif
