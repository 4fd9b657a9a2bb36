/* Lookups by getaddrinfo, and the files that a resolver reads before it asks a name server. */
#ifndef TESTS_LOOKUPS_H
#define TESTS_LOOKUPS_H

#include "libasync/async.h"

/* Writes a new file; the path ends in six letters that are chosen anew. */
void write_file(char *path, const char *text);

/* Resolvers made from now on know this hosts file and no name server at all. */
void use_hosts(const char *text);
void forget_hosts(void);

/* Asks for a host's addresses, of any family, on the test's loop. */
async_future *ask(const char *host);
/* How a lookup ended, in words: the addresses, or the error's name and message. */
const char *outcome(async_future *taken);

/* The port of a service by this machine's own services file; -1: it has none. */
int services_port(const char *service, const char *protocol);

#endif
