/* On Linux the bell is an eventfd, one descriptor for both ends; elsewhere a pipe. */
#include "libasync/platform/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#ifdef __linux__

#include <sys/eventfd.h>

bool bell_open(struct bell *bell)
{
    bell->listen = bell->ring = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    return bell->listen >= 0;
}

#else

static bool prepare(int descriptor)
{
    return fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0 && fcntl(descriptor, F_SETFL, O_NONBLOCK) == 0;
}

bool bell_open(struct bell *bell)
{
    int ends[2], error;

    if (pipe(ends) != 0)
        return false;
    *bell = (struct bell){ends[0], ends[1]};
    if (prepare(ends[0]) && prepare(ends[1]))
        return true;
    error = errno;
    bell_close(bell);
    errno = error;
    return false;
}

#endif

/* A bell that is full rings already, so a write that would block has done its duty. */
void bell_ring(const struct bell *bell)
{
    static const uint64_t once = 1;

    while (write(bell->ring, &once, sizeof once) < 0 && errno == EINTR)
        ;
}

void bell_silence(const struct bell *bell)
{
    char heard[1024];
    ssize_t count;

    do
        count = read(bell->listen, heard, sizeof heard);
    while (count == (ssize_t)sizeof heard || (count < 0 && errno == EINTR));
}

void bell_close(struct bell *bell)
{
    close(bell->listen);
    if (bell->ring != bell->listen)
        close(bell->ring);
}
