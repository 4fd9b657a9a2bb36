/*
 * Inside io/: a call on a raw socket. It is tried at once, and if it would block again each time that the socket is
 * ready, until it has an outcome.
 */
#ifndef LIBASYNC_IO_SOCK_H
#define LIBASYNC_IO_SOCK_H

#include "libasync/address/internal.h"
#include "libasync/io/wait.h"
#include "libasync/socket.h"

struct request;
/* One try. False when it would block, else the outcome: a value or an error (given), or NULL without memory. */
typedef bool request_try(struct request *request, async_value **outcome);

struct request {
    const char *call;           /* what messages call it: "sock_recv" */
    request_try *attempt;
    int descriptor, event;      /* what to wait for */
    void *buffer;
    size_t size, done;
    bool begun;                 /* of a connect: the kernel is at it */
    async_value *address;       /* held once it waits, as is */
    async_value *sent;          /* the copy of what is to be sent */
};

/* Gives the future of a request whose arguments were looked at: `fault` says what is wrong with them, or is NULL. */
async_future *request_start(async_loop *loop, const struct request *request, const char *fault);
/* For a try that failed: false when it would only block, else the error for errno as its outcome. */
bool request_failed(const struct request *request, async_value **outcome);

/* Who sent or connected: an address, or none where it has no name (given; NULL without memory). */
async_value *sender_address(const union socket_address *sender, socklen_t size);

/* "sock_recv on socket 7: the peer reset the connection", as an error that keeps the errno; NULL without memory. */
async_value *socket_error(int number, const char *subject);

#endif
