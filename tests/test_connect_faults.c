/* Opening connections where calls of the system fail or there is no memory. */
#include "tests/support/faults.h"
#include "tests/support/lookups.h"
#include "tests/support/openings.h"
#include "tests/support/peers.h"
#include "tests/support/support.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static async_future *open_both(int port)
{
    use_hosts("127.0.0.1 both.test\n::1 both.test\n");
    return open_host("both.test", port);
}

/* How many connects of its own the look-up makes, before those of the two attempts. */
static int connects_of_lookup(void)
{
    system_reset();
    ck_assert_int_eq(finish(open_both(unused_port())), ASYNC_EREFUSED);
    forget_hosts();
    return system_count(SYSTEM_CONNECT) - 2;
}

START_TEST(a_signal_in_a_connect_is_no_failure)
{
    int port = 0, listener = listen_at("127.0.0.1", &port);

    system_reset();
    system_fail(SYSTEM_CONNECT, 1, 1, EINTR);
    ck_assert_ending(open_host("127.0.0.1", port), with_port("127.0.0.1:%d", port));
    ck_assert_int_eq(system_failed(SYSTEM_CONNECT), 1);
    close(listener);
}
END_TEST

START_TEST(a_call_that_fails_for_one_address_leaves_the_others)
{
    int port = 0, listener = listen_at("127.0.0.1", &port), before = connects_of_lookup();

    system_fail(SYSTEM_CONNECT, before + 1, 1, ENETUNREACH);
    ck_assert_ending(open_both(port), with_port("127.0.0.1:%d", port));
    ck_assert_int_eq(system_failed(SYSTEM_CONNECT), 1);
    forget_hosts();
    system_reset();
    close(listener);
}
END_TEST

/* What each call may say, and what is told then. */
START_TEST(a_call_that_fails_for_all_gives_the_reason)
{
    static const struct {
        enum system_call call;
        int number;
        const char *told;
    } faults[] = {
        {SYSTEM_SOCKET, EMFILE, "EOS 127.0.0.1:%d: Too many open files"},
        {SYSTEM_SOCKET, ENFILE, "EOS 127.0.0.1:%d: Too many open files in system"},
        {SYSTEM_SOCKET, ENOBUFS, "EOS 127.0.0.1:%d: No buffer space available"},
        {SYSTEM_SOCKET, ENOMEM, "ENOMEM 127.0.0.1:%d: out of memory"},
        {SYSTEM_SOCKET, EAFNOSUPPORT, "EOS 127.0.0.1:%d: Address family not supported by protocol"},
        {SYSTEM_CONNECT, EACCES, "EACCESS 127.0.0.1:%d: not allowed"},
        {SYSTEM_CONNECT, EPERM, "EACCESS 127.0.0.1:%d: not allowed"},
        {SYSTEM_CONNECT, ENETUNREACH, "EUNREACHABLE 127.0.0.1:%d: there is no way to that host"},
        {SYSTEM_CONNECT, EADDRNOTAVAIL, "EOS 127.0.0.1:%d: Cannot assign requested address"},
        {SYSTEM_CONNECT, EAGAIN, "EOS 127.0.0.1:%d: Resource temporarily unavailable"},
        /* The kernel finds these later. */
        {SYSTEM_GETSOCKOPT, ETIMEDOUT, "ETIMEDOUT 127.0.0.1:%d: timed out"},
        {SYSTEM_GETSOCKOPT, EHOSTUNREACH, "EUNREACHABLE 127.0.0.1:%d: there is no way to that host"},
        {SYSTEM_GETSOCKOPT, ECONNRESET, "ERESET 127.0.0.1:%d: the peer reset the connection"},
    };
    int port = 0, listener = listen_at("127.0.0.1", &port);

    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        system_reset();
        system_fail(faults[i].call, 1, 1, faults[i].number);
        ck_assert_ending(open_host("127.0.0.1", port), with_port(faults[i].told, port));
        ck_assert_int_eq(system_failed(faults[i].call), 1);
    }
    close(listener);
}
END_TEST

START_TEST(of_several_reasons_the_most_telling_is_the_code)
{
    static const struct {
        int first, second;
        const char *name;
    } pairs[] = {
        {ENETUNREACH, EADDRNOTAVAIL, "EUNREACHABLE "}, {ETIMEDOUT, ENETUNREACH, "ETIMEDOUT "},
        {EADDRNOTAVAIL, ETIMEDOUT, "ETIMEDOUT "},      {EACCES, ETIMEDOUT, "EACCESS "},
        {ECONNREFUSED, EACCES, "EREFUSED "},           {EACCES, ECONNREFUSED, "EREFUSED "},
    };
    int before = connects_of_lookup();

    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        int numbers[16] = {[0] = 0};

        ck_assert_int_le(before + 2, 16);
        numbers[before] = pairs[i].first;
        numbers[before + 1] = pairs[i].second;
        system_reset();
        system_fail_each(SYSTEM_CONNECT, numbers, before + 2);
        ck_assert_int_eq(strncmp(ending(open_both(1)), pairs[i].name, strlen(pairs[i].name)), 0);
        ck_assert_int_eq(system_failed(SYSTEM_CONNECT), 2);
        forget_hosts();
    }
    system_reset();
}
END_TEST

/* Each step needs memory; what a failure leaves behind the fixture finds. */
START_TEST(any_allocation_may_fail)
{
    int port = 0, listener = listen_at("127.0.0.1", &port);
    async_socket_options *options = async_socket_options_new();
    bool failed = true;

    async_socket_options_set_connect_timeout(options, 10);
    use_hosts("127.0.0.1 both.test\n::1 both.test\n");
    for (size_t nth = 1; failed; nth++) {
        memory_fail_at(nth, nth % 2);
        failed = memory_failed_in(async_open_connection(loop, "both.test", port, options));
    }
    async_socket_options_unref(options);
    forget_hosts();
    close(listener);
}
END_TEST

int main(void)
{
    return RUN_TESTS("connect_faults", a_signal_in_a_connect_is_no_failure,
                     a_call_that_fails_for_one_address_leaves_the_others, a_call_that_fails_for_all_gives_the_reason,
                     of_several_reasons_the_most_telling_is_the_code, any_allocation_may_fail);
}
