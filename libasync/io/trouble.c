#include "libasync/io/trouble.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* What is left for "and 12 more" when there is no room for another reason. */
#define ROOM_FOR_REST 32

static void write_text(struct trouble *trouble, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void write_text(struct trouble *trouble, const char *format, ...)
{
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(trouble->text + trouble->length, sizeof trouble->text - trouble->length, format, arguments);
    va_end(arguments);
    trouble->length += (size_t)length;
    if (trouble->length >= sizeof trouble->text)
        trouble->length = sizeof trouble->text - 1;
}

static bool is_address(const char *host)
{
    union socket_address address;
    const char *scope;

    return address_parse(host, &address, &scope);
}

void trouble_begin(struct trouble *trouble, const char *host, int port)
{
    trouble->length = trouble->told = trouble->untold = 0;
    trouble->number = 0;
    trouble->text[0] = '\0';
    if (host && *host && !is_address(host))
        write_text(trouble, "host '%.255s', port %d: ", host, port);
}

static void add(struct trouble *trouble, const char *name, const char *reason)
{
    size_t needed = strlen(name) + strlen(reason) + sizeof "; : ";

    if (trouble->told && trouble->length + needed + ROOM_FOR_REST > sizeof trouble->text) {
        trouble->untold++;
        return;
    }
    write_text(trouble, "%s%s%s%s", trouble->told ? "; " : "", name, *name ? ": " : "", reason);
    trouble->told++;
}

void trouble_add(struct trouble *trouble, const async_value *address, const char *reason)
{
    add(trouble, address ? async_address_text(address) : "", reason);
}

/*
 * Of several reasons the one that tells most about what to do gives its code: that this process is short of something,
 * then what a living host answered, then silence, then that there is no way to it, and last that this machine does not
 * speak its family at all.
 */
static int rank_of(int number)
{
    switch (number) {
    case 0:
        return 0;
    case EAFNOSUPPORT:
    case EADDRNOTAVAIL:
        return 1;
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
        return 2;
    case ETIMEDOUT:
        return 3;
    case ECONNREFUSED:
    case ECONNRESET:
        return 5;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
        return 6;
    default:
        return 4;
    }
}

static void add_number(struct trouble *trouble, const char *name, int number)
{
    int code = error_of_errno(number);
    char text[128];

    add(trouble, name, code == ASYNC_EOS ? strerror_r(number, text, sizeof text) : async_error_text(code));
    if (rank_of(number) > rank_of(trouble->number))
        trouble->number = number;
}

void trouble_add_number(struct trouble *trouble, const async_value *address, int number)
{
    add_number(trouble, async_address_text(address), number);
}

void trouble_add_path(struct trouble *trouble, const char *path, int number)
{
    add_number(trouble, path, number);
}

static void write_rest(struct trouble *trouble)
{
    if (trouble->untold)
        write_text(trouble, "; and %zu more", trouble->untold);
}

async_value *trouble_error(struct trouble *trouble)
{
    async_value *error;

    write_rest(trouble);
    error = async_error_os(trouble->number, trouble->text);
    return error ? error : error_static(ASYNC_ENOMEM);
}

async_value *trouble_error_of_code(struct trouble *trouble, int code)
{
    async_value *error;

    write_rest(trouble);
    error = async_error(code, trouble->text);
    return error ? error : error_static(ASYNC_ENOMEM);
}

/* Its message begins with the host, as that of each look-up. */
async_value *trouble_with_lookup(const char *host, int port, const async_value *failure)
{
    const char *message = async_value_message(failure);
    struct trouble trouble;
    char name[300];
    int length = snprintf(name, sizeof name, "host '%.255s': ", host);

    trouble.length = trouble.told = trouble.untold = 0;
    write_text(&trouble, "host '%.255s', port %d: ", host, port);
    trouble_add(&trouble, NULL, strncmp(message, name, (size_t)length) == 0 ? message + length : message);
    return trouble_error_of_code(&trouble, async_value_error(failure));
}

async_future *path_refusal(async_loop *loop, const char *path)
{
    if (!path || !*path)
        return future_failed_saying(loop, ASYNC_EINVAL, "the path is %s", path ? "empty" : "NULL");
    return future_failed_saying(loop, ASYNC_EINVAL, "path '%.120s': a Unix socket's has at most 107 bytes", path);
}
