/* Errors that nobody can receive. */
#include "libasync/loop/internal.h"

#include <stdio.h>

/* The only thing the library ever prints. */
static void print_report(async_loop *loop, async_future *source, int error, const char *message, void *user)
{
    fprintf(stderr, "libasync: %s\n", message);
}

void loop_report(async_loop *loop, async_future *source, int error, const char *message)
{
    async_exception_handler *handler = loop->on_exception ? loop->on_exception : print_report;

    handler(loop, source, error, message, loop->exception_user);
}

int async_loop_set_exception_handler(async_loop *loop, async_exception_handler *handler, void *user,
                                     async_destroy *destroy)
{
    int error = loop_visit(loop);
    async_destroy *former_destroy;
    void *former_user;

    if (error) {
        if (destroy)
            destroy(user);
        return error;
    }
    former_destroy = loop->exception_destroy;
    former_user = loop->exception_user;
    loop->on_exception = handler;
    loop->exception_user = user;
    loop->exception_destroy = destroy;
    if (former_destroy)
        former_destroy(former_user);
    return 0;
}

int async_loop_call_exception_handler(async_loop *loop, async_future *source, int error, const char *message)
{
    int refused = loop_visit(loop);

    if (!refused)
        loop_report(loop, source, error, message ? message : async_error_text(error));
    return refused;
}
