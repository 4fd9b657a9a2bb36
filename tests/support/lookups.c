#include "tests/support/lookups.h"
#include "tests/support/support.h"

#include "libasync/dns/settings.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char hosts_path[] = "/tmp/libasync-hosts-XXXXXX";

void write_file(char *path, const char *text)
{
    int descriptor;

    memcpy(path + strlen(path) - 6, "XXXXXX", 6);
    descriptor = mkstemp(path);
    ck_assert_int_ge(descriptor, 0);
    ck_assert_int_eq(write(descriptor, text, strlen(text)), (ssize_t)strlen(text));
    close(descriptor);
}

void use_hosts(const char *text)
{
    write_file(hosts_path, text);
    setenv("RES_OPTIONS", "timeout:5 attempts:3", 1);
    resolver_settings = (struct resolver_settings){
        .configuration = "/dev/null",
        .hosts = hosts_path,
        .servers = "127.0.0.1:1",
        .most_asked = 32768,
        .most_of_a_line = 200,
        .check_seconds = 0,
    };
}

void forget_hosts(void)
{
    unlink(hosts_path);
}

async_future *ask(const char *host)
{
    return async_getaddrinfo(loop, host, NULL, ASYNC_ANY, ASYNC_STREAM, 0);
}

static void describe(const async_value *value, char *text, size_t size)
{
    int family = async_address_family(value);

    ck_assert(family == ASYNC_IPV4 || family == ASYNC_IPV6);
    snprintf(text, size, family == ASYNC_IPV6 ? "[%s]:%d/%s" : "%s:%d/%s", async_address_host(value),
             async_address_port(value), async_address_type(value) == ASYNC_STREAM ? "tcp" : "udp");
}

const char *outcome(async_future *taken)
{
    static char text[1024];
    int error = async_loop_run_until(loop, taken);
    async_value *list = async_future_value(taken);

    *text = '\0';
    if (error)
        snprintf(text, sizeof text, "%s %s", async_error_name(error) + strlen("ASYNC_"), async_future_message(taken));
    for (size_t i = 0; i < async_value_count(list); i++) {
        size_t length = strlen(text);

        if (i)
            text[length++] = ' ';
        describe(async_value_item(list, i), text + length, sizeof text - length);
    }
    async_future_unref(taken);
    return text;
}

int services_port(const char *service, const char *protocol)
{
    struct servent *entry = getservbyname(service, protocol);

    return entry ? ntohs((uint16_t)entry->s_port) : -1;
}
