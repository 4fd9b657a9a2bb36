#include "tests/support/streams.h"
#include "tests/support/support.h"

#include <stdlib.h>
#include <string.h>

/* A read of bob's that must have failed with these words. */
static void check_message(async_future *taken, int error, const char *message)
{
    ck_assert_int_eq(async_loop_run_until(loop, taken), error);
    ck_assert_str_eq(async_future_message(taken), message);
    async_future_unref(taken);
}

START_TEST(exactly_so_many_bytes_however_they_come)
{
    async_future *read;

    make_pair();
    read = async_stream_read_exactly(bob, 6);
    say(ann, "abc");
    turns(2);
    ck_assert(!async_future_is_done(read));
    say(ann, "defghijkl");
    ck_assert_str_eq(outcome(read), "abcdef");
    read = async_stream_read_exactly(bob, 2);
    ck_assert(async_future_is_done(read));
    ck_assert_str_eq(outcome(read), "gh");
    ck_assert_str_eq(outcome(async_stream_read_exactly(bob, 0)), "");
    ck_assert_str_eq(read_some(bob), "ijkl");
    drop_pair();
}
END_TEST

/* More than is received at once, more than any buffer of the kernel's, and not bound by the limit. */
START_TEST(exactly_many_bytes)
{
    static const size_t sizes[] = {16383, 16384, 70000, 3000000};

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char *flow = malloc(sizes[i]);
        async_future *read;

        for (size_t place = 0; place < sizes[i]; place++)
            flow[place] = flow_byte(place);
        make_pair();
        ck_assert_int_eq(async_stream_write(ann, flow, sizes[i]), 0);
        say(ann, "rest");
        read = async_stream_read_exactly(bob, sizes[i]);
        ck_assert_int_eq(async_loop_run_until(loop, read), 0);
        ck_assert_mem_eq(async_value_text(async_future_value(read), NULL), flow, sizes[i]);
        async_future_unref(read);
        ck_assert_str_eq(outcome(async_stream_read_exactly(bob, 4)), "rest");
        drop_pair();
        free(flow);
    }
}
END_TEST

START_TEST(an_end_before_exactly_so_many_leaves_what_came)
{
    make_pair();
    say(ann, "abc");
    async_stream_close(ann);
    check_message(async_stream_read_exactly(bob, 6), ASYNC_EEND, "socket: the stream ended after 3 of 6 bytes");
    check_message(async_stream_read_exactly(bob, 6), ASYNC_EEND, "socket: the stream ended after 3 of 6 bytes");
    ck_assert(!async_stream_at_eof(bob));
    ck_assert_str_eq(outcome(async_stream_read_exactly(bob, 2)), "ab");
    ck_assert_str_eq(read_some(bob), "c");
    ck_assert(async_stream_at_eof(bob));
    check_message(async_stream_read_exactly(bob, 20000), ASYNC_EEND, "socket: the stream ended after 0 of 20000 bytes");
    drop_pair();
}
END_TEST

START_TEST(lines_come_one_by_one_however_they_were_sent)
{
    async_future *line;

    make_pair();
    say(ann, "one\ntwo\n\nfo");
    ck_assert_str_eq(outcome(async_stream_read_line(bob)), "one\n");
    line = async_stream_read_line(bob);
    ck_assert(async_future_is_done(line));
    ck_assert_str_eq(outcome(line), "two\n");
    ck_assert_str_eq(outcome(async_stream_read_line(bob)), "\n");
    line = async_stream_read_line(bob);
    turn();
    ck_assert(!async_future_is_done(line));
    say(ann, "ur\nlast");
    ck_assert_str_eq(outcome(line), "four\n");
    async_stream_close(ann);
    ck_assert_str_eq(outcome(async_stream_read_line(bob)), "last");
    ck_assert_str_eq(outcome(async_stream_read_line(bob)), "");
    drop_pair();
}
END_TEST

START_TEST(a_separator_may_come_in_two_parts)
{
    async_future *read;

    make_pair();
    read = async_stream_read_until(bob, "\r\n\r\n", 4);
    say(ann, "head\r\nmore\r");
    turns(2);
    say(ann, "\n\r");
    turns(2);
    ck_assert(!async_future_is_done(read));
    say(ann, "\nbody");
    ck_assert_str_eq(outcome(read), "head\r\nmore\r\n\r\n");
    ck_assert_str_eq(outcome(async_stream_read_until(bob, "dy", 2)), "body");
    say(ann, "no end");
    async_stream_close(ann);
    check_message(async_stream_read_until(bob, ";", 1), ASYNC_EEND, "socket: the stream ended before the separator");
    ck_assert_str_eq(read_some(bob), "no end");
    drop_pair();
}
END_TEST

START_TEST(a_line_beyond_the_limit_is_refused_and_stays)
{
    make_pair();
    ck_assert_int_eq(async_stream_set_limit(bob, 8), 0);
    say(ann, "1234567\n12345678\nrest\n");
    ck_assert_str_eq(outcome(async_stream_read_line(bob)), "1234567\n");
    check_message(async_stream_read_line(bob), ASYNC_ELIMIT, "socket: no end of line within the limit of 8 bytes");
    check_message(async_stream_read_until(bob, "x", 1), ASYNC_ELIMIT,
                  "socket: no separator within the limit of 8 bytes");
    ck_assert_str_eq(read_some(bob), "12345678");
    ck_assert_str_eq(outcome(async_stream_read_line(bob)), "\n");
    ck_assert_int_eq(async_stream_set_limit(bob, 5), 0);
    ck_assert_str_eq(outcome(async_stream_read_line(bob)), "rest\n");
    ck_assert_int_eq(async_stream_set_limit(bob, 0), ASYNC_EINVAL);
    drop_pair();
}
END_TEST

START_TEST(no_more_is_taken_in_than_the_limit)
{
    char block[1000];

    memset(block, 'x', sizeof block);
    make_pair();
    async_stream_set_limit(bob, 100);
    for (int i = 0; i < 10; i++)
        async_stream_write(ann, block, sizeof block);
    ck_assert_int_eq(finish(async_stream_read_line(bob)), ASYNC_ELIMIT);
    ck_assert_int_eq((int)strlen(read_some(bob)), 100);
    drop_pair();
}
END_TEST

START_TEST(a_lower_limit_ends_the_line_that_waits)
{
    async_future *line;

    make_pair();
    line = async_stream_read_line(bob);
    say(ann, "1234567890");
    turns(2);
    async_stream_set_limit(bob, 5);
    say(ann, "x\n");
    ck_assert_int_eq(finish(line), ASYNC_ELIMIT);
    ck_assert_int_eq(strncmp(read_some(bob), "1234567890", 10), 0);
    drop_pair();
}
END_TEST

/* By then more was searched than the limit has. */
START_TEST(a_lower_limit_ends_what_waits_for_a_long_separator)
{
    async_future *read;

    make_pair();
    read = async_stream_read_until(bob, "\r\n", 2);
    say(ann, "a hundred letters would be a few too many");
    turns(2);
    ck_assert_int_eq(async_stream_set_limit(bob, 10), 0);
    say(ann, "\r\n");
    check_message(read, ASYNC_ELIMIT, "socket: no separator within the limit of 10 bytes");
    drop_pair();
}
END_TEST

START_TEST(a_read_that_asks_for_nothing_is_told_what_is_wrong)
{
    char byte;

    make_pair();
    check_message(async_stream_read_until(ann, "", 0), ASYNC_EINVAL, "socket: the separator is empty");
    check_message(async_stream_read_until(ann, NULL, 1), ASYNC_EINVAL, "socket: the separator is empty");
    check_message(async_stream_read(ann, 0), ASYNC_EINVAL, "socket: a read of 0 bytes");
    check_message(async_stream_read_into(ann, &byte, 0), ASYNC_EINVAL, "socket: a read needs room for a byte");
    drop_pair();
}
END_TEST

START_TEST(all_is_read_to_the_end)
{
    async_future *all;
    size_t written, size;
    const char *bytes;

    make_tcp_pair();
    written = fill(ann);
    async_stream_close(ann);
    ck_assert_str_eq(outcome(async_stream_read_exactly(bob, 0)), "");
    all = async_stream_read_all(bob);
    ck_assert_int_eq(async_loop_run_until(loop, all), 0);
    bytes = async_value_text(async_future_value(all), &size);
    ck_assert_uint_eq(size, written);
    ck_assert(is_flow(bytes, size, 0));
    async_future_unref(all);
    ck_assert_str_eq(outcome(async_stream_read_all(bob)), "");
    drop_pair();
}
END_TEST

START_TEST(a_large_read_comes_whole_and_fits)
{
    static char block[65536];
    async_future *read;
    size_t size;

    make_pair();
    for (int i = 0; i < 4; i++) {
        for (size_t place = 0; place < sizeof block; place++)
            block[place] = flow_byte(place);
        size = i % 2 ? sizeof block : 20000;
        ck_assert_int_eq(async_stream_write(ann, block, size), 0);
        read = async_stream_read(bob, 1000000);
        ck_assert_int_eq(async_loop_run_until(loop, read), 0);
        ck_assert(is_flow(async_value_text(async_future_value(read), &size), size, 0));
        ck_assert_uint_ge(size, 20000);
        async_future_unref(read);
        if (size < sizeof block && i % 2)
            drink_rest(bob, size, sizeof block);
    }
    say(ann, "small");
    ck_assert_str_eq(read_some(bob), "small");
    drop_pair();
}
END_TEST

/* What it had searched, or would have, was searched for something else. */
START_TEST(another_read_looks_at_all_that_a_cancelled_one_left)
{
    async_future *read;

    make_pair();
    read = async_stream_read_exactly(bob, 100);
    say(ann, "one\ntwo;");
    turns(2);
    ck_assert_int_eq(async_future_cancel(read, NULL), 0);
    ck_assert_int_eq(finish(read), ASYNC_ECANCELED);
    ck_assert_str_eq(outcome(async_stream_read_line(bob)), "one\n");
    read = async_stream_read_line(bob);
    turns(2);
    ck_assert_int_eq(async_future_cancel(read, NULL), 0);
    ck_assert_int_eq(finish(read), ASYNC_ECANCELED);
    ck_assert_str_eq(outcome(async_stream_read_until(bob, ";", 1)), "two;");
    drop_pair();
}
END_TEST

START_TEST(a_cancelled_line_leaves_its_beginning)
{
    async_future *line;

    make_pair();
    line = async_stream_read_until(bob, "\n\n", 2);
    say(ann, "begun");
    turns(2);
    async_future_cancel(line, NULL);
    ck_assert_int_eq(finish(line), ASYNC_ECANCELED);
    say(ann, " and ended\n");
    ck_assert_str_eq(outcome(async_stream_read_line(bob)), "begun and ended\n");
    drop_pair();
}
END_TEST

START_TEST(one_may_wait_and_then_read_by_oneself)
{
    async_future *ready;
    char memory[8] = "";

    make_pair();
    ck_assert_int_eq(async_stream_read_now(bob, memory, 7), ASYNC_EEMPTY);
    ready = async_stream_wait_readable(bob);
    ck_assert_int_eq(async_stream_read_now(bob, memory, 7), ASYNC_ESTATE);
    ck_assert(!async_future_is_done(ready));
    say(ann, "abcde");
    ck_assert_int_eq(finish(ready), 0);
    ck_assert_int_eq(async_stream_read_now(bob, memory, 3), 3);
    ck_assert_str_eq(memory, "abc");
    ck_assert_int_eq(finish(async_stream_wait_readable(bob)), 0);
    ck_assert_int_eq(async_stream_read_now(bob, memory, 7), 2);
    ck_assert_int_eq(async_stream_read_now(bob, memory, 7), ASYNC_EEMPTY);
    async_stream_close(ann);
    ck_assert_int_eq(finish(async_stream_wait_readable(bob)), 0);
    ck_assert_int_eq(async_stream_read_now(bob, memory, 7), 0);
    ready = async_stream_wait_readable(bob);
    ck_assert(async_future_is_done(ready));
    async_future_unref(ready);
    ck_assert_int_eq(async_stream_read_now(bob, memory, 7), 0);
    ck_assert_int_eq(async_stream_read_now(bob, NULL, 7), ASYNC_EINVAL);
    ck_assert_int_eq(async_stream_read_now(NULL, memory, 7), ASYNC_EINVAL);
    async_stream_close(bob);
    ck_assert_int_eq(async_stream_read_now(bob, memory, 7), ASYNC_ECLOSED);
    drop_pair();
}
END_TEST

START_TEST(what_was_read_ahead_is_read_first)
{
    char memory[8] = "";
    async_future *ready;

    make_pair();
    say(ann, "line\nrest");
    ck_assert_str_eq(outcome(async_stream_read_line(bob)), "line\n");
    ready = async_stream_wait_readable(bob);
    ck_assert(async_future_is_done(ready));
    async_future_unref(ready);
    ck_assert_int_eq(async_stream_read_now(bob, memory, 2), 2);
    ck_assert_int_eq(finish(async_stream_read_into(bob, memory + 2, 2)), 0);
    ck_assert_str_eq(memory, "rest");
    ck_assert_int_eq(async_stream_read_now(bob, memory, 2), ASYNC_EEMPTY);
    drop_pair();
}
END_TEST

START_TEST(data_before_a_reset_is_read_before_it_is_told)
{
    make_tcp_pair();
    say(ann, "line\nlast words");
    ck_assert_str_eq(outcome(async_stream_read_line(bob)), "line\n");
    reset_connection(ann);
    ck_assert_int_eq(finish(async_stream_read_line(bob)), ASYNC_ERESET);
    ck_assert_str_eq(read_some(bob), "last words");
    ck_assert_str_eq(read_some(bob), "ASYNC_ERESET");
    ck_assert_str_eq(outcome(async_stream_read_all(bob)), "ASYNC_ERESET");
    ck_assert_int_eq(async_stream_read_now(bob, (char[1]){0}, 1), ASYNC_ERESET);
    ck_assert(!async_stream_at_eof(bob));
    drop_pair();
}
END_TEST

/* The kernel tells of the reset but once, and then as of an orderly end. */
START_TEST(a_reset_that_a_write_met_is_no_end_to_readers)
{
    make_tcp_pair();
    say(ann, "last words");
    reset_connection(ann);
    ck_assert_int_eq(async_stream_write(bob, "x", 1), ASYNC_ERESET);
    ck_assert_str_eq(read_some(bob), "last words");
    ck_assert_str_eq(read_some(bob), "ASYNC_ERESET");
    drop_pair();
}
END_TEST

/* The time of a write that is under way goes on. */
START_TEST(a_peer_that_is_silent_and_takes_nothing_is_given_up_on_twice)
{
    async_future *read, *drain;

    make_pair();
    async_loop_set_clock(loop, ASYNC_CLOCK_MANUAL);
    ck_assert_int_eq(async_stream_set_timeouts(ann, 5, 8), 0);
    ck_assert_int_eq(async_stream_set_water_marks(ann, 0, 0), 0);
    fill(ann);
    drain = async_stream_drain(ann);
    read = async_stream_read(ann, 10);
    async_loop_advance(loop, 6);
    ck_assert_int_eq(finish(read), ASYNC_ETIMEDOUT);
    ck_assert(!async_future_is_done(drain));
    async_loop_advance(loop, 3);
    ck_assert(async_future_is_done(drain));
    ck_assert_int_eq(finish(drain), ASYNC_ETIMEDOUT);
    drop_pair();
}
END_TEST

START_TEST(a_silent_peer_is_given_up_on)
{
    async_future *read;

    make_pair();
    async_loop_set_clock(loop, ASYNC_CLOCK_MANUAL);
    ck_assert_int_eq(async_stream_set_timeouts(bob, 5, ASYNC_FOREVER), 0);
    read = async_stream_read_line(bob);
    async_loop_advance(loop, 4);
    say(ann, "a few ");
    turns(2);
    async_loop_advance(loop, 4);
    turns(2);
    ck_assert(!async_future_is_done(read));
    async_loop_advance(loop, 2);
    check_message(read, ASYNC_ETIMEDOUT, "socket: the peer was silent for too long");
    say(ann, "words\n");
    ck_assert_str_eq(outcome(async_stream_read_line(bob)), "a few words\n");
    read = async_stream_read(bob, 10);
    async_loop_advance(loop, 6);
    ck_assert_int_eq(finish(read), ASYNC_ETIMEDOUT);
    ck_assert_int_eq(async_stream_set_timeouts(bob, ASYNC_FOREVER, ASYNC_FOREVER), 0);
    read = async_stream_read(bob, 10);
    async_loop_advance(loop, 100);
    ck_assert(!async_future_is_done(read));
    say(ann, "late");
    ck_assert_str_eq(outcome(read), "late");
    ck_assert_int_eq(async_stream_set_timeouts(bob, -3, 1), ASYNC_EINVAL);
    drop_pair();
}
END_TEST

static async_next read_lines(async_task *task, void *state);

static async_next note_line(async_task *task, void *state)
{
    size_t size;
    const char *line = async_value_text(async_awaited(task), &size);

    if (!size)
        return async_return(task, async_none());
    note("%.*s", (int)size - 1, line);
    return read_lines(task, state);
}

static async_next read_lines(async_task *task, void *state)
{
    return async_await(task, async_stream_read_line(state), note_line);
}

START_TEST(a_task_reads_many_lines_in_one_turn)
{
    async_future *task;

    make_pair();
    task = async_create_task(loop, read_lines, bob, NULL);
    turn();
    say(ann, "1\n2\n3\n4\n");
    turn();
    ck_assert_notes("1 2 3 4");
    async_stream_close(ann);
    ck_assert_int_eq(finish(task), 0);
    drop_pair();
}
END_TEST

int main(void)
{
    return RUN_TESTS("stream_read", exactly_so_many_bytes_however_they_come, exactly_many_bytes,
                     an_end_before_exactly_so_many_leaves_what_came, lines_come_one_by_one_however_they_were_sent,
                     a_separator_may_come_in_two_parts, a_line_beyond_the_limit_is_refused_and_stays,
                     no_more_is_taken_in_than_the_limit, a_lower_limit_ends_the_line_that_waits,
                     a_lower_limit_ends_what_waits_for_a_long_separator,
                     a_read_that_asks_for_nothing_is_told_what_is_wrong, all_is_read_to_the_end,
                     a_large_read_comes_whole_and_fits, another_read_looks_at_all_that_a_cancelled_one_left,
                     a_cancelled_line_leaves_its_beginning,
                     one_may_wait_and_then_read_by_oneself, what_was_read_ahead_is_read_first,
                     data_before_a_reset_is_read_before_it_is_told, a_reset_that_a_write_met_is_no_end_to_readers,
                     a_silent_peer_is_given_up_on,
                     a_peer_that_is_silent_and_takes_nothing_is_given_up_on_twice, a_task_reads_many_lines_in_one_turn);
}
