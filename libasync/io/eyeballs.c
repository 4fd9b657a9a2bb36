/*
 * Happy Eyeballs (RFC 8305): the addresses of a host take turns by family, each gets a quarter of a second before the
 * next begins beside it, and one that fails has the next begin at once. One look-up asks for both families; where one
 * answer is late, the addresses of the other begin without it, and it joins the race when it comes.
 */
#include "libasync/io/connect.h"

/* A crowded Unix socket is asked again after a millisecond, then after twice as long, up to this. */
#define LEAST_PATIENCE 0.001
#define MOST_PATIENCE 0.064

/* IPv6 addresses are given so long to come before those of IPv4 begin (RFC 8305, section 3). */
#define RESOLUTION_DELAY 0.05

static void on_answer(async_loop *loop, struct node *node);
static const struct node_ops attempt_ops = {.run = on_answer};

static bool make_room(struct opening *opening, size_t count)
{
    size_t size = sizeof *opening->attempts;
    struct attempt **grown = opening->attempts;

    if (count > opening->capacity)
        grown = memory_grow(grown, opening->count * size, opening->capacity * size, count * size);
    if (!grown)
        return false;
    opening->attempts = grown;
    opening->capacity = count > opening->capacity ? (uint32_t)count : opening->capacity;
    return true;
}

/* Behind those that are there; there is room for it. False without memory. */
static bool place(struct opening *opening, async_value *address)
{
    struct attempt *attempt = memory_allocate(sizeof *attempt);

    if (!attempt)
        return false;
    *attempt = (struct attempt){.node.ops = &attempt_ops, .opening = opening, .descriptor = -1,
                                .address = async_value_ref(address)};
    opening->attempts[opening->count++] = attempt;
    return true;
}

static void drop_behind(struct opening *opening, uint32_t count)
{
    while (opening->count > count) {
        struct attempt *attempt = opening->attempts[--opening->count];

        attempt_close(attempt);
        async_value_unref(attempt->address);
        memory_release(attempt, sizeof *attempt);
    }
}

bool opening_arrange_one(struct opening *opening, async_value *address)
{
    return make_room(opening, 1) && place(opening, address);
}

static bool has_begun(const struct opening *opening, const async_value *address)
{
    for (uint32_t i = 0; i < opening->begun; i++)
        if (strcmp(async_address_text(opening->attempts[i]->address), async_address_text(address)) == 0)
            return true;
    return false;
}

/* The next item that is of the family or, if `other`, that is not, and has not begun; the count where there is none. */
static size_t find(const struct opening *opening, const async_value *list, size_t item, int family, bool other)
{
    size_t count = async_value_count(list);

    while (item < count && ((async_address_family(async_value_item(list, item)) == family) == other ||
                            has_begun(opening, async_value_item(list, item))))
        item++;
    return item;
}

/* The family that has its turn after the last one that has begun; at first, that of the best address. */
static int first_family(const struct opening *opening, const async_value *list)
{
    if (!opening->begun)
        return async_address_family(async_value_item(list, 0));
    return async_address_family(opening->attempts[opening->begun - 1]->address) == ASYNC_IPV6 ? ASYNC_IPV4 : ASYNC_IPV6;
}

/* The families by turns as long as both last; each in the look-up's order. */
bool opening_arrange(struct opening *opening, const async_value *list)
{
    size_t count = async_value_count(list), next[2] = {0, 0};
    int family = first_family(opening, list);
    bool placed = true;

    drop_behind(opening, opening->begun);
    if (!make_room(opening, opening->begun + count))
        return false;
    for (bool other = false; placed; other = !other) {
        next[other] = find(opening, list, next[other], family, other);
        if (next[other] == count) {
            other = !other;
            next[other] = find(opening, list, next[other], family, other);
        }
        if (next[other] == count)
            return true;
        placed = place(opening, async_value_item(list, next[other]++));
    }
    return false;
}

static double after(const struct opening *opening, double seconds)
{
    return seconds == ASYNC_FOREVER ? ASYNC_FOREVER : loop_now(opening->future.loop) + seconds;
}

/* False without memory. */
static bool schedule(struct opening *opening)
{
    async_loop *loop = opening->future.loop;
    bool is_next = opening->next != ASYNC_FOREVER && (opening->patience || opening->begun < opening->count);
    double when = opening->limit;

    if (is_next && (when == ASYNC_FOREVER || opening->next < when))
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

static double delay_after(const struct opening *opening, enum attempt_state state)
{
    if (opening->patience)
        return opening->patience;
    return state == ATTEMPT_FAILED ? 0 : opening_options(opening)->attempt_delay;
}

/* What an attempt has come to decides what the race waits for next. When all have failed, it is the rest of the
 * addresses, if they may still come. */
static void go_on(struct opening *opening, struct attempt *attempt, enum attempt_state state)
{
    opening->patience = state == ATTEMPT_CROWDED ? next_patience(opening->patience) : 0;
    opening->next = after(opening, delay_after(opening, state));

    opening->under_way += state == ATTEMPT_UNDER_WAY || state == ATTEMPT_CROWDED;
    if (state == ATTEMPT_CONNECTED)
        opening_won(opening, attempt);
    else if (!opening->under_way && !opening->lookup)
        opening_lost(opening);
    else if (!schedule(opening))
        opening_out_of_memory(opening);
}

void opening_race(struct opening *opening)
{
    enum attempt_state state = ATTEMPT_FAILED;
    struct attempt *attempt = NULL;

    while (state == ATTEMPT_FAILED && opening->begun < opening->count) {
        attempt = opening->attempts[opening->begun++];
        state = attempt_begin(attempt);
    }
    go_on(opening, attempt, state);
}

void opening_race_half(struct opening *opening)
{
    if (async_address_family(opening->attempts[0]->address) == ASYNC_IPV6) {
        opening_race(opening);
        return;
    }
    opening->next = after(opening, RESOLUTION_DELAY);
    if (!schedule(opening))
        opening_out_of_memory(opening);
}

static bool is_due(const struct opening *opening)
{
    return opening->next != ASYNC_FOREVER && loop_now(opening->future.loop) >= opening->next;
}

void opening_go_on(struct opening *opening)
{
    if (!opening->under_way || is_due(opening))
        opening_race(opening);
    else if (!schedule(opening))
        opening_out_of_memory(opening);
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
        go_on(opening, *opening->attempts, attempt_repeat(*opening->attempts));
    } else {
        opening_race(opening);
    }
}

void opening_end_race(struct opening *opening)
{
    drop_behind(opening, 0);
    memory_release(opening->attempts, opening->capacity * sizeof *opening->attempts);
    opening->attempts = NULL;
    opening->capacity = 0;
}
