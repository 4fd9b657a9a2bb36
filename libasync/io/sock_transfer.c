/* Receiving and sending on raw sockets. */
#include "libasync/io/sock.h"

#include <errno.h>

static ssize_t receive(const struct request *request, void *buffer, union socket_address *sender, socklen_t *size)
{
    ssize_t count;

    do
        count = recvfrom(request->descriptor, buffer, request->size, MSG_DONTWAIT, sender ? &sender->any : NULL, size);
    while (count < 0 && errno == EINTR);
    return count;
}

static bool try_recv_into(struct request *request, async_value **outcome)
{
    ssize_t count = receive(request, request->buffer, NULL, NULL);

    if (count < 0)
        return request_failed(request, outcome);
    *outcome = async_int(count);
    return true;
}

/* Gives the bytes, and the sender where that is asked for. */
static bool receive_bytes(struct request *request, async_value **outcome, union socket_address *sender, socklen_t *size)
{
    char *room;
    async_value *bytes = bytes_new(request->size, &room);
    ssize_t count;
    bool done;

    *outcome = NULL;
    if (!bytes)
        return true;
    count = receive(request, room, sender, size);
    done = count >= 0 || request_failed(request, outcome);
    if (count >= 0)
        *outcome = bytes_fit(bytes, (size_t)count);
    if (count < 0 || !*outcome)
        async_value_unref(bytes);
    return done;
}

static bool try_recv(struct request *request, async_value **outcome)
{
    return receive_bytes(request, outcome, NULL, NULL);
}

/* Unix sockets without a name have a family at most. */
async_value *sender_address(const union socket_address *sender, socklen_t size)
{
    return size > offsetof(struct sockaddr, sa_data) ? address_new(sender, size, ASYNC_ANY) : async_none();
}

static bool try_recvfrom(struct request *request, async_value **outcome)
{
    union socket_address sender;
    socklen_t size = sizeof sender;

    if (!receive_bytes(request, outcome, &sender, &size))
        return false;
    if (*outcome && !value_is_error(*outcome))
        *outcome = async_list((async_value *[]){*outcome, sender_address(&sender, size)}, 2);
    return true;
}

static bool try_sendall(struct request *request, async_value **outcome)
{
    *outcome = async_none();
    while (request->done < request->size) {
        ssize_t count = send(request->descriptor, (const char *)request->buffer + request->done,
                             request->size - request->done, MSG_DONTWAIT | MSG_NOSIGNAL);

        if (count >= 0)
            request->done += (size_t)count;
        else if (errno != EINTR)
            return request_failed(request, outcome);
    }
    return true;
}

static bool try_sendto(struct request *request, async_value **outcome)
{
    union socket_address peer;
    socklen_t size;
    ssize_t count;

    address_read(request->address, &peer, &size);
    do
        count = sendto(request->descriptor, request->buffer, request->size, MSG_DONTWAIT | MSG_NOSIGNAL, &peer.any,
                       size);
    while (count < 0 && errno == EINTR);
    if (count < 0)
        return request_failed(request, outcome);
    *outcome = async_int(count);
    return true;
}

async_future *async_sock_recv(async_loop *loop, int descriptor, size_t most)
{
    struct request request = {.call = "sock_recv", .attempt = try_recv, .descriptor = descriptor,
                              .event = WATCH_READ, .size = most};

    return request_start(loop, &request, most ? NULL : "at least one byte must be asked for");
}

async_future *async_sock_recv_into(async_loop *loop, int descriptor, void *buffer, size_t size)
{
    struct request request = {.call = "sock_recv_into", .attempt = try_recv_into, .descriptor = descriptor,
                              .event = WATCH_READ, .buffer = buffer, .size = size};

    return request_start(loop, &request, buffer && size ? NULL : "there must be a buffer for at least one byte");
}

async_future *async_sock_recvfrom(async_loop *loop, int descriptor, size_t most)
{
    struct request request = {.call = "sock_recvfrom", .attempt = try_recvfrom, .descriptor = descriptor,
                              .event = WATCH_READ, .size = most};

    return request_start(loop, &request, most ? NULL : "at least one byte must be asked for");
}

async_future *async_sock_sendall(async_loop *loop, int descriptor, const void *bytes, size_t size)
{
    struct request request = {.call = "sock_sendall", .attempt = try_sendall, .descriptor = descriptor,
                              .event = WATCH_WRITE, .buffer = (void *)bytes, .size = size};

    return request_start(loop, &request, bytes || !size ? NULL : "bytes is NULL");
}

async_future *async_sock_sendto(async_loop *loop, int descriptor, const void *bytes, size_t size,
                                const async_value *address)
{
    struct request request = {.call = "sock_sendto", .attempt = try_sendto, .descriptor = descriptor,
                              .event = WATCH_WRITE, .buffer = (void *)bytes, .size = size,
                              .address = (async_value *)address};
    const char *fault = bytes || !size ? NULL : "bytes is NULL";

    return request_start(loop, &request, async_address_family(address) ? fault : "to what is no address");
}
