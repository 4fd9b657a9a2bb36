/*
 * Random programs against a reference: tests/model/model.h tells how. MODEL_SEEDS says how many; MODEL_SEED replays
 * one, and prints it.
 */
#include "tests/model/model.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define THREADS 4

static uint64_t number_from(const char *variable, uint64_t otherwise)
{
    const char *text = getenv(variable);

    return text ? strtoull(text, NULL, 10) : otherwise;
}

static uint64_t seeds(void)
{
    return number_from("MODEL_SEEDS", 3000);
}

/* NULL, or what is wrong. The journals are large, so they do not stand on the stack of a thread. */
static const char *compare(uint64_t seed, bool tell)
{
    struct plan plan = plan_of(seed);
    struct journal *expected = calloc(2, sizeof *expected), *got = expected + 1;
    bool laid_down = reference_run(&plan, expected);
    const char *wrong = real_run(&plan, got);

    if (!wrong && laid_down && strcmp(expected->text, got->text) != 0)
        wrong = "it went otherwise";
    if (tell)
        plan_print(&plan);
    if (tell)
        journals_print(expected, got);
    free(expected);
    return wrong;
}

static void check(uint64_t seed)
{
    size_t blocks = memory_blocks();
    const char *wrong = compare(seed, false);

    if (wrong)
        compare(seed, true);
    ck_assert_msg(!wrong, "seed %llu: %s; to replay it: MODEL_SEED=%llu", (unsigned long long)seed, wrong,
                  (unsigned long long)seed);
    ck_assert_msg(memory_blocks() == blocks, "seed %llu leaves memory behind", (unsigned long long)seed);
}

START_TEST(libasync_does_what_the_reference_does)
{
    if (getenv("MODEL_SEED")) {
        compare(number_from("MODEL_SEED", 0), true);
        check(number_from("MODEL_SEED", 0));
        return;
    }
    for (uint64_t seed = 0; seed < seeds(); seed++)
        check(seed);
}
END_TEST

struct share {
    uint64_t first, count, failed;
    const char *wrong;
};

static void *compare_all(void *user)
{
    struct share *share = user;

    for (uint64_t seed = share->first; seed < share->first + share->count && !share->wrong; seed++) {
        share->wrong = compare(seed, false);
        share->failed = seed;
    }
    return NULL;
}

START_TEST(loops_in_several_threads_do_not_meet)
{
    struct share shares[THREADS] = {{0}};
    pthread_t threads[THREADS];

    for (uint64_t i = 0; i < THREADS; i++) {
        shares[i].count = seeds() / 10 / THREADS;
        shares[i].first = i * shares[i].count;
        ck_assert_int_eq(pthread_create(&threads[i], NULL, compare_all, &shares[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < THREADS; i++)
        ck_assert_msg(!shares[i].wrong, "seed %llu: %s", (unsigned long long)shares[i].failed, shares[i].wrong);
}
END_TEST

START_TEST(nothing_posted_is_lost_or_doubled)
{
    for (uint64_t seed = 0; seed < seeds() / 10; seed++) {
        struct plan plan = plan_of(seed);
        const char *wrong = real_run_with_posts(&plan);

        ck_assert_msg(!wrong, "seed %llu: %s", (unsigned long long)seed, wrong);
    }
}
END_TEST

int main(void)
{
    return RUN_TESTS("model", libasync_does_what_the_reference_does, loops_in_several_threads_do_not_meet,
                     nothing_posted_is_lost_or_doubled);
}
