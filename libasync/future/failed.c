/* Futures that stand for "could not start", and one for "nothing to wait for". The immortal ones belong to no loop and
 * need no memory. */
#include "libasync/future/value.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct future_class failed_class = {.size = sizeof(async_future)};

async_future future_none = {.timer.node.ops = &failed_class.node, .life = FUTURE_SUCCEEDED, .outcome = &value_none};

/* One for each code; filled in on first use, always with the same, so that threads may race for it. */
static async_future failed[-LAST_ERROR + 1];
static pthread_once_t filled = PTHREAD_ONCE_INIT;

static void fill(void)
{
    static struct error_value no_loop = {
        .head = {IMMORTAL, ASYNC_ERROR},
        .code = ASYNC_EINVAL,
        .message = "loop is NULL",
    };

    for (int error = ASYNC_EINVAL; error >= LAST_ERROR; error--)
        failed[-error] = (async_future){.timer.node.ops = &failed_class.node,
                                        .life = error == ASYNC_ECANCELED ? FUTURE_CANCELLED : FUTURE_FAILED,
                                        .outcome = error_static(error)};
    failed[-ASYNC_EINVAL].outcome = &no_loop.head;
}

async_future *future_failed(int error)
{
    pthread_once(&filled, fill);
    return &failed[error <= ASYNC_EINVAL && error >= LAST_ERROR ? -error : -ASYNC_EINVAL];
}

/* One for each noun, filled in on first use. Nouns are few and literals: one that does not fit is told without it. */
#define MOST_NOUNS 32

static struct {
    char message[32];
    struct error_value error;
    async_future future;
} nulls[MOST_NOUNS];
static pthread_mutex_t nulls_lock = PTHREAD_MUTEX_INITIALIZER;

static async_future *find_null(const char *message)
{
    int place = 0;

    while (place < MOST_NOUNS && *nulls[place].message && strcmp(nulls[place].message, message) != 0)
        place++;
    if (place == MOST_NOUNS)
        return NULL;
    if (!*nulls[place].message) {
        strcpy(nulls[place].message, message);
        nulls[place].error = (struct error_value){.head = {IMMORTAL, ASYNC_ERROR}, .code = ASYNC_EINVAL,
                                                  .message = nulls[place].message};
        nulls[place].future = (async_future){.timer.node.ops = &failed_class.node, .life = FUTURE_FAILED,
                                             .outcome = &nulls[place].error.head};
    }
    return &nulls[place].future;
}

async_future *future_failed_null(const char *noun)
{
    char message[sizeof nulls[0].message];
    async_future *future;

    snprintf(message, sizeof message, "%s is NULL", noun);
    pthread_mutex_lock(&nulls_lock);
    future = find_null(message);
    pthread_mutex_unlock(&nulls_lock);
    return future ? future : future_failed(ASYNC_EINVAL);
}

async_future *future_failed_saying(async_loop *loop, int error, const char *format, ...)
{
    async_future *future = future_new(loop, &failed_class);
    char message[256];
    va_list arguments;

    if (!future)
        return future_failed(ASYNC_ENOMEM);
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    future_fail(future, async_error(error, message));
    return future;
}
