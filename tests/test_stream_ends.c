/*
 * How what waits at a stream may end before its time: each operation, by a cancel, by a close of ours, by the peer's, by
 * a time limit, with the loop. Ann waits, and bob neither sends nor reads.
 */
#include "tests/support/streams.h"
#include "tests/support/support.h"

#include <stdlib.h>
#include <unistd.h>

static char memory[8];
static int file;

static async_future *begin_read(void)
{
    return async_stream_read(ann, 10);
}

static async_future *begin_read_into(void)
{
    return async_stream_read_into(ann, memory, sizeof memory);
}

static async_future *begin_read_exactly(void)
{
    return async_stream_read_exactly(ann, 10);
}

static async_future *begin_read_until(void)
{
    return async_stream_read_until(ann, "\r\n", 2);
}

static async_future *begin_read_line(void)
{
    return async_stream_read_line(ann);
}

static async_future *begin_read_all(void)
{
    return async_stream_read_all(ann);
}

static async_future *begin_wait_readable(void)
{
    return async_stream_wait_readable(ann);
}

static void write_too_much(void)
{
    static char block[200000];

    async_stream_set_water_marks(ann, 0, 0);
    fill(ann);
    async_stream_write(ann, block, sizeof block);
}

static async_future *begin_drain(void)
{
    write_too_much();
    return async_stream_drain(ann);
}

static async_future *begin_sendfile(void)
{
    write_too_much();
    return async_stream_sendfile(ann, file, 0, -1);
}

static async_future *begin_wait_closed(void)
{
    write_too_much();
    async_stream_close(ann);
    return async_stream_wait_closed(ann);
}

/* What each fails with, by what ends it; 0 where it succeeds, PENDING where it goes on. */
#define PENDING 1
static const struct operation {
    const char *name;
    async_future *(*begin)(void);
    int by_close, by_abort, by_peer, by_time;
} operations[] = {
    {"read", begin_read, ASYNC_ECLOSED, ASYNC_ECLOSED, 0, ASYNC_ETIMEDOUT},
    {"read_into", begin_read_into, ASYNC_ECLOSED, ASYNC_ECLOSED, 0, ASYNC_ETIMEDOUT},
    {"read_exactly", begin_read_exactly, ASYNC_ECLOSED, ASYNC_ECLOSED, ASYNC_EEND, ASYNC_ETIMEDOUT},
    {"read_until", begin_read_until, ASYNC_ECLOSED, ASYNC_ECLOSED, ASYNC_EEND, ASYNC_ETIMEDOUT},
    {"read_line", begin_read_line, ASYNC_ECLOSED, ASYNC_ECLOSED, 0, ASYNC_ETIMEDOUT},
    {"read_all", begin_read_all, ASYNC_ECLOSED, ASYNC_ECLOSED, 0, ASYNC_ETIMEDOUT},
    {"wait_readable", begin_wait_readable, ASYNC_ECLOSED, ASYNC_ECLOSED, 0, ASYNC_ETIMEDOUT},
    {"drain", begin_drain, PENDING, ASYNC_ECLOSED, ASYNC_ERESET, ASYNC_ETIMEDOUT},
    {"sendfile", begin_sendfile, PENDING, ASYNC_ECLOSED, ASYNC_ERESET, ASYNC_ETIMEDOUT},
    {"wait_closed", begin_wait_closed, PENDING, 0, ASYNC_ERESET, ASYNC_ETIMEDOUT},
};
#define OPERATIONS (sizeof operations / sizeof *operations)

static async_future *begin(const struct operation *operation)
{
    async_future *future;

    make_pair();
    future = operation->begin();
    turns(2);
    ck_assert_msg(!async_future_is_done(future), "%s does not wait", operation->name);
    return future;
}

static void check_end(const struct operation *operation, async_future *taken, int expected)
{
    int error;

    turns(3);
    if (expected == PENDING) {
        ck_assert_msg(!async_future_is_done(taken), "%s has ended", operation->name);
    } else {
        error = async_future_error(taken);
        ck_assert_msg(error == expected, "%s ended with %s and not %s", operation->name, async_error_name(error),
                      async_error_name(expected));
    }
    async_future_unref(taken);
    drop_pair();
    turn();
}

static void open_file(void)
{
    char path[] = "/tmp/libasync-XXXXXX";

    file = mkstemp(path);
    unlink(path);
    ck_assert_int_eq((int)write(file, path, sizeof path), (int)sizeof path);
}

START_TEST(by_a_cancel)
{
    open_file();
    for (size_t i = 0; i < OPERATIONS; i++) {
        async_future *future = begin(&operations[i]);

        ck_assert_int_eq(async_future_cancel(future, NULL), 0);
        check_end(&operations[i], future, ASYNC_ECANCELED);
    }
    close(file);
}
END_TEST

START_TEST(by_a_close)
{
    open_file();
    for (size_t i = 0; i < OPERATIONS; i++) {
        async_future *future = begin(&operations[i]);

        ck_assert_int_eq(async_stream_close(ann), 0);
        check_end(&operations[i], future, operations[i].by_close);
    }
    close(file);
}
END_TEST

START_TEST(by_an_abort)
{
    open_file();
    for (size_t i = 0; i < OPERATIONS; i++) {
        async_future *future = begin(&operations[i]);

        ck_assert_int_eq(async_stream_abort(ann), 0);
        check_end(&operations[i], future, operations[i].by_abort);
    }
    close(file);
}
END_TEST

START_TEST(by_the_peer_s_close)
{
    open_file();
    for (size_t i = 0; i < OPERATIONS; i++) {
        async_future *future = begin(&operations[i]);

        ck_assert_int_eq(async_stream_close(bob), 0);
        check_end(&operations[i], future, operations[i].by_peer);
    }
    close(file);
}
END_TEST

/* A half-open peer, a stalled one: nothing comes from it, and nothing goes. */
START_TEST(by_a_time_limit)
{
    open_file();
    async_loop_set_clock(loop, ASYNC_CLOCK_MANUAL);
    for (size_t i = 0; i < OPERATIONS; i++) {
        async_future *future;

        make_pair();
        async_stream_set_timeouts(ann, 10, 10);
        future = operations[i].begin();
        async_loop_advance(loop, 9);
        ck_assert_msg(!async_future_is_done(future), "%s does not wait", operations[i].name);
        async_loop_advance(loop, 2);
        check_end(&operations[i], future, operations[i].by_time);
    }
    close(file);
}
END_TEST

/* All at once; then nothing is left to close. */
static void end_loop(int (*end)(async_loop *ended))
{
    async_stream *anns[OPERATIONS], *bobs[OPERATIONS];
    async_future *futures[OPERATIONS];

    open_file();
    for (size_t i = 0; i < OPERATIONS; i++) {
        futures[i] = begin(&operations[i]);
        async_stream_set_timeouts(ann, 10, 10);
        anns[i] = ann;
        bobs[i] = bob;
    }
    ck_assert_int_eq(end(loop), 0);
    ck_assert_ptr_nonnull(strstr(reports(), "not sent when the loop was closed"));
    for (size_t i = 0; i < OPERATIONS; i++) {
        ck_assert_int_eq(async_future_error(futures[i]), ASYNC_ECLOSED);
        ck_assert_int_eq(async_stream_descriptor(anns[i]), -1);
        ck_assert_int_eq(async_stream_descriptor(bobs[i]), -1);
        async_future_unref(futures[i]);
        async_stream_unref(anns[i]);
        async_stream_unref(bobs[i]);
    }
    close(file);
}

START_TEST(by_the_close_of_the_loop)
{
    end_loop(async_loop_close);
}
END_TEST

START_TEST(by_the_end_of_a_loop_that_is_abandoned)
{
    end_loop(async_loop_abandon);
}
END_TEST

/* The last references, dropped while it waits and when the loop is gone. */
START_TEST(with_nobody_left_who_cares)
{
    open_file();
    for (size_t i = 0; i < OPERATIONS; i++) {
        async_future_unref(begin(&operations[i]));
        ann = async_stream_unref(ann);
        async_stream_abort(bob);
        bob = async_stream_unref(bob);
        turns(3);
    }
    reports();
    async_future_unref(begin(&operations[0]));
    ann = async_stream_unref(ann);
    async_loop_close(loop);
    loop = async_loop_unref(loop);
    bob = async_stream_unref(bob);
    close(file);
}
END_TEST

int main(void)
{
    return RUN_TESTS("stream_ends", by_a_cancel, by_a_close, by_an_abort, by_the_peer_s_close, by_a_time_limit,
                     by_the_close_of_the_loop, by_the_end_of_a_loop_that_is_abandoned, with_nobody_left_who_cares);
}
