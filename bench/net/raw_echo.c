/* An echo server on epoll with nothing between: what the kernel alone costs. Reads into one buffer, writes at once, and
 * waits for room only where the kernel did not take all. */
#include "bench/net/server.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVENTS 1024

struct connection {
    int fd;
    unsigned char *rest;    /* what could not be written yet; nothing is read meanwhile */
    size_t length, written;
};

static int poller;

static void watch(struct connection *connection, int operation, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = connection};

    must(epoll_ctl(poller, operation, connection->fd, &event), "epoll_ctl");
}

static void accept_all(int listener)
{
    int fd, one = 1;

    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct connection *connection = calloc(1, sizeof *connection);

        must(connection ? 0 : -1, "memory");
        connection->fd = fd;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        watch(connection, EPOLL_CTL_ADD, EPOLLIN);
    }
}

static void end(struct connection *connection)
{
    close(connection->fd);
    free(connection->rest);
    free(connection);
}

static void keep(struct connection *connection, const unsigned char *bytes, size_t length)
{
    connection->rest = malloc(length);
    must(connection->rest ? 0 : -1, "memory");
    memcpy(connection->rest, bytes, length);
    connection->length = length;
    connection->written = 0;
    watch(connection, EPOLL_CTL_MOD, EPOLLOUT);
}

static void echo(struct connection *connection)
{
    static unsigned char bytes[LARGEST_READ];
    ssize_t sent, length = recv(connection->fd, bytes, sizeof bytes, 0);

    if (length < 0 && errno == EAGAIN)
        return;
    if (length <= 0) {
        end(connection);
        return;
    }
    sent = send(connection->fd, bytes, (size_t)length, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN)
        end(connection);
    else if (sent < length)
        keep(connection, bytes + (sent < 0 ? 0 : sent), (size_t)(length - (sent < 0 ? 0 : sent)));
}

static void go_on(struct connection *connection)
{
    ssize_t sent = send(connection->fd, connection->rest + connection->written,
                        connection->length - connection->written, MSG_NOSIGNAL);

    if (sent < 0 && errno == EAGAIN)
        return;
    if (sent < 0) {
        end(connection);
        return;
    }
    connection->written += (size_t)sent;
    if (connection->written < connection->length)
        return;
    free(connection->rest);
    connection->rest = NULL;
    watch(connection, EPOLL_CTL_MOD, EPOLLIN);
}

int main(void)
{
    static struct epoll_event events[EVENTS];
    struct connection listener = {.fd = bound_socket(SOCK_STREAM)};

    poller = must(epoll_create1(EPOLL_CLOEXEC), "epoll");
    watch(&listener, EPOLL_CTL_ADD, EPOLLIN);
    for (;;) {
        int count = epoll_wait(poller, events, EVENTS, -1);

        for (int i = 0; i < count; i++) {
            struct connection *connection = events[i].data.ptr;

            if (connection == &listener)
                accept_all(listener.fd);
            else if (connection->rest)
                go_on(connection);
            else
                echo(connection);
        }
    }
}
