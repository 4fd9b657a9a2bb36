/* The cases, read from their files. README.md tells how they are written. */
#ifndef TESTS_SCENARIOS_CASES_H
#define TESTS_SCENARIOS_CASES_H

#include <stdbool.h>
#include <stdio.h>

#define MOST_WORDS 16
#define MOST_OPS 64
#define MOST_COROUTINES 12

struct op {
    char *words[MOST_WORDS + 1];    /* the last one is NULL */
    int count;
};

struct body {
    char name[32];
    struct op ops[MOST_OPS];
    int count;
};

struct scenario {
    char title[128];
    struct body bodies[MOST_COROUTINES];
    int count;
    char *lines[MOST_COROUTINES * MOST_OPS];    /* what the words point into */
    int line_count;
};

/* The next case of a file, false at its end. The words of the one before are gone then. */
bool scenario_read(FILE *file, struct scenario *scenario);
/* What a coroutine does. `a'` is another one of `a`. */
const struct body *scenario_body(const struct scenario *scenario, const char *name);
/* The words from one on, parted by spaces; in a buffer of its own, until the next call. */
const char *op_text(const struct op *op, int first);

#endif
