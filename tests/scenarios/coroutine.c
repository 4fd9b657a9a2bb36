/*
 * A coroutine of a case as one step, which goes on where it left off. Scopes stand on a stack: inside one every await
 * is tried, and a failure leaves them one by one.
 */
#include "tests/scenarios/player.h"

#include <stdlib.h>
#include <string.h>

#define MOST_SCOPES 4

struct coroutine {
    const char *who;
    const struct body *body;
    int at;                     /* the next op */
    const struct op *waits;     /* the op that awaits, or NULL */
    async_value *caught;        /* by the last `try`; or NULL */
    async_value *leaving;       /* the failure that leaves a group, which is joined meanwhile; or NULL */
    const struct op *scopes[MOST_SCOPES];
    int depth;
};

void *coroutine_new(const char *who)
{
    struct coroutine *made = malloc(sizeof *made);

    *made = (struct coroutine){.who = who, .body = scenario_body(&scenario, who)};
    return made;
}

static int close_timeout(const struct op *scope, async_task *task)
{
    struct named *named = named_find(scope->words[1]);
    async_timeout *timeout = named->timeout;

    named->expired = async_timeout_is_expired(timeout);
    named->timeout = NULL;
    return async_timeout_close(timeout, task);
}

void coroutine_free(void *state)
{
    struct coroutine *coroutine = state;

    for (int i = 0; i < coroutine->depth; i++)
        if (strcmp(coroutine->scopes[i]->words[0], "timeout") == 0)
            close_timeout(coroutine->scopes[i], NULL);
    async_value_unref(coroutine->caught);
    async_value_unref(coroutine->leaving);
    free(coroutine);
}

static bool is(const struct op *op, const char *verb)
{
    return strcmp(op->words[0], verb) == 0;
}

/* Awaitables */

static uint32_t when_of(const char *word)
{
    if (strcmp(word, "first") == 0)
        return ASYNC_FIRST_COMPLETED;
    return strcmp(word, "error") == 0 ? ASYNC_FIRST_EXCEPTION : ASYNC_ALL_COMPLETED;
}

static async_future *wait_for_several(const struct op *op)
{
    async_future *futures[MOST_WORDS];
    size_t count = take_futures(op, 3, futures);

    return async_wait(loop, futures, count, when_of(op->words[2]), time_limit(op));
}

static async_future *awaitable(const struct op *op)
{
    const char *what = op->words[1];

    if (is(op, "sleep"))
        return async_sleep(loop, atof(what));
    if (strcmp(what, "sleep") == 0)
        return async_sleep(loop, atof(op->words[2]));
    if (strcmp(what, "wait_for") == 0)
        return async_wait_for(loop, named_take(op->words[2]), op->words[3] ? atof(op->words[3]) : ASYNC_FOREVER);
    if (strcmp(what, "wait") == 0)
        return wait_for_several(op);
    if (strcmp(what, "next") == 0)
        return async_completions_next(named_find(op->words[2])->completions);
    if (op->words[2])
        return primitive_await(what, named_find(op->words[2])->primitive, op->words[3] ? atoi(op->words[3]) : 0);
    return named_take(what);
}

/* Which of the futures of a wait are done, in the order they were named. */
static const char *done_words(const struct op *op, const async_value *value)
{
    static char text[128];
    size_t length = 0;

    strcpy(text, "none");
    for (size_t i = 0; i < async_value_count(value); i++)
        if (async_value_bool(async_value_item(value, i)))
            length += (size_t)snprintf(text + length, sizeof text - length, "%s%s", length ? " " : "",
                                       op->words[3 + i]);
    return text;
}

static const char *awaited_words(const struct op *op, const async_value *value)
{
    if (strcmp(op->words[1], "wait") == 0)
        return done_words(op, value);
    if (strcmp(op->words[1], "next") == 0)
        return named_future(async_completions_item(named_find(op->words[2])->completions,
                                                   (size_t)async_value_int(value)));
    return value_words(value);
}

/* Leaving */

static async_next leave(async_task *task, struct coroutine *coroutine, async_value *taken);

static async_value *leave_timeout(async_task *task, struct coroutine *coroutine, const struct op *scope,
                                  async_value *taken)
{
    int error = close_timeout(scope, task);

    if (error == ASYNC_ETIMEDOUT && async_value_error(taken) == ASYNC_ECANCELED) {
        async_value_unref(taken);
        taken = async_error(ASYNC_ETIMEDOUT, NULL);
    }
    say(coroutine->who, "%s ! %s", scope->words[1], error_words(taken));
    return taken;
}

/* The failure that a group's body left with, among those of its tasks, as asyncio's groups have it. */
static async_value *join_failures(async_value *of_tasks, async_value *taken_body)
{
    const async_value *list = async_value_cause(of_tasks);
    async_value *all[MOST_OPS];
    size_t count = 0;

    if (async_value_error(of_tasks) != ASYNC_EGROUP && async_value_error(taken_body) == ASYNC_ECANCELED)
        return taken_body;
    if (async_value_error(of_tasks) == ASYNC_EGROUP)
        for (; count < async_value_count(list); count++)
            all[count] = async_value_ref(async_value_item(list, count));
    if (async_value_error(taken_body) == ASYNC_ECANCELED)
        async_value_unref(taken_body);
    else
        all[count++] = taken_body;
    return async_error_caused(ASYNC_EGROUP, "tasks failed", async_list(all, count));
}

static async_next leave(async_task *task, struct coroutine *coroutine, async_value *taken)
{
    while (coroutine->depth) {
        const struct op *scope = coroutine->scopes[--coroutine->depth];

        if (is(scope, "group")) {
            struct named *named = named_find(scope->words[1]);

            async_task_group_cancel(named->group, NULL);
            coroutine->leaving = taken;
            coroutine->waits = scope;
            return async_try(task, async_task_group_join(named->group), coroutine_step);
        }
        taken = leave_timeout(task, coroutine, scope, taken);
    }
    return async_fail_with(task, taken);
}

/* The group was joined. False when the coroutine leaves its scope too, with a verdict. */
static bool leave_group(async_task *task, struct coroutine *coroutine, const struct op *scope, async_next *verdict)
{
    async_value *failure = async_task_failure(task), *leaving = coroutine->leaving;

    coroutine->leaving = NULL;
    if (leaving)
        failure = join_failures(failure, leaving);
    else if (failure)
        failure = async_value_ref(failure);
    if (!failure) {
        say(coroutine->who, "%s ended", scope->words[1]);
        return true;
    }
    say(coroutine->who, "%s ! %s", scope->words[1], error_words(failure));
    *verdict = leave(task, coroutine, failure);
    return false;
}

static async_next end_scope(async_task *task, struct coroutine *coroutine)
{
    const struct op *scope = coroutine->scopes[--coroutine->depth];
    struct named *named = named_find(scope->words[1]);

    if (is(scope, "group")) {
        coroutine->waits = scope;
        return async_try(task, async_task_group_join(named->group), coroutine_step);
    }
    close_timeout(scope, NULL);
    say(coroutine->who, "%s ended", scope->words[1]);
    return NULL;
}

static void open_scope(async_task *task, struct coroutine *coroutine, const struct op *op)
{
    struct named *named = named_new(op->words[1], op);

    if (is(op, "group"))
        named->group = async_task_group_new(loop, async_task_future(task));
    else
        named->timeout = async_timeout_open(task, strcmp(op->words[2], "never") ? atof(op->words[2]) : ASYNC_FOREVER);
    coroutine->scopes[coroutine->depth++] = op;
}

/* Going on */

static async_next await(async_task *task, struct coroutine *coroutine, const struct op *op)
{
    bool tries = is(op, "try") || coroutine->depth;

    coroutine->waits = op;
    return (tries ? async_try : async_await)(task, awaitable(op), coroutine_step);
}

static void log_awaited(async_task *task, struct coroutine *coroutine, const struct op *op)
{
    const async_value *failure = async_task_failure(task);
    const char *outcome = failure ? error_words(failure) : awaited_words(op, async_awaited(task));

    say(coroutine->who, "%s %c %s", op_text(op, 1), failure ? '!' : '=', outcome);
}

/* What was awaited has ended. False when the coroutine ends by it, with a verdict. */
static bool receive(async_task *task, struct coroutine *coroutine, async_next *verdict)
{
    const struct op *op = coroutine->waits;
    async_value *failure = async_task_failure(task);

    coroutine->waits = NULL;
    if (is(op, "group"))
        return leave_group(task, coroutine, op, verdict);
    if (is(op, "try")) {
        async_value_unref(coroutine->caught);
        coroutine->caught = async_value_ref(failure);
        log_awaited(task, coroutine, op);
    } else if (failure) {
        *verdict = leave(task, coroutine, async_value_ref(failure));
        return false;
    } else if (is(op, "await")) {
        log_awaited(task, coroutine, op);
    }
    return true;
}

/* One op; NULL when it left no verdict. */
static async_next play(async_task *task, struct coroutine *coroutine, const struct op *op)
{
    async_value *caught = coroutine->caught;

    if (is(op, "sleep") || is(op, "await") || is(op, "try"))
        return await(task, coroutine, op);
    if (is(op, "raise"))
        return leave(task, coroutine, async_error(ASYNC_EHOST, op->words[1]));
    if (is(op, "return"))
        return async_return(task, async_int(atoi(op->words[1])));
    if (is(op, "end"))
        return end_scope(task, coroutine);
    if (is(op, "timeout") || is(op, "group")) {
        open_scope(task, coroutine, op);
    } else if (!is(op, "reraise")) {
        act(coroutine->who, op, 0);
    } else if (caught) {
        coroutine->caught = NULL;
        return leave(task, coroutine, caught);
    }
    return NULL;
}

async_next coroutine_step(async_task *task, void *state)
{
    struct coroutine *coroutine = state;
    async_next verdict = NULL;

    if (coroutine->waits && !receive(task, coroutine, &verdict))
        return verdict;
    while (coroutine->at < coroutine->body->count) {
        verdict = play(task, coroutine, &coroutine->body->ops[coroutine->at++]);
        if (verdict)
            return verdict;
    }
    return async_return(task, async_none());
}
