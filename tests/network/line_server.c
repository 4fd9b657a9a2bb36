/* A server that numbers lines, over TCP and a Unix socket, for foreign peers: line_server PATH. Tells its port once it
 * listens. An empty line ends a conversation, and so does the end; the line "stop" ends the server. */
#include "libasync/async.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct talk {
    async_stream *stream;
    int lines;
};

static async_server *servers[2];
static async_future *stopped;
static async_step next_line, answer, listen_locally, tell_port, await_stop, stop_locally, leave;

static async_next next_line(async_task *task, void *state)
{
    struct talk *talk = state;

    return async_await(task, async_stream_read_line(talk->stream), answer);
}

static async_next answer(async_task *task, void *state)
{
    struct talk *talk = state;
    size_t size;
    const char *line = async_value_text(async_awaited(task), &size);
    char number[16];

    if (!size || *line == '\r' || *line == '\n')
        return async_return(task, async_none());
    if (strncmp(line, "stop", 4) == 0 && !async_future_is_done(stopped))
        async_future_resolve(stopped, async_none());
    snprintf(number, sizeof number, "%d ", ++talk->lines);
    async_stream_write(talk->stream, number, strlen(number));
    async_stream_write(talk->stream, line, size);
    return async_await(task, async_stream_drain(talk->stream), next_line);
}

static void end_talk(void *state)
{
    struct talk *talk = state;

    async_stream_close(talk->stream);
    async_stream_unref(talk->stream);
    free(talk);
}

static async_future *connected(async_stream *taken, void *user)
{
    struct talk *talk = malloc(sizeof *talk);

    *talk = (struct talk){taken, 0};
    return async_create_task(async_stream_loop(taken), next_line, talk, end_talk);
}

static async_next begin(async_task *task, void *path)
{
    stopped = async_future_new(async_task_loop(task));
    return async_await(task, async_start_server(async_task_loop(task), "localhost", 0, connected, NULL, NULL, NULL),
                       listen_locally);
}

static async_next listen_locally(async_task *task, void *path)
{
    servers[0] = async_server_ref(async_value_server(async_awaited(task)));
    return async_await(task, async_start_unix_server(async_task_loop(task), path, connected, NULL, NULL, NULL),
                       tell_port);
}

static async_next tell_port(async_task *task, void *path)
{
    async_value *addresses = async_server_addresses(servers[0]);

    servers[1] = async_server_ref(async_value_server(async_awaited(task)));
    printf("%d\n", async_address_port(async_value_item(addresses, 0)));
    fflush(stdout);
    async_value_unref(addresses);
    return async_await(task, stopped, await_stop);
}

static async_next await_stop(async_task *task, void *path)
{
    return async_await(task, async_server_stop(servers[0], 5), stop_locally);
}

static async_next stop_locally(async_task *task, void *path)
{
    return async_await(task, async_server_stop(servers[1], 5), leave);
}

static async_next leave(async_task *task, void *path)
{
    async_server_unref(servers[0]);
    async_server_unref(servers[1]);
    return async_return(task, async_none());
}

int main(int count, char **arguments)
{
    return count != 2 || async_run(begin, arguments[1], NULL, NULL) != ASYNC_OK;
}
