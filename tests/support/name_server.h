/*
 * A name server of the tests' own, on the loopback and on the test's loop. How it answers is told by the first label of
 * the name asked for:
 *
 *     one       192.0.2.1                       late      as one, once name_server_answer_late is called
 *     both      192.0.2.2 and 2001:db8::2       never     not at all
 *     alias     a CNAME to both                 lies      with another number, then about another name
 *     empty     it is there, without address    hides     with another number
 *     big       over TCP alone, as both         garbage   half an answer
 *     n12345    10.0.48.57: the number's bytes  scrap     a few bytes
 *     many      300 addresses, over TCP         fails     SERVFAIL
 *     chain9    9 aliases, last first, to both  refuses   REFUSED
 *     xn--...   as one                          unable    NOTIMP
 *     old       as one; knows no EDNS           circle    a CNAME to itself
 *     records   one of each type or two         broken    records whose data is none
 *     7         PTR to printer.own.test         half4   127.0.0.1, and ::1 as late answers
 *                                               half6   ::1, and 127.0.0.1 as late answers
 *
 * All other names it says are not there, and so it says of those that end in ".nowhere".
 */
#ifndef TESTS_NAME_SERVER_H
#define TESTS_NAME_SERVER_H

#include "libasync/async.h"

/* Starts it and has the resolvers of new loops ask it, and nobody else. */
void name_server_start(async_loop *loop);
void name_server_stop(void);
/* The same on the test's loop, and with a hosts file. */
void serve_names(const char *hosts);
void serve_no_more(void);
void name_server_answer_late(void);
/* How many queries came in. */
int name_server_queries(void);
/* The names asked for since the last call, in order and each but once in a row, parted by spaces. */
const char *name_server_asked(void);
/* "127.0.0.1:5300": where it listens. */
const char *name_server_address(void);

#endif
