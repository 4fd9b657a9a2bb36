#include "tests/support/support.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int ends[2];

static void open_pipe(void)
{
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
}

static void close_pipe(void)
{
    close(ends[0]);
    close(ends[1]);
}

static void send_byte(void)
{
    ck_assert_int_eq(write(ends[1], "x", 1), 1);
}

static void read_byte(async_loop *from, void *text)
{
    char byte;

    ck_assert_int_eq(read(ends[0], &byte, 1), 1);
    note("%s", (char *)text);
}

static void read_and_stop(async_loop *from, void *text)
{
    read_byte(from, text);
    async_loop_stop(from);
}

START_TEST(a_reader_is_called_when_there_is_something_to_read)
{
    open_pipe();
    ck_assert_int_eq(async_loop_add_reader(loop, ends[0], read_and_stop, "read", note_destroy), 0);
    turns(3);
    ck_assert_notes("");
    send_byte();
    ck_assert_int_eq(async_loop_run(loop), 0);
    ck_assert_notes("read");
    turns(3);
    ck_assert_notes("");
    ck_assert_int_eq(async_loop_remove_reader(loop, ends[0]), 0);
    ck_assert_notes("~read");
    close_pipe();
}
END_TEST

START_TEST(a_reader_is_called_once_a_turn_while_there_is_more)
{
    open_pipe();
    async_loop_add_reader(loop, ends[0], read_byte, "read", NULL);
    send_byte();
    send_byte();
    send_byte();
    turn();
    ck_assert_notes("read");
    turns(10);
    ck_assert_notes("read read");
    async_loop_remove_reader(loop, ends[0]);
    close_pipe();
}
END_TEST

START_TEST(a_writer_is_called_when_there_is_room)
{
    open_pipe();
    ck_assert_int_eq(async_loop_add_writer(loop, ends[1], note_call, "write", note_destroy), 0);
    turns(2);
    ck_assert_notes("write write");
    ck_assert_int_eq(async_loop_remove_writer(loop, ends[1]), 0);
    ck_assert_notes("~write");
    turns(2);
    ck_assert_notes("");
    close_pipe();
}
END_TEST

START_TEST(one_descriptor_may_be_watched_both_ways)
{
    int pair[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    async_loop_add_reader(loop, pair[0], note_call, "r", note_destroy);
    async_loop_add_writer(loop, pair[0], note_call, "w", note_destroy);
    turn();
    ck_assert_notes("w");
    ck_assert_int_eq(write(pair[1], "x", 1), 1);
    async_loop_remove_writer(loop, pair[0]);
    ck_assert_notes("~w");
    turn();
    ck_assert_notes("r");
    async_loop_remove_reader(loop, pair[0]);
    ck_assert_notes("~r");
    close(pair[0]);
    close(pair[1]);
}
END_TEST

START_TEST(a_second_reader_replaces_the_first)
{
    open_pipe();
    async_loop_add_reader(loop, ends[0], read_byte, "one", note_destroy);
    async_loop_add_reader(loop, ends[0], read_byte, "two", note_destroy);
    ck_assert_notes("~one");
    send_byte();
    turns(2);
    ck_assert_notes("two");
    ck_assert_int_eq(async_loop_remove_reader(loop, ends[0]), 0);
    ck_assert_int_eq(async_loop_remove_reader(loop, ends[0]), ASYNC_ESTATE);
    ck_assert_notes("~two");
    close_pipe();
}
END_TEST

/* A user that is gone after its destroy: reading it then is what the sanitizers would see. */
struct reader {
    int reads;
};

static void free_reader(void *user)
{
    note("~reader");
    free(user);
}

static void remove_itself(async_loop *from, void *user)
{
    struct reader *reader = user;

    ck_assert_int_eq(async_loop_remove_reader(from, ends[0]), 0);
    note("read %d", ++reader->reads);
}

START_TEST(a_reader_that_removes_itself_keeps_its_user_to_the_end_of_the_call)
{
    open_pipe();
    async_loop_add_reader(loop, ends[0], remove_itself, calloc(1, sizeof(struct reader)), free_reader);
    send_byte();
    turns(3);
    ck_assert_notes("read 1 ~reader");
    close_pipe();
}
END_TEST

static void replace_itself(async_loop *from, void *user)
{
    struct reader *reader = user;

    ck_assert_int_eq(async_loop_add_reader(from, ends[0], read_byte, "two", note_destroy), 0);
    note("replaced %d", ++reader->reads);
}

START_TEST(a_reader_that_replaces_itself_keeps_its_user_to_the_end_of_the_call)
{
    open_pipe();
    async_loop_add_reader(loop, ends[0], replace_itself, calloc(1, sizeof(struct reader)), free_reader);
    send_byte();
    turns(3);
    ck_assert_notes("replaced 1 ~reader two");
    async_loop_remove_reader(loop, ends[0]);
    ck_assert_notes("~two");
    close_pipe();
}
END_TEST

static void remove_reader(async_loop *from, void *user)
{
    note("remove");
    async_loop_remove_reader(from, ends[0]);
}

START_TEST(a_reader_removed_in_the_turn_it_would_be_called_is_not)
{
    int other[2];

    open_pipe();
    ck_assert_int_eq(pipe2(other, O_CLOEXEC), 0);
    ck_assert_int_eq(write(other[1], "x", 1), 1);
    send_byte();
    async_loop_add_writer(loop, other[1], remove_reader, NULL, NULL);
    async_loop_add_reader(loop, ends[0], note_call, "never or first", note_destroy);
    turn();
    async_loop_remove_writer(loop, other[1]);
    ck_assert_ptr_nonnull(strstr(notes(), "remove"));
    turns(2);
    ck_assert_notes("");
    close(other[0]);
    close(other[1]);
    close_pipe();
}
END_TEST

START_TEST(what_is_no_open_descriptor_is_refused)
{
    int destroyed = 0;

    ck_assert_int_eq(async_loop_add_reader(loop, -1, note_call, &destroyed, count_destroy), ASYNC_EINVAL);
    ck_assert_int_eq(async_loop_add_reader(loop, 1000000, note_call, &destroyed, count_destroy), ASYNC_EINVAL);
    ck_assert_int_eq(async_loop_add_writer(loop, INT_MAX, note_call, &destroyed, count_destroy), ASYNC_EINVAL);
    ck_assert_int_eq(async_loop_add_writer(loop, INT_MIN, note_call, &destroyed, count_destroy), ASYNC_EINVAL);
    ck_assert_int_eq(destroyed, 4);
    ck_assert_int_eq(async_loop_remove_reader(loop, -1), ASYNC_ESTATE);
    ck_assert_int_eq(async_loop_remove_writer(loop, 1000000), ASYNC_ESTATE);
}
END_TEST

START_TEST(a_regular_file_is_refused)
{
    char name[] = "/tmp/libasync-test-XXXXXX";
    int file = mkstemp(name), folder = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC), destroyed = 0;

    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(async_loop_add_reader(loop, file, note_call, &destroyed, count_destroy), ASYNC_EINVAL);
    ck_assert_int_eq(async_loop_add_writer(loop, folder, note_call, &destroyed, count_destroy), ASYNC_EINVAL);
    ck_assert_int_eq(destroyed, 2);
    close(file);
    close(folder);
    unlink(name);
}
END_TEST

START_TEST(a_watch_of_nothing_is_refused)
{
    int destroyed = 0;

    open_pipe();
    ck_assert_int_eq(async_loop_add_reader(NULL, ends[0], note_call, &destroyed, count_destroy), ASYNC_EINVAL);
    ck_assert_int_eq(async_loop_add_reader(loop, ends[0], NULL, &destroyed, count_destroy), ASYNC_EINVAL);
    ck_assert_int_eq(async_loop_remove_reader(NULL, ends[0]), ASYNC_EINVAL);
    ck_assert_int_eq(destroyed, 2);
    async_loop_close(loop);
    ck_assert_int_eq(async_loop_add_reader(loop, ends[0], note_call, &destroyed, count_destroy), ASYNC_ECLOSED);
    ck_assert_int_eq(async_loop_remove_reader(loop, ends[0]), ASYNC_ECLOSED);
    ck_assert_int_eq(destroyed, 3);
    close_pipe();
}
END_TEST

START_TEST(the_end_of_a_pipe_is_something_to_read)
{
    open_pipe();
    async_loop_add_reader(loop, ends[0], note_call, "end", NULL);
    close(ends[1]);
    turn();
    ck_assert_notes("end");
    async_loop_remove_reader(loop, ends[0]);
    close(ends[0]);
}
END_TEST

START_TEST(a_descriptor_closed_under_its_reader_harms_nobody)
{
    int other[2];

    open_pipe();
    async_loop_add_reader(loop, ends[0], note_call, "closed", note_destroy);
    turn();
    close_pipe();
    turns(3);
    notes();
    /* The numbers are used anew, for what is watched from now on. */
    ck_assert_int_eq(pipe2(other, O_CLOEXEC | O_NONBLOCK), 0);
    ck_assert_int_eq(other[0], ends[0]);
    ends[1] = other[1];
    async_loop_add_reader(loop, other[0], read_byte, "fresh", note_destroy);
    ck_assert_notes("~closed");
    turn();
    send_byte();
    turns(3);
    ck_assert_notes("fresh");
    async_loop_remove_reader(loop, other[0]);
    close_pipe();
}
END_TEST

START_TEST(watches_end_with_their_loop)
{
    int destroyed = 0;

    open_pipe();
    async_loop_add_reader(loop, ends[0], note_call, &destroyed, count_destroy);
    async_loop_add_writer(loop, ends[1], note_call, &destroyed, count_destroy);
    async_loop_close(loop);
    ck_assert_int_eq(destroyed, 2);
    close_pipe();
}
END_TEST

static void watch_anew(void *text)
{
    note("~%s", (char *)text);
    ck_assert_int_eq(async_loop_add_reader(loop, ends[0], read_byte, "anew", note_destroy), 0);
}

START_TEST(a_readers_clean_up_may_watch_the_descriptor_anew)
{
    open_pipe();
    async_loop_add_reader(loop, ends[0], read_byte, "first", watch_anew);
    async_loop_remove_reader(loop, ends[0]);
    send_byte();
    turns(2);
    ck_assert_notes("~first anew");
    async_loop_remove_reader(loop, ends[0]);
    close_pipe();
}
END_TEST

START_TEST(a_replaced_readers_clean_up_may_watch_the_descriptor_anew)
{
    open_pipe();
    async_loop_add_reader(loop, ends[0], read_byte, "first", watch_anew);
    async_loop_add_reader(loop, ends[0], read_byte, "second", note_destroy);
    ck_assert_notes("~first ~second");
    send_byte();
    turns(2);
    ck_assert_notes("anew");
    async_loop_remove_reader(loop, ends[0]);
    ck_assert_int_eq(async_loop_remove_reader(loop, ends[0]), ASYNC_ESTATE);
    close_pipe();
}
END_TEST

START_TEST(a_watch_without_memory_is_refused)
{
    int destroyed = 0, refused = 0;

    open_pipe();
    for (size_t n = 1;; n++) {
        memory_fail_at(n, false);
        if (async_loop_add_reader(loop, ends[0], note_call, &destroyed, count_destroy) == 0)
            break;
        ck_assert(memory_has_failed());
        ck_assert_int_eq(destroyed, ++refused);
    }
    ck_assert_int_gt(refused, 0);
    async_loop_remove_reader(loop, ends[0]);
    close_pipe();
}
END_TEST

START_TEST(hundreds_of_descriptors_are_watched_at_once)
{
    int pairs[100][2];

    for (int i = 0; i < 100; i++) {
        ck_assert_int_eq(pipe2(pairs[i], O_CLOEXEC | O_NONBLOCK), 0);
        async_loop_add_reader(loop, pairs[i][0], note_call, "r", NULL);
    }
    for (int i = 0; i < 100; i += 10)
        ck_assert_int_eq(write(pairs[i][1], "x", 1), 1);
    turn();
    ck_assert_notes("r r r r r r r r r r");
    for (int i = 0; i < 100; i++) {
        async_loop_remove_reader(loop, pairs[i][0]);
        close(pairs[i][0]);
        close(pairs[i][1]);
    }
}
END_TEST

int main(void)
{
    return RUN_TESTS("watch", a_reader_is_called_when_there_is_something_to_read,
                     a_reader_is_called_once_a_turn_while_there_is_more, a_writer_is_called_when_there_is_room,
                     one_descriptor_may_be_watched_both_ways, a_second_reader_replaces_the_first,
                     a_reader_that_removes_itself_keeps_its_user_to_the_end_of_the_call,
                     a_reader_that_replaces_itself_keeps_its_user_to_the_end_of_the_call,
                     a_reader_removed_in_the_turn_it_would_be_called_is_not, what_is_no_open_descriptor_is_refused,
                     a_regular_file_is_refused, a_watch_of_nothing_is_refused, the_end_of_a_pipe_is_something_to_read,
                     a_descriptor_closed_under_its_reader_harms_nobody, watches_end_with_their_loop,
                     a_readers_clean_up_may_watch_the_descriptor_anew,
                     a_replaced_readers_clean_up_may_watch_the_descriptor_anew, a_watch_without_memory_is_refused,
                     hundreds_of_descriptors_are_watched_at_once);
}
