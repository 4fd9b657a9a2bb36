/* The hosts file (hosts(5)) as it was when it was read. */
#ifndef LIBASYNC_DNS_HOSTS_H
#define LIBASYNC_DNS_HOSTS_H

#include "libasync/dns/configuration.h"

/* More addresses of one name than anybody writes into a hosts file. */
#define MOST_OF_HOSTS 64

struct hosts;

/* NULL without memory. A file that is not there has no names. */
struct hosts *hosts_read(const char *path);
struct hosts *hosts_free(struct hosts *hosts);

/* How many addresses it has for a name, in the file's order; `family` AF_UNSPEC for any. */
size_t hosts_find(const struct hosts *hosts, const char *name, int family, union host_address *found, size_t room);
/* The official name of an address; NULL: it has none. */
const char *hosts_name_of(const struct hosts *hosts, const union host_address *address);

#endif
