/* Two streams that talk: reading, writing, closing, and who holds what. */
#include "tests/support/streams.h"
#include "tests/support/support.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

START_TEST(what_one_writes_the_other_reads)
{
    make_pair();
    say(ann, "hello");
    ck_assert_uint_eq(async_stream_unsent(ann), 0);
    ck_assert_str_eq(read_some(bob), "hello");
    say(bob, "good ");
    say(bob, "day");
    ck_assert_str_eq(read_some(ann), "good day");
    drop_pair();
}
END_TEST

START_TEST(a_read_waits_for_the_first_bytes)
{
    async_future *read;

    make_pair();
    read = async_stream_read(bob, 100);
    turns(2);
    ck_assert(!async_future_is_done(read));
    say(ann, "here");
    ck_assert(!async_future_is_done(read));
    ck_assert_str_eq(outcome(read), "here");
    drop_pair();
}
END_TEST

START_TEST(no_more_is_read_than_was_asked_for)
{
    char memory[4] = "";

    make_pair();
    say(ann, "abcdefg");
    ck_assert_str_eq(outcome(async_stream_read(bob, 2)), "ab");
    ck_assert_int_eq(finish(async_stream_read_into(bob, memory, 3)), 0);
    ck_assert_str_eq(memory, "cde");
    ck_assert_str_eq(read_some(bob), "fg");
    drop_pair();
}
END_TEST

START_TEST(the_end_is_no_bytes_and_stays)
{
    async_future *read;
    char memory[4];

    make_pair();
    say(ann, "bye");
    ck_assert_int_eq(async_stream_close(ann), 0);
    ck_assert(!async_stream_at_eof(bob));
    ck_assert_str_eq(read_some(bob), "bye");
    ck_assert_str_eq(read_some(bob), "");
    ck_assert(async_stream_at_eof(bob));
    ck_assert_str_eq(read_some(bob), "");
    read = async_stream_read_into(bob, memory, sizeof memory);
    ck_assert(async_future_is_done(read));
    ck_assert_int_eq(async_value_int(async_future_value(read)), 0);
    async_future_unref(read);
    drop_pair();
}
END_TEST

START_TEST(a_second_read_is_told_that_one_waits)
{
    async_future *first, *second;

    make_pair();
    first = async_stream_read(bob, 10);
    second = async_stream_read(bob, 10);
    ck_assert_str_eq(async_future_message(second), "socket: another read is waiting");
    ck_assert_int_eq(finish(second), ASYNC_ESTATE);
    say(ann, "x");
    ck_assert_str_eq(outcome(first), "x");
    drop_pair();
}
END_TEST

START_TEST(a_cancelled_read_has_taken_nothing)
{
    async_future *read;

    make_pair();
    read = async_stream_read(bob, 10);
    async_future_cancel(read, "enough");
    ck_assert_str_eq(async_future_message(read), "enough");
    ck_assert_int_eq(finish(read), ASYNC_ECANCELED);
    say(ann, "still here");
    turns(2);
    ck_assert_str_eq(read_some(bob), "still here");
    drop_pair();
}
END_TEST

START_TEST(what_the_kernel_does_not_take_is_kept_and_sent_later)
{
    size_t written;

    make_pair();
    written = fill(ann);
    ck_assert_uint_gt(async_stream_unsent(ann), 0);
    written += 5;
    ck_assert_int_eq(async_stream_write(ann, (char[]){flow_byte(written - 5), flow_byte(written - 4),
                                                      flow_byte(written - 3), flow_byte(written - 2),
                                                      flow_byte(written - 1)}, 5), 0);
    ck_assert_uint_eq(drink(bob, written), written);
    ck_assert_uint_eq(async_stream_unsent(ann), 0);
    drop_pair();
}
END_TEST

START_TEST(what_was_written_is_sent_after_a_close)
{
    size_t written;
    async_future *closed;

    make_tcp_pair();
    written = fill(ann);
    ck_assert_int_eq(async_stream_close(ann), 0);
    ck_assert_int_eq(async_stream_close(ann), 0);
    ck_assert(async_stream_is_closing(ann));
    ck_assert_int_eq(async_stream_write(ann, "x", 1), ASYNC_ECLOSED);
    closed = async_stream_wait_closed(ann);
    ann = async_stream_unref(ann);
    turns(2);
    ck_assert(!async_future_is_done(closed));
    ck_assert_uint_eq(drink(bob, SIZE_MAX), written);
    ck_assert_int_eq(finish(closed), 0);
    drop_pair();
}
END_TEST

START_TEST(a_close_ends_the_read_that_waits)
{
    async_future *read;

    make_pair();
    read = async_stream_read(ann, 10);
    async_stream_close(ann);
    ck_assert_int_eq(async_stream_descriptor(ann), -1);
    ck_assert_int_eq(finish(read), ASYNC_ECLOSED);
    ck_assert_str_eq(read_some(ann), "ASYNC_ECLOSED");
    ck_assert_int_eq(finish(async_stream_wait_closed(ann)), 0);
    ck_assert_str_eq(read_some(bob), "");
    drop_pair();
}
END_TEST

START_TEST(an_abort_resets_a_connection_with_unsent_data)
{
    char block[1000];
    int error = 0;

    make_tcp_pair();
    fill(ann);
    ck_assert_int_eq(async_stream_abort(ann), 0);
    ck_assert_int_eq(async_stream_abort(ann), 0);
    ck_assert_int_eq(finish(async_stream_wait_closed(ann)), 0);
    while (!error)
        error = finish(async_stream_read_into(bob, block, sizeof block));
    ck_assert_int_eq(error, ASYNC_ERESET);
    ck_assert(!async_stream_at_eof(bob));
    ck_assert_ptr_nonnull(strstr(async_stream_message(bob), ": the peer reset the connection"));
    ck_assert_int_eq(strncmp(async_stream_message(bob), "127.0.0.1:", 10), 0);
    ck_assert_str_eq(read_some(bob), "ASYNC_ERESET");
    ck_assert_int_eq(async_stream_write(bob, "x", 1), ASYNC_ERESET);
    drop_pair();
}
END_TEST

/* The kernel would reset a connection in which something was left unread, and throw away what it has not sent. */
START_TEST(what_nobody_read_does_not_spoil_a_close)
{
    make_tcp_pair();
    say(ann, "a question that nobody reads");
    say(bob, "an answer");
    async_stream_close(bob);
    ck_assert_str_eq(outcome(async_stream_read_all(ann)), "an answer");
    ck_assert_str_eq(async_stream_message(ann), "");
    drop_pair();
}
END_TEST

START_TEST(a_cancelled_wait_for_the_close_closes_nothing)
{
    async_future *wait, *other;

    make_pair();
    wait = async_stream_wait_closed(ann);
    other = async_stream_wait_closed(ann);
    async_future_cancel(wait, NULL);
    ck_assert_int_eq(finish(wait), ASYNC_ECANCELED);
    ck_assert(!async_stream_is_closing(ann));
    async_stream_close(ann);
    ck_assert_int_eq(finish(other), 0);
    drop_pair();
}
END_TEST

START_TEST(addresses_are_those_of_both_ends)
{
    async_value *local, *peer;

    make_tcp_pair();
    local = async_stream_local(ann);
    peer = async_stream_peer(bob);
    ck_assert_str_eq(async_address_text(local), async_address_text(peer));
    ck_assert_str_eq(async_address_host(peer), "127.0.0.1");
    async_value_unref(local);
    async_value_unref(peer);
    async_stream_abort(bob);
    ck_assert_ptr_null(async_stream_local(bob));
    peer = async_stream_peer(bob);
    ck_assert_str_eq(async_address_host(peer), "127.0.0.1");
    async_value_unref(peer);
    drop_pair();
}
END_TEST

START_TEST(a_stream_travels_as_a_value)
{
    async_value *value, *other = async_text("no stream");

    make_pair();
    value = async_stream_value(ann);
    ck_assert_ptr_eq(async_value_stream(value), ann);
    ck_assert_ptr_null(async_value_stream(other));
    ck_assert_ptr_null(async_value_stream(NULL));
    ann = async_stream_unref(ann);
    ann = async_stream_ref(async_value_stream(value));
    async_value_unref(value);
    async_value_unref(other);
    ck_assert_ptr_eq(async_stream_loop(ann), loop);
    drop_pair();
}
END_TEST

START_TEST(a_stream_dropped_open_is_closed_and_reported)
{
    make_pair();
    ann = async_stream_unref(ann);
    ck_assert_str_eq(reports(), "ASYNC_ESTATE: socket: the stream was dropped without a close");
    ck_assert_str_eq(read_some(bob), "");
    drop_pair();
}
END_TEST

/* What waits holds it: a dropped handle cancels nothing. */
START_TEST(a_read_keeps_its_stream)
{
    async_future *read;

    make_pair();
    read = async_stream_read(ann, 10);
    ann = async_stream_unref(ann);
    say(bob, "late");
    ck_assert_str_eq(outcome(read), "late");
    ck_assert_str_eq(reports(), "ASYNC_ESTATE: socket: the stream was dropped without a close");
    drop_pair();
}
END_TEST

static async_next read_on(async_task *task, void *state)
{
    note("%s", async_value_text(async_awaited(task), NULL));
    return async_return(task, async_none());
}

static async_next read_in_task(async_task *task, void *state)
{
    return async_await(task, async_stream_read(state, 10), read_on);
}

START_TEST(a_task_goes_on_in_the_turn_in_which_the_bytes_come)
{
    async_future *task;

    make_pair();
    task = async_create_task(loop, read_in_task, bob, NULL);
    turn();
    say(ann, "now");
    turn();
    ck_assert_notes("now");
    ck_assert(async_future_is_done(task));
    async_future_unref(task);
    drop_pair();
}
END_TEST

START_TEST(what_comes_while_nobody_reads_waits_in_the_kernel)
{
    make_pair();
    say(ann, "one");
    ck_assert_str_eq(read_some(bob), "one");
    say(ann, "two");
    turns(3);
    ck_assert_str_eq(read_some(bob), "two");
    drop_pair();
}
END_TEST

static void lose_with_loop(int (*end)(async_loop *loop))
{
    char expected[96];

    make_pair();
    fill(ann);
    snprintf(expected, sizeof expected, "ASYNC_ECLOSED: socket: %zu bytes were written and not sent when the loop was closed",
             async_stream_unsent(ann));
    say(bob, "this was sent");
    async_stream_close(bob);
    async_stream_close(ann);
    ann = async_stream_unref(ann);
    ck_assert_int_eq(end(loop), 0);
    ck_assert_str_eq(reports(), expected);
    drop_pair();
}

START_TEST(what_is_unsent_when_the_loop_is_closed_is_reported_once)
{
    lose_with_loop(async_loop_close);
}
END_TEST

START_TEST(what_is_unsent_when_the_loop_is_abandoned_is_reported_once)
{
    lose_with_loop(async_loop_abandon);
}
END_TEST

START_TEST(a_loop_that_closes_ends_everything_at_its_streams)
{
    async_future *read, *closed;

    make_tcp_pair();
    fill(ann);
    read = async_stream_read(bob, 10);
    async_future_cancel(read, NULL);
    async_future_unref(read);
    read = async_stream_read(ann, 10);
    closed = async_stream_wait_closed(ann);
    async_loop_close(loop);
    ck_assert_ptr_nonnull(strstr(reports(), "not sent when the loop was closed"));
    ck_assert_int_eq(async_future_error(read), ASYNC_ECLOSED);
    ck_assert_int_eq(async_future_error(closed), ASYNC_ECLOSED);
    ck_assert_int_eq(async_stream_descriptor(ann), -1);
    ck_assert(async_stream_is_closing(ann));
    ck_assert_int_eq(async_stream_close(ann), 0);
    ck_assert_int_eq(async_stream_abort(ann), 0);
    ck_assert_int_eq(async_stream_write(ann, "x", 1), ASYNC_ECLOSED);
    ck_assert_int_eq(async_future_error(async_stream_read(ann, 1)), ASYNC_ECLOSED);
    ck_assert_ptr_null(async_stream_adopt(loop, 0, NULL));
    ck_assert_int_eq(errno, EPERM);
    async_future_unref(read);
    async_future_unref(closed);
    loop = async_loop_unref(loop);
    ann = async_stream_unref(ann);
    bob = async_stream_unref(bob);
}
END_TEST

static void try_everything(void *user)
{
    async_stream *stream = user, *one, *other;

    ck_assert_int_eq(async_stream_write(stream, "x", 1), ASYNC_ETHREAD);
    ck_assert_int_eq(async_stream_close(stream), ASYNC_ETHREAD);
    ck_assert_int_eq(async_stream_abort(stream), ASYNC_ETHREAD);
    ck_assert_int_eq(async_stream_descriptor(stream), -1);
    ck_assert_int_eq(async_future_error(async_stream_read(stream, 1)), ASYNC_ETHREAD);
    ck_assert_int_eq(async_future_error(async_stream_wait_closed(stream)), ASYNC_ETHREAD);
    ck_assert_int_eq(async_stream_pair(loop, &one, &other), ASYNC_ETHREAD);
    ck_assert_ptr_null(one);
    async_stream_unref(stream);
}

START_TEST(another_thread_may_count_and_nothing_else)
{
    make_pair();
    elsewhere(try_everything, async_stream_ref(ann));
    say(ann, "all is well");
    ck_assert_str_eq(read_some(bob), "all is well");
    drop_pair();
}
END_TEST

static void drop_elsewhere(void *user)
{
    async_stream_unref(user);
}

START_TEST(the_last_reference_may_go_in_another_thread)
{
    make_pair();
    elsewhere(drop_elsewhere, ann);
    ann = NULL;
    ck_assert_str_eq(read_some(bob), "");
    ck_assert_str_eq(reports(), "ASYNC_ESTATE: socket: the stream was dropped without a close");
    drop_pair();
}
END_TEST

static void check_refused(int descriptor, int reason)
{
    errno = 0;
    ck_assert_ptr_null(async_stream_adopt(loop, descriptor, NULL));
    ck_assert_int_eq(errno, reason);
}

START_TEST(bad_input_is_refused)
{
    int datagram = socket(AF_INET, SOCK_DGRAM, 0), listener = socket(AF_INET, SOCK_STREAM, 0);
    int file = open("/", O_RDONLY);
    async_future *refused = async_stream_read(NULL, 1);
    async_stream *one = (async_stream *)&one;

    ck_assert_str_eq(async_future_message(refused), "stream is NULL");
    ck_assert_int_eq(finish(async_stream_wait_closed(NULL)), ASYNC_EINVAL);
    listen(listener, 1);
    check_refused(-1, EBADF);
    check_refused(datagram, EINVAL);
    check_refused(listener, EINVAL);
    check_refused(file, EINVAL);
    close(datagram);
    close(listener);
    close(file);
    ck_assert_ptr_null(async_stream_adopt(NULL, 0, NULL));
    ck_assert_int_eq(errno, EINVAL);
    ck_assert_int_eq(async_stream_pair(loop, &one, NULL), ASYNC_EINVAL);
    ck_assert_ptr_null(one);
    make_pair();
    ck_assert_int_eq(finish(async_stream_read(ann, 0)), ASYNC_EINVAL);
    ck_assert_int_eq(finish(async_stream_read_into(ann, NULL, 1)), ASYNC_EINVAL);
    ck_assert_int_eq(async_stream_write(ann, NULL, 1), ASYNC_EINVAL);
    ck_assert_int_eq(async_stream_write(ann, NULL, 0), 0);
    ck_assert_int_eq(async_stream_write(NULL, "x", 1), ASYNC_EINVAL);
    ck_assert_int_eq(async_stream_close(NULL), ASYNC_EINVAL);
    ck_assert_int_eq(async_stream_descriptor(NULL), -1);
    ck_assert(async_stream_at_eof(NULL));
    ck_assert(async_stream_is_closing(NULL));
    ck_assert_ptr_null(async_stream_value(NULL));
    ck_assert_ptr_null(async_stream_unref(NULL));
    ck_assert_str_eq(async_stream_message(NULL), "");
    ck_assert_str_eq(async_stream_message(ann), "socket: a write needs bytes");
    drop_pair();
}
END_TEST

int main(void)
{
    return RUN_TESTS("stream", what_one_writes_the_other_reads, a_read_waits_for_the_first_bytes,
                     no_more_is_read_than_was_asked_for, the_end_is_no_bytes_and_stays,
                     a_second_read_is_told_that_one_waits, a_cancelled_read_has_taken_nothing,
                     what_the_kernel_does_not_take_is_kept_and_sent_later, what_was_written_is_sent_after_a_close,
                     a_close_ends_the_read_that_waits, an_abort_resets_a_connection_with_unsent_data,
                     what_nobody_read_does_not_spoil_a_close, a_cancelled_wait_for_the_close_closes_nothing,
                     addresses_are_those_of_both_ends, a_stream_travels_as_a_value,
                     a_stream_dropped_open_is_closed_and_reported, a_read_keeps_its_stream,
                     a_task_goes_on_in_the_turn_in_which_the_bytes_come,
                     what_comes_while_nobody_reads_waits_in_the_kernel,
                     what_is_unsent_when_the_loop_is_closed_is_reported_once,
                     what_is_unsent_when_the_loop_is_abandoned_is_reported_once,
                     a_loop_that_closes_ends_everything_at_its_streams, another_thread_may_count_and_nothing_else,
                     the_last_reference_may_go_in_another_thread, bad_input_is_refused);
}
