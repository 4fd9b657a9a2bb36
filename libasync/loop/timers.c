/*
 * Timers in a 4-ary heap: half the levels of a binary one, and the four children of a place share a cache line. The
 * times stand in the heap itself, so that sifting touches a timer only to tell it its new place. Equal times keep the
 * order of their start. (Knuth, The Art of Computer Programming, volume 3, 5.2.3; Johnson, "Priority queues with update
 * and finding minimum spanning trees", 1975, for d-ary heaps.)
 */
#include "libasync/loop/internal.h"

#define CHILDREN 4
#define CAPACITY_START 16

static uint32_t parent_of(uint32_t place)
{
    return (place - 1) / CHILDREN;
}

/* Sequence numbers wrap around; of two that live at once the distance is what counts. */
static bool is_before(const struct timer_entry *one, const struct timer_entry *other)
{
    if (one->when != other->when)
        return one->when < other->when;
    return (int32_t)(one->timer->sequence - other->timer->sequence) < 0;
}

static void put(struct timers *timers, uint32_t place, struct timer_entry entry)
{
    timers->entries[place] = entry;
    entry.timer->index = place + 1;
}

static void sift_up(struct timers *timers, uint32_t place, struct timer_entry entry)
{
    while (place > 0 && is_before(&entry, &timers->entries[parent_of(place)])) {
        put(timers, place, timers->entries[parent_of(place)]);
        place = parent_of(place);
    }
    put(timers, place, entry);
}

static uint32_t earliest_child(const struct timers *timers, uint32_t place)
{
    uint32_t first = place * CHILDREN + 1, best = first;
    uint32_t behind = first + CHILDREN < timers->count ? first + CHILDREN : timers->count;

    for (uint32_t child = first + 1; child < behind; child++)
        if (is_before(&timers->entries[child], &timers->entries[best]))
            best = child;
    return best;
}

static void sift_down(struct timers *timers, uint32_t place, struct timer_entry entry)
{
    while (place * CHILDREN + 1 < timers->count) {
        uint32_t child = earliest_child(timers, place);

        if (!is_before(&timers->entries[child], &entry))
            break;
        put(timers, place, timers->entries[child]);
        place = child;
    }
    put(timers, place, entry);
}

static bool resize(struct timers *timers, uint32_t capacity)
{
    size_t entry = sizeof *timers->entries;
    void *entries = memory_grow(timers->entries, timers->count * entry, timers->capacity * entry, capacity * entry);

    if (!entries)
        return false;
    timers->entries = entries;
    timers->capacity = capacity;
    return true;
}

bool timer_start(async_loop *loop, struct timer *timer, double when)
{
    struct timers *timers = &loop->timers;

    if (unlikely(timers->count == timers->capacity) &&
        !resize(timers, timers->capacity ? timers->capacity * 2 : CAPACITY_START))
        return false;
    timer->sequence = timers->next_sequence++;
    sift_up(timers, timers->count++, (struct timer_entry){when, timer});
    if (when <= loop->looked)
        loop_look_soon(loop);
    return true;
}

/* The last entry fills the gap. It may belong above it as well as below: they need not be of one branch. */
static void take_out(struct timers *timers, uint32_t place)
{
    struct timer_entry last = timers->entries[--timers->count];

    timers->entries[place].timer->index = 0;
    if (place == timers->count)
        return;
    if (place > 0 && is_before(&last, &timers->entries[parent_of(place)]))
        sift_up(timers, place, last);
    else
        sift_down(timers, place, last);
}

/* Memory follows the load down again, at a distance, so that a wave of timers does not copy the array to and fro. */
static void shrink(struct timers *timers)
{
    if (timers->capacity > CAPACITY_START && timers->count < timers->capacity / 8)
        resize(timers, timers->capacity / 4 > CAPACITY_START ? timers->capacity / 4 : CAPACITY_START);
}

void timer_stop(async_loop *loop, struct timer *timer)
{
    if (timer->index) {
        take_out(&loop->timers, timer->index - 1);
        shrink(&loop->timers);
    } else if (node_is_linked(&timer->node)) {
        node_unlink(&timer->node);
    }
}

void timers_expire(async_loop *loop, double now)
{
    struct timers *timers = &loop->timers;

    while (timers->count && timers->entries[0].when <= now) {
        struct timer *timer = timers->entries[0].timer;

        take_out(timers, 0);
        loop_queue(loop, &timer->node);
    }
    shrink(timers);
}
