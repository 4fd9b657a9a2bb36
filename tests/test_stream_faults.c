/*
 * Streams on a system that does badly: each call of it fails in turn, or moves a byte where it should move many. What
 * can be done again is done again, and not one byte is lost or comes twice.
 */
#include "tests/support/faults.h"
#include "tests/support/streams.h"
#include "tests/support/support.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TOTAL 400000
#define MOST_UNSENT 150000

static char flow[TOTAL];

static void make_flow(void)
{
    for (size_t i = 0; i < sizeof flow; i++)
        flow[i] = flow_byte(i);
}

static size_t least(size_t one, size_t other)
{
    return one < other ? one : other;
}

/* Writes what follows after `written`, each time in another way; how much. */
static size_t write_more(int way, size_t written)
{
    size_t size = least(1 + (size_t)way % 7 * 9000, TOTAL - written), half = size / 2;
    const void *pieces[] = {flow + written, flow + written + half};
    const size_t sizes[] = {half, size - half};
    async_value *values[2];
    int error;

    if (way % 3 == 0) {
        error = async_stream_write(ann, flow + written, size);
    } else if (way % 3 == 1) {
        error = async_stream_write_pieces(ann, pieces, sizes, 2);
    } else {
        values[0] = async_bytes(flow + written, half);
        values[1] = async_bytes(flow + written + half, size - half);
        error = async_stream_write_value(ann, async_list(values, 2));
    }
    ck_assert_int_eq(error, 0);
    return size;
}

/* Reads what follows after `place`, of which there are so many bytes at least; how much. */
static size_t read_more(int way, size_t place, size_t there)
{
    static char memory[50000];
    async_future *read;
    const char *bytes = memory;
    size_t size = 0;

    if (way % 4 == 0)
        read = async_stream_read_into(bob, memory, sizeof memory);
    else if (way % 4 == 1)
        read = async_stream_read(bob, 20000);
    else if (way % 4 == 2)
        read = async_stream_read_exactly(bob, least(there, way % 8 == 2 ? 700 : 30000));
    else
        read = async_stream_read_until(bob, (char[]){flow_byte(place + least(there, 600) - 1)}, 1);
    ck_assert_int_eq(async_loop_run_until(loop, read), 0);
    if (way % 4 == 0)
        size = (size_t)async_value_int(async_future_value(read));
    else
        bytes = async_value_text(async_future_value(read), &size);
    ck_assert_uint_gt(size, 0);
    ck_assert(is_flow(bytes, size, place));
    async_future_unref(read);
    return size;
}

/* All of the flow from ann to bob. */
static void transfer(void)
{
    size_t written = 0, place = 0;

    for (int way = 0; place < TOTAL; way++) {
        if (written < TOTAL && async_stream_unsent(ann) < MOST_UNSENT)
            written += write_more(way, written);
        if (place < written)
            place += read_more(way, place, written - place);
    }
    async_stream_close(ann);
    ck_assert_str_eq(read_some(bob), "");
    ck_assert_int_eq(finish(async_stream_wait_closed(ann)), 0);
}

static void make_pipe(void)
{
    ck_assert_int_eq(async_stream_pipe(loop, &bob, &ann), 0);
}

#define MOST_CALLS 60

/* The n-th call, then the one after it, and so on; the last beyond those that are made. */
static void transfer_with(void (*make)(void), enum system_call call, int number, size_t most)
{
    for (int n = 1; n < MOST_CALLS; n++) {
        system_reset();
        make();
        if (number)
            system_fail(call, n, 1 + n % 3, number);
        else
            system_shorten(call, n, most);
        transfer();
        drop_pair();
    }
    system_reset();
}

static void transfer_with_all(void (*make)(void), enum system_call call)
{
    make_flow();
    transfer_with(make, call, EINTR, 0);
    transfer_with(make, call, EAGAIN, 0);
    transfer_with(make, call, 0, 1);
    transfer_with(make, call, 0, 4000);
}

START_TEST(sockets_go_on_after_each_recv_that_fails)
{
    transfer_with_all(make_pair, SYSTEM_RECV);
}
END_TEST

START_TEST(sockets_go_on_after_each_send_that_fails)
{
    transfer_with_all(make_tcp_pair, SYSTEM_SEND);
}
END_TEST

START_TEST(sockets_go_on_after_each_sendmsg_that_fails)
{
    transfer_with_all(make_pair, SYSTEM_SENDMSG);
}
END_TEST

START_TEST(pipes_go_on_after_each_read_that_fails)
{
    transfer_with_all(make_pipe, SYSTEM_READ);
}
END_TEST

START_TEST(pipes_go_on_after_each_write_that_fails)
{
    transfer_with_all(make_pipe, SYSTEM_WRITEV);
}
END_TEST

/* Memory that the kernel has not now it may have later. It is not asked all the time: the clock jumps over the naps. */
START_TEST(a_kernel_without_memory_is_asked_again_a_little_later)
{
    static const int numbers[] = {ENOBUFS, ENOMEM};

    make_flow();
    async_loop_set_clock(loop, ASYNC_CLOCK_JUMPING);
    for (int i = 0; i < 2; i++) {
        transfer_with(make_pair, SYSTEM_SEND, numbers[i], 0);
        transfer_with(make_pair, SYSTEM_SENDMSG, numbers[i], 0);
    }
    make_pair();
    system_fail(SYSTEM_SEND, 1, 1, ENOBUFS);
    system_fail(SYSTEM_SENDMSG, 1, 3, ENOBUFS);
    say(ann, "patience");
    ck_assert_str_eq(read_some(bob), "patience");
    ck_assert_int_eq(system_count(SYSTEM_SEND), 1);
    ck_assert_int_eq(system_count(SYSTEM_SENDMSG), 4);
    system_reset();
    drop_pair();
}
END_TEST

START_TEST(an_error_of_a_read_is_told_once_what_came_before_is_read)
{
    make_pair();
    say(ann, "line\nand more");
    ck_assert_str_eq(outcome(async_stream_read_line(bob)), "line\n");
    system_fail(SYSTEM_RECV, 1, 1, EHOSTUNREACH);
    say(ann, "!");
    ck_assert_int_eq(finish(async_stream_read_line(bob)), ASYNC_EUNREACHABLE);
    ck_assert_str_eq(read_some(bob), "and more");
    ck_assert_str_eq(read_some(bob), "ASYNC_EUNREACHABLE");
    ck_assert_str_eq(async_stream_message(bob), "socket: No route to host");
    ck_assert_int_eq(async_stream_write(bob, "x", 1), ASYNC_EUNREACHABLE);
    system_reset();
    drop_pair();
}
END_TEST

START_TEST(an_error_of_a_write_ends_the_writing_alone)
{
    async_value *failure;
    async_future *drain;

    make_pair();
    async_stream_set_water_marks(ann, 0, 0);
    fill(ann);
    drain = async_stream_drain(ann);
    system_fail(SYSTEM_SENDMSG, 1, 1, EIO);
    drink(bob, 150000);
    ck_assert_int_eq(async_loop_run_until(loop, drain), ASYNC_EOS);
    failure = async_future_failure(drain);
    ck_assert_int_eq(async_value_os(failure), EIO);
    ck_assert_str_eq(async_value_message(failure), "socket: Input/output error");
    async_future_unref(drain);
    ck_assert_int_eq(async_stream_write(ann, "x", 1), ASYNC_EOS);
    say(bob, "you I can hear");
    ck_assert_str_eq(read_some(ann), "you I can hear");
    async_stream_close(ann);
    ck_assert_int_eq(finish(async_stream_wait_closed(ann)), ASYNC_EOS);
    system_reset();
    drop_pair();
}
END_TEST

START_TEST(no_descriptors_are_told)
{
    async_stream *one, *other;

    system_fail(SYSTEM_SOCKETPAIR, 1, 1, EMFILE);
    ck_assert_int_eq(async_stream_pair(loop, &one, &other), ASYNC_EOS);
    ck_assert_ptr_null(one);
    system_fail(SYSTEM_PIPE, 1, 1, ENFILE);
    ck_assert_int_eq(async_stream_pipe(loop, &one, &other), ASYNC_EOS);
    ck_assert_ptr_null(other);
    system_reset();
}
END_TEST

static int file_of_flow(void)
{
    char path[] = "/tmp/libasync-XXXXXX";
    int file = mkstemp(path);

    ck_assert_int_ge(file, 0);
    unlink(path);
    ck_assert_int_eq((int)write(file, flow, sizeof flow), TOTAL);
    return file;
}

static void send_file_with(int file, int number, size_t most)
{
    async_future *sending;

    for (int n = 1; n < 8; n++) {
        make_pair();
        system_reset();
        if (number)
            system_fail(SYSTEM_SENDFILE, n, 1, number);
        else
            system_shorten(SYSTEM_SENDFILE, n, most);
        sending = async_stream_sendfile(ann, file, 0, -1);
        ck_assert_uint_eq(drink_exactly(bob, TOTAL), TOTAL);
        ck_assert_int_eq(async_loop_run_until(loop, sending), 0);
        ck_assert_int_eq(async_value_int(async_future_value(sending)), TOTAL);
        async_future_unref(sending);
        drop_pair();
    }
    system_reset();
}

/* Where the kernel cannot, the file is read. */
START_TEST(a_file_goes_on_after_each_sendfile_that_fails)
{
    int file;

    make_flow();
    file = file_of_flow();
    async_loop_set_clock(loop, ASYNC_CLOCK_JUMPING);
    send_file_with(file, EINTR, 0);
    send_file_with(file, EAGAIN, 0);
    send_file_with(file, EINVAL, 0);
    send_file_with(file, ENOSYS, 0);
    send_file_with(file, ENOMEM, 0);
    send_file_with(file, 0, 1);
    close(file);
}
END_TEST

int main(void)
{
    return RUN_TESTS("stream_faults", sockets_go_on_after_each_recv_that_fails,
                     sockets_go_on_after_each_send_that_fails, sockets_go_on_after_each_sendmsg_that_fails,
                     pipes_go_on_after_each_read_that_fails, pipes_go_on_after_each_write_that_fails,
                     a_kernel_without_memory_is_asked_again_a_little_later,
                     an_error_of_a_read_is_told_once_what_came_before_is_read,
                     an_error_of_a_write_ends_the_writing_alone, no_descriptors_are_told,
                     a_file_goes_on_after_each_sendfile_that_fails);
}
