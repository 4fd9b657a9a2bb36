/* Several threads: posting, wrong threads, references dropped elsewhere, loops beside each other. */
#include "tests/support/support.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>

#define THREADS 4
#define POSTS 2000

static pthread_t start(void *(*function)(void *), void *user)
{
    pthread_t thread;

    ck_assert_int_eq(pthread_create(&thread, NULL, function, user), 0);
    return thread;
}

static void wait_for_all(pthread_t *threads, size_t count)
{
    while (count > 0)
        ck_assert_int_eq(pthread_join(threads[--count], NULL), 0);
}

/* A loop that runs in a thread of its own until it is told to stop. */
struct runner {
    async_loop *loop;
    pthread_t thread;
    sem_t running;
};

static void say_running(async_loop *from, void *user)
{
    sem_post(&((struct runner *)user)->running);
}

static void *run_loop(void *user)
{
    struct runner *runner = user;

    async_loop_call_soon(runner->loop, say_running, runner, NULL);
    async_loop_run(runner->loop);
    return NULL;
}

/* Once this returns the loop runs, and is no longer this thread's. */
static void runner_start(struct runner *runner)
{
    runner->loop = loop;
    sem_init(&runner->running, 0, 0);
    runner->thread = start(run_loop, runner);
    sem_wait(&runner->running);
}

static void stop(async_loop *from, void *user)
{
    async_loop_stop(from);
}

static void runner_stop(struct runner *runner)
{
    ck_assert_int_eq(async_loop_call_soon_threadsafe(loop, stop, NULL, NULL), 0);
    wait_for_all(&runner->thread, 1);
    sem_destroy(&runner->running);
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
        threads[i] = start(post_many, &posters[i]);
    }
    wait_for_all(threads, THREADS);
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
        threads[i] = start(post_many, &posters[i]);
    }
    turns(20);
    async_loop_close(loop);
    wait_for_all(threads, THREADS);
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
    async_future *promise = async_future_new(loop), *task = async_create_task(loop, courier_start, &(struct courier){"ann", async_future_ref(promise), false, false, NULL}, NULL), *refused;
    int destroyed = 0;
    async_timer *timer;

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
    ck_assert_int_eq(async_future_error(async_create_task(loop, courier_start, &destroyed, count_destroy)), ASYNC_ETHREAD);
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

/* References are taken and dropped by all threads, while the loop's own does the same. */
static void *juggle(void *user)
{
    async_future *future = user;

    for (int i = 0; i < POSTS; i++) {
        async_future *mine = async_future_ref(future);

        if (i % 2)
            async_future_unref(async_future_ref(mine));
        async_future_unref(mine);
    }
    return async_future_unref(future);
}

static void juggle_at_home(async_loop *from, void *user)
{
    for (int i = 0; i < 100; i++)
        async_future_unref(async_future_ref(user));
}

START_TEST(references_are_counted_in_all_threads)
{
    async_future *promise = async_future_new(loop);
    pthread_t threads[THREADS];
    struct runner runner;

    runner_start(&runner);
    for (int i = 0; i < THREADS; i++)
        threads[i] = start(juggle, async_future_ref(promise));
    for (int i = 0; i < 100; i++)
        async_loop_call_soon_threadsafe(loop, juggle_at_home, promise, NULL);
    wait_for_all(threads, THREADS);
    runner_stop(&runner);
    async_future_unref(promise);
}
END_TEST

START_TEST(a_closed_loops_futures_are_counted_in_all_threads)
{
    async_future *promise = async_future_new(loop), *failed = async_future_new(loop);
    pthread_t threads[2 * THREADS];

    async_future_resolve(promise, async_text("kept"));
    async_future_fail(failed, ASYNC_EHOST, "broke");
    for (int i = 0; i < THREADS; i++) {
        threads[2 * i] = start(juggle, async_future_ref(promise));
        threads[2 * i + 1] = start(juggle, async_future_ref(failed));
    }
    async_loop_close(loop);
    loop = async_loop_unref(loop);
    ck_assert_str_eq(async_value_text(async_future_value(promise), NULL), "kept");
    ck_assert_int_eq(async_future_error(failed), ASYNC_EHOST);
    ck_assert_str_eq(async_future_message(failed), "broke");
    async_future_unref(promise);
    async_future_unref(failed);
    wait_for_all(threads, 2 * THREADS);
}
END_TEST

START_TEST(a_closed_loops_failure_may_be_read_while_others_count)
{
    async_future *failed = async_future_new(loop), *unread = async_future_new(loop);
    pthread_t threads[2 * THREADS];

    async_future_fail(failed, ASYNC_EHOST, "broke");
    async_future_fail(unread, ASYNC_EHOST, "broke too");
    async_loop_close(loop);
    for (int i = 0; i < THREADS; i++) {
        threads[2 * i] = start(juggle, async_future_ref(failed));
        threads[2 * i + 1] = start(juggle, async_future_ref(unread));
    }
    ck_assert_int_eq(async_future_error(failed), ASYNC_EHOST);
    ck_assert_int_eq(async_future_mark_read(unread), 0);
    ck_assert(async_future_is_done(unread));
    async_future_unref(failed);
    async_future_unref(unread);
    loop = async_loop_unref(loop);
    wait_for_all(threads, 2 * THREADS);
}
END_TEST

static void *drop_futures(void *user)
{
    async_future **futures = user;

    for (int i = 0; i < POSTS; i++)
        async_future_unref(futures[i]);
    return NULL;
}

START_TEST(last_references_dropped_elsewhere_are_freed_at_home)
{
    async_future *futures[POSTS];
    struct runner runner;
    pthread_t thread;

    for (int i = 0; i < POSTS; i++)
        futures[i] = async_sleep(loop, 1e-6);
    runner_start(&runner);
    thread = start(drop_futures, futures);
    wait_for_all(&thread, 1);
    runner_stop(&runner);
}
END_TEST

START_TEST(last_references_may_go_while_the_loop_closes)
{
    async_future *futures[POSTS];
    pthread_t thread;

    for (int i = 0; i < POSTS; i++)
        futures[i] = async_future_new(loop);
    for (int i = 0; i < POSTS; i += 2)
        async_future_resolve(futures[i], async_list(NULL, 0));
    thread = start(drop_futures, futures);
    async_loop_close(loop);
    loop = async_loop_unref(loop);
    wait_for_all(&thread, 1);
}
END_TEST

static pthread_t reported_in;

static void report_thread(async_loop *from, async_future *source, int error, const char *message, void *user)
{
    reported_in = pthread_self();
    note("%s", message);
}

static void *drop_one(void *user)
{
    return async_future_unref(user);
}

START_TEST(a_failure_dropped_elsewhere_is_reported_at_home)
{
    async_future *promise = async_future_new(loop);
    struct runner runner;
    pthread_t thread;

    async_future_fail(promise, ASYNC_EHOST, "broke");
    async_loop_set_exception_handler(loop, report_thread, NULL, NULL);
    runner_start(&runner);
    thread = start(drop_one, promise);
    wait_for_all(&thread, 1);
    runner_stop(&runner);
    turn();
    ck_assert_notes("a future failed and nobody read it: broke");
    ck_assert(pthread_equal(reported_in, runner.thread) || pthread_equal(reported_in, pthread_self()));
}
END_TEST

static _Atomic bool let_go_elsewhere;
static pthread_t home;

static void let_go(void *pointer)
{
    if (!pthread_equal(pthread_self(), home))
        atomic_store(&let_go_elsewhere, true);
    note("gone");
}

static void *drop_value(void *user)
{
    return async_value_unref(user);
}

START_TEST(an_object_is_let_go_in_its_loops_thread)
{
    async_type *type = async_type_new("object", NULL, let_go);
    struct runner runner;
    pthread_t thread;

    runner_start(&runner);
    home = runner.thread;
    thread = start(drop_value, async_object(loop, type, &home));
    wait_for_all(&thread, 1);
    runner_stop(&runner);
    home = pthread_self();
    turn();
    ck_assert_notes("gone");
    ck_assert(!let_go_elsewhere);
    async_type_unref(type);
}
END_TEST

static void *share_value(void *user)
{
    async_value *list = user;

    for (int i = 0; i < POSTS; i++) {
        async_value *item = async_value_ref(async_value_item(list, (size_t)i % async_value_count(list)));

        async_value_unref(async_list(&item, 1));
    }
    return async_value_unref(list);
}

START_TEST(values_are_shared_by_all_threads)
{
    async_value *list = async_list((async_value *[]){async_text("a"), async_double(1), async_list(NULL, 0)}, 3);
    pthread_t threads[THREADS];

    for (int i = 0; i < THREADS; i++)
        threads[i] = start(share_value, async_value_ref(list));
    async_value_unref(list);
    wait_for_all(threads, THREADS);
}
END_TEST

static async_value *read_number(void *pointer)
{
    return async_int(INT64_MAX - *(int *)pointer);
}

static void *read_object(void *user)
{
    return (void *)(intptr_t)(async_value_int(user) == INT64_MAX - 7);
}

START_TEST(an_object_may_be_read_by_all_threads_at_once)
{
    int seven = 7;
    async_type *type = async_type_new("seven", NULL, NULL);
    async_value *object;
    pthread_t threads[THREADS];
    void *right;

    async_type_set_reader(type, read_number);
    object = async_object(NULL, type, &seven);
    for (int i = 0; i < THREADS; i++)
        threads[i] = start(read_object, object);
    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_join(threads[i], &right), 0);
        ck_assert_ptr_nonnull(right);
    }
    async_value_unref(object);
    async_type_unref(type);
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
        threads[i] = start(run_program, NULL);
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
    thread = start(run_forever, async_loop_ref(ball.loops[1]));
    async_loop_unref(ball.loops[1]);
    ck_assert_int_eq(async_loop_run(loop), 0);
    wait_for_all(&thread, 1);
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
        pthread_t thread = start(use_loop, NULL);

        ck_assert_int_eq(pthread_join(thread, &right), 0);
        ck_assert_ptr_nonnull(right);
        turn();
    }
}
END_TEST

static void *drop_timer(void *user)
{
    return async_timer_unref(user);
}

START_TEST(a_timers_last_reference_may_go_elsewhere)
{
    async_timer *timer;
    struct runner runner;
    pthread_t thread;

    async_loop_call_later(loop, 0, note_call, "fired", NULL, &timer);
    runner_start(&runner);
    thread = start(drop_timer, timer);
    wait_for_all(&thread, 1);
    runner_stop(&runner);
    turn();
    ck_assert_notes("fired");
}
END_TEST

START_TEST(a_closed_loops_timer_may_go_elsewhere)
{
    async_timer *timer;
    pthread_t thread;

    async_loop_call_later(loop, 0, note_call, "fired", NULL, &timer);
    async_loop_close(loop);
    loop = async_loop_unref(loop);
    thread = start(drop_timer, timer);
    wait_for_all(&thread, 1);
    ck_assert_notes("");
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
    pthread_t thread = start(give_its_verdict, task);
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
        threads[i] = start(fail_without_loop, NULL);
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
                     another_thread_is_refused_and_not_crashed, references_are_counted_in_all_threads,
                     a_closed_loops_futures_are_counted_in_all_threads,
                     a_closed_loops_failure_may_be_read_while_others_count,
                     last_references_dropped_elsewhere_are_freed_at_home,
                     last_references_may_go_while_the_loop_closes, a_failure_dropped_elsewhere_is_reported_at_home,
                     an_object_is_let_go_in_its_loops_thread, values_are_shared_by_all_threads,
                     an_object_may_be_read_by_all_threads_at_once, loops_run_beside_each_other,
                     loops_post_to_each_other, a_loop_that_stands_still_may_change_hands,
                     a_timers_last_reference_may_go_elsewhere, a_closed_loops_timer_may_go_elsewhere,
                     another_thread_cannot_give_a_steps_verdict, immortal_failed_futures_are_every_threads);
}
