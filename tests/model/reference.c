/*
 * The reference: asyncio's rules with nothing optimised. A turn runs the jobs that were ready when it began; an end
 * makes those that wait for it ready, in their order; timers of one time fire in the order they were set.
 */
#include "tests/model/model.h"

#include <stdlib.h>
#include <string.h>

#define MOST_MADE 160
#define MOST_WAITERS 48
#define MOST_READY 512
#define NOTHING (-1)
#define A_TURN (-2)

enum kind { TASK, PROMISE, NAP, LIMITED, GATHERED };
enum work { STEP, CALL, PASS_ON, COLLECT, FIRE };

struct job {
    enum work work;
    int of;        /* the task to step, the limit or gather to tell, what a callback was set on, or whose timer fires */
    int number;    /* of a callback, or of a gather's child */
};

struct thing {
    enum kind kind;
    bool exists, dropped;
    enum outcome outcome;
    int value;
    struct job waiters[MOST_WAITERS];
    int waiting;

    int at, awaiting, cancels;    /* a task's; `awaiting` what its last await was for */
    bool waits, tries, must_cancel, on_path;

    int child;                    /* a limit's */
    bool now, expired, cancelled;

    int children[2], left;        /* a gather's; `cancelled` is when it was asked to */
    bool keeps;

    bool timed;
    double when;
};

struct reference {
    const struct plan *plan;
    struct journal *journal;
    double time;
    struct thing things[MOST_MADE];    /* as numbered by the plan, then naps and limits */
    int count;
    struct job ready[MOST_READY], batch[MOST_READY];
    int ready_count, batch_count, batch_at;
    int timers[MOST_MADE];             /* in the order they were set */
    int timer_count;
    int calls;
    bool open;    /* what follows is not laid down */
};

static struct thing *thing_of(struct reference *reference, int number)
{
    return &reference->things[number];
}

static void queue(struct reference *reference, struct job job)
{
    if (reference->ready_count == MOST_READY)
        abort();
    reference->ready[reference->ready_count++] = job;
}

static void attach(struct reference *reference, int number, struct job job)
{
    struct thing *thing = thing_of(reference, number);

    if (thing->outcome != PENDING) {
        queue(reference, job);
        return;
    }
    if (thing->waiting == MOST_WAITERS)
        abort();
    thing->waiters[thing->waiting++] = job;
}

static void detach(struct thing *thing, int task)
{
    int kept = 0;

    for (int i = 0; i < thing->waiting; i++)
        if (thing->waiters[i].work != STEP || thing->waiters[i].of != task)
            thing->waiters[kept++] = thing->waiters[i];
    thing->waiting = kept;
}

static void complete(struct reference *reference, int number, enum outcome outcome, int value)
{
    struct thing *thing = thing_of(reference, number);

    thing->outcome = outcome;
    thing->value = value;
    for (int i = 0; i < thing->waiting; i++)
        queue(reference, thing->waiters[i]);
    thing->waiting = 0;
}

static int make(struct reference *reference, enum kind kind)
{
    if (reference->count == MOST_MADE)
        abort();
    reference->things[reference->count] = (struct thing){.kind = kind, .exists = true, .awaiting = NOTHING};
    return reference->count++;
}

static void set_timer(struct reference *reference, int number, double seconds)
{
    struct thing *thing = thing_of(reference, number);

    thing->timed = true;
    thing->when = reference->time + seconds;
    reference->timers[reference->timer_count++] = number;
}

/* Cancelling */

static bool cancel(struct reference *reference, int number);

/* Tasks that await each other in a ring would never wake: the one that closes it does, without what it awaited. */
static void leave_ring(struct reference *reference, int number)
{
    struct thing *task = thing_of(reference, number);

    detach(thing_of(reference, task->awaiting), number);
    task->awaiting = NOTHING;
    task->must_cancel = true;
    queue(reference, (struct job){STEP, number, 0});
}

static bool is_on_path(struct reference *reference, const struct thing *thing)
{
    switch (thing->kind) {
    case TASK:
        return thing->outcome == PENDING && thing->on_path;
    case LIMITED:
        return is_on_path(reference, thing_of(reference, thing->child));
    case GATHERED:
        return is_on_path(reference, thing_of(reference, thing->children[0])) ||
               is_on_path(reference, thing_of(reference, thing->children[1]));
    default:
        return false;
    }
}

static void cancel_task(struct reference *reference, int number)
{
    struct thing *task = thing_of(reference, number);
    struct thing *awaited = task->awaiting < 0 ? NULL : thing_of(reference, task->awaiting);
    bool closes_ring;

    if (task->on_path)
        return;
    task->cancels++;
    if (!awaited || awaited->outcome != PENDING) {
        task->must_cancel = true;
        return;
    }
    task->on_path = true;
    closes_ring = is_on_path(reference, awaited);
    reference->open |= closes_ring && awaited->kind == GATHERED;
    if (!cancel(reference, task->awaiting))
        task->must_cancel = true;
    else if (closes_ring)
        leave_ring(reference, number);
    task->on_path = false;
}

static bool cancel_gather(struct reference *reference, struct thing *gather)
{
    bool first = cancel(reference, gather->children[0]), second = cancel(reference, gather->children[1]);

    gather->cancelled |= first || second;
    return first || second;
}

static bool cancel(struct reference *reference, int number)
{
    struct thing *thing = thing_of(reference, number);
    bool taken = true;

    if (thing->outcome != PENDING)
        return false;
    if (thing->kind == TASK)
        cancel_task(reference, number);
    else if (thing->kind == LIMITED)
        thing->cancelled |= taken = cancel(reference, thing->child);
    else if (thing->kind == GATHERED)
        taken = cancel_gather(reference, thing);
    else
        complete(reference, number, CANCELLED, 0);
    return taken;
}

/* Limits */

static void end_limit(struct reference *reference, int number)
{
    struct thing *limit = thing_of(reference, number), *child = thing_of(reference, limit->child);
    bool timeout = limit->expired && !limit->cancelled && child->outcome == CANCELLED;

    complete(reference, number, timeout ? TIMED_OUT : child->outcome, timeout ? 0 : child->value);
}

static int make_limit(struct reference *reference, int child, int seconds)
{
    int number = make(reference, LIMITED);
    struct thing *limit = thing_of(reference, number);

    limit->child = child;
    if (thing_of(reference, child)->outcome != PENDING) {
        end_limit(reference, number);
        return number;
    }
    attach(reference, child, (struct job){PASS_ON, number, 0});
    limit->now = seconds == 0;
    if (seconds > 0)
        set_timer(reference, number, seconds);
    else if (limit->now)
        limit->expired = cancel(reference, child);
    return number;
}

/* Who waits for a limit goes on in the same turn, where the limit's own job stood. */
static void pass_on(struct reference *reference, int number)
{
    int before = reference->ready_count, moved, rest = reference->batch_count - reference->batch_at;
    struct job *place = &reference->batch[reference->batch_at];

    end_limit(reference, number);
    moved = reference->ready_count - before;
    if (thing_of(reference, number)->now || !moved)
        return;
    if (reference->batch_count + moved > MOST_READY)
        abort();
    memmove(place + moved, place, (size_t)rest * sizeof *place);
    memcpy(place, &reference->ready[before], (size_t)moved * sizeof *place);
    reference->batch_count += moved;
    reference->ready_count = before;
}

/* Gathers */

static void collect(struct reference *reference, int number, int child)
{
    struct thing *gather = thing_of(reference, number);
    const struct thing *ended = thing_of(reference, gather->children[child]);

    gather->left--;
    if (gather->outcome != PENDING)
        return;
    if (ended->outcome != SUCCESS && !gather->keeps)
        complete(reference, number, ended->outcome, ended->value);
    else if (!gather->left)
        complete(reference, number, gather->cancelled ? CANCELLED : SUCCESS, 0);
}

/* What is done already counts at once, when the others are known. */
static int make_gather(struct reference *reference, const struct order *order)
{
    int number = make(reference, GATHERED);
    struct thing *gather = thing_of(reference, number);
    int children[2] = {order->what, order->other};
    bool done[2];

    memcpy(gather->children, children, sizeof children);
    gather->keeps = order->keeps;
    gather->left = 2;
    for (int i = 0; i < 2; i++) {
        done[i] = thing_of(reference, children[i])->outcome != PENDING;
        if (!done[i])
            attach(reference, children[i], (struct job){COLLECT, number, i});
    }
    for (int i = 0; i < 2; i++)
        if (done[i])
            collect(reference, number, i);
    return number;
}

/* Tasks */

static void end_task(struct reference *reference, int number, enum outcome outcome, int value)
{
    if (outcome == SUCCESS && thing_of(reference, number)->must_cancel)
        complete(reference, number, CANCELLED, 0);
    else
        complete(reference, number, outcome, value);
}

static bool is_known(struct reference *reference, int number)
{
    const struct thing *thing = thing_of(reference, number);

    return thing->exists && !thing->dropped;
}

static void tell(struct reference *reference, int task, const char *what, int number)
{
    journal_add(reference->journal, "%g: %d.%d %s %d\n", reference->time, task, thing_of(reference, task)->at, what,
                number);
}

/* Orders that do not wait. */
static void obey(struct reference *reference, int number, const struct order *order)
{
    struct thing *task = thing_of(reference, number), *thing = thing_of(reference, order->what);

    switch (order->verb) {
    case CREATE:
        if (thing->exists)
            break;
        thing->exists = true;
        queue(reference, (struct job){STEP, order->what, 0});
        break;
    case CANCEL:
        if (is_known(reference, order->what))
            tell(reference, number, "cancels", cancel(reference, order->what));
        break;
    case UNCANCEL:
        task->cancels -= task->cancels > 0;
        if (!task->cancels)
            task->must_cancel = false;
        tell(reference, number, "uncancels", task->cancels);
        break;
    case RESOLVE:
    case FAIL:
        if (!is_known(reference, order->what))
            break;
        tell(reference, number, "completes", thing->outcome == PENDING);
        if (thing->outcome == PENDING)
            complete(reference, order->what, order->verb == RESOLVE ? SUCCESS : FAILURE, order->amount);
        break;
    case ON_DONE:
        if (is_known(reference, order->what))
            attach(reference, order->what, (struct job){CALL, order->what, reference->calls++});
        break;
    case DROP:
        thing->dropped |= thing->exists;
        break;
    default:
        break;
    }
}

/* What an order awaits; NOTHING when it does not wait. */
static int awaited_by(struct reference *reference, const struct order *order)
{
    int nap;

    if (order->verb == SLEEP && order->amount == 0)
        return A_TURN;
    if (order->verb == SLEEP) {
        nap = make(reference, NAP);
        set_timer(reference, nap, order->amount);
        return nap;
    }
    if ((order->verb != AWAIT && order->verb != LIMIT && order->verb != GATHER) || !is_known(reference, order->what) ||
        (order->verb == GATHER && !is_known(reference, order->other)))
        return NOTHING;
    if (order->verb == GATHER)
        return make_gather(reference, order);
    return order->verb == AWAIT ? order->what : make_limit(reference, order->what, order->amount);
}

/* True when the task waits. What is done already, or cannot be awaited, lets it go on at once. */
static bool wait_for(struct reference *reference, int number, int awaited)
{
    struct thing *task = thing_of(reference, number);

    task->awaiting = awaited == number ? NOTHING : awaited;
    task->waits = true;
    if (awaited == A_TURN) {
        queue(reference, (struct job){STEP, number, 0});
        return true;
    }
    if (awaited == number || thing_of(reference, awaited)->outcome != PENDING)
        return false;
    attach(reference, awaited, (struct job){STEP, number, 0});
    if (task->must_cancel && cancel(reference, awaited))
        task->must_cancel = false;
    return true;
}

/* True when the task ended by how its await did. */
static bool hear(struct reference *reference, int number, enum outcome outcome, int value)
{
    struct thing *task = thing_of(reference, number);
    bool fails = outcome != SUCCESS;

    if (fails && !(task->waits && task->tries)) {
        end_task(reference, number, outcome, value);
        return true;
    }
    if (task->waits)
        tell(reference, number, outcome_name(outcome), value);
    task->waits = false;
    return false;
}

static void go_on(struct reference *reference, int number, enum outcome outcome, int value)
{
    const struct script *script = &reference->plan->scripts[number];
    struct thing *task = thing_of(reference, number);

    while (!hear(reference, number, outcome, value)) {
        int awaited = NOTHING;

        while (task->at < script->count && awaited == NOTHING) {
            const struct order *order = &script->orders[task->at++];

            if (order->verb == RETURN || order->verb == RAISE) {
                end_task(reference, number, order->verb == RETURN ? SUCCESS : FAILURE, order->amount);
                return;
            }
            obey(reference, number, order);
            task->tries = order->tries;
            awaited = awaited_by(reference, order);
        }
        if (awaited == NOTHING) {
            end_task(reference, number, SUCCESS, 0);
            return;
        }
        if (wait_for(reference, number, awaited))
            return;
        outcome = awaited == number ? DEADLOCK : thing_of(reference, awaited)->outcome;
        value = awaited == number ? 0 : thing_of(reference, awaited)->value;
    }
}

static void step(struct reference *reference, int number)
{
    struct thing *task = thing_of(reference, number);
    const struct thing *awaited = task->awaiting < 0 ? NULL : thing_of(reference, task->awaiting);
    enum outcome outcome = awaited ? awaited->outcome : SUCCESS;

    if (task->must_cancel && outcome != CANCELLED) {
        outcome = CANCELLED;
        awaited = NULL;
    }
    task->must_cancel = false;
    go_on(reference, number, outcome, awaited ? awaited->value : 0);
}

/* Turns and times */

static void run_job(struct reference *reference, struct job job)
{
    struct thing *thing = thing_of(reference, job.of);

    switch (job.work) {
    case STEP:
        step(reference, job.of);
        break;
    case CALL:
        journal_add(reference->journal, "%g: call %d\n", reference->time, job.number);
        break;
    case PASS_ON:
        pass_on(reference, job.of);
        break;
    case COLLECT:
        collect(reference, job.of, job.number);
        break;
    case FIRE:
        if (thing->outcome != PENDING)
            break;    /* it was cancelled in this turn */
        if (thing->kind == NAP)
            complete(reference, job.of, SUCCESS, 0);
        else
            thing->expired = cancel(reference, thing->child);
        break;
    }
}

static void run_turn(struct reference *reference)
{
    memcpy(reference->batch, reference->ready, sizeof reference->ready);
    reference->batch_count = reference->ready_count;
    reference->batch_at = reference->ready_count = 0;
    while (reference->batch_at < reference->batch_count)
        run_job(reference, reference->batch[reference->batch_at++]);
}

/* Moves to the time of the next timer and queues all of that time; false when there is none up to the end. */
static bool move_time(struct reference *reference, double end)
{
    double next = end + 1;

    for (int i = 0; i < reference->timer_count; i++) {
        const struct thing *thing = thing_of(reference, reference->timers[i]);

        if (thing->timed && thing->outcome == PENDING && thing->when < next)
            next = thing->when;
    }
    if (next > end)
        return false;
    reference->time = next;
    for (int i = 0; i < reference->timer_count; i++) {
        struct thing *thing = thing_of(reference, reference->timers[i]);

        if (thing->timed && thing->outcome == PENDING && thing->when <= next) {
            thing->timed = false;
            queue(reference, (struct job){FIRE, reference->timers[i], 0});
        }
    }
    return true;
}

static void tell_states(struct reference *reference)
{
    for (int i = 0; i < reference->plan->tasks + reference->plan->promises; i++) {
        const struct thing *thing = thing_of(reference, i);

        if (is_known(reference, i))
            journal_add(reference->journal, "%d: %s %d\n", i, outcome_name(thing->outcome), thing->value);
    }
}

bool reference_run(const struct plan *plan, struct journal *journal)
{
    struct reference *reference = calloc(1, sizeof *reference);
    bool open;

    *reference = (struct reference){.plan = plan, .journal = journal};
    for (int i = 0; i < plan->tasks; i++)
        thing_of(reference, make(reference, TASK))->exists = i == 0;
    for (int i = 0; i < plan->promises; i++)
        make(reference, PROMISE);
    queue(reference, (struct job){STEP, 0, 0});
    if (plan->turns >= 0)
        for (int i = 0; i < plan->turns; i++)
            run_turn(reference);
    else
        do {
            while (reference->ready_count)
                run_turn(reference);
        } while (move_time(reference, plan->seconds));
    tell_states(reference);
    open = reference->open;
    free(reference);
    return !open;
}
