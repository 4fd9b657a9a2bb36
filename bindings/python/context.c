/*
 * Copies of the current context, of which every task, timer and callback wants one. As a rule that context is empty,
 * and then so is its copy: one that is no longer used serves as well as a new one, and brings no collection nearer.
 *
 * A task's own context is not tracked by the collector while it is empty or the task runs, when it cannot be garbage.
 * That also tells at the end that the collector has not taken it apart, and that it may be kept for the next.
 */
#include "bindings/python/native.h"

#define SPARES 16384
static PyObject *spares[SPARES];
static int spare_count;

static bool current_is_empty(void)
{
    PyObject *current = PyThreadState_Get()->context;

    return !current || PyObject_Size(current) == 0;
}

/* What the context given to a task stands for: itself, or a copy of the current one. A new reference. */
PyObject *context_for_task(PyObject *given)
{
    PyObject *copy;

    if (given && given != Py_None)
        return Py_NewRef(given);
    if (!current_is_empty())
        return PyContext_CopyCurrent();
    if (spare_count)
        return spares[--spare_count];
    copy = PyContext_CopyCurrent();
    if (copy)
        PyObject_GC_UnTrack(copy);
    return copy;
}

/* The same for what may become garbage at any time. */
PyObject *context_for(PyObject *given)
{
    PyObject *context = context_for_task(given);

    if (context)
        context_track(context);
    return context;
}

void context_track(PyObject *context)
{
    if (!PyObject_GC_IsTracked(context))
        PyObject_GC_Track(context);
}

/* The task ended: what it left in its context may refer to anything. */
void context_end(PyObject *context)
{
    if (!PyObject_GC_IsTracked(context) && PyObject_Size(context))
        PyObject_GC_Track(context);
}

void context_drop(PyObject *taken)
{
    if (taken && !PyObject_GC_IsTracked(taken)) {
        if (Py_REFCNT(taken) == 1 && spare_count < SPARES) {
            spares[spare_count++] = taken;
            return;
        }
        PyObject_GC_Track(taken);
    }
    Py_XDECREF(taken);
}

/* For whoever knows that the collector cannot have seen it as garbage. */
void context_drop_used(PyObject *taken)
{
    if (Py_REFCNT(taken) == 1 && PyContext_CheckExact(taken) && PyObject_Size(taken) == 0)
        PyObject_GC_UnTrack(taken);
    context_drop(taken);
}
