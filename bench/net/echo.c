/* An echo server on libasync, as a user writes it: a task a connection that reads bytes and writes them. A file that is
 * named as its argument always holds how many bytes the library has from the allocator. */
#include "bench/net/server.h"
#include "libasync/async.h"
#include "libasync/coroutine.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

static async_next echo(async_task *task, void *state)
{
    async_stream *stream = state;
    size_t length;

    ASYNC_BEGIN(task);
    for (;;) {
        ASYNC_AWAIT(task, async_stream_read(stream, LARGEST_READ));
        async_value_text(async_awaited(task), &length);
        if (length == 0)
            return async_return(task, async_none());
        async_stream_write_value(stream, async_value_ref(async_awaited(task)));
        ASYNC_AWAIT(task, async_stream_drain(stream));
    }
    ASYNC_END(task);
}

static void hang_up(void *state)
{
    async_stream_close(state);
    async_stream_unref(state);
}

static async_future *on_connected(async_stream *taken, void *user)
{
    return async_create_task(async_stream_loop(taken), echo, taken, hang_up);
}

/* Counts for one thread alone, which is all that there is here. */
static void *allocate(size_t size, size_t alignment, void *user)
{
    *(int64_t *)user += (int64_t)size;
    return aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}

static void release(void *block, size_t size, void *user)
{
    *(int64_t *)user -= (int64_t)size;
    free(block);
}

static void count_into(const char *path)
{
    int file = must(open(path, O_RDWR), path);
    void *count = mmap(NULL, sizeof(int64_t), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);

    must(count == MAP_FAILED ? -1 : 0, "mmap");
    must(async_set_allocator(allocate, release, count), "async_set_allocator");
}

static async_next serve(async_task *task, void *state)
{
    async_server *server;

    ASYNC_BEGIN(task);
    server = async_server_adopt(async_task_loop(task), bound_socket(SOCK_STREAM), on_connected, NULL, NULL, NULL);
    must(server ? 0 : -1, "async_server_adopt");
    ASYNC_AWAIT(task, async_server_serve_forever(server));
    ASYNC_END(task);
}

int main(int count, char **arguments)
{
    if (count > 1)
        count_into(arguments[1]);
    return must(async_run(serve, NULL, NULL, NULL), "async_run");
}
