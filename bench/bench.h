/* What the programs of the bench share: a clock, runs in turn with their medians, and rows as README.md has them. */
#ifndef LIBASYNC_BENCH_BENCH_H
#define LIBASYNC_BENCH_BENCH_H

#include <stddef.h>
#include <stdint.h>

#define MOST_FIGURES 8

/* One who can do the work that is measured. A run fills in its figures: costs of one operation, in the row's unit. */
struct contender {
    const char *name;
    void (*run)(double *figures);
    double medians[MOST_FIGURES];
};

/* One round to warm up, then five; in each round the contenders take turns: a noisy neighbour meets all of them. */
void measure(struct contender *contenders, size_t count);

/* A row. Without a peer, `peer` is NULL. */
void print_row(const char *what, double ours, const char *unit, const char *peer, double theirs, const char *targets);

/* Time of the processor spent by this thread, which is what a cost is: a busy machine gives the rest to others. */
double spent_ns(void);
/* Time of the clock on the wall. */
double now_ns(void);
double median(double *figures, size_t count);

/* Memory of this process that is really there. */
double resident_bytes(void);
/* What a run adds to that in a process of its own: what earlier runs left in malloc must not hide it. */
double growth_in_child(double (*run)(void));

/* Numbers below `limit` that are the same in each program run. */
uint32_t random_below(uint32_t limit);
void shuffle(uint32_t *order, uint32_t count);

#endif
