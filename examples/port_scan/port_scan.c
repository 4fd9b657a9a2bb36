/* Tries a range of ports of this machine, a hundred at a time, and prints those that are open: port_scan FIRST LAST */
#include <libasync/async.h>
#include <libasync/coroutine.h>
#include <stdio.h>
#include <stdlib.h>

enum { AT_A_TIME = 100 };

struct scan {
    int next, last;
    bool open[65536];
};

static async_step take_port, note;

/* Each of the tasks takes one port after the other. */
static async_next take_port(async_task *task, void *state)
{
    struct scan *scan = state;

    if (scan->next > scan->last)
        return async_return(task, async_none());
    return async_try(task, async_open_connection(async_task_loop(task), "127.0.0.1", scan->next++, NULL), note);
}

static async_next note(async_task *task, void *state)
{
    struct scan *scan = state;
    async_stream *stream = async_value_stream(async_awaited(task));

    if (stream) {
        async_value *peer = async_stream_peer(stream);

        scan->open[async_address_port(peer)] = true;
        async_value_unref(peer);
        async_stream_abort(stream);
    }
    return take_port(task, state);
}

static async_next scan_all(async_task *task, void *state)
{
    async_loop *loop = async_task_loop(task);
    async_future *tasks[AT_A_TIME];

    ASYNC_BEGIN(task);
    for (int i = 0; i < AT_A_TIME; i++)
        tasks[i] = async_create_task(loop, take_port, state, NULL);
    ASYNC_AWAIT(task, async_gather(loop, tasks, AT_A_TIME, 0));
    ASYNC_END(task);
}

int main(int count, char **arguments)
{
    static struct scan scan;
    int first = count > 2 ? atoi(arguments[1]) : 1;

    scan.next = first;
    scan.last = count > 2 ? atoi(arguments[2]) : 1024;
    if (async_run(scan_all, &scan, NULL, NULL) != ASYNC_OK)
        return 1;
    for (int port = first; port <= scan.last && port < 65536; port++)
        if (scan.open[port])
            printf("port %d is open\n", port);
    return 0;
}
