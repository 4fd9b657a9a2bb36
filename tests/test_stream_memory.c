/*
 * Each allocation of what is done at a stream fails in turn. A read that fails has taken nothing, and what is written
 * arrives whole or ends where it failed; the fixture sees that nothing is left behind.
 */
#include "tests/support/streams.h"
#include "tests/support/support.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SIZE 300000

static char flow[SIZE];
static int file;

/* Anything but a success is for lack of memory. */
static int meet(int error)
{
    ck_assert(error == 0 || error == ASYNC_ENOMEM);
    return error;
}

/* Tried again, a read that failed for lack of memory gives what it had to. */
#define READ_AGAIN(BEGIN, EXPECTED) \
    do { \
        const char *came = outcome(BEGIN); \
\
        if (strcmp(came, "ASYNC_ENOMEM") == 0) \
            came = outcome(BEGIN); \
        ck_assert_str_eq(came, EXPECTED); \
    } while (0)

static void read_everything(void)
{
    char memory[5] = "";

    say(ann, "line\nuntil;exactly 1234rest");
    READ_AGAIN(async_stream_read_line(bob), "line\n");
    READ_AGAIN(async_stream_read_until(bob, ";", 1), "until;");
    READ_AGAIN(async_stream_read_exactly(bob, 8), "exactly ");
    if (meet(finish(async_stream_read_into(bob, memory, 4))))
        ck_assert_int_eq(finish(async_stream_read_into(bob, memory, 4)), 0);
    ck_assert_str_eq(memory, "1234");
    READ_AGAIN(async_stream_read(bob, 100), "rest");
    meet(async_stream_set_timeouts(bob, 100, 100));
    say(ann, "more");
    READ_AGAIN(async_stream_read(bob, 100), "more");
    say(ann, "all of it");
    async_stream_close(ann);
    READ_AGAIN(async_stream_read_all(bob), "all of it");
    READ_AGAIN(async_stream_read_line(bob), "");
    meet(finish(async_stream_wait_readable(bob)));
    meet(finish(async_stream_wait_closed(ann)));
}

static void check_flow(async_future *taken, size_t expected)
{
    size_t size;
    const char *bytes = async_value_text(async_future_value(taken), &size);

    ck_assert_uint_eq(size, expected);
    ck_assert(is_flow(bytes, size, 0));
    async_future_unref(taken);
}

/* What ann has written before memory fails. */
static size_t written;

static void write_much(void)
{
    written = fill(ann);
}

static void read_much(void)
{
    async_future *read = async_stream_read_exactly(bob, written);

    if (meet(async_loop_run_until(loop, read))) {
        async_future_unref(read);
        read = async_stream_read_exactly(bob, written);
        ck_assert_int_eq(async_loop_run_until(loop, read), 0);
    }
    check_flow(read, written);
}

static void read_all(void)
{
    async_future *read;

    async_stream_close(ann);
    read = async_stream_read_all(bob);
    if (meet(async_loop_run_until(loop, read))) {
        async_future_unref(read);
        read = async_stream_read_all(bob);
        ck_assert_int_eq(async_loop_run_until(loop, read), 0);
    }
    check_flow(read, written);
}

/* Reads to the end; how much came, which is the flow's beginning. */
static size_t receive_all(void)
{
    static char block[50000];
    size_t place = 0;

    while (!async_stream_at_eof(bob)) {
        async_future *came = async_stream_read_into(bob, block, sizeof block);

        if (meet(async_loop_run_until(loop, came)) == 0) {
            size_t size = (size_t)async_value_int(async_future_value(came));

            ck_assert(is_flow(block, size, place));
            place += size;
        }
        async_future_unref(came);
    }
    return place;
}

/* A write of which a part was sent when memory ended can have nothing behind it. */
static void write_everything(void)
{
    const void *pieces[] = {flow, flow + 251};
    const size_t sizes[] = {251, 502};
    async_value *values[2];
    size_t came;
    int error;

    meet(async_stream_set_water_marks(ann, 0, 0));
    error = meet(async_stream_write(ann, flow, 251 * 1000));
    if (!error)
        error = meet(async_stream_write_value(ann, async_bytes(flow, 251 * 20)));
    if (!error)
        error = meet(async_stream_write_pieces(ann, pieces, sizes, 2));
    async_future_unref(async_stream_sendfile(ann, file, 0, -1));
    values[0] = async_bytes(flow, 251 * 10);
    values[1] = async_bytes(flow, 251);
    if (!error)
        error = meet(async_stream_write_value(ann, async_list(values, 2)));
    else
        async_value_unref(async_list(values, 2));
    async_future_unref(async_stream_drain(ann));
    async_stream_close(ann);
    came = receive_all();
    ck_assert(error || came == 251 * 1034);
    meet(finish(async_stream_wait_closed(ann)));
}

static void nothing(void)
{
}

static void run_failing(void (*prepare)(void), void (*act)(void))
{
    size_t count = 0;
    bool failed;

    for (size_t i = 0; i < SIZE; i++)
        flow[i] = flow_byte(i);
    do {
        make_pair();
        prepare();
        memory_fail_at(++count, false);
        act();
        failed = memory_has_failed();
        drop_pair();
        turn();
    } while (failed);
    ck_assert_uint_gt(count, 1);
    reports();
}

START_TEST(reads_without_memory_take_nothing)
{
    run_failing(nothing, read_everything);
}
END_TEST

START_TEST(large_reads_without_memory_lose_nothing)
{
    run_failing(write_much, read_much);
    run_failing(write_much, read_all);
}
END_TEST

START_TEST(writes_without_memory_end_or_arrive)
{
    char path[] = "/tmp/libasync-XXXXXX";

    file = mkstemp(path);
    unlink(path);
    run_failing(nothing, write_everything);
    close(file);
}
END_TEST

static bool make_with_options(void)
{
    async_socket_options *options = async_socket_options_new();
    int ends[2];

    async_socket_options_set_limit(options, 5);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    ann = async_stream_adopt(loop, ends[0], options);
    if (!ann) {
        ck_assert_int_eq(errno, ENOMEM);
        close(ends[0]);
    }
    close(ends[1]);
    async_socket_options_unref(options);
    return ann;
}

static void drop_value(void)
{
    async_value *value = async_stream_value(ann);

    async_value_unref(value);
    async_value_unref(async_stream_peer(ann));
    async_value_unref(async_stream_local(ann));
}

/* The descriptors of those that could not be made are the caller's, or gone. */
START_TEST(streams_without_memory_are_not_made)
{
    size_t count = 0;
    bool failed;

    do {
        memory_fail_at(++count, false);
        if (meet(async_stream_pair(loop, &ann, &bob)) == 0)
            drop_value();
        drop_pair();
        if (meet(async_stream_pipe(loop, &ann, &bob)) == 0)
            drop_pair();
        if (make_with_options())
            drop_pair();
        failed = memory_has_failed();
    } while (failed);
    ck_assert_uint_gt(count, 1);
}
END_TEST

int main(void)
{
    return RUN_TESTS("stream_memory", reads_without_memory_take_nothing, large_reads_without_memory_lose_nothing,
                     writes_without_memory_end_or_arrive, streams_without_memory_are_not_made);
}
