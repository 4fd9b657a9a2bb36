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

int main(void)
{
    return RUN_TESTS("stream_gone", a_write_to_who_is_gone_tells_and_raises_no_signal,
                     a_pipe_without_a_reader_raises_no_signal, a_file_to_who_is_gone_raises_no_signal);
}
