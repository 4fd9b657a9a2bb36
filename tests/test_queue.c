#include "tests/support/queues.h"
#include "tests/support/support.h"

#include <errno.h>

START_TEST(it_knows_its_size)
{
    make_queue(2, ASYNC_QUEUE_FIFO);
    ck_assert_int_eq(async_queue_capacity(queue), 2);
    ck_assert(async_queue_is_empty(queue));
    ck_assert(!async_queue_is_full(queue));
    put_ints(1, 1);
    ck_assert_uint_eq(async_queue_size(queue), 1);
    ck_assert(!async_queue_is_empty(queue));
    put_ints(2, 2);
    ck_assert(async_queue_is_full(queue));
    ck_assert_int_eq(async_queue_put_nowait(queue, async_int(3)), ASYNC_EFULL);
    ck_assert_uint_eq(async_queue_size(queue), 2);
    drop_queue();
    make_queue(0, ASYNC_QUEUE_FIFO);
    put_ints(1, 1000);
    ck_assert(!async_queue_is_full(queue));
    drop_queue();
}
END_TEST

START_TEST(who_finds_it_empty_waits_in_line)
{
    struct courier ann = {.name = "ann"}, bob = {.name = "bob"};

    make_queue(0, ASYNC_QUEUE_FIFO);
    ann.parcel = async_queue_get(queue);
    bob.parcel = async_queue_get(queue);
    async_future_unref(courier_send(&bob));
    async_future_unref(courier_send(&ann));
    turn();
    put_ints(1, 2);
    ck_assert_uint_eq(async_queue_size(queue), 2);
    turn();
    ck_assert_notes("bob? ann? ann=1 ~ann bob=2 ~bob");
    drop_queue();
}
END_TEST

START_TEST(who_finds_it_full_waits_in_line)
{
    async_future *second, *third;

    make_queue(1, ASYNC_QUEUE_FIFO);
    ck_assert_int_eq(finish(async_queue_put(queue, async_int(1))), 0);
    second = async_queue_put(queue, async_int(2));
    third = async_queue_put(queue, async_int(3));
    ck_assert(!async_future_is_done(second));
    ck_assert_int_eq(get_int(), 1);
    ck_assert_int_eq(finish(second), 0);
    ck_assert(!async_future_is_done(third));
    ck_assert_int_eq(get_int(), 2);
    ck_assert_int_eq(finish(async_future_ref(third)), 0);
    ck_assert_int_eq(async_value_kind(async_future_value(third)), ASYNC_NONE);
    ck_assert_int_eq(get_int(), 3);
    async_future_unref(third);
    drop_queue();
}
END_TEST

START_TEST(a_get_that_finds_a_value_is_done_at_once)
{
    async_future *get;

    make_queue(0, ASYNC_QUEUE_FIFO);
    put_ints(7, 7);
    get = async_queue_get(queue);
    ck_assert(async_future_is_done(get));
    ck_assert_int_eq(got(get), 7);
    drop_queue();
}
END_TEST

START_TEST(a_value_stays_in_it_until_the_woken_one_runs)
{
    async_future *get;

    make_queue(1, ASYNC_QUEUE_FIFO);
    get = async_queue_get(queue);
    put_ints(1, 1);
    ck_assert_int_eq(async_queue_put_nowait(queue, async_int(2)), ASYNC_EFULL);
    ck_assert_int_eq(get_int(), 1);
    turn();
    ck_assert(!async_future_is_done(get));
    put_ints(3, 3);
    ck_assert_int_eq(got(get), 3);
    drop_queue();
}
END_TEST

START_TEST(who_is_cancelled_as_he_is_woken_leaves_the_value_to_the_next)
{
    async_future *first, *second;

    make_queue(0, ASYNC_QUEUE_FIFO);
    first = async_queue_get(queue);
    second = async_queue_get(queue);
    put_ints(1, 1);
    async_future_cancel(first, NULL);
    turn();
    ck_assert(async_future_is_cancelled(first));
    ck_assert_int_eq(got(second), 1);
    async_future_unref(first);
    drop_queue();
}
END_TEST

START_TEST(who_is_cancelled_as_there_is_room_leaves_it_to_the_next)
{
    async_future *first, *second;

    make_queue(1, ASYNC_QUEUE_FIFO);
    put_ints(1, 1);
    first = async_queue_put(queue, async_text("never put in"));
    second = async_queue_put(queue, async_int(2));
    ck_assert_int_eq(get_int(), 1);
    async_future_cancel(first, NULL);
    ck_assert_int_eq(finish(first), ASYNC_ECANCELED);
    ck_assert_int_eq(finish(second), 0);
    ck_assert_int_eq(get_int(), 2);
    drop_queue();
}
END_TEST

START_TEST(who_is_cancelled_in_line_leaves_it)
{
    async_future *get, *put;

    make_queue(1, ASYNC_QUEUE_FIFO);
    get = async_queue_get(queue);
    async_future_cancel(get, NULL);
    ck_assert_int_eq(finish(get), ASYNC_ECANCELED);
    put_ints(1, 1);
    put = async_queue_put(queue, async_text("never put in"));
    async_future_cancel(put, NULL);
    ck_assert_int_eq(finish(put), ASYNC_ECANCELED);
    ck_assert_int_eq(get_int(), 1);
    turn();
    ck_assert(async_queue_is_empty(queue));
    drop_queue();
}
END_TEST

START_TEST(joining_waits_until_all_is_worked_off)
{
    struct courier ann = {.name = "ann"}, bob = {.name = "bob"};
    async_future *join;

    make_queue(0, ASYNC_QUEUE_FIFO);
    ck_assert_int_eq(async_queue_task_done(queue), ASYNC_ESTATE);
    join = async_queue_join(queue);
    ck_assert(async_future_is_done(join));
    async_future_unref(join);
    put_ints(1, 2);
    ann.parcel = async_queue_join(queue);
    bob.parcel = async_queue_join(queue);
    async_future_unref(courier_send(&ann));
    async_future_unref(courier_send(&bob));
    ck_assert_int_eq(get_int(), 1);
    ck_assert_int_eq(get_int(), 2);
    ck_assert_int_eq(async_queue_task_done(queue), 0);
    turns(2);
    ck_assert_notes("ann? bob?");
    ck_assert_int_eq(async_queue_task_done(queue), 0);
    ck_assert_int_eq(async_queue_task_done(queue), ASYNC_ESTATE);
    turn();
    ck_assert_notes("ann= ~ann bob= ~bob");
    drop_queue();
}
END_TEST

START_TEST(a_cancelled_join_leaves_the_others_waiting)
{
    async_future *gone, *join;

    make_queue(0, ASYNC_QUEUE_FIFO);
    put_ints(1, 1);
    gone = async_queue_join(queue);
    join = async_queue_join(queue);
    async_future_cancel(gone, NULL);
    async_queue_task_done(queue);
    ck_assert_int_eq(finish(gone), ASYNC_ECANCELED);
    ck_assert_int_eq(finish(join), 0);
    drop_queue();
}
END_TEST

START_TEST(a_shutdown_lets_nothing_in_and_the_rest_out)
{
    async_future *put, *get;

    make_queue(2, ASYNC_QUEUE_FIFO);
    put_ints(1, 2);
    put = async_queue_put(queue, async_int(3));
    ck_assert_int_eq(async_queue_shutdown(queue, false), 0);
    ck_assert_int_eq(async_queue_shutdown(queue, false), 0);
    ck_assert_int_eq(finish(put), ASYNC_ESHUTDOWN);
    ck_assert_int_eq(finish(async_queue_put(queue, async_int(4))), ASYNC_ESHUTDOWN);
    ck_assert_int_eq(async_queue_put_nowait(queue, async_int(4)), ASYNC_ESHUTDOWN);
    ck_assert_int_eq(get_int(), 1);
    ck_assert_int_eq(got(async_queue_get(queue)), 2);
    ck_assert_int_eq(get_int(), ASYNC_ESHUTDOWN);
    get = async_queue_get(queue);
    ck_assert_str_eq(async_future_message(get), "the queue was shut down");
    ck_assert_int_eq(finish(get), ASYNC_ESHUTDOWN);
    drop_queue();
}
END_TEST

START_TEST(a_shutdown_ends_those_who_wait_to_get)
{
    async_future *first, *second;

    make_queue(0, ASYNC_QUEUE_FIFO);
    first = async_queue_get(queue);
    second = async_queue_get(queue);
    put_ints(1, 1);
    async_queue_shutdown(queue, false);
    ck_assert_int_eq(got(first), 1);
    ck_assert_int_eq(got(second), ASYNC_ESHUTDOWN);
    drop_queue();
}
END_TEST

START_TEST(an_immediate_shutdown_throws_away_what_is_in_it)
{
    async_future *join, *get;

    make_queue(0, ASYNC_QUEUE_FIFO);
    put_ints(1, 3);
    ck_assert_int_eq(get_int(), 1);
    join = async_queue_join(queue);
    ck_assert_int_eq(async_queue_shutdown(queue, true), 0);
    ck_assert(async_queue_is_empty(queue));
    ck_assert_int_eq(get_int(), ASYNC_ESHUTDOWN);
    turn();
    ck_assert(!async_future_is_done(join));
    ck_assert_int_eq(async_queue_task_done(queue), 0);
    ck_assert_int_eq(finish(join), 0);
    drop_queue();
    make_queue(0, ASYNC_QUEUE_FIFO);
    get = async_queue_get(queue);
    put_ints(1, 1);
    async_queue_shutdown(queue, true);
    ck_assert_int_eq(got(get), ASYNC_ESHUTDOWN);
    ck_assert_int_eq(finish(async_queue_join(queue)), 0);
    drop_queue();
}
END_TEST

static async_next produce(async_task *task, void *state)
{
    int *number = state;

    if (++*number > 100)
        return async_return(task, async_none());
    return async_await(task, async_queue_put(queue, async_int(*number)), produce);
}

static async_next consume(async_task *task, void *state)
{
    int *sum = state;

    *sum += (int)async_value_int(async_awaited(task));
    if (*sum == 5050)
        return async_return(task, async_none());
    return async_await(task, async_queue_get(queue), consume);
}

START_TEST(a_producer_and_a_consumer_meet)
{
    for (int capacity = 0; capacity < 4; capacity++) {
        int number = 0, sum = 0;
        async_future *both[2];

        make_queue(capacity, ASYNC_QUEUE_FIFO);
        both[0] = async_create_task(loop, produce, &number, NULL);
        both[1] = async_create_task(loop, consume, &sum, NULL);
        ck_assert_int_eq(finish(async_gather(loop, both, 2, 0)), 0);
        ck_assert_int_eq(sum, 5050);
        drop_queue();
    }
}
END_TEST

/* Many put and get, some give up at any moment: every value that was put comes out once, and nobody is forgotten. */
#define MOST 16

struct market {
    async_future *gets[MOST], *puts[MOST];
    int number;    /* the next one put */
    int put_in, came_out;
};

static void settle(struct market *market)
{
    for (int i = 0; i < MOST; i++) {
        if (market->gets[i] && async_future_is_done(market->gets[i])) {
            market->came_out += async_future_error(market->gets[i]) == 0;
            market->gets[i] = async_future_unref(market->gets[i]);
        }
        if (market->puts[i] && async_future_is_done(market->puts[i])) {
            market->put_in += async_future_error(market->puts[i]) == 0;
            market->puts[i] = async_future_unref(market->puts[i]);
        }
    }
}

static void act(struct market *market, struct dice *dice)
{
    uint32_t one = roll(dice, MOST);

    switch (roll(dice, 7)) {
    case 0:
    case 1:
        if (!market->gets[one])
            market->gets[one] = async_queue_get(queue);
        break;
    case 2:
    case 3:
        if (!market->puts[one])
            market->puts[one] = async_queue_put(queue, async_int(market->number++));
        break;
    case 4:
        async_future_cancel(market->gets[one], NULL);
        break;
    case 5:
        async_future_cancel(market->puts[one], NULL);
        break;
    default:
        turn();
        break;
    }
    settle(market);
}

/* In the end one meets each other who still waits. */
static void run_schedule(uint64_t seed)
{
    struct dice dice = dice_of(seed);
    struct market market = {.number = 0};

    make_queue(2, ASYNC_QUEUE_FIFO);
    for (int i = 0; i < 300; i++)
        act(&market, &dice);
    for (int i = 0; i < 4 * MOST; i++) {
        turn();
        settle(&market);
    }
    for (int i = 0; i < MOST; i++) {
        if (market.gets[i])
            ck_assert(async_queue_is_empty(queue));
        if (market.puts[i])
            ck_assert(async_queue_is_full(queue));
    }
    ck_assert_int_eq(market.put_in, market.came_out + (int)async_queue_size(queue));
    for (int i = 0; i < MOST; i++) {
        async_future_cancel(market.gets[i], NULL);
        async_future_cancel(market.puts[i], NULL);
    }
    turn();
    settle(&market);
    drop_queue();
}

START_TEST(no_value_and_no_wake_up_is_lost_whoever_gives_up)
{
    for (uint64_t seed = 0; seed < 200; seed++)
        run_schedule(seed);
}
END_TEST

START_TEST(bad_input_is_refused_by_name)
{
    async_value *value = async_none();
    async_future *get = async_queue_get(NULL);

    ck_assert_str_eq(async_future_message(get), "queue is NULL");
    ck_assert_int_eq(finish(get), ASYNC_EINVAL);
    ck_assert_int_eq(finish(async_queue_put(NULL, async_text("x"))), ASYNC_EINVAL);
    ck_assert_int_eq(finish(async_queue_join(NULL)), ASYNC_EINVAL);
    ck_assert_int_eq(async_queue_put_nowait(NULL, async_text("x")), ASYNC_EINVAL);
    ck_assert_int_eq(async_queue_get_nowait(NULL, &value), ASYNC_EINVAL);
    ck_assert_ptr_null(value);
    ck_assert_int_eq(async_queue_task_done(NULL), ASYNC_EINVAL);
    ck_assert_int_eq(async_queue_shutdown(NULL, true), ASYNC_EINVAL);
    ck_assert_uint_eq(async_queue_size(NULL), 0);
    ck_assert_int_eq(async_queue_capacity(NULL), 0);
    ck_assert(async_queue_is_empty(NULL));
    ck_assert(!async_queue_is_full(NULL));
    ck_assert_ptr_null(async_queue_ref(NULL));
    ck_assert_ptr_null(async_queue_unref(NULL));
    errno = 0;
    ck_assert_ptr_null(async_queue_new(NULL, 0, ASYNC_QUEUE_FIFO));
    ck_assert_int_eq(errno, EINVAL);
    errno = 0;
    ck_assert_ptr_null(async_queue_new(loop, -1, ASYNC_QUEUE_FIFO));
    ck_assert_int_eq(errno, EINVAL);
    errno = 0;
    ck_assert_ptr_null(async_queue_new(loop, 0, ASYNC_QUEUE_PRIORITY + 1));
    ck_assert_int_eq(errno, EINVAL);
    ck_assert_ptr_null(async_queue_new(loop, 0, -1));
    make_queue(1, ASYNC_QUEUE_FIFO);
    ck_assert_int_eq(async_queue_put_nowait(queue, NULL), ASYNC_ENOMEM);
    ck_assert_int_eq(finish(async_queue_put(queue, NULL)), ASYNC_ENOMEM);
    put_ints(1, 1);
    ck_assert_int_eq(finish(async_queue_put(queue, NULL)), ASYNC_ENOMEM);
    ck_assert_int_eq(async_queue_get_nowait(queue, NULL), ASYNC_EINVAL);
    ck_assert_uint_eq(async_queue_size(queue), 1);
    drop_queue();
}
END_TEST

START_TEST(a_queue_outlives_its_loop_with_what_is_in_it)
{
    async_future *get, *put, *join;

    make_queue(1, ASYNC_QUEUE_FIFO);
    get = async_queue_get(queue);
    put_ints(1, 1);
    put = async_queue_put(queue, async_text("too late"));
    join = async_queue_join(queue);
    async_loop_abandon(loop);
    ck_assert_int_eq(async_future_error(get), ASYNC_ECLOSED);
    ck_assert_int_eq(async_future_error(put), ASYNC_ECLOSED);
    ck_assert_int_eq(async_future_error(join), ASYNC_ECLOSED);
    ck_assert_int_eq(async_queue_put_nowait(queue, async_int(2)), ASYNC_ECLOSED);
    ck_assert_int_eq(finish(async_queue_get(queue)), ASYNC_ECLOSED);
    loop = async_loop_unref(loop);
    ck_assert_int_eq(get_int(), 1);
    ck_assert_int_eq(get_int(), ASYNC_EEMPTY);
    ck_assert_int_eq(async_queue_task_done(queue), 0);
    ck_assert_int_eq(async_queue_shutdown(queue, true), 0);
    async_future_unref(get);
    async_future_unref(put);
    async_future_unref(join);
    drop_queue();
}
END_TEST

static void try_everything(void *user)
{
    async_value *value;

    ck_assert_int_eq(async_queue_put_nowait(queue, async_text("x")), ASYNC_ETHREAD);
    ck_assert_int_eq(async_queue_get_nowait(queue, &value), ASYNC_ETHREAD);
    ck_assert_int_eq(async_queue_task_done(queue), ASYNC_ETHREAD);
    ck_assert_int_eq(async_queue_shutdown(queue, true), ASYNC_ETHREAD);
    ck_assert_int_eq(async_future_error(async_queue_put(queue, async_text("x"))), ASYNC_ETHREAD);
    ck_assert_int_eq(async_future_error(async_queue_get(queue)), ASYNC_ETHREAD);
    ck_assert_int_eq(async_future_error(async_queue_join(queue)), ASYNC_ETHREAD);
    async_queue_unref(user);
}

static void drop_last(void *user)
{
    async_queue_unref(user);
}

START_TEST(another_thread_may_count_and_nothing_else)
{
    make_queue(0, ASYNC_QUEUE_FIFO);
    put_ints(1, 1);
    elsewhere(try_everything, async_queue_ref(queue));
    ck_assert_uint_eq(async_queue_size(queue), 1);
    ck_assert_int_eq(async_queue_put_nowait(queue, async_text("left in it")), 0);
    elsewhere(drop_last, queue);
    queue = NULL;
}
END_TEST

START_TEST(memory_that_fails_loses_no_value)
{
    async_future *waiting, *put, *get;

    for (size_t n = 1;; n++) {
        async_value *value = async_text("precious");

        memory_fail_at(n, false);
        queue = async_queue_new(loop, 1, ASYNC_QUEUE_PRIORITY);
        put = async_queue_put(queue, async_value_ref(value));
        waiting = async_queue_put(queue, async_value_ref(value));
        get = async_queue_get(queue);
        if (!memory_has_failed()) {
            async_value_unref(value);
            break;
        }
        if (queue && async_future_error(put) == 0 && async_future_error(get) == ASYNC_ENOMEM)
            ck_assert_uint_eq(async_queue_size(queue), 1);
        async_future_cancel(waiting, NULL);
        async_future_cancel(get, NULL);
        turn();
        async_future_unref(put);
        async_future_unref(get);
        async_future_unref(waiting);
        drop_queue();
        async_value_unref(value);
    }
    ck_assert_int_eq(finish(put), 0);
    ck_assert_int_eq(finish(get), 0);
    ck_assert_int_eq(finish(waiting), 0);
    drop_queue();
}
END_TEST

START_TEST(memory_that_fails_fails_the_put_that_needed_it)
{
    async_future *put;

    make_queue(16, ASYNC_QUEUE_FIFO);
    put_ints(1, 16);
    put = async_queue_put(queue, async_int(17));
    ck_assert_int_eq(get_int(), 1);
    ck_assert_int_eq(finish(put), 0);
    drop_queue();
    make_queue(17, ASYNC_QUEUE_FIFO);
    put_ints(1, 16);
    memory_fail_at(1, true);
    ck_assert_int_eq(async_queue_put_nowait(queue, async_int(17)), ASYNC_ENOMEM);
    ck_assert(memory_has_failed());
    put_ints(17, 17);
    for (int i = 1; i <= 17; i++)
        ck_assert_int_eq(get_int(), i);
    drop_queue();
}
END_TEST

START_TEST(a_queue_gives_back_the_memory_of_a_wave)
{
    size_t before = memory_blocks();

    make_queue(0, ASYNC_QUEUE_FIFO);
    put_ints(1, 10000);
    for (int i = 1; i <= 10000; i++)
        ck_assert_int_eq(get_int(), i);
    ck_assert_uint_le(memory_blocks(), before + 1);
    drop_queue();
}
END_TEST

int main(void)
{
    return RUN_TESTS("queue", it_knows_its_size, who_finds_it_empty_waits_in_line, who_finds_it_full_waits_in_line,
                     a_get_that_finds_a_value_is_done_at_once, a_value_stays_in_it_until_the_woken_one_runs,
                     who_is_cancelled_as_he_is_woken_leaves_the_value_to_the_next,
                     who_is_cancelled_as_there_is_room_leaves_it_to_the_next, who_is_cancelled_in_line_leaves_it,
                     joining_waits_until_all_is_worked_off, a_cancelled_join_leaves_the_others_waiting,
                     a_shutdown_lets_nothing_in_and_the_rest_out, a_shutdown_ends_those_who_wait_to_get,
                     an_immediate_shutdown_throws_away_what_is_in_it, a_producer_and_a_consumer_meet,
                     no_value_and_no_wake_up_is_lost_whoever_gives_up, bad_input_is_refused_by_name,
                     a_queue_outlives_its_loop_with_what_is_in_it, another_thread_may_count_and_nothing_else,
                     memory_that_fails_loses_no_value, memory_that_fails_fails_the_put_that_needed_it,
                     a_queue_gives_back_the_memory_of_a_wave);
}
