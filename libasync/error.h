/**
 * @file
 * Error codes. 0 is success, failure is a negative number that never changes and is the same on every platform.
 */
#ifndef LIBASYNC_ERROR_H
#define LIBASYNC_ERROR_H

#include "libasync/api.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Everything went well. */
#define ASYNC_OK 0
/** An argument cannot be used; the message names it. */
#define ASYNC_EINVAL (-1)
/** No memory. */
#define ASYNC_ENOMEM (-2)
/** A cancel was asked for and took effect. */
#define ASYNC_ECANCELED (-3)
/** A time limit passed first. */
#define ASYNC_ETIMEDOUT (-4)
/** The loop, or what was waited on, was closed. */
#define ASYNC_ECLOSED (-5)
/** The call belongs to the loop's thread and came from another. */
#define ASYNC_ETHREAD (-6)
/** Too early or too late: a result that is not there yet, a future that is done already, a lock that nobody holds. */
#define ASYNC_ESTATE (-7)
/** A loop is already running, this one or another in this thread. */
#define ASYNC_ERUNNING (-8)
/** The loop was stopped before the awaited future was done. */
#define ASYNC_ESTOPPED (-9)
/** The future belongs to another loop. */
#define ASYNC_EFOREIGN (-10)
/** A task awaits itself. */
#define ASYNC_EDEADLOCK (-11)
/** A host language's own error; the failure's cause holds it. */
#define ASYNC_EHOST (-12)
/** The operating system refused in a way that has no code of its own here; async_value_os gives its errno. */
#define ASYNC_EOS (-13)
/** No such host name. */
#define ASYNC_ENONAME (-14)
/** No such service or port. */
#define ASYNC_ESERVICE (-15)
/** The name servers did not answer, refused or answered nonsense. */
#define ASYNC_EDNS (-16)

/** The barrier was reset while somebody waited at it, or aborted. */
#define ASYNC_EBROKEN (-17)
/** There is no room in the queue. */
#define ASYNC_EFULL (-18)
/** There is nothing in the queue. */
#define ASYNC_EEMPTY (-19)
/** The queue was shut down. */
#define ASYNC_ESHUTDOWN (-20)
/** The receiver of a broadcast was too slow and lost values; the message tells how many. */
#define ASYNC_ELAGGED (-21)
/** Tasks of a group failed; the failure's cause lists theirs. */
#define ASYNC_EGROUP (-22)

/** Nobody listens there. */
#define ASYNC_EREFUSED (-23)
/** The peer reset the connection, or was gone while something was left to send. */
#define ASYNC_ERESET (-24)
/** There is no way to that network or host. */
#define ASYNC_EUNREACHABLE (-25)
/** The address is in use. */
#define ASYNC_EINUSE (-26)
/** Not allowed: the permissions of a path, a port below 1024, a firewall. */
#define ASYNC_EACCESS (-27)
/** The stream ended before all that was asked for had come. */
#define ASYNC_EEND (-28)
/** Longer than the limit: a line, or a datagram. */
#define ASYNC_ELIMIT (-29)

/**
 * The symbolic name of a code, for logs.
 *
 * @param code  0 or a negative code
 * @return "ASYNC_EINVAL" and the like, "ASYNC_E?" for a number that is none (lent, forever)
 * @thread any
 * @since  0.1
 */
ASYNC_API const char *async_error_name(int code);

/**
 * What a code means, as a short English sentence without a full stop.
 *
 * @param code  0 or a negative code
 * @return the text, "unknown error" for a number that is none (lent, forever)
 * @thread any
 * @since  0.1
 */
ASYNC_API const char *async_error_text(int code);

#ifdef __cplusplus
}
#endif

#endif
