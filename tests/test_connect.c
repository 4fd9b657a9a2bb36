/* Opening connections: to whom, for how long, and what is told when it cannot be. */
#include "tests/support/faults.h"
#include "tests/support/lookups.h"
#include "tests/support/openings.h"
#include "tests/support/peers.h"
#include "tests/support/support.h"

#include "libasync/dns/settings.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

START_TEST(it_connects_to_an_address)
{
    int port = 0, listener = listen_at("127.0.0.1", &port), peer;
    async_future *opening = open_host("127.0.0.1", port);
    async_stream *stream;

    ck_assert_int_eq(async_loop_run_until(loop, opening), 0);
    stream = async_value_stream(async_future_value(opening));
    peer = accept(listener, NULL, NULL);
    ck_assert_int_eq(async_stream_write(stream, "hello", 5), 0);
    expect_text(peer, "hello");
    send_text(peer, "you");
    {
        async_future *reading = async_stream_read(stream, 10);

        ck_assert_int_eq(async_loop_run_until(loop, reading), 0);
        ck_assert_str_eq(async_value_text(async_future_value(reading), NULL), "you");
        async_future_unref(reading);
    }
    ck_assert_int_eq(async_stream_close(stream), 0);
    expect_end(peer);
    async_future_unref(opening);
    close(peer);
    close(listener);
}
END_TEST

START_TEST(it_connects_by_ipv6)
{
    int port = 0, listener = listen_at("::1", &port);

    ck_assert_ending(open_host("::1", port), with_port("[::1]:%d", port));
    close(listener);
}
END_TEST

START_TEST(a_given_address_needs_no_look_up)
{
    int port = 0, listener = listen_at("127.0.0.1", &port);
    async_value *address = async_address("127.0.0.1", port);

    ck_assert_ending(async_open_connection_to(loop, address, NULL), with_port("127.0.0.1:%d", port));
    async_value_unref(address);
    close(listener);
}
END_TEST

START_TEST(a_unix_socket_is_a_path_or_an_abstract_name)
{
    const char *path = new_path();
    int listener = listen_at_path(path, 10), abstract = listen_at_path("@libasync-test", 10);
    async_value *address = async_address_unix(path, strlen(path));

    ck_assert_ending(async_open_unix_connection(loop, path, NULL), path);
    ck_assert_ending(async_open_connection_to(loop, address, NULL), path);
    ck_assert_ending(async_open_unix_connection(loop, "@libasync-test", NULL), "@libasync-test");
    async_value_unref(address);
    close(listener);
    close(abstract);
    gone_path();
}
END_TEST

/* They are of TCP, and would each cost a call of the system's. */
START_TEST(a_unix_socket_has_no_settings_of_tcp)
{
    async_socket_options *options = async_socket_options_new();
    const char *path = new_path();
    int listener = listen_at_path(path, 4);

    async_socket_options_set_keepalive(options, 60);
    system_reset();
    ck_assert_ending(async_open_unix_connection(loop, path, options), path);
    ck_assert_int_eq(system_count(SYSTEM_SETSOCKOPT), 0);
    async_socket_options_unref(options);
    close(listener);
    gone_path();
}
END_TEST

START_TEST(arguments_that_cannot_be_are_named)
{
    async_value *none = async_none(), *port_zero = async_address("127.0.0.1", 0);
    async_value *unnamed = async_address_unix(NULL, 0);
    char path[200];

    memset(path, 'x', 199);
    path[199] = '\0';
    ck_assert_ending(open_host("h", 70000), "EINVAL host 'h', port 70000: ports are 1 to 65535");
    ck_assert_ending(open_host("h", 0), "EINVAL host 'h', port 0: ports are 1 to 65535");
    ck_assert_ending(open_host("h", -1), "EINVAL host 'h', port -1: ports are 1 to 65535");
    ck_assert_ending(open_host(NULL, 80), "EINVAL open_connection: the host is NULL");
    ck_assert_ending(async_open_connection_to(loop, NULL, NULL), "EINVAL open_connection_to: the value is no address");
    ck_assert_ending(async_open_connection_to(loop, none, NULL), "EINVAL open_connection_to: the value is no address");
    ck_assert_ending(async_open_connection_to(loop, port_zero, NULL), "EINVAL 127.0.0.1:0: nobody can listen there");
    ck_assert_ending(async_open_connection_to(loop, unnamed, NULL), "EINVAL : nobody can listen there");
    ck_assert_ending(async_open_unix_connection(loop, NULL, NULL), "EINVAL the path is NULL");
    ck_assert_ending(async_open_unix_connection(loop, "", NULL), "EINVAL the path is empty");
    ck_assert_ptr_nonnull(strstr(ending(async_open_unix_connection(loop, path, NULL)), "at most 107 bytes"));
    async_value_unref(port_zero);
    async_value_unref(unnamed);
}
END_TEST

START_TEST(without_a_loop_there_is_a_failure_all_the_same)
{
    async_future *openings[] = {async_open_connection(NULL, "h", 1, NULL), async_open_connection_to(NULL, NULL, NULL),
                                async_open_unix_connection(NULL, "p", NULL)};

    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(async_future_error(openings[i]), ASYNC_EINVAL);
}
END_TEST

START_TEST(a_refusal_names_the_address)
{
    int port = unused_port();
    async_future *opening = open_host("127.0.0.1", port);

    ck_assert_int_eq(async_loop_run_until(loop, opening), ASYNC_EREFUSED);
    ck_assert_int_eq(async_value_os(async_future_failure(opening)), ECONNREFUSED);
    ck_assert_str_eq(async_future_message(opening), with_port("127.0.0.1:%d: the connection was refused", port));
    async_future_unref(opening);
}
END_TEST

START_TEST(a_path_without_a_listener_is_named)
{
    const char *path = new_path();
    char expected[128];

    snprintf(expected, sizeof expected, "EOS %s: No such file or directory", path);
    ck_assert_ending(async_open_unix_connection(loop, path, NULL), expected);
    close(listen_at_path(path, 1));
    snprintf(expected, sizeof expected, "EREFUSED %s: the connection was refused", path);
    ck_assert_ending(async_open_unix_connection(loop, path, NULL), expected);
    gone_path();
}
END_TEST

START_TEST(a_name_that_does_not_resolve_is_told_with_its_port)
{
    ck_assert_ending(open_host("nowhere.invalid", 80), "ENONAME host 'nowhere.invalid', port 80: no such host name");
    ck_assert_ending(open_host("10.0.0.256", 80), "ENONAME host '10.0.0.256', port 80: not an address");
}
END_TEST

START_TEST(each_address_of_a_name_is_told_with_its_reason)
{
    int port = unused_port();

    use_hosts("127.0.0.1 both.test\n::1 both.test\n");
    ck_assert_ending(open_host("both.test", port),
                     with_port("EREFUSED host 'both.test', port %d: [::1]:%d: the connection was refused; "
                               "127.0.0.1:%d: the connection was refused",
                               port));
    forget_hosts();
}
END_TEST

START_TEST(more_reasons_than_anybody_reads_are_counted)
{
    char hosts[2048] = "";
    int port = unused_port();
    const char *text;

    for (int i = 1; i <= 40; i++)
        sprintf(hosts + strlen(hosts), "127.0.0.%d many.test\n", i);
    use_hosts(hosts);
    text = ending(open_host("many.test", port));
    ck_assert_ptr_nonnull(strstr(text, with_port("127.0.0.1:%d: the connection was refused; ", port)));
    ck_assert_str_eq(strrchr(text, ';') + strspn(strrchr(text, ';'), "; and0123456789"), "more");
    forget_hosts();
}
END_TEST

static async_future *open_with_limit(const char *host, double seconds, int port)
{
    async_socket_options *options = async_socket_options_new();
    async_future *opening;

    async_socket_options_set_connect_timeout(options, seconds);
    opening = async_open_connection(loop, host, port, options);
    async_socket_options_unref(options);
    return opening;
}

START_TEST(a_limit_ends_the_silence)
{
    int port = 0, filler, deaf = listen_deaf("127.0.0.1", &port, &filler);

    async_loop_set_clock(loop, ASYNC_CLOCK_JUMPING);
    ck_assert_ending(open_with_limit("127.0.0.1", 1.5, port),
                     with_port("ETIMEDOUT 127.0.0.1:%d: no answer within 1.5 s", port));
    ck_assert_double_eq(async_loop_time(loop), 1.5);
    use_hosts("127.0.0.1 both.test\n::1 both.test\n");
    ck_assert_ending(open_with_limit("both.test", 3, port),
                     with_port("ETIMEDOUT host 'both.test', port %d: [::1]:%d: the connection was refused; "
                               "127.0.0.1:%d: no answer within 3 s",
                               port));
    ck_assert_double_eq(async_loop_time(loop), 4.5);
    forget_hosts();
    close(filler);
    close(deaf);
}
END_TEST

/* The servers that this resolver asks do not answer: nobody reads what comes to that port. */
static int silent_name_server(void)
{
    static char servers[32];
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    ck_assert_int_eq(bind(descriptor, (struct sockaddr *)&address, size), 0);
    ck_assert_int_eq(getsockname(descriptor, (struct sockaddr *)&address, &size), 0);
    snprintf(servers, sizeof servers, "127.0.0.1:%d", ntohs(address.sin_port));
    use_hosts("");
    resolver_settings.servers = servers;
    return descriptor;
}

START_TEST(the_limit_counts_the_look_up_too)
{
    int server = silent_name_server();

    ck_assert_ending(open_with_limit("slow.test", 0.001, 80),
                     "ETIMEDOUT host 'slow.test', port 80: no answer within 0.001 s");
    forget_hosts();
    close(server);
}
END_TEST

/* One that waits for its look-up, and one that waits for an answer. */
static async_future *silent[2];
static int silent_descriptors[3], silent_port;

static void open_in_vain(void)
{
    silent_port = 0;
    silent_descriptors[0] = listen_deaf("127.0.0.1", &silent_port, &silent_descriptors[1]);
    silent_descriptors[2] = silent_name_server();
    silent[0] = open_host("slow.test", 80);
    silent[1] = open_host("127.0.0.1", silent_port);
    turn();
}

static void check_silent(int error)
{
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(async_future_error(silent[i]), error);
        async_future_unref(silent[i]);
    }
    for (int i = 0; i < 3; i++)
        close(silent_descriptors[i]);
    forget_hosts();
}

START_TEST(a_cancel_ends_the_look_up_or_the_attempts)
{
    open_in_vain();
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(async_future_cancel(silent[i], NULL), 0);
    check_silent(ASYNC_ECANCELED);
}
END_TEST

START_TEST(the_close_of_the_loop_ends_it)
{
    open_in_vain();
    ck_assert_int_eq(async_loop_close(loop), 0);
    ck_assert_int_eq(async_future_error(open_host("127.0.0.1", silent_port)), ASYNC_ECLOSED);
    check_silent(ASYNC_ECLOSED);
}
END_TEST

START_TEST(one_family_only_is_what_it_says)
{
    int port = unused_port();
    async_socket_options *options = async_socket_options_new();

    use_hosts("127.0.0.1 both.test\n::1 both.test\n");
    async_socket_options_set_family(options, ASYNC_IPV4);
    ck_assert_ending(async_open_connection(loop, "both.test", port, options),
                     with_port("EREFUSED host 'both.test', port %d: 127.0.0.1:%d: the connection was refused", port));
    async_socket_options_set_family(options, ASYNC_IPV6);
    ck_assert_ending(async_open_connection(loop, "both.test", port, options),
                     with_port("EREFUSED host 'both.test', port %d: [::1]:%d: the connection was refused", port));
    async_socket_options_unref(options);
    forget_hosts();
}
END_TEST

static async_future *open_from(const char *local, int local_port, const char *host, int port)
{
    async_socket_options *options = async_socket_options_new();
    async_value *address = async_address(local, local_port);
    async_future *opening;

    ck_assert_int_eq(async_socket_options_set_local(options, address), 0);
    opening = async_open_connection(loop, host, port, options);
    async_socket_options_unref(options);
    async_value_unref(address);
    return opening;
}

START_TEST(the_local_address_can_be_chosen)
{
    int port = 0, listener = listen_at("127.0.0.1", &port), peer;
    struct sockaddr_in from;
    socklen_t size = sizeof from;

    ck_assert_ending(open_from("127.0.0.5", 0, "127.0.0.1", port), with_port("127.0.0.1:%d", port));
    peer = accept(listener, (struct sockaddr *)&from, &size);
    ck_assert_uint_eq(ntohl(from.sin_addr.s_addr), 0x7f000005);
    ck_assert_ending(open_from("::1", 0, "127.0.0.1", port),
                     with_port("EOS 127.0.0.1:%d: Address family not supported by protocol", port));
    close(peer);
    close(listener);
}
END_TEST

/* From a port to the very same one the kernel connects a socket with itself. */
START_TEST(who_meets_nobody_but_himself_is_refused)
{
    int port = unused_port();

    ck_assert_ending(open_from("127.0.0.1", port, "127.0.0.1", port),
                     with_port("EREFUSED 127.0.0.1:%d: the connection was refused", port));
    ck_assert_ending(open_from("::1", port, "::1", port),
                     with_port("EREFUSED [::1]:%d: the connection was refused", port));
}
END_TEST

START_TEST(a_crowded_unix_socket_is_asked_again)
{
    const char *path = new_path();
    int listener = listen_at_path(path, 0), filler = connect_to_path(path), peers[2];
    async_future *opening = async_open_unix_connection(loop, path, NULL);

    turns(2);
    ck_assert(!async_future_is_done(opening));
    peers[0] = accept(listener, NULL, NULL);
    ck_assert_ending(opening, path);
    peers[1] = accept(listener, NULL, NULL);
    expect_end(peers[1]);
    close(peers[0]);
    close(peers[1]);
    close(filler);
    close(listener);
    gone_path();
}
END_TEST

START_TEST(a_crowded_unix_socket_can_be_given_up)
{
    const char *path = new_path();
    int listener = listen_at_path(path, 0), filler = connect_to_path(path);
    async_socket_options *options = async_socket_options_new();
    char expected[128];

    async_loop_set_clock(loop, ASYNC_CLOCK_JUMPING);
    async_socket_options_set_connect_timeout(options, 2);
    snprintf(expected, sizeof expected, "ETIMEDOUT %s: no answer within 2 s", path);
    ck_assert_ending(async_open_unix_connection(loop, path, options), expected);
    ck_assert_double_eq(async_loop_time(loop), 2);
    async_socket_options_unref(options);
    close(filler);
    close(listener);
    gone_path();
}
END_TEST

START_TEST(a_connection_that_nobody_takes_is_reported)
{
    int port = 0, listener = listen_at("127.0.0.1", &port);

    ck_assert_int_eq(finish(open_host("127.0.0.1", port)), 0);
    ck_assert_ptr_nonnull(strstr(reports(), with_port("127.0.0.1:%d: the stream was dropped without a close", port)));
    close(listener);
}
END_TEST

int main(void)
{
    return RUN_TESTS("connect", it_connects_to_an_address, it_connects_by_ipv6, a_given_address_needs_no_look_up,
                     a_unix_socket_is_a_path_or_an_abstract_name, a_unix_socket_has_no_settings_of_tcp,
                     arguments_that_cannot_be_are_named, without_a_loop_there_is_a_failure_all_the_same,
                     a_refusal_names_the_address, a_path_without_a_listener_is_named,
                     a_name_that_does_not_resolve_is_told_with_its_port, each_address_of_a_name_is_told_with_its_reason,
                     more_reasons_than_anybody_reads_are_counted, a_limit_ends_the_silence,
                     the_limit_counts_the_look_up_too, a_cancel_ends_the_look_up_or_the_attempts,
                     the_close_of_the_loop_ends_it, one_family_only_is_what_it_says, the_local_address_can_be_chosen,
                     who_meets_nobody_but_himself_is_refused, a_crowded_unix_socket_is_asked_again,
                     a_crowded_unix_socket_can_be_given_up, a_connection_that_nobody_takes_is_reported);
}
