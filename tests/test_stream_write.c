#include "tests/support/streams.h"
#include "tests/support/support.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

START_TEST(a_drain_waits_above_the_high_mark_and_goes_on_at_the_low_one)
{
    async_future *drain;
    size_t written;

    make_pair();
    drain = async_stream_drain(ann);
    ck_assert(async_future_is_done(drain));
    async_future_unref(drain);
    ck_assert_int_eq(async_stream_set_water_marks(ann, 0, 0), 0);
    written = fill(ann);
    drain = async_stream_drain(ann);
    turns(3);
    ck_assert(!async_future_is_done(drain));
    ck_assert_uint_eq(drink(bob, written), written);
    ck_assert_int_eq(finish(drain), 0);
    ck_assert_uint_eq(async_stream_unsent(ann), 0);
    ck_assert_int_eq(finish(async_stream_drain(NULL)), ASYNC_EINVAL);
    drop_pair();
}
END_TEST

START_TEST(higher_marks_let_a_drain_go_on)
{
    async_future *drain;

    make_pair();
    async_stream_set_water_marks(ann, 10, 0);
    fill(ann);
    drain = async_stream_drain(ann);
    ck_assert(!async_future_is_done(drain));
    ck_assert_int_eq(async_stream_set_water_marks(ann, 1000000, 100000), 0);
    ck_assert_int_eq(finish(drain), 0);
    ck_assert_uint_gt(async_stream_unsent(ann), 0);
    ck_assert_int_eq(async_stream_set_water_marks(ann, 1, 2), ASYNC_EINVAL);
    drop_pair();
}
END_TEST

START_TEST(a_cancelled_drain_leaves_the_others)
{
    async_future *one, *other;
    size_t written;

    make_pair();
    async_stream_set_water_marks(ann, 0, 0);
    written = fill(ann);
    one = async_stream_drain(ann);
    other = async_stream_drain(ann);
    async_future_cancel(one, NULL);
    ck_assert_int_eq(finish(one), ASYNC_ECANCELED);
    ck_assert_uint_eq(drink(bob, written), written);
    ck_assert_int_eq(finish(other), 0);
    drop_pair();
}
END_TEST

START_TEST(who_waits_for_a_peer_that_is_gone_is_told)
{
    async_future *drain, *closed;

    make_pair();
    async_stream_set_water_marks(ann, 0, 0);
    fill(ann);
    drain = async_stream_drain(ann);
    closed = async_stream_wait_closed(ann);
    async_stream_abort(bob);
    ck_assert_int_eq(finish(drain), ASYNC_ERESET);
    ck_assert_uint_eq(async_stream_unsent(ann), 0);
    ck_assert_int_eq(finish(async_stream_drain(ann)), ASYNC_ERESET);
    ck_assert(!async_future_is_done(closed));
    async_stream_close(ann);
    ck_assert_int_eq(finish(closed), ASYNC_ERESET);
    drop_pair();
}
END_TEST

START_TEST(a_peer_that_takes_nothing_is_given_up_on)
{
    static char flow[1000000];
    async_future *drain, *closed;

    make_pair();
    async_loop_set_clock(loop, ASYNC_CLOCK_MANUAL);
    async_stream_set_water_marks(ann, 0, 0);
    ck_assert_int_eq(async_stream_set_timeouts(ann, ASYNC_FOREVER, 5), 0);
    fill(ann);
    ck_assert_int_eq(async_stream_write(ann, flow, sizeof flow), 0);
    drain = async_stream_drain(ann);
    async_loop_advance(loop, 4);
    ck_assert_int_eq(finish(async_stream_read_exactly(bob, 200000)), 0);
    turns(2);
    async_loop_advance(loop, 4);
    turns(2);
    ck_assert(!async_future_is_done(drain));
    async_stream_close(ann);
    closed = async_stream_wait_closed(ann);
    async_loop_advance(loop, 2);
    ck_assert_int_eq(async_loop_run_until(loop, drain), ASYNC_ETIMEDOUT);
    ck_assert_str_eq(async_future_message(drain), "socket: the peer took nothing for too long");
    async_future_unref(drain);
    ck_assert_int_eq(finish(closed), ASYNC_ETIMEDOUT);
    drop_pair();
}
END_TEST

START_TEST(a_time_limit_that_comes_when_data_is_unsent_counts_from_then)
{
    async_future *drain;

    make_pair();
    async_loop_set_clock(loop, ASYNC_CLOCK_MANUAL);
    async_stream_set_water_marks(ann, 0, 0);
    fill(ann);
    ck_assert_int_eq(async_stream_write(ann, "more", 4), 0);
    drain = async_stream_drain(ann);
    async_loop_advance(loop, 100);
    ck_assert_int_eq(async_stream_set_timeouts(ann, ASYNC_FOREVER, 5), 0);
    async_loop_advance(loop, 4);
    ck_assert(!async_future_is_done(drain));
    async_loop_advance(loop, 2);
    ck_assert_int_eq(async_future_error(drain), ASYNC_ETIMEDOUT);
    async_future_unref(drain);
    drop_pair();
}
END_TEST

/* Sent at once, and kept: as copies where they are small, as references where they are large. */
START_TEST(values_are_sent_and_kept)
{
    static char block[5000];
    async_value *large, *list[4];
    size_t written, begun;

    make_pair();
    for (size_t i = 0; i < sizeof block; i++)
        block[i] = flow_byte(i);
    ck_assert_int_eq(async_stream_write_value(ann, async_text("text ")), 0);
    ck_assert_int_eq(async_stream_write_value(ann, async_bytes("bytes", 5)), 0);
    ck_assert_str_eq(read_some(bob), "text bytes");
    begun = written = fill(ann);
    while (written % 251)
        async_stream_write(ann, (char[]){flow_byte(written++)}, 1);
    for (int i = 0; i < 2; i++) {
        large = async_bytes(block, 251 * 19);
        ck_assert_int_eq(async_stream_write_value(ann, async_value_ref(large)), 0);
        async_value_unref(large);
        list[0] = async_bytes(block, 100);
        list[1] = async_bytes(block, 0);
        list[2] = async_bytes(block + 100, 4000);
        list[3] = async_bytes(block + 4100, 251 * 19 - 4100);
        ck_assert_int_eq(async_stream_write_value(ann, async_list(list, 4)), 0);
        written += 2 * 251 * 19;
    }
    ck_assert_uint_gt(async_stream_unsent(ann), 0);
    ck_assert_uint_gt(written, begun);
    ck_assert_uint_eq(drink(bob, written), written);
    drop_pair();
}
END_TEST

START_TEST(what_is_no_bytes_is_not_written)
{
    async_value *list[2] = {async_text("good"), async_int(7)};

    make_pair();
    ck_assert_int_eq(async_stream_write_value(ann, async_list(list, 2)), ASYNC_EINVAL);
    ck_assert_int_eq(async_stream_write_value(ann, async_none()), ASYNC_EINVAL);
    ck_assert_int_eq(async_stream_write_value(ann, async_error(ASYNC_EOS, "bad")), ASYNC_EINVAL);
    ck_assert_int_eq(async_stream_write_value(ann, NULL), ASYNC_ENOMEM);
    ck_assert_int_eq(async_stream_write_value(NULL, async_text("x")), ASYNC_EINVAL);
    ck_assert_int_eq(async_stream_write_value(ann, async_list(NULL, 0)), 0);
    say(ann, "only this");
    ck_assert_str_eq(read_some(bob), "only this");
    drop_pair();
}
END_TEST

START_TEST(pieces_are_written_as_one)
{
    const void *pieces[] = {"one ", NULL, "two ", "three"};
    const size_t sizes[] = {4, 0, 4, 5};
    const void *bad[] = {"one", NULL};

    make_pair();
    ck_assert_int_eq(async_stream_write_pieces(ann, pieces, sizes, 4), 0);
    ck_assert_str_eq(read_some(bob), "one two three");
    ck_assert_int_eq(async_stream_write_pieces(ann, bad, sizes + 2, 2), ASYNC_EINVAL);
    ck_assert_int_eq(async_stream_write_pieces(ann, NULL, sizes, 1), ASYNC_EINVAL);
    ck_assert_int_eq(async_stream_write_pieces(ann, NULL, NULL, 0), 0);
    drop_pair();
}
END_TEST

/* More than one call of the system's takes, and more than the kernel does. */
START_TEST(very_many_pieces_are_written)
{
    enum { MANY = 5000, SIZE = 251 };
    const void **pieces = malloc(MANY * sizeof *pieces);
    size_t *sizes = malloc(MANY * sizeof *sizes);
    char block[SIZE];

    for (size_t i = 0; i < SIZE; i++)
        block[i] = flow_byte(i);
    for (size_t i = 0; i < MANY; i++) {
        pieces[i] = block;
        sizes[i] = SIZE;
    }
    make_pair();
    ck_assert_int_eq(async_stream_write_pieces(ann, pieces, sizes, MANY), 0);
    ck_assert_uint_gt(async_stream_unsent(ann), 0);
    ck_assert_uint_eq(drink(bob, MANY * SIZE), MANY * SIZE);
    drop_pair();
    free(pieces);
    free(sizes);
}
END_TEST

START_TEST(half_a_stream_ends_and_the_other_goes_on)
{
    size_t written;

    make_tcp_pair();
    ck_assert(async_stream_can_write_eof(ann));
    written = fill(ann);
    ck_assert_int_eq(async_stream_write_eof(ann), 0);
    ck_assert_int_eq(async_stream_write_eof(ann), 0);
    ck_assert_int_eq(async_stream_write(ann, "x", 1), ASYNC_ESTATE);
    ck_assert_uint_eq(drink(bob, SIZE_MAX), written);
    ck_assert(async_stream_at_eof(bob));
    say(bob, "and now I");
    ck_assert_str_eq(read_some(ann), "and now I");
    async_stream_write_eof(bob);
    ck_assert_str_eq(read_some(ann), "");
    async_stream_close(ann);
    ck_assert_int_eq(async_stream_write_eof(NULL), ASYNC_EINVAL);
    drop_pair();
}
END_TEST

START_TEST(the_end_of_a_pipe_s_only_half_closes_it)
{
    ck_assert_int_eq(async_stream_pipe(loop, &ann, &bob), 0);
    ck_assert(!async_stream_can_write_eof(ann));
    ck_assert(async_stream_can_write_eof(bob));
    ck_assert_int_eq(async_stream_write_eof(ann), ASYNC_EINVAL);
    say(bob, "all");
    ck_assert_int_eq(async_stream_write_eof(bob), 0);
    ck_assert(async_stream_is_closing(bob));
    ck_assert_str_eq(outcome(async_stream_read_all(ann)), "all");
    drop_pair();
}
END_TEST

/* A file that holds so much of the flow; its name is gone already. */
static int make_file(size_t size)
{
    char path[] = "/tmp/libasync-XXXXXX", block[251];
    int file = mkstemp(path);

    ck_assert_int_ge(file, 0);
    unlink(path);
    for (size_t place = 0; place < size; place += sizeof block) {
        for (size_t i = 0; i < sizeof block; i++)
            block[i] = flow_byte(i);
        ck_assert_int_gt(write(file, block, size - place < sizeof block ? size - place : sizeof block), 0);
    }
    return file;
}

static int64_t sent_by(async_future *taken)
{
    int64_t sent = async_loop_run_until(loop, taken);

    if (sent == 0)
        sent = async_value_int(async_future_value(taken));
    async_future_unref(taken);
    return sent;
}

START_TEST(a_file_is_sent_behind_what_was_written)
{
    int file = make_file(10000);
    char text[8] = "";

    make_pair();
    say(ann, "file: ");
    ck_assert_int_eq(sent_by(async_stream_sendfile(ann, file, 0, -1)), 10000);
    say(ann, "end");
    ck_assert_str_eq(outcome(async_stream_read_exactly(bob, 6)), "file: ");
    ck_assert_uint_eq(drink_exactly(bob, 10000), 10000);
    ck_assert_str_eq(read_some(bob), "end");
    ck_assert_int_eq(sent_by(async_stream_sendfile(ann, file, 251, 3)), 3);
    ck_assert_int_eq(finish(async_stream_read_into(bob, text, 7)), 0);
    ck_assert_mem_eq(text, ((char[]){0, 1, 2, 0}), 4);
    ck_assert_int_eq(sent_by(async_stream_sendfile(ann, file, 9999, 100)), 1);
    ck_assert_int_eq(sent_by(async_stream_sendfile(ann, file, 20000, -1)), 0);
    ck_assert_int_eq(sent_by(async_stream_sendfile(ann, file, 0, 0)), 0);
    close(file);
    drop_pair();
}
END_TEST

START_TEST(a_file_goes_as_the_peer_takes_it)
{
    enum { SIZE = 251 * 40000 };
    int file = make_file(SIZE);
    async_future *sending, *second;

    make_tcp_pair();
    sending = async_stream_sendfile(ann, file, 0, -1);
    second = async_stream_sendfile(ann, file, 0, -1);
    ck_assert_str_eq(strstr(async_future_message(second), ": "), ": another file is on its way");
    ck_assert_int_eq(finish(second), ASYNC_ESTATE);
    say(ann, "behind");
    ck_assert_uint_eq(drink_exactly(bob, SIZE), SIZE);
    ck_assert_str_eq(read_some(bob), "behind");
    ck_assert_int_eq(sent_by(sending), SIZE);
    close(file);
    drop_pair();
}
END_TEST

START_TEST(a_file_that_is_cancelled_stops_where_it_is)
{
    enum { SIZE = 251 * 40000 };
    int file = make_file(SIZE);
    async_future *sending;
    size_t came;

    make_pair();
    sending = async_stream_sendfile(ann, file, 0, -1);
    turn();
    ck_assert(!async_future_is_done(sending));
    async_future_cancel(sending, NULL);
    ck_assert_int_eq(finish(sending), ASYNC_ECANCELED);
    async_stream_close(ann);
    came = drink(bob, SIZE_MAX);
    ck_assert_uint_gt(came, 0);
    ck_assert_uint_lt(came, SIZE);
    close(file);
    drop_pair();
}
END_TEST

START_TEST(a_file_to_a_pipe_and_to_who_is_gone)
{
    int file = make_file(10000);
    async_future *refused;

    ck_assert_int_eq(async_stream_pipe(loop, &ann, &bob), 0);
    ck_assert_int_eq(sent_by(async_stream_sendfile(bob, file, 0, -1)), 10000);
    ck_assert_uint_eq(drink_exactly(ann, 10000), 10000);
    ck_assert_int_eq(finish(async_stream_sendfile(ann, file, 0, -1)), ASYNC_EINVAL);
    refused = async_stream_sendfile(bob, async_stream_descriptor(ann), 0, -1);
    ck_assert_str_eq(async_future_message(refused), "pipe: what is to be sent is no file");
    ck_assert_int_eq(finish(refused), ASYNC_EINVAL);
    async_stream_close(ann);
    ck_assert_int_eq(finish(async_stream_sendfile(bob, file, 0, -1)), ASYNC_ERESET);
    drop_pair();
    make_tcp_pair();
    reset_connection(ann);
    ck_assert_int_eq(finish(async_stream_sendfile(bob, file, 0, -1)), ASYNC_ERESET);
    async_stream_close(bob);
    ck_assert_int_eq(finish(async_stream_sendfile(bob, file, 0, -1)), ASYNC_ECLOSED);
    ck_assert_int_eq(finish(async_stream_sendfile(NULL, file, 0, -1)), ASYNC_EINVAL);
    close(file);
    drop_pair();
}
END_TEST

START_TEST(settings_of_tcp_are_changed_while_it_is_open)
{
    int value = 0;
    socklen_t size = sizeof value;

    make_tcp_pair();
    ck_assert_int_eq(async_stream_set_nodelay(ann, false), 0);
    getsockopt(async_stream_descriptor(ann), IPPROTO_TCP, TCP_NODELAY, &value, &size);
    ck_assert_int_eq(value, 0);
    ck_assert_int_eq(async_stream_set_keepalive(ann, 60), 0);
    getsockopt(async_stream_descriptor(ann), IPPROTO_TCP, TCP_KEEPIDLE, &value, &size);
    ck_assert_int_eq(value, 60);
    ck_assert_int_eq(async_stream_set_keepalive(ann, -1), ASYNC_EINVAL);
    async_stream_close(ann);
    ck_assert_int_eq(async_stream_set_nodelay(ann, true), ASYNC_ECLOSED);
    ck_assert_int_eq(async_stream_set_limit(ann, 1), ASYNC_ECLOSED);
    drop_pair();
    make_pair();
    ck_assert_int_eq(async_stream_set_nodelay(ann, true), ASYNC_EINVAL);
    ck_assert_int_eq(async_stream_set_keepalive(NULL, 1), ASYNC_EINVAL);
    drop_pair();
}
END_TEST

START_TEST(options_of_a_stream_s_own_are_taken_over)
{
    async_socket_options *options = async_socket_options_new();
    int ends[2];

    async_loop_set_clock(loop, ASYNC_CLOCK_JUMPING);
    async_socket_options_set_limit(options, 4);
    async_socket_options_set_timeouts(options, 1, 1);
    async_socket_options_set_water_marks(options, 0, 0);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    ann = async_stream_adopt(loop, ends[0], options);
    bob = async_stream_adopt(loop, ends[1], options);
    async_socket_options_unref(options);
    say(ann, "12345");
    ck_assert_int_eq(finish(async_stream_read_line(bob)), ASYNC_ELIMIT);
    ck_assert_str_eq(read_some(bob), "1234");
    ck_assert_str_eq(read_some(bob), "5");
    ck_assert_int_eq(finish(async_stream_read_line(bob)), ASYNC_ETIMEDOUT);
    fill(ann);
    ck_assert_int_eq(finish(async_stream_drain(ann)), ASYNC_ETIMEDOUT);
    drop_pair();
}
END_TEST

int main(void)
{
    return RUN_TESTS("stream_write", a_drain_waits_above_the_high_mark_and_goes_on_at_the_low_one,
                     higher_marks_let_a_drain_go_on, a_cancelled_drain_leaves_the_others,
                     who_waits_for_a_peer_that_is_gone_is_told, a_peer_that_takes_nothing_is_given_up_on,
                     a_time_limit_that_comes_when_data_is_unsent_counts_from_then, values_are_sent_and_kept,
                     what_is_no_bytes_is_not_written, pieces_are_written_as_one, very_many_pieces_are_written,
                     half_a_stream_ends_and_the_other_goes_on, the_end_of_a_pipe_s_only_half_closes_it,
                     a_file_is_sent_behind_what_was_written,
                     a_file_goes_as_the_peer_takes_it, a_file_that_is_cancelled_stops_where_it_is,
                     a_file_to_a_pipe_and_to_who_is_gone, settings_of_tcp_are_changed_while_it_is_open,
                     options_of_a_stream_s_own_are_taken_over);
}
