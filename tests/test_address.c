#include "tests/support/support.h"

#include <errno.h>
#include <string.h>

static void is(const char *host, int port, int family, const char *text)
{
    async_value *address = async_address(host, port);

    ck_assert_ptr_nonnull(address);
    ck_assert_int_eq(async_address_family(address), family);
    ck_assert_int_eq(async_address_port(address), port);
    ck_assert_int_eq(async_address_type(address), ASYNC_ANY);
    ck_assert_str_eq(async_address_text(address), text);
    ck_assert_str_eq(async_address_path(address), "");
    async_value_unref(address);
}

START_TEST(a_host_has_a_family_a_port_and_a_text)
{
    async_value *address = async_address("2001:DB8:0:0::1", 53);

    is("127.0.0.1", 80, ASYNC_IPV4, "127.0.0.1:80");
    is("::1", 65535, ASYNC_IPV6, "[::1]:65535");
    is("0.0.0.0", 0, ASYNC_IPV4, "0.0.0.0:0");
    is("fe80::1%1", 80, ASYNC_IPV6, "[fe80::1%1]:80");
    is("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255%4294967295", 65535, ASYNC_IPV6,
       "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff%4294967295]:65535");
    ck_assert_str_eq(async_address_host(address), "2001:db8::1");
    ck_assert_uint_eq(async_address_scope(address), 0);
    async_value_unref(address);
}
END_TEST

START_TEST(a_scope_is_the_index_of_an_interface)
{
    async_value *by_name = async_address("fe80::1%lo", 1), *by_number = async_address("fe80::1%7", 1);

    ck_assert_uint_ge(async_address_scope(by_name), 1);
    ck_assert_uint_eq(async_address_scope(by_number), 7);
    ck_assert_str_eq(async_address_host(by_number), "fe80::1");
    async_value_unref(by_name);
    async_value_unref(by_number);
}
END_TEST

START_TEST(what_is_no_address_is_refused)
{
    static const struct {
        const char *host;
        int port;
    } wrong[] = {{NULL, 80},      {"", 80},          {"localhost", 80},  {"127.1", 80},       {"256.0.0.1", 80},
                 {"::1::", 80},   {"[::1]", 80},     {"127.0.0.1", -1},  {"127.0.0.1", 65536}, {"127.0.0.1", 70000},
                 {"fe80::1%", 80}, {"fe80::1%nosuchinterface", 80}};

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        errno = 0;
        ck_assert_msg(!async_address(wrong[i].host, wrong[i].port), "%s:%d", wrong[i].host, wrong[i].port);
        ck_assert_int_eq(errno, EINVAL);
    }
}
END_TEST

static void path_is(const void *bytes, size_t size, const char *text)
{
    async_value *address = async_address_unix(bytes, size);

    ck_assert_ptr_nonnull(address);
    ck_assert_int_eq(async_address_family(address), ASYNC_UNIX);
    ck_assert_str_eq(async_address_path(address), text);
    ck_assert_str_eq(async_address_text(address), text);
    ck_assert_str_eq(async_address_host(address), "");
    ck_assert_int_eq(async_address_port(address), 0);
    ck_assert_uint_eq(async_address_scope(address), 0);
    async_value_unref(address);
}

START_TEST(a_unix_socket_has_a_path)
{
    char path[109], longest[110];

    path_is("/run/x.socket", 13, "/run/x.socket");
    path_is("\0name", 5, "@name");
    path_is(NULL, 0, "");

    memset(path, 'p', sizeof path);
    memcpy(longest, path, 107);
    longest[107] = '\0';
    path_is(path, 107, longest);
    errno = 0;
    ck_assert_ptr_null(async_address_unix(path, 108));
    ck_assert_int_eq(errno, ENAMETOOLONG);

    path[0] = '\0';
    memset(longest, 'p', 108);
    longest[0] = '@';
    longest[108] = '\0';
    path_is(path, 108, longest);
    ck_assert_ptr_null(async_address_unix(path, 109));
    ck_assert_int_eq(errno, ENAMETOOLONG);

    ck_assert_ptr_null(async_address_unix(NULL, 1));
    ck_assert_int_eq(errno, EINVAL);
}
END_TEST

START_TEST(other_values_are_no_address)
{
    async_value *others[] = {NULL, async_none(), async_text("127.0.0.1"), async_int(80)};

    for (size_t i = 0; i < 4; i++) {
        ck_assert_int_eq(async_address_family(others[i]), 0);
        ck_assert_int_eq(async_address_type(others[i]), 0);
        ck_assert_int_eq(async_address_port(others[i]), 0);
        ck_assert_uint_eq(async_address_scope(others[i]), 0);
        ck_assert_str_eq(async_address_host(others[i]), "");
        ck_assert_str_eq(async_address_path(others[i]), "");
        ck_assert_str_eq(async_address_text(others[i]), "");
        async_value_unref(others[i]);
    }
}
END_TEST

static void *read_text(void *user)
{
    return (void *)async_address_text(user);
}

START_TEST(threads_that_ask_at_once_read_the_same_text)
{
    for (int round = 0; round < 50; round++) {
        async_value *address = async_address("127.0.0.1", 8080);
        pthread_t threads[4];
        void *texts[4];

        for (int i = 0; i < 4; i++)
            ck_assert_int_eq(pthread_create(&threads[i], NULL, read_text, address), 0);
        for (int i = 0; i < 4; i++)
            pthread_join(threads[i], &texts[i]);
        for (int i = 0; i < 4; i++)
            ck_assert_ptr_eq(texts[i], texts[0]);
        ck_assert_str_eq(texts[0], "127.0.0.1:8080");
        async_value_unref(address);
    }
}
END_TEST

int main(void)
{
    return RUN_TESTS("address", a_host_has_a_family_a_port_and_a_text, a_scope_is_the_index_of_an_interface,
                     what_is_no_address_is_refused, a_unix_socket_has_a_path, other_values_are_no_address,
                     threads_that_ask_at_once_read_the_same_text);
}
