/* What the layers above need from the machine: a clock, memory, slabs, the calling thread, a bell and an alarm. */
#ifndef LIBASYNC_PLATFORM_INTERNAL_H
#define LIBASYNC_PLATFORM_INTERNAL_H

#include "libasync/api.h"
#include "libasync/error.h"
#include "libasync/memory.h"

#include <pthread.h>

#define likely(condition) __builtin_expect(!!(condition), 1)
#define unlikely(condition) __builtin_expect(!!(condition), 0)
/* Before a function off the way of success: kept out of its callers, which stay short. */
#define rarely __attribute__((cold, noinline))
#define container_of(pointer, type, member) ((type *)((char *)(pointer) - offsetof(type, member)))

#define LAST_ERROR ASYNC_ELIMIT    /* codes go from -1 down to this */

/* The code that stands for an errno: ASYNC_EOS where none of its own does. */
int error_of_errno(int number);

/* Seconds of the monotonic clock. */
double clock_now(void);

/* NULL when there is no memory. Sizes are told on release, as the allocator hook promises its user. */
void *memory_allocate(size_t size);
void *memory_allocate_aligned(size_t size, size_t alignment);
void memory_release(void *block, size_t size);
/* Grows an array to `size` bytes and keeps its first `kept` ones; the old block stays when there is no memory. */
void *memory_grow(void *block, size_t kept, size_t old_size, size_t size);
/* A copied string with its closing zero byte, and how to drop it; both take NULL. */
char *memory_copy_text(const char *text);
void memory_release_text(char *text);

#if defined(__linux__) && defined(__has_builtin)
#if __has_builtin(__builtin_thread_pointer)
#define HAS_THREAD_POINTER
#endif
#endif

/* An id of the calling thread, never 0 or 1. Both ways read one register; the first saves the call. */
static inline uintptr_t thread_self(void)
{
#ifdef HAS_THREAD_POINTER
    return (uintptr_t)__builtin_thread_pointer();
#else
    return (uintptr_t)pthread_self();
#endif
}

/*
 * A slab hands out objects of one size from aligned chunks, so that the chunk of an object is found by its address.
 * One thread at a time uses it. Empty chunks wait for the next wave of objects until slab_tidy finds them superfluous.
 */
struct slab_object {    /* how a free one looks; `alive` is the word that is not NULL in every object that lives */
    struct slab_object *next_free;
    void *unused, *alive;
};

struct slab_chunk;
struct slab_link {
    struct slab_chunk *next, *previous;
};

struct slab_chunk {
    struct slab_link all, roomy;    /* in the lists of all chunks and of those with room; empty ones are in a stack */
    struct slab_object *free;       /* objects that were given back, last one first */
    char *fresh, *behind;           /* objects from here on were never touched; behind the last of them */
    uint32_t live;
    bool full;                      /* found without room, and out of that list */
};

struct slab {
    struct slab_chunk *all, *roomy, *empty;
    uint32_t empties;        /* chunks in `empty` */
    uint32_t unused;         /* the fewest that there were since the last slab_tidy */
    uint32_t object_size;
    uint32_t capacity;       /* objects a chunk */
    uintptr_t chunk_mask;    /* an object's address & this is its chunk's */
    size_t chunk_size;
    bool walking;            /* while slab_walk is under way no chunk is given back */
};

/* One object a chunk instead of many: tests set it before they make a loop, so that each object is an allocation that
 * can fail and that the sanitizers see. */
extern bool slab_one_object_chunks;

/* Objects have 32 to 256 bytes, in steps of 32. Their third word is theirs to mark life with: slab_free clears it. */
void slab_init(struct slab *slab, size_t object_size);
static inline void *slab_carve(const struct slab *slab, struct slab_chunk *chunk)
{
    void *object = chunk->fresh;

    chunk->fresh += slab->object_size;
    return object;
}
/* An object of the chunk at hand, without a call; NULL when that is used up. */
static inline void *slab_take(struct slab *slab)
{
    struct slab_chunk *chunk = slab->roomy;
    struct slab_object *object = likely(chunk) ? chunk->free : NULL;

    if (likely(object))
        chunk->free = object->next_free;
    else if (likely(chunk && chunk->fresh != chunk->behind))
        object = slab_carve(slab, chunk);
    else
        return NULL;
    chunk->live++;
    return object;
}
void *slab_allocate_slowly(struct slab *slab);
static inline void *slab_allocate(struct slab *slab)
{
    void *object = slab_take(slab);

    return likely(object) ? object : slab_allocate_slowly(slab);
}

void slab_relist(struct slab *slab, struct slab_chunk *chunk);
static inline void slab_free(struct slab *slab, void *pointer)
{
    struct slab_object *object = pointer;
    struct slab_chunk *chunk = (struct slab_chunk *)((uintptr_t)pointer & slab->chunk_mask);

    object->alive = NULL;
    object->next_free = chunk->free;
    chunk->free = object;
    if (unlikely(--chunk->live == 0 || chunk->full))
        slab_relist(slab, chunk);
}
/* Gives back the chunks that stood empty ever since the last call. */
void slab_tidy(struct slab *slab);
/* Gives every empty chunk back. */
void slab_trim(struct slab *slab);
/* Whether no object lives; trims first. */
bool slab_is_empty(struct slab *slab);
/* Visits each live object; visitors may allocate and free. What is allocated meanwhile may or may not be visited. */
void slab_walk(struct slab *slab, void (*visit)(void *object, void *user), void *user);

/* Wakes who waits for `listen` to become readable; silenced, it is not any more. Opening fails with errno. */
struct bell {
    int listen, ring;
};
bool bell_open(struct bell *bell);
void bell_ring(const struct bell *bell);    /* any thread */
void bell_silence(const struct bell *bell);
void bell_close(struct bell *bell);

/* As socket(2) and accept(2), for sockets that do not block and are closed on exec. */
struct sockaddr;
int socket_open(int family, int type);
int socket_accept(int listener, struct sockaddr *address, unsigned *size);

/* A descriptor that becomes readable at a time of clock_now's clock; -1 with errno ENOSYS where the system has none. */
int alarm_open(void);
/* 0 sets it off. Setting it anew also makes it unreadable. */
void alarm_set(int descriptor, double when);
void alarm_close(int descriptor);

#endif
