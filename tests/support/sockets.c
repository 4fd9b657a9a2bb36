#include "tests/support/sockets.h"
#include "tests/support/faults.h"
#include "tests/support/support.h"

#include <string.h>

int listener, client, server;
async_value *address;

void open_listener(int family, async_value *taken)
{
    system_reset();
    listener = async_socket_open(family, ASYNC_STREAM);
    ck_assert_int_ge(listener, 0);
    ck_assert_int_eq(async_socket_bind(listener, taken), 0);
    ck_assert_int_eq(async_socket_listen(listener, 10), 0);
    async_value_unref(taken);
    address = async_socket_address(listener);
    ck_assert_ptr_nonnull(address);
}

void close_listener(void)
{
    ck_assert_int_eq(async_socket_close(loop, listener), 0);
    async_value_unref(address);
}

void open_pair(void)
{
    async_future *accept, *connect;
    async_value *pair;

    open_listener(ASYNC_IPV4, async_address("127.0.0.1", 0));
    client = async_socket_open(ASYNC_IPV4, ASYNC_STREAM);
    accept = async_sock_accept(loop, listener);
    connect = async_sock_connect(loop, client, address);
    ck_assert_int_eq(finish(connect), 0);
    pair = value_of(accept);
    server = (int)async_value_int(async_value_item(pair, 0));
    async_value_unref(pair);
}

void close_pair(void)
{
    async_socket_close(loop, client);
    async_socket_close(loop, server);
    close_listener();
}

async_value *value_of(async_future *taken)
{
    async_value *value;

    ck_assert_msg(async_loop_run_until(loop, taken) == 0, "%s", async_future_message(taken));
    value = async_value_ref(async_future_value(taken));
    async_future_unref(taken);
    return value;
}

void ck_assert_bytes(async_value *taken, const char *expected)
{
    size_t size;
    const char *bytes = async_value_text(taken, &size);

    ck_assert_int_eq(async_value_kind(taken), ASYNC_BYTES);
    ck_assert_uint_eq(size, strlen(expected));
    ck_assert_mem_eq(bytes, expected, size);
    async_value_unref(taken);
}
