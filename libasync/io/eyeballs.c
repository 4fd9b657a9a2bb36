/*
 * Happy Eyeballs (RFC 8305): the addresses of a host take turns by family, each gets a quarter of a second before the
 * next begins beside it, and one that fails has the next begin at once. Both families come from one look-up here, so
 * there is no waiting for the second.
 */
#include "libasync/io/connect.h"

/* A crowded Unix socket is asked again after a millisecond, then after twice as long, up to this. */
#define LEAST_PATIENCE 0.001
#define MOST_PATIENCE 0.064

static void on_answer(async_loop *loop, struct node *node);
static const struct node_ops attempt_ops = {.run = on_answer};

static struct attempt *allocate(struct opening *opening, size_t count)
{
    opening->attempts = memory_allocate(count * sizeof *opening->attempts);
    opening->count = opening->attempts ? (uint32_t)count : 0;
    return opening->attempts;
}

static void place(struct opening *opening, size_t place, async_value *address)
{
    opening->attempts[place] = (struct attempt){.node.ops = &attempt_ops, .opening = opening, .descriptor = -1,
                                                .address = async_value_ref(address)};
}

bool opening_arrange_one(struct opening *opening, async_value *address)
{
    if (!allocate(opening, 1))
        return false;
    place(opening, 0, address);
    return true;
}

/* The next item that is of the family or, if `other`, that is not; the count where there is none. */
static size_t find(const async_value *list, size_t item, int family, bool other)
{
    size_t count = async_value_count(list);

    while (item < count && (async_address_family(async_value_item(list, item)) == family) == other)
        item++;
    return item;
}

/* The best address's family first, then the families by turns as long as both last; each in the look-up's order. */
bool opening_arrange(struct opening *opening, const async_value *list)
{
    size_t count = async_value_count(list), next[2] = {0, 0};
    int family = async_address_family(async_value_item(list, 0));

    if (!allocate(opening, count))
        return false;
    for (size_t i = 0; i < count; i++) {
        bool other = i % 2;

        next[other] = find(list, next[other], family, other);
        if (next[other] == count) {
            other = !other;
            next[other] = find(list, next[other], family, other);
        }
        place(opening, i, async_value_item(list, next[other]++));
    }
    return true;
}

static double after(const struct opening *opening, double seconds)
{
    return seconds == ASYNC_FOREVER ? ASYNC_FOREVER : loop_now(opening->future.loop) + seconds;
}

/* False without memory. */
static bool schedule(struct opening *opening)
{
    async_loop *loop = opening->future.loop;
    double when = opening->limit;

    if (opening->next != ASYNC_FOREVER && (when == ASYNC_FOREVER || opening->next < when))
        when = opening->next;
    timer_stop(loop, &opening->future.timer);
    return when == ASYNC_FOREVER || timer_start(loop, &opening->future.timer, when);
}

static double next_patience(double patience)
{
    if (!patience)
        return LEAST_PATIENCE;
    return patience * 2 < MOST_PATIENCE ? patience * 2 : MOST_PATIENCE;
}

/* What an attempt has come to decides what the race waits for next. */
static void go_on(struct opening *opening, struct attempt *attempt, enum attempt_state state)
{
    opening->next = ASYNC_FOREVER;
    opening->patience = state == ATTEMPT_CROWDED ? next_patience(opening->patience) : 0;
    if (opening->patience)
        opening->next = after(opening, opening->patience);
    else if (opening->begun < opening->count)
        opening->next = after(opening, opening_options(opening)->attempt_delay);

    opening->under_way += state == ATTEMPT_UNDER_WAY || state == ATTEMPT_CROWDED;
    if (state == ATTEMPT_CONNECTED)
        opening_won(opening, attempt);
    else if (!opening->under_way)
        opening_lost(opening);
    else if (!schedule(opening))
        opening_out_of_memory(opening);
}

void opening_race(struct opening *opening)
{
    enum attempt_state state = ATTEMPT_FAILED;
    struct attempt *attempt = NULL;

    while (state == ATTEMPT_FAILED && opening->begun < opening->count) {
        attempt = &opening->attempts[opening->begun++];
        state = attempt_begin(attempt);
    }
    go_on(opening, attempt, state);
}

static void on_answer(async_loop *loop, struct node *node)
{
    struct attempt *attempt = container_of(node, struct attempt, node);
    struct opening *opening = attempt->opening;

    opening->under_way--;
    if (attempt_look(attempt) == ATTEMPT_CONNECTED)
        opening_won(opening, attempt);
    else
        opening_race(opening);
}

void opening_on_time(struct opening *opening)
{
    if (opening->limit != ASYNC_FOREVER && loop_now(opening->future.loop) >= opening->limit) {
        opening_timed_out(opening);
    } else if (opening->patience) {
        opening->under_way--;
        go_on(opening, opening->attempts, attempt_repeat(opening->attempts));
    } else {
        opening_race(opening);
    }
}

void opening_end_race(struct opening *opening)
{
    for (uint32_t i = 0; i < opening->count; i++) {
        attempt_close(&opening->attempts[i]);
        async_value_unref(opening->attempts[i].address);
    }
    memory_release(opening->attempts, opening->count * sizeof *opening->attempts);
    opening->attempts = NULL;
    opening->count = 0;
}
