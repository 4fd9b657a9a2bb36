#include "bench/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RUNS 5

static double read_ns(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

double spent_ns(void)
{
    return read_ns(CLOCK_THREAD_CPUTIME_ID);
}

double now_ns(void)
{
    return read_ns(CLOCK_MONOTONIC);
}

static int compare(const void *one, const void *other)
{
    double difference = *(const double *)one - *(const double *)other;

    return (difference > 0) - (difference < 0);
}

double median(double *figures, size_t count)
{
    qsort(figures, count, sizeof *figures, compare);
    return figures[count / 2];
}

static void take_medians(struct contender *contender, double runs[RUNS][MOST_FIGURES])
{
    for (size_t figure = 0; figure < MOST_FIGURES; figure++) {
        double column[RUNS];

        for (size_t run = 0; run < RUNS; run++)
            column[run] = runs[run][figure];
        contender->medians[figure] = median(column, RUNS);
    }
}

void measure(struct contender *contenders, size_t count)
{
    double (*runs)[RUNS][MOST_FIGURES] = calloc(count, sizeof *runs);

    if (!runs)
        abort();
    for (size_t who = 0; who < count; who++)
        contenders[who].run(runs[who][0]);
    for (size_t run = 0; run < RUNS; run++)
        for (size_t who = 0; who < count; who++)
            contenders[who].run(runs[who][run]);
    for (size_t who = 0; who < count; who++)
        take_medians(&contenders[who], runs[who]);
    free(runs);
}

void print_row(const char *what, double ours, const char *unit, const char *peer, double theirs, const char *targets)
{
    if (peer)
        printf("%s\t%.1f\t%s\t%s\t%.1f\t%s\n", what, ours, unit, peer, theirs, targets);
    else
        printf("%s\t%.1f\t%s\t-\t-\t%s\n", what, ours, unit, targets);
    fflush(stdout);
}

double resident_bytes(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    unsigned long pages = 0;

    if (!file || fscanf(file, "%*u %lu", &pages) != 1)
        abort();
    fclose(file);
    return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

double growth_in_child(double (*run)(void))
{
    double growth;
    int ends[2], status;
    pid_t child;

    fflush(stdout);
    if (pipe(ends) < 0 || (child = fork()) < 0)
        abort();
    if (child == 0) {
        growth = run();
        _exit(write(ends[1], &growth, sizeof growth) != sizeof growth);
    }
    if (read(ends[0], &growth, sizeof growth) != sizeof growth || waitpid(child, &status, 0) < 0 || status)
        abort();
    close(ends[0]);
    close(ends[1]);
    return growth;
}

/* xorshift32: Marsaglia, "Xorshift RNGs", 2003. */
uint32_t random_below(uint32_t limit)
{
    static uint32_t state = 2463534242;

    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return (uint32_t)((uint64_t)state * limit >> 32);
}

void shuffle(uint32_t *order, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        order[i] = i;
    for (uint32_t i = count; i > 1; i--) {
        uint32_t other = random_below(i), kept = order[i - 1];

        order[i - 1] = order[other];
        order[other] = kept;
    }
}
