/* The linker hands the calls over: those to `recv` become calls of __wrap_recv, and __real_recv is the system's. */
#include "tests/support/faults.h"

#include <errno.h>
#include <sys/socket.h>

struct fault {
    int calls;
    int fail_from, fail_to;    /* which calls fail */
    int number;
    int short_at;              /* which one is cut */
    size_t most;
};

static struct fault faults[SYSTEM_CALLS];

void system_reset(void)
{
    for (int call = 0; call < SYSTEM_CALLS; call++)
        faults[call] = (struct fault){.calls = 0};
}

void system_fail(enum system_call call, int n, int count, int number)
{
    faults[call].fail_from = faults[call].calls + n;
    faults[call].fail_to = faults[call].fail_from + count;
    faults[call].number = number;
}

void system_shorten(enum system_call call, int n, size_t most)
{
    faults[call].short_at = faults[call].calls + n;
    faults[call].most = most;
}

int system_count(enum system_call call)
{
    return faults[call].calls;
}

/* Counts a call; whether it is to fail. */
static int fails(enum system_call call)
{
    struct fault *fault = &faults[call];

    fault->calls++;
    if (fault->calls < fault->fail_from || fault->calls >= fault->fail_to)
        return 0;
    errno = fault->number;
    return 1;
}

static size_t cut(enum system_call call, size_t size)
{
    const struct fault *fault = &faults[call];

    return fault->calls == fault->short_at && size > fault->most ? fault->most : size;
}

/* DIVERT(name, CALL, type, (parameters), (arguments)) */
#define DIVERT(NAME, CALL, TYPE, PARAMETERS, ARGUMENTS) \
    TYPE __real_##NAME PARAMETERS; \
    TYPE __wrap_##NAME PARAMETERS; \
    TYPE __wrap_##NAME PARAMETERS \
    { \
        return fails(CALL) ? -1 : __real_##NAME ARGUMENTS; \
    }

DIVERT(accept4, SYSTEM_ACCEPT, int, (int descriptor, struct sockaddr *address, socklen_t *size, int flags),
       (descriptor, address, size, flags))
DIVERT(bind, SYSTEM_BIND, int, (int descriptor, const struct sockaddr *address, socklen_t size),
       (descriptor, address, size))
DIVERT(connect, SYSTEM_CONNECT, int, (int descriptor, const struct sockaddr *address, socklen_t size),
       (descriptor, address, size))
DIVERT(getsockopt, SYSTEM_GETSOCKOPT, int, (int descriptor, int level, int name, void *value, socklen_t *size),
       (descriptor, level, name, value, size))
DIVERT(setsockopt, SYSTEM_SETSOCKOPT, int, (int descriptor, int level, int name, const void *value, socklen_t size),
       (descriptor, level, name, value, size))
DIVERT(socket, SYSTEM_SOCKET, int, (int family, int type, int protocol), (family, type, protocol))
DIVERT(recv, SYSTEM_RECV, ssize_t, (int descriptor, void *bytes, size_t size, int flags),
       (descriptor, bytes, cut(SYSTEM_RECV, size), flags))
DIVERT(recvfrom, SYSTEM_RECVFROM, ssize_t,
       (int descriptor, void *bytes, size_t size, int flags, struct sockaddr *address, socklen_t *address_size),
       (descriptor, bytes, cut(SYSTEM_RECVFROM, size), flags, address, address_size))
DIVERT(recvmsg, SYSTEM_RECVMSG, ssize_t, (int descriptor, struct msghdr *message, int flags),
       (descriptor, message, flags))
DIVERT(recvmmsg, SYSTEM_RECVMMSG, int,
       (int descriptor, struct mmsghdr *messages, unsigned count, int flags, struct timespec *timeout),
       (descriptor, messages, (unsigned)cut(SYSTEM_RECVMMSG, count), flags, timeout))
DIVERT(send, SYSTEM_SEND, ssize_t, (int descriptor, const void *bytes, size_t size, int flags),
       (descriptor, bytes, cut(SYSTEM_SEND, size), flags))
DIVERT(sendto, SYSTEM_SENDTO, ssize_t,
       (int descriptor, const void *bytes, size_t size, int flags, const struct sockaddr *address,
        socklen_t address_size),
       (descriptor, bytes, cut(SYSTEM_SENDTO, size), flags, address, address_size))
DIVERT(sendmsg, SYSTEM_SENDMSG, ssize_t, (int descriptor, const struct msghdr *message, int flags),
       (descriptor, message, flags))
DIVERT(sendmmsg, SYSTEM_SENDMMSG, int, (int descriptor, struct mmsghdr *messages, unsigned count, int flags),
       (descriptor, messages, (unsigned)cut(SYSTEM_SENDMMSG, count), flags))
