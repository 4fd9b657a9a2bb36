#include "tests/support/support.h"

#include <math.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

static async_socket_options *options;

static void make(void)
{
    options = async_socket_options_new();
    ck_assert_ptr_nonnull(options);
}

static void drop(void)
{
    options = async_socket_options_unref(options);
}

START_TEST(good_settings_are_taken)
{
    async_value *address = async_address("127.0.0.1", 0);

    make();
    ck_assert_int_eq(async_socket_options_set_family(options, ASYNC_IPV6), 0);
    ck_assert_int_eq(async_socket_options_set_local(options, address), 0);
    ck_assert_int_eq(async_socket_options_set_connect_timeout(options, 0), 0);
    ck_assert_int_eq(async_socket_options_set_connect_timeout(options, ASYNC_FOREVER), 0);
    ck_assert_int_eq(async_socket_options_set_attempt_delay(options, 0.1), 0);
    ck_assert_int_eq(async_socket_options_set_nodelay(options, false), 0);
    ck_assert_int_eq(async_socket_options_set_keepalive(options, 32767), 0);
    ck_assert_int_eq(async_socket_options_set_reuse_address(options, true), 0);
    ck_assert_int_eq(async_socket_options_set_reuse_port(options, true), 0);
    ck_assert_int_eq(async_socket_options_set_broadcast(options, true), 0);
    ck_assert_int_eq(async_socket_options_set_backlog(options, 1), 0);
    ck_assert_int_eq(async_socket_options_set_most_connections(options, 0), 0);
    ck_assert_int_eq(async_socket_options_set_limit(options, 1), 0);
    ck_assert_int_eq(async_socket_options_set_water_marks(options, 0, 0), 0);
    ck_assert_int_eq(async_socket_options_set_timeouts(options, ASYNC_FOREVER, 1), 0);
    ck_assert_int_eq(async_socket_options_set_buffers(options, 0, 1 << 20), 0);
    async_value_unref(address);
    ck_assert_int_eq(async_socket_options_set_local(options, NULL), 0);
    drop();
}
END_TEST

START_TEST(bad_settings_are_refused)
{
    async_value *text = async_text("127.0.0.1");

    make();
    ck_assert_int_eq(async_socket_options_set_family(options, 5), ASYNC_EINVAL);
    ck_assert_int_eq(async_socket_options_set_local(options, text), ASYNC_EINVAL);
    ck_assert_int_eq(async_socket_options_set_connect_timeout(options, -2), ASYNC_EINVAL);
    ck_assert_int_eq(async_socket_options_set_attempt_delay(options, INFINITY), ASYNC_EINVAL);
    ck_assert_int_eq(async_socket_options_set_keepalive(options, 32768), ASYNC_EINVAL);
    ck_assert_int_eq(async_socket_options_set_keepalive(options, NAN), ASYNC_EINVAL);
    ck_assert_int_eq(async_socket_options_set_backlog(options, 0), ASYNC_EINVAL);
    ck_assert_int_eq(async_socket_options_set_most_connections(options, -1), ASYNC_EINVAL);
    ck_assert_int_eq(async_socket_options_set_limit(options, 0), ASYNC_EINVAL);
    ck_assert_int_eq(async_socket_options_set_water_marks(options, 1, 2), ASYNC_EINVAL);
    ck_assert_int_eq(async_socket_options_set_timeouts(options, 1, NAN), ASYNC_EINVAL);
    ck_assert_int_eq(async_socket_options_set_buffers(options, (size_t)1 << 31, 0), ASYNC_EINVAL);
    async_value_unref(text);
    drop();
}
END_TEST

START_TEST(no_settings_take_nothing)
{
    ck_assert_int_eq(async_socket_options_set_family(NULL, ASYNC_IPV4), ASYNC_EINVAL);
    ck_assert_int_eq(async_socket_options_set_local(NULL, NULL), ASYNC_EINVAL);
    ck_assert_int_eq(async_socket_options_set_connect_timeout(NULL, 1), ASYNC_EINVAL);
    ck_assert_int_eq(async_socket_options_set_attempt_delay(NULL, 1), ASYNC_EINVAL);
    ck_assert_int_eq(async_socket_options_set_nodelay(NULL, true), ASYNC_EINVAL);
    ck_assert_int_eq(async_socket_options_set_keepalive(NULL, 1), ASYNC_EINVAL);
    ck_assert_int_eq(async_socket_options_set_reuse_address(NULL, true), ASYNC_EINVAL);
    ck_assert_int_eq(async_socket_options_set_reuse_port(NULL, true), ASYNC_EINVAL);
    ck_assert_int_eq(async_socket_options_set_broadcast(NULL, true), ASYNC_EINVAL);
    ck_assert_int_eq(async_socket_options_set_backlog(NULL, 1), ASYNC_EINVAL);
    ck_assert_int_eq(async_socket_options_set_most_connections(NULL, 1), ASYNC_EINVAL);
    ck_assert_int_eq(async_socket_options_set_limit(NULL, 1), ASYNC_EINVAL);
    ck_assert_int_eq(async_socket_options_set_water_marks(NULL, 1, 1), ASYNC_EINVAL);
    ck_assert_int_eq(async_socket_options_set_timeouts(NULL, 1, 1), ASYNC_EINVAL);
    ck_assert_int_eq(async_socket_options_set_buffers(NULL, 1, 1), ASYNC_EINVAL);
    ck_assert_ptr_null(async_socket_options_unref(NULL));
    memory_fail_at(1, false);
    ck_assert_ptr_null(async_socket_options_new());
}
END_TEST

static int read_setting(int descriptor, int level, int name)
{
    int value = -1;
    socklen_t size = sizeof value;

    ck_assert_int_eq(getsockopt(descriptor, level, name, &value, &size), 0);
    return value;
}

/* Two ends of a connection on the loopback, in `ends`. */
static void connect_both(int ends[2])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);

    ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, size), 0);
    ck_assert_int_eq(listen(listener, 1), 0);
    ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    ends[0] = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(connect(ends[0], (struct sockaddr *)&address, size), 0);
    ends[1] = accept(listener, NULL, NULL);
    close(listener);
}

START_TEST(an_adopted_connection_gets_them)
{
    async_stream *plain, *set;
    int ends[2];

    make();
    async_socket_options_set_nodelay(options, false);
    async_socket_options_set_keepalive(options, 6.5);
    async_socket_options_set_buffers(options, 50000, 40000);
    connect_both(ends);
    plain = async_stream_adopt(loop, ends[0], NULL);
    set = async_stream_adopt(loop, ends[1], options);
    drop();
    ck_assert_int_ne(read_setting(ends[0], IPPROTO_TCP, TCP_NODELAY), 0);
    ck_assert_int_eq(read_setting(ends[0], SOL_SOCKET, SO_KEEPALIVE), 0);
    ck_assert_int_eq(read_setting(ends[1], IPPROTO_TCP, TCP_NODELAY), 0);
    ck_assert_int_ne(read_setting(ends[1], SOL_SOCKET, SO_KEEPALIVE), 0);
    ck_assert_int_eq(read_setting(ends[1], IPPROTO_TCP, TCP_KEEPIDLE), 7);
    ck_assert_int_eq(read_setting(ends[1], SOL_SOCKET, SO_RCVBUF), 100000);    /* Linux doubles it */
    ck_assert_int_eq(read_setting(ends[1], SOL_SOCKET, SO_SNDBUF), 80000);
    async_stream_close(plain);
    async_stream_close(set);
    async_stream_unref(plain);
    async_stream_unref(set);
}
END_TEST

int main(void)
{
    return RUN_TESTS("socket_options", good_settings_are_taken, bad_settings_are_refused, no_settings_take_nothing,
                     an_adopted_connection_gets_them);
}
