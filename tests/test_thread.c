/* Several threads: posting, wrong threads, loops beside each other. */
#include "tests/support/support.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#define THREADS 4
#define POSTS 2000

static void stop(async_loop *from, void *user)
{
    async_loop_stop(from);
}

/* Posts, numbered; `last` is the loop thread's alone. */
struct poster {
    int last, count;
    bool in_order;
    _Atomic int destroyed;
};

struct post {
    struct poster *poster;
    int number;
};

static void receive(async_loop *from, void *user)
{
    struct post *post = user;

    post->poster->in_order &= post->number == post->poster->last + 1;
    post->poster->last = post->number;
    post->poster->count++;
}

static void drop_post(void *user)
{
    struct post *post = user;

    atomic_fetch_add(&post->poster->destroyed, 1);
    free(post);
}

static void *post_many(void *user)
{
    for (int i = 1; i <= POSTS; i++) {
        struct post *post = malloc(sizeof *post);

        *post = (struct post){user, i};
        async_loop_call_soon_threadsafe(loop, receive, post, drop_post);
    }
    return NULL;
}

START_TEST(posts_run_once_and_keep_their_threads_order)
{
    struct poster posters[THREADS];
    pthread_t threads[THREADS];
    struct runner runner;

    runner_start(&runner);
    for (int i = 0; i < THREADS; i++) {
        posters[i] = (struct poster){.in_order = true};
        threads[i] = thread_start(post_many, &posters[i]);
    }
    threads_join(threads, THREADS);
    runner_stop(&runner);
    turn();
    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(posters[i].count, POSTS);
        ck_assert_int_eq(posters[i].destroyed, POSTS);
        ck_assert(posters[i].in_order);
    }
}
END_TEST

START_TEST(a_close_destroys_each_post_once_whether_it_ran_or_not)
{
    struct poster posters[THREADS];
    pthread_t threads[THREADS];

    for (int i = 0; i < THREADS; i++) {
        posters[i] = (struct poster){.in_order = true};
        threads[i] = thread_start(post_many, &posters[i]);
    }
    turns(20);
    async_loop_close(loop);
    threads_join(threads, THREADS);
    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(posters[i].destroyed, POSTS);
        ck_assert_int_le(posters[i].count, POSTS);
        ck_assert(posters[i].in_order);
    }
}
END_TEST

START_TEST(a_post_before_the_run_waits_for_it)
{
    async_loop_call_soon_threadsafe(loop, note_call, "posted", note_destroy);
    ck_assert_notes("");
    turn();
    ck_assert_notes("posted ~posted");
}
END_TEST

static void post_and_ask(async_loop *from, void *user)
{
    async_loop_call_soon(from, note_call, "a", NULL);
    async_loop_call_soon_threadsafe(from, note_call, "b", NULL);
    async_loop_call_soon(from, note_call, "c", NULL);
    async_loop_call_soon_threadsafe(from, note_call, "d", NULL);
}

START_TEST(posts_of_the_loops_own_thread_stand_in_line)
{
    async_loop_call_soon(loop, post_and_ask, NULL, NULL);
    turns(2);
    ck_assert_notes("a b c d");
}
END_TEST

START_TEST(a_post_wakes_a_loop_that_sleeps)
{
    struct runner runner;

    for (int i = 0; i < 50; i++) {
        runner_start(&runner);
        runner_stop(&runner);    /* or it would hang here */
    }
}
END_TEST

START_TEST(another_thread_is_refused_and_not_crashed)
{
    struct runner runner;
    async_future *promise = async_future_new(loop), *task, *refused;
    struct courier ann = {.name = "ann", .parcel = async_future_ref(promise)};
    int destroyed = 0;
    async_timer *timer;

    task = async_create_task(loop, courier_start, &ann, NULL);
    async_loop_call_later(loop, 1000, note_call, NULL, NULL, &timer);
    runner_start(&runner);
    ck_assert_int_eq(async_loop_call_soon(loop, note_call, &destroyed, count_destroy), ASYNC_ETHREAD);
    ck_assert_int_eq(async_loop_call_later(loop, 0, note_call, &destroyed, count_destroy, NULL), ASYNC_ETHREAD);
    ck_assert_int_eq(async_loop_add_reader(loop, 0, note_call, &destroyed, count_destroy), ASYNC_ETHREAD);
    ck_assert_int_eq(async_future_on_done(promise, note_done, &destroyed, count_destroy), ASYNC_ETHREAD);
    ck_assert_int_eq(async_loop_set_exception_handler(loop, note_report, &destroyed, count_destroy), ASYNC_ETHREAD);
    ck_assert_int_eq(destroyed, 5);
    ck_assert_int_eq(async_timer_cancel(timer), ASYNC_ETHREAD);
    ck_assert_int_eq(async_loop_remove_reader(loop, 0), ASYNC_ETHREAD);
    ck_assert_int_eq(async_loop_run(loop), ASYNC_ETHREAD);
    ck_assert_int_eq(async_loop_run_until(loop, promise), ASYNC_ETHREAD);
    ck_assert_int_eq(async_loop_stop(loop), ASYNC_ETHREAD);
    ck_assert_int_eq(async_loop_close(loop), ASYNC_ETHREAD);
    ck_assert_int_eq(async_loop_abandon(loop), ASYNC_ETHREAD);
    ck_assert_int_eq(async_loop_call_exception_handler(loop, NULL, ASYNC_EHOST, "x"), ASYNC_ETHREAD);
    ck_assert_int_eq(async_loop_set_block_hooks(loop, NULL, NULL, NULL), ASYNC_ETHREAD);
    ck_assert_int_eq(async_future_resolve(promise, async_text("x")), ASYNC_ETHREAD);
    ck_assert_int_eq(async_future_fail(promise, ASYNC_EHOST, "x"), ASYNC_ETHREAD);
    ck_assert_int_eq(async_future_cancel(promise, "x"), ASYNC_ETHREAD);
    ck_assert_int_eq(async_future_error(promise), ASYNC_ETHREAD);
    ck_assert_str_eq(async_future_message(promise), async_error_text(ASYNC_ETHREAD));
    ck_assert_int_eq(async_future_mark_read(promise), ASYNC_ETHREAD);
    ck_assert_int_eq(async_future_remove_done(promise, note_done, NULL), ASYNC_ETHREAD);
    ck_assert(!async_future_is_done(promise));
    ck_assert_ptr_null(async_future_value(promise));
    ck_assert_ptr_null(async_future_failure(promise));
    ck_assert_int_eq(async_future_set_name(task, "x"), ASYNC_ETHREAD);
    ck_assert_int_eq(async_future_uncancel(task), ASYNC_ETHREAD);
    ck_assert_ptr_null(async_current_task(loop));
    ck_assert_uint_eq(async_all_tasks(loop, NULL, 0), 0);

    refused = async_future_new(loop);
    ck_assert_int_eq(async_future_error(refused), ASYNC_ETHREAD);
    ck_assert_int_eq(async_future_error(async_sleep(loop, 0)), ASYNC_ETHREAD);
    ck_assert_int_eq(async_future_error(async_create_task(loop, courier_start, &destroyed, count_destroy)),
                     ASYNC_ETHREAD);
    ck_assert_int_eq(destroyed, 6);
    refused = async_gather(loop, &(async_future *){async_future_ref(promise)}, 1, 0);
    ck_assert_int_eq(async_future_error(refused), ASYNC_ETHREAD);
    refused = async_wait(loop, &(async_future *){async_future_ref(promise)}, 1, ASYNC_ALL_COMPLETED, ASYNC_FOREVER);
    ck_assert_int_eq(async_future_error(refused), ASYNC_ETHREAD);
    runner_stop(&runner);

    ck_assert_int_eq(async_future_error(promise), ASYNC_ESTATE);
    async_timer_cancel(timer);
    async_timer_unref(timer);
    async_future_unref(promise);
    async_future_unref(task);
    async_loop_close(loop);
    notes();
}
END_TEST

static async_next count_down(async_task *task, void *state)
{
    int *left = state;

    if (--*left == 0)
        return async_return(task, async_text("done"));
    return async_await(task, async_sleep(async_task_loop(task), *left % 50 ? 0 : 1e-5), count_down);
}

static void *run_program(void *user)
{
    intptr_t failures = 0;

    for (int i = 0; i < 5; i++) {
        async_loop *own = async_loop_new();
        async_future *tasks[20], *all;
        int left[20];

        for (int j = 0; j < 20; j++) {
            left[j] = 100;
            tasks[j] = async_create_task(own, count_down, &left[j], NULL);
        }
        all = async_gather(own, tasks, 20, 0);
        failures += async_loop_run_until(own, all) != 0;
        async_future_unref(all);
        failures += async_loop_close(own) != 0;
        async_loop_unref(own);
    }
    return (void *)failures;
}

START_TEST(loops_run_beside_each_other)
{
    pthread_t threads[THREADS];
    void *failures;

    for (int i = 0; i < THREADS; i++)
        threads[i] = thread_start(run_program, NULL);
    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_join(threads[i], &failures), 0);
        ck_assert_ptr_null(failures);
    }
}
END_TEST

/* Two loops that throw a ball to and fro. */
struct ball {
    async_loop *loops[2];
    int throws;
};

static void throw_on(async_loop *from, void *user)
{
    struct ball *ball = user;
    async_loop *other = ball->loops[from == ball->loops[0]];

    if (++ball->throws < 500) {
        async_loop_call_soon_threadsafe(other, throw_on, ball, NULL);
        return;
    }
    async_loop_call_soon_threadsafe(other, stop, NULL, NULL);
    async_loop_stop(from);
}

static void *run_forever(void *user)
{
    async_loop_run(user);
    async_loop_close(user);
    return async_loop_unref(user);
}

START_TEST(loops_post_to_each_other)
{
    struct ball ball = {.loops = {loop, async_loop_new()}};
    pthread_t thread;

    async_loop_call_soon_threadsafe(ball.loops[1], throw_on, &ball, NULL);
    thread = thread_start(run_forever, async_loop_ref(ball.loops[1]));
    async_loop_unref(ball.loops[1]);
    ck_assert_int_eq(async_loop_run(loop), 0);
    threads_join(&thread, 1);
    ck_assert_int_ge(ball.throws, 500);
}
END_TEST

static void *use_loop(void *user)
{
    async_future *promise = async_future_new(loop);

    async_future_resolve(promise, async_int(7));
    return (void *)(intptr_t)(finish(promise) == 0 && async_loop_stop(loop) == 0 && async_loop_run(loop) == 0);
}

START_TEST(a_loop_that_stands_still_may_change_hands)
{
    void *right;

    for (int i = 0; i < 3; i++) {
        pthread_t thread = thread_start(use_loop, NULL);

        ck_assert_int_eq(pthread_join(thread, &right), 0);
        ck_assert_ptr_nonnull(right);
        turn();
    }
}
END_TEST

static void *give_its_verdict(void *user)
{
    async_task *task = user;
    bool refused = !async_return(task, async_text("stolen")) && !async_fail(task, ASYNC_EHOST, "stolen") &&
                   !async_await(task, async_sleep(async_task_loop(task), 0), NULL) && !async_awaited(task) &&
                   async_caught(task) == 0;

    return (void *)(intptr_t)refused;
}

static async_next lend_to_a_thread(async_task *task, void *state)
{
    pthread_t thread = thread_start(give_its_verdict, task);
    void *refused;

    pthread_join(thread, &refused);
    return async_return(task, async_bool(refused));
}

START_TEST(another_thread_cannot_give_a_steps_verdict)
{
    async_future *task = async_create_task(loop, lend_to_a_thread, NULL, NULL);

    ck_assert_int_eq(async_loop_run_until(loop, task), 0);
    ck_assert(async_value_bool(async_future_value(task)));
    async_future_unref(task);
}
END_TEST

static void *fail_without_loop(void *user)
{
    for (int code = -1; code >= ASYNC_EDNS; code--) {
        async_future *failed = async_sleep(NULL, 1);

        if (async_future_error(failed) != ASYNC_EINVAL || async_future_loop(failed))
            return failed;
        async_future_unref(async_future_ref(failed));
        async_future_mark_read(failed);
        async_future_unref(failed);
    }
    return NULL;
}

START_TEST(immortal_failed_futures_are_every_threads)
{
    pthread_t threads[THREADS];
    void *wrong;

    for (int i = 0; i < THREADS; i++)
        threads[i] = thread_start(fail_without_loop, NULL);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], &wrong);
        ck_assert_ptr_null(wrong);
    }
}
END_TEST

int main(void)
{
    return RUN_TESTS("thread", posts_run_once_and_keep_their_threads_order,
                     a_close_destroys_each_post_once_whether_it_ran_or_not, a_post_before_the_run_waits_for_it,
                     posts_of_the_loops_own_thread_stand_in_line, a_post_wakes_a_loop_that_sleeps,
                     another_thread_is_refused_and_not_crashed, loops_run_beside_each_other, loops_post_to_each_other,
                     a_loop_that_stands_still_may_change_hands, another_thread_cannot_give_a_steps_verdict,
                     immortal_failed_futures_are_every_threads);
}
