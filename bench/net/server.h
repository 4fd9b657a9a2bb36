/* What the echo servers in C share: a socket on loopback, whose port is told on stdout to whoever started them. */
#ifndef LIBASYNC_BENCH_NET_SERVER_H
#define LIBASYNC_BENCH_NET_SERVER_H

#define BACKLOG 1024
#define LARGEST_READ 65536

/* SOCK_STREAM, which then listens, or SOCK_DGRAM; bound, told and non-blocking. */
int bound_socket(int type);
/* Ends the program, with a message, where a call that must work did not: it answered -1, or libuv's negative errno. */
int must(int result, const char *what);

#endif
