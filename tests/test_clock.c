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

static void advance_far(async_loop *from, void *user)
{
    ck_assert_int_eq(async_loop_advance(from, 100), 0);
    note_time(from, "moved");
}

START_TEST(a_clock_moved_while_it_moves_does_not_go_back)
{
    async_loop_set_clock(loop, ASYNC_CLOCK_MANUAL);
    async_loop_call_later(loop, 1, advance_far, NULL, NULL, NULL);
    async_loop_call_later(loop, 5, note_time, "five", NULL, NULL);
    async_loop_call_later(loop, 50, note_time, "fifty", NULL, NULL);
    async_loop_call_later(loop, 200, note_time, "late", NULL, NULL);
    ck_assert_int_eq(async_loop_advance(loop, 10), 0);
    ck_assert_notes("moved@101 five@101 fifty@101");
    ck_assert_double_eq(async_loop_time(loop), 101);
}
END_TEST

static async_next yield_for_ever(async_task *task, void *state)
{
    return async_await(task, async_sleep(loop, 0), yield_for_ever);
}

static void count_and_stop(async_loop *from, void *counter)
{
    if (--*(int *)counter == 0)
        async_loop_stop(from);
    else
        async_loop_call_soon(from, count_and_stop, counter, NULL);
}

START_TEST(a_stop_ends_a_move_that_would_never_end)
{
    int rounds = 10;

    async_loop_set_clock(loop, ASYNC_CLOCK_MANUAL);
    async_future_unref(async_create_task(loop, yield_for_ever, NULL, NULL));
    async_loop_call_soon(loop, count_and_stop, &rounds, NULL);
    ck_assert_int_eq(async_loop_advance(loop, 10), ASYNC_ESTOPPED);
    ck_assert_double_eq(async_loop_time(loop), 0);
}
END_TEST

static void stop_then(async_loop *from, void *user)
{
    note_time(from, "stop");
    async_loop_stop(from);
}

START_TEST(a_stopped_clock_stands_where_it_was_stopped)
{
    async_loop_set_clock(loop, ASYNC_CLOCK_MANUAL);
    async_loop_call_later(loop, 3, stop_then, NULL, NULL, NULL);
    async_loop_call_later(loop, 3, note_time, "same", NULL, NULL);
    async_loop_call_later(loop, 4, note_time, "next", NULL, NULL);
    ck_assert_int_eq(async_loop_advance(loop, 10), ASYNC_ESTOPPED);
    ck_assert_notes("stop@3 same@3");
    ck_assert_double_eq(async_loop_time(loop), 3);
    ck_assert_int_eq(async_loop_advance(loop, 10), 0);
    ck_assert_notes("next@4");
    ck_assert_double_eq(async_loop_time(loop), 13);
}
END_TEST

START_TEST(a_clock_is_not_moved_beyond_all_numbers)
{
    async_loop_set_clock(loop, ASYNC_CLOCK_MANUAL);
    ck_assert_int_eq(async_loop_advance(loop, 1.7e308), 0);
    ck_assert_int_eq(async_loop_advance(loop, 1.7e308), ASYNC_EINVAL);
    ck_assert_double_eq(async_loop_time(loop), 1.7e308);
    ck_assert_int_eq(finish(async_sleep(loop, 0)), 0);
}
END_TEST

static void *post_a_note(void *user)
{
    async_loop_call_soon_threadsafe(loop, note_time, "posted", NULL);
    return NULL;
}

START_TEST(a_clock_by_hand_hears_of_other_threads)
{
    pthread_t thread;

    async_loop_set_clock(loop, ASYNC_CLOCK_MANUAL);
    thread = thread_start(post_a_note, NULL);
    threads_join(&thread, 1);
    ck_assert_int_eq(async_loop_advance(loop, 0), 0);
    ck_assert_notes("posted@0");
}
END_TEST

static void advance_elsewhere(void *user)
{
    ck_assert_int_eq(async_loop_advance(loop, 1), ASYNC_ETHREAD);
    ck_assert_int_eq(async_loop_set_clock(loop, ASYNC_CLOCK_REAL), ASYNC_ETHREAD);
}

static void advance_another(async_loop *from, void *other)
{
    ck_assert_int_eq(async_loop_advance(other, 1), ASYNC_ERUNNING);
}

START_TEST(a_clock_is_its_threads_and_one_at_a_time_moves)
{
    async_loop *other = async_loop_new();

    async_loop_set_clock(loop, ASYNC_CLOCK_MANUAL);
    async_loop_set_clock(other, ASYNC_CLOCK_MANUAL);
    elsewhere(advance_elsewhere, NULL);
    async_loop_call_soon(loop, advance_another, other, NULL);
    turn();
    async_loop_close(other);
    async_loop_unref(other);
}
END_TEST

static int *order_next;

static void check_order(async_loop *from, void *place)
{
    ck_assert_int_eq((*(int *)place + 500) % 1000, (*order_next)++);
}

/* More timers than one look at the clock queues. */
START_TEST(a_thousand_timers_of_one_moment_fire_in_their_order)
{
    static int places[1000];
    static int next;

    next = 0;
    async_loop_set_clock(loop, ASYNC_CLOCK_MANUAL);
    for (int i = 0; i < 1000; i++) {
        places[i] = i;
        async_loop_call_later(loop, i < 500 ? 2 : 1, check_order, &places[i], NULL, NULL);
    }
    order_next = &next;
    ck_assert_int_eq(async_loop_advance(loop, 2), 0);
    ck_assert_int_eq(next, 1000);
}
END_TEST

int main(void)
{
    return RUN_TESTS("clock", a_clock_by_hand_stands_still_until_it_is_moved,
                     what_a_timer_starts_counts_from_its_own_time, a_jumping_clock_takes_no_time,
                     a_jumping_clock_lets_descriptors_come_first, a_clock_may_be_moved_inside_a_run,
                     what_cannot_be_a_clock_is_refused, a_storm_of_yields_does_not_stop_a_clock_by_hand,
                     a_clock_moved_while_it_moves_does_not_go_back, a_stop_ends_a_move_that_would_never_end,
                     a_stopped_clock_stands_where_it_was_stopped, a_clock_is_not_moved_beyond_all_numbers,
                     a_clock_by_hand_hears_of_other_threads, a_clock_is_its_threads_and_one_at_a_time_moves,
                     a_thousand_timers_of_one_moment_fire_in_their_order);
}
