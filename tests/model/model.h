/*
 * Random programs, carried out twice: by libasync, and by a reference that is nothing but lists and counters. Both keep
 * a journal of what their tasks and callbacks saw, and the journals must be the same.
 *
 * A program is a few tasks with a list of orders each. Orders name things: the tasks by their numbers, then the
 * promises. What a thing does not allow any more (it was created before, or dropped) is passed over, by both alike.
 */
#ifndef TESTS_MODEL_MODEL_H
#define TESTS_MODEL_MODEL_H

#include "tests/support/support.h"

#define MOST_TASKS 8
#define MOST_PROMISES 4
#define MOST_THINGS (MOST_TASKS + MOST_PROMISES)
#define MOST_ORDERS 18

enum verb {
    SLEEP,       /* amount: seconds */
    AWAIT,       /* what */
    LIMIT,       /* await what, for amount seconds; -1 is for ever */
    GATHER,      /* await what and other together */
    CREATE,      /* what: a task */
    CANCEL,      /* what */
    UNCANCEL,    /* itself */
    RESOLVE,     /* what: a promise; amount: its value */
    FAIL,        /* the same, with a failure */
    ON_DONE,     /* what */
    DROP,        /* what: the reference to it */
    RETURN,      /* amount */
    RAISE,       /* amount */
    VERBS
};

struct order {
    enum verb verb;
    int what, other, amount;
    bool tries;    /* whether an await sees how it failed */
    bool keeps;    /* whether a gather lists failures */
};

struct script {
    struct order orders[MOST_ORDERS];
    int count;
};

struct plan {
    uint64_t seed;
    int tasks, promises;
    struct script scripts[MOST_TASKS];
    int turns;      /* how many to run before the loop is closed; -1: go by seconds */
    int seconds;    /* how many to run, each to its last event */
};

/* How things end. A failure's number is its message. */
enum outcome { PENDING, SUCCESS, FAILURE, CANCELLED, TIMED_OUT, DEADLOCK, CLOSED };

struct journal {
    char text[32768];
    size_t length;
};

/* plan.c */
struct plan plan_of(uint64_t seed);
void plan_print(const struct plan *plan);
void journal_add(struct journal *journal, const char *format, ...) __attribute__((format(printf, 2, 3)));
const char *outcome_name(enum outcome outcome);
/* Prints two journals from where they part. */
void journals_print(const struct journal *expected, const struct journal *got);

/* reference.c: what should happen until the loop is closed; the last lines tell the state of each thing. False when
 * tasks waited for each other in a ring through a gather and one was cancelled: in which order such a ring dissolves is
 * open. */
bool reference_run(const struct plan *plan, struct journal *journal);

/* real.c: what happens. NULL, or what is wrong besides the journal: something lost or doubled at the close. */
const char *real_run(const struct plan *plan, struct journal *journal);
/* The same while another thread posts promises' ends and drops references; only what is lost or doubled can be told. */
const char *real_run_with_posts(const struct plan *plan);

#endif
