/* Plain sockets on the test's loop: one that listens, and both ends of a connection to it. */
#ifndef TESTS_SOCKETS_H
#define TESTS_SOCKETS_H

#include "libasync/async.h"

/* A test closes what it opened; the address is the listener's. */
extern int listener, client, server;
extern async_value *address;
/* Listens at an address (given). No call of the system fails from here on. */
void open_listener(int family, async_value *taken);
void close_listener(void);
/* Both ends of a connection, and who listened; and the end of all three. */
void open_pair(void);
void close_pair(void);

/* The value of what succeeds (given). */
async_value *value_of(async_future *taken);
/* That a value (given) is these bytes. */
void ck_assert_bytes(async_value *taken, const char *expected);

#endif
