/*
 * Asks whoever resolv.conf names, and prints what they say, for the script beside it:
 *
 *     look_up hosts NAME...          the addresses of each, in order
 *     look_up configured NAME...     the same, of the families that this machine has
 *     look_up records TYPE NAME...   the records of each, by the number of their type
 *     look_up names ADDRESS...       the name of each
 *     look_up until ADDRESS NAME     looks the name up, over and over and many at once, until that is its address;
 *                                    prints a line with the first address, and one with how many failed
 */
#include "libasync/async.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AT_ONCE 20

static async_loop *loop;

static bool print_failure(async_future *done)
{
    if (async_future_error(done))
        printf("%s %s\n", async_error_name(async_future_error(done)), async_future_message(done));
    return async_future_error(done);
}

static void print_hosts(async_future *done)
{
    async_value *list = async_future_value(done);

    if (print_failure(done))
        return;
    for (size_t i = 0; i < async_value_count(list); i++)
        printf(i ? " %s" : "%s", async_address_host(async_value_item(list, i)));
    puts("");
}

static void print_record(async_value *record)
{
    async_value *strings = async_record_strings(record);

    printf("%s %u", async_record_name(record), (unsigned)async_record_ttl(record));
    switch (async_record_type(record)) {
    case ASYNC_RECORD_SRV:
        printf(" %d %d %d", async_record_priority(record), async_record_weight(record), async_record_port(record));
        break;
    case ASYNC_RECORD_MX:
        printf(" %d", async_record_priority(record));
        break;
    case ASYNC_RECORD_CAA:
        printf(" %d %s %s", async_record_flags(record), async_record_tag(record), async_record_value(record));
        break;
    case ASYNC_RECORD_SOA:
        printf(" %s %u", async_record_mailbox(record), (unsigned)async_record_serial(record));
        break;
    }
    for (size_t i = 0; i < async_value_count(strings); i++)
        printf(" \"%.40s\"", async_value_text(async_value_item(strings, i), NULL));
    printf(" %s\n", async_record_host(record));
}

static void print_records(async_future *done)
{
    async_value *list = async_future_value(done);

    if (print_failure(done))
        return;
    for (size_t i = 0; i < async_value_count(list); i++)
        print_record(async_value_item(list, i));
}

static void print_name(async_future *done)
{
    if (!print_failure(done))
        puts(async_value_text(async_value_item(async_future_value(done), 0), NULL));
}

static void finish(async_future *taken, void (*print)(async_future *done))
{
    async_loop_run_until(loop, taken);
    print(taken);
    fflush(stdout);
    async_future_unref(taken);
}

static async_future *ask_host(const char *name)
{
    return async_getaddrinfo(loop, name, NULL, ASYNC_ANY, ASYNC_STREAM, 0);
}

static async_future *ask_configured(const char *name)
{
    return async_getaddrinfo(loop, name, NULL, ASYNC_ANY, ASYNC_STREAM, ASYNC_DNS_ADDRESS_CONFIGURED);
}

static async_future *ask_name(const char *address)
{
    async_value *value = async_address(address, 0);
    async_future *asked = async_getnameinfo(loop, value, 0);

    async_value_unref(value);
    return asked;
}

static void look_up_until(const char *address, const char *name)
{
    async_future *lookups[AT_ONCE];
    int failed = 0;
    bool found = false;

    finish(ask_host(name), print_hosts);
    while (!found) {
        for (int i = 0; i < AT_ONCE; i++)
            lookups[i] = ask_host(name);
        for (int i = 0; i < AT_ONCE; i++) {
            failed += async_loop_run_until(loop, lookups[i]) != 0;
            found |= !strcmp(async_address_host(async_value_item(async_future_value(lookups[i]), 0)), address);
            async_future_unref(lookups[i]);
        }
    }
    printf("%d failed\n", failed);
}

int main(int count, char **words)
{
    const char *what = words[1];

    loop = async_loop_new();
    if (strcmp(what, "until") == 0) {
        look_up_until(words[2], words[3]);
    } else if (strcmp(what, "records") == 0) {
        for (int i = 3; i < count; i++)
            finish(async_dns_query(loop, words[i], atoi(words[2])), print_records);
    } else if (strcmp(what, "names") == 0) {
        for (int i = 2; i < count; i++)
            finish(ask_name(words[i]), print_name);
    } else {
        for (int i = 2; i < count; i++)
            finish(strcmp(what, "hosts") == 0 ? ask_host(words[i]) : ask_configured(words[i]), print_hosts);
    }
    async_loop_close(loop);
    async_loop_unref(loop);
    return 0;
}
