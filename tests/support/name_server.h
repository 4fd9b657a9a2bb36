/*
 * A name server of the tests' own, on the loopback and on the test's loop. How it answers is told by the first label of
 * the name asked for:
 *
 *     one       192.0.2.1                       late      as one, once name_server_answer_late is called
 *     both      192.0.2.2 and 2001:db8::2       never     not at all
 *     alias     a CNAME to both                 lies      with another number, then about another name
 *     empty     it is there, without address    garbage   half an answer
 *     big       over TCP alone, as both         fails     SERVFAIL
 *     n12345    10.0.48.57: the number's bytes
 *
 * All other names it says are not there.
 */
#ifndef TESTS_NAME_SERVER_H
#define TESTS_NAME_SERVER_H

#include "libasync/async.h"

/* Starts it and has the resolvers of new loops ask it, and nobody else. */
void name_server_start(async_loop *loop);
void name_server_stop(void);
void name_server_answer_late(void);
/* How many queries came in. */
int name_server_queries(void);

#endif
