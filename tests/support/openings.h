/* Connections that are opened, and how that ended in words. */
#ifndef TESTS_OPENINGS_H
#define TESTS_OPENINGS_H

#include "libasync/async.h"

/* On the test's loop, with no settings. */
async_future *open_host(const char *host, int port);
/* How an opening ended: the peer's address, or the error's name and message. The stream is closed. */
const char *ending(async_future *taken);
#define ck_assert_ending(taken, expected) ck_assert_str_eq(ending(taken), expected)
/* What the message is expected to be, with the port written in: each %d is it. */
const char *with_port(const char *format, int port);
/* Runs an opening for which an allocation was to fail, and closes it; whether one did. If none did it went well. */
bool memory_failed_in(async_future *taken);

#endif
