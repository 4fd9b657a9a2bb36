/**
 * @file
 * What every other header stands on: the export macro and the names of the opaque handles.
 *
 * Every handle is allocated by the library and used through functions only. How each function treats a handle is told
 * by its words: `lent` is the caller's before and after, `taken` is swallowed even when the call fails, `given` is the
 * caller's to drop with the matching unref.
 */
#ifndef LIBASYNC_API_H
#define LIBASYNC_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32) || !defined(__GNUC__)
#define ASYNC_API extern
#else
#define ASYNC_API extern __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** A loop: the queue of what is ready, the timers and the descriptors, run by one thread. See loop.h. */
typedef struct async_loop async_loop;
/** A result that is there or will be: a promise made by hand, an operation under way or a task. See future.h. */
typedef struct async_future async_future;
/** A running coroutine as its own step sees it; the handle is valid inside that step only. See task.h. */
typedef struct async_task async_task;
/** An immutable value of any language: none, bool, int, double, text, bytes, list, object or error. See value.h. */
typedef struct async_value async_value;
/** What an object value is: its name and how the language it came from counts and reads it. See value.h. */
typedef struct async_type async_type;
/** A callback set for a later time. See loop.h. */
typedef struct async_timer async_timer;
/** Futures handed out in the order they end. See combine.h. */
typedef struct async_completions async_completions;

/** Something the loop calls: queued, never called inside the call that registers it. */
typedef void async_callback(async_loop *loop, void *user);
/** Clean-up of a `user` pointer: called exactly once, when the library has no further use for it. */
typedef void async_destroy(void *user);

/**
 * The version of the library that runs, which may be newer than the header that was compiled.
 *
 * @return "0.1.0" and the like (lent, forever)
 * @thread any
 * @since  0.1
 */
ASYNC_API const char *async_version(void);

#ifdef __cplusplus
}
#endif

#endif
