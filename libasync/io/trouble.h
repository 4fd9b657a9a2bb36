/* Inside io/: an error that tells of one address or of several, each with its own reason. */
#ifndef LIBASYNC_IO_TROUBLE_H
#define LIBASYNC_IO_TROUBLE_H

#include "libasync/address/internal.h"

struct trouble {
    char text[1024];
    size_t length;
    size_t told, untold;    /* reasons, and those for which there was no room */
    int number;             /* the errno that tells most; 0: none */
};

/* The text begins with the host's name and port, or with nothing where the host is an address: those speak for
 * themselves. NULL is for what has no host. */
void trouble_begin(struct trouble *trouble, const char *host, int port);
/* One more reason. The address may be NULL. */
void trouble_add(struct trouble *trouble, const async_value *address, const char *reason);
/* The same by errno. */
void trouble_add_number(struct trouble *trouble, const async_value *address, int number);
/* The same of a Unix socket's path. */
void trouble_add_path(struct trouble *trouble, const char *path, int number);
/* The error of the errno that tells most; never NULL. */
async_value *trouble_error(struct trouble *trouble);
/* The error of that code, whatever the reasons were. */
async_value *trouble_error_of_code(struct trouble *trouble, int code);
/* A failed look-up's failure, with the port besides. */
async_value *trouble_with_lookup(const char *host, int port, const async_value *failure);

/* The failed future for the path of a Unix socket that cannot be one. */
async_future *path_refusal(async_loop *loop, const char *path);

#endif
