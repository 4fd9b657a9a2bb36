/*
 * resolv.conf, its options and the environment's $RES_OPTIONS and $LOCALDOMAIN. Read here rather than by c-ares, whose
 * versions know different options, and which cannot tell whether anything has changed.
 */
#include "libasync/dns/configuration.h"

#include "libasync/dns/settings.h"
#include "libasync/platform/internal.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME_SERVER_PORT 53
#define DEFAULT_MILLISECONDS 2000
#define DEFAULT_ATTEMPTS 3
#define DEFAULT_NDOTS 1
/* What resolv.conf(5) caps them at. */
#define MOST_SECONDS 30
#define MOST_ATTEMPTS 5
#define MOST_NDOTS 15

#define BLANKS " \t\r"

/* "127.0.0.1", "127.0.0.1:53", "::1", "[::1]:53". */
static bool read_server(const char *word, union host_address *server)
{
    char text[128], *host = text, *port = NULL, *end;
    long number = NAME_SERVER_PORT;

    if (strlen(word) >= sizeof text)
        return false;
    strcpy(text, word);
    end = *text == '[' ? strchr(text, ']') : strchr(text, ':');
    if (*text == '[') {
        if (!end || (end[1] && end[1] != ':'))
            return false;
        port = end[1] ? end + 2 : NULL;
        host++;
        *end = '\0';
    } else if (end && !strchr(end + 1, ':')) {
        port = end + 1;
        *end = '\0';
    }
    if (port) {
        number = strtol(port, &end, 10);
        if (!isdigit((unsigned char)*port) || *end || number < 1 || number > 65535)
            return false;
    }
    if (!host_read(host, server))
        return false;
    if (server->any.sa_family == AF_INET6)
        server->ipv6.sin6_port = htons((uint16_t)number);
    else
        server->ipv4.sin_port = htons((uint16_t)number);
    return true;
}

bool servers_read(struct servers *servers, const char *text)
{
    static const char between[] = ", \t\r\n";
    char word[128];
    size_t length;

    servers->count = 0;
    for (text += strspn(text, between); *text; text += length + strspn(text + length, between)) {
        length = strcspn(text, between);
        if (length >= sizeof word || servers->count == MOST_SERVERS)
            return false;
        memcpy(word, text, length);
        word[length] = '\0';
        if (!read_server(word, &servers->items[servers->count++]))
            return false;
    }
    return servers->count;
}

void servers_write(const struct servers *servers, char *text, size_t size)
{
    char host[INET6_ADDRSTRLEN];
    size_t used = 0;

    *text = '\0';
    for (size_t i = 0; i < servers->count && used < size; i++) {
        const union host_address *server = &servers->items[i];
        bool six = server->any.sa_family == AF_INET6;

        inet_ntop(server->any.sa_family,
                  six ? (const void *)&server->ipv6.sin6_addr : (const void *)&server->ipv4.sin_addr, host, sizeof host);
        used += (size_t)snprintf(text + used, size - used, six ? "%s[%s]:%d" : "%s%s:%d", i ? ", " : "", host,
                                 ntohs(six ? server->ipv6.sin6_port : server->ipv4.sin_port));
    }
}

static void read_search(struct configuration *configuration, char *words)
{
    size_t used = 0, length;
    char *rest;

    configuration->domains = 0;
    for (char *word = strtok_r(words, BLANKS, &rest); word; word = strtok_r(NULL, BLANKS, &rest)) {
        length = strlen(word) + 1;
        if (configuration->domains == MOST_DOMAINS || used + length > MOST_SEARCH)
            return;
        memcpy(configuration->search + used, word, length);
        used += length;
        configuration->domains++;
    }
}

static bool read_option(const char *word, const char *option, int least, int most, int scale, int *value)
{
    size_t length = strlen(option);
    long number;

    if (strncmp(word, option, length) != 0)
        return false;
    number = strtol(word + length, NULL, 10);
    if (number >= least && isdigit((unsigned char)word[length]))
        *value = (int)(number < most ? number : most) * scale;
    return true;
}

static void read_options(struct configuration *configuration, char *words)
{
    int *milliseconds = &configuration->milliseconds, *attempts = &configuration->attempts;
    char *rest;

    for (char *word = strtok_r(words, BLANKS, &rest); word; word = strtok_r(NULL, BLANKS, &rest))
        if (strcmp(word, "rotate") == 0)
            configuration->rotate = true;
        else if (strcmp(word, "use-vc") == 0)
            configuration->over_tcp = true;
        else if (!read_option(word, "timeout:", 1, MOST_SECONDS, 1000, milliseconds) &&
                 !read_option(word, "attempts:", 1, MOST_ATTEMPTS, 1, attempts) &&
                 !read_option(word, "ndots:", 0, MOST_NDOTS, 1, &configuration->ndots) &&
                 !read_option(word, "retrans:", 1, MOST_SECONDS * 1000, 1, milliseconds))
            read_option(word, "retry:", 1, MOST_ATTEMPTS, 1, attempts);
}

/* What stands behind a keyword at the line's beginning; NULL when it begins otherwise. */
static char *behind(char *line, const char *keyword)
{
    size_t length = strlen(keyword);

    return strncmp(line, keyword, length) == 0 && strchr(BLANKS, line[length]) && line[length] ? line + length : NULL;
}

static void read_line(struct configuration *configuration, char *line)
{
    struct servers *servers = &configuration->servers;
    char *words, *rest, *word;

    if ((words = behind(line, "nameserver"))) {
        word = strtok_r(words, BLANKS, &rest);
        if (word && servers->count < MOST_SERVERS && read_server(word, &servers->items[servers->count]))
            servers->count++;
    } else if ((words = behind(line, "search")) || (words = behind(line, "domain"))) {
        read_search(configuration, words);
    } else if ((words = behind(line, "options"))) {
        read_options(configuration, words);
    }
}

static void read_environment(struct configuration *configuration)
{
    const char *domains = getenv("LOCALDOMAIN"), *options = getenv("RES_OPTIONS");
    char words[MOST_SEARCH];

    if (domains) {
        snprintf(words, sizeof words, "%s", domains);
        read_search(configuration, words);
    }
    if (options) {
        snprintf(words, sizeof words, "%s", options);
        read_options(configuration, words);
    }
}

/* Where no search list is written, it is this machine's own domain. */
static void search_own_domain(struct configuration *configuration)
{
    char name[256] = "", *dot;

    gethostname(name, sizeof name - 1);
    dot = strchr(name, '.');
    if (dot && dot[1])
        read_search(configuration, dot + 1);
}

bool configuration_read(struct configuration *configuration, const char *path)
{
    size_t size;
    char *text = file_read(path, &size), *rest;

    if (!text && size)
        return false;
    /* Wholly, with what lies between the members: two configurations are compared as bytes. */
    memset(configuration, 0, sizeof *configuration);
    configuration->milliseconds = DEFAULT_MILLISECONDS;
    configuration->attempts = DEFAULT_ATTEMPTS;
    configuration->ndots = DEFAULT_NDOTS;
    search_own_domain(configuration);
    if (text) {
        for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
            read_line(configuration, line);
        memory_release(text, size + 1);
    }
    read_environment(configuration);
    if (!configuration->servers.count)
        servers_read(&configuration->servers, "127.0.0.1");
    return true;
}

bool configuration_is_same(const struct configuration *one, const struct configuration *other)
{
    return memcmp(one, other, sizeof *one) == 0;
}
