/* The same orders by libasync, on a loop of their own with a test clock; then the count of what was given and ended. */
#include "tests/model/model.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define MOST_CALLS (MOST_TASKS * MOST_ORDERS)
#define POSTS 24

struct world;

struct actor {
    struct world *world;
    int number, at;
    bool waits;
    int made, destroyed;
};

struct call {
    struct world *world;
    int number, called, destroyed;
};

struct post {
    struct world *world;
    int what, value;
    bool cancels;
    int called, destroyed;
};

struct world {
    const struct plan *plan;
    struct journal *journal;    /* NULL: what happens now is not told */
    async_loop *loop;
    async_future *things[MOST_THINGS];
    bool exists[MOST_THINGS], dropped[MOST_THINGS];
    struct actor actors[MOST_TASKS];
    struct call calls[MOST_CALLS];
    int call_count;
    struct post posts[POSTS];
    async_future *promises[MOST_PROMISES];    /* the poster's own references */
};

static bool is_known(const struct world *world, int number)
{
    return world->exists[number] && !world->dropped[number];
}

static void tell(struct actor *actor, const char *what, int number)
{
    struct world *world = actor->world;

    if (world->journal)
        journal_add(world->journal, "%g: %d.%d %s %d\n", async_loop_time(world->loop), actor->number, actor->at, what,
                    number);
}

static enum outcome outcome_of(int error)
{
    switch (error) {
    case 0:
        return SUCCESS;
    case ASYNC_ECANCELED:
        return CANCELLED;
    case ASYNC_ETIMEDOUT:
        return TIMED_OUT;
    case ASYNC_EDEADLOCK:
        return DEADLOCK;
    case ASYNC_ECLOSED:
        return CLOSED;
    default:
        return FAILURE;
    }
}

static int number_of(const async_value *value, const async_value *failure)
{
    if (!failure)
        return async_value_kind(value) == ASYNC_INT ? (int)async_value_int(value) : 0;
    return async_value_error(failure) == ASYNC_EHOST ? atoi(async_value_message(failure)) : 0;
}

/* Callbacks */

static void run_call(async_future *future, void *user)
{
    struct call *call = user;

    call->called++;
    if (call->world->journal)
        journal_add(call->world->journal, "%g: call %d\n", async_loop_time(call->world->loop), call->number);
}

static void destroy_call(void *user)
{
    ((struct call *)user)->destroyed++;
}

static void set_call(struct world *world, async_future *future)
{
    struct call *call = &world->calls[world->call_count];

    *call = (struct call){.world = world, .number = world->call_count++};
    async_future_on_done(future, run_call, call, destroy_call);
}

/* Tasks */

static async_next step(async_task *task, void *state);

static void destroy_actor(void *state)
{
    ((struct actor *)state)->destroyed++;
}

static void create(struct world *world, int number)
{
    struct actor *actor = &world->actors[number];

    *actor = (struct actor){.world = world, .number = number, .made = 1};
    world->exists[number] = true;
    world->things[number] = async_create_task(world->loop, step, actor, destroy_actor);
}

static void complete(struct actor *actor, const struct order *order)
{
    async_future *future = actor->world->things[order->what];
    char message[16];
    int error;

    snprintf(message, sizeof message, "%d", order->amount);
    if (order->verb == RESOLVE)
        error = async_future_resolve(future, async_int(order->amount));
    else
        error = async_future_fail(future, ASYNC_EHOST, message);
    tell(actor, "completes", error == 0);
}

static void obey(struct actor *actor, const struct order *order)
{
    struct world *world = actor->world;

    if (order->verb == CREATE && !world->exists[order->what])
        create(world, order->what);
    else if (order->verb == UNCANCEL)
        tell(actor, "uncancels", async_future_uncancel(async_current_task(world->loop)));
    else if (!is_known(world, order->what))
        return;
    else if (order->verb == CANCEL)
        tell(actor, "cancels", async_future_cancel(world->things[order->what], NULL) == 0);
    else if (order->verb == RESOLVE || order->verb == FAIL)
        complete(actor, order);
    else if (order->verb == ON_DONE)
        set_call(world, world->things[order->what]);
    else if (order->verb == DROP) {
        world->dropped[order->what] = true;
        world->things[order->what] = async_future_unref(world->things[order->what]);
    }
}

/* What an order awaits (given); NULL when it does not wait. */
static async_future *awaited_by(struct world *world, const struct order *order)
{
    async_future *futures[2] = {world->things[order->what], world->things[order->other]};

    if (order->verb == SLEEP)
        return async_sleep(world->loop, order->amount);
    if ((order->verb != AWAIT && order->verb != LIMIT && order->verb != GATHER) || !is_known(world, order->what) ||
        (order->verb == GATHER && !is_known(world, order->other)))
        return NULL;
    async_future_ref(futures[0]);
    if (order->verb == LIMIT)
        return async_wait_for(world->loop, futures[0], order->amount);
    if (order->verb == AWAIT)
        return futures[0];
    async_future_ref(futures[1]);
    return async_gather(world->loop, futures, 2, order->keeps ? ASYNC_GATHER_KEEP_ERRORS : 0);
}

static async_next step(async_task *task, void *state)
{
    struct actor *actor = state;
    const struct script *script = &actor->world->plan->scripts[actor->number];
    char message[16];

    if (actor->waits)
        tell(actor, outcome_name(outcome_of(async_caught(task))),
             number_of(async_awaited(task), async_task_failure(task)));
    actor->waits = false;
    while (actor->at < script->count) {
        const struct order *order = &script->orders[actor->at++];
        async_future *awaited;

        if (order->verb == RETURN)
            return async_return(task, async_int(order->amount));
        snprintf(message, sizeof message, "%d", order->amount);
        if (order->verb == RAISE)
            return async_fail(task, ASYNC_EHOST, message);
        obey(actor, order);
        awaited = awaited_by(actor->world, order);
        actor->waits = awaited;
        if (awaited)
            return (order->tries ? async_try : async_await)(task, awaited, step);
    }
    return async_return(task, async_none());
}

/* From the beginning to the close */

/* Failures that nobody reads are many here. */
static void hear(async_loop *from, async_future *source, int error, const char *message, void *user)
{
}

static void begin(struct world *world, const struct plan *plan, struct journal *journal)
{
    *world = (struct world){.plan = plan, .journal = journal, .loop = async_loop_new()};
    async_loop_set_clock(world->loop, ASYNC_CLOCK_MANUAL);
    async_loop_set_exception_handler(world->loop, hear, NULL, NULL);
    for (int i = plan->tasks; i < plan->tasks + plan->promises; i++) {
        world->exists[i] = true;
        world->things[i] = async_future_new(world->loop);
    }
    create(world, 0);
}

static void run(struct world *world)
{
    for (int i = 0; i < world->plan->turns; i++) {
        async_loop_stop(world->loop);
        async_loop_run(world->loop);
    }
    if (world->plan->turns < 0)
        async_loop_advance(world->loop, world->plan->seconds);
}

static void tell_states(struct world *world)
{
    for (int i = 0; i < world->plan->tasks + world->plan->promises; i++) {
        async_future *future = world->things[i];
        bool done = async_future_is_done(future);
        enum outcome outcome = done ? outcome_of(async_future_error(future)) : PENDING;

        if (is_known(world, i))
            journal_add(world->journal, "%d: %s %d\n", i, outcome_name(outcome),
                        done ? number_of(async_future_value(future), async_future_failure(future)) : 0);
    }
}

static const char *count_ends(const struct world *world)
{
    for (int i = 0; i < world->plan->tasks + world->plan->promises; i++)
        if (is_known(world, i) && !async_future_is_done(world->things[i]))
            return "a future is pending after the close";
    for (int i = 0; i < world->plan->tasks; i++)
        if (world->actors[i].destroyed != world->actors[i].made)
            return "a task's state was not destroyed once";
    for (int i = 0; i < world->call_count; i++)
        if (world->calls[i].destroyed != 1 || world->calls[i].called > 1)
            return "a callback was lost or doubled";
    return NULL;
}

static const char *end(struct world *world)
{
    const char *wrong;

    world->journal = NULL;
    async_loop_close(world->loop);
    wrong = count_ends(world);
    for (int i = 0; i < MOST_THINGS; i++)
        async_future_unref(world->things[i]);
    async_loop_unref(world->loop);
    return wrong;
}

const char *real_run(const struct plan *plan, struct journal *journal)
{
    struct world world;

    begin(&world, plan, journal);
    run(&world);
    tell_states(&world);
    return end(&world);
}

/* Another thread meddles */

static void run_post(async_loop *from, void *user)
{
    struct post *post = user;
    async_future *promise = post->world->promises[post->what];

    post->called++;
    if (post->cancels)
        async_future_cancel(promise, NULL);
    else
        async_future_resolve(promise, async_int(post->value));
}

static void destroy_post(void *user)
{
    ((struct post *)user)->destroyed++;
}

static void *post_all(void *user)
{
    struct world *world = user;
    struct dice dice = dice_of(world->plan->seed + 1);
    async_future *held[MOST_PROMISES];

    for (int i = 0; i < world->plan->promises; i++)
        held[i] = async_future_ref(world->promises[i]);
    for (int i = 0; i < POSTS; i++) {
        world->posts[i] = (struct post){.world = world, .what = (int)roll(&dice, (uint32_t)world->plan->promises),
                                        .value = i, .cancels = roll(&dice, 3) == 0};
        async_loop_call_soon_threadsafe(world->loop, run_post, &world->posts[i], destroy_post);
    }
    for (int i = 0; i < world->plan->promises; i++)
        async_future_unref(held[i]);
    async_loop_unref(world->loop);
    return NULL;
}

static const char *count_posts(const struct world *world)
{
    for (int i = 0; i < POSTS; i++)
        if (world->posts[i].destroyed != 1 || world->posts[i].called > 1)
            return "what another thread posted was lost or doubled";
    return NULL;
}

/* The poster's references to the promises are dropped only when it is through, whether the loop lives or not. */
const char *real_run_with_posts(const struct plan *plan)
{
    struct world world;
    pthread_t poster;
    const char *wrong;

    begin(&world, plan, NULL);
    for (int i = 0; i < plan->promises; i++)
        world.promises[i] = async_future_ref(world.things[plan->tasks + i]);
    async_loop_ref(world.loop);
    if (pthread_create(&poster, NULL, post_all, &world))
        abort();
    for (int second = 0; second < plan->seconds; second++)
        async_loop_advance(world.loop, 1);
    wrong = end(&world);
    pthread_join(poster, NULL);
    for (int i = 0; i < plan->promises; i++)
        async_future_unref(world.promises[i]);
    return wrong ? wrong : count_posts(&world);
}
