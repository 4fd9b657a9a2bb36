/* How long it takes to connect to a name whose first address is silent: eyeballs HOST LISTENING_ADDRESS. Prints whom it
 * reached, and how many milliseconds that took. */
#include "tests/network/run.h"

static char **arguments;
static async_server *server;
static double began;
static async_step connect_by_name, tell;

static async_future *connected(async_stream *taken, void *user)
{
    async_stream_close(taken);
    async_stream_unref(taken);
    return NULL;
}

static async_next begin(async_task *task, void *state)
{
    return async_await(task, async_start_server(async_task_loop(task), arguments[2], 0, connected, NULL, NULL, NULL),
                       connect_by_name);
}

static async_next connect_by_name(async_task *task, void *state)
{
    async_value *addresses;
    int port;

    server = async_server_ref(async_value_server(async_awaited(task)));
    addresses = async_server_addresses(server);
    port = async_address_port(async_value_item(addresses, 0));
    async_value_unref(addresses);
    began = async_loop_time(NULL);
    return async_await(task, async_open_connection(async_task_loop(task), arguments[1], port, NULL), tell);
}

static async_next tell(async_task *task, void *state)
{
    async_stream *stream = async_value_stream(async_awaited(task));
    async_value *peer = async_stream_peer(stream);

    printf("%s %.0f\n", async_address_host(peer), 1000 * (async_loop_time(NULL) - began));
    async_value_unref(peer);
    async_stream_close(stream);
    async_server_close(server);
    async_server_unref(server);
    return async_return(task, async_none());
}

int main(int count, char **given)
{
    arguments = given;
    return count != 3 || run(begin);
}
