/* Writing to who is gone, which is told by an error and raises no SIGPIPE. */
#include "tests/support/streams.h"
#include "tests/support/support.h"

#include <signal.h>
#include <stdio.h>

START_TEST(a_write_to_who_is_gone_tells_and_raises_no_signal)
{
    make_pair();
    async_stream_close(bob);
    ck_assert_int_eq(async_stream_write(ann, "x", 1), ASYNC_ERESET);
    ck_assert_str_eq(async_stream_message(ann), "socket: the peer no longer reads");
    ck_assert_int_eq(finish(async_stream_wait_closed(bob)), 0);
    drop_pair();
}
END_TEST

/* The program's handler of SIGPIPE, which must not hear of ours. */
static void hear(int number)
{
    note("SIGPIPE");
}

START_TEST(a_pipe_without_a_reader_raises_no_signal)
{
    void (*former)(int) = signal(SIGPIPE, hear);
    sigset_t waiting;

    ck_assert_int_eq(async_stream_pipe(loop, &ann, &bob), 0);
    async_stream_close(ann);
    ck_assert_int_eq(async_stream_write(bob, "x", 1), ASYNC_ERESET);
    sigpending(&waiting);
    ck_assert_int_eq(sigismember(&waiting, SIGPIPE), 0);
    ck_assert_notes("");
    raise(SIGPIPE);
    ck_assert_notes("SIGPIPE");
    signal(SIGPIPE, former);
    drop_pair();
}
END_TEST

/* The first of its bytes still leave, and bring the reset that the next ones meet, all in one call. */
START_TEST(a_file_to_who_is_gone_raises_no_signal)
{
    static const char block[1 << 20];
    void (*former)(int) = signal(SIGPIPE, hear);
    FILE *file = tmpfile();
    sigset_t waiting;

    ck_assert_uint_eq(fwrite(block, 1, sizeof block, file), sizeof block);
    ck_assert_int_eq(fflush(file), 0);
    make_tcp_pair();
    async_stream_close(bob);
    ck_assert_int_eq(finish(async_stream_sendfile(ann, fileno(file), 0, -1)), ASYNC_ERESET);
    sigpending(&waiting);
    ck_assert_int_eq(sigismember(&waiting, SIGPIPE), 0);
    ck_assert_notes("");
    signal(SIGPIPE, former);
    fclose(file);
    drop_pair();
}
END_TEST

START_TEST(a_write_to_a_stream_that_is_closed_says_so)
{
    make_pair();
    ck_assert_int_eq(async_stream_write_eof(ann), 0);
    ck_assert_int_eq(async_stream_write(ann, "x", 1), ASYNC_ESTATE);
    ck_assert_str_eq(async_stream_message(ann), "socket: our half has ended");
    async_stream_close(ann);
    ck_assert_int_eq(async_stream_write(ann, "x", 1), ASYNC_ECLOSED);
    ck_assert_str_eq(async_stream_message(ann), "socket: the stream is closed");
    ck_assert_int_eq(finish(async_stream_wait_closed(ann)), 0);
    drop_pair();
}
END_TEST

/* An abort loses what is unsent on purpose: only an error would be told by the wait for the close. */
START_TEST(a_refused_write_is_no_failure_of_the_stream)
{
    make_pair();
    fill(ann);
    async_stream_close(ann);
    ck_assert_int_eq(async_stream_write(ann, "x", 1), ASYNC_ECLOSED);
    async_stream_abort(ann);
    ck_assert_int_eq(finish(async_stream_wait_closed(ann)), 0);
    drop_pair();
    make_pair();
    ck_assert_int_eq(async_stream_write(ann, NULL, 1), ASYNC_EINVAL);
    ck_assert_str_eq(async_stream_message(ann), "socket: a write needs bytes");
    async_stream_close(bob);
    ck_assert_int_eq(async_stream_write(ann, "x", 1), ASYNC_ERESET);
    ck_assert_int_eq(async_stream_write(ann, NULL, 1), ASYNC_EINVAL);
    ck_assert_str_eq(async_stream_message(ann), "socket: the peer no longer reads");
    ck_assert_int_eq(async_stream_close(ann), 0);
    ck_assert_int_eq(finish(async_stream_wait_closed(ann)), ASYNC_ERESET);
    drop_pair();
}
END_TEST

int main(void)
{
    return RUN_TESTS("stream_gone", a_write_to_who_is_gone_tells_and_raises_no_signal,
                     a_pipe_without_a_reader_raises_no_signal, a_file_to_who_is_gone_raises_no_signal,
                     a_write_to_a_stream_that_is_closed_says_so, a_refused_write_is_no_failure_of_the_stream);
}
