/* What a queue holds: a ring for first and last in, a binary heap for priorities. (Williams, "Heapsort", 1964.) */
#include "libasync/queue.h"
#include "libasync/sync/internal.h"

#define CAPACITY_START 16

void store_init(struct store *store, int kind)
{
    *store = (struct store){.kind = kind};
}

static struct entry *entry_at(const struct store *store, size_t place)
{
    return &store->entries[(store->head + place) & (store->capacity - 1)];
}

static void release(struct store *store)
{
    memory_release(store->entries, store->capacity * sizeof *store->entries);
    store->entries = NULL;
    store->capacity = store->head = 0;
}

/* Room for one more; the ring is laid out anew from its head. */
static bool reserve(struct store *store)
{
    size_t capacity = store->capacity ? store->capacity * 2 : CAPACITY_START;
    struct entry *entries;

    if (likely(store->count < store->capacity))
        return true;
    entries = memory_allocate(capacity * sizeof *entries);
    if (!entries)
        return false;
    for (size_t i = 0; i < store->count; i++)
        entries[i] = *entry_at(store, i);
    release(store);
    store->entries = entries;
    store->capacity = capacity;
    return true;
}

/* Of equal values the older one comes first. So do two that cannot be compared, which happens only where lists hold
 * such things behind their first items: they were let in because they met others. */
static bool is_before(const struct entry *one, const struct entry *other)
{
    int answer = value_compare(one->value, other->value);

    return answer == 0 || answer == INCOMPARABLE ? one->order < other->order : answer < 0;
}

/* Where a new value belongs, or ASYNC_EINVAL on the way. */
static int find_place(const struct store *store, const struct entry *entry, size_t *place)
{
    *place = store->count;
    if (value_compare(entry->value, entry->value) == INCOMPARABLE)
        return ASYNC_EINVAL;
    while (*place > 0) {
        const struct entry *parent = &store->entries[(*place - 1) / 2];
        int answer = value_compare(entry->value, parent->value);

        if (answer == INCOMPARABLE)
            return ASYNC_EINVAL;
        if (answer >= 0)
            break;
        *place = (*place - 1) / 2;
    }
    return 0;
}

static int push(struct store *store, struct entry entry)
{
    size_t place;
    int error = find_place(store, &entry, &place);

    if (error)
        return error;
    for (size_t below = store->count; below > place; below = (below - 1) / 2)
        store->entries[below] = store->entries[(below - 1) / 2];
    store->entries[place] = entry;
    return 0;
}

static async_value *pop(struct store *store)
{
    async_value *value = store->entries[0].value;
    struct entry last = store->entries[store->count - 1];
    size_t place = 0, child, left = store->count - 1;

    for (; (child = 2 * place + 1) < left; place = child) {
        child += child + 1 < left && is_before(&store->entries[child + 1], &store->entries[child]);
        if (!is_before(&store->entries[child], &last))
            break;
        store->entries[place] = store->entries[child];
    }
    store->entries[place] = last;
    return value;
}

int store_put(struct store *store, async_value *value)
{
    struct entry entry = {value, store->next_order};
    int error = reserve(store) ? 0 : ASYNC_ENOMEM;

    if (!error && store->kind == ASYNC_QUEUE_PRIORITY)
        error = push(store, entry);
    else if (!error)
        *entry_at(store, store->count) = entry;
    if (error)
        return error;
    store->next_order++;
    store->count++;
    return 0;
}

/* Memory that a wave of values took is given back once they are gone. */
async_value *store_take(struct store *store)
{
    async_value *value;

    if (store->kind == ASYNC_QUEUE_PRIORITY)
        value = pop(store);
    else if (store->kind == ASYNC_QUEUE_LIFO)
        value = entry_at(store, store->count - 1)->value;
    else
        value = entry_at(store, 0)->value;
    if (store->kind == ASYNC_QUEUE_FIFO)
        store->head = (store->head + 1) & (store->capacity - 1);
    if (--store->count == 0 && unlikely(store->capacity > CAPACITY_START))
        release(store);
    return value;
}

/* The clean-up of an object may come back with a question to the queue, which then finds it empty. */
void store_clear(struct store *store)
{
    struct store old = *store;

    store->entries = NULL;
    store->capacity = store->head = store->count = 0;
    for (size_t i = 0; i < old.count; i++)
        async_value_unref(entry_at(&old, i)->value);
    release(&old);
}
