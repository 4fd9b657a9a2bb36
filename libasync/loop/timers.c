/*
 * Timers in a 4-ary heap: half the levels of a binary one, and the four children of a place share a cache line. The
 * times stand in the heap itself, so that sifting touches a timer only to tell it its new place. Equal times keep the
 * order of their start. (Knuth, The Art of Computer Programming, volume 3, 5.2.3; Johnson, "Priority queues with update
 * and finding minimum spanning trees", 1975, for d-ary heaps.)
 */
#include "libasync/loop/internal.h"

#include <string.h>

#define CHILDREN 4
#define CAPACITY_START 16
/* How many one look at the clock queues: what they touch is then still in the cache when they run. More than these may
 * be due; the next look, a turn later, goes on with them. */
#define EXPIRE_MOST 256

static uint32_t parent_of(uint32_t place)
{
    return (place - 1) / CHILDREN;
}

/* No time is negative, so doubles stand in the order of their bits, and whole numbers compare in half the time. */
static uint64_t bits(double when)
{
    uint64_t whole;

    memcpy(&whole, &when, sizeof whole);
    return whole;
}

/* Sequence numbers wrap around; of two that live at once the distance is what counts. */
static bool is_before(const struct timer_entry *one, const struct timer_entry *other)
{
    if (unlikely(bits(one->when) == bits(other->when)))
        return (int32_t)(one->timer->sequence - other->timer->sequence) < 0;
    return bits(one->when) < bits(other->when);
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

/* Of the last group, which may not be full. */
static uint32_t earliest_of_few(const struct timers *timers, uint32_t first)
{
    uint32_t best = first;

    for (uint32_t child = first + 1; child < timers->count; child++)
        if (is_before(&timers->entries[child], &timers->entries[best]))
            best = child;
    return best;
}

/* Two pairs and then their winners, by sums: no processor foresees which child is the earliest, so nothing branches. */
static uint32_t earliest_child(const struct timers *timers, uint32_t place)
{
    const struct timer_entry *entries = timers->entries;
    uint32_t first = place * CHILDREN + 1, one, two;

    if (unlikely(first + CHILDREN > timers->count))
        return earliest_of_few(timers, first);
    one = first + is_before(&entries[first + 1], &entries[first]);
    two = first + 2 + is_before(&entries[first + 3], &entries[first + 2]);
    return one + (two - one) * is_before(&entries[two], &entries[one]);
}

/* While the children are compared, memory may already fetch theirs. Beyond the array's end it does no harm. */
static void prefetch_grandchildren(const struct timers *timers, uint32_t place)
{
    const struct timer_entry *entries = timers->entries + (place * CHILDREN + 1) * CHILDREN + 1;

    for (size_t group = 0; group < CHILDREN; group++)
        __builtin_prefetch(entries + group * CHILDREN);
}

static void sift_down(struct timers *timers, uint32_t place, struct timer_entry entry)
{
    while (place * CHILDREN + 1 < timers->count) {
        uint32_t child;

        prefetch_grandchildren(timers, place);
        child = earliest_child(timers, place);
        if (!is_before(&timers->entries[child], &entry))
            break;
        put(timers, place, timers->entries[child]);
        place = child;
    }
    put(timers, place, entry);
}

/* The root stands so that each group of children begins a cache line. */
#define CACHE_LINE 64
#define ENTRIES_BEFORE_ROOT (CACHE_LINE / sizeof(struct timer_entry) - 1)

static size_t block_size(uint32_t capacity)
{
    return (ENTRIES_BEFORE_ROOT + capacity) * sizeof(struct timer_entry);
}

void timers_release(struct timers *timers)
{
    if (timers->capacity)
        memory_release(timers->entries - ENTRIES_BEFORE_ROOT, block_size(timers->capacity));
    *timers = (struct timers){0};
}

static bool resize(struct timers *timers, uint32_t capacity)
{
    struct timer_entry *block = memory_allocate_aligned(block_size(capacity), CACHE_LINE);
    struct timers former = *timers;

    if (!block)
        return false;
    timers->entries = block + ENTRIES_BEFORE_ROOT;
    timers->capacity = capacity;
    if (former.count)
        memcpy(timers->entries, former.entries, former.count * sizeof *former.entries);
    timers_release(&former);
    return true;
}

bool timer_start(async_loop *loop, struct timer *timer, double when)
{
    struct timers *timers = &loop->timers;

    if (unlikely(timers->count == timers->capacity) &&
        !resize(timers, timers->capacity ? timers->capacity * 2 : CAPACITY_START))
        return false;
    timer->sequence = timers->next_sequence++;
    sift_up(timers, timers->count++, (struct timer_entry){when > 0 ? when : 0, timer});
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

    for (uint32_t expired = 0; timers->count && timers->entries[0].when <= now; expired++) {
        struct timer *timer = timers->entries[0].timer;

        if (expired == EXPIRE_MOST) {
            loop_look_soon(loop);
            break;
        }
        take_out(timers, 0);
        loop_queue(loop, &timer->node);
    }
    shrink(timers);
}
