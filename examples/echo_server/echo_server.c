/* Sends back whatever it is sent, on any number of connections at once: echo_server [PORT] */
#include <libasync/async.h>
#include <stdio.h>
#include <stdlib.h>

static async_step serve, announce, receive, send_back;

static void hang_up(void *state)
{
    async_stream_close(state);
    async_stream_unref(state);
}

static async_future *on_connected(async_stream *taken, void *user)
{
    return async_create_task(async_stream_loop(taken), receive, taken, hang_up);
}

static async_next receive(async_task *task, void *state)
{
    return async_await(task, async_stream_read(state, 65536), send_back);
}

static async_next send_back(async_task *task, void *state)
{
    size_t size;
    const char *bytes = async_value_text(async_awaited(task), &size);

    if (size == 0)
        return async_return(task, async_none());
    async_stream_write(state, bytes, size);
    return async_await(task, async_stream_drain(state), receive);
}

static async_next serve(async_task *task, void *state)
{
    const int *port = state;

    return async_await(task, async_start_server(async_task_loop(task), "127.0.0.1", *port, on_connected, NULL, NULL, NULL),
                       announce);
}

static async_next announce(async_task *task, void *state)
{
    async_server *server = async_value_server(async_awaited(task));
    async_value *addresses = async_server_addresses(server);

    printf("serving on %s\n", async_address_text(async_value_item(addresses, 0)));
    fflush(stdout);
    async_value_unref(addresses);
    return async_await(task, async_server_serve_forever(server), announce);
}

int main(int count, char **arguments)
{
    int port = count > 1 ? atoi(arguments[1]) : 8888;
    async_future *done;
    int error = async_run(serve, &port, NULL, &done);

    if (error)
        fprintf(stderr, "echo_server: %s\n", async_future_message(done));
    async_future_unref(done);
    return error != ASYNC_OK;
}
