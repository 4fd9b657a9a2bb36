/*
 * Names looked up, 10,000 at once, against a name server that answers each after 10 ms: beside c-ares by itself, driven
 * by callbacks and epoll and with a receive buffer that holds all answers, and beside libuv's uv_getaddrinfo, which is
 * the C library's blocking lookup in four threads; uvloop's and asyncio's are the same in as many or a few more.
 *
 * The name server is a process of its own. The C library can only ask port 53 of an address that resolv.conf names, so
 * all of this runs in namespaces of its own, with a resolv.conf of its own mounted over the machine's. Where that is
 * forbidden, there is no row for libuv.
 */
#include "bench/bench.h"
#include "bench/name_server.h"
#include "libasync/async.h"

#include <arpa/inet.h>
#include <ares.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <uv.h>

#define NAMES 10000
/* The pool does some hundreds a second. */
#define NAMES_OF_POOL 100

enum figure { ONE_FAMILY, ONE_FAMILY_BY_CLOCK, BOTH_FAMILIES, FIGURES };

static char names[NAMES][24];
static size_t done;

static void must(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "bench_dns: %s\n", what);
    abort();
}

static async_loop *loop;
static async_future *lookups[NAMES];

static void look_up(int family)
{
    async_future *all;

    for (size_t i = 0; i < NAMES; i++)
        lookups[i] = async_getaddrinfo(loop, names[i], NULL, family, ASYNC_STREAM, 0);
    all = async_gather(loop, lookups, NAMES, 0);
    must(async_loop_run_until(loop, all) == 0, async_future_message(all));
    must(async_value_count(async_future_value(all)) == NAMES, "names are missing");
    async_future_unref(all);
}

static void run_ours(double *figures)
{
    double spent = spent_ns(), now = now_ns();

    look_up(ASYNC_IPV4);
    figures[ONE_FAMILY] = (spent_ns() - spent) / NAMES;
    figures[ONE_FAMILY_BY_CLOCK] = (now_ns() - now) / NAMES / 1e3;
    spent = spent_ns();
    look_up(ASYNC_ANY);
    figures[BOTH_FAMILIES] = (spent_ns() - spent) / NAMES;
}

static ares_channel channel;
static int poll_descriptor;

static void on_state(void *user, ares_socket_t descriptor, int readable, int writable)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = descriptor};

    epoll_ctl(poll_descriptor, readable ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, descriptor, &event);
}

static void on_answer(void *user, int status, int timeouts, unsigned char *bytes, int size)
{
    struct ares_addrttl addresses[4];
    int count = 4;

    must(status == ARES_SUCCESS || status == ARES_ENODATA, ares_strerror(status));
    if (status == ARES_SUCCESS)
        must(ares_parse_a_reply(bytes, size, NULL, addresses, &count) == ARES_SUCCESS && count == 1, "not one address");
    done++;
}

static void hear(int milliseconds)
{
    struct epoll_event events[4];
    int count = epoll_wait(poll_descriptor, events, 4, milliseconds);

    for (int i = 0; i < count; i++)
        ares_process_fd(channel, events[i].data.fd, ARES_SOCKET_BAD);
    if (count == 0 && milliseconds)
        ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

static void ask_bare(bool both)
{
    done = 0;
    for (size_t i = 0; i < NAMES; i++) {
        ares_query(channel, names[i], 1, 1, on_answer, NULL);
        if (both)
            ares_query(channel, names[i], 1, 28, on_answer, NULL);
        if (i % 256 == 255)
            hear(0);
    }
    while (done < NAMES * (both ? 2 : 1))
        hear(100);
}

static void run_bare(double *figures)
{
    double spent = spent_ns(), now = now_ns();

    ask_bare(false);
    figures[ONE_FAMILY] = (spent_ns() - spent) / NAMES;
    figures[ONE_FAMILY_BY_CLOCK] = (now_ns() - now) / NAMES / 1e3;
    spent = spent_ns();
    ask_bare(true);
    figures[BOTH_FAMILIES] = (spent_ns() - spent) / NAMES;
}

/* By itself c-ares has one socket, and loses what comes in while it asks: only who may have a buffer beyond the
 * system's limit can drive it like this. */
static int enlarge_buffer(ares_socket_t descriptor, int type, void *user)
{
    int size = 64 << 20;

    if (setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    return 0;
}

static void open_bare(const char *servers)
{
    struct ares_options options = {.sock_state_cb = on_state, .lookups = (char *)"b"};

    poll_descriptor = epoll_create1(EPOLL_CLOEXEC);
    must(ares_library_init(ARES_LIB_INIT_ALL) == ARES_SUCCESS &&
             ares_init_options(&channel, &options, ARES_OPT_SOCK_STATE_CB | ARES_OPT_LOOKUPS) == ARES_SUCCESS &&
             ares_set_servers_ports_csv(channel, servers) == ARES_SUCCESS,
         "c-ares cannot start");
    ares_set_socket_configure_callback(channel, enlarge_buffer, NULL);
}

static void on_pool_answer(uv_getaddrinfo_t *request, int status, struct addrinfo *found)
{
    must(status == 0 && found, uv_strerror(status));
    uv_freeaddrinfo(found);
    done++;
}

static void run_pool(double *figures)
{
    static uv_getaddrinfo_t requests[NAMES_OF_POOL];
    struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
    double now = now_ns();

    done = 0;
    for (size_t i = 0; i < NAMES_OF_POOL; i++)
        uv_getaddrinfo(uv_default_loop(), &requests[i], on_pool_answer, names[i], NULL, &hints);
    uv_run(uv_default_loop(), UV_RUN_DEFAULT);
    must(done == NAMES_OF_POOL, "names are missing");
    figures[ONE_FAMILY_BY_CLOCK] = (now_ns() - now) / NAMES_OF_POOL / 1e3;
}

static void print_rows(const struct contender *all, bool with_pool)
{
    const double *ours = all[0].medians, *bare = all[1].medians, *pool = all[2].medians;

    print_row("a name of 10,000 looked up at once, IPv4", ours[ONE_FAMILY], "ns", all[1].name, bare[ONE_FAMILY],
              "<=1.11x");
    print_row("a name of 10,000 looked up at once, both families", ours[BOTH_FAMILIES], "ns", all[1].name,
              bare[BOTH_FAMILIES], "<=1.11x");
    print_row("the same by the clock, IPv4", ours[ONE_FAMILY_BY_CLOCK], "us", all[1].name, bare[ONE_FAMILY_BY_CLOCK],
              "<=1.11x");
    if (with_pool)
        print_row("the same by the clock, IPv4", ours[ONE_FAMILY_BY_CLOCK], "us", all[2].name,
                  pool[ONE_FAMILY_BY_CLOCK], ">=300x");
    else
        puts("# no namespaces: libuv's pool was not measured");
}

int main(void)
{
    struct contender all[] = {
        {.name = "libasync", .run = run_ours},
        {.name = "c-ares", .run = run_bare},
        {.name = "libuv, 4 threads", .run = run_pool},
    };
    const char *servers = bench_name_server_start(0.010);
    bool with_pool = bench_name_server_is_of_system();

    for (size_t i = 0; i < NAMES; i++)
        snprintf(names[i], sizeof names[i], "n%zu.bench.test", i);
    loop = async_loop_new();
    must(loop && async_dns_set_servers(loop, servers) == 0, "no loop");
    open_bare(servers);
    measure(all, with_pool ? 3 : 2);
    print_rows(all, with_pool);
    ares_destroy(channel);
    async_loop_close(loop);
    async_loop_unref(loop);
    bench_name_server_stop();
    return 0;
}
