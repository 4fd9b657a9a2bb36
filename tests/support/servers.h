/* Servers of the tests' own, and who visits them. */
#ifndef TESTS_SERVERS_H
#define TESTS_SERVERS_H

#include "libasync/async.h"

/* Forgets what was counted before. */
void begin_test(void);
/* How many connections there were, and how often a server's user was destroyed. */
extern size_t came;
extern int destroyed;
void destroy_user(void *user);
/* Runs the loop until so many in all were connected. */
void await_arrivals(size_t count);
void note_arrival(void);

/* What serves a connection: a task that gives back what it is given until the end; one that says hello and no more; one
 * that never does anything. Each closes its stream. */
async_future *echo_to(async_stream *taken, void *user);
async_future *greet(async_stream *taken, void *user);
async_future *idle_with(async_stream *taken, void *user);
/* Closes and drops a stream: what destroys such a task's state. */
void end_stream(void *stream);

/* The server of a start, which must succeed (given). */
async_server *server_of(async_future *taken);
/* One on the loopback, after begin_test, with destroy_user. */
async_server *start(async_client_connected *connected);
async_server *start_with(async_client_connected *connected, const async_socket_options *options);
int port_of(const async_server *server);
/* Closes it, waits for its end, and drops it. */
void end_server(async_server *taken);
/* How a start failed: the error's name and message. */
const char *failure(async_future *taken);

/* A client on the same loop, connected; what it reads next, or the error's name, where "" is the end; and its end. */
async_stream *visit(const async_server *server);
const char *hear(async_stream *stream);
void leave(async_stream *taken);

#endif
