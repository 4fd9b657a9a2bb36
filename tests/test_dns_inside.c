/* The parts of lookups that need no loop: names in ASCII, the order of addresses, and answers full of nonsense. */
#include "libasync/dns/internal.h"

#include "tests/support/support.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static void check_name(const char *name, const char *expected)
{
    char ascii[512];
    const char *fault = idna_encode(name, ascii, sizeof ascii);

    ck_assert_str_eq(fault ? fault : ascii, expected);
}

/* The names of RFC 3492, section 7.1, in small letters, and others that are in use. */
START_TEST(names_are_encoded_as_the_standard_has_it)
{
    check_name("ليهمابتكلموشعربي؟", "xn--egbpdaj6bu4bxfgehfvwxn");
    check_name("他们为什么不说中文", "xn--ihqwcrb4cv8a8dqg056pqjye");
    check_name("Pročprostěnemluvíčesky", "xn--proprostnemluvesky-uyb24dma41a");
    check_name("почемужеонинеговорятпорусски", "xn--b1abfaaepdrnnbgefbadotcwatmq2g4l");
    check_name("3年B組金八先生", "xn--3b-ww4c5e180e575a65lsy2b");
    check_name("MÜNCHEN.example", "xn--mnchen-3ya.example");
    check_name("ΑΒΓΏ.gr", "xn--mxacd2i.gr");
    check_name("ПРИВЕТ.рф.", "xn--b1agh1afp.xn--p1ai.");
    check_name("faß.de", "xn--fa-hia.de");
    check_name("Example.Org", "example.org");
    check_name("Ÿ.Ǖ", "xn--wda.xn--1ja");
    check_name("Ա.Ő", "xn--y9a.xn--8fa");
}
END_TEST

START_TEST(what_others_would_compose_or_unfold_is_refused)
{
    check_name("u\314\210", "a letter and its accent must be one character");
    check_name("\357\274\241", "a character of it is a compatibility form of others");
    check_name("\357\254\201", "a character of it is a compatibility form of others");
    check_name("a\302\255b", "no host name has such characters");
    check_name("a\302\240b", "no host name has such characters");
    check_name("a\342\200\213b", "no host name has such characters");
    check_name("\304\260", "a dotted capital I has no small letter of its own");
}
END_TEST

START_TEST(bytes_that_are_no_text_are_refused)
{
    static const char *const texts[] = {"\377", "a\200", "\303", "\303a", "\300\200", "\340\200\200", "\355\240\200",
                                        "\364\220\200\200", "\370\210\200\200\200"};
    char ascii[64];

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        ck_assert_msg(idna_encode(texts[i], ascii, sizeof ascii), "%zu", i);
}
END_TEST

START_TEST(a_name_is_cut_where_the_room_ends)
{
    char name[600] = "", ascii[64];

    for (int i = 0; i < 256; i++)
        strcat(name, "\303\274");
    ck_assert_ptr_null(idna_encode(name, ascii, sizeof ascii));
    ck_assert_uint_lt(strlen(ascii), sizeof ascii);
    strcat(name, "\303\274");
    ck_assert_str_eq(idna_encode(name, ascii, sizeof ascii), "a part of the name between dots is too long");
}
END_TEST

/* Orders texts parted by blanks; on any machine, for they are of the loopback and of the link. */
static const char *order(const char *texts)
{
    static char ordered[512];
    union host_address addresses[8];
    struct sources *sources = NULL;
    char copy[512], number[INET6_ADDRSTRLEN], *rest;
    size_t count = 0;

    strcpy(copy, texts);
    for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        ck_assert(host_read(word, &addresses[count++]));
    order_addresses(&sources, addresses, count);
    sources_free(sources);
    *ordered = '\0';
    for (size_t i = 0; i < count; i++) {
        bool six = addresses[i].any.sa_family == AF_INET6;

        inet_ntop(addresses[i].any.sa_family,
                  six ? (void *)&addresses[i].ipv6.sin6_addr : (void *)&addresses[i].ipv4.sin_addr, number,
                  sizeof number);
        sprintf(ordered + strlen(ordered), i ? " %s" : "%s", number);
    }
    return ordered;
}

START_TEST(what_cannot_differ_stays_as_it_came)
{
    ck_assert_str_eq(order("192.0.2.2 192.0.2.1 10.0.0.1"), "192.0.2.2 192.0.2.1 10.0.0.1");
    ck_assert_str_eq(order("::1"), "::1");
    ck_assert_str_eq(order("127.0.0.2 127.0.0.1"), "127.0.0.2 127.0.0.1");
}
END_TEST

/* 2001:db8:: leads nowhere, on a machine without IPv6 for lack of a way, on others it is no loopback. */
START_TEST(the_loopback_is_of_the_smallest_scope)
{
    ck_assert_str_eq(order("127.0.0.1 0.0.0.0"), "127.0.0.1 0.0.0.0");
    ck_assert_str_eq(order("ff0e::1 ::1"), "::1 ff0e::1");
}
END_TEST

static bool read_record(const struct message *message, const struct found_record *found, void *user)
{
    enum answer answer = ANSWER_FOUND;
    async_value *record = record_read(message, found, &answer);

    ck_assert_int_eq(record == NULL, answer != ANSWER_FOUND);
    async_value_unref(record);
    return true;
}

/* Each message has a block of its own size, so that the sanitizers see each step beyond it. */
static void read_all(const uint8_t *bytes, size_t size)
{
    static const uint16_t types[] = {1, 2, 5, 6, 12, 15, 16, 28, 33, 257, 64};
    uint8_t *copy = memory_allocate(size ? size : 1);
    struct message message = {copy, size};
    union host_address found[4];
    size_t count;

    memcpy(copy, bytes, size);
    message_question(&message);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        message_visit(&message, types[i], read_record, NULL);
        message_addresses(&message, types[i], found, 4, &count);
    }
    memory_release(copy, size ? size : 1);
}

/* A question, an alias, and records whose names point to each other. */
static const uint8_t sample[] =
    "\0\1\201\200\0\1\0\5\0\0\0\0\1a\4test\0\0\1\0\1"
    "\300\14\0\5\0\1\0\0\0\74\0\4\1b\300\16"
    "\300\44\0\1\0\1\0\0\0\74\0\4\300\0\2\1"
    "\300\44\0\17\0\1\0\0\0\74\0\6\0\12\1m\300\44"
    "\300\44\0\20\0\1\0\0\0\74\0\5\1a\2bc"
    "\300\44\0\6\0\1\0\0\0\74\0\30\300\44\300\14\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\5";

START_TEST(nonsense_is_read_without_harm)
{
    struct dice dice = dice_of(7);
    uint8_t bytes[sizeof sample];

    for (size_t size = 0; size < sizeof sample; size++)
        read_all(sample, size);
    for (int round = 0; round < 20000; round++) {
        memcpy(bytes, sample, sizeof sample);
        for (uint32_t i = 0; i <= roll(&dice, 4); i++)
            bytes[roll(&dice, sizeof sample - 1)] = (uint8_t)roll(&dice, 256);
        read_all(bytes, sizeof sample - 1 - roll(&dice, 8));
    }
}
END_TEST

/* A question for the addresses of a.test, and room for an answer with an alias of it. */
static const uint8_t question[] = "\0\1\201\200\0\1\0\1\0\0\0\0\1a\4test\0\0\1\0\1\300\14\0\5\0\1\0\0\0\74";

static enum answer follow_alias_of_length(size_t size)
{
    uint8_t bytes[512];
    size_t at = sizeof question - 1, end = at + 2 + size, name;

    memcpy(bytes, question, at);
    bytes[at++] = (uint8_t)(size >> 8);
    bytes[at++] = (uint8_t)size;
    for (; at < end - 1; at += 2)
        memcpy(bytes + at, "\1b", 2);
    bytes[at] = 0;
    return message_follow(&(struct message){bytes, end}, &name);
}

START_TEST(an_alias_of_what_is_too_long_for_a_name_makes_no_sense)
{
    ck_assert_int_eq(follow_alias_of_length(255), ANSWER_FOUND);
    ck_assert_int_eq(follow_alias_of_length(257), ANSWER_NONSENSE);
}
END_TEST

START_TEST(a_question_is_written_as_it_is_read)
{
    uint8_t bytes[LONGEST_QUESTION];
    char text[NAME_TEXT], name[300];
    struct message message = {bytes, 0};

    message.size = message_write(bytes, 7, "a\\.b\\007.test.", 15, 1232);
    ck_assert_uint_eq(message.size, 12 + 11 + 4 + 11);
    ck_assert_str_eq(message_name(&message, 12, text), "a\\.b\\007.test");
    ck_assert_uint_eq(message_write(bytes, 7, "", 1, 0), 12 + 1 + 4);
    memset(name, 'a', sizeof name);
    for (int i = 63; i < 253; i += 64)
        name[i] = '.';
    name[253] = '\0';
    ck_assert_uint_eq(message_write(bytes, 7, name, 1, 1232), LONGEST_QUESTION);
    name[253] = 'a';
    name[254] = '\0';
    ck_assert_uint_eq(message_write(bytes, 7, name, 1, 1232), 0);
    name[191] = 'a';
    ck_assert_uint_eq(message_write(bytes, 7, name + 128, 1, 1232), 0);
}
END_TEST

int main(void)
{
    return RUN_TESTS("dns_inside", names_are_encoded_as_the_standard_has_it,
                     what_others_would_compose_or_unfold_is_refused, bytes_that_are_no_text_are_refused,
                     a_name_is_cut_where_the_room_ends, what_cannot_differ_stays_as_it_came,
                     the_loopback_is_of_the_smallest_scope, nonsense_is_read_without_harm,
                     an_alias_of_what_is_too_long_for_a_name_makes_no_sense, a_question_is_written_as_it_is_read);
}
