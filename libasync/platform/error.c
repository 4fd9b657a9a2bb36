#include "libasync/platform/internal.h"

#include <errno.h>

static const struct {
    const char *name, *text;
} errors[] = {
    [-ASYNC_OK] = {"ASYNC_OK", "success"},
    [-ASYNC_EINVAL] = {"ASYNC_EINVAL", "invalid argument"},
    [-ASYNC_ENOMEM] = {"ASYNC_ENOMEM", "out of memory"},
    [-ASYNC_ECANCELED] = {"ASYNC_ECANCELED", "cancelled"},
    [-ASYNC_ETIMEDOUT] = {"ASYNC_ETIMEDOUT", "timed out"},
    [-ASYNC_ECLOSED] = {"ASYNC_ECLOSED", "closed"},
    [-ASYNC_ETHREAD] = {"ASYNC_ETHREAD", "called from a thread other than the loop's"},
    [-ASYNC_ESTATE] = {"ASYNC_ESTATE", "too early or too late for that"},
    [-ASYNC_ERUNNING] = {"ASYNC_ERUNNING", "a loop is already running"},
    [-ASYNC_ESTOPPED] = {"ASYNC_ESTOPPED", "the loop was stopped before the future was done"},
    [-ASYNC_EFOREIGN] = {"ASYNC_EFOREIGN", "the future belongs to another loop"},
    [-ASYNC_EDEADLOCK] = {"ASYNC_EDEADLOCK", "a task cannot await itself"},
    [-ASYNC_EHOST] = {"ASYNC_EHOST", "an error of the host language"},
    [-ASYNC_EOS] = {"ASYNC_EOS", "the operating system refused"},
    [-ASYNC_ENONAME] = {"ASYNC_ENONAME", "no such host name"},
    [-ASYNC_ESERVICE] = {"ASYNC_ESERVICE", "no such service"},
    [-ASYNC_EDNS] = {"ASYNC_EDNS", "the name servers did not help"},
    [-ASYNC_EBROKEN] = {"ASYNC_EBROKEN", "the barrier was reset or aborted"},
    [-ASYNC_EFULL] = {"ASYNC_EFULL", "the queue is full"},
    [-ASYNC_EEMPTY] = {"ASYNC_EEMPTY", "the queue is empty"},
    [-ASYNC_ESHUTDOWN] = {"ASYNC_ESHUTDOWN", "the queue was shut down"},
    [-ASYNC_ELAGGED] = {"ASYNC_ELAGGED", "the receiver was too slow and lost values"},
    [-ASYNC_EGROUP] = {"ASYNC_EGROUP", "tasks of a group failed"},
    [-ASYNC_EREFUSED] = {"ASYNC_EREFUSED", "the connection was refused"},
    [-ASYNC_ERESET] = {"ASYNC_ERESET", "the peer reset the connection"},
    [-ASYNC_EUNREACHABLE] = {"ASYNC_EUNREACHABLE", "there is no way to that host"},
    [-ASYNC_EINUSE] = {"ASYNC_EINUSE", "the address is in use"},
    [-ASYNC_EACCESS] = {"ASYNC_EACCESS", "not allowed"},
    [-ASYNC_EEND] = {"ASYNC_EEND", "the stream ended too early"},
    [-ASYNC_ELIMIT] = {"ASYNC_ELIMIT", "longer than the limit"},
};

/* Also right for INT_MIN, which has no negative. */
static bool is_known(int code)
{
    return code <= 0 && code > -(int)(sizeof errors / sizeof errors[0]);
}

const char *async_error_name(int code)
{
    return is_known(code) ? errors[-code].name : "ASYNC_E?";
}

const char *async_error_text(int code)
{
    return is_known(code) ? errors[-code].text : "unknown error";
}

int error_of_errno(int number)
{
    switch (number) {
    case ENOMEM:
        return ASYNC_ENOMEM;
    case ETIMEDOUT:
        return ASYNC_ETIMEDOUT;
    case ECONNREFUSED:
        return ASYNC_EREFUSED;
    case ECONNRESET:
    case ECONNABORTED:
    case EPIPE:
        return ASYNC_ERESET;
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
        return ASYNC_EUNREACHABLE;
    case EMSGSIZE:
        return ASYNC_ELIMIT;
    case EADDRINUSE:
        return ASYNC_EINUSE;
    case EACCES:
    case EPERM:
        return ASYNC_EACCESS;
    default:
        return ASYNC_EOS;
    }
}

const char *async_version(void)
{
    return LIBASYNC_VERSION;
}
