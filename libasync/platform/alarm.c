/* On Linux the alarm is a timerfd, a nanosecond fine where epoll's own time limit has steps of a millisecond. */
#include "libasync/platform/internal.h"

#ifdef __linux__

#include <sys/timerfd.h>
#include <unistd.h>

/* Further off than any uptime; a time_t of 32 bits still holds it. */
#define MOST_SECONDS 2e9

int alarm_open(void)
{
    return timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
}

void alarm_set(int descriptor, double when)
{
    struct itimerspec setting = {0};
    double seconds = when < MOST_SECONDS ? when : MOST_SECONDS;

    setting.it_value.tv_sec = (time_t)seconds;
    setting.it_value.tv_nsec = (long)((seconds - (double)setting.it_value.tv_sec) * 999999999.0);
    if (when > 0)
        setting.it_value.tv_nsec++;    /* never early, and never the zero that sets it off */
    timerfd_settime(descriptor, TFD_TIMER_ABSTIME, &setting, NULL);
}

void alarm_close(int descriptor)
{
    close(descriptor);
}

#else

#include <errno.h>

int alarm_open(void)
{
    errno = ENOSYS;
    return -1;
}

void alarm_set(int descriptor, double when)
{
}

void alarm_close(int descriptor)
{
}

#endif
