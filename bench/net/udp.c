/* A datagram echo server on libasync, in batches. */
#include "bench/net/server.h"
#include "libasync/async.h"
#include "libasync/coroutine.h"

#include <sys/socket.h>

#define BATCH 64

static async_next echo(async_task *task, void *state)
{
    async_datagram *socket = state;

    ASYNC_BEGIN(task);
    for (;;) {
        ASYNC_AWAIT(task, async_datagram_receive_batch(socket, BATCH));
        for (int i = 0; i < (int)async_value_int(async_awaited(task)); i++) {
            size_t length;
            const void *bytes = async_datagram_bytes(socket, i, &length);

            must(async_datagram_reply(socket, i, bytes, length), "async_datagram_reply");
        }
    }
    ASYNC_END(task);
}

int main(void)
{
    async_loop *loop = async_loop_new();
    async_datagram *socket = async_datagram_adopt(loop, bound_socket(SOCK_DGRAM), NULL);

    return must(async_loop_run_until(loop, async_create_task(loop, echo, socket, NULL)), "async_loop_run_until");
}
