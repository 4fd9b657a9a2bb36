/*
 * System calls that fail on request. A test program that includes this is linked so that the calls of the library's
 * sources, and its own, come here first: tests/meson.build lists them.
 */
#ifndef TESTS_FAULTS_H
#define TESTS_FAULTS_H

#include <stddef.h>

enum system_call {
    SYSTEM_ACCEPT,      /* accept4 */
    SYSTEM_BIND,
    SYSTEM_CONNECT,
    SYSTEM_GETSOCKOPT,
    SYSTEM_LISTEN,
    SYSTEM_PIPE,        /* pipe2 */
    SYSTEM_READ,        /* of pipes */
    SYSTEM_RECV,
    SYSTEM_RECVFROM,
    SYSTEM_RECVMSG,
    SYSTEM_RECVMMSG,
    SYSTEM_SEND,
    SYSTEM_SENDFILE,
    SYSTEM_SENDTO,
    SYSTEM_SENDMSG,
    SYSTEM_SENDMMSG,
    SYSTEM_SETSOCKOPT,
    SYSTEM_SOCKET,
    SYSTEM_SOCKETPAIR,
    SYSTEM_WRITEV,
    SYSTEM_CALLS        /* how many there are */
};

/* Nothing fails any more, and calls are counted anew. */
void system_reset(void);
/* The n-th call from now, from 1 on, and the `count` - 1 after it fail with an errno. */
void system_fail(enum system_call call, int n, int count, int number);
/* The next calls fail with these errnos, one each, or go well where it is 0. The array must stay. */
void system_fail_each(enum system_call call, const int *numbers, int count);
/* The n-th call from now moves no more than so many bytes, or messages where it moves several. */
void system_shorten(enum system_call call, int n, size_t most);
/* How many calls there were since the last reset, those that failed included. */
int system_count(enum system_call call);
/* How many of them failed because they were told to. */
int system_failed(enum system_call call);

#endif
