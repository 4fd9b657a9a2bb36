/* Two streams that are connected to each other, and what is read from them in words. */
#ifndef TESTS_STREAMS_H
#define TESTS_STREAMS_H

#include "libasync/async.h"

/* On the test's loop; a test drops what it made. */
extern async_stream *ann, *bob;
void make_pair(void);
/* The same over TCP on the loopback. */
void make_tcp_pair(void);
/* Closes both, as far as that was not done. */
void drop_pair(void);

/* How a read ended: the bytes as text, or the error's name. */
const char *outcome(async_future *taken);
/* The same of a read that is begun now. */
const char *read_some(async_stream *stream);
/* Writes a text, all of which must be accepted. */
void say(async_stream *stream, const char *text);
/* Writes until the kernel takes no more; how many bytes. They are the same at the same place in the flow. */
size_t fill(async_stream *stream);
/* Reads to the end or until so many came, perhaps some more, and checks that they are those of `fill`. */
size_t drink(async_stream *stream, size_t most);
/* The same, of which not one more is read, from a place of the flow on. */
size_t drink_exactly(async_stream *stream, size_t most);
void drink_rest(async_stream *stream, size_t place, size_t end_place);
char flow_byte(size_t place);
bool is_flow(const char *bytes, size_t size, size_t place);
/* Closes a TCP stream so that the peer is told by a reset. */
void reset_connection(async_stream *stream);

#endif
