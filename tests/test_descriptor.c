#include "tests/support/support.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static int ends[2];

static void open_pair(void)
{
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
}

static void close_pair(void)
{
    close(ends[0]);
    close(ends[1]);
}

static void send_byte(void)
{
    ck_assert_int_eq(write(ends[1], "x", 1), 1);
}

static void read_byte(void)
{
    char byte;

    ck_assert_int_eq(read(ends[0], &byte, 1), 1);
}

static void fill(int descriptor)
{
    static const char much[65536];

    while (write(descriptor, much, sizeof much) > 0)
        ;
}

static void empty(int descriptor)
{
    static char much[65536];

    while (read(descriptor, much, sizeof much) > 0)
        ;
}

START_TEST(a_wait_ends_when_there_is_something_to_read)
{
    async_future *wait;

    open_pair();
    wait = async_wait_readable(loop, ends[0]);
    turns(3);
    ck_assert(!async_future_is_done(wait));
    send_byte();
    ck_assert_int_eq(async_loop_run_until(loop, wait), 0);
    ck_assert_int_eq(async_value_kind(async_future_value(wait)), ASYNC_NONE);
    async_future_unref(wait);
    close_pair();
}
END_TEST

START_TEST(a_wait_for_what_is_readable_ends_in_the_next_turn)
{
    async_future *wait;

    open_pair();
    send_byte();
    wait = async_wait_readable(loop, ends[0]);
    ck_assert(!async_future_is_done(wait));
    turn();
    ck_assert(async_future_is_done(wait));
    ck_assert_int_eq(finish(wait), 0);
    close_pair();
}
END_TEST

START_TEST(a_wait_ends_when_there_is_room_to_write)
{
    async_future *wait;

    open_pair();
    ck_assert_int_eq(finish(async_wait_writable(loop, ends[1])), 0);
    fill(ends[1]);
    wait = async_wait_writable(loop, ends[1]);
    turns(3);
    ck_assert(!async_future_is_done(wait));
    empty(ends[0]);
    ck_assert_int_eq(finish(wait), 0);
    close_pair();
}
END_TEST

START_TEST(the_end_of_the_other_side_is_something_to_read)
{
    open_pair();
    close(ends[1]);
    ck_assert_int_eq(finish(async_wait_readable(loop, ends[0])), 0);
    close(ends[0]);
}
END_TEST

START_TEST(who_awaits_goes_on_in_the_turn_of_the_readiness)
{
    struct courier ann;

    open_pair();
    ann = (struct courier){.name = "ann", .parcel = async_wait_readable(loop, ends[0])};
    async_future_unref(courier_send(&ann));
    turns(2);
    ck_assert_notes("ann?");
    send_byte();
    turn();
    ck_assert_notes("ann= ~ann");
    close_pair();
}
END_TEST

START_TEST(any_number_may_wait_for_one_descriptor)
{
    struct courier couriers[3];
    static const char *const names[] = {"ann", "bob", "cat"};

    open_pair();
    for (int i = 0; i < 3; i++) {
        couriers[i] = (struct courier){.name = names[i], .parcel = async_wait_readable(loop, ends[0])};
        async_future_unref(courier_send(&couriers[i]));
    }
    turns(2);
    ck_assert_notes("ann? bob? cat?");
    send_byte();
    turn();
    ck_assert_notes("ann= ~ann bob= ~bob cat= ~cat");
    close_pair();
}
END_TEST

START_TEST(readers_and_writers_wait_apart)
{
    async_future *read, *write;

    open_pair();
    read = async_wait_readable(loop, ends[0]);
    write = async_wait_writable(loop, ends[0]);
    ck_assert_int_eq(finish(write), 0);
    turns(2);
    ck_assert(!async_future_is_done(read));
    send_byte();
    ck_assert_int_eq(finish(read), 0);
    close_pair();
}
END_TEST

static void read_and_note(async_loop *from, void *text)
{
    read_byte();
    note("%s", (char *)text);
}

START_TEST(a_wait_stands_beside_a_reader)
{
    async_future *wait;

    open_pair();
    async_loop_add_reader(loop, ends[0], read_and_note, "reader", note_destroy);
    wait = async_wait_readable(loop, ends[0]);
    send_byte();
    ck_assert_int_eq(finish(wait), 0);
    turn();
    send_byte();
    turns(2);
    ck_assert_notes("reader reader");
    async_loop_remove_reader(loop, ends[0]);
    ck_assert_notes("~reader");
    close_pair();
}
END_TEST

START_TEST(waits_that_follow_each_other_all_end)
{
    open_pair();
    for (int i = 0; i < 100; i++) {
        async_future *wait = async_wait_readable(loop, ends[0]);

        send_byte();
        ck_assert_int_eq(finish(wait), 0);
        read_byte();
    }
    close_pair();
}
END_TEST

START_TEST(a_closing_ends_the_waits_and_the_watches)
{
    struct courier ann, bob;
    async_future *write;

    open_pair();
    fill(ends[0]);
    ann = (struct courier){.name = "ann", .parcel = async_wait_readable(loop, ends[0])};
    bob = (struct courier){.name = "bob", .parcel = async_wait_readable(loop, ends[0]), .tries = true};
    write = async_wait_writable(loop, ends[0]);
    async_future_unref(courier_send(&bob));
    async_loop_add_reader(loop, ends[0], note_call, "reader", note_destroy);
    async_loop_add_writer(loop, ends[0], note_call, "writer", note_destroy);
    turns(2);
    ck_assert_notes("bob?");
    ck_assert_int_eq(async_notify_closing(loop, ends[0]), 0);
    ck_assert_notes("~reader ~writer");
    ck_assert_int_eq(async_future_error(ann.parcel), ASYNC_ECLOSED);
    ck_assert_int_eq(async_future_error(write), ASYNC_ECLOSED);
    turn();
    ck_assert_notes("bob!ECLOSED ~bob");
    ck_assert_str_ne(reports(), "");
    async_future_unref(ann.parcel);
    async_future_unref(write);
    close_pair();
}
END_TEST

static void close_it(async_loop *from, void *user)
{
    ck_assert_int_eq(async_notify_closing(from, ends[0]), 0);
}

START_TEST(a_closing_comes_before_a_readiness_that_was_not_told_yet)
{
    async_future *wait;

    open_pair();
    wait = async_wait_readable(loop, ends[0]);
    turn();
    send_byte();
    async_loop_call_soon(loop, close_it, NULL, NULL);
    turn();
    ck_assert_int_eq(finish(wait), ASYNC_ECLOSED);
    close_pair();
}
END_TEST

START_TEST(a_number_that_is_used_anew_is_waited_for_anew)
{
    async_future *wait;
    int former;

    open_pair();
    former = ends[0];
    wait = async_wait_readable(loop, ends[0]);
    turn();
    async_notify_closing(loop, ends[0]);
    close_pair();
    ck_assert_int_eq(finish(wait), ASYNC_ECLOSED);
    open_pair();
    ck_assert_int_eq(ends[0], former);
    wait = async_wait_readable(loop, ends[0]);
    turns(2);
    ck_assert(!async_future_is_done(wait));
    send_byte();
    ck_assert_int_eq(finish(wait), 0);
    close_pair();
}
END_TEST

START_TEST(a_closing_that_nobody_waits_for_is_nothing)
{
    open_pair();
    ck_assert_int_eq(async_notify_closing(loop, ends[0]), 0);
    ck_assert_int_eq(async_notify_closing(loop, 1000000), 0);
    ck_assert_int_eq(async_notify_closing(loop, INT_MAX), 0);
    ck_assert_int_eq(async_notify_closing(loop, -1), ASYNC_EINVAL);
    ck_assert_int_eq(async_notify_closing(NULL, ends[0]), ASYNC_EINVAL);
    close_pair();
}
END_TEST

START_TEST(a_closing_tells_nobody_of_a_dropped_wait)
{
    open_pair();
    async_future_unref(async_wait_readable(loop, ends[0]));
    async_future_unref(async_wait_readable(loop, ends[0]));
    ck_assert_int_eq(async_notify_closing(loop, ends[0]), 0);
    close_pair();
}
END_TEST

START_TEST(a_cancelled_wait_leaves_the_others_waiting)
{
    async_future *one, *two, *three;

    open_pair();
    one = async_wait_readable(loop, ends[0]);
    two = async_wait_readable(loop, ends[0]);
    three = async_wait_readable(loop, ends[0]);
    ck_assert_int_eq(async_future_cancel(one, NULL), 0);
    ck_assert(async_future_is_cancelled(one));
    ck_assert_int_eq(async_future_cancel(three, NULL), 0);
    send_byte();
    ck_assert_int_eq(finish(two), 0);
    ck_assert_int_eq(finish(one), ASYNC_ECANCELED);
    ck_assert_int_eq(finish(three), ASYNC_ECANCELED);
    close_pair();
}
END_TEST

static void cancel(async_loop *from, void *user)
{
    ck_assert_int_eq(async_future_cancel(user, NULL), 0);
}

START_TEST(a_wait_may_be_cancelled_in_the_turn_of_its_readiness)
{
    async_future *first, *second;

    open_pair();
    first = async_wait_readable(loop, ends[0]);
    turn();
    send_byte();
    second = async_wait_readable(loop, ends[0]);
    async_loop_call_soon(loop, cancel, first, NULL);
    async_loop_call_soon(loop, cancel, second, NULL);
    turn();
    ck_assert_int_eq(finish(first), ASYNC_ECANCELED);
    ck_assert_int_eq(finish(second), ASYNC_ECANCELED);
    close_pair();
}
END_TEST

START_TEST(a_task_that_is_cancelled_gives_its_wait_up)
{
    struct courier ann;
    async_future *task;

    open_pair();
    ann = (struct courier){.name = "ann", .parcel = async_wait_readable(loop, ends[0]), .tries = true};
    task = courier_send(&ann);
    turns(2);
    async_future_cancel(task, NULL);
    ck_assert_int_eq(finish(task), ASYNC_ECANCELED);
    ck_assert_notes("ann? ann!ECANCELED ~ann");
    close_pair();
}
END_TEST

START_TEST(waits_end_with_their_loop)
{
    async_future *read, *write;

    open_pair();
    fill(ends[0]);
    read = async_wait_readable(loop, ends[0]);
    write = async_wait_writable(loop, ends[0]);
    async_future_unref(async_wait_readable(loop, ends[0]));
    async_loop_close(loop);
    ck_assert_int_eq(async_future_error(read), ASYNC_ECLOSED);
    ck_assert_int_eq(async_future_error(write), ASYNC_ECLOSED);
    ck_assert_int_eq(async_notify_closing(loop, ends[0]), ASYNC_ECLOSED);
    ck_assert_int_eq(finish(async_wait_readable(loop, ends[0])), ASYNC_ECLOSED);
    async_future_unref(read);
    async_future_unref(write);
    close_pair();
}
END_TEST

static void check_refused(async_future *taken)
{
    ck_assert(async_future_is_done(taken));
    ck_assert_int_eq(async_future_error(taken), ASYNC_EINVAL);
    async_future_unref(taken);
}

START_TEST(what_cannot_be_waited_for_is_refused)
{
    char name[] = "/tmp/libasync-test-XXXXXX";
    int file = mkstemp(name), folder = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    async_future *wait;

    check_refused(async_wait_readable(loop, file));
    check_refused(async_wait_writable(loop, folder));
    check_refused(async_wait_readable(loop, -1));
    check_refused(async_wait_writable(loop, 1000000));
    check_refused(async_wait_readable(NULL, 0));
    wait = async_wait_writable(loop, -7);
    ck_assert_str_eq(async_future_message(wait), "wait_writable: -7 is no open descriptor that can be waited for");
    async_future_unref(wait);
    close(file);
    close(folder);
    unlink(name);
}
END_TEST

static void try_elsewhere(void *user)
{
    async_future *wait = async_wait_readable(loop, ends[0]);

    ck_assert_int_eq(async_future_error(wait), ASYNC_ETHREAD);
    async_future_unref(wait);
    ck_assert_int_eq(async_notify_closing(loop, ends[0]), ASYNC_ETHREAD);
}

START_TEST(another_thread_is_refused)
{
    open_pair();
    elsewhere(try_elsewhere, NULL);
    close_pair();
}
END_TEST

START_TEST(a_wait_without_memory_fails)
{
    int refused = 0;
    async_future *wait;

    open_pair();
    for (size_t n = 1;; n++) {
        memory_fail_at(n, false);
        wait = async_wait_readable(loop, ends[0]);
        if (!async_future_is_done(wait))
            break;
        ck_assert(memory_has_failed());
        ck_assert_int_eq(finish(wait), ASYNC_ENOMEM);
        refused++;
    }
    memory_has_failed();
    ck_assert_int_gt(refused, 0);
    send_byte();
    ck_assert_int_eq(finish(wait), 0);
    close_pair();
}
END_TEST

START_TEST(hundreds_wait_at_once)
{
    enum { COUNT = 300 };
    async_future *waits[COUNT];

    open_pair();
    for (int i = 0; i < COUNT; i++)
        waits[i] = async_wait_readable(loop, ends[0]);
    for (int i = 0; i < COUNT; i += 3)
        ck_assert_int_eq(async_future_cancel(waits[i], NULL), 0);
    send_byte();
    for (int i = 0; i < COUNT; i++)
        ck_assert_int_eq(finish(waits[i]), i % 3 ? 0 : ASYNC_ECANCELED);
    close_pair();
}
END_TEST

int main(void)
{
    return RUN_TESTS("descriptor", a_wait_ends_when_there_is_something_to_read,
                     a_wait_for_what_is_readable_ends_in_the_next_turn, a_wait_ends_when_there_is_room_to_write,
                     the_end_of_the_other_side_is_something_to_read,
                     who_awaits_goes_on_in_the_turn_of_the_readiness, any_number_may_wait_for_one_descriptor,
                     readers_and_writers_wait_apart, a_wait_stands_beside_a_reader,
                     waits_that_follow_each_other_all_end, a_closing_ends_the_waits_and_the_watches,
                     a_closing_comes_before_a_readiness_that_was_not_told_yet,
                     a_number_that_is_used_anew_is_waited_for_anew, a_closing_that_nobody_waits_for_is_nothing,
                     a_closing_tells_nobody_of_a_dropped_wait, a_cancelled_wait_leaves_the_others_waiting,
                     a_wait_may_be_cancelled_in_the_turn_of_its_readiness,
                     a_task_that_is_cancelled_gives_its_wait_up, waits_end_with_their_loop,
                     what_cannot_be_waited_for_is_refused, another_thread_is_refused,
                     a_wait_without_memory_fails, hundreds_wait_at_once);
}
