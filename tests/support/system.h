/*
 * System calls that fail on request. A test program that is linked with this has the library's calls come through
 * here: -Wl,--wrap=accept4 and so on, for each of `enum system_call`.
 */
#ifndef TESTS_SYSTEM_H
#define TESTS_SYSTEM_H

#include <stddef.h>

enum system_call {
    CALL_SOCKET,     /* of stream sockets: a resolver has others */
    CALL_BIND,
    CALL_LISTEN,
    CALL_CONNECT,    /* the same */
    CALL_ACCEPT4,
    CALL_GETSOCKOPT,
    SYSTEM_CALLS
};

/* The n-th call from now, and `count` in all from there on, fail with that errno. */
void system_fail_at(enum system_call call, size_t nth, size_t count, int number);
/* The next calls fail with these errnos, one each, or go well where it is 0. The array must stay. */
void system_fail_each(enum system_call call, const int *numbers, size_t count);
/* No call fails any more. How many did. */
size_t system_failed(void);
/* How many calls there were since this was asked last. */
size_t system_calls(enum system_call call);

#endif
