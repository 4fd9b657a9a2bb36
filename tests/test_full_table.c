/* Accepting while the descriptor table is full for real. Valgrind has a table of its own: there a connection is accepted
 * first and closed when it does not fit, so this stands apart. */
#include "tests/support/faults.h"
#include "tests/support/peers.h"
#include "tests/support/servers.h"
#include "tests/support/support.h"

#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define CLIENTS 40
#define ROOM 4

static struct rlimit limit_before;

/* Has the table so short that only `room` more descriptors fit. */
static void limit_descriptors(int room)
{
    struct rlimit limit;
    int last = -1;

    for (int descriptor = 0; room; descriptor++)
        if (fcntl(descriptor, F_GETFD) == -1) {
            room--;
            last = descriptor;
        }
    getrlimit(RLIMIT_NOFILE, &limit_before);
    limit = limit_before;
    limit.rlim_cur = (rlim_t)last + 1;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static size_t sleeps;

static void count_sleep(async_loop *from, void *user)
{
    sleeps++;
}

static void ignore(async_loop *from, void *user)
{
}

/* Each client leaves as soon as it was served, which makes room for two more: its own end was a descriptor too. */
START_TEST(everybody_is_served_though_the_table_is_full)
{
    async_server *server = start(echo_to);
    int clients[CLIENTS];

    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = connect_to("127.0.0.1", port_of(server));
        send_text(clients[i], "hello");
    }
    async_loop_set_block_hooks(loop, count_sleep, ignore, NULL);
    limit_descriptors(ROOM);
    system_reset();
    sleeps = 0;
    for (size_t i = 0; i < CLIENTS; i++) {
        await_arrivals(i + 1);
        ck_assert_uint_le(async_server_connections(server), ROOM + i);
        turns(3);
        expect_text(clients[i], "hello");
        close(clients[i]);
    }
    setrlimit(RLIMIT_NOFILE, &limit_before);
    ck_assert_int_eq(finish(async_server_stop(server, ASYNC_FOREVER)), 0);
    /* One call that tells of the shortage for each that ends it. */
    ck_assert_int_le(system_count(SYSTEM_ACCEPT), 3 * CLIENTS);
    ck_assert_uint_le(sleeps, 6 * CLIENTS);
    ck_assert_ptr_null(strchr(reports(), '\n'));
    async_loop_set_block_hooks(loop, NULL, NULL, NULL);
    end_server(server);
}
END_TEST

START_TEST(a_full_table_costs_no_time)
{
    async_server *server = start(greet);
    int client = connect_to("127.0.0.1", port_of(server));

    async_loop_set_block_hooks(loop, count_sleep, ignore, NULL);
    limit_descriptors(0);
    sleeps = 0;
    system_reset();
    ck_assert_int_eq(finish(async_sleep(loop, 0.35)), 0);
    ck_assert_uint_eq(came, 0);
    ck_assert_int_le(system_count(SYSTEM_ACCEPT), 4);
    ck_assert_uint_le(sleeps, 10);
    setrlimit(RLIMIT_NOFILE, &limit_before);
    await_arrivals(1);
    expect_text(client, "hello");
    close(client);
    reports();
    async_loop_set_block_hooks(loop, NULL, NULL, NULL);
    end_server(server);
}
END_TEST

int main(void)
{
    return RUN_TESTS("full_table", everybody_is_served_though_the_table_is_full, a_full_table_costs_no_time);
}
