/**
 * @file
 * Task-local values: a variable that each task has a value of its own for. A new task begins with its creator's values,
 * and changes made later by either are not seen by the other, as with Python's contextvars.
 */
#ifndef LIBASYNC_LOCAL_H
#define LIBASYNC_LOCAL_H

#include "libasync/api.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A task-local variable: one, as a rule, for the whole program. */
typedef struct async_local async_local;

/**
 * Make a variable.
 *
 * @param name   for messages and debuggers, copied (lent)
 * @param taken  what it is where nobody has set it; NULL for nothing (taken)
 * @return the variable; NULL when name is NULL or there is no memory (given)
 * @thread any
 * @since  0.1
 */
ASYNC_API async_local *async_local_new(const char *name, async_value *taken);

/**
 * Set it for the running task, and the tasks that this one creates from now on.
 *
 * @param loop   the loop (lent)
 * @param local  the variable (lent)
 * @param taken  its value (taken)
 * @return 0; ASYNC_ESTATE outside of tasks, ASYNC_EINVAL for NULL, ASYNC_ENOMEM, ASYNC_ECLOSED, ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_local_set(async_loop *loop, async_local *local, async_value *taken);

/**
 * What it is in the running task.
 *
 * @param loop   the loop (lent)
 * @param local  the variable (lent)
 * @return the value last set, else, and outside of tasks, the one it was made with; NULL when there is none (lent until
 *         it is set again)
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_value *async_local_get(async_loop *loop, async_local *local);

/**
 * The name of a variable.
 *
 * @param local  the variable (lent)
 * @return its name; "" for NULL (lent by the variable)
 * @thread any
 * @since  0.1
 */
ASYNC_API const char *async_local_name(const async_local *local);

/**
 * One more reference.
 *
 * @param local  a variable, or NULL (lent)
 * @return the same (given)
 * @thread any
 * @since  0.1
 */
ASYNC_API async_local *async_local_ref(async_local *local);

/**
 * One reference less. Tasks in which it is set hold it too.
 *
 * @param taken  a variable, or NULL (taken)
 * @return NULL
 * @thread any
 * @since  0.1
 */
ASYNC_API async_local *async_local_unref(async_local *taken);

#ifdef __cplusplus
}
#endif

#endif
