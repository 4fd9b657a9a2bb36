/*
 * The player in C. One case plays at a time, on a loop of its own. README.md tells what the words of the cases mean and
 * how time and turns are counted.
 */
#ifndef TESTS_SCENARIOS_PLAYER_H
#define TESTS_SCENARIOS_PLAYER_H

#include "libasync/async.h"
#include "tests/scenarios/cases.h"

extern async_loop *loop;
extern struct scenario scenario;

/* What a case gave a name to. */
struct named {
    const char *name;
    const struct op *op;    /* that made it; NULL: main's task */
    async_future *future;
    async_timeout *timeout;    /* while it is open */
    bool expired;              /* as it was when it was closed */
    async_task_group *group;
    async_completions *completions;
    struct primitive *primitive;
};
struct named *named_new(const char *name, const struct op *op);
/* Ends the player when there is none. */
struct named *named_find(const char *name);
/* Its future, by a reference. */
async_future *named_take(const char *name);
const char *named_future(const async_future *future);

/* player.c: one line of the log. */
void say(const char *who, const char *format, ...) __attribute__((format(printf, 2, 3)));
void refuse(const char *what, const char *why) __attribute__((noreturn));

/* outcome.c: the words that the log has for how things end; the text stands until the next call. */
const char *error_words(const async_value *error);
const char *value_words(const async_value *value);
const char *future_words(async_future *future);

/* coroutine.c: the step that plays a coroutine, and its state, named as its task will be. */
async_next coroutine_step(async_task *task, void *state);
void *coroutine_new(const char *who);
void coroutine_free(void *state);

/* acts.c: what is done at once, by coroutines and by callbacks; `first` is the place of the verb. */
void act(const char *who, const struct op *op, int first);
void acts_forget(void);
/* The futures named by the words from `first` on, by references, up to `within`; how many. */
size_t take_futures(const struct op *op, int first, async_future **futures);
/* The time limit that the words end with, or ASYNC_FOREVER. */
double time_limit(const struct op *op);

/* primitives.c: what a kind's word makes, NULL for other words; a future of what can be awaited of one, NULL for other
 * verbs; what is done at once, false for other verbs and names. */
struct primitive *primitive_new(const char *kind, int number);
void primitive_free(struct primitive *primitive);
async_future *primitive_await(const char *verb, const struct primitive *primitive, int number);
bool primitive_act(const char *who, const struct op *op, char **words);

#endif
