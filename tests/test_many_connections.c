/* Ten thousand connections at once through one echo server, every byte of them checked by a process of their own. */
#include "libasync/platform/internal.h"
#include "tests/support/peers.h"
#include "tests/support/servers.h"
#include "tests/support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define MANY 10000
#define ROUNDS 3
#define LARGEST 3000
#define OUR_BYTES 400            /* at most, for an idle connection */
#define OTHER_DESCRIPTORS 100

static size_t connections_possible(void)
{
    struct rlimit limit;

    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur < MANY + OTHER_DESCRIPTORS ? (size_t)limit.rlim_cur - OTHER_DESCRIPTORS : MANY;
}

static size_t size_of(size_t client, int round)
{
    return 1 + (client * 37 + (size_t)round * 911) % LARGEST;
}

/* No two clients say the same in a round, nor one the same twice. */
static void write_message(char *message, size_t client, int round)
{
    for (size_t i = 0; i < size_of(client, round); i++)
        message[i] = (char)(client * 131 + (size_t)round * 17 + i * (1 + client % 7));
}

/* The clients' process tells by its exit whether all went well. */
static void insist(bool condition, const char *what)
{
    if (condition)
        return;
    perror(what);
    _exit(EXIT_FAILURE);
}

/* From several addresses, for each has but so many ports. */
static void connect_all(int *clients, size_t count, int port)
{
    char from[32];

    for (size_t i = 0; i < count; i++) {
        snprintf(from, sizeof from, "127.0.0.%zu", 2 + i % 50);
        clients[i] = connect_from(from, "127.0.0.1", port);
    }
}

static void talk(const int *clients, size_t count, int round)
{
    char message[LARGEST], heard[LARGEST];

    for (size_t i = 0; i < count; i++) {
        ssize_t size = (ssize_t)size_of(i, round);

        write_message(message, i, round);
        insist(send(clients[i], message, (size_t)size, MSG_NOSIGNAL) == size, "a client cannot send");
    }
    for (size_t i = 0; i < count; i++) {
        ssize_t size = (ssize_t)size_of(i, round);

        write_message(message, i, round);
        insist(recv(clients[i], heard, (size_t)size, MSG_WAITALL) == size, "a client hears too little");
        insist(memcmp(heard, message, (size_t)size) == 0, "a client hears something else");
    }
}

/* Talks once it is told that all are connected. */
static void run_clients(size_t count, int port, int told)
{
    int *clients = malloc(count * sizeof *clients);
    char byte;

    connect_all(clients, count, port);
    insist(read(told, &byte, 1) == 1, "the server has ended");
    for (int round = 0; round < ROUNDS; round++)
        talk(clients, count, round);
    free(clients);
    _exit(EXIT_SUCCESS);
}

static pid_t start_clients(size_t count, int port, int *tell)
{
    int ends[2];
    pid_t child;

    ck_assert_int_eq(pipe(ends), 0);
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        close(ends[1]);
        run_clients(count, port, ends[0]);
    }
    close(ends[0]);
    *tell = ends[1];
    return child;
}

START_TEST(thousands_are_served_at_once)
{
    size_t count = connections_possible(), bytes;
    async_server *server = start(echo_to);
    int tell, status;
    pid_t clients = start_clients(count, port_of(server), &tell);

    bytes = memory_bytes();
    await_arrivals(count);
    turns(2);
    bytes = (memory_bytes() - bytes + count - 1) / count;
    ck_assert_uint_eq(async_server_connections(server), count);
    printf("%zu connections%s, %zu bytes of ours for each that is idle\n", count,
           count < MANY ? ", all that this process may have" : "", bytes);
    if (!slab_one_object_chunks)
        ck_assert_uint_le(bytes, OUR_BYTES);

    ck_assert_int_eq(write(tell, "!", 1), 1);
    ck_assert_int_eq(finish(async_server_stop(server, ASYNC_FOREVER)), 0);
    ck_assert_int_eq(waitpid(clients, &status, 0), clients);
    ck_assert_int_eq(status, 0);
    close(tell);
    end_server(server);
}
END_TEST

int main(void)
{
    return RUN_TESTS("many_connections", thousands_are_served_at_once);
}
