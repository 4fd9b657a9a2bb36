/* A client for foreign servers: talk HOST PORT, or talk PATH. Says a line, ends its half, and prints what comes. */
#include "tests/network/run.h"

#include <stdlib.h>

static char **where;
static async_stream *stream;
static async_step say, print;

static async_next begin(async_task *task, void *state)
{
    async_loop *loop = async_task_loop(task);

    return async_await(task, where[1] ? async_open_connection(loop, where[0], atoi(where[1]), NULL)
                                      : async_open_unix_connection(loop, where[0], NULL), say);
}

static async_next say(async_task *task, void *state)
{
    stream = async_stream_ref(async_value_stream(async_awaited(task)));
    async_stream_write(stream, "good morning\n", 13);
    async_stream_write_eof(stream);
    return async_await(task, async_stream_read_all(stream), print);
}

static async_next print(async_task *task, void *state)
{
    printf("%s", async_value_text(async_awaited(task), NULL));
    async_stream_close(stream);
    async_stream_unref(stream);
    return async_return(task, async_none());
}

int main(int count, char **arguments)
{
    where = arguments + 1;
    return count < 2 || run(begin);
}
