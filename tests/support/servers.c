#include "tests/support/servers.h"
#include "tests/support/support.h"

#include <stdio.h>
#include <string.h>

size_t came;
int destroyed;

/* Who waits for how many. */
static size_t wanted;
static async_future *enough;

void note_arrival(void)
{
    if (++came == wanted && enough)
        async_future_resolve(enough, async_none());
}

void await_arrivals(size_t count)
{
    if (came >= count)
        return;
    wanted = count;
    enough = async_future_new(loop);
    ck_assert_int_eq(async_loop_run_until(loop, enough), 0);
    enough = async_future_unref(enough);
}

void destroy_user(void *user)
{
    destroyed++;
}

void begin_test(void)
{
    came = wanted = 0;
    destroyed = 0;
    enough = NULL;
}

static async_step read_more, echo;

static async_next read_more(async_task *task, void *stream)
{
    return async_await(task, async_stream_read(stream, 65536), echo);
}

static async_next echo(async_task *task, void *stream)
{
    size_t size;
    const char *text = async_value_text(async_awaited(task), &size);

    if (!size)
        return async_return(task, async_none());
    async_stream_write(stream, text, size);
    return read_more(task, stream);
}

void end_stream(void *stream)
{
    async_stream_close(stream);
    async_stream_unref(stream);
}

async_future *echo_to(async_stream *taken, void *user)
{
    note_arrival();
    return async_create_task(async_stream_loop(taken), read_more, taken, end_stream);
}

static async_next say_hello(async_task *task, void *stream)
{
    async_stream_write(stream, "hello", 5);
    return async_return(task, async_none());
}

async_future *greet(async_stream *taken, void *user)
{
    note_arrival();
    return async_create_task(async_stream_loop(taken), say_hello, taken, end_stream);
}

static async_next idle(async_task *task, void *stream)
{
    return async_await(task, async_future_new(async_task_loop(task)), idle);
}

async_future *idle_with(async_stream *taken, void *user)
{
    note_arrival();
    return async_create_task(async_stream_loop(taken), idle, taken, end_stream);
}

async_server *server_of(async_future *taken)
{
    async_server *server;

    if (async_loop_run_until(loop, taken) != 0)
        ck_abort_msg("%s", async_future_message(taken));
    server = async_server_ref(async_value_server(async_future_value(taken)));
    async_future_unref(taken);
    ck_assert_ptr_nonnull(server);
    return server;
}

async_server *start_with(async_client_connected *connected, const async_socket_options *options)
{
    begin_test();
    return server_of(async_start_server(loop, "127.0.0.1", 0, connected, NULL, destroy_user, options));
}

async_server *start(async_client_connected *connected)
{
    return start_with(connected, NULL);
}

int port_of(const async_server *server)
{
    async_value *addresses = async_server_addresses(server);
    int port = async_address_port(async_value_item(addresses, 0));

    async_value_unref(addresses);
    return port;
}

void end_server(async_server *taken)
{
    ck_assert_int_eq(async_server_close(taken), 0);
    ck_assert_int_eq(finish(async_server_wait_closed(taken)), 0);
    ck_assert_uint_eq(async_server_connections(taken), 0);
    ck_assert_int_eq(destroyed, 1);
    async_server_unref(taken);
}

const char *failure(async_future *taken)
{
    static char text[1024];
    int error = async_loop_run_until(loop, taken);

    ck_assert_int_lt(error, 0);
    snprintf(text, sizeof text, "%s %s", async_error_name(error) + strlen("ASYNC_"), async_future_message(taken));
    async_future_unref(taken);
    return text;
}

async_stream *visit(const async_server *server)
{
    async_future *opening = async_open_connection(loop, "127.0.0.1", port_of(server), NULL);
    async_stream *stream;

    ck_assert_int_eq(async_loop_run_until(loop, opening), 0);
    stream = async_stream_ref(async_value_stream(async_future_value(opening)));
    async_future_unref(opening);
    return stream;
}

const char *hear(async_stream *stream)
{
    static char text[64];
    async_future *reading = async_stream_read(stream, sizeof text - 1);
    int error = async_loop_run_until(loop, reading);

    snprintf(text, sizeof text, "%s",
             error ? async_error_name(error) : async_value_text(async_future_value(reading), NULL));
    async_future_unref(reading);
    return text;
}

void leave(async_stream *taken)
{
    async_stream_close(taken);
    async_stream_unref(taken);
}

