/* Where a loop's resolver looks, from its making on; tests set other places before a loop's first lookup. */
#ifndef LIBASYNC_DNS_SETTINGS_H
#define LIBASYNC_DNS_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct resolver_settings {
    const char *configuration;    /* where resolv.conf is */
    const char *hosts;            /* where the hosts file is */
    const char *servers;          /* "127.0.0.1:5300", instead of those of the configuration; NULL: those */
    uint32_t most_asked;          /* questions that a channel has under way at once; the others wait */
    uint32_t most_of_a_line;      /* questions that are sent from one port before another is opened */
    double check_seconds;         /* how long files are believed to be as they were */
};
extern struct resolver_settings resolver_settings;

/* file.c: which file a path led to, and in which state. All zero: none. */
struct file_state {
    uint64_t device, inode;
    int64_t size;
    struct timespec modified, changed;
};
struct file_state file_look(const char *path);
bool file_is_same(const struct file_state *one, const struct file_state *other);
/* Its text and a closing zero byte, to be released with size + 1 (given). NULL: `*size` is 0 where there is no such
 * file, 1 where there is no memory. */
char *file_read(const char *path, size_t *size);

#endif
