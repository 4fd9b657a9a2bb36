/* A datagram echo server on libuv, in its ordinary way: a buffer from malloc for each read, a request for each answer.
 * With the argument `recvmmsg` it reads in batches, the other way that libuv has. */
#include "bench/net/server.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <uv.h>

#define LARGEST_DATAGRAM 2048
#define BATCH 20    /* as many as libuv takes at the most, each in a part of 64 KiB */

struct answer {
    uv_udp_send_t base;
    unsigned char bytes[LARGEST_DATAGRAM];
};

static char batch[BATCH * LARGEST_READ];

static void allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    if (uv_udp_using_recvmmsg((uv_udp_t *)handle))
        *buffer = uv_buf_init(batch, sizeof batch);
    else
        *buffer = uv_buf_init(malloc(suggested), (unsigned)suggested);
}

static void on_sent(uv_udp_send_t *request, int status)
{
    free(request);
}

static void on_received(uv_udp_t *socket, ssize_t length, const uv_buf_t *buffer, const struct sockaddr *from,
                        unsigned flags)
{
    if (length > 0 && length <= LARGEST_DATAGRAM) {
        struct answer *answer = malloc(sizeof *answer);
        uv_buf_t bytes = uv_buf_init((char *)answer->bytes, (unsigned)length);

        must(answer ? 0 : -1, "memory");
        memcpy(answer->bytes, buffer->base, (size_t)length);
        must(uv_udp_send(&answer->base, socket, &bytes, 1, from, on_sent), "uv_udp_send");
    }
    if (!uv_udp_using_recvmmsg(socket))
        free(buffer->base);
}

int main(int count, char **arguments)
{
    unsigned flags = count > 1 && strcmp(arguments[1], "recvmmsg") == 0 ? UV_UDP_RECVMMSG : 0;
    uv_loop_t *loop = uv_default_loop();
    uv_udp_t socket;

    must(uv_udp_init_ex(loop, &socket, flags), "uv_udp_init_ex");
    must(uv_udp_open(&socket, bound_socket(SOCK_DGRAM)), "uv_udp_open");
    must(uv_udp_recv_start(&socket, allocate, on_received), "uv_udp_recv_start");
    return uv_run(loop, UV_RUN_DEFAULT);
}
