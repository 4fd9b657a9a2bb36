#include "tests/support/system.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/socket.h>

static struct {
    size_t calls;          /* since they were asked for */
    size_t before, left;   /* how many more go well, how many fail then */
    int number;
    const int *numbers;    /* of each that fails, if they differ */
} states[SYSTEM_CALLS];
static size_t failed;

void system_fail_at(enum system_call call, size_t nth, size_t count, int number)
{
    states[call].before = nth - 1;
    states[call].left = count;
    states[call].number = number;
    states[call].numbers = NULL;
}

void system_fail_each(enum system_call call, const int *numbers, size_t count)
{
    system_fail_at(call, 1, count, 0);
    states[call].numbers = numbers;
}

size_t system_failed(void)
{
    size_t count = failed;

    for (int call = 0; call < SYSTEM_CALLS; call++)
        states[call].left = 0;
    failed = 0;
    return count;
}

size_t system_calls(enum system_call call)
{
    size_t count = states[call].calls;

    states[call].calls = 0;
    return count;
}

static bool fails(enum system_call call)
{
    states[call].calls++;
    if (!states[call].left)
        return false;
    if (states[call].before) {
        states[call].before--;
        return false;
    }
    states[call].left--;
    errno = states[call].numbers ? *states[call].numbers++ : states[call].number;
    failed += errno != 0;
    return errno != 0;
}

int __real_socket(int domain, int type, int protocol);
int __wrap_socket(int domain, int type, int protocol);
int __wrap_socket(int domain, int type, int protocol)
{
    bool counts = (type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) == SOCK_STREAM;

    return counts && fails(CALL_SOCKET) ? -1 : __real_socket(domain, type, protocol);
}

int __real_bind(int descriptor, const struct sockaddr *address, socklen_t size);
int __wrap_bind(int descriptor, const struct sockaddr *address, socklen_t size);
int __wrap_bind(int descriptor, const struct sockaddr *address, socklen_t size)
{
    return fails(CALL_BIND) ? -1 : __real_bind(descriptor, address, size);
}

int __real_listen(int descriptor, int backlog);
int __wrap_listen(int descriptor, int backlog);
int __wrap_listen(int descriptor, int backlog)
{
    return fails(CALL_LISTEN) ? -1 : __real_listen(descriptor, backlog);
}

int __real_getsockopt(int descriptor, int level, int name, void *value, socklen_t *size);
int __wrap_getsockopt(int descriptor, int level, int name, void *value, socklen_t *size);
int __wrap_getsockopt(int descriptor, int level, int name, void *value, socklen_t *size)
{
    return fails(CALL_GETSOCKOPT) ? -1 : __real_getsockopt(descriptor, level, name, value, size);
}

static bool is_stream(int descriptor)
{
    int type = 0;
    socklen_t size = sizeof type;

    return __real_getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM;
}

/* One that a signal interrupts goes on in the kernel. */
int __real_connect(int descriptor, const struct sockaddr *address, socklen_t size);
int __wrap_connect(int descriptor, const struct sockaddr *address, socklen_t size);
int __wrap_connect(int descriptor, const struct sockaddr *address, socklen_t size)
{
    if (!is_stream(descriptor) || !fails(CALL_CONNECT))
        return __real_connect(descriptor, address, size);
    if (errno == EINTR) {
        __real_connect(descriptor, address, size);
        errno = EINTR;
    }
    return -1;
}

int __real_accept4(int descriptor, struct sockaddr *address, socklen_t *size, int flags);
int __wrap_accept4(int descriptor, struct sockaddr *address, socklen_t *size, int flags);
int __wrap_accept4(int descriptor, struct sockaddr *address, socklen_t *size, int flags)
{
    return fails(CALL_ACCEPT4) ? -1 : __real_accept4(descriptor, address, size, flags);
}
