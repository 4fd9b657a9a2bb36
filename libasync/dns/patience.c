/*
 * How long a name server may take, as resolv.conf(5) spells it: "options timeout:SECONDS attempts:NUMBER", in the file
 * or in $RES_OPTIONS. c-ares before 1.23 knows only words of its own for these, so they are read here.
 */
#include "libasync/dns/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_MILLISECONDS 2000
#define DEFAULT_ATTEMPTS 3
/* What resolv.conf(5) caps them at. */
#define MOST_SECONDS 30
#define MOST_ATTEMPTS 5

static bool read_option(const char *word, const char *option, int least, int most, int scale, int *value)
{
    size_t length = strlen(option);
    long number;

    if (strncmp(word, option, length) != 0)
        return false;
    number = strtol(word + length, NULL, 10);
    if (number >= least)
        *value = (int)(number < most ? number : most) * scale;
    return true;
}

static void read_options(char *text, struct patience *patience)
{
    char *rest;

    for (char *word = strtok_r(text, " \t\r\n", &rest); word; word = strtok_r(NULL, " \t\r\n", &rest))
        if (!read_option(word, "timeout:", 1, MOST_SECONDS, 1000, &patience->milliseconds) &&
            !read_option(word, "attempts:", 1, MOST_ATTEMPTS, 1, &patience->attempts) &&
            !read_option(word, "retrans:", 1, MOST_SECONDS * 1000, 1, &patience->milliseconds))
            read_option(word, "retry:", 1, MOST_ATTEMPTS, 1, &patience->attempts);
}

static void read_file(const char *path, struct patience *patience)
{
    static const char keyword[] = "options";
    char line[1024];
    FILE *file = fopen(path, "re");

    if (!file)
        return;
    while (fgets(line, sizeof line, file))
        if (strncmp(line, keyword, sizeof keyword - 1) == 0)
            read_options(line + sizeof keyword - 1, patience);
    fclose(file);
}

struct patience patience_read(const char *path)
{
    struct patience patience = {DEFAULT_MILLISECONDS, DEFAULT_ATTEMPTS};
    const char *environment = getenv("RES_OPTIONS");
    char options[1024];

    read_file(path, &patience);
    if (environment) {
        snprintf(options, sizeof options, "%s", environment);
        read_options(options, &patience);
    }
    return patience;
}
