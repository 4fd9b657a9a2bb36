/*
 * What every test program shares: a loop around each test, notes of what happened in which order, couriers (small
 * tasks that tell of themselves) and an allocator that counts and fails on request. A test that leaves a block, a
 * descriptor or a report nobody asked about has failed.
 */
#ifndef TESTS_SUPPORT_H
#define TESTS_SUPPORT_H

#include "libasync/async.h"

#include <check.h>
#include <pthread.h>
#include <semaphore.h>

/* Made before each test, closed after it. A test may close it itself, or drop it and set it to NULL. */
extern async_loop *loop;

/* Runs each test twice, with objects packed in chunks and with an allocation for each. What `main` returns. */
int run_tests(const char *noun, const TTest *const *tests);
#define RUN_TESTS(noun, ...) run_tests(noun, (const TTest *const[]){__VA_ARGS__, NULL})

/* Turns of the loop: each runs what was ready when it began. */
void turn(void);
void turns(int count);
/* Runs the loop until the future is done, tells how it ended and drops it. */
int finish(async_future *taken);
/* The same of what must fail: with this error, in these words. */
void ck_assert_fails(async_future *taken, int error, const char *message);

/* Runs a function in another thread, while the loop runs in this one (or is closed), and waits for its end. */
void elsewhere(void (*run)(void *user), void *user);

/* What happened, in order, the words parted by spaces. Asking for the notes begins new ones. */
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
const char *notes(void);
#define ck_assert_notes(expected) ck_assert_str_eq(notes(), expected)
/* Where the order is nobody's promise. */
void ck_assert_notes_of_both(const char *one, const char *other);

/* Callbacks that note their `user`, a text: `a` when called, `~a` when cleaned up. */
void note_call(async_loop *from, void *text);
void note_done(async_future *future, void *text);
void note_destroy(void *text);
/* Clean-up that counts: `user` is an int. */
void count_destroy(void *counter);

/* What the exception handler heard, one line each. Asking begins anew; what is left unasked fails the test. */
const char *reports(void);
/* The handler itself, for tests that make loops of their own. */
void note_report(async_loop *from, async_future *source, int error, const char *message, void *user);

/*
 * A courier is a task that waits for its parcel and hands it on. It notes `ann?` when it starts, `ann=7` when it has
 * the parcel, `ann!ECANCELED` and the like when it caught a failure, `~ann` when its state is destroyed.
 */
struct courier {
    const char *name;
    async_future *parcel;    /* taken; NULL: it answers at once, with 0 */
    bool tries;              /* sees a failure itself, notes it and passes it on */
    bool swallows;           /* sees a failure itself, notes it and answers with 0 */
    async_future *again;     /* taken: awaited once more after a failure was swallowed */
};
async_next courier_start(async_task *task, void *state);
/* Its task, by the courier's name. */
async_future *courier_send(struct courier *courier);

/* Up to so many promises, and the same once more, to be taken. */
#define MOST_PROMISES 4
extern async_future *promises[MOST_PROMISES];
async_future **make_promises(int count);
void drop_promises(int count);

/* The allocator: blocks and bytes in use; the n-th allocation from now fails, and all that follow if so asked. */
size_t memory_blocks(void);
size_t memory_bytes(void);
void memory_fail_at(size_t count, bool all_that_follow);
/* Whether one did; nothing fails any more. */
bool memory_has_failed(void);
/* How many descriptors are open. */
int open_descriptors(void);

pthread_t thread_start(void *(*function)(void *), void *user);
void threads_join(pthread_t *threads, size_t count);

/* The loop, run by a thread of its own until it is told to stop. Once started it is no longer this thread's. */
struct runner {
    async_loop *loop;
    pthread_t thread;
    sem_t running;
};
void runner_start(struct runner *runner);
void runner_stop(struct runner *runner);

/* Small numbers that look random: the same for the same seed, on every machine. */
struct dice {
    uint64_t state;
};
struct dice dice_of(uint64_t seed);
uint32_t roll(struct dice *dice, uint32_t below);

#endif
