/* Sends each line of its input to an echo server, and prints what comes back: echo_client [PORT] */
#include <libasync/async.h>
#include <libasync/coroutine.h>
#include <stdio.h>
#include <stdlib.h>

struct talk {
    int port;
    async_stream *input, *server;
};

static void hang_up(void *state)
{
    struct talk *talk = state;

    async_stream_close(talk->input);
    async_stream_close(talk->server);
    talk->input = async_stream_unref(talk->input);
    talk->server = async_stream_unref(talk->server);
}

static async_next converse(async_task *task, void *state)
{
    struct talk *talk = state;
    async_loop *loop = async_task_loop(task);
    const char *line;
    size_t size;

    ASYNC_BEGIN(task);
    ASYNC_AWAIT(task, async_open_connection(loop, "127.0.0.1", talk->port, NULL));
    talk->server = async_stream_ref(async_value_stream(async_awaited(task)));
    talk->input = async_stream_standard(loop, 0);
    for (;;) {
        ASYNC_AWAIT(task, async_stream_read_line(talk->input));
        line = async_value_text(async_awaited(task), &size);
        if (size == 0)
            break;
        async_stream_write(talk->server, line, size);
        ASYNC_AWAIT(task, async_stream_read_line(talk->server));
        printf("the server says %s", async_value_text(async_awaited(task), NULL));
    }
    ASYNC_END(task);
}

int main(int count, char **arguments)
{
    struct talk talk = {.port = count > 1 ? atoi(arguments[1]) : 8888};
    async_future *done;
    int error = async_run(converse, &talk, hang_up, &done);

    if (error)
        fprintf(stderr, "echo_client: %s\n", async_future_message(done));
    async_future_unref(done);
    return error != ASYNC_OK;
}
