#include "libasync/loop/internal.h"
#include "tests/support/support.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

START_TEST(an_impossible_delay_is_refused)
{
    static const double delays[] = {-1, -1e-9, NAN, INFINITY, -INFINITY};
    async_timer *timer;
    int destroyed = 0;

    for (int i = 0; i < 5; i++) {
        timer = (async_timer *)&destroyed;
        ck_assert_int_eq(async_loop_call_later(loop, delays[i], note_call, &destroyed, count_destroy, &timer),
                         ASYNC_EINVAL);
        ck_assert_ptr_null(timer);
        ck_assert_int_eq(destroyed, i + 1);
    }
}
END_TEST

START_TEST(an_impossible_time_is_refused)
{
    static const double times[] = {NAN, INFINITY, -INFINITY};
    async_timer *timer;
    int destroyed = 0;

    for (int i = 0; i < 3; i++) {
        timer = (async_timer *)&destroyed;
        ck_assert_int_eq(async_loop_call_at(loop, times[i], note_call, &destroyed, count_destroy, &timer),
                         ASYNC_EINVAL);
        ck_assert_ptr_null(timer);
    }
    ck_assert_int_eq(destroyed, 3);
    ck_assert_int_eq(async_loop_call_at(NULL, 0, note_call, &destroyed, count_destroy, NULL), ASYNC_EINVAL);
    ck_assert_int_eq(async_loop_call_later(loop, 0, NULL, &destroyed, count_destroy, NULL), ASYNC_EINVAL);
    ck_assert_int_eq(destroyed, 5);
    async_loop_close(loop);
    ck_assert_int_eq(async_loop_call_later(loop, 0, note_call, &destroyed, count_destroy, &timer), ASYNC_ECLOSED);
    ck_assert_ptr_null(timer);
    ck_assert_int_eq(destroyed, 6);
}
END_TEST

static void stop(async_loop *from, void *user)
{
    async_loop_stop(from);
}

START_TEST(timers_fire_in_the_order_of_their_times)
{
    double now = async_loop_time(loop);

    async_loop_call_at(loop, now + 0.003, note_call, "c", NULL, NULL);
    async_loop_call_at(loop, now + 0.001, note_call, "a", NULL, NULL);
    async_loop_call_at(loop, now + 0.004, stop, NULL, NULL, NULL);
    async_loop_call_at(loop, now + 0.002, note_call, "b", NULL, NULL);
    async_loop_run(loop);
    ck_assert_notes("a b c");
}
END_TEST

START_TEST(equal_times_fire_in_the_order_asked)
{
    static char names[200][4];
    char expected[1000] = "";
    double when = async_loop_time(loop);

    for (int i = 0; i < 200; i++) {
        snprintf(names[i], sizeof names[i], "%d", i);
        strcat(strcat(expected, *expected ? " " : ""), names[i]);
        async_loop_call_at(loop, when, note_call, names[i], NULL, NULL);
    }
    turn();
    ck_assert_notes(expected);
}
END_TEST

START_TEST(a_time_that_has_passed_means_the_next_turn)
{
    async_loop_call_soon(loop, note_call, "soon", NULL);
    async_loop_call_at(loop, async_loop_time(loop) - 1, note_call, "past", NULL, NULL);
    async_loop_call_at(loop, -1e9, note_call, "long past", NULL, NULL);
    async_loop_call_at(loop, 0, note_call, "zero", NULL, NULL);
    ck_assert_notes("");
    turn();
    ck_assert_notes("soon long past zero past");
}
END_TEST

static void ask_for_the_past(async_loop *from, void *user)
{
    note("asked");
    async_loop_call_soon(from, note_call, "soon", NULL);
    async_loop_call_at(from, async_loop_time(from) - 1, note_call, "past", NULL, NULL);
}

START_TEST(a_time_that_has_passed_means_the_next_turn_inside_a_run_too)
{
    async_loop_call_soon(loop, ask_for_the_past, NULL, NULL);
    turn();
    ck_assert_notes("asked");
    turn();
    ck_assert_notes("soon past");
}
END_TEST

START_TEST(a_far_future_does_not_come)
{
    async_loop_call_later(loop, 1e300, note_call, "never", note_destroy, NULL);
    async_loop_call_later(loop, 1e10, note_call, "hardly", NULL, NULL);
    ck_assert_int_eq(finish(async_sleep(loop, 0.001)), 0);
    ck_assert_notes("");
    async_loop_close(loop);
    ck_assert_notes("~never");
}
END_TEST

/* With steps of a millisecond each would take at least one. The least of many tells, however busy the machine. */
START_TEST(timers_are_finer_than_a_millisecond)
{
    double least = 1;

    for (int i = 0; i < 50; i++) {
        double start = async_loop_time(loop), took;

        ck_assert_int_eq(finish(async_sleep(loop, 0.0002)), 0);
        took = async_loop_time(loop) - start;
        ck_assert_double_ge(took, 0.0002);
        least = took < least ? took : least;
    }
    ck_assert_double_lt(least, 0.001);
}
END_TEST

START_TEST(a_timer_knows_its_time_before_and_after)
{
    double when = async_loop_time(loop) + 0.001;
    async_timer *timer;

    ck_assert_int_eq(async_loop_call_at(loop, when, stop, NULL, NULL, &timer), 0);
    ck_assert_double_eq(async_timer_when(timer), when);
    async_loop_run(loop);
    ck_assert_double_ge(async_loop_time(loop), when);
    ck_assert_double_eq(async_timer_when(timer), when);
    async_timer_unref(timer);
    ck_assert_double_eq(async_timer_when(NULL), 0);
}
END_TEST

START_TEST(dropping_the_handle_does_not_cancel)
{
    async_timer *timer;

    async_loop_call_later(loop, 0, note_call, "a", note_destroy, &timer);
    ck_assert_ptr_eq(async_timer_ref(timer), timer);
    ck_assert_ptr_null(async_timer_unref(timer));
    ck_assert_ptr_null(async_timer_unref(timer));
    ck_assert_ptr_null(async_timer_ref(NULL));
    ck_assert_ptr_null(async_timer_unref(NULL));
    finish(async_sleep(loop, 0.001));
    ck_assert_notes("a ~a");
}
END_TEST

START_TEST(a_cancelled_timer_is_destroyed_in_the_call_and_never_fires)
{
    async_timer *timer;

    async_loop_call_later(loop, 0, note_call, "a", note_destroy, &timer);
    ck_assert_int_eq(async_timer_cancel(timer), 0);
    ck_assert_notes("~a");
    ck_assert_int_eq(async_timer_cancel(timer), ASYNC_ESTATE);
    finish(async_sleep(loop, 0.001));
    ck_assert_notes("");
    async_timer_unref(timer);
    ck_assert_int_eq(async_timer_cancel(NULL), ASYNC_EINVAL);
}
END_TEST

START_TEST(a_fired_timer_cannot_be_cancelled)
{
    async_timer *timer;

    async_loop_call_later(loop, 0, stop, NULL, NULL, &timer);
    async_loop_run(loop);
    ck_assert_int_eq(async_timer_cancel(timer), ASYNC_ESTATE);
    async_timer_unref(timer);
}
END_TEST

static async_timer *victim;

static void cancel_victim(async_loop *from, void *user)
{
    note("cancel %d", async_timer_cancel(victim));
}

START_TEST(a_timer_can_be_cancelled_in_the_turn_it_would_fire)
{
    double when = async_loop_time(loop);

    async_loop_call_at(loop, when, cancel_victim, NULL, NULL, NULL);
    async_loop_call_at(loop, when, note_call, "victim", note_destroy, &victim);
    turn();
    ck_assert_notes("~victim cancel 0");
    victim = async_timer_unref(victim);
}
END_TEST

START_TEST(a_timer_cannot_cancel_itself)
{
    async_loop_call_later(loop, 0, cancel_victim, "it", note_destroy, &victim);
    finish(async_sleep(loop, 0.001));
    ck_assert_notes("cancel -7 ~it");
    victim = async_timer_unref(victim);
}
END_TEST

START_TEST(a_closed_loops_timer_is_destroyed_and_stays_readable)
{
    double when = async_loop_time(loop) + 100;
    async_timer *timer;

    async_loop_call_at(loop, when, note_call, "a", note_destroy, &timer);
    async_loop_close(loop);
    loop = async_loop_unref(loop);
    ck_assert_notes("~a");
    ck_assert_double_eq(async_timer_when(timer), when);
    ck_assert_int_eq(async_timer_cancel(timer), ASYNC_ESTATE);
    async_timer_unref(timer);
}
END_TEST

START_TEST(a_timer_without_memory_is_refused)
{
    async_timer *timer = NULL;
    int destroyed = 0, started = 0;

    for (size_t n = 1;; n++) {
        memory_fail_at(n, false);
        if (async_loop_call_later(loop, 100, note_call, &destroyed, count_destroy, &timer) == 0)
            break;
        ck_assert(memory_has_failed());
        ck_assert_ptr_null(timer);
        ck_assert_int_eq(destroyed, ++started);
    }
    async_timer_cancel(timer);
    async_timer_unref(timer);
}
END_TEST

/* The heap on its own, against a list kept in order. */
#define MOST_TIMERS 500

struct model {
    struct timer timers[MOST_TIMERS];
    double when[MOST_TIMERS];
    bool started[MOST_TIMERS];
    int order[MOST_TIMERS], count;    /* those started, as they must fire */
};

static void never_run(async_loop *from, struct node *node)
{
    ck_abort_msg("a timer of the model ran");
}

static const struct node_ops model_ops = {.run = never_run};

static void model_start(struct model *model, int timer, double when)
{
    int place = model->count++;

    for (; place > 0 && model->when[model->order[place - 1]] > when; place--)
        model->order[place] = model->order[place - 1];
    model->order[place] = timer;
    model->when[timer] = when;
    model->started[timer] = true;
    timer_init(&model->timers[timer], &model_ops);
    ck_assert(timer_start(loop, &model->timers[timer], when));
}

static void model_forget(struct model *model, int place)
{
    model->started[model->order[place]] = false;
    model->count--;
    for (; place < model->count; place++)
        model->order[place] = model->order[place + 1];
}

static void model_stop(struct model *model, int place)
{
    struct timer *timer = &model->timers[model->order[place]];

    timer_stop(loop, timer);
    ck_assert_uint_eq(timer->index, 0);
    ck_assert(!node_is_linked(&timer->node));
    model_forget(model, place);
}

static void model_expire(struct model *model, double now, uint64_t seed)
{
    timers_expire(loop, now);
    while (model->count && model->when[model->order[0]] <= now) {
        struct node *first = loop->ready.next;

        ck_assert_msg(first == &model->timers[model->order[0]].node, "seed %d: the wrong timer fired", (int)seed);
        node_unlink(first);
        model_forget(model, 0);
    }
    ck_assert_msg(list_is_empty(&loop->ready), "seed %d: a timer fired too early", (int)seed);
    ck_assert_uint_eq(loop->timers.count, (uint32_t)model->count);
}

START_TEST(the_heap_does_what_a_sorted_list_does)
{
    static struct model model;

    for (uint64_t seed = 1; seed <= 50; seed++) {
        struct dice dice = dice_of(seed);
        double now = 1;

        model.count = 0;
        memset(model.started, 0, sizeof model.started);
        for (int i = 0; i < 2000; i++) {
            uint32_t choice = roll(&dice, 10);
            int timer = (int)roll(&dice, MOST_TIMERS);

            if (choice < 6 && !model.started[timer])
                model_start(&model, timer, now + roll(&dice, 20));    /* so that many are equal */
            else if (choice < 9 && model.count)
                model_stop(&model, (int)roll(&dice, (uint32_t)model.count));
            else if (choice == 9)
                model_expire(&model, now += roll(&dice, 3), seed);
        }
        model_expire(&model, 1e9, seed);
    }
}
END_TEST

START_TEST(a_timer_can_be_cancelled_in_every_position)
{
    static struct model model;

    for (int count = 1; count <= 60; count++)
        for (int cancelled = 0; cancelled < count; cancelled++) {
            model.count = 0;
            for (int i = 0; i < count; i++)
                model_start(&model, i, 1 + (i * 37) % 23);
            model_stop(&model, cancelled);
            model_expire(&model, 1e9, (uint64_t)count);
        }
}
END_TEST

START_TEST(the_numbers_of_equal_timers_may_wrap_around)
{
    static struct model model;

    model.count = 0;
    loop->timers.next_sequence = UINT32_MAX - 20;
    for (int i = 0; i < 60; i++)
        model_start(&model, i, 5);
    model_expire(&model, 5, 0);
}
END_TEST

START_TEST(the_heap_gives_its_memory_back)
{
    static struct timer timers[10000];
    uint32_t most;

    for (int i = 0; i < 10000; i++) {
        timer_init(&timers[i], &model_ops);
        ck_assert(timer_start(loop, &timers[i], 1e9 + i));
    }
    most = loop->timers.capacity;
    for (int i = 0; i < 10000; i++)
        timer_stop(loop, &timers[i]);
    ck_assert_uint_ge(most, 10000);
    ck_assert_uint_le(loop->timers.capacity, 64);
}
END_TEST

int main(void)
{
    return RUN_TESTS("timer", an_impossible_delay_is_refused, an_impossible_time_is_refused,
                     timers_fire_in_the_order_of_their_times, equal_times_fire_in_the_order_asked,
                     a_time_that_has_passed_means_the_next_turn,
                     a_time_that_has_passed_means_the_next_turn_inside_a_run_too, a_far_future_does_not_come,
                     timers_are_finer_than_a_millisecond, a_timer_knows_its_time_before_and_after,
                     dropping_the_handle_does_not_cancel,
                     a_cancelled_timer_is_destroyed_in_the_call_and_never_fires, a_fired_timer_cannot_be_cancelled,
                     a_timer_can_be_cancelled_in_the_turn_it_would_fire, a_timer_cannot_cancel_itself,
                     a_closed_loops_timer_is_destroyed_and_stays_readable, a_timer_without_memory_is_refused,
                     the_heap_does_what_a_sorted_list_does, a_timer_can_be_cancelled_in_every_position,
                     the_numbers_of_equal_timers_may_wrap_around, the_heap_gives_its_memory_back);
}
