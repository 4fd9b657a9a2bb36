/* Errors as values. One per code is static, so that a failure without a message, out of memory above all, is free. */
#include "libasync/future/value.h"

#include <string.h>

#define STATIC(error) [-(error)] = {.head = {IMMORTAL, ASYNC_ERROR}, .code = (error)}

static struct error_value statics[] = {
    STATIC(ASYNC_EINVAL),   STATIC(ASYNC_ENOMEM),   STATIC(ASYNC_ECANCELED), STATIC(ASYNC_ETIMEDOUT),
    STATIC(ASYNC_ECLOSED),  STATIC(ASYNC_ETHREAD),  STATIC(ASYNC_ESTATE),    STATIC(ASYNC_ERUNNING),
    STATIC(ASYNC_ESTOPPED), STATIC(ASYNC_EFOREIGN), STATIC(ASYNC_EDEADLOCK), STATIC(ASYNC_EHOST),
    STATIC(ASYNC_EOS),      STATIC(ASYNC_ENONAME),  STATIC(ASYNC_ESERVICE),  STATIC(ASYNC_EDNS),
    STATIC(ASYNC_EBROKEN),  STATIC(ASYNC_EFULL),    STATIC(ASYNC_EEMPTY),    STATIC(ASYNC_ESHUTDOWN),
    STATIC(ASYNC_ELAGGED),  STATIC(ASYNC_EGROUP),    STATIC(ASYNC_EREFUSED),  STATIC(ASYNC_ERESET),
    STATIC(ASYNC_EUNREACHABLE), STATIC(ASYNC_EINUSE), STATIC(ASYNC_EACCESS), STATIC(ASYNC_EEND),
    STATIC(ASYNC_ELIMIT),
};
#define KNOWN (int)(sizeof statics / sizeof statics[0])

static struct error_value *static_of(int code)
{
    return &statics[code < 0 && code > -KNOWN ? -code : -ASYNC_EINVAL];
}

async_value *error_static(int code)
{
    return &static_of(code)->head;
}

static async_value *make(int code, int os, const char *message, async_value *taken)
{
    size_t length = message ? strlen(message) + 1 : 0;
    struct error_value *error;

    if (!message && !taken && !os)
        return error_static(code);
    error = memory_allocate(sizeof *error + length);
    if (!error) {
        async_value_unref(taken);
        return NULL;
    }
    *error = (struct error_value){.head = value_head(ASYNC_ERROR), .code = static_of(code)->code, .os = os,
                                  .size = sizeof *error + length, .cause = taken};
    if (message)
        error->message = memcpy(error + 1, message, length);
    return &error->head;
}

async_value *async_error(int code, const char *message)
{
    return make(code, 0, message, NULL);
}

async_value *async_error_caused(int code, const char *message, async_value *taken)
{
    return taken ? make(code, 0, message, taken) : NULL;
}

async_value *async_error_os(int os, const char *message)
{
    char text[128];

    /* The GNU form of strerror_r may answer with a text of its own instead of filling the buffer. */
    if (!message)
        message = strerror_r(os, text, sizeof text);
    return make(error_of_errno(os), os, message, NULL);
}

bool value_is_error(const async_value *value)
{
    return value && !is_tagged(value) && value->kind == ASYNC_ERROR;
}

async_value *error_or_substitute(async_value *taken)
{
    if (value_is_error(taken))
        return taken;
    async_value_unref(taken);
    return error_static(taken ? ASYNC_EINVAL : ASYNC_ENOMEM);
}

async_value *cancel_error(const char *message)
{
    return async_error(ASYNC_ECANCELED, message);
}

static const struct error_value *as_error(const async_value *value)
{
    value = object_plain(value);
    return value_is_error(value) ? (const struct error_value *)value : NULL;
}

int async_value_error(const async_value *value)
{
    const struct error_value *error = as_error(value);

    if (!value)
        return ASYNC_ENOMEM;
    return error ? error->code : 0;
}

const char *async_value_message(const async_value *value)
{
    const struct error_value *error = as_error(value);

    if (!error)
        return "";
    return error->message ? error->message : async_error_text(error->code);
}

int async_value_os(const async_value *value)
{
    const struct error_value *error = as_error(value);

    return error ? error->os : 0;
}

async_value *async_value_cause(const async_value *value)
{
    const struct error_value *error = as_error(value);

    return error ? error->cause : NULL;
}
