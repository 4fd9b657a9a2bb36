/* The linker hands the calls over: those to `recv` become calls of __wrap_recv, and __real_recv is the system's. */
#include "tests/support/faults.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define MOST_PIECES 1024    /* the kernel's own limit */

struct fault {
    int calls;
    int fail_from, fail_to;    /* which calls fail */
    int number;
    const int *numbers;        /* of each, where they differ */
    int failed;
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
    faults[call].numbers = NULL;
}

void system_fail_each(enum system_call call, const int *numbers, int count)
{
    system_fail(call, 1, count, 0);
    faults[call].numbers = numbers;
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

int system_failed(enum system_call call)
{
    return faults[call].failed;
}

/* Counts a call; whether it is to fail. */
static int fails(enum system_call call)
{
    struct fault *fault = &faults[call];

    fault->calls++;
    if (fault->calls < fault->fail_from || fault->calls >= fault->fail_to)
        return 0;
    errno = fault->numbers ? fault->numbers[fault->calls - fault->fail_from] : fault->number;
    fault->failed += errno != 0;
    return errno != 0;
}

static size_t cut(enum system_call call, size_t size)
{
    const struct fault *fault = &faults[call];

    return fault->calls == fault->short_at && size > fault->most ? fault->most : size;
}

/* The beginning of several pieces, in memory of the caller's. */
static int cut_pieces(enum system_call call, const struct iovec *pieces, int count, struct iovec *beginning)
{
    size_t total = 0, left;
    int begun = 0;

    for (int i = 0; i < count; i++)
        total += pieces[i].iov_len;
    left = cut(call, total);
    while (begun < count && left) {
        beginning[begun] = pieces[begun];
        if (beginning[begun].iov_len > left)
            beginning[begun].iov_len = left;
        left -= beginning[begun++].iov_len;
    }
    return begun;
}

static bool is_pipe(int descriptor)
{
    struct stat status;

    return fstat(descriptor, &status) == 0 && S_ISFIFO(status.st_mode);
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
DIVERT(listen, SYSTEM_LISTEN, int, (int descriptor, int backlog), (descriptor, backlog))
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
DIVERT(sendfile, SYSTEM_SENDFILE, ssize_t, (int descriptor, int file, off_t *offset, size_t size),
       (descriptor, file, offset, cut(SYSTEM_SENDFILE, size)))
DIVERT(socketpair, SYSTEM_SOCKETPAIR, int, (int family, int type, int protocol, int *ends),
       (family, type, protocol, ends))
DIVERT(pipe2, SYSTEM_PIPE, int, (int *ends, int flags), (ends, flags))
DIVERT(sendmmsg, SYSTEM_SENDMMSG, int, (int descriptor, struct mmsghdr *messages, unsigned count, int flags),
       (descriptor, messages, (unsigned)cut(SYSTEM_SENDMMSG, count), flags))

/* One that a signal interrupts goes on all the same. */
int __real_connect(int descriptor, const struct sockaddr *address, socklen_t size);
int __wrap_connect(int descriptor, const struct sockaddr *address, socklen_t size);
int __wrap_connect(int descriptor, const struct sockaddr *address, socklen_t size)
{
    if (!fails(SYSTEM_CONNECT))
        return __real_connect(descriptor, address, size);
    if (errno == EINTR) {
        __real_connect(descriptor, address, size);
        errno = EINTR;
    }
    return -1;
}

ssize_t __real_sendmsg(int descriptor, const struct msghdr *message, int flags);
ssize_t __wrap_sendmsg(int descriptor, const struct msghdr *message, int flags);
ssize_t __wrap_sendmsg(int descriptor, const struct msghdr *message, int flags)
{
    struct iovec pieces[MOST_PIECES];
    struct msghdr beginning = *message;

    if (fails(SYSTEM_SENDMSG))
        return -1;
    beginning.msg_iov = pieces;
    beginning.msg_iovlen = (size_t)cut_pieces(SYSTEM_SENDMSG, message->msg_iov, (int)message->msg_iovlen, pieces);
    return __real_sendmsg(descriptor, &beginning, flags);
}

ssize_t __real_writev(int descriptor, const struct iovec *pieces, int count);
ssize_t __wrap_writev(int descriptor, const struct iovec *pieces, int count);
ssize_t __wrap_writev(int descriptor, const struct iovec *pieces, int count)
{
    struct iovec beginning[MOST_PIECES];

    if (fails(SYSTEM_WRITEV))
        return -1;
    return __real_writev(descriptor, beginning, cut_pieces(SYSTEM_WRITEV, pieces, count, beginning));
}

/* The loop reads descriptors of its own. */
ssize_t __real_read(int descriptor, void *bytes, size_t size);
ssize_t __wrap_read(int descriptor, void *bytes, size_t size);
ssize_t __wrap_read(int descriptor, void *bytes, size_t size)
{
    if (!is_pipe(descriptor))
        return __real_read(descriptor, bytes, size);
    return fails(SYSTEM_READ) ? -1 : __real_read(descriptor, bytes, cut(SYSTEM_READ, size));
}
