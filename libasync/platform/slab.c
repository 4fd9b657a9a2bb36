#include "libasync/platform/internal.h"

#include <assert.h>

/* A whole chunk with malloc's own header fills 64 KiB; aligned chunks then follow each other without a gap. */
#define CHUNK_ALIGNMENT 65536
#define CHUNK_SIZE (CHUNK_ALIGNMENT - 64)
#define LONE_CHUNK_ALIGNMENT 512
#define HEADER_SIZE 64

_Static_assert(sizeof(struct slab_chunk) <= HEADER_SIZE, "a chunk's header stands before its first object");

bool slab_one_object_chunks;

void slab_init(struct slab *slab, size_t object_size)
{
    bool lone = slab_one_object_chunks;

    assert(object_size >= sizeof(struct slab_object) && object_size <= LONE_CHUNK_ALIGNMENT - HEADER_SIZE);
    *slab = (struct slab){.object_size = (uint32_t)object_size};
    slab->chunk_size = lone ? HEADER_SIZE + object_size : CHUNK_SIZE;
    slab->chunk_mask = ~(uintptr_t)((lone ? LONE_CHUNK_ALIGNMENT : CHUNK_ALIGNMENT) - 1);
    slab->capacity = (uint32_t)((slab->chunk_size - HEADER_SIZE) / object_size);
}

static char *first_object(struct slab_chunk *chunk)
{
    return (char *)chunk + HEADER_SIZE;
}

static void link_roomy(struct slab *slab, struct slab_chunk *chunk)
{
    chunk->roomy = (struct slab_link){.next = slab->roomy};
    if (slab->roomy)
        slab->roomy->roomy.previous = chunk;
    slab->roomy = chunk;
}

static void unlink_roomy(struct slab *slab, struct slab_chunk *chunk)
{
    if (chunk->roomy.next)
        chunk->roomy.next->roomy.previous = chunk->roomy.previous;
    if (chunk->roomy.previous)
        chunk->roomy.previous->roomy.next = chunk->roomy.next;
    else
        slab->roomy = chunk->roomy.next;
}

static struct slab_chunk *add_chunk(struct slab *slab)
{
    struct slab_chunk *chunk = memory_allocate_aligned(slab->chunk_size, ~slab->chunk_mask + 1);

    if (!chunk)
        return NULL;
    *chunk = (struct slab_chunk){.all.next = slab->all, .fresh = first_object(chunk)};
    chunk->behind = chunk->fresh + (size_t)slab->capacity * slab->object_size;
    if (slab->all)
        slab->all->all.previous = chunk;
    slab->all = chunk;
    link_roomy(slab, chunk);
    return chunk;
}

static void give_back(struct slab *slab, struct slab_chunk *chunk)
{
    if (chunk->all.next)
        chunk->all.next->all.previous = chunk->all.previous;
    if (chunk->all.previous)
        chunk->all.previous->all.next = chunk->all.next;
    else
        slab->all = chunk->all.next;
    memory_release(chunk, slab->chunk_size);
}

static struct slab_chunk *pop_empty(struct slab *slab)
{
    struct slab_chunk *chunk = slab->empty;

    slab->empty = chunk->roomy.next;
    slab->empties--;
    if (slab->unused > slab->empties)
        slab->unused = slab->empties;
    return chunk;
}

/* Full chunks leave the list here, when they are met, and not as they fill up: that saves each allocation a look. */
static struct slab_chunk *find_room(struct slab *slab)
{
    while (slab->roomy) {
        if (slab->roomy->free || slab->roomy->fresh != slab->roomy->behind)
            return slab->roomy;
        slab->roomy->full = true;
        unlink_roomy(slab, slab->roomy);
    }
    if (!slab->empty)
        return add_chunk(slab);
    link_roomy(slab, pop_empty(slab));
    return slab->roomy;
}

void *slab_allocate_slowly(struct slab *slab)
{
    return find_room(slab) ? slab_take(slab) : NULL;
}

/*
 * A chunk that becomes empty is kept for the next wave. That carves it anew, from one end to the other: the order in
 * which objects came back may be any, and memory is slow to follow it. While the chunks are walked none may go.
 */
static void set_aside(struct slab *slab, struct slab_chunk *chunk)
{
    unlink_roomy(slab, chunk);
    if (slab->capacity == 1 && !slab->walking) {
        give_back(slab, chunk);
        return;
    }
    chunk->free = NULL;
    chunk->fresh = first_object(chunk);
    chunk->roomy.next = slab->empty;
    slab->empty = chunk;
    slab->empties++;
}

void slab_relist(struct slab *slab, struct slab_chunk *chunk)
{
    if (chunk->full) {
        chunk->full = false;
        link_roomy(slab, chunk);
    }
    if (chunk->live == 0)
        set_aside(slab, chunk);
}

void slab_tidy(struct slab *slab)
{
    for (uint32_t unused = slab->unused; unused; unused--)
        give_back(slab, pop_empty(slab));
    slab->unused = slab->empties;
}

void slab_trim(struct slab *slab)
{
    while (slab->empty)
        give_back(slab, pop_empty(slab));
}

bool slab_is_empty(struct slab *slab)
{
    slab_trim(slab);
    return !slab->all;
}

void slab_walk(struct slab *slab, void (*visit)(void *object, void *user), void *user)
{
    bool outermost = !slab->walking;

    slab->walking = true;
    for (struct slab_chunk *chunk = slab->all; chunk; chunk = chunk->all.next)
        for (char *place = first_object(chunk); place < chunk->fresh; place += slab->object_size) {
            struct slab_object *object = (struct slab_object *)place;

            if (object->alive)
                visit(object, user);
        }
    if (outermost) {
        slab->walking = false;
        slab_trim(slab);
    }
}
