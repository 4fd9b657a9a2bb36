/* The allocator under the tests. Sizes told on release must be those asked for: at the end they sum up to nothing. */
#include "tests/support/internal.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static _Atomic size_t blocks, bytes;
static _Atomic size_t countdown;    /* 0: nothing fails */
static _Atomic bool keeps_failing, failed;

static bool must_fail(void)
{
    if (atomic_load(&countdown) == 0)
        return atomic_load(&failed) && atomic_load(&keeps_failing);
    if (atomic_fetch_sub(&countdown, 1) != 1)
        return false;
    atomic_store(&failed, true);
    return true;
}

static void *allocate(size_t size, size_t alignment, void *user)
{
    void *block;

    if (must_fail() || posix_memalign(&block, alignment < sizeof(void *) ? sizeof(void *) : alignment, size) != 0)
        return NULL;
    /* No test may pass because fresh memory happens to be zero. */
    memset(block, 0xa5, size);
    atomic_fetch_add(&blocks, 1);
    atomic_fetch_add(&bytes, size);
    return block;
}

static void release(void *block, size_t size, void *user)
{
    atomic_fetch_sub(&blocks, 1);
    atomic_fetch_sub(&bytes, size);
    free(block);
}

void memory_install(void)
{
    if (async_set_allocator(allocate, release, NULL) != 0)
        abort();
}

size_t memory_blocks(void)
{
    return atomic_load(&blocks);
}

size_t memory_bytes(void)
{
    return atomic_load(&bytes);
}

void memory_fail_at(size_t count, bool all_that_follow)
{
    atomic_store(&failed, false);
    atomic_store(&keeps_failing, all_that_follow);
    atomic_store(&countdown, count);
}

bool memory_has_failed(void)
{
    atomic_store(&countdown, 0);
    return atomic_exchange(&failed, false);
}
