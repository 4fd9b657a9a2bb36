/*
 * Inside io/: servers. A server is itself a future that is done, as locks and queues are: see sync/internal.h. From its
 * start until it is closed and its last connection has ended it holds itself. Its own node is queued to accept; its
 * timer ends a pause.
 *
 * A connection costs no memory of the server's: what serves it is known to its stream, whose node waits for that. A
 * connection ends when what serves it is done and its descriptor is closed, both.
 */
#ifndef LIBASYNC_IO_SERVING_H
#define LIBASYNC_IO_SERVING_H

#include "libasync/io/internal.h"
#include "libasync/server.h"
#include "libasync/sync/internal.h"

struct listener {
    struct watch watch;
    async_server *server;
    int descriptor;
    bool is_ready;             /* may have somebody to accept */
    struct own_path *path;     /* that it made, or NULL */
};

struct async_server {
    struct sync sync;
    struct node_ops service;           /* of the nodes of its streams, which so know whose they are */
    struct listener *listeners;        /* NULL once it is closed */
    uint32_t listener_count;
    int stranded;                      /* accepted, and waiting for memory; -1: none */
    async_client_connected *connected;
    void *user;
    async_destroy *destroy;
    async_socket_options *options;     /* a copy, or NULL */
    size_t connections;
    size_t left;                       /* of them, when those who stop it lose patience */
    struct node closing, stopping, serving;    /* who waits for its end, and how */
    bool begun, closed, over;          /* it holds itself from its begin until it is over */
    bool paused;                       /* it has run out of something */
    bool told;                         /* of that, and has not caught up since */
    bool overdue;                      /* its connections have been told to end */
    bool dismissed;                    /* their streams have been closed under them */
};
_Static_assert(sizeof(struct async_server) <= SLAB_CLASSES * SLAB_STEP, "a slab has room for it");

static inline async_loop *server_loop(const async_server *server)
{
    return server->sync.done.loop;
}
static inline const async_socket_options *server_options(const async_server *server)
{
    return options_or_default(server->options);
}

/* listen.c: makes listeners of a list of addresses, of one address, or of a descriptor, which is taken if that
 * succeeds. NULL, or the error (given). */
async_value *server_listen(async_server *server, const async_value *addresses, const char *host, int port);
async_value *server_listen_unix(async_server *server, const char *path);
int server_listen_on(async_server *server, int descriptor);    /* 0, or an errno */
void server_close_listeners(async_server *server);


/* accept.c */
void server_accept(async_loop *loop, struct node *node);
/* The service of one of its streams is done: the class of their nodes. */
void server_connection_done(async_loop *loop, struct node *node);
/* Watches its listeners or leaves them alone, as befits its state. */
void server_watch(async_server *server);
/* Visits its streams. */
void server_walk(async_server *server, void (*visit)(async_server *server, async_stream *stream));

/* stop.c */
void server_shut(async_server *server);
void server_end_at_close(async_loop *loop, struct node *node);
/* It was closed or a connection has ended: perhaps that was all. */
void server_end_if_over(async_server *server);
/* What serves it is asked to end, and what it leaves is not waited for. */
void server_cancel_connection(async_server *server, async_stream *stream);

#endif
