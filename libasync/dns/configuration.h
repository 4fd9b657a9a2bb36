/* What resolv.conf and the environment say (resolv.conf(5)), or who set the name servers himself. */
#ifndef LIBASYNC_DNS_CONFIGURATION_H
#define LIBASYNC_DNS_CONFIGURATION_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

union host_address {
    struct sockaddr any;
    struct sockaddr_in ipv4;
    struct sockaddr_in6 ipv6;
};

/* More than anybody needs; what is beyond is not used. */
#define MOST_SERVERS 8
#define MOST_DOMAINS 16
#define MOST_SEARCH 1024

struct servers {
    size_t count;
    union host_address items[MOST_SERVERS];
};

struct configuration {
    struct servers servers;
    size_t domains;               /* names of the search list */
    char search[MOST_SEARCH];     /* those, each with its closing zero byte */
    int ndots;                    /* a name with so many dots is first asked as it stands */
    int milliseconds;             /* for the first attempt; c-ares doubles it with each further one */
    int attempts;                 /* at each name server */
    bool rotate, over_tcp;
};

/* What is missing or makes no sense is as if it had not been written. False without memory. */
bool configuration_read(struct configuration *configuration, const char *path);
bool configuration_is_same(const struct configuration *one, const struct configuration *other);

/* "127.0.0.1:5300, [::1]:5301 fe80::1%eth0"; false when one of them is none, or there are none or too many. */
bool servers_read(struct servers *servers, const char *text);
/* The same text for messages, cut where the room ends. */
void servers_write(const struct servers *servers, char *text, size_t size);

/* name.c: an address in text form, with its scope; false when it is none, or its interface does not exist. */
bool host_read(const char *text, union host_address *address);

#endif
