/**
 * @file
 * Where the library's memory comes from. By default malloc and free; an embedder may give its own pair once, at start.
 */
#ifndef LIBASYNC_MEMORY_H
#define LIBASYNC_MEMORY_H

#include "libasync/api.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Allocate a block. Called from any thread that uses the library, perhaps from several at once.
 *
 * @param size       bytes wanted, more than 0
 * @param alignment  a power of two that the address must be a multiple of
 * @param user       the pointer given with the pair
 * @return the block, or NULL when there is no memory: the call that needed it then fails with ASYNC_ENOMEM
 */
typedef void *async_allocate(size_t size, size_t alignment, void *user);
/** Give back a block of that allocator; `size` is what was asked for. Never called with NULL. */
typedef void async_release(void *block, size_t size, void *user);

/**
 * Take all further memory from a pair of functions. libev's and c-ares' own blocks come from malloc as before.
 *
 * @param allocate  NULL, with release NULL too, for malloc and free again
 * @param release   counterpart of allocate
 * @param user      passed to both; must outlive every handle
 * @return 0; ASYNC_EINVAL when only one of the two is given; ASYNC_ESTATE while any block is in use
 * @thread once, before any other call or when everything is closed and dropped
 * @since  0.1
 */
ASYNC_API int async_set_allocator(async_allocate *allocate, async_release *release, void *user);

#ifdef __cplusplus
}
#endif

#endif
