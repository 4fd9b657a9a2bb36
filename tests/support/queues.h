/* The queue that a test is about, and numbers that go through it. */
#ifndef TESTS_QUEUES_H
#define TESTS_QUEUES_H

#include "libasync/async.h"

/* On the test's loop; a test drops what it made. */
extern async_queue *queue;
void make_queue(int64_t capacity, int kind);
void drop_queue(void);

void put_ints(int first, int last);
/* What is there to get: the number, or the error. */
int get_int(void);
/* The number a get ends with, or its error. */
int got(async_future *taken);

#endif
