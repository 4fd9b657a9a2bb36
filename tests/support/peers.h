/* The other end of connections, by plain sockets that block: what a loop's program talks to. */
#ifndef TESTS_PEERS_H
#define TESTS_PEERS_H

#include <stddef.h>

/* A socket that listens on an address of this machine; a port of 0 becomes one that the system chose. */
int listen_at(const char *host, int *port);
/* One whose queue is full, so that who connects hears nothing; `filler` is the connection that fills it. */
int listen_deaf(const char *host, int *port, int *filler);
/* One of each on the same port, which is the answer: 127.0.0.1 takes connections, ::1 is deaf. */
struct well_and_deaf {
    int well, deaf, filler;
};
int listen_well_and_deaf(struct well_and_deaf *pair);
void close_well_and_deaf(struct well_and_deaf *pair);
/* A port where nobody listens. */
int unused_port(void);

/* Listens at a Unix socket's path, with room for so many in the queue. "@name" is an abstract one. */
int listen_at_path(const char *path, int backlog);
/* A path in a directory of its own that nothing stands at yet; gone_path removes both. */
const char *new_path(void);
void gone_path(void);

int connect_to(const char *host, int port);
int connect_from(const char *local, const char *host, int port);
int connect_to_path(const char *path);

/* Reads just as much as the text has, or to the end, and compares. */
void expect_text(int descriptor, const char *text);
void expect_end(int descriptor);
void send_text(int descriptor, const char *text);

#endif
