#include "tests/support/support.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#define LAST ASYNC_ELIMIT

START_TEST(every_code_has_a_name_and_a_text_of_its_own)
{
    for (int code = 0; code >= LAST; code--) {
        ck_assert_msg(strncmp(async_error_name(code), "ASYNC_", 6) == 0, "%d has no name", code);
        ck_assert_str_ne(async_error_name(code), "ASYNC_E?");
        ck_assert_str_ne(async_error_text(code), "unknown error");
        ck_assert_int_ne(async_error_text(code)[strlen(async_error_text(code)) - 1], '.');
        for (int other = 0; other > code; other--) {
            ck_assert_str_ne(async_error_name(code), async_error_name(other));
            ck_assert_str_ne(async_error_text(code), async_error_text(other));
        }
    }
}
END_TEST

START_TEST(the_numbers_never_change)
{
    ck_assert_str_eq(async_error_name(0), "ASYNC_OK");
    ck_assert_str_eq(async_error_name(-1), "ASYNC_EINVAL");
    ck_assert_str_eq(async_error_name(-2), "ASYNC_ENOMEM");
    ck_assert_str_eq(async_error_name(-3), "ASYNC_ECANCELED");
    ck_assert_str_eq(async_error_name(-4), "ASYNC_ETIMEDOUT");
    ck_assert_str_eq(async_error_name(-5), "ASYNC_ECLOSED");
    ck_assert_str_eq(async_error_name(-6), "ASYNC_ETHREAD");
    ck_assert_str_eq(async_error_name(-7), "ASYNC_ESTATE");
    ck_assert_str_eq(async_error_name(-8), "ASYNC_ERUNNING");
    ck_assert_str_eq(async_error_name(-9), "ASYNC_ESTOPPED");
    ck_assert_str_eq(async_error_name(-10), "ASYNC_EFOREIGN");
    ck_assert_str_eq(async_error_name(-11), "ASYNC_EDEADLOCK");
    ck_assert_str_eq(async_error_name(-12), "ASYNC_EHOST");
    ck_assert_str_eq(async_error_name(-13), "ASYNC_EOS");
    ck_assert_str_eq(async_error_name(-14), "ASYNC_ENONAME");
    ck_assert_str_eq(async_error_name(-15), "ASYNC_ESERVICE");
    ck_assert_str_eq(async_error_name(-16), "ASYNC_EDNS");
    ck_assert_str_eq(async_error_name(-17), "ASYNC_EBROKEN");
    ck_assert_str_eq(async_error_name(-18), "ASYNC_EFULL");
    ck_assert_str_eq(async_error_name(-19), "ASYNC_EEMPTY");
    ck_assert_str_eq(async_error_name(-20), "ASYNC_ESHUTDOWN");
    ck_assert_str_eq(async_error_name(-21), "ASYNC_ELAGGED");
    ck_assert_str_eq(async_error_name(-22), "ASYNC_EGROUP");
    ck_assert_str_eq(async_error_name(-23), "ASYNC_EREFUSED");
    ck_assert_str_eq(async_error_name(-24), "ASYNC_ERESET");
    ck_assert_str_eq(async_error_name(-25), "ASYNC_EUNREACHABLE");
    ck_assert_str_eq(async_error_name(-26), "ASYNC_EINUSE");
    ck_assert_str_eq(async_error_name(-27), "ASYNC_EACCESS");
    ck_assert_str_eq(async_error_name(-28), "ASYNC_EEND");
    ck_assert_str_eq(async_error_name(-29), "ASYNC_ELIMIT");
}
END_TEST

START_TEST(a_number_that_is_no_code_is_said_to_be_unknown)
{
    static const int numbers[] = {1, LAST - 1, -1000, INT_MAX, INT_MIN};

    for (int i = 0; i < 5; i++) {
        ck_assert_str_eq(async_error_name(numbers[i]), "ASYNC_E?");
        ck_assert_str_eq(async_error_text(numbers[i]), "unknown error");
    }
}
END_TEST

START_TEST(an_error_without_a_message_has_its_codes_text)
{
    for (int code = -1; code >= LAST; code--) {
        async_value *error = async_error(code, NULL);

        ck_assert_int_eq(async_value_kind(error), ASYNC_ERROR);
        ck_assert_int_eq(async_value_error(error), code);
        ck_assert_str_eq(async_value_message(error), async_error_text(code));
        ck_assert_str_eq(async_value_text(error, NULL), async_error_text(code));
        ck_assert_ptr_null(async_value_cause(error));
        async_value_unref(error);
    }
}
END_TEST

START_TEST(an_error_keeps_its_message)
{
    char message[] = "no such host: example";
    async_value *error = async_error(ASYNC_ENONAME, message);
    size_t size;

    memset(message, 'x', 3);
    ck_assert_int_eq(async_value_error(error), ASYNC_ENONAME);
    ck_assert_str_eq(async_value_message(error), "no such host: example");
    async_value_text(error, &size);
    ck_assert_uint_eq(size, strlen("no such host: example"));
    async_value_unref(error);
}
END_TEST

START_TEST(what_is_no_code_becomes_an_invalid_argument)
{
    static const int numbers[] = {0, 1, LAST - 1, INT_MIN, INT_MAX};

    for (int i = 0; i < 5; i++) {
        async_value *bare = async_error(numbers[i], NULL), *told = async_error(numbers[i], "told");

        ck_assert_int_eq(async_value_error(bare), ASYNC_EINVAL);
        ck_assert_int_eq(async_value_error(told), ASYNC_EINVAL);
        ck_assert_str_eq(async_value_message(told), "told");
        async_value_unref(bare);
        async_value_unref(told);
    }
}
END_TEST

START_TEST(an_error_carries_the_hosts_own)
{
    async_value *cause = async_text("Traceback"), *error = async_error_caused(ASYNC_EHOST, "it broke", cause);

    ck_assert_ptr_eq(async_value_cause(error), cause);
    ck_assert_int_eq(async_value_error(error), ASYNC_EHOST);
    ck_assert_str_eq(async_value_message(error), "it broke");
    async_value_unref(error);
    ck_assert_ptr_null(async_error_caused(ASYNC_EHOST, "no cause", NULL));

    error = async_error_caused(ASYNC_EHOST, NULL, async_text("Traceback"));
    ck_assert_str_eq(async_value_message(error), async_error_text(ASYNC_EHOST));
    async_value_unref(error);
}
END_TEST

START_TEST(an_error_of_the_system_keeps_its_errno)
{
    async_value *error = async_error_os(ENOENT, NULL), *told = async_error_os(EACCES, "open: /etc/shadow");

    ck_assert_int_eq(async_value_error(error), ASYNC_EOS);
    ck_assert_int_eq(async_value_os(error), ENOENT);
    ck_assert_str_eq(async_value_message(error), strerror(ENOENT));
    ck_assert_int_eq(async_value_error(told), ASYNC_EACCESS);
    ck_assert_int_eq(async_value_os(told), EACCES);
    ck_assert_str_eq(async_value_message(told), "open: /etc/shadow");
    async_value_unref(error);
    async_value_unref(told);
    ck_assert_int_eq(async_value_os(async_none()), 0);
}
END_TEST

START_TEST(an_errno_that_has_a_code_of_its_own_gets_it)
{
    static const struct {
        int os, code;
    } known[] = {{ECONNREFUSED, ASYNC_EREFUSED},   {ECONNRESET, ASYNC_ERESET},    {EPIPE, ASYNC_ERESET},
                 {ENETUNREACH, ASYNC_EUNREACHABLE}, {EADDRINUSE, ASYNC_EINUSE},    {EPERM, ASYNC_EACCESS},
                 {ETIMEDOUT, ASYNC_ETIMEDOUT},      {ENOMEM, ASYNC_ENOMEM},        {EMFILE, ASYNC_EOS}};

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        async_value *error = async_error_os(known[i].os, NULL);

        ck_assert_int_eq(async_value_error(error), known[i].code);
        ck_assert_int_eq(async_value_os(error), known[i].os);
        async_value_unref(error);
    }
}
END_TEST

int main(void)
{
    return RUN_TESTS("error", every_code_has_a_name_and_a_text_of_its_own, the_numbers_never_change,
                     a_number_that_is_no_code_is_said_to_be_unknown, an_error_without_a_message_has_its_codes_text,
                     an_error_keeps_its_message, what_is_no_code_becomes_an_invalid_argument,
                     an_error_carries_the_hosts_own, an_error_of_the_system_keeps_its_errno,
                     an_errno_that_has_a_code_of_its_own_gets_it);
}
