/**
 * @file
 * For C only, and only by its own include: a chain of steps written as one function that reads top to bottom.
 *
 *     static async_next greet(async_task *task, void *state)
 *     {
 *         ASYNC_BEGIN(task);
 *         ASYNC_AWAIT(task, async_sleep(async_task_loop(task), 1.0));
 *         puts("hello");
 *         return async_return(task, async_none());
 *         ASYNC_END(task);
 *     }
 *
 * Locals do not outlive an await: what must, lives in the state. No await inside a `switch` of your own, and one a
 * line. The method is Duff's: Simon Tatham, "Coroutines in C", 2000.
 */
#ifndef LIBASYNC_COROUTINE_H
#define LIBASYNC_COROUTINE_H

#include "libasync/task.h"

/** Opens the body: jumps to where the last await left off. */
#define ASYNC_BEGIN(task)                                                                                              \
    switch (async_task_line(task)) {                                                                                   \
    case 0:

/** Awaits a future (taken) and goes on below; its failure ends the task. async_awaited then tells the value. */
#define ASYNC_AWAIT(task, taken)                                                                                       \
    do {                                                                                                               \
        return async_await_at(task, taken, __LINE__);                                                                  \
    case __LINE__:;                                                                                                    \
    } while (0)

/** Awaits a future (taken) and goes on below however it ended. async_caught then tells the error. */
#define ASYNC_TRY(task, taken)                                                                                         \
    do {                                                                                                               \
        return async_try_at(task, taken, __LINE__);                                                                    \
    case __LINE__:;                                                                                                    \
    } while (0)

/** Closes the body. Running into it ends the task with none. */
#define ASYNC_END(task)                                                                                                \
    }                                                                                                                  \
    return async_return(task, async_none())

#endif
