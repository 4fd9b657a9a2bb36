/* An echo server on libuv, in its ordinary way: a buffer from malloc for each read, a request for each write. */
#include "bench/net/server.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <uv.h>

struct answer {
    uv_write_t base;
    uv_buf_t bytes;
};

static void allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    *buffer = uv_buf_init(malloc(suggested), (unsigned)suggested);
}

static void on_closed(uv_handle_t *handle)
{
    free(handle);
}

static void on_written(uv_write_t *request, int status)
{
    struct answer *answer = (struct answer *)request;

    free(answer->bytes.base);
    free(answer);
}

static void on_read(uv_stream_t *stream, ssize_t length, const uv_buf_t *buffer)
{
    struct answer *answer;

    if (length <= 0) {
        free(buffer->base);
        if (length < 0)
            uv_close((uv_handle_t *)stream, on_closed);
        return;
    }
    answer = malloc(sizeof *answer);
    must(answer ? 0 : -1, "memory");
    answer->bytes = uv_buf_init(buffer->base, (unsigned)length);
    if (uv_write(&answer->base, stream, &answer->bytes, 1, on_written) < 0) {
        on_written(&answer->base, 0);
        uv_close((uv_handle_t *)stream, on_closed);
    }
}

static void on_connection(uv_stream_t *listener, int status)
{
    uv_tcp_t *connection = malloc(sizeof *connection);

    must(connection ? status : -1, "connection");
    must(uv_tcp_init(listener->loop, connection), "uv_tcp_init");
    must(uv_accept(listener, (uv_stream_t *)connection), "uv_accept");
    must(uv_tcp_nodelay(connection, 1), "uv_tcp_nodelay");
    must(uv_read_start((uv_stream_t *)connection, allocate, on_read), "uv_read_start");
}

int main(void)
{
    uv_loop_t *loop = uv_default_loop();
    uv_tcp_t listener;

    must(uv_tcp_init(loop, &listener), "uv_tcp_init");
    must(uv_tcp_open(&listener, bound_socket(SOCK_STREAM)), "uv_tcp_open");
    must(uv_listen((uv_stream_t *)&listener, BACKLOG, on_connection), "uv_listen");
    return uv_run(loop, UV_RUN_DEFAULT);
}
