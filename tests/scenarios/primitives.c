/* Locks, events, conditions, semaphores, barriers and queues: the words of the cases for them. */
#include "tests/scenarios/player.h"

#include <stdlib.h>
#include <string.h>

/* What a name stands for is one of these; the others are NULL. */
struct primitive {
    async_lock *lock;
    async_event *event;
    async_condition *condition;
    async_semaphore *semaphore;
    async_barrier *barrier;
    async_queue *queue;
};

struct primitive *primitive_new(const char *kind, int number)
{
    struct primitive made = {0}, *kept;

    if (strcmp(kind, "lock") == 0)
        made.lock = async_lock_new(loop);
    else if (strcmp(kind, "event") == 0)
        made.event = async_event_new(loop);
    else if (strcmp(kind, "condition") == 0)
        made.condition = async_condition_new(loop, NULL);
    else if (strcmp(kind, "semaphore") == 0)
        made.semaphore = async_semaphore_new(loop, number);
    else if (strcmp(kind, "bounded") == 0)
        made.semaphore = async_semaphore_new_bounded(loop, number);
    else if (strcmp(kind, "barrier") == 0)
        made.barrier = async_barrier_new(loop, number);
    else if (strcmp(kind, "queue") == 0)
        made.queue = async_queue_new(loop, number, ASYNC_QUEUE_FIFO);
    else if (strcmp(kind, "lifo") == 0)
        made.queue = async_queue_new(loop, number, ASYNC_QUEUE_LIFO);
    else if (strcmp(kind, "priority") == 0)
        made.queue = async_queue_new(loop, number, ASYNC_QUEUE_PRIORITY);
    else
        return NULL;
    kept = malloc(sizeof *kept);
    *kept = made;
    return kept;
}

void primitive_free(struct primitive *primitive)
{
    if (!primitive)
        return;
    async_lock_unref(primitive->lock);
    async_event_unref(primitive->event);
    async_condition_unref(primitive->condition);
    async_semaphore_unref(primitive->semaphore);
    async_barrier_unref(primitive->barrier);
    async_queue_unref(primitive->queue);
    free(primitive);
}

static async_future *acquire(const struct primitive *primitive)
{
    if (primitive->lock)
        return async_lock_acquire(primitive->lock);
    return primitive->semaphore ? async_semaphore_acquire(primitive->semaphore)
                                : async_condition_acquire(primitive->condition);
}

static async_future *wait_at(const struct primitive *primitive)
{
    if (primitive->event)
        return async_event_wait(primitive->event);
    return primitive->barrier ? async_barrier_wait(primitive->barrier) : async_condition_wait(primitive->condition);
}

async_future *primitive_await(const char *verb, const struct primitive *primitive, int number)
{
    if (strcmp(verb, "acquire") == 0)
        return acquire(primitive);
    if (strcmp(verb, "wait_at") == 0)
        return wait_at(primitive);
    if (strcmp(verb, "put") == 0)
        return async_queue_put(primitive->queue, async_int(number));
    if (strcmp(verb, "get") == 0)
        return async_queue_get(primitive->queue);
    return strcmp(verb, "join") == 0 ? async_queue_join(primitive->queue) : NULL;
}

static int release(const struct primitive *primitive)
{
    if (primitive->lock)
        return async_lock_release(primitive->lock);
    return primitive->semaphore ? async_semaphore_release(primitive->semaphore)
                                : async_condition_release(primitive->condition);
}

static int notify(const struct primitive *primitive, const char *count)
{
    if (strcmp(count, "all") == 0)
        return async_condition_notify_all(primitive->condition);
    return async_condition_notify(primitive->condition, (size_t)atoi(count));
}

static bool is_locked(const struct primitive *primitive)
{
    if (primitive->lock)
        return async_lock_is_locked(primitive->lock);
    return primitive->semaphore ? async_semaphore_is_locked(primitive->semaphore)
                                : async_condition_is_locked(primitive->condition);
}

static void get_nowait(const char *who, const char *name, const struct primitive *primitive)
{
    async_value *value = NULL;
    int error = async_queue_get_nowait(primitive->queue, &value);

    if (error)
        say(who, "get_nowait %s ! %s", name, error == ASYNC_EEMPTY ? "empty" : "shutdown");
    else
        say(who, "get_nowait %s = %s", name, value_words(value));
    async_value_unref(value);
}

static bool ask(const char *who, const char *verb, const char *name, const struct primitive *primitive)
{
    if (strcmp(verb, "get_nowait") == 0)
        get_nowait(who, name, primitive);
    else if (strcmp(verb, "locked") == 0)
        say(who, "%s locked: %s", name, is_locked(primitive) ? "yes" : "no");
    else if (strcmp(verb, "size") == 0)
        say(who, "%s has %zu", name, async_queue_size(primitive->queue));
    else if (strcmp(verb, "waiting") == 0)
        say(who, "%s waiting: %lld", name, (long long)async_barrier_waiting(primitive->barrier));
    else
        return false;
    return true;
}

static const char *refusal_words(int error)
{
    if (error == ASYNC_EFULL)
        return "full";
    return error == ASYNC_ESHUTDOWN ? "shutdown" : "refused";
}

bool primitive_act(const char *who, const struct op *op, char **words)
{
    const char *verb = words[-1], *name = words[0];
    const struct primitive *primitive = name ? named_find(name)->primitive : NULL;
    int error;

    if (!primitive)
        return false;
    if (ask(who, verb, name, primitive))
        return true;
    if (strcmp(verb, "release") == 0)
        error = release(primitive);
    else if (strcmp(verb, "set") == 0)
        error = async_event_set(primitive->event);
    else if (strcmp(verb, "clear") == 0)
        error = async_event_clear(primitive->event);
    else if (strcmp(verb, "notify") == 0)
        error = notify(primitive, words[1]);
    else if (strcmp(verb, "reset") == 0)
        error = async_barrier_reset(primitive->barrier);
    else if (strcmp(verb, "abort") == 0)
        error = async_barrier_abort(primitive->barrier);
    else if (strcmp(verb, "put_nowait") == 0)
        error = async_queue_put_nowait(primitive->queue, async_int(atoi(words[1])));
    else if (strcmp(verb, "task_done") == 0)
        error = async_queue_task_done(primitive->queue);
    else if (strcmp(verb, "shutdown") == 0)
        error = async_queue_shutdown(primitive->queue, words[1]);
    else
        return false;
    if (error)
        say(who, "%s %s ! %s", verb, name, refusal_words(error));
    return true;
}
