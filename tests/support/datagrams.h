/* Two datagram sockets, and what they say to each other in words. */
#ifndef TESTS_DATAGRAMS_H
#define TESTS_DATAGRAMS_H

#include "libasync/async.h"

/* On the test's loop; a test drops what it made. */
extern async_datagram *ann, *bob;

/* A socket at these addresses (given), each of which may be NULL; one on the loopback. */
async_datagram *open_at(async_value *taken_local, async_value *taken_peer, async_socket_options *options);
async_datagram *open_here(async_socket_options *options);
/* The socket that a bind or a connect came to, which must succeed. */
async_datagram *taken_out(async_future *taken);
/* Ann is bound, bob is connected to her. No call of the system fails from here on. */
void open_both(void);
void drop(async_datagram *taken);
void drop_both(void);

/* Sends a text, which must be accepted. */
void say(async_datagram *from, const char *text);
void say_to(async_datagram *from, const char *text, async_datagram *to);
/* What comes next, until the next question; "!" and the message of a failure. */
const char *hear(async_datagram *datagram);
/* Receives a batch; how many came. What stands at a place of it, until the next question. */
int hear_batch(async_datagram *datagram, int most);
const char *text_at(async_datagram *datagram, int index);

#endif
