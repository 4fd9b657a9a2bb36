/* Why a lookup failed, in words. */
#include "libasync/dns/internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

async_value *dns_error(int code, const char *format, ...)
{
    char message[768];
    va_list arguments;
    async_value *error;

    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    error = async_error(code, message);
    return error ? error : error_static(ASYNC_ENOMEM);
}

/* What name servers did, one or several. */
static const char *const deeds[] = {
    [ANSWER_LATE] = "did not answer in time",
    [ANSWER_UNREACHABLE] = "cannot be reached",
    [ANSWER_REFUSED] = "refused to answer",
    [ANSWER_FAILED] = "failed to find an answer",
    [ANSWER_UNSUPPORTED] = "cannot answer such questions",
    [ANSWER_MALFORMED] = "did not understand the question",
    [ANSWER_NONSENSE] = "sent an answer that makes no sense",
    [ANSWER_OTHER_ID] = "only answered under another number",
    [ANSWER_OTHER_QUESTION] = "only answered another question",
    [ANSWER_CIRCLE] = "sent aliases that go in a circle",
    [ANSWER_MANY_ALIASES] = "sent more than 16 aliases in a row",
    [ANSWER_NO_DESCRIPTOR] = "cannot be asked, for no descriptor is left",
};

async_value *answer_failure(enum answer answer, const struct subject *subject, const struct channel *channel)
{
    const char *what = subject->what, *name = subject->name;

    switch (answer) {
    case ANSWER_NO_MEMORY:
        return error_static(ASYNC_ENOMEM);
    case ANSWER_CLOSED:
        return error_static(ASYNC_ECLOSED);
    case ANSWER_NO_NAME:
        return dns_error(ASYNC_ENONAME, "%s '%s': %s", what, name, subject->unknown);
    case ANSWER_FOUND:
    case ANSWER_NO_DATA:
        return dns_error(ASYNC_ENONAME, "%s '%s': it has no %s", what, name, subject->missing);
    default:
        return dns_error(answer == ANSWER_LATE ? ASYNC_ETIMEDOUT : ASYNC_EDNS, "%s '%s': the name server%s %s %s", what,
                         name, channel->servers.count > 1 ? "s" : "", channel->described, deeds[answer]);
    }
}

void complete_by(async_future *future, async_value *taken)
{
    if (value_is_error(taken))
        future_fail(future, taken);
    else
        future_succeed(future, taken);
}

/* What was known at once: never pending, so without a cancel. */
static const struct future_class known_class = {.size = sizeof(async_future)};

async_future *known_future(async_loop *loop, async_value *taken)
{
    async_future *future = future_new(loop, &known_class);

    if (!future) {
        async_value_unref(taken);
        return future_failed(ASYNC_ENOMEM);
    }
    complete_by(future, taken);
    return future;
}
