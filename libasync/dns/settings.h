/* What governs a loop's resolver from its making on; tests set it before a loop's first lookup. */
#ifndef LIBASYNC_DNS_SETTINGS_H
#define LIBASYNC_DNS_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

struct resolver_settings {
    const char *configuration;    /* where resolv.conf is */
    const char *servers;          /* "127.0.0.1:5300", instead of those of the configuration; NULL: those */
    uint32_t most_asked;          /* lookups that c-ares is asked at once; the others wait */
    bool hosts_of_environment;    /* $CARES_HOSTS instead of /etc/hosts */
};
extern struct resolver_settings resolver_settings;

/* What the configuration and the environment say: patience.c. */
struct patience {
    int milliseconds;    /* for the first attempt; c-ares doubles it with each further one */
    int attempts;        /* at each name server */
};
struct patience patience_read(const char *path);

#endif
