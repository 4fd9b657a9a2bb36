/* Streams that are no sockets: pipes, terminals, and the program's own input and output. */
#include "tests/support/streams.h"
#include "tests/support/support.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

START_TEST(a_pipe_goes_one_way)
{
    async_future *refused;

    ck_assert_int_eq(async_stream_pipe(loop, &ann, &bob), 0);
    say(bob, "through");
    ck_assert_str_eq(read_some(ann), "through");
    ck_assert_int_eq(async_stream_write(ann, "x", 1), ASYNC_EINVAL);
    ck_assert_str_eq(async_stream_message(ann), "pipe: it is open for reading only");
    ck_assert_int_eq(async_stream_write_eof(ann), ASYNC_EINVAL);
    ck_assert_str_eq(async_stream_message(ann), "pipe: it has no half that could end");
    refused = async_stream_read(bob, 1);
    ck_assert_str_eq(async_future_message(refused), "pipe: it is open for writing only");
    ck_assert_int_eq(finish(refused), ASYNC_EINVAL);
    ck_assert_ptr_null(async_stream_peer(ann));
    ck_assert_ptr_null(async_stream_local(ann));
    drop_pair();
}
END_TEST

START_TEST(a_terminal_is_read_and_written_and_keeps_its_flags)
{
    int descriptor = posix_openpt(O_RDWR | O_NOCTTY), other, flags;

    if (descriptor < 0)
        return;    /* a root without /dev/pts mounted, as a bare one, has no terminals to offer */
    ck_assert_int_eq(grantpt(descriptor), 0);
    ck_assert_int_eq(unlockpt(descriptor), 0);
    other = open(ptsname(descriptor), O_RDWR | O_NOCTTY);
    flags = fcntl(other, F_GETFL);
    ann = async_stream_adopt(loop, descriptor, NULL);
    bob = async_stream_adopt(loop, other, NULL);
    say(ann, "typed\n");
    ck_assert_str_eq(read_some(bob), "typed\n");
    ck_assert_str_eq(read_some(ann), "typed\r\n");    /* its echo */
    say(bob, "shown");
    ck_assert_str_eq(read_some(ann), "shown");
    ck_assert_int_eq(fcntl(other, F_GETFL), flags);
    drop_pair();
}
END_TEST

/* Has a standard descriptor stand for another one, which is closed, and gives the former. */
static int redirect(int standard, int descriptor)
{
    int former = dup(standard);

    ck_assert_int_ge(former, 0);
    ck_assert_int_eq(dup2(descriptor, standard), standard);
    close(descriptor);
    return former;
}

START_TEST(the_standard_streams_keep_their_flags_and_stay_open)
{
    int ends[2], input, output;
    async_future *refused;
    size_t written;

    ck_assert_int_eq(pipe(ends), 0);
    input = redirect(0, ends[0]);
    output = redirect(2, ends[1]);
    ann = async_stream_standard(loop, 2);
    bob = async_stream_standard(loop, 0);
    say(ann, "shown");
    ck_assert_str_eq(read_some(bob), "shown");
    written = fill(ann);    /* of a pipe that blocks */
    ck_assert_uint_gt(async_stream_unsent(ann), 0);
    ck_assert_uint_eq(drink(bob, written), written);
    refused = async_stream_read(ann, 1);
    ck_assert_str_eq(async_future_message(refused), "standard error: it is open for writing only");
    async_future_unref(refused);
    ck_assert_int_eq(fcntl(0, F_GETFL) & O_NONBLOCK, 0);
    ck_assert_int_eq(async_stream_close(ann), 0);
    ck_assert_int_eq(async_stream_close(bob), 0);
    ck_assert_int_ne(fcntl(0, F_GETFD), -1);
    ck_assert_int_ne(fcntl(2, F_GETFD), -1);
    close(redirect(0, input));
    close(redirect(2, output));
    drop_pair();
}
END_TEST

START_TEST(a_drain_of_standard_output_waits_until_all_is_sent)
{
    int ends[2], output;
    size_t written;
    async_future *drain;

    ck_assert_int_eq(pipe(ends), 0);
    output = redirect(2, ends[1]);
    ann = async_stream_standard(loop, 2);
    bob = async_stream_adopt(loop, ends[0], NULL);
    written = fill(ann);
    ck_assert_uint_lt(async_stream_unsent(ann), 16384);
    drain = async_stream_drain(ann);
    ck_assert(!async_future_is_done(drain));
    ck_assert_uint_eq(drink(bob, written), written);
    ck_assert_int_eq(finish(drain), 0);
    ck_assert_uint_eq(async_stream_unsent(ann), 0);
    async_stream_close(ann);
    close(redirect(2, output));
    drop_pair();
}
END_TEST

START_TEST(standard_streams_may_be_files_and_nothing)
{
    char path[] = "/tmp/libasync-XXXXXX";
    int output = redirect(2, mkstemp(path)), input = redirect(0, open(path, O_RDONLY));
    size_t written = 0;

    ann = async_stream_standard(loop, 2);
    bob = async_stream_standard(loop, 0);
    say(ann, "a line\nand more");
    ck_assert_uint_eq(async_stream_unsent(ann), 0);
    ck_assert_str_eq(outcome(async_stream_read_line(bob)), "a line\n");
    ck_assert_str_eq(outcome(async_stream_read_all(bob)), "and more");
    ck_assert_str_eq(read_some(bob), "");
    drop_pair();
    close(redirect(2, open("/dev/null", O_WRONLY)));
    close(redirect(0, open("/dev/null", O_RDONLY)));
    ann = async_stream_standard(loop, 2);
    bob = async_stream_standard(loop, 0);
    ck_assert_str_eq(read_some(bob), "");
    while (written < 1000000) {
        ck_assert_int_eq(async_stream_write(ann, path, sizeof path), 0);
        written += sizeof path;
    }
    async_stream_close(ann);
    ck_assert_int_eq(finish(async_stream_wait_closed(ann)), 0);
    close(redirect(0, input));
    close(redirect(2, output));
    unlink(path);
    ck_assert_ptr_null(async_stream_standard(loop, 3));
    ck_assert_int_eq(errno, EINVAL);
    drop_pair();
}
END_TEST

int main(void)
{
    return RUN_TESTS("stream_standard", a_pipe_goes_one_way, a_terminal_is_read_and_written_and_keeps_its_flags,
                     the_standard_streams_keep_their_flags_and_stay_open,
                     a_drain_of_standard_output_waits_until_all_is_sent, standard_streams_may_be_files_and_nothing);
}
