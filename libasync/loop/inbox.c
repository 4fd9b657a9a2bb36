/* What other threads want of the loop. They note it under a lock and wake the loop; one node of its runs the notes. */
#include "libasync/loop/internal.h"

#define CAPACITY_START 64

static void run_inbox(async_loop *loop, struct node *node);
static const struct node_ops inbox_ops = {.run = run_inbox};

static bool reserve(struct postings *postings, size_t capacity)
{
    size_t item = sizeof *postings->items;
    void *items = memory_grow(postings->items, postings->count * item, postings->capacity * item, capacity * item);

    if (!items)
        return false;
    postings->items = items;
    postings->capacity = capacity;
    return true;
}

static void release(struct postings *postings)
{
    memory_release(postings->items, postings->capacity * sizeof *postings->items);
    *postings = (struct postings){0};
}

bool inbox_init(async_loop *loop)
{
    struct inbox *inbox = &loop->inbox;

    inbox->node.ops = &inbox_ops;
    if (!reserve(&inbox->postings, CAPACITY_START))
        return false;
    if (pthread_mutex_init(&inbox->lock, NULL) == 0)
        return true;
    release(&inbox->postings);
    return false;
}

void inbox_free(async_loop *loop)
{
    release(&loop->inbox.postings);
    pthread_mutex_destroy(&loop->inbox.lock);
}

/* Refused once nobody owns the loop. The first note wakes it; the others ride along. */
static int post(async_loop *loop, struct posting posting)
{
    struct inbox *inbox = &loop->inbox;
    struct postings *postings = &inbox->postings;
    int error = 0;

    loop_lock(loop);
    if (atomic_load(&loop->owner) == OWNER_NONE)
        error = ASYNC_ECLOSED;
    else if (postings->count == postings->capacity &&
             !reserve(postings, postings->capacity ? postings->capacity * 2 : CAPACITY_START))
        error = ASYNC_ENOMEM;
    if (!error) {
        postings->items[postings->count++] = posting;
        if (postings->count == 1) {
            atomic_store(&inbox->filled, true);
            poller_wake(loop);
        }
    }
    loop_unlock(loop);
    return error;
}

int async_loop_call_soon_threadsafe(async_loop *loop, async_callback *callback, void *user, async_destroy *destroy)
{
    int error = loop && callback ? 0 : ASYNC_EINVAL;

    /* From the loop's own thread it stands in line with call_soon. Asked in this order: a loop that runs keeps its
     * owner, one that stands still may change hands meanwhile. */
    if (!error && atomic_load(&loop->running) && loop_is_owned(loop))
        return async_loop_call_soon(loop, callback, user, destroy);
    if (!error)
        error = atomic_load(&loop->closing) ? ASYNC_ECLOSED : post(loop, (struct posting){callback, user, destroy});
    if (error && destroy)
        destroy(user);
    return error;
}

bool loop_post_home(async_loop *loop, async_destroy *unref, void *user)
{
    return post(loop, (struct posting){.user = user, .destroy = unref}) != ASYNC_ECLOSED;
}

static struct postings take(async_loop *loop)
{
    struct postings postings;

    loop_lock(loop);
    postings = loop->inbox.postings;
    loop->inbox.postings = (struct postings){0};
    atomic_store(&loop->inbox.filled, false);
    loop_unlock(loop);
    return postings;
}

static void work_off(async_loop *loop, struct postings postings, bool run)
{
    for (size_t i = 0; i < postings.count; i++) {
        struct posting *posting = &postings.items[i];

        if (posting->callback && run)
            posting->callback(loop, posting->user);
        if (posting->destroy)
            posting->destroy(posting->user);
    }
    release(&postings);
}

static void run_inbox(async_loop *loop, struct node *node)
{
    work_off(loop, take(loop), true);
}

void inbox_drain(async_loop *loop)
{
    if (!node_is_linked(&loop->inbox.node))
        loop_queue(loop, &loop->inbox.node);
}

void inbox_close(async_loop *loop)
{
    struct postings postings;

    loop_lock(loop);
    postings = loop->inbox.postings;
    loop->inbox.postings = (struct postings){0};
    atomic_store(&loop->owner, OWNER_NONE);
    loop_unlock(loop);
    work_off(loop, postings, false);
}
