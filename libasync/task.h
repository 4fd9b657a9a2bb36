/**
 * @file
 * Tasks: coroutines on the loop. A coroutine is a chain of steps; each does a little and returns what comes next.
 *
 * A step ends in `return async_await(…)`, `async_try(…)`, `async_return(…)`, `async_fail(…)` or `async_fail_with(…)`,
 * and makes exactly one such verdict; anything else fails the task with ASYNC_EINVAL. From outside one holds the task's
 * future; the task handle itself is valid only inside its running step.
 */
#ifndef LIBASYNC_TASK_H
#define LIBASYNC_TASK_H

#include "libasync/api.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The verdict of a step: an opaque token that only the verbs below make. */
typedef const struct async_verdict *async_next;
/** One step of a coroutine: `state` is what async_create_task was given. */
typedef async_next async_step(async_task *task, void *state);
/** Rarely used settings of a new task; see async_task_options_new. */
typedef struct async_task_options async_task_options;

/**
 * Verdict: go on at `next` once the future succeeded. Its failure, or a cancel, ends this task with the same error.
 *
 * @param task   the running task (lent)
 * @param taken  a future of this loop, or an immortal failed one (taken)
 * @param next   the step that follows
 * @return the verdict, to be returned at once
 * @error  ASYNC_EINVAL for NULL, ASYNC_EFOREIGN for a future of another loop, ASYNC_EDEADLOCK for the task's own
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_next async_await(async_task *task, async_future *taken, async_step *next);

/**
 * Verdict: go on at `next` however the future ended; async_caught tells the error. For the step that cleans up or
 * recovers. A cancel is delivered here too: pass it on with async_fail_with unless it is swallowed on purpose.
 *
 * @param task   the running task (lent)
 * @param taken  a future of this loop, or an immortal failed one (taken)
 * @param next   the step that follows
 * @return the verdict, to be returned at once
 * @error  as async_await, caught by `next` like any other
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_next async_try(async_task *task, async_future *taken, async_step *next);

/**
 * Verdict: the task succeeded.
 *
 * @param task   the running task (lent)
 * @param taken  its value; NULL fails it with ASYNC_ENOMEM (taken)
 * @return the verdict, to be returned at once
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_next async_return(async_task *task, async_value *taken);

/**
 * Verdict: the task failed; with ASYNC_ECANCELED, it counts as cancelled.
 *
 * @param task     the running task (lent)
 * @param error    a negative ASYNC_E… code; anything else becomes ASYNC_EINVAL
 * @param message  UTF-8, copied (lent); NULL for the code's own text
 * @return the verdict, to be returned at once
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_next async_fail(async_task *task, int error, const char *message);

/**
 * Verdict: the task failed with an error value, as made by async_error_caused or lent by async_task_failure.
 *
 * @param task   the running task (lent)
 * @param taken  an error value; NULL counts as ASYNC_ENOMEM, any other kind as ASYNC_EINVAL (taken)
 * @return the verdict, to be returned at once
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_next async_fail_with(async_task *task, async_value *taken);

/**
 * The value of what was awaited.
 *
 * @param task  the running task (lent)
 * @return the value; none in the first step; NULL after a failure that async_try caught (lent until the next verdict)
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_value *async_awaited(async_task *task);

/**
 * How what was tried ended.
 *
 * @param task  the running task (lent)
 * @return 0 for success, else the error: ASYNC_ECANCELED for a cancel of this task or of what it awaited
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_caught(async_task *task);

/**
 * The failure of what was tried, as a value.
 *
 * @param task  the running task (lent)
 * @return the error value, or NULL after a success (lent until the next verdict)
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_value *async_task_failure(async_task *task);

/**
 * The loop that runs this task.
 *
 * @param task  the running task (lent)
 * @return its loop; NULL for NULL (lent)
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_loop *async_task_loop(async_task *task);

/**
 * The future of this task: take a reference if it must outlive the step.
 *
 * @param task  the running task (lent)
 * @return its future; NULL for NULL (lent)
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_future *async_task_future(async_task *task);

/**
 * Start a coroutine: its first step runs in the next turn, and it lives until it ends, whoever holds the future.
 *
 * @param loop     the loop (lent)
 * @param first    the first step
 * @param state    passed to every step
 * @param destroy  cleans `state` up when the task ends or cannot start; may be NULL
 * @return the task's future; failed with ASYNC_EINVAL, ASYNC_ENOMEM, ASYNC_ECLOSED or ASYNC_ETHREAD if it cannot
 *         start (given)
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_future *async_create_task(async_loop *loop, async_step *first, void *state, async_destroy *destroy);

/**
 * Start a coroutine with settings.
 *
 * @param loop     the loop (lent)
 * @param first    the first step
 * @param state    passed to every step
 * @param destroy  cleans `state` up when the task ends or cannot start; may be NULL
 * @param options  the settings; NULL for none (lent; one may serve many tasks)
 * @return as async_create_task (given)
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_future *async_create_task_with(async_loop *loop, async_step *first, void *state, async_destroy *destroy,
                                               const async_task_options *options);

/**
 * Settings for async_create_task_with, all at their defaults.
 *
 * @return the settings, or NULL when there is no memory; setters then do nothing, and a task starts without (given)
 * @thread any
 * @since  0.1
 */
ASYNC_API async_task_options *async_task_options_new(void);

/**
 * Name the tasks.
 *
 * @param options  the settings (lent)
 * @param name     UTF-8, copied (lent); NULL for none
 * @return 0; ASYNC_EINVAL for NULL settings, ASYNC_ENOMEM
 * @thread the settings'
 * @since  0.1
 */
ASYNC_API int async_task_options_set_name(async_task_options *options, const char *name);

/**
 * Run the first step also when the task was cancelled before it started; async_caught then tells. By default such a
 * task ends without running a step. For hosts whose coroutines want to see the cancel themselves.
 *
 * @param options  the settings (lent)
 * @param trying   whether
 * @return 0; ASYNC_EINVAL for NULL settings
 * @thread the settings'
 * @since  0.1
 */
ASYNC_API int async_task_options_set_trying(async_task_options *options, bool trying);

/**
 * Run the first step inside the call that creates the task, when the loop is running. A task that ends in it never
 * needs the queue; the price is that its creator must be ready for whatever the step does. Where eager tasks create
 * eager tasks, a hundred deep, the next one waits for its turn.
 *
 * @param options  the settings (lent)
 * @param eager    whether
 * @return 0; ASYNC_EINVAL for NULL settings
 * @thread the settings'
 * @since  0.1
 */
ASYNC_API int async_task_options_set_eager(async_task_options *options, bool eager);

/**
 * Drop the settings.
 *
 * @param taken  settings, or NULL (taken)
 * @return NULL
 * @thread the settings'
 * @since  0.1
 */
ASYNC_API async_task_options *async_task_options_unref(async_task_options *taken);

/**
 * Run a program: a new loop, one task, run to its end; then whatever else runs is cancelled and run to its end, and the
 * loop closed. What `main` calls. SIGINT keeps its own meaning.
 *
 * @param first    the task's first step
 * @param state    passed to every step
 * @param destroy  cleans `state` up when the task ends or cannot start; may be NULL
 * @param done     if not NULL, set to the task's future, done, with its value or failure (given)
 * @return 0, or the task's error; ASYNC_EINVAL for NULL, ASYNC_ENOMEM, ASYNC_EOS when a loop cannot be made,
 *         ASYNC_ERUNNING when a loop runs in this thread already
 * @thread any
 * @since  0.1
 */
ASYNC_API int async_run(async_step *first, void *state, async_destroy *destroy, async_future **done);

/**
 * Whether a future is a task.
 *
 * @param future  a future (lent)
 * @return true for the futures of async_create_task; false for NULL
 * @thread any
 * @since  0.1
 */
ASYNC_API bool async_future_is_task(const async_future *future);

/**
 * Name a task.
 *
 * @param future  a task's future (lent)
 * @param name    UTF-8, copied (lent); NULL for none
 * @return 0; ASYNC_EINVAL when it is no task, ASYNC_ENOMEM, ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_future_set_name(async_future *future, const char *name);

/**
 * The name of a task.
 *
 * @param future  a task's future (lent)
 * @return its name; "" when it has none or is no task (lent until it is named anew)
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API const char *async_future_name(const async_future *future);

/**
 * Note where a task was created, for the report of a failure nobody read. Hosts set it when a task fails.
 *
 * @param future  a task's future (lent)
 * @param origin  "file:line" or the like, copied (lent); NULL for none
 * @return as async_future_set_name
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_future_set_origin(async_future *future, const char *origin);

/**
 * How many cancels of a task are outstanding: those asked for, less those taken back.
 *
 * @param future  a task's future (lent)
 * @return the number; 0 when it is no task
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_future_cancelling(const async_future *future);

/**
 * Take one cancel back, after it was swallowed on purpose. A cancel that was not delivered yet is withdrawn with the
 * last one.
 *
 * @param future  a task's future (lent)
 * @return how many are still outstanding; ASYNC_EINVAL when it is no task, ASYNC_ETHREAD
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_future_uncancel(async_future *future);

/**
 * Whether a cancel was asked for that the task has not been told of yet.
 *
 * @param future  a task's future (lent)
 * @return true until the task's next step is told
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API bool async_future_must_cancel(const async_future *future);

/**
 * What a task waits for.
 *
 * @param future  a task's future (lent)
 * @return the future it awaits, or NULL (lent by the task until it goes on)
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_future *async_future_awaiting(const async_future *future);

/**
 * The state of a task whose next or running step is `step`, so that a host can tell its own tasks from others'.
 *
 * @param future  a future (lent)
 * @param step    the step asked for
 * @return the state it was created with; NULL when it is no task, is done, or stands at another step (lent)
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API void *async_future_state(const async_future *future, async_step *step);

/**
 * The task whose step is running.
 *
 * @param loop  the loop (lent)
 * @return its future, or NULL outside of steps and for NULL (lent)
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_future *async_current_task(const async_loop *loop);

/**
 * Every task that has not ended, in no particular order.
 *
 * @param loop      the loop (lent)
 * @param tasks     where to put their futures (each given); may be NULL when capacity is 0
 * @param capacity  how many fit; the rest is only counted
 * @return how many there are; 0 for NULL or a wrong thread
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API size_t async_all_tasks(async_loop *loop, async_future **tasks, size_t capacity);

/**
 * Verdict: as async_await, but go on in the same step, at a line. What ASYNC_AWAIT of coroutine.h expands to.
 *
 * @param task   the running task (lent)
 * @param taken  a future of this loop, or an immortal failed one (taken)
 * @param line   what async_task_line tells next time, more than 0
 * @return the verdict, to be returned at once
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_next async_await_at(async_task *task, async_future *taken, int line);

/**
 * Verdict: as async_try, but go on in the same step, at a line. What ASYNC_TRY of coroutine.h expands to.
 *
 * @param task   the running task (lent)
 * @param taken  a future of this loop, or an immortal failed one (taken)
 * @param line   what async_task_line tells next time, more than 0
 * @return the verdict, to be returned at once
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API async_next async_try_at(async_task *task, async_future *taken, int line);

/**
 * Where a step goes on.
 *
 * @param task  the running task (lent)
 * @return the line of the last async_await_at or async_try_at; 0 after any other verdict and in the first step
 * @thread the loop's
 * @since  0.1
 */
ASYNC_API int async_task_line(const async_task *task);

#ifdef __cplusplus
}
#endif

#endif
