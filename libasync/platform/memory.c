/* The allocator hook. The count of blocks in use is kept so that the hook cannot be changed under a live handle. */
#include "libasync/platform/internal.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static void *allocate_by_malloc(size_t size, size_t alignment, void *user)
{
    void *block;

    if (alignment <= _Alignof(max_align_t))
        return malloc(size);
    return posix_memalign(&block, alignment, size) == 0 ? block : NULL;
}

static void release_by_free(void *block, size_t size, void *user)
{
    free(block);
}

static async_allocate *allocate = allocate_by_malloc;
static async_release *release = release_by_free;
static void *allocator_user;
static _Atomic size_t blocks_in_use;

int async_set_allocator(async_allocate *new_allocate, async_release *new_release, void *user)
{
    if (!new_allocate != !new_release)
        return ASYNC_EINVAL;
    if (atomic_load(&blocks_in_use))
        return ASYNC_ESTATE;

    allocate = new_allocate ? new_allocate : allocate_by_malloc;
    release = new_release ? new_release : release_by_free;
    allocator_user = user;
    return ASYNC_OK;
}

void *memory_allocate_aligned(size_t size, size_t alignment)
{
    void *block = allocate(size, alignment, allocator_user);

    if (block)
        atomic_fetch_add_explicit(&blocks_in_use, 1, memory_order_relaxed);
    return block;
}

void *memory_allocate(size_t size)
{
    return memory_allocate_aligned(size, _Alignof(max_align_t));
}

void memory_release(void *block, size_t size)
{
    if (!block)
        return;
    release(block, size, allocator_user);
    atomic_fetch_sub_explicit(&blocks_in_use, 1, memory_order_relaxed);
}

void *memory_grow(void *block, size_t kept, size_t old_size, size_t size)
{
    void *grown = memory_allocate(size);

    if (!grown)
        return NULL;
    if (kept)
        memcpy(grown, block, kept);
    memory_release(block, old_size);
    return grown;
}

char *memory_copy_text(const char *text)
{
    size_t size = text ? strlen(text) + 1 : 0;
    char *copy = size ? memory_allocate(size) : NULL;

    return copy ? memcpy(copy, text, size) : NULL;
}

void memory_release_text(char *text)
{
    if (text)
        memory_release(text, strlen(text) + 1);
}
