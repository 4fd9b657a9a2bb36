/* Combinations of combinations, as deep as a program likes: the C stack does not grow with them. */
#include "libasync/platform/internal.h"
#include "tests/support/support.h"

static int depth(void)
{
    return slab_one_object_chunks ? 10000 : 100000;
}

static async_future *gather_one(async_future *taken)
{
    return async_gather(loop, &taken, 1, 0);
}

static async_future *gather_one_and_keep_errors(async_future *taken)
{
    return async_gather(loop, &taken, 1, ASYNC_GATHER_KEEP_ERRORS);
}

static async_future *gather_two(async_future *taken)
{
    return async_gather(loop, (async_future *[]){taken, async_sleep(loop, 1e-9)}, 2, 0);
}

static async_future *limit(async_future *taken)
{
    return async_wait_for(loop, taken, 1000);
}

static async_future *limit_gathered(async_future *taken)
{
    return async_wait_for(loop, gather_one(taken), ASYNC_FOREVER);
}

static async_future *wait_for_one(async_future *taken)
{
    return async_wait(loop, &taken, 1, ASYNC_ALL_COMPLETED, 1000);
}

static async_future *protect(async_future *taken)
{
    return async_shield(loop, taken);
}

static async_future *join_one(async_future *taken)
{
    async_task_group *group = async_task_group_new(loop, NULL);
    async_future *joined;

    async_task_group_add(group, taken);
    async_future_unref(taken);
    joined = async_task_group_join(group);
    async_task_group_unref(group);
    return joined;
}

static async_future *next_one(async_future *taken)
{
    async_completions *row = async_as_completed(loop, &taken, 1, ASYNC_FOREVER);
    async_future *next = async_completions_next(row);

    async_completions_unref(row);
    return next;
}

typedef async_future *wrap(async_future *taken);
static wrap *const wraps[] = {gather_one,   gather_one_and_keep_errors, gather_two, limit,   limit_gathered,
                              wait_for_one, protect,                    join_one,   next_one};
#define WRAPS (sizeof wraps / sizeof *wraps)

static async_future *nest(size_t way, async_future *taken)
{
    for (int i = 0; i < depth(); i++)
        taken = wraps[way](taken);
    return taken;
}

/* Those that pass a cancel on to their innermost. */
static bool passes_cancels_on(size_t way)
{
    return way < 5 || wraps[way] == join_one;
}

START_TEST(a_value_comes_up_from_the_deep)
{
    for (size_t way = 0; way < WRAPS; way++) {
        async_future *promise = async_future_new(loop), *outermost = nest(way, async_future_ref(promise));

        async_future_resolve(promise, async_int(1));
        ck_assert_int_eq(finish(outermost), 0);
        async_future_unref(promise);
    }
}
END_TEST

START_TEST(a_failure_comes_up_from_the_deep)
{
    for (size_t way = 0; way < WRAPS; way++) {
        async_future *promise = async_future_new(loop), *outermost = nest(way, async_future_ref(promise));
        bool hides = wraps[way] == gather_one_and_keep_errors || wraps[way] == wait_for_one || wraps[way] == next_one;
        int error;

        async_future_fail(promise, ASYNC_EHOST, "deep down");
        error = finish(outermost);
        ck_assert_int_eq(error, hides ? 0 : wraps[way] == join_one ? ASYNC_EGROUP : ASYNC_EHOST);
        async_future_mark_read(promise);
        async_future_unref(promise);
    }
}
END_TEST

START_TEST(a_cancel_goes_down_into_the_deep)
{
    for (size_t way = 0; way < WRAPS; way++) {
        async_future *promise = async_future_new(loop), *outermost = nest(way, async_future_ref(promise));

        ck_assert_int_eq(async_future_cancel(outermost, "enough"), 0);
        ck_assert_int_eq(finish(outermost), ASYNC_ECANCELED);
        ck_assert_int_eq(async_future_is_cancelled(promise), passes_cancels_on(way));
        async_future_unref(promise);
    }
}
END_TEST

START_TEST(a_limit_over_the_deep_is_a_timeout)
{
    async_loop_set_clock(loop, ASYNC_CLOCK_JUMPING);
    for (size_t way = 0; way < WRAPS; way++) {
        async_future *outermost = async_wait_for(loop, nest(way, async_sleep(loop, 100)), 1);

        ck_assert_int_eq(finish(outermost), ASYNC_ETIMEDOUT);
    }
}
END_TEST

START_TEST(the_deep_ends_with_its_loop)
{
    async_future *outermost[WRAPS];

    for (size_t way = 0; way < WRAPS; way++)
        outermost[way] = nest(way, async_future_new(loop));
    async_loop_close(loop);
    for (size_t way = 0; way < WRAPS; way++) {
        ck_assert(async_future_is_done(outermost[way]));
        async_future_unref(outermost[way]);
    }
}
END_TEST

START_TEST(the_deep_ends_with_a_loop_that_is_abandoned)
{
    async_future *outermost[WRAPS];

    for (size_t way = 0; way < WRAPS; way++)
        outermost[way] = nest(way, async_future_new(loop));
    async_loop_abandon(loop);
    for (size_t way = 0; way < WRAPS; way++) {
        ck_assert_int_eq(async_future_error(outermost[way]), ASYNC_ECLOSED);
        async_future_unref(outermost[way]);
    }
}
END_TEST

START_TEST(the_deep_that_nobody_holds_ends_with_its_loop)
{
    for (size_t way = 0; way < WRAPS; way++)
        async_future_unref(nest(way, async_future_new(loop)));
}
END_TEST

/* A task at every level: each waits for a gather of the next. */
static async_next pass_on(async_task *task, void *state)
{
    return async_return(task, async_none());
}

static async_next wait_for_state(async_task *task, void *state)
{
    return async_await(task, gather_one(state), pass_on);
}

static async_future *nest_tasks(async_future *taken)
{
    for (int i = 0; i < depth(); i++)
        taken = async_create_task(loop, wait_for_state, taken, NULL);
    turn();
    return taken;
}

START_TEST(a_cancel_goes_down_through_tasks_and_gathers)
{
    async_future *promise = async_future_new(loop), *outermost = nest_tasks(async_future_ref(promise));

    async_future_cancel(outermost, NULL);
    ck_assert(async_future_is_cancelled(promise));
    ck_assert_int_eq(finish(outermost), ASYNC_ECANCELED);
    async_future_unref(promise);
}
END_TEST

START_TEST(a_chain_of_tasks_and_gathers_closes_with_its_loop)
{
    async_future *outermost = nest_tasks(async_future_new(loop));

    async_loop_close(loop);
    ck_assert(async_future_is_cancelled(outermost));
    async_future_unref(outermost);
}
END_TEST

/* What asyncio's gather tells: whether any child took the cancel, however deep. */
START_TEST(a_cancel_that_nobody_takes_is_refused)
{
    async_future *promise = async_future_new(loop), *outer;

    outer = gather_one(limit(gather_one(async_future_ref(promise))));
    async_future_resolve(promise, async_int(1));
    ck_assert_int_eq(async_future_cancel(outer, NULL), ASYNC_ESTATE);
    ck_assert_int_eq(finish(outer), 0);
    async_future_unref(promise);
}
END_TEST

START_TEST(inner_futures_are_cancelled_before_those_that_follow)
{
    struct courier ann = {.name = "ann", .parcel = async_future_new(loop), .tries = true};
    struct courier bob = {.name = "bob", .parcel = async_future_new(loop), .tries = true};
    struct courier cid = {.name = "cid", .parcel = async_future_new(loop), .tries = true};
    async_future *tasks[] = {courier_send(&ann), courier_send(&bob), courier_send(&cid)}, *outer;

    outer = async_gather(loop, (async_future *[]){limit(gather_one(tasks[0])), tasks[1], gather_one(tasks[2])}, 3, 0);
    turn();
    async_future_cancel(outer, NULL);
    ck_assert_int_eq(finish(outer), ASYNC_ECANCELED);
    turns(3);
    ck_assert_notes("ann? bob? cid? ann!ECANCELED ~ann bob!ECANCELED ~bob cid!ECANCELED ~cid");
}
END_TEST

/* A ring through gathers that a cancel comes to from its midst. */
START_TEST(a_ring_through_nested_gathers_dissolves_wherever_it_is_cancelled)
{
    for (int place = 0; place < 3; place++) {
        struct courier ann = {.name = "ann", .tries = true};
        async_future *task = courier_send(&ann), *inner, *outer;

        inner = gather_one(async_future_ref(task));
        outer = gather_one(async_future_ref(inner));
        ann.parcel = async_future_ref(outer);
        turn();
        ck_assert_int_eq(async_future_cancel(place == 0 ? task : place == 1 ? inner : outer, NULL), 0);
        turns(4);
        ck_assert_notes("ann? ann!ECANCELED ~ann");
        ck_assert_int_eq(finish(outer), ASYNC_ECANCELED);
        async_future_unref(inner);
        async_future_unref(task);
    }
}
END_TEST

int main(void)
{
    return RUN_TESTS("nesting", a_value_comes_up_from_the_deep, a_failure_comes_up_from_the_deep,
                     a_cancel_goes_down_into_the_deep, a_limit_over_the_deep_is_a_timeout, the_deep_ends_with_its_loop,
                     the_deep_ends_with_a_loop_that_is_abandoned, the_deep_that_nobody_holds_ends_with_its_loop,
                     a_cancel_goes_down_through_tasks_and_gathers, a_chain_of_tasks_and_gathers_closes_with_its_loop,
                     a_cancel_that_nobody_takes_is_refused, inner_futures_are_cancelled_before_those_that_follow,
                     a_ring_through_nested_gathers_dissolves_wherever_it_is_cancelled);
}
