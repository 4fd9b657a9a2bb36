#include "tests/support/peers.h"
#include "libasync/address/internal.h"
#include "tests/support/support.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static socklen_t address_of(const char *host, int port, union socket_address *address)
{
    const char *scope;

    ck_assert(address_parse(host, address, &scope));
    address_set_port(address, port);
    return address_size(address);
}

/* -1 when the port is in use. */
static int try_port(const char *host, int *port)
{
    union socket_address address;
    socklen_t size = address_of(host, *port, &address);
    int descriptor = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;

    ck_assert_int_ge(descriptor, 0);
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(descriptor, &address.any, size) != 0) {
        ck_assert_int_eq(errno, EADDRINUSE);
        close(descriptor);
        return -1;
    }
    ck_assert_int_eq(getsockname(descriptor, &address.any, &size), 0);
    *port = ntohs(address.any.sa_family == AF_INET6 ? address.ipv6.sin6_port : address.ipv4.sin_port);
    return descriptor;
}

static int bound_socket(const char *host, int *port)
{
    int descriptor = try_port(host, port);

    ck_assert_int_ge(descriptor, 0);
    return descriptor;
}

int listen_at(const char *host, int *port)
{
    int descriptor = bound_socket(host, port);

    ck_assert_int_eq(listen(descriptor, 100), 0);
    return descriptor;
}

int listen_deaf(const char *host, int *port, int *filler)
{
    int descriptor = bound_socket(host, port);

    ck_assert_int_eq(listen(descriptor, 0), 0);
    *filler = connect_to(host, *port);
    return descriptor;
}

/* The port that the one is given may be somebody else's on the other. */
int listen_well_and_deaf(struct well_and_deaf *pair)
{
    pair->well = -1;
    while (pair->well < 0) {
        int port = 0;

        pair->deaf = listen_deaf("::1", &port, &pair->filler);
        pair->well = try_port("127.0.0.1", &port);
        if (pair->well >= 0 && listen(pair->well, 100) == 0)
            return port;
        close(pair->deaf);
        close(pair->filler);
    }
    return -1;
}

void close_well_and_deaf(struct well_and_deaf *pair)
{
    close(pair->well);
    close(pair->deaf);
    close(pair->filler);
}

int unused_port(void)
{
    int port = 0;

    close(bound_socket("127.0.0.1", &port));
    return port;
}

int listen_at_path(const char *path, int backlog)
{
    union socket_address address;
    socklen_t size = address_of_path(path, &address);
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_int_eq(bind(descriptor, &address.any, size), 0);
    ck_assert_int_eq(listen(descriptor, backlog), 0);
    return descriptor;
}

static char directory[32], path[64];

const char *new_path(void)
{
    strcpy(directory, "/tmp/libasync-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/socket", directory);
    return path;
}

void gone_path(void)
{
    unlink(path);
    ck_assert_int_eq(rmdir(directory), 0);
}

int connect_from(const char *local, const char *host, int port)
{
    union socket_address address, own;
    socklen_t size = address_of(host, port, &address);
    int descriptor = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_int_ge(descriptor, 0);
    if (local)
        ck_assert_int_eq(bind(descriptor, &own.any, address_of(local, 0, &own)), 0);
    ck_assert_int_eq(connect(descriptor, &address.any, size), 0);
    return descriptor;
}

int connect_to(const char *host, int port)
{
    return connect_from(NULL, host, port);
}

int connect_to_path(const char *where)
{
    union socket_address address;
    socklen_t size = address_of_path(where, &address);
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_int_eq(connect(descriptor, &address.any, size), 0);
    return descriptor;
}

void send_text(int descriptor, const char *text)
{
    ck_assert_int_eq(send(descriptor, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

void expect_text(int descriptor, const char *text)
{
    char came[256] = "";
    size_t wanted = strlen(text), count = 0;
    ssize_t some = 1;

    while (count < wanted && some > 0) {
        some = recv(descriptor, came + count, wanted - count, 0);
        count += some > 0 ? (size_t)some : 0;
    }
    came[count] = '\0';
    ck_assert_str_eq(came, text);
}

void expect_end(int descriptor)
{
    char byte;

    ck_assert_int_eq(recv(descriptor, &byte, 1, 0), 0);
}
