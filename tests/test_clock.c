/* Clocks for tests: by hand and jumping. */
#include "tests/support/support.h"

#include <fcntl.h>
#include <math.h>
#include <unistd.h>

static void note_time(async_loop *from, void *text)
{
    note("%s@%g", (char *)text, async_loop_time(from));
}

START_TEST(a_clock_by_hand_stands_still_until_it_is_moved)
{
    ck_assert_int_eq(async_loop_set_clock(loop, ASYNC_CLOCK_MANUAL), 0);
    ck_assert_double_eq(async_loop_time(loop), 0);
    async_loop_call_later(loop, 2, note_time, "b", NULL, NULL);
    async_loop_call_later(loop, 1, note_time, "a", NULL, NULL);
    async_loop_call_later(loop, 3, note_time, "c", NULL, NULL);
    turns(3);
    ck_assert_notes("");
    ck_assert_int_eq(async_loop_advance(loop, 2.5), 0);
    ck_assert_notes("a@1 b@2");
    ck_assert_double_eq(async_loop_time(loop), 2.5);
    async_loop_advance(loop, 100);
    ck_assert_notes("c@3");
}
END_TEST

static void ask_for_more(async_loop *from, void *text)
{
    note_time(from, text);
    async_loop_call_later(from, 1, note_time, "later", NULL, NULL);
    async_loop_call_soon(from, note_time, "soon", NULL);
}

START_TEST(what_a_timer_starts_counts_from_its_own_time)
{
    async_loop_set_clock(loop, ASYNC_CLOCK_MANUAL);
    async_loop_call_later(loop, 1, ask_for_more, "first", NULL, NULL);
    async_loop_advance(loop, 10);
    ck_assert_notes("first@1 soon@1 later@2");
}
END_TEST

START_TEST(a_jumping_clock_takes_no_time)
{
    double start = async_loop_time(NULL);

    async_loop_set_clock(loop, ASYNC_CLOCK_JUMPING);
    async_loop_call_later(loop, 30, note_time, "half", NULL, NULL);
    ck_assert_int_eq(finish(async_sleep(loop, 86400)), 0);
    ck_assert_notes("half@30");
    ck_assert_double_eq(async_loop_time(loop), 86400);
    ck_assert_double_lt(async_loop_time(NULL) - start, 60);
}
END_TEST

static void read_and_stop(async_loop *from, void *user)
{
    async_loop_stop(from);
    note_time(from, "read");
}

START_TEST(a_jumping_clock_lets_descriptors_come_first)
{
    int ends[2];

    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    ck_assert_int_eq(write(ends[1], "x", 1), 1);
    async_loop_set_clock(loop, ASYNC_CLOCK_JUMPING);
    async_loop_add_reader(loop, ends[0], read_and_stop, NULL, NULL);
    async_loop_call_later(loop, 30, note_time, "late", NULL, NULL);
    async_loop_run(loop);
    ck_assert_notes("read@0");
    async_loop_remove_reader(loop, ends[0]);
    close(ends[0]);
    close(ends[1]);
}
END_TEST

static void advance_inside(async_loop *from, void *user)
{
    ck_assert_int_eq(async_loop_advance(from, 5), 0);
    note_time(from, "moved");
}

START_TEST(a_clock_may_be_moved_inside_a_run)
{
    async_loop_set_clock(loop, ASYNC_CLOCK_MANUAL);
    async_loop_call_later(loop, 4, note_time, "due", NULL, NULL);
    async_loop_call_soon(loop, advance_inside, NULL, NULL);
    turns(2);
    ck_assert_notes("moved@5 due@5");
}
END_TEST

START_TEST(what_cannot_be_a_clock_is_refused)
{
    async_timer *timer;

    ck_assert_int_eq(async_loop_set_clock(loop, 3), ASYNC_EINVAL);
    ck_assert_int_eq(async_loop_set_clock(loop, -1), ASYNC_EINVAL);
    ck_assert_int_eq(async_loop_set_clock(NULL, ASYNC_CLOCK_MANUAL), ASYNC_EINVAL);
    ck_assert_int_eq(async_loop_advance(loop, 1), ASYNC_ESTATE);
    async_loop_call_later(loop, 100, note_time, "x", NULL, &timer);
    ck_assert_int_eq(async_loop_set_clock(loop, ASYNC_CLOCK_MANUAL), ASYNC_ESTATE);
    async_timer_cancel(timer);
    async_timer_unref(timer);
    ck_assert_int_eq(async_loop_set_clock(loop, ASYNC_CLOCK_MANUAL), 0);
    ck_assert_int_eq(async_loop_advance(loop, -1), ASYNC_EINVAL);
    ck_assert_int_eq(async_loop_advance(loop, NAN), ASYNC_EINVAL);
    ck_assert_int_eq(async_loop_advance(loop, INFINITY), ASYNC_EINVAL);
    ck_assert_int_eq(async_loop_advance(NULL, 1), ASYNC_EINVAL);
    async_loop_close(loop);
    ck_assert_int_eq(async_loop_advance(loop, 1), ASYNC_ECLOSED);
}
END_TEST

START_TEST(a_storm_of_yields_does_not_stop_a_clock_by_hand)
{
    struct courier ann = {.name = "ann"};

    async_loop_set_clock(loop, ASYNC_CLOCK_MANUAL);
    ann.parcel = async_sleep(loop, 0);
    async_future_unref(courier_send(&ann));
    async_loop_advance(loop, 0);
    ck_assert_notes("ann? ann= ~ann");
}
END_TEST

int main(void)
{
    return RUN_TESTS("clock", a_clock_by_hand_stands_still_until_it_is_moved,
                     what_a_timer_starts_counts_from_its_own_time, a_jumping_clock_takes_no_time,
                     a_jumping_clock_lets_descriptors_come_first, a_clock_may_be_moved_inside_a_run,
                     what_cannot_be_a_clock_is_refused, a_storm_of_yields_does_not_stop_a_clock_by_hand);
}
