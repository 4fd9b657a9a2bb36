#include "tests/support/support.h"

#include <math.h>
#include <string.h>

START_TEST(an_impossible_sleep_has_failed_and_names_the_argument)
{
    static const double delays[] = {-1, -1e-300, NAN, INFINITY, -INFINITY};

    for (int i = 0; i < 5; i++) {
        async_future *sleep = async_sleep(loop, delays[i]);

        ck_assert_int_eq(async_future_error(sleep), ASYNC_EINVAL);
        ck_assert_ptr_nonnull(strstr(async_future_message(sleep), "seconds"));
        ck_assert_ptr_eq(async_future_loop(sleep), loop);
        async_future_unref(sleep);
    }
}
END_TEST

START_TEST(sleeps_end_in_the_order_of_their_times)
{
    async_future *late, *middle, *early;

    /* Of a clock that stands still meanwhile: a slow machine must not start the middle one when the late one is due. */
    ck_assert_int_eq(async_loop_set_clock(loop, ASYNC_CLOCK_JUMPING), 0);
    late = async_sleep(loop, 3);
    early = async_sleep(loop, 1);
    middle = async_sleep(loop, 2);
    async_future_on_done(late, note_done, "late", NULL);
    async_future_on_done(middle, note_done, "middle", NULL);
    async_future_on_done(early, note_done, "early", NULL);
    async_future_unref(early);
    async_future_unref(middle);
    ck_assert_int_eq(finish(late), 0);
    ck_assert_notes("early middle late");
}
END_TEST

START_TEST(a_sleep_gives_none)
{
    async_future *sleep = async_sleep(loop, 1e-9);

    ck_assert_int_eq(async_loop_run_until(loop, sleep), 0);
    ck_assert_ptr_eq(async_future_value(sleep), async_none());
    async_future_unref(sleep);
}
END_TEST

START_TEST(a_cancelled_sleep_stops_its_timer)
{
    async_future *sleep = async_sleep(loop, 1000);

    async_future_on_done(sleep, note_done, "done", NULL);
    ck_assert_int_eq(async_future_cancel(sleep, "wake up"), 0);
    ck_assert_int_eq(async_future_cancel(sleep, NULL), ASYNC_ESTATE);
    ck_assert_str_eq(async_future_message(sleep), "wake up");
    turn();
    ck_assert_notes("done");
    async_future_unref(sleep);
}
END_TEST

static async_future *victim;

static void cancel_victim(async_loop *from, void *user)
{
    note("cancel %d", async_future_cancel(victim, NULL));
}

START_TEST(a_sleep_may_be_cancelled_in_the_turn_it_would_end)
{
    async_loop_set_clock(loop, ASYNC_CLOCK_MANUAL);
    async_loop_call_later(loop, 1, cancel_victim, NULL, NULL, NULL);
    victim = async_sleep(loop, 1);
    ck_assert_int_eq(async_loop_advance(loop, 1), 0);
    ck_assert_notes("cancel 0");
    ck_assert_int_eq(finish(victim), ASYNC_ECANCELED);

    victim = async_sleep(loop, 1);
    async_loop_call_later(loop, 1, cancel_victim, NULL, NULL, NULL);
    ck_assert_int_eq(async_loop_advance(loop, 1), 0);
    ck_assert_notes("cancel -7");
    ck_assert_int_eq(finish(victim), 0);
}
END_TEST

START_TEST(a_sleep_nobody_holds_ends_tidily)
{
    async_future_unref(async_sleep(loop, 1e-6));
    async_future_unref(async_sleep(loop, 1000));
    ck_assert_int_eq(finish(async_sleep(loop, 0.001)), 0);
}
END_TEST

int main(void)
{
    return RUN_TESTS("sleep", an_impossible_sleep_has_failed_and_names_the_argument,
                     sleeps_end_in_the_order_of_their_times, a_sleep_gives_none, a_cancelled_sleep_stops_its_timer,
                     a_sleep_may_be_cancelled_in_the_turn_it_would_end, a_sleep_nobody_holds_ends_tidily);
}
