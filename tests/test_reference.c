/* References taken and dropped in any thread, before a close, during it and after. */
#include "tests/support/support.h"

#include <pthread.h>
#include <stdatomic.h>

#define THREADS 4
#define TURNS 2000

/* References are taken and dropped by all threads, while the loop's own does the same. */
static void *juggle(void *user)
{
    async_future *future = user;

    for (int i = 0; i < TURNS; i++) {
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
        threads[i] = thread_start(juggle, async_future_ref(promise));
    for (int i = 0; i < 100; i++)
        async_loop_call_soon_threadsafe(loop, juggle_at_home, promise, NULL);
    threads_join(threads, THREADS);
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
        threads[2 * i] = thread_start(juggle, async_future_ref(promise));
        threads[2 * i + 1] = thread_start(juggle, async_future_ref(failed));
    }
    async_loop_close(loop);
    loop = async_loop_unref(loop);
    ck_assert_str_eq(async_value_text(async_future_value(promise), NULL), "kept");
    ck_assert_int_eq(async_future_error(failed), ASYNC_EHOST);
    ck_assert_str_eq(async_future_message(failed), "broke");
    async_future_unref(promise);
    async_future_unref(failed);
    threads_join(threads, 2 * THREADS);
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
        threads[2 * i] = thread_start(juggle, async_future_ref(failed));
        threads[2 * i + 1] = thread_start(juggle, async_future_ref(unread));
    }
    ck_assert_int_eq(async_future_error(failed), ASYNC_EHOST);
    ck_assert_int_eq(async_future_mark_read(unread), 0);
    ck_assert(async_future_is_done(unread));
    async_future_unref(failed);
    async_future_unref(unread);
    loop = async_loop_unref(loop);
    threads_join(threads, 2 * THREADS);
}
END_TEST

static void *drop_futures(void *user)
{
    async_future **futures = user;

    for (int i = 0; i < TURNS; i++)
        async_future_unref(futures[i]);
    return NULL;
}

START_TEST(last_references_dropped_elsewhere_are_freed_at_home)
{
    async_future *futures[TURNS];
    struct runner runner;
    pthread_t thread;

    for (int i = 0; i < TURNS; i++)
        futures[i] = async_sleep(loop, 1e-6);
    runner_start(&runner);
    thread = thread_start(drop_futures, futures);
    threads_join(&thread, 1);
    runner_stop(&runner);
}
END_TEST

START_TEST(last_references_may_go_while_the_loop_closes)
{
    async_future *futures[TURNS];
    pthread_t thread;

    for (int i = 0; i < TURNS; i++)
        futures[i] = async_future_new(loop);
    for (int i = 0; i < TURNS; i += 2)
        async_future_resolve(futures[i], async_list(NULL, 0));
    thread = thread_start(drop_futures, futures);
    async_loop_close(loop);
    loop = async_loop_unref(loop);
    threads_join(&thread, 1);
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
    thread = thread_start(drop_one, promise);
    threads_join(&thread, 1);
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
    thread = thread_start(drop_value, async_object(loop, type, &home));
    threads_join(&thread, 1);
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

    for (int i = 0; i < TURNS; i++) {
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
        threads[i] = thread_start(share_value, async_value_ref(list));
    async_value_unref(list);
    threads_join(threads, THREADS);
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
        threads[i] = thread_start(read_object, object);
    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_join(threads[i], &right), 0);
        ck_assert_ptr_nonnull(right);
    }
    async_value_unref(object);
    async_type_unref(type);
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
    thread = thread_start(drop_timer, timer);
    threads_join(&thread, 1);
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
    thread = thread_start(drop_timer, timer);
    threads_join(&thread, 1);
    ck_assert_notes("");
}
END_TEST

int main(void)
{
    return RUN_TESTS("reference", references_are_counted_in_all_threads,
                     a_closed_loops_futures_are_counted_in_all_threads,
                     a_closed_loops_failure_may_be_read_while_others_count,
                     last_references_dropped_elsewhere_are_freed_at_home, last_references_may_go_while_the_loop_closes,
                     a_failure_dropped_elsewhere_is_reported_at_home, an_object_is_let_go_in_its_loops_thread,
                     values_are_shared_by_all_threads, an_object_may_be_read_by_all_threads_at_once,
                     a_timers_last_reference_may_go_elsewhere, a_closed_loops_timer_may_go_elsewhere);
}
