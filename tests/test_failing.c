/*
 * Every allocation fails in turn: each scenario runs with its first one failing, then its second, and so on until none
 * is left to fail; then once more with all that follow failing too. It must neither crash nor leak, each state must be
 * destroyed once, and somebody must be told of ASYNC_ENOMEM.
 */
#include "tests/support/support.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* What the scenario at hand met with: the first error that missing memory caused, and the states to account for. */
static int met;
static int begun, destroyed;

static int meet(int error)
{
    if (error == ASYNC_ENOMEM)
        met = error;
    return error;
}

static void count_destroyed(void *state)
{
    destroyed++;
}

static void *begin_state(void)
{
    begun++;
    return &begun;
}

/* Runs the future to its end and drops it. */
static void run_to_end(async_future *taken)
{
    meet(async_loop_run_until(loop, taken));
    meet(async_future_error(taken));
    async_future_unref(taken);
}

static void ignore_report(async_loop *from, async_future *source, int error, const char *message, void *user)
{
    meet(error);
}

static void ignore(async_loop *from, void *user)
{
}

static void ignore_done(async_future *future, void *user)
{
    meet(async_future_error(future));
}

static void meet_all(const int *errors, size_t count)
{
    for (size_t i = 0; i < count; i++)
        meet(errors[i]);
}

static void callbacks(void)
{
    async_timer *timer;
    int ends[2], errors[7];

    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    errors[0] = async_loop_call_soon(loop, ignore, begin_state(), count_destroyed);
    errors[1] = async_loop_call_soon_threadsafe(loop, ignore, begin_state(), count_destroyed);
    errors[2] = async_loop_call_later(loop, 0, ignore, begin_state(), count_destroyed, NULL);
    errors[3] = async_loop_call_later(loop, 100, ignore, begin_state(), count_destroyed, &timer);
    errors[4] = async_loop_add_writer(loop, ends[1], ignore, begin_state(), count_destroyed);
    errors[5] = async_loop_add_reader(loop, ends[0], ignore, begin_state(), count_destroyed);
    errors[6] = async_loop_set_exception_handler(loop, ignore_report, begin_state(), count_destroyed);
    meet_all(errors, 7);
    turns(3);
    async_timer_cancel(timer);
    async_timer_unref(timer);
    async_loop_remove_writer(loop, ends[1]);
    async_loop_remove_reader(loop, ends[0]);
    close(ends[0]);
    close(ends[1]);
}

static void many_timers(void)
{
    for (int i = 0; i < 100; i++)
        meet(async_loop_call_later(loop, 100 + i, ignore, begin_state(), count_destroyed, NULL));
}

static void many_posts(void)
{
    for (int i = 0; i < 200; i++)
        meet(async_loop_call_soon_threadsafe(loop, ignore, begin_state(), count_destroyed));
    turn();
}

static void callbacks_on_promises(void)
{
    async_future *promise = async_future_new(loop), *failed = async_future_new(loop);

    meet(async_future_on_done(promise, ignore_done, begin_state(), count_destroyed));
    meet(async_future_on_done(failed, ignore_done, begin_state(), count_destroyed));
    async_future_resolve(promise, async_list((async_value *[]){async_text("a"), async_int(INT64_MAX)}, 2));
    async_future_fail(failed, ASYNC_EHOST, "it broke");
    async_future_resolve(failed, async_none());
    turns(2);
    run_to_end(promise);
    run_to_end(failed);
}

/* A tree of tasks: each awaits a sleep, then two more tasks, down to the leaves. */
struct branch {
    int depth;
};

static void destroy_branch(void *state)
{
    destroyed++;
    free(state);
}

static async_step grow, gather_up;

static async_future *branch_off(async_loop *from, int depth)
{
    struct branch *branch = malloc(sizeof *branch);

    begun++;
    branch->depth = depth;
    return async_create_task(from, grow, branch, destroy_branch);
}

static async_next grow(async_task *task, void *state)
{
    struct branch *branch = state;
    async_loop *from = async_task_loop(task);

    meet(async_future_set_name(async_task_future(task), "branch"));
    if (branch->depth == 0)
        return async_return(task, async_text("leaf"));
    return async_await(task, async_sleep(from, branch->depth % 2 ? 0 : 1e-6), gather_up);
}

static async_next pass_list_on(async_task *task, void *state)
{
    return async_return(task, async_value_ref(async_awaited(task)));
}

static async_next gather_up(async_task *task, void *state)
{
    struct branch *branch = state;
    async_loop *from = async_task_loop(task);
    async_future *both[] = {branch_off(from, branch->depth - 1), branch_off(from, branch->depth - 1)};

    return async_await(task, async_gather(from, both, 2, 0), pass_list_on);
}

static void tree_of_tasks(void)
{
    run_to_end(branch_off(loop, 3));
    async_loop_close(loop);
}

static async_next fail_with_message(async_task *task, void *state)
{
    return async_fail(task, ASYNC_EHOST, "it broke");
}

static async_next try_what_fails(async_task *task, void *state)
{
    return async_try(task, async_create_task(async_task_loop(task), fail_with_message, begin_state(), count_destroyed),
                     pass_list_on);
}

static void failures(void)
{
    async_future *task = async_create_task(loop, try_what_fails, begin_state(), count_destroyed);

    /* What was awaited has no value, which counts as one that could not be made: here that is the scenario's. */
    async_loop_run_until(loop, task);
    if (async_future_error(task) == ASYNC_ENOMEM && begun == destroyed)
        met = ASYNC_ENOMEM;
    async_future_unref(task);
}

static void combinations(void)
{
    async_future *promise = async_future_new(loop), *made[5];
    async_completions *row;

    made[0] = async_gather(loop, (async_future *[]){async_future_ref(promise), async_sleep(loop, 1e-6)}, 2, 0);
    made[1] = async_wait(loop, (async_future *[]){async_future_ref(promise), async_future_ref(promise)}, 2,
                         ASYNC_ALL_COMPLETED, 100);
    made[2] = async_wait_for(loop, async_future_ref(promise), 100);
    made[3] = async_shield(loop, async_future_ref(promise));
    row = async_as_completed(loop, &(async_future *){async_future_ref(promise)}, 1, 100);
    if (!row)
        met = ASYNC_ENOMEM;
    made[4] = async_completions_next(row);
    async_future_resolve(promise, async_text("here"));
    for (int i = 0; i < 5; i++)
        run_to_end(made[i]);
    async_completions_unref(row);
    meet(async_future_error(promise));
    async_future_unref(promise);
}

static async_next sleep_long(async_task *task, void *state)
{
    return async_await(task, async_sleep(async_task_loop(task), 1000), pass_list_on);
}

static void groups(void)
{
    async_task_group *group = async_task_group_new(loop, NULL);
    async_future *join;

    if (!group)
        met = ASYNC_ENOMEM;
    for (int i = 0; i < 6; i++) {
        async_step *step = i == 5 ? fail_with_message : sleep_long;
        async_future *task = async_task_group_create_task(group, step, begin_state(), count_destroyed);

        if (async_future_is_done(task))
            meet(async_future_error(task));
        async_future_mark_read(task);
        async_future_unref(task);
    }
    join = async_task_group_join(group);
    turns(2);
    async_task_group_cancel(group, "enough");
    run_to_end(join);
    async_task_group_unref(group);
}

/* Deep enough for the cancel's path to need memory; a message so long that it needs some too. It cancels without. */
static void cancels(void)
{
    async_future *last = async_future_new(loop);
    struct courier couriers[100];

    for (int i = 0; i < 100; i++) {
        couriers[i] =
            (struct courier){.name = "x", .parcel = i % 3 ? last : async_gather(loop, &last, 1, 0), .tries = true};
        last = courier_send(&couriers[i]);
    }
    turn();
    meet(async_future_cancel(last, "because"));
    turns(2);
    meet(async_future_cancel(last, NULL));
    async_loop_close(loop);
    ck_assert(async_future_is_done(last));
    meet(async_future_error(last));
    async_future_unref(last);
}

static void close_with_work(void)
{
    for (int i = 0; i < 3; i++)
        async_future_unref(async_create_task(loop, sleep_long, begin_state(), count_destroyed));
    async_future_unref(branch_off(loop, 2));
    meet(async_loop_call_soon(loop, ignore, begin_state(), count_destroyed));
    turn();
    async_loop_abandon(loop);
}

static void options_and_locals(void)
{
    async_local *local = async_local_new("depth", async_text("none"));
    async_task_options *options = async_task_options_new();

    if (!local || !options)
        met = ASYNC_ENOMEM;
    meet(async_local_set(loop, local, async_text("outside")));
    if (options)
        meet(async_task_options_set_name(options, "named"));
    async_task_options_set_trying(options, true);
    run_to_end(async_create_task_with(loop, grow, calloc(1, sizeof(struct branch)), free, options));
    async_task_options_unref(options);
    async_local_unref(local);
}

static const struct {
    const char *name;
    void (*run)(void);
    bool forgives;    /* some of its allocations can be done without */
} scenarios[] = {
    {"callbacks", callbacks, false},
    {"many timers", many_timers, true},         /* their array stays larger than need be */
    {"many posts", many_posts, false},
    {"callbacks on promises", callbacks_on_promises, false},
    {"tree of tasks", tree_of_tasks, true},     /* a report's handler may be all that hears of it */
    {"failures", failures, false},
    {"combinations", combinations, false},
    {"groups", groups, true},                   /* a failure that is not listed, a cancel without its message */
    {"cancels", cancels, true},                 /* the same, and a cancel that goes less deep */
    {"close with work", close_with_work, true}, /* what failed to start was dropped before anyone looked */
    {"options and locals", options_and_locals, true},    /* a task without its name */
};

/* False once there was nothing left to fail. */
static bool run_failing(size_t scenario, size_t count, bool all_that_follow)
{
    size_t blocks = memory_blocks();
    bool failed;

    met = begun = destroyed = 0;
    memory_fail_at(count, all_that_follow);
    loop = async_loop_new();
    if (loop) {
        async_loop_set_exception_handler(loop, ignore_report, NULL, NULL);
        scenarios[scenario].run();
        async_loop_close(loop);
        loop = async_loop_unref(loop);
    } else {
        meet(errno == ENOMEM ? ASYNC_ENOMEM : 0);
    }
    failed = memory_has_failed();
    ck_assert_msg(memory_blocks() == blocks, "%s: allocation %zu leaves %zu blocks behind", scenarios[scenario].name,
                  count, memory_blocks() - blocks);
    ck_assert_msg(begun == destroyed, "%s: allocation %zu: %d states destroyed of %d", scenarios[scenario].name, count,
                  destroyed, begun);
    ck_assert_msg(!failed || met || scenarios[scenario].forgives, "%s: allocation %zu failed and nobody was told",
                  scenarios[scenario].name, count);
    return failed;
}

static void run_all_failing(bool all_that_follow)
{
    async_loop_close(loop);
    loop = async_loop_unref(loop);
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        size_t count = 1;

        while (run_failing(i, count, all_that_follow))
            count++;
        ck_assert_msg(count > 3, "%s: nothing failed", scenarios[i].name);
    }
    notes();
}

START_TEST(each_allocation_may_fail_alone)
{
    run_all_failing(false);
}
END_TEST

START_TEST(all_allocations_may_fail_from_any_on)
{
    run_all_failing(true);
}
END_TEST

int main(void)
{
    return RUN_TESTS("failing", each_allocation_may_fail_alone, all_allocations_may_fail_from_any_on);
}
