/* Counts the lines that each client sends, and answers when it has ended its half: line_count_server [PORT] */
#include <libasync/async.h>
#include <stdio.h>
#include <stdlib.h>

struct client {
    async_stream *stream;
    int lines;
    size_t bytes;
};

static async_step serve, announce, read_line, count;

static void hang_up(void *state)
{
    struct client *client = state;

    async_stream_close(client->stream);
    async_stream_unref(client->stream);
    free(client);
}

static async_future *on_connected(async_stream *taken, void *user)
{
    struct client *client = malloc(sizeof *client);

    *client = (struct client){.stream = taken};
    return async_create_task(async_stream_loop(taken), read_line, client, hang_up);
}

static async_next read_line(async_task *task, void *state)
{
    struct client *client = state;

    return async_await(task, async_stream_read_line(client->stream), count);
}

static async_next count(async_task *task, void *state)
{
    struct client *client = state;
    char answer[64];
    size_t size;

    async_value_text(async_awaited(task), &size);
    if (size > 0) {
        client->lines++;
        client->bytes += size;
        return read_line(task, state);
    }
    snprintf(answer, sizeof answer, "%d lines, %zu bytes\n", client->lines, client->bytes);
    async_stream_write_value(client->stream, async_text(answer));
    return async_return(task, async_none());
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

int main(int argument_count, char **arguments)
{
    int port = argument_count > 1 ? atoi(arguments[1]) : 8888;
    async_future *done;
    int error = async_run(serve, &port, NULL, &done);

    if (error)
        fprintf(stderr, "line_count_server: %s\n", async_future_message(done));
    async_future_unref(done);
    return error != ASYNC_OK;
}
