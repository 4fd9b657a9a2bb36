/**
 * @file
 * Task groups: tasks that end together. The first failure cancels the others, and joining waits until every one has
 * really ended, so that none outlives what started it.
 */
#ifndef LIBASYNC_TASK_GROUP_H
#define LIBASYNC_TASK_GROUP_H

#include "libasync/task.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Tasks that end together. */
typedef struct async_task_group async_task_group;

/**
 * Make a group.
 *
 * @param loop    the loop (lent)
 * @param parent  the task whose work the group is: the first failure cancels it too, until it joins the group, which
 *                takes that cancel back (lent); NULL for none
 * @return the group; NULL for NULL, a parent of another loop or that is no task, a closed loop, a wrong thread or
 *         without memory: what is started in a group of NULL fails with ASYNC_EINVAL (given)
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_task_group *async_task_group_new(async_loop *loop, async_future *parent);

/**
 * Start a task in the group.
 *
 * @param group    the group (lent)
 * @param first    the first step
 * @param state    passed to every step
 * @param destroy  cleans `state` up when the task ends or cannot start; may be NULL
 * @return the task's future; failed with ASYNC_ESTATE once the group is ending, else as async_create_task (given)
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_future *async_task_group_create_task(async_task_group *group, async_step *first, void *state,
                                                     async_destroy *destroy);

/**
 * Count a future as one of the group: a task that a host language made, or an operation.
 *
 * @param group   the group (lent)
 * @param future  a future of the same loop (lent)
 * @return 0; ASYNC_EINVAL for NULL, ASYNC_EFOREIGN, ASYNC_ESTATE once the group is ending, ASYNC_ENOMEM, ASYNC_ECLOSED,
 *         ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_task_group_add(async_task_group *group, async_future *future);

/**
 * Cancel the group as a whole: every task in it, and none can be added from now on.
 *
 * @param group    the group (lent)
 * @param message  why, copied (lent); may be NULL
 * @return 0; ASYNC_EINVAL for NULL, ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_task_group_cancel(async_task_group *group, const char *message);

/**
 * How many of the group have not ended.
 *
 * @param group  the group (lent)
 * @return the number; 0 for NULL
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API size_t async_task_group_count(const async_task_group *group);

/**
 * Wait until every one of the group has ended. Tasks of the group may still start others meanwhile. Cancelling this
 * cancels the group. A cancel of the parent by somebody else does not hide the failures, nor they the cancel: it is
 * told again where the parent waits next.
 *
 * @param group  the group (lent)
 * @return future of none (given)
 * @error  ASYNC_EGROUP when any failed, with a list of the failures, in the order they came, as its cause; cancelled
 *         tasks do not count. ASYNC_ECANCELED when the joining was cancelled and none failed. ASYNC_EINVAL for NULL
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_future *async_task_group_join(async_task_group *group);

/**
 * One more reference.
 *
 * @param group  a group, or NULL (lent)
 * @return the same (given)
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_task_group *async_task_group_ref(async_task_group *group);

/**
 * One reference less. It cancels nothing: the group lives until its last task has ended. Failures that nobody has
 * joined by then go to the exception handler.
 *
 * @param taken  a group, or NULL (taken)
 * @return NULL
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_task_group *async_task_group_unref(async_task_group *taken);

#ifdef __cplusplus
}
#endif

#endif
