#include "tests/scenarios/player.h"

#include <stdlib.h>
#include <string.h>

/* Words of an op that a callback will do. Those of done callbacks are found again by their words. */
struct call {
    const struct op *op;
    int first;
    struct call *next;
};

static struct call *calls;

static struct call *call_new(const struct op *op, int first)
{
    struct call *call = malloc(sizeof *call);

    *call = (struct call){op, first, calls};
    return calls = call;
}

void acts_forget(void)
{
    while (calls) {
        struct call *next = calls->next;

        free(calls);
        calls = next;
    }
}

static void run_call(async_loop *from, void *user)
{
    struct call *call = user;

    act("loop", call->op, call->first);
}

static void run_done(async_future *future, void *user)
{
    run_call(NULL, user);
}

double time_limit(const struct op *op)
{
    bool limited = op->count > 2 && strcmp(op->words[op->count - 2], "within") == 0;

    return limited ? atof(op->words[op->count - 1]) : ASYNC_FOREVER;
}

size_t take_futures(const struct op *op, int first, async_future **futures)
{
    size_t count = 0;

    for (int i = first; i < op->count && strcmp(op->words[i], "within") != 0; i++)
        futures[count++] = named_take(op->words[i]);
    return count;
}

static void spawn(const char *who, const struct op *op, char **words)
{
    const char *name = words[0], *how = words[1] ? words[1] : "";
    bool in_group = strcmp(how, "in") == 0;
    struct named *named = named_new(name, op);
    async_task_options *options = async_task_options_new();

    async_task_options_set_name(options, name);
    async_task_options_set_eager(options, strcmp(how, "eager") == 0);
    if (in_group)
        named->future = async_task_group_create_task(named_find(words[2])->group, coroutine_step, coroutine_new(name),
                                                     coroutine_free);
    else
        named->future = async_create_task_with(loop, coroutine_step, coroutine_new(name), coroutine_free, options);
    if (in_group)
        async_future_set_name(named->future, name);
    async_task_options_unref(options);
}

static void gather(const char *who, const struct op *op, char **words)
{
    bool keep = strcmp(op->words[op->count - 1], "keep") == 0;
    size_t count = (size_t)(op->count - 2 - (keep ? 1 : 0));
    async_future *futures[MOST_WORDS];

    for (size_t i = 0; i < count; i++)
        futures[i] = named_take(words[1 + i]);
    named_new(words[0], op)->future = async_gather(loop, futures, count, keep ? ASYNC_GATHER_KEEP_ERRORS : 0);
}

static void shield(const char *who, const struct op *op, char **words)
{
    async_future *taken = named_take(words[1]);

    named_new(words[0], op)->future = async_shield(loop, taken);
}

static void completed(const char *who, const struct op *op, char **words)
{
    async_future *futures[MOST_WORDS];
    size_t count = take_futures(op, 2, futures);

    named_new(words[0], op)->completions = async_as_completed(loop, futures, count, time_limit(op));
}

static void make_future(const char *who, const struct op *op, char **words)
{
    named_new(words[0], op)->future = async_future_new(loop);
}

static void tell_refusal(const char *who, const char *verb, const char *name, int error)
{
    if (error)
        say(who, "%s %s ! %s", verb, name, error == ASYNC_ESTATE ? "state" : async_error_name(error));
}

static void resolve(const char *who, const struct op *op, char **words)
{
    tell_refusal(who, "resolve", words[0],
                 async_future_resolve(named_find(words[0])->future, async_int(atoi(words[1]))));
}

static void fail(const char *who, const struct op *op, char **words)
{
    tell_refusal(who, "fail", words[0], async_future_fail(named_find(words[0])->future, ASYNC_EHOST, words[1]));
}

static void cancel(const char *who, const struct op *op, char **words)
{
    int error = async_future_cancel(named_find(words[0])->future, words[1]);

    say(who, "cancel %s: %s", words[0], error ? "no" : "yes");
}

static void uncancel(const char *who, const struct op *op, char **words)
{
    say(who, "uncancel %s: %d", words[0], async_future_uncancel(named_find(words[0])->future));
}

static void cancelling(const char *who, const struct op *op, char **words)
{
    say(who, "cancelling %s: %d", words[0], async_future_cancelling(named_find(words[0])->future));
}

static void tell(const char *who, const struct op *op, char **words)
{
    say(who, "%s", op_text(op, (int)(words - op->words)));
}

static void tell_outcome(const char *who, const struct op *op, char **words)
{
    say(who, "%s %s", words[0], future_words(named_find(words[0])->future));
}

static void tell_done(const char *who, const struct op *op, char **words)
{
    say(who, "%s done: %s", words[0], async_future_is_done(named_find(words[0])->future) ? "yes" : "no");
}

static void tell_current(const char *who, const struct op *op, char **words)
{
    say(who, "current %s", async_future_name(async_current_task(loop)));
}

static void tell_tasks(const char *who, const struct op *op, char **words)
{
    say(who, "%zu tasks", async_all_tasks(loop, NULL, 0));
}

static void on_done(const char *who, const struct op *op, char **words)
{
    async_future_on_done(named_find(words[0])->future, run_done, call_new(op, (int)(words + 1 - op->words)), NULL);
}

static void off_done(const char *who, const struct op *op, char **words)
{
    async_future *future = named_find(words[0])->future;
    char text[256];
    int count = 0;

    snprintf(text, sizeof text, "%s", op_text(op, (int)(words + 1 - op->words)));
    for (struct call *call = calls; call; call = call->next)
        if (strcmp(op_text(call->op, call->first), text) == 0)
            count += async_future_remove_done(future, run_done, call);
    say(who, "off_done: %d", count);
}

static void soon(const char *who, const struct op *op, char **words)
{
    async_loop_call_soon(loop, run_call, call_new(op, (int)(words - op->words)), NULL);
}

static void later(const char *who, const struct op *op, char **words)
{
    async_loop_call_later(loop, atof(words[0]), run_call, call_new(op, (int)(words + 1 - op->words)), NULL, NULL);
}

static void stop(const char *who, const struct op *op, char **words)
{
    async_loop_stop(loop);
}

static void reschedule(const char *who, const struct op *op, char **words)
{
    async_timeout_reschedule(named_find(words[0])->timeout,
                             strcmp(words[1], "never") == 0 ? ASYNC_FOREVER : atof(words[1]));
}

static void tell_expired(const char *who, const struct op *op, char **words)
{
    struct named *named = named_find(words[0]);

    say(who, "%s expired: %s", words[0], named->expired || async_timeout_is_expired(named->timeout) ? "yes" : "no");
}

static const struct {
    const char *verb;
    void (*act)(const char *who, const struct op *op, char **words);
} acts[] = {
    {"log", tell}, {"spawn", spawn}, {"future", make_future}, {"resolve", resolve}, {"fail", fail}, {"cancel", cancel},
    {"uncancel", uncancel}, {"cancelling", cancelling}, {"is", tell_outcome}, {"done", tell_done},
    {"current", tell_current}, {"tasks", tell_tasks}, {"on_done", on_done}, {"off_done", off_done}, {"soon", soon},
    {"later", later}, {"stop", stop}, {"gather", gather}, {"shield", shield}, {"completed", completed},
    {"reschedule", reschedule}, {"expired", tell_expired},
};

/* `lock l`, `queue q 2` and so on. */
static bool make_primitive(const struct op *op, int first)
{
    const char *number = op->count > first + 2 ? op->words[first + 2] : "0";
    struct primitive *made = primitive_new(op->words[first], atoi(number));

    if (made)
        named_new(op->words[first + 1], op)->primitive = made;
    return made;
}

void act(const char *who, const struct op *op, int first)
{
    for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++) {
        if (strcmp(acts[i].verb, op->words[first]) == 0) {
            acts[i].act(who, op, (char **)op->words + first + 1);
            return;
        }
    }
    if (!make_primitive(op, first) && !primitive_act(who, op, (char **)op->words + first + 1))
        refuse(op->words[first], "no such verb");
}
