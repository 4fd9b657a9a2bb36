/* Servers: whom they serve, how they begin and how they end. */
#include "tests/support/lookups.h"
#include "tests/support/peers.h"
#include "tests/support/servers.h"
#include "tests/support/support.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

START_TEST(each_connection_has_a_task)
{
    async_server *server = start(echo_to);
    async_stream *ann = visit(server), *bob = visit(server);

    async_stream_write(ann, "ann", 3);
    async_stream_write(bob, "bob", 3);
    ck_assert_str_eq(hear(bob), "bob");
    ck_assert_str_eq(hear(ann), "ann");
    ck_assert_uint_eq(async_server_connections(server), 2);
    leave(ann);
    leave(bob);
    end_server(server);
}
END_TEST

START_TEST(it_serves_until_it_is_closed_whoever_holds_it)
{
    async_server *server = start(greet);
    int port = port_of(server), client;

    async_server_unref(server);
    client = connect_to("127.0.0.1", port);
    await_arrivals(1);
    expect_text(client, "hello");
    close(client);
    ck_assert_int_eq(destroyed, 0);
    ck_assert_int_eq(async_loop_close(loop), 0);
    ck_assert_int_eq(destroyed, 1);
}
END_TEST

START_TEST(all_addresses_get_the_same_port)
{
    async_server *server;
    async_value *addresses;

    begin_test();
    server = server_of(async_start_server(loop, "", 0, greet, NULL, destroy_user, NULL));
    addresses = async_server_addresses(server);
    ck_assert_uint_eq(async_value_count(addresses), 2);
    ck_assert_int_gt(port_of(server), 0);
    for (size_t i = 0; i < 2; i++) {
        async_value *address = async_value_item(addresses, i);
        const char *host = async_address_family(address) == ASYNC_IPV6 ? "::1" : "127.0.0.1";
        int client = connect_to(host, port_of(server));

        ck_assert_int_eq(async_address_port(address), port_of(server));
        ck_assert_int_ge(async_server_descriptor(server, i), 0);
        await_arrivals(i + 1);
        expect_text(client, "hello");
        close(client);
    }
    ck_assert_int_eq(async_server_descriptor(server, 2), -1);
    async_value_unref(addresses);
    async_server_close(server);
    addresses = async_server_addresses(server);
    ck_assert_uint_eq(async_value_count(addresses), 0);
    ck_assert_int_eq(async_server_descriptor(server, 0), -1);
    async_value_unref(addresses);
    end_server(server);
}
END_TEST

START_TEST(an_address_named_twice_is_listened_at_once)
{
    async_server *server;
    async_value *addresses;

    begin_test();
    use_hosts("127.0.0.1 twice.test\n127.0.0.1 twice.test\n127.0.0.2 twice.test\n");
    server = server_of(async_start_server(loop, "twice.test", 0, greet, NULL, destroy_user, NULL));
    addresses = async_server_addresses(server);
    ck_assert_uint_eq(async_value_count(addresses), 2);
    async_value_unref(addresses);
    end_server(server);
    forget_hosts();
}
END_TEST

/* An address that this machine has not is no trouble beside one that it has. */
START_TEST(a_family_that_is_not_there_is_left_out)
{
    async_server *server;

    begin_test();
    use_hosts("2001:db8::1 part.test\n127.0.0.1 part.test\n");
    server = server_of(async_start_server(loop, "part.test", 0, greet, NULL, destroy_user, NULL));
    ck_assert_int_ge(async_server_descriptor(server, 0), 0);
    ck_assert_int_eq(async_server_descriptor(server, 1), -1);
    end_server(server);

    use_hosts("2001:db8::1 none.test\n");
    ck_assert_str_eq(failure(async_start_server(loop, "none.test", 1, greet, NULL, destroy_user, NULL)),
                     "EOS host 'none.test', port 1: [2001:db8::1]:1: Cannot assign requested address");
    ck_assert_int_eq(destroyed, 2);
    forget_hosts();
}
END_TEST

START_TEST(an_address_in_use_is_named)
{
    async_server *server = start(greet);
    char expected[128];

    snprintf(expected, sizeof expected, "EINUSE 127.0.0.1:%d: the address is in use", port_of(server));
    ck_assert_str_eq(failure(async_start_server(loop, "127.0.0.1", port_of(server), greet, NULL, NULL, NULL)),
                     expected);
    end_server(server);
}
END_TEST

START_TEST(several_share_a_port_if_all_agree)
{
    async_socket_options *options = async_socket_options_new();
    async_server *one, *other;

    async_socket_options_set_reuse_port(options, true);
    one = start_with(greet, options);
    other = server_of(async_start_server(loop, "127.0.0.1", port_of(one), greet, NULL, NULL, options));
    ck_assert_int_eq(port_of(one), port_of(other));
    async_server_close(other);
    async_server_unref(other);
    end_server(one);
    async_socket_options_unref(options);
}
END_TEST

START_TEST(arguments_that_cannot_be_are_named)
{
    char path[200];

    memset(path, 'x', 199);
    path[199] = '\0';
    begin_test();
    ck_assert_str_eq(failure(async_start_server(loop, "h", 70000, greet, NULL, destroy_user, NULL)),
                     "EINVAL host 'h', port 70000: ports are 0 to 65535");
    ck_assert_str_eq(failure(async_start_server(loop, "h", 1, NULL, NULL, destroy_user, NULL)),
                     "EINVAL start_server: the callback is NULL");
    ck_assert_str_eq(failure(async_start_server(loop, "nowhere.invalid", 1, greet, NULL, destroy_user, NULL)),
                     "ENONAME host 'nowhere.invalid', port 1: no such host name");
    ck_assert_str_eq(failure(async_start_unix_server(loop, NULL, greet, NULL, destroy_user, NULL)),
                     "EINVAL the path is NULL");
    ck_assert_ptr_nonnull(strstr(failure(async_start_unix_server(loop, path, greet, NULL, destroy_user, NULL)),
                                 "at most 107 bytes"));
    ck_assert_str_eq(failure(async_start_unix_server(loop, "p", NULL, NULL, destroy_user, NULL)),
                     "EINVAL start_unix_server: the callback is NULL");
    ck_assert_int_eq(async_future_error(async_start_server(NULL, "h", 1, greet, NULL, destroy_user, NULL)),
                     ASYNC_EINVAL);
    ck_assert_int_eq(destroyed, 7);
}
END_TEST

START_TEST(without_a_server_there_is_nothing_to_ask)
{
    ck_assert_ptr_null(async_server_loop(NULL));
    ck_assert_uint_eq(async_server_connections(NULL), 0);
    ck_assert_int_eq(async_server_descriptor(NULL, 0), -1);
    ck_assert_int_eq(async_server_close(NULL), ASYNC_EINVAL);
    ck_assert_int_eq(async_server_close_clients(NULL), ASYNC_EINVAL);
    ck_assert_int_eq(async_server_abort_clients(NULL), ASYNC_EINVAL);
    ck_assert_str_eq(async_future_message(async_server_stop(NULL, 1)), "server is NULL");
    ck_assert_str_eq(async_future_message(async_server_wait_closed(NULL)), "server is NULL");
    ck_assert_str_eq(async_future_message(async_server_serve_forever(NULL)), "server is NULL");
    ck_assert_ptr_null(async_server_value(NULL));
    ck_assert_ptr_null(async_value_server(NULL));
    ck_assert_ptr_null(async_server_ref(NULL));
    ck_assert_ptr_null(async_server_unref(NULL));
}
END_TEST

/* Unix sockets */

static async_future *start_at(const char *path)
{
    return async_start_unix_server(loop, path, greet, NULL, destroy_user, NULL);
}

START_TEST(a_path_is_there_while_its_server_listens)
{
    const char *path = new_path();
    async_server *server;
    async_value *addresses;
    int client;

    begin_test();
    server = server_of(start_at(path));
    addresses = async_server_addresses(server);
    ck_assert_str_eq(async_address_path(async_value_item(addresses, 0)), path);
    async_value_unref(addresses);
    client = connect_to_path(path);
    await_arrivals(1);
    expect_text(client, "hello");
    close(client);
    end_server(server);
    ck_assert_int_eq(access(path, F_OK), -1);
    gone_path();
}
END_TEST

START_TEST(a_dead_servers_socket_is_replaced)
{
    const char *path = new_path();
    async_server *server;

    begin_test();
    close(listen_at_path(path, 1));
    ck_assert_int_eq(access(path, F_OK), 0);
    server = server_of(start_at(path));
    close(connect_to_path(path));
    await_arrivals(1);
    end_server(server);
    gone_path();
}
END_TEST

START_TEST(a_living_servers_socket_is_not_replaced)
{
    const char *path = new_path();
    int listener = listen_at_path(path, 0), filler = connect_to_path(path);
    char expected[128];

    begin_test();
    snprintf(expected, sizeof expected, "EINUSE %s: the address is in use", path);
    ck_assert_str_eq(failure(start_at(path)), expected);
    close(accept(listener, NULL, NULL));
    ck_assert_str_eq(failure(start_at(path)), expected);
    ck_assert_int_eq(destroyed, 2);
    ck_assert_int_eq(access(path, F_OK), 0);
    close(filler);
    close(listener);
    gone_path();
}
END_TEST

START_TEST(what_is_no_socket_is_not_replaced)
{
    const char *path = new_path();
    FILE *file = fopen(path, "w");

    fclose(file);
    begin_test();
    ck_assert_int_eq(strncmp(failure(start_at(path)), "EINUSE ", 7), 0);
    ck_assert_int_eq(access(path, F_OK), 0);
    gone_path();
}
END_TEST

START_TEST(a_path_that_is_somebody_elses_by_now_stays)
{
    const char *path = new_path();
    async_server *server;
    int other;

    begin_test();
    server = server_of(start_at(path));
    unlink(path);
    other = listen_at_path(path, 1);
    end_server(server);
    close(connect_to_path(path));
    close(other);
    gone_path();
}
END_TEST

START_TEST(an_abstract_name_needs_no_file)
{
    async_server *server;

    begin_test();
    server = server_of(start_at("@libasync-server"));
    ck_assert_str_eq(failure(start_at("@libasync-server")), "EINUSE @libasync-server: the address is in use");
    close(connect_to_path("@libasync-server"));
    await_arrivals(1);
    destroyed = 0;
    end_server(server);
}
END_TEST

/* Sockets of others' making */

START_TEST(a_socket_is_adopted_that_listens_or_is_bound)
{
    int port = 0, listening = listen_at("127.0.0.1", &port), client;
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int bound = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    async_server *server;

    ck_assert_int_eq(bind(bound, (struct sockaddr *)&any, sizeof any), 0);
    for (int i = 0; i < 2; i++) {
        begin_test();
        server = async_server_adopt(loop, i ? bound : listening, greet, NULL, destroy_user, NULL);
        ck_assert_ptr_nonnull(server);
        client = connect_to("127.0.0.1", port_of(server));
        await_arrivals(1);
        expect_text(client, "hello");
        close(client);
        end_server(server);
    }
}
END_TEST

START_TEST(what_cannot_listen_is_not_adopted)
{
    int ends[2], datagrams = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    begin_test();
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_ptr_null(async_server_adopt(loop, ends[0], greet, NULL, destroy_user, NULL));
    ck_assert_int_eq(errno, EINVAL);
    ck_assert_ptr_null(async_server_adopt(loop, datagrams, greet, NULL, destroy_user, NULL));
    ck_assert_int_eq(errno, EINVAL);
    ck_assert_ptr_null(async_server_adopt(loop, 200, greet, NULL, destroy_user, NULL));
    ck_assert_int_eq(errno, EBADF);
    ck_assert_ptr_null(async_server_adopt(NULL, datagrams, greet, NULL, destroy_user, NULL));
    ck_assert_int_eq(errno, EINVAL);
    ck_assert_ptr_null(async_server_adopt(loop, datagrams, NULL, NULL, destroy_user, NULL));
    ck_assert_int_eq(errno, EINVAL);
    ck_assert_int_eq(destroyed, 5);
    close(datagrams);
    close(ends[0]);
    close(ends[1]);
}
END_TEST

/* What serves a connection */

static async_next fail_soon(async_task *task, void *stream)
{
    return async_fail(task, ASYNC_EHOST, "it broke");
}

/* Lets go of the stream without a word. */
static void forget_stream(void *stream)
{
    async_stream_unref(stream);
}

static async_future *serve_badly(async_stream *taken, void *user)
{
    note_arrival();
    return async_create_task(async_stream_loop(taken), fail_soon, taken, forget_stream);
}

START_TEST(a_failure_is_reported_and_its_stream_closed)
{
    async_server *server = start(serve_badly);
    async_stream *client = visit(server);

    ck_assert_str_eq(hear(client), "");
    {
        const char *heard = reports();

        ck_assert_int_eq(strncmp(heard, "ASYNC_EHOST: 127.0.0.1:", 23), 0);
        ck_assert_ptr_nonnull(strstr(heard, ": what served the connection was the task at step "));
        ck_assert_ptr_nonnull(strstr(heard, " which failed: it broke"));
        ck_assert_ptr_null(strchr(heard, '\n'));
    }
    leave(client);
    end_server(server);
}
END_TEST

static async_stream *kept;

static async_future *keep(async_stream *taken, void *user)
{
    note_arrival();
    kept = taken;
    return NULL;
}

START_TEST(a_connection_may_be_served_some_other_way)
{
    async_server *server = start(keep);
    async_stream *client = visit(server);

    await_arrivals(1);
    ck_assert_uint_eq(async_server_connections(server), 1);
    async_stream_write(kept, "kept", 4);
    ck_assert_str_eq(hear(client), "kept");
    async_server_close(server);
    ck_assert_int_eq(destroyed, 0);
    leave(kept);
    ck_assert_int_eq(destroyed, 1);
    ck_assert_str_eq(hear(client), "");
    leave(client);
    end_server(server);
}
END_TEST

static async_future *drop(async_stream *taken, void *user)
{
    note_arrival();
    async_stream_unref(taken);
    return NULL;
}

START_TEST(a_connection_that_nobody_wants_is_closed_and_reported)
{
    async_server *server = start(drop);
    async_stream *client = visit(server);

    ck_assert_str_eq(hear(client), "");
    ck_assert_ptr_nonnull(strstr(reports(), "the stream was dropped without a close"));
    ck_assert_uint_eq(async_server_connections(server), 0);
    leave(client);
    end_server(server);
}
END_TEST

static async_future *close_at_once(async_stream *taken, void *user)
{
    note_arrival();
    end_stream(taken);
    return NULL;
}

START_TEST(the_callback_may_close_the_stream)
{
    async_server *server = start(close_at_once);
    async_stream *client = visit(server);

    ck_assert_str_eq(hear(client), "");
    ck_assert_uint_eq(async_server_connections(server), 0);
    leave(client);
    end_server(server);
}
END_TEST

/* A connection is over when both are: its stream, and what served it. */
static async_future *promised;

static async_future *promise(async_stream *taken, void *user)
{
    note_arrival();
    end_stream(taken);
    promised = async_future_new(loop);
    return async_future_ref(promised);
}

START_TEST(a_closed_stream_may_have_work_left)
{
    async_server *server = start(promise);
    async_stream *client = visit(server);

    ck_assert_str_eq(hear(client), "");
    ck_assert_uint_eq(async_server_connections(server), 1);
    async_future_resolve(promised, async_none());
    ck_assert_int_eq(finish(promised), 0);
    leave(client);
    end_server(server);
}
END_TEST

static async_loop *other_loop;

static async_future *serve_elsewhere(async_stream *taken, void *user)
{
    note_arrival();
    async_stream_unref(taken);
    return async_future_new(other_loop);
}

START_TEST(a_future_of_another_loop_serves_nobody)
{
    async_server *server = start(serve_elsewhere);
    async_stream *client;

    other_loop = async_loop_new();
    client = visit(server);
    ck_assert_str_eq(hear(client), "");
    ck_assert_ptr_nonnull(strstr(reports(), "the future belongs to another loop"));
    leave(client);
    end_server(server);
    async_loop_close(other_loop);
    async_loop_unref(other_loop);
}
END_TEST

static async_future *close_server(async_stream *taken, void *user)
{
    async_server_close(*(async_server **)user);
    return greet(taken, user);
}

START_TEST(the_callback_may_close_the_server)
{
    async_server *server;
    async_future *starting;
    int clients[2];

    begin_test();
    starting = async_start_server(loop, "127.0.0.1", 0, close_server, &server, destroy_user, NULL);
    server = server_of(starting);
    for (int i = 0; i < 2; i++)
        clients[i] = connect_to("127.0.0.1", port_of(server));
    ck_assert_int_eq(finish(async_server_wait_closed(server)), 0);
    ck_assert_uint_eq(came, 1);
    expect_text(clients[0], "hello");
    close(clients[0]);
    close(clients[1]);
    end_server(server);
}
END_TEST

START_TEST(tcp_settings_are_inherited)
{
    async_socket_options *options = async_socket_options_new();
    async_server *server;
    async_stream *client;
    int value = 0;
    socklen_t size = sizeof value;

    async_socket_options_set_keepalive(options, 77);
    server = start_with(keep, options);
    client = visit(server);
    await_arrivals(1);
    getsockopt(async_stream_descriptor(kept), IPPROTO_TCP, TCP_NODELAY, &value, &size);
    ck_assert_int_eq(value, 1);
    getsockopt(async_stream_descriptor(kept), IPPROTO_TCP, TCP_KEEPIDLE, &value, &size);
    ck_assert_int_eq(value, 77);
    leave(kept);
    leave(client);
    async_socket_options_unref(options);
    end_server(server);
}
END_TEST

START_TEST(no_more_than_the_limit_are_served_at_once)
{
    async_socket_options *options = async_socket_options_new();
    async_server *server;
    async_stream *clients[4];

    async_socket_options_set_most_connections(options, 2);
    server = start_with(echo_to, options);
    for (int i = 0; i < 4; i++) {
        clients[i] = visit(server);
        async_stream_write(clients[i], "x", 1);
    }
    ck_assert_str_eq(hear(clients[0]), "x");
    ck_assert_str_eq(hear(clients[1]), "x");
    turns(5);
    ck_assert_uint_eq(came, 2);
    for (int i = 0; i < 4; i++) {
        if (i > 1)
            ck_assert_str_eq(hear(clients[i]), "x");
        ck_assert_uint_le(async_server_connections(server), 2);
        leave(clients[i]);
    }
    async_socket_options_unref(options);
    end_server(server);
}
END_TEST

int main(void)
{
    return RUN_TESTS("server", each_connection_has_a_task, it_serves_until_it_is_closed_whoever_holds_it,
                     all_addresses_get_the_same_port, an_address_named_twice_is_listened_at_once,
                     a_family_that_is_not_there_is_left_out, an_address_in_use_is_named,
                     several_share_a_port_if_all_agree, arguments_that_cannot_be_are_named,
                     without_a_server_there_is_nothing_to_ask, a_path_is_there_while_its_server_listens,
                     a_dead_servers_socket_is_replaced, a_living_servers_socket_is_not_replaced,
                     what_is_no_socket_is_not_replaced, a_path_that_is_somebody_elses_by_now_stays,
                     an_abstract_name_needs_no_file, a_socket_is_adopted_that_listens_or_is_bound,
                     what_cannot_listen_is_not_adopted, a_failure_is_reported_and_its_stream_closed,
                     a_connection_may_be_served_some_other_way, a_connection_that_nobody_wants_is_closed_and_reported,
                     the_callback_may_close_the_stream, a_closed_stream_may_have_work_left,
                     a_future_of_another_loop_serves_nobody, the_callback_may_close_the_server,
                     tcp_settings_are_inherited, no_more_than_the_limit_are_served_at_once);
}
