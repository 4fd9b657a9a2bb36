/*
 * Ten thousand connections at once through one server that echoes. The clients are a process of their own, since both
 * ends are more descriptors than a process may have. Each byte of each answer is looked at, and so is what an idle
 * connection occupies.
 */
#include "libasync/coroutine.h"
#include "libasync/platform/internal.h"
#include "tests/support/internal.h"
#include "tests/support/support.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Where each object is an allocation of its own, and under a sanitizer, fewer tell as much. */
#define CROWD (slab_one_object_chunks ? 500u : 10000u)
#define OTHER_DESCRIPTORS 64
#define ROUNDS 3
#define LARGEST_MESSAGE 4000
#define MOST_IDLE_BYTES 400

static int listener;
static struct sockaddr_in address;
static size_t crowd, served, ended;
static async_future *all_served, *all_ended;

/* As many as the system lets this user have. */
static void make_room(void)
{
    struct rlimit limit;

    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < CROWD + OTHER_DESCRIPTORS) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    crowd = limit.rlim_cur < CROWD + OTHER_DESCRIPTORS ? limit.rlim_cur - OTHER_DESCRIPTORS : CROWD;
}

static async_next echo(async_task *task, void *state)
{
    async_stream *stream = state;
    size_t size;

    ASYNC_BEGIN(task);
    for (;;) {
        ASYNC_AWAIT(task, async_stream_read(stream, 65536));
        async_value_text(async_awaited(task), &size);
        if (!size)
            break;
        async_stream_write_value(stream, async_value_ref(async_awaited(task)));
        ASYNC_AWAIT(task, async_stream_drain(stream));
    }
    ASYNC_END(task);
}

static void hang_up(void *state)
{
    async_stream_close(state);
    async_stream_unref(state);
    if (++ended == crowd)
        async_future_resolve(all_ended, async_none());
}

static void accept_all(async_loop *from, void *user)
{
    int descriptor;

    while ((descriptor = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        async_future_unref(async_create_task(loop, echo, async_stream_adopt(loop, descriptor, NULL), hang_up));
        if (++served == crowd)
            async_future_resolve(all_served, async_none());
    }
}

static void start_server(void)
{
    socklen_t size = sizeof address;

    address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, size), 0);
    ck_assert_int_eq(listen(listener, 4096), 0);
    ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    ck_assert_int_eq(async_loop_add_reader(loop, listener, accept_all, NULL, NULL), 0);
    served = ended = 0;
    all_served = async_future_new(loop);
    all_ended = async_future_new(loop);
}

static void stop_server(void)
{
    ck_assert_int_eq(async_loop_remove_reader(loop, listener), 0);
    close(listener);
}

/* The process of the clients: it has a loop of its own, and tells by its exit whether all went well. */
struct client {
    async_stream *stream;
    size_t number, round;
    char message[LARGEST_MESSAGE];
};

static void must(bool holds)
{
    if (!holds)
        _exit(EXIT_FAILURE);
}

static size_t message_size(const struct client *client)
{
    return 1 + (client->number * 31 + client->round * 977) % LARGEST_MESSAGE;
}

/* No two clients, and no two rounds of one, send the same. */
static char message_byte(const struct client *client, size_t place)
{
    return (char)(client->number * 7 + client->round * 101 + place * place + place / 256);
}

static void ask(struct client *client)
{
    size_t size = message_size(client);

    for (size_t i = 0; i < size; i++)
        client->message[i] = message_byte(client, i);
    must(async_stream_write(client->stream, client->message, size) == 0);
}

static void check_answer(const struct client *client, const async_value *answer)
{
    size_t size, place = 0;
    const char *bytes = async_value_text(answer, &size);

    must(size == message_size(client));
    while (place < size && bytes[place] == message_byte(client, place))
        place++;
    must(place == size);
}

static async_next converse(async_task *task, void *state)
{
    struct client *client = state;

    ASYNC_BEGIN(task);
    for (client->round = 0; client->round < ROUNDS; client->round++) {
        ask(client);
        ASYNC_AWAIT(task, async_stream_read_exactly(client->stream, message_size(client)));
        check_answer(client, async_awaited(task));
    }
    ASYNC_END(task);
}

/* They end by a reset: a connection that ends in order keeps its port from the next test for a minute. */
static void connect_one(async_loop *own, struct client *client)
{
    struct linger at_once = {.l_onoff = 1};
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    must(descriptor >= 0);
    must(connect(descriptor, (struct sockaddr *)&address, sizeof address) == 0);
    must(setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == 0);
    client->stream = async_stream_adopt(own, descriptor, NULL);
    must(client->stream);
}

static void run_clients(int go)
{
    async_loop *own = async_loop_new();
    struct client *clients = calloc(crowd, sizeof *clients);
    async_future **tasks = calloc(crowd, sizeof *tasks), *all;
    char sign;

    must(own && clients && tasks);
    for (size_t i = 0; i < crowd; i++) {
        clients[i].number = i;
        connect_one(own, &clients[i]);
    }
    must(read(go, &sign, 1) == 1);
    for (size_t i = 0; i < crowd; i++)
        tasks[i] = async_create_task(own, converse, &clients[i], NULL);
    all = async_gather(own, tasks, crowd, 0);
    must(async_loop_run_until(own, all) == 0);
    async_future_unref(all);
    for (size_t i = 0; i < crowd; i++) {
        async_stream_abort(clients[i].stream);
        async_stream_unref(clients[i].stream);
    }
    must(async_loop_close(own) == 0);
    async_loop_unref(own);
    free(clients);
    free(tasks);
    _exit(EXIT_SUCCESS);
}

static pid_t start_clients(int *go)
{
    int ends[2];
    pid_t process;

    ck_assert_int_eq(pipe(ends), 0);
    process = fork();
    ck_assert_int_ge(process, 0);
    if (process == 0)
        run_clients(ends[0]);
    close(ends[0]);
    *go = ends[1];
    return process;
}

START_TEST(each_of_ten_thousand_gets_what_it_sent)
{
    size_t before;
    double bytes;
    int go, status;
    pid_t process;

    make_room();
    start_server();
    process = start_clients(&go);
    before = memory_bytes();
    ck_assert_int_eq(finish(all_served), 0);
    turns(2);
    bytes = (double)(memory_bytes() - before) / (double)crowd;
    printf("%zu idle connections: %.0f bytes each\n", crowd, bytes);
    ck_assert(slab_one_object_chunks || bytes <= MOST_IDLE_BYTES);
    ck_assert_int_eq((int)write(go, "!", 1), 1);
    ck_assert_int_eq(finish(all_ended), 0);
    ck_assert_int_eq(waitpid(process, &status, 0), process);
    ck_assert_int_eq(status, 0);
    close(go);
    stop_server();
    reports();    /* of the echoes, which met the resets */
}
END_TEST

int main(void)
{
    return RUN_TESTS("stream_crowd", each_of_ten_thousand_gets_what_it_sent);
}
