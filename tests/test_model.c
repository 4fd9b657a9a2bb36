/*
 * Random programs, run twice: by the library, and by a model that does the same with plain arrays and no cleverness. What
 * each says, step by step, must be equal. A failing seed is printed; MODEL_SEED=n runs that one alone, MODEL_SEEDS=n more
 * than the usual.
 *
 * A program is a row of futures, promises and tasks and gathers of those before them, and actions between turns: new ones,
 * promises resolved, failed and cancelled, tasks cancelled and uncancelled. A task does as its script says.
 */
#include "tests/support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_FUTURES 40
#define MOST_OPS 8
#define MOST_WAITERS 400
#define MOST_LOG 40000
#define ACTIONS 120
#define USUAL_SEEDS 300

enum kind { PROMISE, TASK, GATHER };
enum verb { YIELD, AWAIT, TRY, SWALLOW, CANCEL_ITSELF, CANCEL_ANOTHER, RESOLVE_ANOTHER, RETURN, FAIL };

/* Of AWAIT: passes failures on; TRY: sees them and passes them on; SWALLOW: sees them and goes on. */
struct op {
    enum verb verb;
    int other;
};

struct spec {
    enum kind kind;
    struct op ops[MOST_OPS];
    int children[3], child_count;
    bool keep_errors;
};

struct journal {
    char text[MOST_LOG];
    size_t length;
};

static void jot(struct journal *journal, const char *what, int who, int place, int code)
{
    int written = snprintf(journal->text + journal->length, MOST_LOG - journal->length, "%s%d.%d:%d ", what, who, place, code);

    if (written > 0 && journal->length + (size_t)written < MOST_LOG)
        journal->length += (size_t)written;
}

/* The model. */
enum waiter_kind { WAKE_TASK, WAKE_GATHER, CALL_BACK };
struct waiter {
    enum waiter_kind kind;
    int who, child;
};

struct queue {
    struct waiter items[MOST_WAITERS];
    int count;
};

struct model_future {
    const struct spec *spec;
    bool done, cancelled;
    int code;
    struct queue waiters;
    /* of a task */
    int place, awaiting, cancels;
    bool must_cancel, sees, swallows;
    /* of a gather */
    int left;
    bool cancel_requested;
};

static struct {
    struct model_future futures[MOST_FUTURES];
    struct queue ready;
    struct journal journal;
} model;

static void enqueue(struct queue *queue, struct waiter waiter)
{
    ck_assert_int_lt(queue->count, MOST_WAITERS);
    queue->items[queue->count++] = waiter;
}

static void model_attach(int who, struct waiter waiter)
{
    struct model_future *future = &model.futures[who];

    enqueue(future->done ? &model.ready : &future->waiters, waiter);
}

static void model_end(int who, int code, bool cancelled)
{
    struct model_future *future = &model.futures[who];

    future->done = true;
    future->code = code;
    future->cancelled = cancelled;
    for (int i = 0; i < future->waiters.count; i++)
        enqueue(&model.ready, future->waiters.items[i]);
    future->waiters.count = 0;
}

static bool model_cancel(int who)
{
    struct model_future *future = &model.futures[who];
    bool any = false;

    if (future->done)
        return false;
    switch (future->spec->kind) {
    case PROMISE:
        model_end(who, ASYNC_ECANCELED, true);
        return true;
    case TASK:
        future->cancels++;
        if (future->awaiting < 0 || !model_cancel(future->awaiting))
            future->must_cancel = true;
        return true;
    default:
        for (int i = 0; i < future->spec->child_count; i++)
            any |= model_cancel(future->spec->children[i]);
        future->cancel_requested |= any;
        return any;
    }
}

static void model_child_ended(int who, int child)
{
    struct model_future *gather = &model.futures[who], *ended = &model.futures[gather->spec->children[child]];

    gather->left--;
    if (gather->done)
        return;
    if (ended->code && !gather->spec->keep_errors)
        model_end(who, ended->code, false);
    else if (gather->left == 0)
        model_end(who, gather->cancel_requested ? ASYNC_ECANCELED : 0, false);
}

static void model_make(int who, const struct spec *spec)
{
    struct model_future *future = &model.futures[who];

    *future = (struct model_future){.spec = spec, .awaiting = -1};
    if (spec->kind == TASK)
        enqueue(&model.ready, (struct waiter){WAKE_TASK, who, 0});
    if (spec->kind != GATHER)
        return;
    future->left = spec->child_count;
    for (int i = 0; i < spec->child_count; i++)
        if (!model.futures[spec->children[i]].done)
            model_attach(spec->children[i], (struct waiter){WAKE_GATHER, who, i});
    for (int i = 0; i < spec->child_count; i++)
        if (model.futures[spec->children[i]].done)
            model_child_ended(who, i);
    if (!spec->child_count)
        model_end(who, 0, false);
}

static void model_finish(int who, int code)
{
    jot(&model.journal, "end", who, 0, code);
    model.futures[who].awaiting = -1;
    model_end(who, code, code == ASYNC_ECANCELED);
}

static void model_resolve(int who, int code)
{
    if (!model.futures[who].done && model.futures[who].spec->kind == PROMISE)
        model_end(who, code, false);
}

/* Runs a task until it waits or ends. */
static void model_step(int who)
{
    struct model_future *task = &model.futures[who];
    int caught = task->awaiting >= 0 ? model.futures[task->awaiting].code : 0;

    if (task->must_cancel) {
        task->must_cancel = false;
        caught = ASYNC_ECANCELED;
    }
    for (;;) {
        const struct op *op;

        if (caught && !task->sees) {
            model_finish(who, caught);
            return;
        }
        jot(&model.journal, "step", who, task->place, caught);
        if (caught && !task->swallows) {
            model_finish(who, caught);
            return;
        }
        for (op = &task->spec->ops[task->place]; op->verb >= CANCEL_ITSELF && op->verb <= RESOLVE_ANOTHER; op++) {
            if (op->verb == RESOLVE_ANOTHER)
                model_resolve(op->other, 0);
            else
                model_cancel(op->verb == CANCEL_ITSELF ? who : op->other);
        }
        task->place = (int)(op - task->spec->ops) + 1;
        switch (op->verb) {
        case RETURN:
            model_finish(who, task->must_cancel ? ASYNC_ECANCELED : 0);
            return;
        case FAIL:
            model_finish(who, ASYNC_EHOST);
            return;
        case YIELD:
            task->awaiting = -1;
            task->sees = task->swallows = false;
            enqueue(&model.ready, (struct waiter){WAKE_TASK, who, 0});
            return;
        default:
            task->awaiting = op->other;
            task->sees = op->verb != AWAIT;
            task->swallows = op->verb == SWALLOW;
        }
        if (!model.futures[task->awaiting].done) {
            model_attach(task->awaiting, (struct waiter){WAKE_TASK, who, 0});
            if (task->must_cancel && model_cancel(task->awaiting))
                task->must_cancel = false;
            return;
        }
        caught = model.futures[task->awaiting].code;
    }
}

static void model_turn(void)
{
    static struct queue batch;

    batch = model.ready;
    model.ready.count = 0;
    for (int i = 0; i < batch.count; i++) {
        struct waiter *waiter = &batch.items[i];

        if (waiter->kind == WAKE_TASK)
            model_step(waiter->who);
        else if (waiter->kind == WAKE_GATHER)
            model_child_ended(waiter->who, waiter->child);
        else
            jot(&model.journal, "call", waiter->who, 0, model.futures[waiter->who].code);
    }
}

/* The same by the library. */
static struct real_future {
    const struct spec *spec;
    async_future *future;
    int who, place, destroyed;
    bool swallows;
} real[MOST_FUTURES];
static struct journal journal;
static int called, uncalled;

static void end_real(void *state)
{
    ((struct real_future *)state)->destroyed++;
}

static async_next say(async_task *task, struct real_future *it, const struct op *op);

static async_next step(async_task *task, void *state)
{
    struct real_future *it = state;
    int caught = async_caught(task);
    const struct op *op = &it->spec->ops[it->place];

    jot(&journal, "step", it->who, it->place, caught);
    if (caught && !it->swallows)
        return async_fail_with(task, async_value_ref(async_task_failure(task)));
    for (; op->verb >= CANCEL_ITSELF && op->verb <= RESOLVE_ANOTHER; op++) {
        if (op->verb == RESOLVE_ANOTHER)
            async_future_resolve(real[op->other].future, async_text("by a task"));
        else
            async_future_cancel(real[op->verb == CANCEL_ITSELF ? it->who : op->other].future, NULL);
    }
    it->place = (int)(op - it->spec->ops) + 1;
    return say(task, it, op);
}

static async_next say(async_task *task, struct real_future *it, const struct op *op)
{
    it->swallows = op->verb == SWALLOW;
    switch (op->verb) {
    case RETURN:
        return async_return(task, async_text("value"));
    case FAIL:
        return async_fail(task, ASYNC_EHOST, "failed on purpose");
    case YIELD:
        return async_await(task, async_sleep(loop, 0), step);
    case AWAIT:
        return async_await(task, async_future_ref(real[op->other].future), step);
    default:
        return async_try(task, async_future_ref(real[op->other].future), step);
    }
}

static void note_end(async_future *future, void *user)
{
    struct real_future *it = user;

    called++;
    jot(&journal, "call", it->who, 0, async_future_error(future));
}

static void count_uncalled(void *user)
{
    uncalled++;
}

static void real_make(int who, const struct spec *spec)
{
    struct real_future *it = &real[who];
    async_future *children[3];

    *it = (struct real_future){.spec = spec, .who = who};
    if (spec->kind == PROMISE)
        it->future = async_future_new(loop);
    else if (spec->kind == TASK)
        it->future = async_create_task(loop, step, it, end_real);
    if (spec->kind != GATHER)
        return;
    for (int i = 0; i < spec->child_count; i++)
        children[i] = async_future_ref(real[spec->children[i]].future);
    it->future = async_gather(loop, children, (size_t)spec->child_count,
                              spec->keep_errors ? ASYNC_GATHER_KEEP_ERRORS : 0);
}

/* Random specs. Tasks resolve promises before them and cancel anything before them, so that no ring comes about. */
static struct spec random_spec(struct dice *dice, int who)
{
    struct spec spec = {.kind = who < 3 ? PROMISE : (enum kind)roll(dice, 4) % 3, .keep_errors = roll(dice, 2)};
    int ops = (int)roll(dice, MOST_OPS - 1);

    for (int i = 0; i < ops; i++)
        spec.ops[i] = (struct op){(enum verb)roll(dice, FAIL), (int)roll(dice, (uint32_t)(who ? who : 1))};
    spec.ops[ops].verb = roll(dice, 3) ? RETURN : FAIL;
    spec.child_count = spec.kind == GATHER ? (int)roll(dice, 4) : 0;
    for (int i = 0; i < spec.child_count; i++)
        spec.children[i] = (int)roll(dice, (uint32_t)who);
    return spec;
}

/* Ends are noted by a callback registered first, tasks' own ends by comparing states. */
static void compare(uint64_t seed, int count)
{
    struct journal said = {.length = 0};

    /* The library does not tell when a task ends: its word is its future. */
    for (char *word = strtok(model.journal.text, " "); word; word = strtok(NULL, " "))
        if (strncmp(word, "end", 3) != 0)
            said.length += (size_t)snprintf(said.text + said.length, MOST_LOG - said.length, "%s ", word);
    if (strcmp(said.text, journal.length ? journal.text : "") != 0)
        fprintf(stderr, "MODEL_SEED=%d\nmodel:   %s\nlibrary: %s\n", (int)seed, said.text, journal.text);
    ck_assert_msg(strcmp(said.text, journal.length ? journal.text : "") == 0, "seed %d: the journals differ", (int)seed);
    for (int i = 0; i < count; i++) {
        struct model_future *expected = &model.futures[i];
        async_future *future = real[i].future;

        ck_assert_msg(async_future_is_done(future) == expected->done, "seed %d: future %d", (int)seed, i);
        ck_assert_msg(async_future_is_cancelled(future) == (expected->done && expected->cancelled), "seed %d: future %d",
                      (int)seed, i);
        if (expected->done)
            ck_assert_msg(async_future_error(future) == expected->code, "seed %d: future %d", (int)seed, i);
        if (expected->spec->kind == TASK) {
            ck_assert_int_eq(async_future_cancelling(future), expected->cancels);
            ck_assert(async_future_must_cancel(future) == (expected->must_cancel && !expected->done));
        }
    }
    model.journal.length = journal.length = 0;
    model.journal.text[0] = journal.text[0] = '\0';
}

static void uncancel(int who)
{
    struct model_future *task = &model.futures[who];

    task->cancels -= task->cancels > 0;
    if (task->cancels == 0)
        task->must_cancel = false;
    ck_assert_int_eq(async_future_uncancel(real[who].future), task->cancels);
}

static void act(struct dice *dice, struct spec *specs, int *count, int *registered)
{
    int who = *count ? (int)roll(dice, (uint32_t)*count) : 0;

    switch (*count < 4 ? 0 : roll(dice, 9)) {
    case 0:
    case 1:
        if (*count == MOST_FUTURES)
            return;
        specs[*count] = random_spec(dice, *count);
        model_make(*count, &specs[*count]);
        real_make(*count, &specs[*count]);
        ++*count;
        return;
    case 2:
        model_resolve(who, 0);
        async_future_resolve(real[who].future, async_text("value"));
        return;
    case 3:
        model_resolve(who, ASYNC_EDNS);
        async_future_fail(real[who].future, ASYNC_EDNS, NULL);
        return;
    case 4:
        ck_assert((async_future_cancel(real[who].future, NULL) == 0) == model_cancel(who));
        return;
    case 5:
        if (specs[who].kind == TASK)
            uncancel(who);
        return;
    case 6:
        model_attach(who, (struct waiter){CALL_BACK, who, 0});
        ck_assert_int_eq(async_future_on_done(real[who].future, note_end, &real[who], count_uncalled), 0);
        ++*registered;
        return;
    default:
        model_turn();
        turn();
    }
}

static void run_seed(uint64_t seed)
{
    static struct spec specs[MOST_FUTURES];
    struct dice dice = dice_of(seed);
    int count = 0, registered = 0;

    memset(&model, 0, sizeof model);
    journal.length = 0;
    journal.text[0] = '\0';
    called = uncalled = 0;
    for (int i = 0; i < ACTIONS; i++) {
        act(&dice, specs, &count, &registered);
        if (i % 10 == 9)
            compare(seed, count);
    }
    compare(seed, count);

    ck_assert_int_eq(roll(&dice, 2) ? async_loop_close(loop) : async_loop_abandon(loop), 0);
    ck_assert_int_eq(uncalled, registered);
    ck_assert_int_le(called, registered);
    for (int i = 0; i < count; i++) {
        ck_assert_int_eq(real[i].destroyed, specs[i].kind == TASK);
        ck_assert(async_future_is_done(real[i].future));
        async_future_mark_read(real[i].future);
        real[i].future = async_future_unref(real[i].future);
    }
    async_loop_unref(loop);
    loop = async_loop_new();
    async_loop_set_exception_handler(loop, note_report, NULL, NULL);
    reports();
}

START_TEST(random_programs_do_what_the_model_says)
{
    const char *one = getenv("MODEL_SEED"), *many = getenv("MODEL_SEEDS");
    uint64_t first = one ? (uint64_t)atoll(one) : 1, last = one ? first : many ? (uint64_t)atoll(many) : USUAL_SEEDS;

    for (uint64_t seed = first; seed <= last; seed++)
        run_seed(seed);
}
END_TEST

int main(void)
{
    return RUN_TESTS("model", random_programs_do_what_the_model_says);
}
